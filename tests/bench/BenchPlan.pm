# SPDX-License-Identifier: GPL-3.0-or-later
#
# BenchPlan.pm - what the benchmark runs, and what it compares with what.
package BenchPlan;

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use List::Util qw(max);

our @EXPORT = qw(SECTORS FEW_SECTORS SECTOR_SIZE commands is_peer present sessions success);

use constant {
	SECTORS => 10_000,	# that the guests bench-disk-* write
	FEW_SECTORS => 500,	# where that would take minutes
	SECTOR_SIZE => 512,
	START_ROUNDS => 3,	# times as many: short runs, which much disturbs
	MEDIUM_SHARE => 2,	# half as many of what takes a second
	SLOW_SHARE => 10,	# a tenth as many of what takes long
	HANDOVERS => 1000,	# of handover.S
	WORK_MOST => 10,	# ns an instruction: 100 million a second
	TRAPS => 20_000,		# of cpu-trap.S
	WORD_SECTORS => 2000,	# of cpu-words.S
	MAPPED_PAGES => 4 * 16384,	# of cpu-pages.S
	CALLS => 100_000,		# of bench-hypercall and bench-ipc
	FLOW_PAGES => 20_000,	# to another vmm
	LONG_PAGES => 262_144,	# the same, with sums: 1 GiB
};

# The instructions that the guests cpu-*.S take beyond cpu-none.S, by the bits that
# there are of each. Counted in the source, 12 a round and 7 around them; 5,585,270 a
# round of the sieve (805,341 numbers are struck out) and 7; and so on. "vmm
# --insn-limit" finds the same.
my %instructions = (
	beside => { map { $_ => 500_000 * 7 + 7 - 2 } 32, 64 },
	code => { map { $_ => 400 * (4096 * 19.5 + 4) + 4096 * 5 + 10 } 32, 64 },
	kernel => { 64 => 20_000 * 244 + 2_670 },
	loop => { map { $_ => 10_000_000 * 12 + 7 - 2 } 32, 64 },
	sieve => { map { $_ => 20 * 5_585_270 + 7 - 2 } 32, 64 },
);

my %work_titles = (
	beside => 'data beside code', code => 'much code', kernel => 'a kernel\'s work',
	loop => 'integer loop', sieve => 'sieve in memory',
);

# What the host's processor can run as a program: not what writes where it executes.
my %native = map { $_ => 1 } qw(loop none sieve);

sub works {
	my ($bits) = @_;

	return grep { $instructions{$_}{$bits} } sort keys %instructions;
}

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
		qw(halt pio mmio disk-emul disk-out disk-pv disk-bulk simvirtio);
	my $exits = present("$option->{tools}/exits.bin");
	my $floor = present("$option->{tools}/kvm-floor");
	my $write = present("$option->{tools}/write-floor");
	my $trap = present("$option->{tools}/trap-floor");
	my @vmm = (present($option->{vmm}), '--display=none');

	return (
		empty => [present("$option->{tools}/empty")],
		(map { ("floor $_" => [$floor, $guest{$_}]) } qw(halt pio mmio)),
		(map { ("floor $_" => [$floor, '-d', $disk, $guest{$_}]) } qw(disk-emul disk-pv)),
		'floor exits' => [$floor, '-d', $disk, $exits],
		'floor open' => [$floor, '-d', $disk, $guest{halt}],
		'floor no-pwrite' => [$write, $disk, 0],
		'floor pwrite' => [$write, $disk, SECTORS],
		'trap-floor trap' => [$trap, TRAPS, 1],
		'trap-floor quiet' => [$trap, TRAPS, 0],
		(map { engine_commands($_, [@vmm, "--engine=$_"], $disk, \%guest) }
			qw(kvm interp direct)),
		(map { ("kvm $_->[0]" => [@vmm, '--engine=kvm', present("$option->{tools}/$_->[1]")]) }
			['handover', 'handover.bin32'], ['none', 'cpu-none.bin32']),
		work_commands($option, [@vmm, '--engine=interp']),
		kernel_commands($option, \@vmm, $disk),
		(map { ipc_commands($option, $_, [@vmm, "--engine=$_"], $disk) }
			qw(interp direct kvm)),
		'page floor' => [present("$option->{tools}/page-floor"), FLOW_PAGES],
		'page none' => [present("$option->{tools}/page-floor"), 1],
		qemu_commands($option, $disk),
		linux_commands($option, \@vmm),
	);
}

