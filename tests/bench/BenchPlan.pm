# SPDX-License-Identifier: GPL-3.0-or-later
#
# BenchPlan.pm - what the benchmark runs, and what it compares with what.
package BenchPlan;

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use List::Util qw(max);

our @EXPORT = qw(SECTORS SECTOR_SIZE commands present sessions success);

use constant {
	SECTORS => 10_000,	# that the guests bench-disk-* write
	SECTOR_SIZE => 512,
	START_ROUNDS => 3,	# times as many: short runs, which much disturbs
	SLOW_SHARE => 5,	# a fifth as many of what takes long
};

# The path of a file that must be there.
sub present {
	my ($path) = @_;

	die "bench: $path is missing: \"make bench\" builds it\n" unless -e $path;
	return abs_path($path);
}

sub find_program {
	my ($name) = @_;
	my @places = $name =~ m{/} ? ($name) : map { "$_/$name" } split /:/, $ENV{PATH};

	for my $place (@places) {
		return $place if -x $place && -f _;
	}
	return undef;
}

# The commands by name; the first word says which program it is.
sub commands {
	my ($option, $disk) = @_;
	my %guest = map { $_ => present("$option->{guests}/bench-$_.bin") }
		qw(halt pio mmio disk-emul disk-pv disk-bulk);
	my $exits = present("$option->{tools}/exits.bin");
	my $floor = present("$option->{tools}/kvm-floor");
	my $write = present("$option->{tools}/write-floor");
	my @vmm = (present($option->{vmm}), '--engine=kvm', '--display=none');

	return (
		(map { ("floor $_" => [$floor, $guest{$_}]) } qw(halt pio mmio)),
		(map { ("floor $_" => [$floor, '-d', $disk, $guest{$_}]) } qw(disk-emul disk-pv)),
		'floor exits' => [$floor, '-d', $disk, $exits],
		'floor open' => [$floor, '-d', $disk, $guest{halt}],
		'floor no-pwrite' => [$write, $disk, 0],
		'floor pwrite' => [$write, $disk, SECTORS],
		(map { ("vmm $_" => [@vmm, $guest{$_}]) } qw(halt pio mmio)),
		'vmm open' => [@vmm, "--disk=$disk", $guest{halt}],
		(map { ("vmm $_" => [@vmm, "--disk=$disk", $guest{$_}]) }
			qw(disk-emul disk-pv disk-bulk)),
		qemu_commands($option, $disk),
	);
}

# QEMU with the guest in the place of its firmware: it cannot start faster.
sub qemu_commands {
	my ($option, $disk) = @_;
	my $qemu = find_program($option->{qemu}) or return ();
	my %rom = map { $_ => present("$option->{tools}/bench-$_.rom") } qw(halt disk-emul);
	my @drive = ('-drive', "if=ide,index=0,format=raw,file=$disk");
	my %command;

	for my $accel (qw(tcg kvm)) {
		my @common = ('-accel', $accel, '-m', 64, '-nodefaults', '-no-user-config',
			      '-display', 'none',
			      '-device', 'isa-debug-exit,iobase=0xf4,iosize=4');
		my @microvm = ($qemu, '-M', 'microvm', @common);
		my @pc = ($qemu, '-M', 'pc', @common);

		$command{"microvm-$accel halt"} = [@microvm, '-bios', $rom{halt}];
		$command{"pc-$accel halt"} = [@pc, '-bios', $rom{halt}];
		$command{"pc-$accel open"} = [@pc, @drive, '-bios', $rom{halt}];
		$command{"pc-$accel disk-emul"} = [@pc, @drive, '-bios', $rom{'disk-emul'}];
	}
	return %command;
}

# QEMU's debug exit turns the wrapped guest's 1, "all well", into 3.
sub success {
	my ($name) = @_;

	return $name =~ /^(?:floor|vmm) / ? 0 : 3;
}

# A row shows what the command "of" takes; less what the command "less" takes;
# divided by "per". Roles: floor, subject (vmm), peer.
sub row {
	my ($role, $label, $of, %more) = @_;

	return { role => $role, label => $label, of => $of, %more };
}

