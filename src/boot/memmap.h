/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * memmap.h - the memory map that is handed to kernels, in whatever format the
 * loader's specification wants it.
 */
#ifndef VMM_BOOT_MEMMAP_H
#define VMM_BOOT_MEMMAP_H

#include <stddef.h>
#include <stdint.h>

#include "core/mem.h"

/* As INT 15h, AX=E820h has them (ACPI 6.5, 15.2), and both multiboot specifications. */
enum memmap_type {
	MEMMAP_RAM = 1,
	MEMMAP_RESERVED = 2,
};

struct memmap_entry {
	uint64_t gpa;
	uint64_t size;		/* bytes, not 0 */
	enum memmap_type type;
};

/* More entries than a machine can have regions that a map shows apart. */
#define MEMMAP_MAX 64u

/*
 * Fills entries from guest memory as it is now, in order of address; neighbours
 * of one type are one entry; what belongs to a chip is not shown. Returns how many there are; past MEMMAP_MAX, the
 * rest is left out.
 */
size_t memmap_make(const struct mem *mem, struct memmap_entry entries[MEMMAP_MAX]);

/*
 * The end of the RAM that begins at gpa and may be used by a kernel without
 * a gap; gpa where there is none.
 */
uint64_t memmap_ram_end(const struct mem *mem, uint64_t gpa);

/*
 * The highest place for size bytes, aligned to align (a power of two), that
 * ends at or below limit in RAM that a kernel may use, at or above low; 0:
 * there is none.
 */
uint64_t memmap_place_high(const struct mem *mem, uint64_t size, uint64_t align, uint64_t low,
			   uint64_t limit);

#endif