# Debian's kernel with an initial RAM disk, to a shell and off.
sub linux_commands {
	my ($option, $vmm) = @_;
	my ($kernel) = sort glob '/boot/vmlinuz-*-amd64';
	my $initrd = "$option->{tools}/linux.initrd";
	my $qemu = find_program($option->{qemu});
	my @append = ('console=ttyS0');

	unless ($kernel && -r $kernel && -e $initrd) {
		print STDERR 'bench: Linux is left out: ', $kernel && -r $kernel ?
			"busybox-static or cpio is missing\n" :
			"no kernel in /boot that can be read (package linux-image-amd64)\n";
		return ();
	}
	return (
		(map { ("$_ linux" => [@$vmm, "--engine=$_", '-m', 256, '--serial=-',
				       "--initrd=$initrd", "--append=@append", $kernel]) }
			qw(interp direct)),
		$qemu ? ('pc-tcg linux' => [$qemu, qw(-M pc -accel tcg -m 256 -nodefaults
						      -no-reboot -display none -serial stdio),
					    '-kernel', $kernel, '-initrd', $initrd,
					    '-append', "@append"]) : (),
	);
}

# vmm with one engine.
sub engine_commands {
	my ($engine, $vmm, $disk, $guest) = @_;

	return (
		(map { ("$engine $_" => [@$vmm, $guest->{$_}]) } qw(halt pio mmio)),
		"$engine open" => [@$vmm, "--disk=$disk", $guest->{halt}],
		(map { ("$engine $_" => [@$vmm, "--disk=$disk", $guest->{$_}]) }
			qw(disk-emul disk-out disk-pv disk-bulk)),
		ways_commands($engine, $vmm, $disk, $guest),
		profile_commands($engine, $vmm, $disk, $guest),
	);
}

# Exit-heavy guests, with and without a profile.
sub profile_commands {
	my ($engine, $vmm, $disk, $guest) = @_;
	my @profile = "--profile=$disk.profile.json";
	my %command = ('pio' => [$guest->{pio}], 'disk' => ["--disk=$disk", $guest->{'disk-out'}]);

	return map { ("$engine plain-$_" => [@$vmm, @{$command{$_}}],
		      "$engine profiled-$_" => [@$vmm, @profile, @{$command{$_}}]) } keys %command;
}

# Messages to the block service, beside hypercalls that do as little, and pages from one vmm to
# another one.
sub ipc_commands {
	my ($option, $engine, $vmm, $disk) = @_;
	my %guest = map { $_ => present("$option->{guests}/$_.bin") }
		qw(bench-halt bench-hypercall bench-ipc ipc-pages);
	my @with_disk = (@$vmm, "--disk=$disk", '--ipc=disk=disk');
	my $two = present("$option->{scripts}/two-vmms");
	my @more = $engine eq 'kvm' ? () : ([sums => "send." . LONG_PAGES, 'receive']);

	return (
		"$engine ipc-none" => [@with_disk, $guest{'bench-halt'}],
		"$engine ipc-bare" => [@with_disk, $guest{'bench-hypercall'}],
		"$engine ipc-call" => [@with_disk, $guest{'bench-ipc'}],
		(map { ("$engine page-$_->[0]" => [$two, "$disk.socket", @$_[1, 2], @$vmm,
						   '--debugcon=none', $guest{'ipc-pages'}]) }
			[none => 'flow.1', 'drain'], [flow => 'flow.' . FLOW_PAGES, 'drain'],
			@more),
	);
}

# The ways to write sectors, each with its profile; what SIMVIRTIO is sent is appended to
# a file. ATA on a small disk too.
sub ways_commands {
	my ($engine, $vmm, $disk, $guest) = @_;
	my %command;

	for my $way (qw(disk-out disk-emul disk-pv disk-bulk)) {
		$command{"$engine way-$way"} = ["--disk=$disk", $guest->{$way}];
		$command{"$engine few-$way"} = ["--disk=$disk.few", $guest->{$way}];
	}
	for my $mode (qw(exit poll)) {
		$command{"$engine way-simvirtio-$mode"} = ['--simvirtio', "--simvirtio-mode=$mode",
			"--simvirtio-io=$disk.sent", $guest->{simvirtio}];
	}
	return map { ($_ => [@$vmm, "--profile=$disk.profile-" . tr/ /-/r . '.txt', @{$command{$_}}]) }
		keys %command;
}