# One access from guest to device and back, less the start of the program.
sub exit_comparison {
	my ($guest, $title, $exits, @targets) = @_;

	return {
		id => $guest, title => $title, unit => 'us',
		rows => [
			map { row($_->[0], $_->[1], "$_->[2] $guest",
				  less => "$_->[2] halt", per => $exits) }
				['floor', 'bare KVM loop', 'floor'], ['subject', 'vmm', 'vmm'] ],
		targets => \@targets,
	};
}

sub sector_comparison {
	my ($id, $title, @rows) = @_;

	return { id => $id, title => $title, unit => 'ms', rows => \@rows };
}

# Sessions: comparisons whose commands alternate. Targets: [over which row, at
# most so many times].
sub sessions {
	my ($option, $exits) = @_;
	my $few = max(1, int($option->{rounds} / SLOW_SHARE));

	return (
		{ name => 'start', rounds => START_ROUNDS * $option->{rounds}, comparisons => [ {
			id => 'start', title => 'A guest that halts at once, start to end',
			unit => 'ms', rows => [
				row('floor', 'bare KVM program', 'floor halt'),
				row('subject', 'vmm', 'vmm halt'),
				row('peer', 'QEMU microvm, TCG', 'microvm-tcg halt'),
				row('peer', 'QEMU microvm, KVM', 'microvm-kvm halt'),
				row('peer', 'QEMU pc, TCG', 'pc-tcg halt'),
				row('peer', 'QEMU pc, KVM', 'pc-kvm halt') ],
			targets => [ ['bare KVM program', 1.5], ['QEMU microvm, TCG', 0.2] ],
		} ] },
		{ name => 'exits', rounds => $option->{rounds}, comparisons => [
			exit_comparison('pio', 'A port access (PIO exit)', $exits->{pio},
					['bare KVM loop', 1.1]),
			exit_comparison('mmio', 'A memory access (MMIO exit)', $exits->{mmio}),
		] },
		{ name => 'hypercalls', rounds => $option->{rounds}, comparisons => [ {
			id => 'disk-pv', title => '10,000 sectors, a hypercall each',
			unit => 'ms', rows => [
				row('floor', 'bare loop, same guest', 'floor disk-pv',
				    less => 'floor open'),
				row('subject', 'vmm', 'vmm disk-pv', less => 'vmm open'),
				row('floor', 'bare loop, OUTs only', 'floor exits',
				    less => 'floor open') ],
			targets => [ ['bare loop, same guest', 1.3] ],
		}, {
			id => 'disk-bulk', title => '10,000 sectors, one hypercall',
			unit => 'ms', rows => [
				row('floor', 'one pwrite', 'floor pwrite',
				    less => 'floor no-pwrite'),
				row('subject', 'vmm', 'vmm disk-bulk', less => 'vmm open') ],
			targets => [ ['one pwrite', 1.2] ],
		} ] },
		{ name => 'ATA emulation', rounds => $few, warmups => 0, comparisons => [ {
			id => 'disk-emul', title => '10,000 sectors by emulated ATA',
			unit => 'ms', rows => [
				row('floor', 'bare loop, same guest', 'floor disk-emul',
				    less => 'floor open'),
				row('subject', 'vmm', 'vmm disk-emul', less => 'vmm open'),
				row('peer', 'QEMU pc, TCG', 'pc-tcg disk-emul',
				    less => 'pc-tcg open'),
				row('peer', 'QEMU pc, KVM', 'pc-kvm disk-emul',
				    less => 'pc-kvm open') ],
		}, {
			id => 'gain', title => 'What paravirtualization gains, a sector',
			unit => 'us', rows => [
				row('subject', 'emulated ATA', 'vmm disk-emul',
				    less => 'vmm open', per => SECTORS),
				row('subject', 'a hypercall each', 'vmm disk-pv',
				    less => 'vmm open', per => SECTORS),
				row('subject', 'one hypercall', 'vmm disk-bulk',
				    less => 'vmm open', per => SECTORS) ],
		} ] },
	);
}

1;
