/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * profile_svg.c - a profile as a picture (SVG 1.1), see profile_view.h: the run's time over
 * time, the exits a second below it, and bars by device and by place. Lengths are in pixels.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "core/utf8.h"
#include "observe/profile_view.h"

#define WIDTH 960
#define MARGIN 40
#define LEFT 76			/* of the charts: room for the labels of their axis */
#define PLOT_WIDTH (WIDTH - LEFT - MARGIN)
#define SHARES_TOP 118
#define RATE_GAP 34
#define SHARES_HEIGHT 180
#define RATE_HEIGHT 70
#define BARS_TOP (SHARES_TOP + SHARES_HEIGHT + RATE_GAP + RATE_HEIGHT + 80)
#define BAR_STEP 24
#define BAR_HEIGHT 16
#define BARS_MAX 10u
#define NAME_WIDTH 190		/* of a bar's label, and what is behind the bar */
#define FIGURES_WIDTH 210
#define BAR_WIDTH (WIDTH - 2 * MARGIN - NAME_WIDTH - FIGURES_WIDTH)
#define NAME_LETTERS 27
#define TICKS_MAX 8.0		/* of an axis */

static const char *const colours[SHARES] = {
	[SHARE_GUEST] = "#3b78b5", [SHARE_ENGINE] = "#f2a33a",
	[SHARE_DEVICES] = "#c8503c", [SHARE_WAITING] = "#d8dbe0",
};

static const char *const legends[SHARES] = {
	[SHARE_GUEST] = "guest code", [SHARE_ENGINE] = "engine",
	[SHARE_DEVICES] = "devices", [SHARE_WAITING] = "waiting in HLT",
};

/* --- text --- */

/* At most so many letters, as XML has them; what XML cannot have is a question mark. */
static void put_text(FILE *out, const char *text, unsigned int letters)
{
	size_t size;
	char *clean = utf8_clean(text, &size);

	for (const char *c = clean; clean && *c; c++) {
		/* Behind the first byte of a letter come those of the form 10xxxxxx. */
		if (((unsigned char)*c & 0xC0) != 0x80 && !letters--) {
			fputs("…", out);
			break;
		}
		if (*c == '<' || *c == '>' || *c == '&')
			fprintf(out, "&#%d;", *c);
		else
			fputc(iscntrl((unsigned char)*c) ? '?' : *c, out);
	}
	free(clean);
}

/* 1234567 as 1,234,567. */
static void put_count(FILE *out, uint64_t count)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			fputc(',', out);
		fputc(digits[i], out);
	}
}

/* The unit in which a time has few digits in front of its point. */
struct unit {
	const char *name;
	double seconds;
};

static struct unit unit_of(double seconds)
{
	static const struct unit units[] = { { "s", 1 }, { "ms", 1e-3 }, { "µs", 1e-6 } };

	for (size_t i = 0; i < ARRAY_SIZE(units) - 1; i++)
		if (seconds >= units[i].seconds)
			return units[i];
	return units[ARRAY_SIZE(units) - 1];
}

