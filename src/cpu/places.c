/* SPDX-License-Identifier: GPL-3.0-or-later */
/* places.c - where code may be entered, see places.h. */
#include "cpu/places.h"

#include <stdlib.h>

#define PAGE_SHIFT	12
#define COUNT_MAX	65536u

static unsigned int bucket_of(uint64_t la)
{
	return (la >> PAGE_SHIFT) & (PLACES_BUCKETS - 1);
}

static bool has(const struct places *places, uint64_t la)
{
	unsigned int i = places->bucket[bucket_of(la)];

	while (i && places->place[i - 1].la != la)
		i = places->place[i - 1].next;
	return i;
}

static bool make_room(struct places *places)
{
	unsigned int capacity = places->capacity ? 2 * places->capacity : 256;
	struct place *grown;

	if (places->count < places->capacity)
		return true;
	if (capacity > COUNT_MAX)
		return false;
	grown = reallocarray(places->place, capacity, sizeof(*grown));
	if (!grown)
		return false;
	places->place = grown;
	places->capacity = capacity;
	return true;
}

bool places_add(struct places *places, uint64_t la)
{
	unsigned int bucket = bucket_of(la);

	if (has(places, la))
		return true;
	if (!make_room(places)) {
		places->full = true;
		return false;
	}
	places->place[places->count++] = (struct place){ .la = la, .next = places->bucket[bucket] };
	places->bucket[bucket] = places->count;
	if (places->noted[bucket / 8] & 1u << bucket % 8)
		places->news = true;
	return true;
}

void places_note_page(struct places *places, uint64_t la)
{
	unsigned int bucket = bucket_of(la);

	places->noted[bucket / 8] |= (uint8_t)(1u << bucket % 8);
}

bool places_news(struct places *places)
{
	bool news = places->news;

	places->news = false;
	return news;
}

bool places_new(const struct places *places, uint64_t la, unsigned int seen)
{
	/* They come before those that are older. */
	return places->bucket[bucket_of(la)] > seen;
}

void places_for_each(const struct places *places, uint64_t la, unsigned int *seen,
		     void (*fn)(void *self, uint64_t la), void *self)
{
	unsigned int head = places->bucket[bucket_of(la)];

	for (unsigned int i = head; i > *seen; i = places->place[i - 1].next)
		if (!((places->place[i - 1].la ^ la) >> PAGE_SHIFT))
			fn(self, places->place[i - 1].la);
	*seen = head;
}

void places_fini(struct places *places)
{
	free(places->place);
}
