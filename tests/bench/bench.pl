#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# bench.pl - what vmm costs, beside floors and peers measured in the same run.
#
# Runs the commands of each session in turn (measure), works out the
# comparisons, prints them as a table and writes bench.json and bench.svg. The
# method is explained in README. Needs no more of Perl than Debian's perl-base.
use strict;
use warnings;

use Cwd qw(abs_path);
use Getopt::Long;
use List::Util qw(any uniq);
use POSIX qw(strftime uname);

use BenchChart;
use BenchPlan;
use BenchReport;
use BenchStats;

use constant {
	PROBE_LIMIT => 30,	# seconds that a peer may take for the halting guest
	MEMORY_RUNS => 5,
	MEMORY_TARGET => 3,	# MB beyond what the guest touched
};

my %option = (
	vmm => './vmm', guests => 'guest', tools => 'tests/bench', scripts => 'tests/bench',
	out => '.',
	qemu => 'qemu-system-x86_64', rounds => 11,
);

my $usage = <<'END';
usage: bench.pl [OPTION...]
  --vmm=PROGRAM   the vmm to measure (default ./vmm)
  --guests=DIR    where the guests' images are (default guest)
  --tools=DIR     where the floors are (default tests/bench)
  --scripts=DIR   where two-vmms is (default tests/bench)
  --qemu=PROGRAM  the peer (default qemu-system-x86_64; left out where missing)
  --out=DIR       where bench.json and bench.svg go, and the disk image in the
                  meantime (default the current folder)
  --tmpfs         put the disk image on /dev/shm
  --only=TEXT     the sessions whose names contain it, and no memory
  --rounds=N      runs of each command (default 11; short ones three times
                  that, those of a second half, long ones a tenth)
  --help          print this
END

# The lines that a command prints.
sub output_of {
	my @command = @_;

	open my $pipe, '-|', @command or die "bench: $command[0]: $!\n";
	my @lines = <$pipe>;
	close $pipe or die "bench: failed: @command\n";
	chomp @lines;
	return @lines;
}

sub first_line {
	my ($path, $pattern) = @_;

	open my $file, '<', $path or return '';
	while (<$file>) {
		return $1 if /$pattern/;
	}
	return '';
}

# What a reader must know to compare with another machine.
sub describe_host {
	my ($disk) = @_;
	my ($system, undef, $release) = uname();
	my $folder = $disk =~ s{/[^/]*$}{}r;
	my ($type) = (output_of('df', '--output=fstype', $folder))[1];
	my $hardware = first_line('/proc/cpuinfo', qr/^flags\s*:.*\b(vmx|svm)\b/);

	return {
		date => strftime('%Y-%m-%d %H:%M', localtime),
		vmm => (output_of(abs_path($option{vmm}), '--version'))[0],
		cpu => first_line('/proc/cpuinfo', qr/^model name\s*:\s*(.*)/),
		kernel => "$system $release",
		kvm => $hardware ? "hardware ($hardware)" : 'software (no vmx, no svm)',
		load => first_line('/proc/loadavg', qr/^(\S+)/),
		folder => $folder,
		filesystem => $type,
	};
}

sub make_disk {
	my ($path, $sectors) = @_;

	open my $file, '>', $path or die "bench: $path: $!\n";
	print $file "\0" x SECTOR_SIZE for 1 .. $sectors;
	close $file or die "bench: $path: $!\n";
}

# Whether KVM can be used; else what needs it is left out.
sub have_kvm {
	my ($commands) = @_;

	return 1 if open my $kvm, '+<', '/dev/kvm';
	print STDERR "bench: /dev/kvm: $!: what needs it is left out\n";
	delete @$commands{grep { /^(?:floor|kvm(?:-kernel\d+)?) / } keys %$commands};
	return 0;
}

# How often a guest leaves for its accesses, as the floor counts it; the last
# exit is the guest's end.
sub count_exits {
	my ($guest) = @_;
	my ($exits) = output_of(present("$option{tools}/kvm-floor"), '-c',
				present("$option{guests}/bench-$guest.bin"));

	return $exits - 1;
}

# Runs commands in turn. Returns their samples by name.
sub measure {
	my ($commands, $names, @options) = @_;
	my @arguments = map { ('::', $_, @{$commands->{$_}}) } @$names;

	shift @arguments;
	return parse_samples(output_of(present("$option{tools}/measure"), @options, @arguments));
}

sub failed {
	my ($name, $sample) = @_;

	return any { $_ != success($name) } @{$sample->{status}};
}

# Leaves out the peers that do not work on this host.
sub drop_broken_peers {
	my ($commands) = @_;

	for my $probe (grep { is_peer($_) && / (?:halt|none)$/ } sort keys %$commands) {
		my ($peer) = $probe =~ /^(\S+)/;
		my $sample = eval {
			measure($commands, [$probe], '-n', 1, '-w', 0, '-t', PROBE_LIMIT)
		};

		next if $sample && !failed($probe, $sample->{$probe});
		print STDERR "bench: $peer does not work here and is left out\n";
		delete @$commands{grep { /^\Q$peer\E / } keys %$commands};
	}
}

# The commands that a row needs.
sub needs {
	my ($row) = @_;

	return grep { defined } @$row{qw(of less)};
}

# Where KVM or QEMU is missing, some comparisons have nothing to compare.
sub comparable {
	my ($comparison) = @_;
	my @rows = @{$comparison->{rows}};

	return @rows > 1 && any { $_->{role} eq 'subject' } @rows;
}

