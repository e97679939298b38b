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

#endif
