# SPDX-License-Identifier: GPL-3.0-or-later
#
# BenchReport.pm - the benchmark's result in words and figures: a table for the
# terminal, JSON for programs.
package BenchReport;

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT = qw(amount json ratio table target_text);

# Three digits that say something.
sub digits {
	my ($value) = @_;
	my $size = abs $value;

	return sprintf($size >= 100 ? '%.0f' : $size >= 10 ? '%.1f' : '%.2f', $value);
}

sub amount {
	my ($value, $unit) = @_;

	return $unit eq 'ms' && $value >= 1000 ? digits($value / 1000) . ' s'
					       : digits($value) . " $unit";
}

# How many times the first row; a small part of it as a fraction.
sub ratio {
	my ($value) = @_;

	return $value > 0 && $value < 0.1 ? '1/' . digits(1 / $value) : digits($value) . 'x';
}

# A judged target in words: what was wanted, what was reached.
sub target_text {
	my ($target, $unit) = @_;
	my $met = $target->{met} ? 'met' : 'missed';

	return sprintf('at most %g %s: %s', $target->{most}, $unit, $met)
		unless defined $target->{over};
	return sprintf('at most %g x %s: %.2f, %s', $target->{most}, $target->{over},
		       $target->{value}, $met);
}

# A row's label; where an instruction is timed, how many are done a second.
sub label {
	my ($row, $unit) = @_;

	return $row->{label} unless $unit eq 'ns';
	return sprintf '%s (%.0f million/s)', $row->{label}, 1000 / $row->{numbers}{median};
}

# Between which the middle half of the runs lies; or what was counted and how fast it went.
sub beside_median {
	my ($row, $unit) = @_;
	my $numbers = $row->{numbers};

	return sprintf '%9d %7s MB/s', $row->{exits}, digits($row->{rate}) if defined $row->{exits};
	return amount($numbers->{low}, $unit) . ' - ' . amount($numbers->{high}, $unit);
}

sub comparison_lines {
	my ($comparison) = @_;
	my $unit = $comparison->{unit};
	my $counted = defined $comparison->{rows}[0]{exits};
	my @lines = sprintf("%-44s %10s %22s %8s\n", $comparison->{title}, 'median',
			    $counted ? sprintf('%9s %12s', 'exits', '') : 'quartiles', 'ratio');

	for my $row (@{$comparison->{rows}}) {
		push @lines, sprintf("  %-42s %10s %22s %8s\n", label($row, $unit),
				     amount($row->{numbers}{median}, $unit),
				     beside_median($row, $unit), ratio($row->{ratio}));
	}
	push @lines, map { '  target: ' . target_text($_, $unit) . "\n" }
		@{$comparison->{targets}};
	return (@lines, "\n");
}

sub table {
	my ($result) = @_;
	my $host = $result->{host};

	return join '',
		"$host->{vmm}, $host->{date}\n",
		"$host->{cpu}, $host->{kernel}, KVM: $host->{kvm}, load $host->{load}\n",
		"disk image in $host->{folder} ($host->{filesystem})\n\n",
		map { comparison_lines($_) } @{$result->{comparisons}};
}

sub json_string {
	my ($text) = @_;

	$text =~ s/(["\\])/\\$1/g;
	$text =~ s/([\x00-\x1f])/sprintf '\\u%04x', ord $1/ge;
	return qq("$text");
}

# Which members are not strings.
my %number = map { $_ => 1 } qw(exits high load low median most rate ratio runs value);
my %boolean = map { $_ => 1 } qw(met);

sub json_scalar {
	my ($key, $value) = @_;

	return 'null' unless defined $value;
	return $value ? 'true' : 'false' if $boolean{$key};
	return sprintf '%.6g', $value if $number{$key};
	return json_string($value);
}

sub json_value {
	my ($key, $value, $indent) = @_;
	my $deeper = "$indent  ";
	my @members;

	if (ref $value eq 'HASH') {
		@members = map { json_string($_) . ': ' . json_value($_, $value->{$_}, $deeper) }
			sort keys %$value;
		return "{\n$deeper" . join(",\n$deeper", @members) . "\n$indent}";
	}
	if (ref $value eq 'ARRAY') {
		@members = map { json_value('', $_, $deeper) } @$value;
		return @members ? "[\n$deeper" . join(",\n$deeper", @members) . "\n$indent]" : '[]';
	}
	return json_scalar($key, $value);
}

sub json {
	my ($result) = @_;

	return json_value('', $result, '') . "\n";
}

1;
