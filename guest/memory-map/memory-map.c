/* SPDX-License-Identifier: 0BSD */
/*
 * memory-map.c - prints where memory is, as a guest without a boot loader learns it: once
 * by a page of its own, once by vmm's, which must say the same; then all that is at
 * guest-physical addresses.
 */
#include <stdint.h>

#include <vmm/console.h>
#include <vmm/memory.h>
#include <vmm/string.h>

#define AREAS 32

static uint8_t page[VMM_PAGE_SIZE] __attribute__((aligned(VMM_PAGE_SIZE)));

/* In the format of guest/kernel/multiboot.c, to be compared. */
static void report(const struct vmm_memory_info *info)
{
	const struct vmm_memory_entry *e = vmm_memory_first(info);

	console_printf("flags 0x%x\n", (unsigned int)info->flags);
	for (; e; e = vmm_memory_next(info, e))
		console_printf("map 0x%08x%08x 0x%08x%08x type %u\n",
			       (unsigned int)(e->base >> 32), (unsigned int)e->base,
			       (unsigned int)(e->length >> 32), (unsigned int)e->length,
			       (unsigned int)e->type);
}

static void report_areas(void)
{
	static struct vmm_memory_area areas[AREAS];
	int64_t count = pv_memory_list(areas, AREAS);

	for (int64_t i = 0; i < count && i < AREAS; i++) {
		const struct vmm_memory_area *a = &areas[i];

		console_printf("area 0x%08x%08x 0x%08x%08x kind %u rights %u: %s\n",
			       (unsigned int)(a->base >> 32), (unsigned int)a->base,
			       (unsigned int)(a->length >> 32), (unsigned int)a->length,
			       (unsigned int)a->kind, (unsigned int)a->rights, a->name);
	}
	console_printf("areas %d\n", (int)count);
}

static const void *entries(const struct vmm_memory_info *info)
{
	return (const void *)(uintptr_t)info->map_address;
}

int main(void)
{
	const struct vmm_memory_info *own = pv_memory_map(page), *other = pv_memory_map(NULL);

	if (!own) {
		console_printf("no memory map\n");
		return 1;
	}
	report(own);
	report_areas();
	if (!other) {
		console_printf("no page of vmm's\n");
		return 0;
	}
	console_printf("vmm's page 0x%x\n", (unsigned int)(uintptr_t)other);
	return other->map_length != own->map_length ||
	       memcmp(entries(own), entries(other), own->map_length);
}
