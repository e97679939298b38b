# SPDX-License-Identifier: GPL-3.0-or-later
#
# BenchChart.pm - the benchmark's result as a picture: a card a comparison, in
# two columns, with a bar a row. Bars begin at zero and are linear; a peer's
# bar that would make the others too small to see is cut, with a mark. The six ways
# have a card of their own (BenchWays.pm).
package BenchChart;

use strict;
use warnings;

use BenchReport qw(amount ratio target_text);
use BenchSvg;
use BenchWays;
use Exporter qw(import);
use List::Util qw(max min);

our @EXPORT = qw(chart);

# All in SVG user units.
use constant {
	MARGIN => 32, HEADER => 116, LEGEND => 28, GAP => 20, CARD => 452,
	PADDING => 18, TITLE => 44, ROW => 30, BAR => 16, TARGET => 20,
	BAR_LEFT => 168, BAR_RIGHT => 318,
	CUT => 2,		# a peer this many times longer than the rest is cut
	ROOM => 1.1,		# beyond the longest bar that counts
};

my $style = <<'END';
text { font: 13px system-ui, "Segoe UI", "DejaVu Sans", Helvetica, Arial, sans-serif; fill: #24292f }
.page { fill: #f6f8fa } .card { fill: #fff; stroke: #d8dee4 } .axis { stroke: #8c959f }
.headline { font-size: 25px; font-weight: 600 } .title { font-size: 15px; font-weight: 600 }
.quiet { fill: #57606a; font-size: 12px } .value { font-weight: 600 }
.floor { fill: #afb8c1 } .subject { fill: #2f6fdd } .peer { fill: #e3a44a }
.spread { stroke: #24292f; stroke-opacity: .55; stroke-width: 1.5 }
.kvm { fill: #2f6fdd } .interp { fill: #e3a44a } .direct { fill: #1a7f37 }
.grid { stroke: #d8dee4 } .small { fill: #57606a; font-size: 11px; text-anchor: middle }
.limit { stroke: #1a7f37; stroke-width: 1.5; stroke-dasharray: 4 3 }
.met { fill: #1a7f37 } .missed { fill: #b35900 } .cut { stroke: #fff; stroke-width: 3 }
END

# The first target as an amount in the comparison's unit, or undef.
sub limit {
	my ($comparison) = @_;
	my ($target) = @{$comparison->{targets}};

	return undef unless $target;
	return $target->{most} * ($comparison->{rows}[0]{numbers}{median})
		if defined $target->{over};
	return $target->{most};
}

# The amount that the whole width of the bars stands for.
sub full_scale {
	my ($comparison) = @_;
	my @rows = @{$comparison->{rows}};
	my $own = max(limit($comparison) // 0,
		      map { $_->{numbers}{high} } grep { $_->{role} ne 'peer' } @rows);
	my @near = grep { $_ <= CUT * $own } map { $_->{numbers}{high} } @rows;

	return ROOM * max($own, @near);
}

sub bar {
	my ($row, $y, $full) = @_;
	my $numbers = $row->{numbers};
	my ($left, $width) = (BAR_LEFT, BAR_RIGHT - BAR_LEFT);
	my $length = $width * min(1, max(0.006, $numbers->{median} / $full));
	my $svg = rectangle($left, $y, $length, BAR, $row->{role}, 2);

	if ($numbers->{median} > $full) {
		$svg .= line($left + $_, $y + BAR + 3, $left + $_ + 8, $y - 3, 'cut')
			for $width - 26, $width - 18;
	} else {
		my ($low, $high) = map { $left + $width * min(1, max(0, $numbers->{$_} / $full)) }
			qw(low high);

		$svg .= line($low, $y + BAR / 2, $high, $y + BAR / 2, 'spread');
	}
	return $svg;
}

sub row {
	my ($row, $y, $full, $unit) = @_;
	my $baseline = $y + BAR - 4;
	my $value = amount($row->{numbers}{median}, $unit) =~ s/us$/\x{b5}s/r;

	return text(PADDING, $baseline, '', $row->{label}) . bar($row, $y, $full) .
		text(BAR_RIGHT + 10, $baseline, 'value', $value) .
		text(BAR_RIGHT + 82, $baseline, 'quiet', ratio($row->{ratio}));
}

sub card_height {
	my ($comparison) = @_;
	my $targets = @{$comparison->{targets}};

	return TITLE + ROW * @{$comparison->{rows}} + ($targets ? 8 + TARGET * $targets : 0) + 6;
}

sub card {
	my ($comparison, $x, $y) = @_;
	my $full = full_scale($comparison);
	my $limit = limit($comparison);
	my $bottom = TITLE + ROW * @{$comparison->{rows}};
	my $svg = rectangle(0, 0, CARD, card_height($comparison), 'card', 8) .
		text(PADDING, 28, 'title', $comparison->{title});
	my $row_y = TITLE;

	for my $row (@{$comparison->{rows}}) {
		$svg .= row($row, $row_y + 4, $full, $comparison->{unit});
		$row_y += ROW;
	}
	$svg .= line(BAR_LEFT, TITLE - 2, BAR_LEFT, $bottom - 2, 'axis');
	if (defined $limit) {
		my $limit_x = BAR_LEFT + (BAR_RIGHT - BAR_LEFT) * $limit / $full;

		$svg .= line($limit_x, TITLE - 4, $limit_x, $bottom, 'limit');
	}
	for my $target (@{$comparison->{targets}}) {
		$bottom += TARGET;
		$svg .= text(PADDING, $bottom, 'quiet ' . ($target->{met} ? 'met' : 'missed'),
			     ($target->{met} ? "\x{2713} " : "\x{2717} ") .
			     target_text($target, $comparison->{unit}));
	}
	return sprintf qq(<g transform="translate(%d %d)">\n%s</g>\n), $x, $y, $svg;
}

sub legend {
	my @entries = (['floor', 'the least that Linux takes for it'], ['subject', 'vmm'],
		       ['peer', 'QEMU, no firmware']);
	my $x = MARGIN;
	my $y = HEADER - LEGEND;
	my $svg = '';

	for (@entries) {
		my ($class, $label) = @$_;

		$svg .= rectangle($x, $y, 12, 12, $class, 2) . text($x + 18, $y + 10.5, 'quiet', $label);
		$x += 46 + 6.5 * length $label;
	}
	return $svg . line($x + 6, $y - 2, $x + 6, $y + 14, 'limit') .
		text($x + 18, $y + 10.5, 'quiet', 'target') .
		line($x + 76, $y + 6, $x + 100, $y + 6, 'spread') .
		text($x + 108, $y + 10.5, 'quiet', 'middle half of the runs; bars: median');
}

sub header {
	my ($host, $bars) = @_;

	return text(MARGIN, MARGIN + 14, 'headline', 'What vmm costs') .
		text(MARGIN, MARGIN + 36, 'quiet', "$host->{vmm}, $host->{date}. $host->{cpu}, " .
		     "$host->{kernel}, KVM: $host->{kvm}. Disk image on $host->{filesystem}.") .
		($bars ? legend() : '');
}

# Cards go to the column that is shorter. Returns them, and where they end.
sub columns {
	my (@comparisons) = @_;
	my @x = (MARGIN, MARGIN + CARD + GAP);
	my @y = (@comparisons ? HEADER : HEADER - LEGEND) x 2;
	my $cards = '';

	for my $comparison (@comparisons) {
		my $column = $y[1] < $y[0] ? 1 : 0;

		$cards .= card($comparison, $x[$column], $y[$column]);
		$y[$column] += card_height($comparison) + GAP;
	}
	return ($cards, max(@y));
}

sub chart {
	my ($result) = @_;
	my @ways = grep { $_->{engine} } @{$result->{comparisons}};
	my @others = grep { !$_->{engine} } @{$result->{comparisons}};
	my $width = 2 * (MARGIN + CARD) + GAP;
	my ($cards, $y) = columns(@others);

	if (@ways) {
		my ($svg, $height) = ways_card(2 * CARD + GAP, @ways);

		$cards .= sprintf qq(<g transform="translate(%d %d)">\n%s</g>\n), MARGIN, $y, $svg;
		$y += $height + GAP;
	}
	my $height = $y - GAP + MARGIN;
	my $svg = qq(<svg xmlns="http://www.w3.org/2000/svg" width="$width" height="$height" ) .
		qq(viewBox="0 0 $width $height" role="img">\n) .
		"<title>What vmm costs, beside floors and QEMU</title>\n" .
		"<style>\n$style</style>\n" . rectangle(0, 0, $width, $height, 'page', 0) .
		header($result->{host}, scalar @others) . $cards . "</svg>\n";

	utf8::encode($svg);
	return $svg;
}

1;
