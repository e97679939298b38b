/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run.c - how and why a run ends, see run.h. */
#include "core/run.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define GUEST_STATUS_MAX 119

struct run {
	/* The vCPU thread's own. */
	bool reboots;			/* a reset does not end the run */
	const char *reset;		/* how one was asked for; NULL: it was not */

	pthread_mutex_t lock;		/* guards what follows but ended */
	pthread_cond_t wake;
	bool kicked;			/* since the last run_wait() */
	bool polling;			/* run_poll() waits: a kick writes to event */
	int event;			/* eventfd(2), -1 until it is needed */
	void (*kick)(void *self);
	void *kick_self;
	bool has[ENDING_KINDS];
	struct ending endings[ENDING_KINDS];
	atomic_bool ended;
	atomic_bool in_haste;
};

int run_create(struct run **run)
{
	*run = calloc(1, sizeof(**run));
	if (!*run)
		return -ENOMEM;
	(*run)->event = -1;
	pthread_mutex_init(&(*run)->lock, NULL);
	pthread_cond_init(&(*run)->wake, NULL);
	return 0;
}

void run_destroy(struct run *run)
{
	if (!run)
		return;
	if (run->event >= 0)
		close(run->event);
	pthread_cond_destroy(&run->wake);
	pthread_mutex_destroy(&run->lock);
	free(run);
}

int run_guest_status(uint64_t value)
{
	return value > GUEST_STATUS_MAX ? GUEST_STATUS_MAX : (int)value;
}

void run_set_kick(struct run *run, void (*kick)(void *self), void *self)
{
	pthread_mutex_lock(&run->lock);
	run->kick = kick;
	run->kick_self = self;
	if (kick && run_ended(run))
		kick(self);
	pthread_mutex_unlock(&run->lock);
}

static void wake_poll(const struct run *run)
{
	const uint64_t one = 1;

	/* A full counter wakes it just as well. */
	if (write(run->event, &one, sizeof(one)) < 0)
		return;
}

/* With the run's lock held. */
static void kick(struct run *run)
{
	run->kicked = true;
	if (run->polling)
		wake_poll(run);
	if (run->kick)
		run->kick(run->kick_self);
	pthread_cond_signal(&run->wake);
}

void run_kick(struct run *run)
{
	pthread_mutex_lock(&run->lock);
	kick(run);
	pthread_mutex_unlock(&run->lock);
}

/* Done by the guest on its way to a stop that has been asked for already. */
static bool is_too_late(const struct run *run, enum ending_kind kind)
{
	static const bool by_guest[ENDING_KINDS] = {
		[ENDING_CRASH] = true, [ENDING_RESET] = true, [ENDING_HALT] = true,
		[ENDING_EXIT] = true, [ENDING_POWEROFF] = true,
	};

	return by_guest[kind] && (run->has[ENDING_UNWANTED] || run->has[ENDING_REACHED]);
}

void run_end(struct run *run, enum ending_kind kind, int value, const char *format, ...)
{
	struct ending *ending = &run->endings[kind];
	va_list args;

	pthread_mutex_lock(&run->lock);
	if (!run->has[kind] && !is_too_late(run, kind)) {
		run->has[kind] = true;
		ending->kind = kind;
		ending->value = value;
		va_start(args, format);
		vsnprintf(ending->text, sizeof(ending->text), format, args);
		va_end(args);
	}
	if (kind == ENDING_HOST_ERROR || kind == ENDING_SIGNAL || kind == ENDING_CLOSED)
		run_hurry(run);
	atomic_store(&run->ended, true);
	kick(run);
	pthread_mutex_unlock(&run->lock);
}

void run_set_reboots(struct run *run, bool reboots)
{
	run->reboots = reboots;
}

bool run_reboots(const struct run *run)
{
	return run->reboots;
}

void run_reset(struct run *run, const char *how)
{
	if (!run->reboots) {
		run_end(run, ENDING_RESET, 0, "guest asked for a reset (%s)", how);
		return;
	}
	run->reset = how;
	run_kick(run);
}

