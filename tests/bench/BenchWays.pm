# SPDX-License-Identifier: GPL-3.0-or-later
#
# BenchWays.pm - the same sectors by six ways, in one card: exits, time and MB/s, a dot
# an engine. They differ by six powers of ten, so the scales are logarithmic, and
# there are no bars, whose length would mean nothing.
package BenchWays;

use strict;
use warnings;

use BenchSvg;
use Exporter qw(import);
use List::Util qw(max min uniq);
use POSIX qw(ceil floor);

our @EXPORT = qw(ways_card);

use constant {
	PADDING => 18, TITLE => 74, ROW => 28, FOOT => 34,
	LABELS => 158,		# where the ways are named
	PANEL_GAP => 48, DOT => 4.5,
};

# What is shown of a row, the scale's unit, and how a power of ten is written.
my @panels = (
	{ title => 'exits', value => sub { max(1, $_[0]{exits}) } },
	{ title => 'time, ms', value => sub { max(1, $_[0]{numbers}{median}) } },
	{ title => 'MB/s', value => sub { $_[0]{rate} } },
);

sub power_of_ten {
	my ($exponent) = @_;

	return $exponent < 0 ? '0.' . '0' x (-$exponent - 1) . '1'
		: $exponent < 3 ? 10 ** $exponent
		: 10 ** ($exponent % 3) . ('', 'k', 'M', 'G')[$exponent / 3];
}

sub log10 {
	my ($value) = @_;

	return log($value) / log(10);
}

# A panel from x on: grid, scale and dots. Engines lie a little one below the other, so that
# none hides another.
sub panel {
	my ($panel, $ways, $comparisons, $x, $width) = @_;
	my $value = $panel->{value};
	my @values = map { $value->($_) } map { @{$_->{rows}} } @$comparisons;
	my ($low, $high) = (floor(log10(min(@values))), ceil(log10(max(@values))));
	my $bottom = TITLE + ROW * @$ways;
	my $scale = $width / (max($high - $low, 1));
	my $svg = text($x, TITLE - 16, 'value', $panel->{title});
	my $shift = 0;

	for my $exponent ($low .. $high) {
		my $at = $x + ($exponent - $low) * $scale;

		$svg .= line($at, TITLE - 8, $at, $bottom, 'grid') .
			text($at, $bottom + 16, 'small', power_of_ten($exponent));
	}
	for my $comparison (@$comparisons) {
		my ($engine) = $comparison->{id} =~ /-(.*)/;

		for my $row (@{$comparison->{rows}}) {
			my ($index) = grep { $ways->[$_] eq $row->{label} } 0 .. $#$ways;

			$svg .= circle($x + (log10($value->($row)) - $low) * $scale,
				       TITLE + ROW * $index + ROW / 2 - 5 + 5 * $shift, DOT, $engine,
				       sprintf('%s, %s: %.4g %s', $row->{label},
					       $comparison->{engine}, $value->($row), $panel->{title}));
		}
		$shift++;
	}
	return $svg;
}

sub engines_legend {
	my ($width, @comparisons) = @_;
	my $x = $width - PADDING;
	my $svg = '';

	for my $comparison (reverse @comparisons) {
		my ($class) = $comparison->{id} =~ /-(.*)/;

		$x -= 6.6 * length $comparison->{engine};
		$svg .= text($x, 28, 'quiet', $comparison->{engine}) .
			circle($x - 10, 24, DOT, $class, $comparison->{engine});
		$x -= 34;
	}
	return $svg;
}

# The card, and its height.
sub ways_card {
	my ($width, @comparisons) = @_;
	my @ways = uniq map { $_->{label} } map { @{$_->{rows}} } @comparisons;
	my $height = TITLE + ROW * @ways + FOOT;
	my $space = $width - PADDING - LABELS - PADDING - 8;
	my $panel_width = ($space - PANEL_GAP * $#panels) / @panels;
	my ($title) = $comparisons[0]{title} =~ /^([^,]*,[^,]*),/;
	my $svg = rectangle(0, 0, $width, $height, 'card', 8) .
		text(PADDING, 28, 'title', $title);

	for my $index (0 .. $#ways) {
		my $y = TITLE + ROW * $index;

		$svg .= text(PADDING, $y + ROW / 2 + 4.5, '', $ways[$index]) .
			line(PADDING, $y, $width - PADDING, $y, 'grid');
	}
	for my $index (0 .. $#panels) {
		$svg .= panel($panels[$index], \@ways, \@comparisons,
			      PADDING + LABELS + ($panel_width + PANEL_GAP) * $index, $panel_width);
	}
	return ($svg . engines_legend($width, @comparisons), $height);
}

1;
