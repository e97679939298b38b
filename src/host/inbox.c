/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inbox.c - on the way to the guest, see inbox.h. */
#include "host/inbox.h"

static void deliver(void *self)
{
	struct inbox *inbox = self;

	if (inbox->arrived)
		inbox->arrived(inbox->arrived_self);
}

void inbox_init(struct inbox *inbox, struct works *works)
{
	*inbox = (struct inbox){
		.works = works, .arrival = { .fn = deliver, .self = inbox },
	};
	pthread_mutex_init(&inbox->lock, NULL);
}

void inbox_fini(struct inbox *inbox)
{
	pthread_mutex_destroy(&inbox->lock);
}

void inbox_post(struct inbox *inbox)
{
	work_post(inbox->works, &inbox->arrival);
}

void inbox_connect(struct inbox *inbox, void (*fn)(void *self), void *self)
{
	inbox->arrived = fn;
	inbox->arrived_self = self;
}

void inbox_on_drained(struct inbox *inbox, void (*fn)(void *self), void *self)
{
	inbox->drained = fn;
	inbox->drained_self = self;
}

bool inbox_next(struct inbox *inbox, bool (*take)(void *owner, void *part), void *owner,
		void *part)
{
	bool found, drained;

	/* Twice at most: what is not there is not unread. */
	for (;;) {
		pthread_mutex_lock(&inbox->lock);
		found = take(owner, part);
		drained = !found && inbox->unread;
		inbox->unread = found;
		pthread_mutex_unlock(&inbox->lock);
		if (!drained || !inbox->drained)
			return found;
		inbox->drained(inbox->drained_self);
	}
}
