/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inbox.h - what keyboard.h and mouse.h have in common: others put something in
 * for the guest, from any thread, and the chip takes it out as the guest reads.
 */
#ifndef VMM_HOST_INBOX_H
#define VMM_HOST_INBOX_H

#include <pthread.h>
#include <stdbool.h>

#include "core/work.h"

struct inbox {
	struct works *works;
	struct work arrival;
	/* The vCPU thread's own. */
	void (*arrived)(void *self);	/* NULL: no chip is connected */
	void *arrived_self;
	void (*drained)(void *self);	/* NULL: nobody waits */
	void *drained_self;

	pthread_mutex_t lock;		/* guards what the owner keeps, and what follows */
	bool unread;			/* the guest has not read the last part that was taken */
};

/* works: of the vCPU's thread. */
void inbox_init(struct inbox *inbox, struct works *works);

/* When works have ended, as a machine's do. */
void inbox_fini(struct inbox *inbox);

/* Something has been put in: in the vCPU's thread the chip gets to know. From any thread. */
void inbox_post(struct inbox *inbox);

/* --- from the vCPU's thread, or before the run --- */

/* fn is called when something has been put in. */
void inbox_connect(struct inbox *inbox, void (*fn)(void *self), void *self);

/* fn is called whenever the guest has read all; it may put in more. */
void inbox_on_drained(struct inbox *inbox, void (*fn)(void *self), void *self);

/*
 * The guest has read all before: takes the next part by take(owner, part), which
 * is called with the lock held and returns whether there was one.
 */
bool inbox_next(struct inbox *inbox, bool (*take)(void *owner, void *part), void *owner,
		void *part);

#endif