# Work for the processor: by the host's own, and by vmm's in software.
sub work_commands {
	my ($option, $vmm) = @_;
	my %command;

	for my $bits (32, 64) {
		for my $work ('none', works($bits)) {
			my $path = "$option->{tools}/cpu-$work";

			$command{"native$bits $work"} = [present("$path.native$bits")]
				if $native{$work};
			$command{"interp$bits $work"} = [@$vmm, present("$path.bin$bits")];
		}
	}
	return %command;
}

# The same work as kernels that QEMU loads too, where a process can have memory.
sub kernel_commands {
	my ($option, $vmm, $disk) = @_;
	my $qemu = find_program($option->{qemu});
	my %command;

	for my $bits (32, 64) {
		for my $work (qw(loop none quiet sieve trap words), $bits == 64 ? 'pages' : ()) {
			my $kernel = present("$option->{tools}/cpu-$work.elf$bits");
			my @drive = $work eq 'words' ? "--disk=$disk" : ();

			$command{"$_-kernel$bits $work"} =
				[@$vmm, "--engine=$_", '-m', 128, @drive, $kernel]
				for qw(direct interp kvm);
			$command{"pc-kernel$bits $work"} =
				[$qemu, qw(-M pc -accel tcg -m 128 -nodefaults -no-user-config
					   -display none -device),
				 'isa-debug-exit,iobase=0xf4,iosize=4',
				 $work eq 'words' ?
				 ('-drive', "if=ide,index=0,format=raw,file=$disk") : (),
				 '-kernel', $kernel] if $qemu;
		}
	}
	return %command;
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

		for my $bits (32, 64) {
			$command{"pc$bits-$accel $_"} =
				[@pc, '-bios', present("$option->{tools}/cpu-$_.rom$bits")]
				for 'none', works($bits);
		}
		$command{"microvm-$accel halt"} = [@microvm, '-bios', $rom{halt}];
		$command{"pc-$accel halt"} = [@pc, '-bios', $rom{halt}];
		$command{"pc-$accel open"} = [@pc, @drive, '-bios', $rom{halt}];
		$command{"pc-$accel disk-emul"} = [@pc, @drive, '-bios', $rom{'disk-emul'}];
	}
	return %command;
}

# What may be missing or not work on a host, and is left out then.
sub is_peer {
	my ($name) = @_;

	return $name =~ /^(?:microvm|pc|native)/;
}

# QEMU's debug exit turns the wrapped guest's 1, "all well", into 3; vmm's lets it as it
# is. Linux powers off.
sub success {
	my ($name) = @_;

	return $name =~ / linux$/ ? 0 : $name =~ /^(?:microvm|pc)/ ? 3 :
		$name =~ /-kernel/ ? 1 : 0;
}

# A row shows what the command "of" takes; less what the command "less" takes;
# divided by "per". Roles: floor, subject (vmm), peer.
sub row {
	my ($role, $label, $of, %more) = @_;

	return { role => $role, label => $label, of => $of, %more };
}

# The same sectors by all ways that there are, on each engine: what the courses compare.
my @ways = (
	['ATA, a loop of OUT', 'disk-out'], ['ATA, REP OUTSW', 'disk-emul'],
	['a hypercall a sector', 'disk-pv'], ['one hypercall', 'disk-bulk'],
	['SIMVIRTIO, exits', 'simvirtio-exit'], ['SIMVIRTIO, polling', 'simvirtio-poll'],
);

# Ways of which a KVM that emulates makes minutes: there they have fewer sectors.
my %slow = map { $_ => 1 } qw(disk-out disk-emul);

sub way_row {
	my ($engine, $label, $way, $emulates) = @_;
	my $few = $emulates && $slow{$way};
	my $command = ($few ? 'few' : 'way') . "-$way";

	return row('subject', $label, "$engine $command", less => "$engine open",
		   profile => "profile-$engine-$command.txt",
		   $few ? (scale => SECTORS / FEW_SECTORS, per => FEW_SECTORS / SECTORS) : ());
}

sub ways_session {
	my ($engine, $rounds, $emulates) = @_;
	my $few = $emulates ? sprintf ' (ATA: %d x %d)', FEW_SECTORS,
		SECTORS / FEW_SECTORS : '';

	return { name => "ways, $engine", rounds => $rounds, warmups => 0, comparisons => [ {
		id => "ways-$engine", title => "10,000 sectors six ways, $engine$few",
		unit => 'ms', engine => $engine . ($emulates ? ', emulated' : ''),
		rows => [ map { way_row($engine, @$_, $emulates) } @ways ],
	} ] };
}