static void put_seconds(FILE *out, double seconds)
{
	const struct unit unit = unit_of(seconds);
	double value = seconds / unit.seconds;

	fprintf(out, "%.*f %s", value < 10 ? 2 : value < 100 ? 1 : 0, value, unit.name);
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double part(double value, double whole)
{
	return whole > 0 ? value / whole : 0;
}

/* --- the heading --- */

static void heading(FILE *out, const struct profile_view *view)
{
	const struct profile *profile = view->profile;
	const char *slash = strrchr(view->guest, '/');
	double x = MARGIN;

	fprintf(out, "<text x=\"%d\" y=\"38\" class=\"title\">", MARGIN);
	put_text(out, slash ? slash + 1 : view->guest, 60);
	fprintf(out, "</text>\n<text x=\"%d\" y=\"60\" class=\"note\">engine %s: ", MARGIN,
		view->engine);
	put_count(out, view->exits);
	fputs(" exits in ", out);
	put_seconds(out, profile->seconds);
	fputs(", ", out);
	put_count(out, (uint64_t)part((double)view->exits, profile->seconds));
	fputs(" a second", out);
	if (!profile_is_exact(profile))
		fprintf(out, "; times are estimated from %" PRIu64 " of them", profile->samples);
	fputs("</text>\n", out);
	for (unsigned int i = 0; i < SHARES; i++, x += 215) {
		fprintf(out, "<rect x=\"%g\" y=\"80\" width=\"12\" height=\"12\" fill=\"%s\"/>\n"
			"<text x=\"%g\" y=\"91\">%s  <tspan class=\"strong\">%.1f %%</tspan>  "
			"<tspan class=\"note\">", x, colours[i], x + 18, legends[i],
			100 * part(view->share[i], profile->seconds));
		put_seconds(out, view->share[i]);
		fputs("</tspan></text>\n", out);
	}
}

/* --- over time --- */

/* When slice i of the timeline ends, in ticks: the last one ends with the run. */
static double slice_end(const struct profile *profile, unsigned int i)
{
	const struct timeline *timeline = &profile->timeline;

	return i + 1 == timeline->count ? profile->seconds * profile->ticks_a_second :
	       (double)(i + 1) * (double)timeline->width;
}

static double x_of(const struct profile *profile, double ticks)
{
	double x = LEFT + PLOT_WIDTH * part(ticks, profile->seconds * profile->ticks_a_second);

	return x < LEFT + PLOT_WIDTH ? x : LEFT + PLOT_WIDTH;
}

/* What part of slice i went to the first count shares. */
static double stacked(const struct shares *slice, unsigned int count)
{
	double sum = 0, all = 0;

	for (unsigned int i = 0; i < SHARES; i++) {
		sum += i < count ? (double)slice->ticks[i] : 0;
		all += (double)slice->ticks[i];
	}
	return part(sum, all);
}

/* The upper edge of the first count shares, from left to right or back. */
static void edge(FILE *out, const struct profile *profile, unsigned int count, bool back)
{
	unsigned int slices = profile->timeline.count;

	for (unsigned int n = 0; n < slices; n++) {
		unsigned int i = back ? slices - 1 - n : n;
		double begin = x_of(profile, (double)i * (double)profile->timeline.width);
		double end = x_of(profile, slice_end(profile, i));
		double y = SHARES_TOP + SHARES_HEIGHT *
			   (1 - stacked(&profile->timeline.slice[i], count));

		fprintf(out, "%.1f,%.1f %.1f,%.1f ", back ? end : begin, y, back ? begin : end, y);
	}
}

static void areas(FILE *out, const struct profile *profile)
{
	for (unsigned int i = 0; i < SHARES; i++) {
		if (!profile->total.ticks[i])
			continue;
		fprintf(out, "<polygon fill=\"%s\" points=\"", colours[i]);
		edge(out, profile, i + 1, false);
		edge(out, profile, i, true);
		fputs("\"/>\n", out);
	}
}

/* Exits a second in slice i. */
static double rate(const struct profile *profile, unsigned int i)
{
	double ticks = slice_end(profile, i) - (double)i * (double)profile->timeline.width;

	return part((double)profile->timeline.slice[i].exits,
		    ticks / profile->ticks_a_second);
}

/* A slice that has hardly begun says nothing of a rate. */
static bool has_rate(const struct profile *profile, unsigned int i)
{
	double width = (double)profile->timeline.width;

	return slice_end(profile, i) - i * width > width / 4 || profile->timeline.count == 1;
}

static void rates(FILE *out, const struct profile *profile, double bottom)
{
	double most = 0;

	for (unsigned int i = 0; i < profile->timeline.count; i++)
		if (has_rate(profile, i))
			most = larger(most, rate(profile, i));
	fprintf(out, "<text x=\"%d\" y=\"%.1f\" class=\"axis\" text-anchor=\"end\">", LEFT - 8,
		bottom - RATE_HEIGHT + 5);
	put_count(out, (uint64_t)most);
	fprintf(out, "</text>\n<text x=\"%d\" y=\"%.1f\" class=\"axis\" text-anchor=\"end\">0</text>\n"
		"<text x=\"%d\" y=\"%.1f\" class=\"note\">exits a second</text>\n"
		"<path fill=\"#5b6470\" d=\"M%d,%.1f ", LEFT - 8, bottom + 4, LEFT,
		bottom - RATE_HEIGHT - 8, LEFT, bottom);
	for (unsigned int i = 0; i < profile->timeline.count; i++)
		fprintf(out, "V%.1f H%.1f ", bottom - RATE_HEIGHT *
			(has_rate(profile, i) ? part(rate(profile, i), most) : 0),
			x_of(profile, slice_end(profile, i)));
	fprintf(out, "V%.1f Z\"/>\n", bottom);
}

/* Round steps: 1, 2 or 5 and zeros; whole is below 1000 or is one of seconds. */
static double axis_step(double whole)
{
	static const double factors[] = { 2, 2.5, 2 };
	double step = 0.001;

	for (unsigned int i = 0; step * TICKS_MAX < whole; i++)
		step *= factors[i % ARRAY_SIZE(factors)];
	return step;
}

static void time_axis(FILE *out, double seconds, double bottom)
{
	const struct unit unit = unit_of(seconds);
	double whole = seconds / unit.seconds, step = axis_step(whole > 0 ? whole : 1);

	for (double at = 0; at <= whole; at += step) {
		double x = LEFT + PLOT_WIDTH * part(at, whole);

		fprintf(out, "<path class=\"line\" d=\"M%.1f,%.1f v5\"/>\n"
			"<text x=\"%.1f\" y=\"%.1f\" class=\"axis\" text-anchor=\"middle\">%g %s</text>\n",
			x, bottom, x, bottom + 19, at, unit.name);
	}
}

static void over_time(FILE *out, const struct profile *profile)
{
	double bottom = SHARES_TOP + SHARES_HEIGHT + RATE_GAP + RATE_HEIGHT;

	areas(out, profile);
	for (int i = 0; i <= 4; i++) {
		double y = SHARES_TOP + SHARES_HEIGHT * (1 - i / 4.0);

		fprintf(out, "<path class=\"grid\" d=\"M%d,%.1f h%d\"/>\n<text x=\"%d\" y=\"%.1f\" "
			"class=\"axis\" text-anchor=\"end\">%d %%</text>\n", LEFT, y, PLOT_WIDTH,
			LEFT - 8, y + 4, 25 * i);
	}
	rates(out, profile, bottom);
	fprintf(out, "<path class=\"line\" d=\"M%d,%.1f h%d\"/>\n", LEFT, bottom, PLOT_WIDTH);
	time_axis(out, profile->seconds, bottom);
}

/* --- bars --- */

/* The text in front of a line's bar. */
typedef void label_fn(FILE *out, const struct profile_view *view, const struct profile_line *line);

static void device_label(FILE *out, const struct profile_view *view,
			 const struct profile_line *line)
{
	put_text(out, line->device, NAME_LETTERS);
}

static void place_label(FILE *out, const struct profile_view *view,
			const struct profile_line *line)
{
	uint64_t offset = 0;
	const char *symbol = profile_place_symbol(view, line, &offset);
	char text[SYMBOLS_PLACE_SIZE];

	if (line->address == PROFILE_NOWHERE) {
		put_text(out, "(not known)", NAME_LETTERS);
		return;
	}
	if (symbol)
		snprintf(text, sizeof(text), "%.90s+0x%" PRIx64, symbol, offset);
	else
		snprintf(text, sizeof(text), "0x%" PRIx64, line->address);
	put_text(out, text, NAME_LETTERS);
}

static void bar(FILE *out, const struct profile_line *line, double length, double y,
		const char *colour, const char *reason)
{
	double x = MARGIN + NAME_WIDTH;

	fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"2\" fill=\"%s\"/>\n"
		"<text x=\"%.1f\" y=\"%.1f\">", x, y, larger(length, 1), BAR_HEIGHT, colour,
		x + larger(length, 1) + 8, y + 12.5);
	put_count(out, line->exits);
	fprintf(out, " %s%sexit%s  <tspan class=\"note\">", reason, *reason ? " " : "",
		line->exits == 1 ? "" : "s");
	put_seconds(out, line->seconds);
	fputs("</tspan></text>\n", out);
}

