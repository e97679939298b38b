/* SPDX-License-Identifier: GPL-3.0-or-later */
/* work.c - calls into the vCPU's thread, see work.h. */
#include "core/work.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct works {
	struct run *run;
	atomic_bool waiting;		/* whether first is set: looked at without the lock */
	pthread_mutex_t lock;		/* guards what follows, and each work's own fields */
	struct work *first;
	struct work **end;		/* where the next one is linked in */
};

int works_create(struct works **out, struct run *run)
{
	struct works *works = calloc(1, sizeof(*works));

	if (!works)
		return -ENOMEM;
	works->run = run;
	works->end = &works->first;
	pthread_mutex_init(&works->lock, NULL);
	*out = works;
	return 0;
}

void works_destroy(struct works *works)
{
	if (!works)
		return;
	pthread_mutex_destroy(&works->lock);
	free(works);
}

void work_post(struct works *works, struct work *work)
{
	pthread_mutex_lock(&works->lock);
	if (!work->queued) {
		work->queued = true;
		work->next = NULL;
		*works->end = work;
		works->end = &work->next;
		atomic_store_explicit(&works->waiting, true, memory_order_release);
	}
	pthread_mutex_unlock(&works->lock);
	run_kick(works->run);
}

void work_cancel(struct works *works, struct work *work)
{
	pthread_mutex_lock(&works->lock);
	for (struct work **at = &works->first; *at; at = &(*at)->next) {
		if (*at != work)
			continue;
		*at = work->next;
		if (!*at)
			works->end = at;
		break;
	}
	work->queued = false;
	pthread_mutex_unlock(&works->lock);
}

/* Takes the first of those that wait off the queue; NULL: there is none. */
static struct work *next_work(struct works *works)
{
	struct work *work;

	pthread_mutex_lock(&works->lock);
	work = works->first;
	if (work) {
		works->first = work->next;
		if (!works->first)
			works->end = &works->first;
		work->queued = false;
	}
	pthread_mutex_unlock(&works->lock);
	return work;
}

void works_run(struct works *works)
{
	struct work *work;

	if (!atomic_exchange_explicit(&works->waiting, false, memory_order_acquire))
		return;
	while ((work = next_work(works)))
		work->fn(work->self);
}
