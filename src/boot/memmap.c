/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memmap.c - the memory map for kernels, see memmap.h. */
#include "boot/memmap.h"

static enum memmap_type type_of(const struct mem_region *region)
{
	bool usable = region->flags & MEM_WRITE && !(region->flags & MEM_RESERVED);

	return usable ? MEMMAP_RAM : MEMMAP_RESERVED;
}

size_t memmap_make(const struct mem *mem, struct memmap_entry entries[MEMMAP_MAX])
{
	const struct mem_region *regions;
	size_t count = mem_regions(mem, &regions), made = 0;

	for (size_t i = 0; i < count; i++) {
		struct memmap_entry *last = made ? &entries[made - 1] : NULL;
		enum memmap_type type = type_of(&regions[i]);

		if (regions[i].flags & MEM_CHIP)
			continue;
		if (last && last->type == type && last->gpa + last->size == regions[i].gpa)
			last->size += regions[i].size;
		else if (made < MEMMAP_MAX)
			entries[made++] = (struct memmap_entry){
				.gpa = regions[i].gpa, .size = regions[i].size, .type = type,
			};
	}
	return made;
}

uint64_t memmap_ram_end(const struct mem *mem, uint64_t gpa)
{
	struct memmap_entry entries[MEMMAP_MAX];
	size_t count = memmap_make(mem, entries);

	for (size_t i = 0; i < count; i++)
		if (entries[i].type == MEMMAP_RAM && entries[i].gpa <= gpa &&
		    gpa - entries[i].gpa < entries[i].size)
			return entries[i].gpa + entries[i].size;
	return gpa;
}

uint64_t memmap_place_high(const struct mem *mem, uint64_t size, uint64_t align, uint64_t low,
			   uint64_t limit)
{
	struct memmap_entry entries[MEMMAP_MAX];
	size_t count = memmap_make(mem, entries);

	while (count--) {
		const struct memmap_entry *entry = &entries[count];
		uint64_t end = entry->gpa + entry->size, place;

		if (end > limit)
			end = limit;
		if (entry->type != MEMMAP_RAM || end < size)
			continue;
		place = (end - size) & ~(align - 1);
		if (place >= entry->gpa && place >= low && place)
			return place;
	}
	return 0;
}
