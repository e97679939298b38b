/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memory_list.c - what is where in guest-physical memory, see memory_list.h. */
#include "memory_list.h"

#include <inttypes.h>
#include <string.h>

#include "memory_map.h"

static const char *const kind_names[] = {
	[MEMORY_RAM] = "RAM",
	[MEMORY_RESERVED] = "reserved",
	[MEMORY_CHIP] = "chip",
	[MEMORY_FILE] = "file",
	[MEMORY_REGISTERS] = "registers",
};

static enum memory_kind kind_of(const struct mem_region *region)
{
	return region->flags & MEM_FILE ? MEMORY_FILE :
	       region->flags & MEM_CHIP ? MEMORY_CHIP :
	       region->flags & MEM_RESERVED ? MEMORY_RESERVED : MEMORY_RAM;
}

static bool next_region(const struct mem *mem, uint64_t gpa, struct memory_area *area)
{
	const struct mem_region *regions;
	size_t count = mem_regions(mem, &regions);

	for (size_t i = 0; i < count; i++)
		if (regions[i].gpa >= gpa) {
			*area = (struct memory_area){
				.gpa = regions[i].gpa, .size = regions[i].size,
				.kind = kind_of(&regions[i]), .flags = regions[i].flags,
				.name = regions[i].name,
			};
			return true;
		}
	return false;
}

/* Registers behind memory are used where the memory is not mapped for the guest. */
static bool next_registers(const struct mem *mem, const struct bus *bus, uint64_t gpa,
			   struct memory_area *area)
{
	const struct bus_range *ranges;
	size_t count = bus_ranges(bus, BUS_MMIO, &ranges);

	for (size_t i = 0; i < count; i++)
		if (ranges[i].base >= gpa && !mem_find(mem, ranges[i].base)) {
			*area = (struct memory_area){
				.gpa = ranges[i].base, .size = ranges[i].length,
				.kind = MEMORY_REGISTERS, .flags = MEM_RW | MEM_TRAP,
				.name = ranges[i].name,
			};
			return true;
		}
	return false;
}

bool memory_list_next(const struct mem *mem, const struct bus *bus, uint64_t gpa,
		      struct memory_area *area)
{
	struct memory_area registers;
	bool memory = next_region(mem, gpa, area);

	if (next_registers(mem, bus, gpa, &registers) && (!memory || registers.gpa < area->gpa)) {
		*area = registers;
		return true;
	}
	return memory;
}

static void print_size(uint64_t size, FILE *to)
{
	static const char units[] = " KMG";
	unsigned int unit = 0;

	while (unit < 3 && size && size % 1024 == 0) {
		size /= 1024;
		unit++;
	}
	fprintf(to, "%7" PRIu64 "%c", size, units[unit]);
}

/* What is behind an area, in words. */
static void print_backing(const struct memory_area *area, const char *ram, FILE *to)
{
	if (area->kind == MEMORY_FILE)
		fprintf(to, "%s, %s\n", area->name,
			area->flags & MEM_SHARED ? "shared" : "private");
	else if (area->kind == MEMORY_CHIP && area->flags & MEM_TRAP)
		fprintf(to, "%s, each access an exit\n", area->name);
	else if (ram && !strcmp(area->name, MEMORY_MAP_RAM))
		fprintf(to, "%s, in %s\n", area->name, ram);
	else
		fprintf(to, "%s\n", area->name);
}

void memory_list_print(const struct mem *mem, const struct bus *bus, const char *ram, FILE *to)
{
	struct memory_area area;

	for (uint64_t gpa = 0; memory_list_next(mem, bus, gpa, &area); gpa = area.gpa + 1) {
		fprintf(to, "0x%010" PRIx64 " to 0x%010" PRIx64, area.gpa,
			area.gpa + (area.size - 1));
		print_size(area.size, to);
		fprintf(to, "  %-9s  %c%c  ", kind_names[area.kind],
			area.flags & MEM_READ ? 'r' : '-', area.flags & MEM_WRITE ? 'w' : '-');
		print_backing(&area, ram, to);
	}
}