/* How high that many bars are, with their title. */
static double bars_height(const struct profile_lines *lines)
{
	size_t shown = lines->count < BARS_MAX ? lines->count : BARS_MAX;

	return shown ? 46 + (double)shown * BAR_STEP : 0;
}

static void bars(FILE *out, const struct profile_view *view, const struct profile_lines *lines,
		 double top, const char *title, bool by_time, label_fn *label)
{
	double most = 0, y = top + 14;

	if (!lines->count)
		return;
	fprintf(out, "<text x=\"%d\" y=\"%.1f\" class=\"strong\">%s", MARGIN, top, title);
	if (lines->count > BARS_MAX)
		fprintf(out, "  <tspan class=\"note\">the first %u of %zu</tspan>", BARS_MAX,
			lines->count);
	fputs("</text>\n", out);
	for (size_t i = 0; i < lines->count && i < BARS_MAX; i++)
		most = larger(most, by_time ? lines->line[i].seconds : (double)lines->line[i].exits);
	for (size_t i = 0; i < lines->count && i < BARS_MAX; i++, y += BAR_STEP) {
		const struct profile_line *line = &lines->line[i];
		double value = by_time ? line->seconds : (double)line->exits;

		fprintf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">",
			MARGIN + NAME_WIDTH - 10, y + 12.5);
		label(out, view, line);
		fputs("</text>\n", out);
		bar(out, line, BAR_WIDTH * part(value, most), y,
		    by_time ? colours[SHARE_DEVICES] : "#5b6470",
		    by_time ? "" : profile_kind_names[line->kind]);
	}
}

void profile_svg(FILE *out, const struct profile_view *view)
{
	double places_top = BARS_TOP + bars_height(&view->devices);
	double height = places_top + bars_height(&view->places) + MARGIN / 2;

	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" "
		"viewBox=\"0 0 %d %.0f\">\n<title>vmm profile: ", WIDTH, height, WIDTH, height);
	put_text(out, view->guest, 60);
	fputs("</title>\n<style>\n"
	      "text { font: 13px \"DejaVu Sans\", Helvetica, Arial, sans-serif; fill: #20262e; "
	      "white-space: pre; }\n"
	      ".title { font-size: 20px; font-weight: bold; }\n"
	      ".strong { font-weight: bold; }\n"
	      ".note { fill: #5b6470; font-weight: normal; }\n"
	      ".axis { font-size: 11px; fill: #5b6470; }\n"
	      ".grid { stroke: #ffffff; stroke-opacity: 0.45; }\n"
	      ".line { stroke: #5b6470; fill: none; }\n"
	      "</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n", out);
	heading(out, view);
	over_time(out, view->profile);
	bars(out, view, &view->devices, BARS_TOP, "time in devices", true, device_label);
	bars(out, view, &view->places, places_top, "exits by place in the guest", false,
	     place_label);
	fputs("</svg>\n", out);
}
