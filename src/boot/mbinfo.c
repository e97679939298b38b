/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mbinfo.c - the memory map as multiboot has it, see mbinfo.h. */
#include "boot/mbinfo.h"

size_t mbinfo_entries(const struct mem *mem, struct mbinfo_entry entries[MEMMAP_MAX])
{
	struct memmap_entry map[MEMMAP_MAX];
	size_t count = memmap_make(mem, map);

	for (size_t i = 0; i < count; i++)
		entries[i] = (struct mbinfo_entry){
			.size = sizeof(entries[0]) - sizeof(entries[0].size),
			.base = map[i].gpa, .length = map[i].size, .type = map[i].type,
		};
	return count;
}

size_t mbinfo_make_map(const struct mem *mem, uint32_t gpa, struct mbinfo_map *map)
{
	size_t length = mbinfo_entries(mem, map->entries) * sizeof(map->entries[0]);

	map->info = (struct mbinfo){
		.flags = MBINFO_MEMORY_MAP, .mmap_length = (uint32_t)length,
		.mmap_addr = gpa + (uint32_t)offsetof(struct mbinfo_map, entries),
	};
	return offsetof(struct mbinfo_map, entries) + length;
}