# What --profile costs where the guest does little but leave.
sub profile_session {
	my ($engine, $rounds, @works) = @_;

	return { name => "profile, $engine", rounds => $rounds, processor => 1, comparisons => [
		map { {
			id => "profile-$engine-$_->[0]", title => "--profile, $engine: $_->[1]",
			unit => 'ms', rows => [
				row('floor', 'without', "$engine plain-$_->[0]"),
				row('subject', 'with --profile', "$engine profiled-$_->[0]") ],
			targets => [ ['without', 1.03] ],
		} } @works ] };
}

# One access from guest to device and back, less the start of the program.
sub exit_comparison {
	my ($guest, $title, $exits, @targets) = @_;

	return {
		id => $guest, title => $title, unit => 'us',
		rows => [
			map { row($_->[0], $_->[1], "$_->[2] $guest",
				  less => "$_->[2] halt", per => $exits) }
				['floor', 'bare KVM loop', 'floor'],
				['subject', 'vmm, engine kvm', 'kvm'],
				['subject', 'vmm, engine interp', 'interp'] ],
		targets => \@targets,
	};
}

# What KVM cannot emulate and vmm does. Where KVM runs on virtualization, that does
# not happen.
sub handover_comparison {
	my ($exits) = @_;

	return {
		id => 'handover', title => 'An instruction that KVM leaves to vmm', unit => 'us',
		rows => [
			row('floor', 'bare KVM loop, a PIO exit', 'floor pio',
			    less => 'floor halt', per => $exits),
			row('subject', 'vmm, engine kvm', 'kvm handover',
			    less => 'kvm none', per => HANDOVERS) ],
	};
}

sub sector_comparison {
	my ($id, $title, @rows) = @_;

	return { id => $id, title => $title, unit => 'ms', rows => \@rows };
}

# Instructions a second, as time an instruction.
sub work_session {
	my ($bits, $rounds) = @_;
	my @comparisons;

	for my $work (works($bits)) {
		push @comparisons, {
			id => "$work$bits", unit => 'ns',
			title => "An instruction, $bits bits, $work_titles{$work}",
			rows => [
				map { row($_->[0], $_->[1], "$_->[2] $work",
					  less => "$_->[2] none",
					  per => $instructions{$work}{$bits}) }
					$native{$work} ?
					['floor', 'the host\'s processor', "native$bits"] : (),
					['subject', 'vmm, engine interp', "interp$bits"],
					['peer', 'QEMU pc, TCG', "pc$bits-tcg"] ],
			targets => [ [undef, WORK_MOST] ],
		};
	}
	return { name => "instructions, $bits bits", rounds => $rounds,
		 comparisons => \@comparisons };
}

# Code that the host's processor executes itself.
sub direct_comparison {
	my ($work, $bits) = @_;

	return {
		id => "direct-$work$bits", unit => 'ms',
		title => "Direct: $work_titles{$work}, $bits bits",
		rows => [
			map { row($_->[0], $_->[1], "$_->[2] $work", less => "$_->[2] none") }
				['floor', 'a program', "native$bits"],
				['subject', 'vmm, engine direct', "direct-kernel$bits"],
				['peer', 'QEMU pc, TCG', "pc-kernel$bits"] ],
		targets => [ ['a program', 1.05], ['QEMU pc, TCG', 0.25] ],
	};
}

