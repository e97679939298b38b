/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layout.c - taken and free pieces of RAM, see layout.h. */
#include "boot/layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"

/*
 * Reserved, but a kernel's for the taking: between the screen and vmm's tables,
 * and what vmm's tables for kernels leave free before 1 MiB (vmm-machine(7), MEMORY).
 */
static const struct layout_range lent[] = {
	{ 0xC0000, 0x10000 },
	{ 0xF8000, 0x8000 },
};

void layout_init(struct layout *layout, const struct mem *mem)
{
	*layout = (struct layout){ 0 };
	layout->map_count = memmap_make(mem, layout->map);
}

void layout_fini(struct layout *layout)
{
	free(layout->taken);
	layout->taken = NULL;
}

/* How many bytes from gpa on lie in a range. */
static uint64_t reach(uint64_t gpa, uint64_t start, uint64_t size)
{
	return gpa >= start && gpa - start < size ? size - (gpa - start) : 0;
}

/* How many bytes from gpa on, in one piece, may be loaded to. */
static uint64_t loadable(const struct layout *layout, uint64_t gpa)
{
	for (size_t i = 0; i < layout->map_count; i++) {
		const struct memmap_entry *entry = &layout->map[i];
		uint64_t there = reach(gpa, entry->gpa, entry->size);

		if (there && entry->type == MEMMAP_RAM)
			return there;
		for (size_t j = 0; j < ARRAY_SIZE(lent) && there; j++) {
			uint64_t here = reach(gpa, lent[j].gpa, lent[j].size);

			if (here)
				return here < there ? here : there;
		}
	}
	return 0;
}

bool layout_is_loadable(const struct layout *layout, uint64_t gpa, uint64_t size)
{
	while (size) {
		uint64_t piece = loadable(layout, gpa);

		if (!piece)
			return false;
		if (piece >= size)
			return true;
		gpa += piece;
		size -= piece;
	}
	return true;
}

/* Index of the first range that ends behind gpa. */
static size_t first_behind(const struct layout *layout, uint64_t gpa)
{
	size_t low = 0, high = layout->taken_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (layout->taken[middle].gpa + (layout->taken[middle].size - 1) < gpa)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int layout_take(struct layout *layout, uint64_t gpa, uint64_t size)
{
	size_t index;

	if (!size)
		return 0;
	if (!layout_is_loadable(layout, gpa, size))
		return -ENOSPC;
	index = first_behind(layout, gpa);
	if (index < layout->taken_count && layout->taken[index].gpa < gpa + size)
		return -EEXIST;
	if (layout->taken_count == layout->taken_capacity) {
		size_t capacity = layout->taken_capacity ? layout->taken_capacity * 2 : 16;
		struct layout_range *grown = reallocarray(layout->taken, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		layout->taken = grown;
		layout->taken_capacity = capacity;
	}
	memmove(&layout->taken[index + 1], &layout->taken[index],
		(layout->taken_count - index) * sizeof(*layout->taken));
	layout->taken[index] = (struct layout_range){ gpa, size };
	layout->taken_count++;
	return 0;
}

uint64_t layout_end(const struct layout *layout)
{
	const struct layout_range *last;

	if (!layout->taken_count)
		return 0;
	last = &layout->taken[layout->taken_count - 1];
	return last->gpa + last->size;
}

/* Ends of a free piece of RAM: end is behind it. */
struct gap {
	uint64_t start, end;
};

/*
 * The gap of a RAM entry before one of its taken ranges, by index from first_behind()
 * of the entry on, or behind the last one: then it returns false.
 */
static bool gap_before(const struct layout *layout, const struct memmap_entry *entry, size_t index,
		       struct gap *gap)
{
	const struct layout_range *taken = layout->taken;
	uint64_t end = entry->gpa + entry->size;
	bool is_next = index < layout->taken_count && taken[index].gpa < end;
	bool is_previous = index && taken[index - 1].gpa >= entry->gpa;

	gap->start = is_previous ? taken[index - 1].gpa + taken[index - 1].size : entry->gpa;
	gap->end = is_next ? taken[index].gpa : end;
	return is_next;
}

/* A place in a gap, at its start or its end; 0: it does not fit. */
static uint64_t fit(struct gap gap, const struct layout_wish *wish, bool high)
{
	uint64_t from = gap.start > wish->low ? gap.start : wish->low;
	uint64_t start = (from + (wish->align - 1)) & ~(wish->align - 1);
	uint64_t end = gap.end < wish->limit ? gap.end : wish->limit;
	uint64_t place;

	if (start < from || start >= end || end - start < wish->size)
		return 0;
	place = high ? (end - wish->size) & ~(wish->align - 1) : start;
	/* 0 says that there is none. */
	if (!place && !high && end - start >= wish->align && end - wish->align >= wish->size)
		place = wish->align;
	return place;
}

static uint64_t find(const struct layout *layout, const struct layout_wish *wish, bool high)
{
	uint64_t found = 0;

	for (size_t i = 0; i < layout->map_count; i++) {
		const struct memmap_entry *entry = &layout->map[i];
		size_t index = first_behind(layout, entry->gpa);
		struct gap gap;
		bool more;

		if (entry->type != MEMMAP_RAM)
			continue;
		do {
			uint64_t place;

			more = gap_before(layout, entry, index++, &gap);
			place = fit(gap, wish, high);
			if (place && !high)
				return place;
			if (place)
				found = place;
		} while (more);
	}
	return found;
}

uint64_t layout_find_low(const struct layout *layout, const struct layout_wish *wish)
{
	return find(layout, wish, false);
}

uint64_t layout_find_high(const struct layout *layout, const struct layout_wish *wish)
{
	return find(layout, wish, true);
}
