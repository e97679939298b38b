/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loop.h - a thread that waits: for timers, file descriptors and signals.
 *
 * Its callbacks run one at a time, in the loop's thread. Devices are entered by
 * the vCPU's thread alone, so a callback may only do what any thread may: end
 * the run, kick the vCPU. The thread is started with the run, and blocked in
 * epoll_wait(2) while nothing is due.
 */
#ifndef VMM_CORE_LOOP_H
#define VMM_CORE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* A deadline. Owned by its user, who must cancel it before it goes away. */
struct timer {
	void (*fn)(void *self);
	void *self;
	uint64_t deadline;	/* nanoseconds of loop_now(); loop.c's own */
	struct timer *next;	/* loop.c's own */
	bool armed;		/* loop.c's own */
};

/* Returns 0 or -errno. The caller owns *loop. */
int loop_create(struct loop **loop);

/* Stops the thread where it runs, and frees. NULL is fine. */
void loop_destroy(struct loop *loop);

/* Starts the thread, with all signals blocked in it. Returns 0 or -errno. */
int loop_start(struct loop *loop);

/* Ends and joins the thread; its signals do again what they did before. */
void loop_stop(struct loop *loop);

/* The clock that timers go by: CLOCK_MONOTONIC, nanoseconds. */
uint64_t loop_now(const struct loop *loop);

/*
 * Calls timer->fn(timer->self) once when loop_now() has reached the deadline;
 * an armed timer is moved. From any thread, as timer_cancel(), after which the
 * callback may still be under way, unless it is called by the loop's thread.
 * timer_set() returns 0 or -errno.
 */
int timer_set(struct loop *loop, struct timer *timer, uint64_t deadline);
void timer_cancel(struct loop *loop, struct timer *timer);

/*
 * Calls fn(self, fd) whenever fd is readable. Returns 0 or -errno. The
 * descriptor stays the caller's, who closes it after loop_stop() or from a
 * callback: after loop_remove_fd() one may still be under way.
 */
int loop_add_fd(struct loop *loop, int fd, void (*fn)(void *self, int fd), void *self);
void loop_remove_fd(struct loop *loop, int fd);

/*
 * Calls fn(self, number) for the signal, which is blocked in the calling
 * thread (and so in those it starts): before any other thread is there.
 */
int loop_add_signal(struct loop *loop, int number, void (*fn)(void *self, int number),
		    void *self);

#endif
