/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * symbols.h - names of the guest's code: filled by a loader, read by reports.
 *
 * Nothing is read until somebody asks: a loader leaves a source, which is
 * called at the first symbols_find().
 */
#ifndef VMM_CORE_SYMBOLS_H
#define VMM_CORE_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

struct symbols;

/* Where the symbols come from. Owned by the struct symbols that it is given to. */
struct symbols_source {
	/* Adds all symbols; what it cannot read it leaves out. */
	void (*fill)(const struct symbols_source *source, struct symbols *symbols);
	/* Frees the source. */
	void (*destroy)(struct symbols_source *source);
};

/*
 * Makes a table without symbols. source: owned by the table from here on, also
 * where -ENOMEM is returned; NULL: none. The caller owns *symbols.
 */
int symbols_create(struct symbols **symbols, struct symbols_source *source);

/* NULL is fine. */
void symbols_destroy(struct symbols *symbols);

/*
 * For sources: size bytes of code from address on have the name, which must live
 * as long as the source. rank decides between two at one address: the higher one
 * wins. Where memory is short, or size is 0, it is left out.
 */
void symbols_add(struct symbols *symbols, uint64_t address, uint64_t size, const char *name,
		 unsigned int rank);

/*
 * For sources: an address of these size bytes has the name that is distance
 * further up (modulo 2^64), for kernels that first run where they are not linked.
 */
void symbols_add_alias(struct symbols *symbols, uint64_t address, uint64_t size,
		       uint64_t distance);

/*
 * The symbol that covers a linear address, and how far into it that is. NULL where
 * there is none. symbols: NULL has none.
 */
const char *symbols_find(struct symbols *symbols, uint64_t address, uint64_t *offset);

/* More than any name with an offset that symbols_place() makes. */
#define SYMBOLS_PLACE_SIZE 128u

/* Which instruction an address belongs to. */
enum symbols_side {
	SYMBOLS_AT,		/* the one that begins there */
	SYMBOLS_BEHIND,		/* the one that ends there: it may be a function's last */
};

/*
 * " <name+0x1c>" for a report, or "" where there is no symbol; a long name is
 * cut. Returns text.
 */
const char *symbols_place(struct symbols *symbols, uint64_t address, enum symbols_side side,
			  char text[SYMBOLS_PLACE_SIZE]);

#endif
