/* SPDX-License-Identifier: GPL-3.0-or-later */
/* snapshot.c - memory to be put back at a reset, see snapshot.h. */
#include "core/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LOOK_PAGES 4096u	/* of which the host is asked at a time */

/* Pages that lie side by side. */
struct piece {
	struct piece *next;
	uint64_t gpa;
	uint64_t size;
	uint8_t data[];
};

struct snapshot {
	struct piece *pieces;
};

static bool is_zero(const uint8_t *page)
{
	return page[0] == 0 && !memcmp(page, page + 1, MEM_PAGE_SIZE - 1);
}

static int add_piece(struct snapshot *snapshot, uint64_t gpa, const uint8_t *host, uint64_t size)
{
	struct piece *piece;

	if (!size)
		return 0;
	piece = malloc(sizeof(*piece) + size);
	if (!piece)
		return -ENOMEM;
	piece->next = snapshot->pieces;
	piece->gpa = gpa;
	piece->size = size;
	memcpy(piece->data, host, size);
	snapshot->pieces = piece;
	return 0;
}

/*
 * Some pages of a region. Those that were never touched are zero, and looking
 * at them would have the host make them.
 */
static int take_pages(struct snapshot *snapshot, uint64_t gpa, uint8_t *host, size_t pages)
{
	unsigned char resident[LOOK_PAGES];
	size_t first = 0, page;
	int error = 0;

	if (mincore(host, pages * MEM_PAGE_SIZE, resident))
		memset(resident, 1, pages);
	for (page = 0; page < pages && !error; page++) {
		const uint8_t *at = host + page * MEM_PAGE_SIZE;

		if (resident[page] & 1 && !is_zero(at))
			continue;
		error = add_piece(snapshot, gpa + first * MEM_PAGE_SIZE,
				  host + first * MEM_PAGE_SIZE, (page - first) * MEM_PAGE_SIZE);
		first = page + 1;
	}
	return error ? error : add_piece(snapshot, gpa + first * MEM_PAGE_SIZE,
					 host + first * MEM_PAGE_SIZE,
					 (page - first) * MEM_PAGE_SIZE);
}

static int take_region(struct snapshot *snapshot, const struct mem_region *region)
{
	const uint64_t step = (uint64_t)LOOK_PAGES * MEM_PAGE_SIZE;
	int error = 0;

	for (uint64_t done = 0; done < region->size && !error; done += step) {
		uint64_t size = region->size - done < step ? region->size - done : step;

		error = take_pages(snapshot, region->gpa + done, region->host + done,
				   size / MEM_PAGE_SIZE);
	}
	return error;
}

int snapshot_take(struct snapshot **out, const struct mem *mem)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	const struct mem_region *regions;
	size_t count = mem_regions(mem, &regions);
	int error = snapshot ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !error; i++)
		if (!(regions[i].flags & MEM_SHARED))
			error = take_region(snapshot, &regions[i]);
	if (error) {
		snapshot_free(snapshot);
		return error;
	}
	*out = snapshot;
	return 0;
}

void snapshot_free(struct snapshot *snapshot)
{
	while (snapshot && snapshot->pieces) {
		struct piece *piece = snapshot->pieces;

		snapshot->pieces = piece->next;
		free(piece);
	}
	free(snapshot);
}

int snapshot_restore(const struct snapshot *snapshot, struct mem *mem)
{
	const struct mem_region *regions;
	size_t count = mem_regions(mem, &regions);
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		if (!(regions[i].flags & MEM_SHARED))
			error = mem_zero(mem, regions[i].gpa, regions[i].size);
	for (const struct piece *piece = snapshot->pieces; piece && !error; piece = piece->next)
		error = mem_load(mem, piece->gpa, piece->data, piece->size);
	return error;
}
