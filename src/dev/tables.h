/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tables.h - what a PC's firmware leaves in memory for kernels: the tables of ACPI (6.5,
 * chapter 5) and of the MP specification (1.4, chapter 4), made from platform.h.
 */
#ifndef VMM_DEV_TABLES_H
#define VMM_DEV_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "core/mem.h"

/*
 * Writes them, from TABLES_ADDRESS on: before a guest is loaded, which may lie over
 * them. Does nothing where there is no memory.
 */
void tables_write(struct mem *mem);

/* --- for the makers of the tables --- */

#define TABLES_ROOM 8192u

struct tables {
	uint8_t bytes[TABLES_ROOM];	/* as they will be at TABLES_ADDRESS */
	uint32_t size;
};

/*
 * Takes room at the next multiple of align (a power of two, at most 4096), zeroed.
 * There is enough of it: what the tables hold is known when vmm is built.
 */
void *tables_take(struct tables *tables, uint32_t size, uint32_t align);

/* Where something in the room will lie in guest memory. */
uint32_t tables_address(const struct tables *tables, const void *at);

/* What makes the bytes' sum 0, while the one for it is 0. */
uint8_t tables_checksum(const void *bytes, size_t size);

/* The root pointer first, so that it is found at once. */
void acpi_make(struct tables *tables);
void mptable_make(struct tables *tables);

#endif
