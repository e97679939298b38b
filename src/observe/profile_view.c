/* SPDX-License-Identifier: GPL-3.0-or-later */
/* profile_view.c - a profile made ready to be shown, see profile_view.h. */
#include "observe/profile_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"

const char *const share_names[SHARES] = {
	[SHARE_GUEST] = "guest", [SHARE_ENGINE] = "engine",
	[SHARE_DEVICES] = "devices", [SHARE_WAITING] = "waiting",
};

const char *const profile_kind_names[PROFILE_KINDS] = {
	[PROFILE_PIO] = "pio", [PROFILE_MMIO] = "mmio", [PROFILE_POSTED] = "posted",
	[PROFILE_MSR] = "msr", [PROFILE_HLT] = "hlt", [PROFILE_KICK] = "kick",
	[PROFILE_EMULATED] = "emulated", [PROFILE_OTHER] = "other",
};

/* Kinds of access: the digits of an address, and where its owner is found. */
static const struct {
	int digits;
	enum bus_space space;
} accesses[PROFILE_KINDS] = {
	[PROFILE_PIO] = { 4, BUS_PIO },
	[PROFILE_MMIO] = { 8, BUS_MMIO },
	[PROFILE_POSTED] = { 8, BUS_MMIO },
};

int profile_kind_digits(enum profile_kind kind)
{
	return accesses[kind].digits;
}

enum symbols_side profile_place_side(const struct profile_line *line)
{
	return line->write || line->kind == PROFILE_HLT || line->kind == PROFILE_EMULATED ?
	       SYMBOLS_BEHIND : SYMBOLS_AT;
}

const char *profile_place_symbol(const struct profile_view *view, const struct profile_line *line,
				 uint64_t *offset)
{
	unsigned int back = profile_place_side(line) == SYMBOLS_BEHIND ? 1 : 0;
	const char *name = NULL;

	if (line->address != PROFILE_NOWHERE)
		name = symbols_find(view->symbols, line->address - back, offset);
	*offset += name ? back : 0;
	return name;
}

bool profile_is_exact(const struct profile *profile)
{
	return profile->samples == profile->handled;
}

enum profile_format profile_format_of(const char *path)
{
	static const struct {
		const char *suffix;
		enum profile_format format;
	} formats[] = {
		{ ".txt", PROFILE_TEXT }, { ".json", PROFILE_JSON }, { ".svg", PROFILE_SVG },
	};
	const char *slash = strrchr(path, '/');
	const char *suffix = strrchr(slash ? slash : path, '.');

	if (!suffix)
		return PROFILE_TEXT;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(suffix, formats[i].suffix))
			return formats[i].format;
	return PROFILE_UNKNOWN;
}

/* --- order --- */

/* What they are, where that says nothing else. */
static int compare_names(const struct profile_line *a, const struct profile_line *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	if (a->write != b->write)
		return a->write - b->write;
	return a->size - b->size;
}

static int by_exits(const void *left, const void *right)
{
	const struct profile_line *a = left, *b = right;

	if (a->exits != b->exits)
		return a->exits < b->exits ? 1 : -1;
	if (a->transfers != b->transfers)
		return a->transfers < b->transfers ? 1 : -1;
	return compare_names(a, b);
}

static int by_time(const void *left, const void *right)
{
	const struct profile_line *a = left, *b = right;

	if (a->seconds < b->seconds || a->seconds > b->seconds)
		return a->seconds < b->seconds ? 1 : -1;
	return by_exits(left, right);
}

static void sort(struct profile_lines *lines, int (*compare)(const void *, const void *))
{
	if (lines->count)
		qsort(lines->line, lines->count, sizeof(*lines->line), compare);
}

/* --- lines --- */

static struct profile_line line_of(const struct profile *profile, const struct profile_row *row)
{
	return (struct profile_line){
		.kind = profile_key_kind(row->key), .address = row->key.address,
		.size = profile_key_size(row->key), .write = profile_key_write(row->key),
		.exits = profile_key_kind(row->key) == PROFILE_POSTED ? 0 : row->handled,
		.transfers = row->handled + row->more,
		.seconds = (double)row->ticks / profile->ticks_a_second,
	};
}

static int lines_make(struct profile_lines *lines, const struct profile *profile,
		      const struct profile_table *table)
{
	lines->line = calloc(table->used + 1, sizeof(*lines->line));
	if (!lines->line)
		return -ENOMEM;
	for (size_t i = 0; i < PROFILE_SLOTS; i++)
		if (table->slot[i].handled)
			lines->line[lines->count++] = line_of(profile, &table->slot[i]);
	lines->others = line_of(profile, &table->others);
	return 0;
}

static uint64_t lines_exits(const struct profile_lines *lines)
{
	uint64_t exits = lines->others.exits;

	for (size_t i = 0; i < lines->count; i++)
		exits += lines->line[i].exits;
	return exits;
}

static void add(struct profile_line *to, const struct profile_line *from)
{
	to->exits += from->exits;
	to->transfers += from->transfers;
	to->seconds += from->seconds;
}

static bool same_kind(const struct profile_line *a, const struct profile_line *b)
{
	return a->kind == b->kind;
}

static bool same_device(const struct profile_line *a, const struct profile_line *b)
{
	return a->device && b->device && !strcmp(a->device, b->device);
}

/* Sums the accesses that are the same in that respect. */
static int group(struct profile_lines *groups, const struct profile_lines *lines,
		 bool (*same)(const struct profile_line *, const struct profile_line *))
{
	groups->line = calloc(lines->count + 1, sizeof(*groups->line));
	if (!groups->line)
		return -ENOMEM;
	for (size_t i = 0; i < lines->count; i++) {
		const struct profile_line *line = &lines->line[i];
		size_t at = 0;

		/* One that is not like itself belongs to no group. */
		if (!same(line, line))
			continue;
		while (at < groups->count && !same(&groups->line[at], line))
			at++;
		if (at == groups->count)
			groups->line[groups->count++] = (struct profile_line){
				.kind = line->kind, .device = line->device,
			};
		add(&groups->line[at], line);
	}
	groups->others = lines->others;
	return 0;
}

static void find_devices(struct profile_lines *lines, const struct bus *bus)
{
	for (size_t i = 0; i < lines->count; i++) {
		struct profile_line *line = &lines->line[i];
		const struct bus_range *owner;

		if (!accesses[line->kind].digits)
			continue;
		owner = bus_find(bus, accesses[line->kind].space, line->address);
		line->device = owner ? owner->name : "(nobody)";
	}
}

int profile_view_make(struct profile_view *view, const struct profile *profile,
		      const struct bus *bus, struct symbols *symbols)
{
	int error;

	*view = (struct profile_view){ .profile = profile, .symbols = symbols };
	for (unsigned int i = 0; i < SHARES; i++)
		view->share[i] = (double)profile->total.ticks[i] / profile->ticks_a_second;
	error = lines_make(&view->accesses, profile, &profile->accesses);
	if (!error)
		error = lines_make(&view->places, profile, &profile->places);
	if (error)
		return error;
	find_devices(&view->accesses, bus);
	error = group(&view->reasons, &view->accesses, same_kind);
	if (!error)
		error = group(&view->devices, &view->accesses, same_device);
	view->exits = lines_exits(&view->accesses);
	sort(&view->accesses, by_exits);
	sort(&view->places, by_exits);
	sort(&view->reasons, by_time);
	sort(&view->devices, by_time);
	return error;
}

void profile_view_free(struct profile_view *view)
{
	free(view->accesses.line);
	free(view->places.line);
	free(view->reasons.line);
	free(view->devices.line);
}
