/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit-layout.c - where room is for a kernel, and what of guest memory it may take. */
#include "boot/layout.h"

#include <errno.h>

#include "unit.h"

/* As with 16 MiB, and some more above 4 GiB. */
static int add_memory(struct mem *mem)
{
	static const struct {
		uint64_t gpa, size;
		unsigned int flags;
	} pieces[] = {
		{ 0x0, 0xA0000, MEM_RW },
		{ 0xB8000, 0x8000, MEM_RW | MEM_CHIP },
		{ 0xC0000, 0x40000, MEM_RW | MEM_RESERVED },
		{ 0x100000, 0xF00000, MEM_RW },
		{ 0x100000000, 0x100000, MEM_RW },
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]) && !error; i++) {
		struct mem_region region = {
			.gpa = pieces[i].gpa, .size = pieces[i].size, .flags = pieces[i].flags,
			.name = "RAM",
		};

		region.host = mem_backing(mem, region.size, false);
		error = region.host ? mem_add(mem, &region, false) : -ENOMEM;
	}
	return error;
}

static void check_loadable(struct unit *unit, const struct layout *layout)
{
	static const struct {
		uint64_t gpa, size;
		bool loadable;
		const char *what;
	} ranges[] = {
		{ 0, 0xA0000, true, "all of low memory may be a kernel's" },
		{ 0, 0xA0001, false, "the VGA window may not" },
		{ 0x9FFFF, 1, true, "its last byte may" },
		{ 0xB8000, 2, false, "text memory may not" },
		{ 0xC0000, 0x10000, true, "reserved memory that vmm does not use may" },
		{ 0xCFFFF, 2, false, "the tables may not" },
		{ 0xE0000, 1, false, "the boot information may not" },
		{ 0xF7FFF, 2, false, "the machine's tables may not" },
		{ 0xF8000, 0x8000, true, "what is behind them may" },
		{ 0xFF000, 0x100000, true, "a kernel may begin before 1 MiB" },
		{ 0xF8000, 0xF08000, true, "and go on to the end of RAM" },
		{ 0xF8000, 0xF08001, false, "but not further" },
		{ 0x1000000, 1, false, "behind RAM is nothing" },
		{ 0x100000000, 0x100000, true, "RAM above 4 GiB may be a kernel's" },
		{ UINT64_MAX, 1, false, "the end of the address space is no RAM" },
		{ UINT64_MAX, UINT64_MAX, false, "a range that wraps is no RAM" },
		{ 0x1000, UINT64_MAX, false, "nor is one that wraps to where RAM is" },
		{ 0xA0000, 0, true, "nothing fits anywhere" },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		unit_equal(unit, layout_is_loadable(layout, ranges[i].gpa, ranges[i].size),
			   ranges[i].loadable, ranges[i].what);
}

static void check_take(struct unit *unit, struct layout *layout)
{
	unit_equal(unit, layout_end(layout), 0, "nothing is taken");
	unit_equal(unit, (uint64_t)-layout_take(layout, 0xA0000, 1), ENOSPC,
		   "what is no RAM is not taken");
	unit_equal(unit, (uint64_t)layout_take(layout, 0x200000, 0x1000), 0, "a range is taken");
	unit_equal(unit, (uint64_t)layout_take(layout, 0x1FF000, 0x1000), 0, "its neighbour too");
	unit_equal(unit, (uint64_t)layout_take(layout, 0x201000, 0x1000), 0, "and the other");
	unit_equal(unit, (uint64_t)-layout_take(layout, 0x1FFFFF, 1), EEXIST, "not its last byte");
	unit_equal(unit, (uint64_t)-layout_take(layout, 0x180000, 0x100000), EEXIST,
		   "not what holds it");
	unit_equal(unit, (uint64_t)layout_take(layout, 0x200000, 0), 0, "nothing can be taken");
	unit_equal(unit, layout_end(layout), 0x202000, "the end is that of the last");
}

/* From here on 0x1FF000 to 0x201FFF is taken. */
static void check_find(struct unit *unit, struct layout *layout)
{
	static const struct {
		struct layout_wish wish;
		uint64_t low, high;
		const char *what;
	} wishes[] = {
		{ { 0x1000, 0x1000, 0, UINT64_MAX }, 0x1000, 0x1000FF000, "a page anywhere" },
		{ { 0x1000, 0x1000, 0, 0x100000000 }, 0x1000, 0xFFF000, "below 4 GiB" },
		{ { 0x1000, 0x1000, 0x1FF000, 0x400000 }, 0x202000, 0x3FF000, "behind the kernel" },
		{ { 0x1000, 0x1000, 0x1FE001, 0x201FFF }, 0, 0, "none in the kernel" },
		{ { 0x1000, 0x1000, 0x1FE000, 0x201FFF }, 0x1FE000, 0x1FE000, "the page before it" },
		{ { 0x1001, 0x1000, 0x1FD000, 0x300000 }, 0x1FD000, 0x2FE000, "a page and a byte" },
		{ { 0x100, 0x100, 0, 0xA0000 }, 0x100, 0x9FF00, "low memory, but not address 0" },
		{ { 0x10, 1, 0x9FFF8, 0x100010 }, 0x100000, 0x100000, "not in reserved memory" },
		{ { 0xDFE000, 0x1000, 0x100000, 0x100000000 }, 0x202000, 0x202000, "all the rest" },
		{ { 0xDFE001, 1, 0x100000, 0x100000000 }, 0, 0, "more than the rest" },
		{ { 0x1000, 0x80000000, 1, UINT64_MAX }, 0x100000000, 0x100000000, "far aligned" },
		{ { UINT64_MAX, 1, 0, UINT64_MAX }, 0, 0, "the size of everything" },
		{ { 1, 0x1000, UINT64_MAX, UINT64_MAX }, 0, 0, "an address that wraps" },
	};

	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		char what[80];

		snprintf(what, sizeof(what), "the lowest place: %s", wishes[i].what);
		unit_equal(unit, layout_find_low(layout, &wishes[i].wish), wishes[i].low, what);
		snprintf(what, sizeof(what), "the highest place: %s", wishes[i].what);
		unit_equal(unit, layout_find_high(layout, &wishes[i].wish), wishes[i].high, what);
	}
}

int main(void)
{
	struct unit unit = { 0 };
	struct mem *mem = NULL;
	struct layout layout;

	if (mem_create(&mem) || add_memory(mem)) {
		unit_check(&unit, false, "out of memory");
	} else {
		layout_init(&layout, mem);
		check_loadable(&unit, &layout);
		check_take(&unit, &layout);
		check_find(&unit, &layout);
		layout_fini(&layout);
	}
	mem_destroy(mem);
	return unit_status(&unit);
}
