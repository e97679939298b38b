/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit-symbols.c - names of addresses, and memory that is zeroed for kernels. */
#include "core/symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "unit.h"

struct source {
	struct symbols_source source;
	unsigned int *filled, *destroyed;
};

static void fill(const struct symbols_source *source, struct symbols *symbols)
{
	const struct source *self = (const struct source *)source;

	++*self->filled;
	/* In no order, one inside another, two at one address. */
	symbols_add(symbols, 0x3000, 0x10, "last", 1);
	symbols_add(symbols, 0x1000, 0x100, "label", 1);
	symbols_add(symbols, 0x1000, 0x80, "function", 2);
	symbols_add(symbols, 0x2000, 0x100, "outer", 1);
	symbols_add(symbols, 0x2010, 0x10, "inner", 1);
	symbols_add(symbols, 0x4000, 0, "empty", 1);
	symbols_add(symbols, 0x5000, 1, "", 1);
	symbols_add(symbols, UINT64_MAX, 1, "end", 1);
	symbols_add(symbols, 0x6000, 4, "a\033b\n\xff", 1);
	symbols_add_alias(symbols, 0x9000, 0x20, (uint64_t)0x3000 - 0x9000);
}

static void destroy(struct symbols_source *source)
{
	++*((struct source *)source)->destroyed;
	free(source);
}

static void check_names(struct unit *unit, struct symbols *symbols)
{
	static const struct {
		uint64_t address;
		enum symbols_side side;
		const char *text, *what;
	} places[] = {
		{ 0xFFF, SYMBOLS_AT, "", "before the first symbol is none" },
		{ 0x1000, SYMBOLS_AT, " <function+0x0>", "the higher rank wins" },
		{ 0x107F, SYMBOLS_AT, " <function+0x7f>", "its last byte" },
		{ 0x1080, SYMBOLS_AT, "", "a function ends" },
		{ 0x1080, SYMBOLS_BEHIND, " <function+0x80>", "but not for what ended there" },
		{ 0x1000, SYMBOLS_BEHIND, "", "nothing ended at its start" },
		{ 0x2012, SYMBOLS_AT, " <inner+0x2>", "the nearest symbol wins" },
		{ 0x300F, SYMBOLS_AT, " <last+0xf>", "the last symbol" },
		{ 0x4000, SYMBOLS_AT, "", "a symbol without a size names nothing" },
		{ 0x5000, SYMBOLS_AT, "", "nor does one without a name" },
		{ UINT64_MAX, SYMBOLS_AT, " <end+0x0>", "the end of the address space" },
		{ 0, SYMBOLS_BEHIND, " <end+0x1>", "and behind it" },
		{ 0x9004, SYMBOLS_AT, " <last+0x4>", "where a kernel first runs" },
		{ 0x9010, SYMBOLS_AT, "", "and where it has no symbols" },
		{ 0x9020, SYMBOLS_AT, "", "and where it is not" },
		{ 0x6000, SYMBOLS_AT, " <a?b??+0x0>", "nothing of a name acts on the terminal" },
	};
	char text[SYMBOLS_PLACE_SIZE];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		symbols_place(symbols, places[i].address, places[i].side, text);
		if (!unit_check(unit, !strcmp(text, places[i].text), places[i].what))
			printf("  is \"%s\", should be \"%s\"\n", text, places[i].text);
	}
}

static void check_symbols(struct unit *unit)
{
	unsigned int filled = 0, destroyed = 0;
	struct source *source = malloc(sizeof(*source));
	struct symbols *symbols = NULL;
	uint64_t offset;

	if (!unit_check(unit, source != NULL, "a source is made"))
		return;
	*source = (struct source){ { fill, destroy }, &filled, &destroyed };
	if (!unit_check(unit, !symbols_create(&symbols, &source->source), "a table is made"))
		return;
	unit_equal(unit, filled, 0, "nothing is read before somebody asks");
	check_names(unit, symbols);
	unit_equal(unit, filled, 1, "it is read once");
	symbols_destroy(symbols);
	unit_equal(unit, destroyed, 1, "the source goes with the table");
	unit_check(unit, !symbols_find(NULL, 0, &offset), "no table has no names");
	unit_check(unit, !symbols_create(&symbols, NULL) && !symbols_find(symbols, 0, &offset),
		   "a table without a source has none");
	symbols_destroy(symbols);
}

/* Three pages and two of another piece behind them, all of ones. */
static void check_zero(struct unit *unit, struct mem *mem, uint8_t *host, uint64_t gpa,
		       uint64_t size)
{
	char what[80];
	bool right = true;

	memset(host, 0xFF, 5 * MEM_PAGE_SIZE);
	right = !mem_zero(mem, gpa, size);
	for (uint64_t i = 0; i < 5 * MEM_PAGE_SIZE; i++)
		right = right && host[i] == (i >= gpa && i < gpa + size ? 0 : 0xFF);
	snprintf(what, sizeof(what), "0x%" PRIx64 " bytes at 0x%" PRIx64 " are zeroed", size, gpa);
	unit_check(unit, right, what);
}

static void check_memory(struct unit *unit)
{
	struct mem *mem = NULL;
	uint8_t *host = mem_create(&mem) ? NULL : mem_backing(mem, 5 * MEM_PAGE_SIZE, false);
	struct mem_region first = { 0, 3 * MEM_PAGE_SIZE, host, MEM_RW, "one" };
	struct mem_region second = { 3 * MEM_PAGE_SIZE, 2 * MEM_PAGE_SIZE, NULL, MEM_READ, "two" };

	if (unit_check(unit, host != NULL, "memory is made")) {
		second.host = host + first.size;
		unit_check(unit, !mem_add(mem, &first, false) && !mem_add(mem, &second, false),
			   "it is added");
		check_zero(unit, mem, host, 0, 0);
		check_zero(unit, mem, host, 5, 1);
		check_zero(unit, mem, host, 0, MEM_PAGE_SIZE);
		check_zero(unit, mem, host, 1, MEM_PAGE_SIZE);
		check_zero(unit, mem, host, 4095, 4098);
		check_zero(unit, mem, host, 10, 4 * MEM_PAGE_SIZE);
		check_zero(unit, mem, host, 0, 5 * MEM_PAGE_SIZE);
		unit_equal(unit, (uint64_t)-mem_zero(mem, 1, 5 * MEM_PAGE_SIZE), EFAULT,
			   "what is not all there is not zeroed");
	}
	mem_destroy(mem);
}

int main(void)
{
	struct unit unit = { 0 };

	check_symbols(&unit);
	check_memory(&unit);
	return unit_status(&unit);
}
