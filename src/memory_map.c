/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memory_map.c - where memory is in the guest's physical address space, see memory_map.h. */
#include "memory_map.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "core/array.h"
#include "dev/vga.h"

/*
 * Where RAM is, piece by piece until the guest's memory is used up. Addresses
 * without RAM below a piece's end use none up, but for those above 3 GiB, which
 * belong to chips: what would lie there comes above 4 GiB.
 */
static const struct {
	uint64_t gpa;
	uint64_t offset;	/* into the guest's memory */
	uint64_t end;		/* offset at which the next piece begins */
	unsigned int flags;
} ram_pieces[] = {
	{ 0x0, 0x0, 0xA0000, MEM_RW },
	{ 0xC0000, 0xC0000, 0x100000, MEM_RW | MEM_RESERVED },
	{ 0x100000, 0x100000, 0xC0000000, MEM_RW },
	{ 0x100000000, 0xC0000000, UINT64_MAX, MEM_RW },
};

int memory_map_add_ram(struct mem *mem, uint64_t size, bool mergeable, const struct log *log)
{
	uint8_t *host = mem_backing(mem, size, mergeable);
	int error = host ? 0 : -errno;

	for (size_t i = 0; i < ARRAY_SIZE(ram_pieces) && !error; i++) {
		uint64_t offset = ram_pieces[i].offset;
		uint64_t end = size < ram_pieces[i].end ? size : ram_pieces[i].end;
		struct mem_region region = {
			.gpa = ram_pieces[i].gpa, .size = end - offset,
			.flags = ram_pieces[i].flags, .name = MEMORY_MAP_RAM,
		};

		if (end <= offset)
			break;
		region.host = host + offset;
		error = mem_add(mem, &region, false);
	}
	if (error)
		log_error(log, "%" PRIu64 "M of guest memory: %s (a smaller -m may do)",
			  size >> 20, strerror(-error));
	return error;
}

int memory_map_add_text(struct mem *mem, struct screen *screen, bool trap)
{
	struct mem_region region = {
		.gpa = VGA_TEXT_BASE, .size = SCREEN_MEMORY_SIZE, .host = screen_memory(screen),
		.flags = MEM_RW | MEM_CHIP | (trap ? MEM_TRAP | MEM_POSTED : 0),
		.name = "VGA text",
	};

	return mem_add(mem, &region, false);
}

int memory_map_add_simvirtio(struct mem *mem, uint64_t gpa, struct simvirtio_words *words)
{
	struct mem_region region = {
		.gpa = gpa, .size = MEM_PAGE_SIZE, .host = (uint8_t *)words,
		.flags = MEM_RW | MEM_RESERVED | MEM_NO_CODE, .name = "SIMVIRTIO queues",
	};

	return mem_add(mem, &region, false);
}
