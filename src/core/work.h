/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * work.h - calls that other threads want to have made in the vCPU's thread,
 * which is where devices live: a key pressed in the window, bytes that have
 * come in from a socket.
 */
#ifndef VMM_CORE_WORK_H
#define VMM_CORE_WORK_H

#include <stdbool.h>

#include "core/run.h"

/* Owned by its user, who must cancel it before it goes away. */
struct work {
	void (*fn)(void *self);
	void *self;
	struct work *next;	/* work.c's own */
	bool queued;		/* work.c's own */
};

struct works;

/* run: whose vCPU is kicked, must outlive *works. Returns 0 or -ENOMEM. The caller owns *works. */
int works_create(struct works **works, struct run *run);
void works_destroy(struct works *works);

/*
 * Calls work->fn(work->self) soon, in the vCPU's thread, in the order of the
 * calls; work that waits already is called once. From any thread, and from fn
 * itself.
 */
void work_post(struct works *works, struct work *work);

/* From the vCPU's thread, or while it does not run. */
void work_cancel(struct works *works, struct work *work);

/* Calls what waits. By the vCPU's thread. */
void works_run(struct works *works);

#endif
