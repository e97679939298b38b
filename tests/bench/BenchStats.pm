# SPDX-License-Identifier: GPL-3.0-or-later
#
# BenchStats.pm - from samples to the numbers of a comparison.
package BenchStats;

use strict;
use warnings;

use Exporter qw(import);
use List::Util qw(first min);

our @EXPORT = qw(finish_comparison in_unit parse_samples with_numbers);

# What a unit is in nanoseconds, or bytes.
my %unit = (ms => 1e6, us => 1e3, ns => 1, MB => 1e6);

# The output of measure: by command, lists of times (ns) and exit statuses.
sub parse_samples {
	my %samples;

	for (@_) {
		my ($name, $wall, $status) = split /\t/;
		my $sample = $samples{$name} //= { wall => [], status => [] };

		push @{$sample->{wall}}, $wall;
		push @{$sample->{status}}, $status;
	}
	return \%samples;
}

# The value below which a fraction of the sorted numbers lies, interpolated.
sub quantile {
	my ($fraction, @sorted) = @_;
	my $place = $fraction * $#sorted;
	my $below = int $place;
	my $above = min($below + 1, $#sorted);

	return $sorted[$below] + ($place - $below) * ($sorted[$above] - $sorted[$below]);
}

# Median and quartiles of numbers (ns or bytes) in a unit.
sub in_unit {
	my ($name, @numbers) = @_;
	my @sorted = sort { $a <=> $b } map { $_ / $unit{$name} } @numbers;

	return {
		median => quantile(0.5, @sorted),
		low => quantile(0.25, @sorted),
		high => quantile(0.75, @sorted),
		runs => scalar @sorted,
	};
}

# What a row's command took, less the other command's run of the same round.
sub costs {
	my ($row, $samples) = @_;
	my $of = $samples->{$row->{of}} or return ();
	my $less = $row->{less} ? ($samples->{$row->{less}} or return ()) : undef;
	my $per = $row->{per} // 1;

	return map {
		($of->{wall}[$_] - ($less ? $less->{wall}[$_] : 0)) / $per
	} 0 .. $#{$of->{wall}};
}

# The comparison with the numbers of those of its rows whose commands ran.
sub with_numbers {
	my ($comparison, $samples) = @_;
	my @rows;

	for my $row (@{$comparison->{rows}}) {
		my @costs = costs($row, $samples) or next;

		push @rows, { role => $row->{role}, label => $row->{label},
			      (map { ($_ => $row->{$_}) } grep { $row->{$_} } qw(profile scale)),
			      numbers => in_unit($comparison->{unit}, @costs) };
	}
	return { %$comparison, rows => \@rows };
}

# A target over a row, or over nothing: an amount in the comparison's unit.
sub judge {
	my ($target, $subject, $rows) = @_;
	my ($over, $most) = @$target;
	my $base = defined $over ? first { $_->{label} eq $over } @$rows : undef;
	my $value = $subject->{numbers}{median};

	return () if defined $over && !$base;
	$value /= $base->{numbers}{median} if $base;
	return { over => $over, most => $most, value => $value, met => $value <= $most };
}

# Adds the ratios to the first row, and the judged targets.
sub finish_comparison {
	my ($comparison) = @_;
	my @rows = @{$comparison->{rows}};
	my $base = $rows[0]{numbers}{median};
	# One that is not its own base, if there is such a one.
	my $subject = first { $_->{role} eq 'subject' } @rows[1 .. $#rows], $rows[0];

	$_->{ratio} = $_->{numbers}{median} / $base for @rows;
	return { %$comparison,
		 targets => [ map { judge($_, $subject, \@rows) } @{$comparison->{targets}} ] };
}

1;
