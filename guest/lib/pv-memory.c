/* SPDX-License-Identifier: 0BSD */
/* pv-memory.c - the hypercalls that tell of memory. */
#include <stddef.h>

#include <vmm/hypercall.h>
#include <vmm/memory.h>

const struct vmm_memory_info *pv_memory_map(void *page)
{
	int64_t address = vmm_hypercall(VMM_MEMORY_MAP, vmm_address(page));

	return address > 0 ? (const void *)(uintptr_t)address : NULL;
}

/* The entry at an address; NULL where the map has ended. */
static const struct vmm_memory_entry *entry_at(const struct vmm_memory_info *info, uint32_t address)
{
	return address - info->map_address < info->map_length ?
	       (const void *)(uintptr_t)address : NULL;
}

const struct vmm_memory_entry *vmm_memory_first(const struct vmm_memory_info *info)
{
	return info->flags & VMM_MEMORY_HAS_MAP ? entry_at(info, info->map_address) : NULL;
}

const struct vmm_memory_entry *vmm_memory_next(const struct vmm_memory_info *info,
					       const struct vmm_memory_entry *entry)
{
	return entry_at(info, (uint32_t)vmm_address(entry) + entry->size +
			      (uint32_t)sizeof(entry->size));
}

int64_t pv_memory_list(struct vmm_memory_area *areas, uint32_t room)
{
	return vmm_hypercall(VMM_MEMORY_LIST, vmm_address(areas), room);
}