bool run_reset_wanted(const struct run *run)
{
	return run->reset;
}

const char *run_take_reset(struct run *run)
{
	const char *how = run->reset;

	run->reset = NULL;
	return how;
}

bool run_ended(const struct run *run)
{
	return atomic_load_explicit(&run->ended, memory_order_acquire);
}

void run_hurry(struct run *run)
{
	atomic_store_explicit(&run->in_haste, true, memory_order_release);
}

bool run_in_haste(const struct run *run)
{
	return atomic_load_explicit(&run->in_haste, memory_order_acquire);
}

void run_wait(struct run *run)
{
	pthread_mutex_lock(&run->lock);
	while (!run->kicked && !run_ended(run))
		pthread_cond_wait(&run->wake, &run->lock);
	run->kicked = false;
	pthread_mutex_unlock(&run->lock);
}

/* Returns whether there is anything to wait for, or -errno. */
static int begin_poll(struct run *run)
{
	int answer;

	pthread_mutex_lock(&run->lock);
	if (run->event < 0)
		run->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	answer = run->event < 0 ? -errno : !run->kicked && !run_ended(run);
	run->polling = answer > 0;
	run->kicked = false;
	pthread_mutex_unlock(&run->lock);
	return answer;
}

/* woken: by a kick, which may come when something else has ended the wait, too. */
static void end_poll(struct run *run, bool woken)
{
	uint64_t count;

	pthread_mutex_lock(&run->lock);
	run->polling = false;
	woken = woken || run->kicked;
	run->kicked = false;
	pthread_mutex_unlock(&run->lock);
	/* Nobody writes to it any more. */
	if (woken && read(run->event, &count, sizeof(count)) < 0)
		return;
}

int run_poll(struct run *run, struct pollfd *fds, size_t count)
{
	struct pollfd all[RUN_POLL_MAX + 1];
	int begun = count > RUN_POLL_MAX ? -EINVAL : begin_poll(run);

	if (begun <= 0)
		return begun;
	memcpy(all, fds, count * sizeof(*fds));
	all[count] = (struct pollfd){ .fd = run->event, .events = POLLIN };
	begun = poll(all, count + 1, -1) < 0 && errno != EINTR ? -errno : 0;
	end_poll(run, !begun && all[count].revents);
	return begun;
}

bool run_ending(struct run *run, struct ending *ending)
{
	bool found = false;

	pthread_mutex_lock(&run->lock);
	for (unsigned int kind = 0; kind < ENDING_KINDS && !found; kind++) {
		found = run->has[kind];
		if (found)
			*ending = run->endings[kind];
	}
	pthread_mutex_unlock(&run->lock);
	return found;
}

bool run_ended_by(struct run *run, enum ending_kind kind, struct ending *ending)
{
	bool has;

	pthread_mutex_lock(&run->lock);
	has = run->has[kind];
	if (has)
		*ending = run->endings[kind];
	pthread_mutex_unlock(&run->lock);
	return has;
}

bool ending_has_place(const struct ending *ending)
{
	return ending->kind != ENDING_HOST_ERROR && ending->kind != ENDING_CLOSED;
}

bool ending_is_behind(const struct ending *ending)
{
	return ending->kind != ENDING_CRASH && ending->kind != ENDING_LIMIT;
}

int ending_status(const struct ending *ending)
{
	/* Negative: the ending's own value. */
	static const int status[ENDING_KINDS] = {
		[ENDING_HOST_ERROR] = 125,
		[ENDING_UNWANTED] = 120,
		[ENDING_REACHED] = 0,
		[ENDING_CRASH] = 123,
		[ENDING_LIMIT] = 124,
		[ENDING_SIGNAL] = -1,
		[ENDING_RESET] = 122,
		[ENDING_HALT] = -1,
		[ENDING_EXIT] = -1,
		[ENDING_POWEROFF] = 0,
		[ENDING_CLOSED] = 0,
	};

	return status[ending->kind] < 0 ? ending->value : status[ending->kind];
}
