/* SPDX-License-Identifier: GPL-3.0-or-later */
/* profile_text.c - a profile as tables of text, see profile_view.h. */
#include <inttypes.h>

#include "observe/profile_view.h"

#define PLACES_SHOWN 30u

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static void print_counts(FILE *out, const struct profile_view *view,
			 const struct profile_line *line)
{
	fprintf(out, "%12" PRIu64 "  %5.1f%%  %12" PRIu64 "  %12.6f  ", line->exits,
		percent((double)line->exits, (double)view->exits), line->transfers,
		line->seconds);
}

static void print_access(FILE *out, const struct profile_view *view,
			 const struct profile_line *line)
{
	char address[24];

	print_counts(out, view, line);
	if (!line->device) {
		fprintf(out, "%s\n", profile_kind_names[line->kind]);
		return;
	}
	snprintf(address, sizeof(address), "0x%0*" PRIx64, profile_kind_digits(line->kind),
		 line->address);
	fprintf(out, "%-6s  %-10s  %-5s  %4u  %s\n", profile_kind_names[line->kind], address,
		line->write ? "write" : "read", line->size, line->device);
}

static void print_accesses(FILE *out, const struct profile_view *view)
{
	const struct profile *profile = view->profile;
	struct profile_line total = view->accesses.others;

	fprintf(out, "%12s  %6s  %12s  %12s  %-6s  %-10s  %-5s  %4s  %s\n", "exits", "share",
		"transfers", "seconds", "reason", "address", "dir", "size", "device");
	for (size_t i = 0; i < view->accesses.count; i++) {
		print_access(out, view, &view->accesses.line[i]);
		total.transfers += view->accesses.line[i].transfers;
		total.seconds += view->accesses.line[i].seconds;
	}
	if (view->accesses.others.transfers) {
		print_counts(out, view, &view->accesses.others);
		fprintf(out, "others (only %u rows are kept)\n", PROFILE_ROWS);
	}
	total.exits = view->exits;
	print_counts(out, view, &total);
	fprintf(out, "total in %.6f s", profile->seconds);
	if (profile->seconds > 0)
		fprintf(out, ", %.0f exits a second", (double)view->exits / profile->seconds);
	fputc('\n', out);
}

static void print_shares(FILE *out, const struct profile_view *view)
{
	fputs("\nthe run's time:\n", out);
	for (unsigned int i = 0; i < SHARES; i++)
		fprintf(out, "  %-10s  %12.6f s  %5.1f%%\n", share_names[i], view->share[i],
			percent(view->share[i], view->profile->seconds));
}

static void print_groups(FILE *out, const struct profile_lines *groups, const char *title,
			 bool devices)
{
	if (!groups->count)
		return;
	fprintf(out, "\n%-20s  %12s  %12s  %12s\n", title, "exits", "transfers", "seconds");
	for (size_t i = 0; i < groups->count; i++) {
		const struct profile_line *line = &groups->line[i];

		fprintf(out, "  %-18s  %12" PRIu64 "  %12" PRIu64 "  %12.6f\n",
			devices ? line->device : profile_kind_names[line->kind], line->exits,
			line->transfers, line->seconds);
	}
}

static void print_place(FILE *out, const struct profile_view *view,
			const struct profile_line *line)
{
	char place[SYMBOLS_PLACE_SIZE];

	if (line->address == PROFILE_NOWHERE)
		fprintf(out, "  %-18s", "(not known)");
	else
		fprintf(out, "  0x%016" PRIx64, line->address);
	fprintf(out, "  %12" PRIu64 "  %12.6f  %s", line->exits, line->seconds,
		profile_kind_names[line->kind]);
	if (line->address != PROFILE_NOWHERE)
		fputs(symbols_place(view->symbols, line->address, profile_place_side(line), place),
		      out);
	fputc('\n', out);
}

static void print_places(FILE *out, const struct profile_view *view)
{
	const struct profile *profile = view->profile;
	size_t shown = view->places.count < PLACES_SHOWN ? view->places.count : PLACES_SHOWN;

	if (!shown)
		return;
	fprintf(out, "\n%-20s  %12s  %12s  reason\n", "RIP", "exits", "seconds");
	for (size_t i = 0; i < shown; i++)
		print_place(out, view, &view->places.line[i]);
	if (shown < view->places.count)
		fprintf(out, "  and %zu more\n", view->places.count - shown);
	if (profile_is_exact(profile))
		return;
	fprintf(out, "\nseconds, and exits by RIP, are estimates: %" PRIu64 " of %" PRIu64
		" exits were looked at\n", profile->samples, profile->handled);
}

void profile_text(FILE *out, const struct profile_view *view)
{
	print_accesses(out, view);
	print_shares(out, view);
	print_groups(out, &view->reasons, "reason", false);
	print_groups(out, &view->devices, "device", true);
	print_places(out, view);
}
