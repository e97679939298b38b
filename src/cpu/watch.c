/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watch.c - pages whose writes somebody wants to know of, see native.h. */
#include "cpu/watch.h"

#include <stdlib.h>

#include "cpu/internal.h"
#include "cpu/native.h"

#define BUCKETS 1024u	/* a power of two */

struct watched_page {
	struct watched_page *next;
	uint64_t frame;
};

struct watches {
	size_t count;
	struct watched_page *bucket[BUCKETS];
};

static struct watched_page **find(struct watches *watches, uint64_t frame)
{
	struct watched_page **link = &watches->bucket[frame >> PAGE_SHIFT & (BUCKETS - 1)];

	while (*link && (*link)->frame != frame)
		link = &(*link)->next;
	return link;
}

bool cpu_watched(const struct cpu *cpu, uint64_t gpa)
{
	return cpu->watches && cpu->watches->count &&
	       *find(cpu->watches, gpa & ~PAGE_OFFSET_MASK);
}

static bool add(struct cpu *cpu, struct watched_page **link, uint64_t frame)
{
	struct watched_page *page = malloc(sizeof(*page));

	if (!page)
		return false;
	*page = (struct watched_page){ .next = *link, .frame = frame };
	*link = page;
	cpu->watches->count++;
	/* Writes to the page must come by the slow way from now on. */
	mmu_watch_frame(cpu, frame, true);
	return true;
}

bool cpu_watch(struct cpu *cpu, uint64_t gpa, bool on)
{
	uint64_t frame = gpa & ~PAGE_OFFSET_MASK;
	struct watched_page **link, *page;

	if (!cpu->watches)
		cpu->watches = calloc(1, sizeof(*cpu->watches));
	if (!cpu->watches)
		return false;
	link = find(cpu->watches, frame);
	page = *link;
	if (on)
		return page || add(cpu, link, frame);
	if (page) {
		*link = page->next;
		free(page);
		cpu->watches->count--;
	}
	return true;
}

void watch_written(struct cpu *cpu, uint64_t gpa, uint64_t len)
{
	uint64_t last = gpa + len - 1;

	if (likely(!cpu->watches) || !cpu->watches->count || !len)
		return;
	/* As many pages as a large write has, or are watched: what is less to look at. */
	for (uint64_t at = gpa; at <= last && at >= gpa;) {
		uint64_t next = (at & ~PAGE_OFFSET_MASK) + MEM_PAGE_SIZE;
		uint64_t end = next - 1 < last ? next - 1 : last;

		if (*find(cpu->watches, at & ~PAGE_OFFSET_MASK))
			cpu->ops->written(cpu->self, at, end - at + 1);
		at = next;
	}
}

void watch_fini(struct cpu *cpu)
{
	if (!cpu->watches)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while (cpu->watches->bucket[i]) {
			struct watched_page *page = cpu->watches->bucket[i];

			cpu->watches->bucket[i] = page->next;
			free(page);
		}
	}
	free(cpu->watches);
}
