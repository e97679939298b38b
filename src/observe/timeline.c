/* SPDX-License-Identifier: GPL-3.0-or-later */
/* timeline.c - time by slices, see timeline.h. */
#include "observe/timeline.h"

static void add(struct shares *to, const struct shares *from)
{
	for (unsigned int i = 0; i < SHARES; i++)
		to->ticks[i] += from->ticks[i];
	to->exits += from->exits;
}

/* Two by two become one. */
static void halve(struct timeline *timeline)
{
	timeline->width *= 2;
	timeline->count = (timeline->count + 1) / 2;
	for (unsigned int i = 0; i < TIMELINE_SLICES / 2; i++) {
		timeline->slice[i] = timeline->slice[2 * i];
		add(&timeline->slice[i], &timeline->slice[2 * i + 1]);
	}
	for (unsigned int i = TIMELINE_SLICES / 2; i < TIMELINE_SLICES; i++)
		timeline->slice[i] = (struct shares){ 0 };
}

/* What is left of value behind part of whole. */
static uint64_t portion(uint64_t value, uint64_t part, uint64_t whole)
{
	return part == whole ? value : (uint64_t)((unsigned __int128)value * part / whole);
}

/* Takes part of whole out of *rest. */
static struct shares take(struct shares *rest, uint64_t part, uint64_t whole)
{
	struct shares taken = { .exits = portion(rest->exits, part, whole) };

	rest->exits -= taken.exits;
	for (unsigned int i = 0; i < SHARES; i++) {
		taken.ticks[i] = portion(rest->ticks[i], part, whole);
		rest->ticks[i] -= taken.ticks[i];
	}
	return taken;
}

void timeline_add(struct timeline *timeline, uint64_t from, uint64_t to,
		  const struct shares *shares)
{
	struct shares rest = *shares, taken;

	while (to / timeline->width >= TIMELINE_SLICES)
		halve(timeline);
	for (uint64_t i = from / timeline->width; i <= to / timeline->width; i++) {
		uint64_t end = (i + 1) * timeline->width < to ? (i + 1) * timeline->width : to;

		taken = from < to ? take(&rest, end - from, to - from) : rest;
		add(&timeline->slice[i], &taken);
		from = end;
		if (i >= timeline->count)
			timeline->count = (unsigned int)i + 1;
		if (from == to)
			break;
	}
}
