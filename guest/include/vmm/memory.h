/* SPDX-License-Identifier: 0BSD */
/*
 * memory.h - where memory is (vmm-services(7)): for guests that no boot loader tells.
 */
#ifndef VMM_MEMORY_H
#define VMM_MEMORY_H

#include <stdint.h>

#define VMM_PAGE_SIZE	4096u

/* Of the information structure of multiboot (version 1, 3.3) what is filled in. */
struct vmm_memory_info {
	uint32_t flags;		/* VMM_MEMORY_HAS_MAP */
	uint32_t unused[10];
	uint32_t map_length;	/* bytes, of all entries */
	uint32_t map_address;	/* of the first one */
};

#define VMM_MEMORY_HAS_MAP	(1u << 6)

enum vmm_memory_type {
	VMM_MEMORY_RAM = 1,
	VMM_MEMORY_RESERVED = 2,
};

struct vmm_memory_entry {
	uint32_t size;		/* of what follows: the next entry is behind that */
	uint64_t base, length;	/* bytes */
	uint32_t type;		/* enum vmm_memory_type */
} __attribute__((packed));

/*
 * The memory map, put into a page of the guest's (4096 bytes, aligned so); NULL: into one
 * of vmm's. Returns NULL where the machine does not tell.
 */
const struct vmm_memory_info *pv_memory_map(void *page);

/* The first entry, and the one behind another; NULL: there is none. */
const struct vmm_memory_entry *vmm_memory_first(const struct vmm_memory_info *info);
const struct vmm_memory_entry *vmm_memory_next(const struct vmm_memory_info *info,
					       const struct vmm_memory_entry *entry);

/* --- all that is at guest-physical addresses --- */

enum vmm_memory_kind {
	VMM_AREA_RAM = 1,
	VMM_AREA_RESERVED = 2,	/* RAM that the memory map says is reserved */
	VMM_AREA_CHIP = 3,	/* a chip's memory: the screen's */
	VMM_AREA_FILE = 4,	/* a file of the host's (--map) */
	VMM_AREA_REGISTERS = 5,	/* of a chip */
};

/* Bits of the rights. */
#define VMM_MEMORY_READABLE	(1u << 0)
#define VMM_MEMORY_WRITABLE	(1u << 1)	/* without it writes are dropped */
#define VMM_MEMORY_TRAPPED	(1u << 2)	/* each access is an exit */
#define VMM_MEMORY_SHARED	(1u << 3)	/* what is written goes to the host's file */

#define VMM_MEMORY_AREA_SIZE	64

struct vmm_memory_area {
	uint64_t base, length;	/* bytes */
	uint32_t kind, rights;
	char name[40];
};

/*
 * All areas in order of address, as many as there is room for. Returns how many there are,
 * or an error, negated.
 */
int64_t pv_memory_list(struct vmm_memory_area *areas, uint32_t room);

#endif
