/* SPDX-License-Identifier: GPL-3.0-or-later */
/* firmware.c - what a PC's firmware finds out of the machine, see firmware.h. */
#include "firmware.h"

#include <endian.h>

#include "boot/memmap.h"
#include "dev/platform.h"

/* Bytes of RAM that begin at gpa and lie in one piece. */
static uint64_t ram_at(const struct mem *mem, uint64_t gpa)
{
	const struct mem_region *region = mem_find(mem, gpa);

	return region && !(region->flags & MEM_FILE) ? region->gpa + region->size - gpa : 0;
}

/* The size of guest memory as a PC has it: without holes below 1 MiB. */
static uint64_t ram_size(const struct mem *mem)
{
	uint64_t extended = ram_at(mem, 0x100000);

	return extended ? 0x100000 + extended + ram_at(mem, UINT64_C(1) << 32) : ram_at(mem, 0);
}

/* An entry of the file etc/e820. */
struct e820_entry {
	uint64_t gpa;
	uint64_t size;
	uint32_t type;
} __attribute__((packed));

static int add_e820_file(struct fwcfg *fwcfg, const struct mem *mem)
{
	struct memmap_entry map[MEMMAP_MAX];
	struct e820_entry entries[MEMMAP_MAX];
	size_t count = memmap_make(mem, map);

	for (size_t i = 0; i < count; i++)
		entries[i] = (struct e820_entry){
			htole64(map[i].gpa), htole64(map[i].size), htole32(map[i].type),
		};
	return fwcfg_add_file(fwcfg, "etc/e820", entries, count * sizeof(entries[0]));
}

struct rtc_memory firmware_rtc_memory(const struct mem *mem)
{
	return (struct rtc_memory){
		.base = ram_at(mem, 0), .extended = ram_at(mem, 0x100000),
		.high = ram_at(mem, UINT64_C(1) << 32),
	};
}

int firmware_fill_fwcfg(struct fwcfg *fwcfg, const struct mem *mem)
{
	const uint64_t ram = htole64(ram_size(mem));
	const uint16_t processors = htole16(PROCESSORS), no_graphic = 0;
	int error = fwcfg_add_item(fwcfg, FWCFG_RAM_SIZE, &ram, sizeof(ram));

	error = error ?: fwcfg_add_item(fwcfg, FWCFG_CPUS, &processors, sizeof(processors));
	error = error ?: fwcfg_add_item(fwcfg, FWCFG_CPUS_MAX, &processors, sizeof(processors));
	error = error ?: fwcfg_add_item(fwcfg, FWCFG_NO_GRAPHIC, &no_graphic, sizeof(no_graphic));
	return error ?: add_e820_file(fwcfg, mem);
}