# How often the guest left, as vmm's profile has it. A kick is the host's doing.
sub profiled_exits {
	my ($path) = @_;
	my ($exits, $kicks) = (0, 0);

	open my $file, '<', $path or die "bench: $path: $!\n";
	while (<$file>) {
		$kicks += $1 if /^\s*(\d+)\s.*\skick\s*$/;
		$exits = $1 if /^\s*(\d+)\s.*\stotal in /;
	}
	return $exits - $kicks;
}

# Rows of what was profiled have what was counted, and how fast the bytes went.
sub with_exits {
	my ($comparison, $disk) = @_;

	for my $row (@{$comparison->{rows}}) {
		my $profile = delete $row->{profile} or next;

		$row->{exits} = profiled_exits("$disk.$profile") * (delete $row->{scale} // 1);
		$row->{rate} = SECTORS * SECTOR_SIZE / 1e3 / $row->{numbers}{median};
	}
	return $comparison;
}

# What came over SIMVIRTIO must be what its guest sends, as often as it ran.
sub check_sent {
	my ($path) = @_;
	my $sector = pack 'va*', 0x1234, "\0" x (SECTOR_SIZE - 2);
	my $count = 0;

	open my $file, '<:raw', $path or return;
	while (read $file, my $bytes, SECTOR_SIZE) {
		die "bench: $path: sector $count is not what was sent\n" if $bytes ne $sector;
		$count++;
	}
	die "bench: $path: $count sectors\n" if !$count || $count % SECTORS;
}

sub run_session {
	my ($session, $commands, $disk) = @_;
	my @rows = map { @{$_->{rows}} } @{$session->{comparisons}};
	my @names = grep { $commands->{$_} } uniq map { needs($_) } @rows;

	return () unless @names;
	printf STDERR "bench: %s: %d commands, %d times\n", $session->{name}, scalar @names,
		$session->{rounds};
	my $samples = measure($commands, \@names, '-n', $session->{rounds},
			      '-w', $session->{warmups} // 1, $session->{processor} ? '-c' : ());

	for my $name (@names) {
		next unless failed($name, $samples->{$name});
		die "bench: failed: @{$commands->{$name}}\n" unless is_peer($name);
		print STDERR "bench: failed, and left out: $name\n";
		delete $samples->{$name};
	}
	return map { finish_comparison($_) } grep { comparable($_) }
		map { with_exits(with_numbers($_, $samples), $disk) } @{$session->{comparisons}};
}

# Peak of the resident set beyond the guest's own pages, in bytes.
sub peak_memory {
	my (@command) = @_;
	my @peaks;

	for (1 .. MEMORY_RUNS) {
		my ($line) = output_of(present("$option{tools}/peakmem"), @command);
		my ($peak, $guest) = split /\t/, $line;

		push @peaks, ($peak - $guest) * 1024;
	}
	return @peaks;
}

sub memory_comparison {
	my ($commands) = @_;
	my @rows = (['floor', 'bare KVM program', 'floor halt'],
		    ['subject', 'vmm, engine kvm', 'kvm halt'],
		    ['subject', 'vmm with a disk', 'kvm disk-bulk']);

	print STDERR "bench: memory\n";
	return finish_comparison({
		id => 'memory', title => 'Peak memory beyond the guest\'s', unit => 'MB',
		rows => [ map { {
			role => $_->[0], label => $_->[1],
			numbers => in_unit('MB', peak_memory(@{$commands->{$_->[2]}})),
		} } @rows ],
		targets => [ [undef, MEMORY_TARGET] ],
	});
}

sub write_file {
	my ($path, $text) = @_;

	open my $file, '>', $path or die "bench: $path: $!\n";
	print $file $text;
	close $file or die "bench: $path: $!\n";
	print STDERR "bench: wrote $path\n";
}

sub parse_options {
	my $good = GetOptions(\%option, qw(vmm=s guests=s tools=s scripts=s qemu=s out=s only=s tmpfs rounds=i),
			      help => sub { print $usage; exit 0 });

	return if $good && !@ARGV && $option{rounds} >= 1;
	print STDERR $usage;
	exit 2;
}

sub main {
	parse_options();

	my $disk = ($option{tmpfs} ? '/dev/shm' : abs_path($option{out})) . "/bench-$$.img";
	my %commands = commands(\%option, $disk);

	local @SIG{qw(INT TERM)} = (sub { unlink glob "$disk*"; exit 1 }) x 2;
	make_disk($disk, SECTORS);
	make_disk("$disk.few", FEW_SECTORS);
	my $result = eval {
		my $host = describe_host($disk);
		my $kvm = have_kvm(\%commands);
		my %exits = $kvm ? map { $_ => count_exits($_) } qw(pio mmio) : ();
		my @sessions = grep { index($_->{name}, $option{only} // '') >= 0 }
			sessions(\%option, \%exits, $host->{kvm} =~ /^software/);

		drop_broken_peers(\%commands);
		my @compared = map { run_session($_, \%commands, $disk) } @sessions;

		check_sent("$disk.sent");
		{ host => $host, comparisons => [ @compared,
			$kvm && !$option{only} ? memory_comparison(\%commands) : () ] };
	};
	unlink glob "$disk*";
	die $@ unless $result;

	print table($result);
	write_file("$option{out}/bench.json", json($result));
	write_file("$option{out}/bench.svg", chart($result));
}

main();
