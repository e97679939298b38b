/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * layout.h - what of guest memory a kernel and what comes with it occupy, and
 * where room is left.
 *
 * What is found lies in RAM that the memory map (memmap.h) leaves to kernels. A
 * kernel itself may also lie in those parts of the reserved memory below 1 MiB
 * that vmm does not use: linkers put an ELF file's headers into the page before
 * its code.
 */
#ifndef VMM_BOOT_LAYOUT_H
#define VMM_BOOT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/memmap.h"
#include "core/mem.h"

struct layout_range {
	uint64_t gpa;
	uint64_t size;		/* not 0 */
};

struct layout {
	struct memmap_entry map[MEMMAP_MAX];
	size_t map_count;
	struct layout_range *taken;	/* by address */
	size_t taken_count, taken_capacity;
};

/* Nothing taken, memory as it is now. */
void layout_init(struct layout *layout, const struct mem *mem);
void layout_fini(struct layout *layout);

/* Whether a kernel may lie there. size 0: true. */
bool layout_is_loadable(const struct layout *layout, uint64_t gpa, uint64_t size);

/*
 * Takes a range; size 0 takes nothing. Returns 0; -ENOSPC where not all of it
 * is loadable, -EEXIST where some of it is taken already, -ENOMEM.
 */
int layout_take(struct layout *layout, uint64_t gpa, uint64_t size);

/* Behind the highest byte that is taken; 0: nothing is. */
uint64_t layout_end(const struct layout *layout);

/* Where a piece of memory may be found. */
struct layout_wish {
	uint64_t size;		/* bytes, not 0 */
	uint64_t align;		/* of its address: a power of two */
	uint64_t low;		/* it begins there or above */
	uint64_t limit;		/* it ends there or below */
};

/* The lowest, the highest place for it, not yet taken; 0: there is none. */
uint64_t layout_find_low(const struct layout *layout, const struct layout_wish *wish);
uint64_t layout_find_high(const struct layout *layout, const struct layout_wish *wish);

#endif
