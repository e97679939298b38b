/* SPDX-License-Identifier: GPL-3.0-or-later */
/* places.h - linear addresses at which code may be entered, by page (scan.c). */
#ifndef VMM_CPU_PLACES_H
#define VMM_CPU_PLACES_H

#include <stdbool.h>
#include <stdint.h>

#define PLACES_BUCKETS 4096u		/* a power of two */

struct place {
	uint64_t la;
	unsigned int next;		/* index + 1 of the next one in its bucket; 0: none */
};

struct places {
	struct place *place;
	unsigned int count, capacity;
	unsigned int bucket[PLACES_BUCKETS];
	uint8_t noted[PLACES_BUCKETS / 8];	/* pages that news would matter to, by bucket */
	bool news, full;
};

/* Adds one, if it is new. Returns false where there are too many: all must be begun anew. */
bool places_add(struct places *places, uint64_t la);

/* The page at la has been looked at: what is added there later is news. */
void places_note_page(struct places *places, uint64_t la);

/* Whether there was any since the last call. */
bool places_news(struct places *places);

/* Whether places may have come to la's page since *seen, as places_for_each() left it; 0: ever. */
bool places_new(const struct places *places, uint64_t la, unsigned int seen);

/* Calls fn for those of la's page that have come since *seen. */
void places_for_each(const struct places *places, uint64_t la, unsigned int *seen,
		     void (*fn)(void *self, uint64_t la), void *self);

void places_fini(struct places *places);

#endif
