# SPDX-License-Identifier: GPL-3.0-or-later
#
# BenchSvg.pm - the shapes that the benchmark's picture is made of. Places and sizes are
# SVG user units, classes those of the picture's style.
package BenchSvg;

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT = qw(circle line rectangle text);

sub escape {
	my ($text) = @_;
	my %entity = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', '"' => '&quot;');

	return $text =~ s/([&<>"])/$entity{$1}/gr;
}

sub text {
	my ($x, $y, $class, $text) = @_;

	return sprintf qq(<text x="%.1f" y="%.1f" class="%s">%s</text>\n), $x, $y, $class,
		escape($text);
}

sub rectangle {
	my ($x, $y, $width, $height, $class, $radius) = @_;

	return sprintf qq(<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="%d" class="%s"/>\n),
		$x, $y, $width, $height, $radius, $class;
}

sub line {
	my ($x1, $y1, $x2, $y2, $class) = @_;

	return sprintf qq(<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>\n),
		$x1, $y1, $x2, $y2, $class;
}

sub circle {
	my ($x, $y, $radius, $class, $title) = @_;

	return sprintf qq(<circle cx="%.1f" cy="%.1f" r="%.1f" class="%s"><title>%s</title></circle>\n),
		$x, $y, $radius, $class, escape($title);
}

1;