sub direct_sessions {
	my ($option, $some) = @_;
	my @trap = ('subject', 'vmm, engine direct', 'direct-kernel64 trap',
		    less => 'direct-kernel64 quiet', per => TRAPS);

	return (
		(map { my $bits = $_; {
			name => "direct: instructions, $bits bits", rounds => $option->{rounds},
			processor => 1,
			comparisons => [ map { direct_comparison($_, $bits) } qw(loop sieve) ],
		} } 32, 64),
		{ name => 'direct: traps', rounds => $option->{rounds}, processor => 1,
		  comparisons => [ {
			id => 'direct-trap', title => 'Direct: a trap, alone', unit => 'us',
			rows => [
				row('floor', 'a SIGSEGV, handled', 'trap-floor trap',
				    less => 'trap-floor quiet', per => TRAPS),
				row(@trap) ],
			targets => [ ['a SIGSEGV, handled', 1.3] ],
		}, {
			id => 'direct-words', title => 'Direct: a sector by 256 OUTs', unit => 'us',
			rows => [
				row('floor', 'a trap of direct', @trap[2 .. $#trap]),
				row('subject', 'vmm, engine direct', 'direct-kernel64 words',
				    less => 'direct-kernel64 none', per => WORD_SECTORS),
				row('peer', 'QEMU pc, TCG', 'pc-kernel64 words',
				    less => 'pc-kernel64 none', per => WORD_SECTORS) ],
			targets => [ ['a trap of direct', 6] ],
		} ] },
		{ name => 'direct: pages', rounds => max(1, int($some / 2)), processor => 1,
		  comparisons => [ {
			id => 'direct-pages', title => 'Direct: a page mapped, walked, unmapped',
			unit => 'us',
			rows => [
				map { row($_->[0], $_->[1], "$_->[2]-kernel64 pages",
					  less => "$_->[2]-kernel64 none", per => MAPPED_PAGES) }
					['subject', 'vmm, engine direct', 'direct'],
					['subject', 'vmm, engine interp', 'interp'],
					['subject', 'vmm, engine kvm', 'kvm'],
					['peer', 'QEMU pc, TCG', 'pc'] ],
		} ] },
	);
}

# A round trip to the built-in service, and a page to another vmm.
sub ipc_sessions {
	my ($rounds, $few) = @_;

	return (
		{ name => 'IPC: round trips', rounds => $rounds, comparisons => [
			map { my $engine = $_; {
				id => "ipc-$engine", title => "IPC: to the block service and back, $engine",
				unit => 'us', rows => [
					row('floor', 'a bare hypercall', "$engine ipc-bare",
					    less => "$engine ipc-none", per => CALLS),
					row('subject', "vmm, engine $engine", "$engine ipc-call",
					    less => "$engine ipc-none", per => CALLS) ],
				targets => [ ['a bare hypercall', 1.5] ],
			} } qw(interp direct kvm),
		] },
		{ name => 'IPC: pages', rounds => $rounds, comparisons => [ {
			id => 'ipc-pages', title => 'IPC: a page to another vmm', unit => 'us', rows => [
				row('floor', 'a socket pair', 'page floor', less => 'page none',
				    per => FLOW_PAGES),
				map { row('subject', "vmm, engine $_", "$_ page-flow",
					  less => "$_ page-none", per => FLOW_PAGES) }
					qw(interp direct kvm) ],
			targets => [ ['a socket pair', 2] ],
		} ] },
		{ name => 'IPC: a gigabyte', rounds => $few, warmups => 0, comparisons => [ {
			id => 'ipc-long', title => 'IPC: 1 GiB to another vmm, with sums', unit => 'ms',
			rows => [ map { row('subject', "vmm, engine $_", "$_ page-sums") }
				qw(interp direct) ],
		} ] },
	);
}

# Sessions: comparisons whose commands alternate. Targets: [over which row, at
# most so many times].
sub sessions {
	my ($option, $exits, $kvm_emulates) = @_;
	my $some = max(1, int($option->{rounds} / MEDIUM_SHARE));
	my $few = max(1, int($option->{rounds} / SLOW_SHARE));

	return (
		{ name => 'start', rounds => START_ROUNDS * $option->{rounds}, comparisons => [ {
			id => 'start', title => 'A guest that halts at once, start to end',
			unit => 'ms', rows => [
				row('floor', 'bare KVM program', 'floor halt'),
				row('subject', 'vmm, engine kvm', 'kvm halt'),
				row('peer', 'QEMU microvm, TCG', 'microvm-tcg halt'),
				row('peer', 'QEMU microvm, KVM', 'microvm-kvm halt'),
				row('peer', 'QEMU pc, TCG', 'pc-tcg halt'),
				row('peer', 'QEMU pc, KVM', 'pc-kvm halt') ],
			targets => [ ['bare KVM program', 1.5], ['QEMU microvm, TCG', 0.2] ],
		}, {
			id => 'start-interp', title => 'A guest that halts at once, without KVM',
			unit => 'ms', rows => [
				row('floor', 'empty, same libraries', 'empty'),
				row('subject', 'vmm, engine interp', 'interp halt'),
				row('peer', 'QEMU microvm, TCG', 'microvm-tcg halt') ],
			targets => [ ['empty, same libraries', 1.5] ],
		}, {
			id => 'start-direct', title => 'The same, direct beside interp', unit => 'ms',
			rows => [
				row('floor', 'vmm, engine interp', 'interp halt'),
				row('subject', 'vmm, engine direct', 'direct halt') ],
			targets => [ ['vmm, engine interp', 1.3] ],
		} ] },
		(map { work_session($_, $some) } 32, 64),
		direct_sessions($option, $some),
		{ name => 'Linux', rounds => $few, warmups => 0, comparisons => [ {
			id => 'linux', title => 'Linux to a shell, and off', unit => 'ms',
			rows => [
				row('subject', 'vmm, engine interp', 'interp linux'),
				row('subject', 'vmm, engine direct', 'direct linux'),
				row('peer', 'QEMU pc, TCG', 'pc-tcg linux') ],
			targets => [ ['QEMU pc, TCG', 8] ],
		} ] },
		{ name => 'exits', rounds => $some, comparisons => [
			exit_comparison('pio', 'A port access (PIO exit)', $exits->{pio},
					['bare KVM loop', 1.1]),
			exit_comparison('mmio', 'A memory access (MMIO exit)', $exits->{mmio}),
			$kvm_emulates ? handover_comparison($exits->{pio}) : (),
		] },
		{ name => 'hypercalls', rounds => $some, comparisons => [ {
			id => 'disk-pv', title => '10,000 sectors, a hypercall each',
			unit => 'ms', rows => [
				row('floor', 'bare loop, same guest', 'floor disk-pv',
				    less => 'floor open'),
				row('subject', 'vmm, engine kvm', 'kvm disk-pv',
				    less => 'kvm open'),
				row('floor', 'bare loop, OUTs only', 'floor exits',
				    less => 'floor open') ],
			targets => [ ['bare loop, same guest', 1.3] ],
		}, {
			id => 'disk-bulk', title => '10,000 sectors, one hypercall',
			unit => 'ms', rows => [
				row('floor', 'one pwrite', 'floor pwrite',
				    less => 'floor no-pwrite'),
				row('subject', 'vmm, engine kvm', 'kvm disk-bulk',
				    less => 'kvm open') ],
			targets => [ ['one pwrite', 1.2] ],
		} ] },
		ipc_sessions($some, $few),
		{ name => 'ATA in software', rounds => $some, comparisons => [ {
			id => 'disk-interp', title => '10,000 sectors by emulated ATA, no KVM',
			unit => 'ms', rows => [
				row('peer', 'QEMU pc, TCG', 'pc-tcg disk-emul',
				    less => 'pc-tcg open'),
				row('subject', 'vmm, engine interp', 'interp disk-emul',
				    less => 'interp open') ],
			targets => [ ['QEMU pc, TCG', 3] ],
		}, {
			id => 'disk-direct', title => 'The same, direct', unit => 'ms',
			rows => [
				row('peer', 'QEMU pc, TCG', 'pc-tcg disk-emul',
				    less => 'pc-tcg open'),
				row('subject', 'vmm, engine direct', 'direct disk-emul',
				    less => 'direct open') ],
			targets => [ ['QEMU pc, TCG', 1] ],
		} ] },
		(map { ways_session($_, $few, $_ eq 'kvm' && $kvm_emulates) } qw(kvm interp direct)),
		{ name => 'ATA emulation', rounds => $few, warmups => 0, comparisons => [ {
			id => 'disk-emul', title => '10,000 sectors by emulated ATA',
			unit => 'ms', rows => [
				row('floor', 'bare loop, same guest', 'floor disk-emul',
				    less => 'floor open'),
				row('subject', 'vmm, engine kvm', 'kvm disk-emul',
				    less => 'kvm open'),
				row('peer', 'QEMU pc, TCG', 'pc-tcg disk-emul',
				    less => 'pc-tcg open'),
				row('peer', 'QEMU pc, KVM', 'pc-kvm disk-emul',
				    less => 'pc-kvm open') ],
		}, {
			id => 'disk-engines', title => 'The same, two engines', unit => 'ms',
			rows => [
				row('subject', 'vmm, engine kvm', 'kvm disk-emul',
				    less => 'kvm open'),
				row('subject', 'vmm, engine interp', 'interp disk-emul',
				    less => 'interp open') ],
			targets => $kvm_emulates ? [ ['vmm, engine kvm', 1] ] : [],
		}, {
			id => 'gain', title => 'What paravirtualization gains, a sector',
			unit => 'us', rows => [
				row('subject', 'emulated ATA', 'kvm disk-emul',
				    less => 'kvm open', per => SECTORS),
				row('subject', 'a hypercall each', 'kvm disk-pv',
				    less => 'kvm open', per => SECTORS),
				row('subject', 'one hypercall', 'kvm disk-bulk',
				    less => 'kvm open', per => SECTORS) ],
		} ] },
	);
}

1;
