/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mapping.h - files of the host in the guest's physical address space (--map), see
 * vmm-services(7).
 */
#ifndef VMM_MAPPING_H
#define VMM_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/log.h"
#include "core/mem.h"
#include "core/optional.h"

#define MAPPINGS_MAX 8u

/* FILE@ADDR[,ro][,shared][,overwrite][,size=N] */
struct mapping {
	char *path;
	uint64_t gpa;			/* page aligned */
	struct optional size;		/* whole pages; not set: the file's, rounded up */
	bool read_only;			/* for the guest, whose writes are dropped */
	bool shared;			/* what the guest writes goes to the file */
	bool overwrite;			/* takes the place of memory that is there */
};

struct mappings {
	struct mapping *mapping;
	size_t count;
};

/*
 * Adds what an option says. Returns NULL, or what is wrong with the text; then nothing is
 * added. mappings_free() frees all.
 */
const char *mappings_parse(struct mappings *mappings, const char *text);
void mappings_free(struct mappings *mappings);

/*
 * Opens the files as memory: regions, mappings->count of them and the caller's to free,
 * have all but their place. Before mem_share() names a file of the user's. Returns 0, or
 * -errno with a message in the log.
 */
int mappings_open(const struct mappings *mappings, struct mem *mem, struct mem_region **regions,
		  const struct log *log);

/*
 * Puts them into the map, in order. limit: the first address that the processor has not.
 * Returns 0, or -errno with a message in the log.
 */
int mappings_place(const struct mappings *mappings, struct mem *mem,
		   const struct mem_region *regions, uint64_t limit, const struct log *log);

#endif
