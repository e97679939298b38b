/* SPDX-License-Identifier: GPL-3.0-or-later */
/* symbols.c - a sorted array of names, see symbols.h. */
#include "core/symbols.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_SHOWN 96

struct symbol {
	uint64_t address;
	uint64_t size;
	const char *name;
	unsigned int rank;
};

struct alias {
	uint64_t address;
	uint64_t size;
	uint64_t distance;
};

struct symbols {
	struct symbols_source *source;
	bool filled;
	struct symbol *symbol;		/* by address once filled */
	size_t count, capacity;
	struct alias *alias;
	size_t alias_count, alias_capacity;
};

int symbols_create(struct symbols **out, struct symbols_source *source)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols) {
		if (source)
			source->destroy(source);
		return -ENOMEM;
	}
	symbols->source = source;
	*out = symbols;
	return 0;
}

void symbols_destroy(struct symbols *symbols)
{
	if (!symbols)
		return;
	if (symbols->source)
		symbols->source->destroy(symbols->source);
	free(symbols->symbol);
	free(symbols->alias);
	free(symbols);
}

/* Room for one more element; false where there is no memory. */
static bool grow(void **array, size_t count, size_t *capacity, size_t size)
{
	size_t wanted = *capacity ? *capacity * 2 : 256;
	void *grown;

	if (count < *capacity)
		return true;
	grown = reallocarray(*array, wanted, size);
	if (!grown)
		return false;
	*array = grown;
	*capacity = wanted;
	return true;
}

void symbols_add(struct symbols *symbols, uint64_t address, uint64_t size, const char *name,
		 unsigned int rank)
{
	void *array = symbols->symbol;

	if (!size || !*name ||
	    !grow(&array, symbols->count, &symbols->capacity, sizeof(*symbols->symbol)))
		return;
	symbols->symbol = array;
	symbols->symbol[symbols->count++] = (struct symbol){ address, size, name, rank };
}

void symbols_add_alias(struct symbols *symbols, uint64_t address, uint64_t size,
		       uint64_t distance)
{
	void *array = symbols->alias;

	if (!grow(&array, symbols->alias_count, &symbols->alias_capacity, sizeof(*symbols->alias)))
		return;
	symbols->alias = array;
	symbols->alias[symbols->alias_count++] = (struct alias){ address, size, distance };
}

/* By address; the best one of an address comes last, where the search finds it. */
static int compare(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (a->rank > b->rank) - (a->rank < b->rank);
}

static void fill(struct symbols *symbols)
{
	symbols->filled = true;
	if (!symbols->source)
		return;
	symbols->source->fill(symbols->source, symbols);
	if (symbols->count)
		qsort(symbols->symbol, symbols->count, sizeof(*symbols->symbol), compare);
}

/* The last symbol at or before an address, if it reaches that far. */
static const struct symbol *covering(const struct symbols *symbols, uint64_t address)
{
	size_t low = 0, high = symbols->count;
	const struct symbol *symbol;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->symbol[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	symbol = &symbols->symbol[low - 1];
	return address - symbol->address < symbol->size ? symbol : NULL;
}

const char *symbols_find(struct symbols *symbols, uint64_t address, uint64_t *offset)
{
	const struct symbol *symbol;

	if (!symbols)
		return NULL;
	if (!symbols->filled)
		fill(symbols);
	symbol = covering(symbols, address);
	for (size_t i = 0; i < symbols->alias_count && !symbol; i++) {
		const struct alias *alias = &symbols->alias[i];

		if (address - alias->address >= alias->size)
			continue;
		symbol = covering(symbols, address + alias->distance);
		if (symbol)
			address += alias->distance;
	}
	if (!symbol)
		return NULL;
	*offset = address - symbol->address;
	return symbol->name;
}

const char *symbols_place(struct symbols *symbols, uint64_t address, enum symbols_side side,
			  char text[SYMBOLS_PLACE_SIZE])
{
	unsigned int back = side == SYMBOLS_BEHIND ? 1 : 0;
	uint64_t offset;
	const char *name = symbols_find(symbols, address - back, &offset);

	text[0] = '\0';
	if (!name)
		return text;
	snprintf(text, SYMBOLS_PLACE_SIZE, " <%.*s+0x%" PRIx64 ">", NAME_SHOWN, name,
		 offset + back);
	/* The file's author chose the name: nothing of it may act on the terminal. */
	for (char *c = text; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
	return text;
}
