/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit-work.c - calls that other threads post to the vCPU's thread. */
#include "core/work.h"

#include <pthread.h>
#include <stdlib.h>

#include "unit.h"

#define POSTS 1000u

/* A work that notes when it was called. */
struct note {
	struct work work;
	struct works *works;
	unsigned int *order;	/* the next one to be called */
	unsigned int called;	/* how often */
	unsigned int at;	/* its place in the order */
	unsigned int again;	/* how often it posts itself */
};

static void on_note(void *self)
{
	struct note *note = self;

	note->called++;
	note->at = (*note->order)++;
	if (note->again) {
		note->again--;
		work_post(note->works, &note->work);
	}
}

static void set_up(struct note *notes, size_t count, struct works *works, unsigned int *order)
{
	for (size_t i = 0; i < count; i++)
		notes[i] = (struct note){
			.work = { .fn = on_note, .self = &notes[i] }, .works = works, .order = order,
		};
}

static void check_order(struct unit *unit, struct works *works)
{
	struct note notes[3];
	unsigned int order = 0;

	set_up(notes, 3, works, &order);
	works_run(works);
	unit_equal(unit, order, 0, "nothing posted, nothing called");
	work_post(works, &notes[2].work);
	work_post(works, &notes[0].work);
	work_post(works, &notes[2].work);
	work_post(works, &notes[1].work);
	works_run(works);
	unit_equal(unit, order, 3, "work that waits already is called once");
	unit_check(unit, notes[2].at == 0 && notes[0].at == 1 && notes[1].at == 2,
		   "in the order of the calls");
	notes[0].again = 2;
	work_post(works, &notes[0].work);
	works_run(works);
	unit_equal(unit, notes[0].called, 4, "work may post itself");
	works_run(works);
	unit_equal(unit, order, 6, "what was called is not called again");
}

static void check_cancel(struct unit *unit, struct works *works)
{
	struct note notes[3];
	unsigned int order = 0;

	set_up(notes, 3, works, &order);
	for (unsigned int i = 0; i < 3; i++)
		work_post(works, &notes[i].work);
	work_cancel(works, &notes[2].work);
	work_cancel(works, &notes[0].work);
	work_cancel(works, &notes[0].work);
	work_post(works, &notes[2].work);
	works_run(works);
	unit_check(unit, !notes[0].called && notes[1].called == 1 && notes[2].called == 1,
		   "cancelled work is not called, and can be posted again");
}

static void *post_often(void *self)
{
	struct note *note = self;

	for (unsigned int i = 0; i < POSTS; i++)
		work_post(note->works, &note->work);
	return NULL;
}

static void check_threads(struct unit *unit, struct works *works, struct run *run)
{
	struct note note;
	unsigned int order = 0, before;
	pthread_t thread;

	set_up(&note, 1, works, &order);
	if (pthread_create(&thread, NULL, post_often, &note)) {
		unit_check(unit, false, "a thread is made");
		return;
	}
	/* Each post wakes the one who waits. */
	run_wait(run);
	works_run(works);
	unit_check(unit, order >= 1, "a post wakes the vCPU's thread");
	pthread_join(thread, NULL);
	before = order;
	works_run(works);
	unit_check(unit, order >= before && order <= POSTS, "never more calls than posts");
}

int main(void)
{
	struct unit unit = { 0 };
	struct run *run = NULL;
	struct works *works = NULL;

	if (!run_create(&run) && !works_create(&works, run)) {
		check_order(&unit, works);
		check_cancel(&unit, works);
		/* The posts so far have kicked nobody who waits. */
		run_wait(run);
		check_threads(&unit, works, run);
	} else {
		unit_check(&unit, false, "out of memory");
	}
	works_destroy(works);
	run_destroy(run);
	return unit_status(&unit);
}
