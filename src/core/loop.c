/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loop.c - the thread that waits, see loop.h: epoll(7) over the users'
 * descriptors, a timerfd(2) for the earliest deadline, and an eventfd(2) that
 * ends it. Signals are let in while it waits, and only then; a signalfd(2) would
 * wake it for each fault of the engine direct, too.
 */
#include "core/loop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"

#define EVENTS_AT_ONCE 8

/* What to do when a descriptor is readable. */
struct watch {
	struct watch *next;
	int fd;
	bool removed;		/* freed by the loop's thread, which may hold it */
	void (*fn)(void *self, int fd);
	void *self;
};

struct signal_watch {
	struct signal_watch *next;
	int number;
	struct sigaction old;
	void (*fn)(void *self, int number);
	void *self;
};

struct loop {
	pthread_mutex_t lock;	/* guards stop, timers and watches */
	int epoll;		/* -1 until something is waited for */
	int event;		/* eventfd: look at stop; likewise */
	int clock;		/* timerfd, -1 until a timer is set */
	pthread_t thread;
	bool running;
	bool stop;
	struct timer *timers;	/* sorted by deadline */
	struct watch *watches;
	struct signal_watch *signal_watches;
};

/* A bit a signal that has come, in the loop's thread. */
static _Thread_local volatile uint64_t caught;

static void catch_signal(int number)
{
	caught |= UINT64_C(1) << number;
}

static void drain_event(void *self, int fd)
{
	uint64_t count;

	/* Nothing to read is fine: somebody else was faster. */
	if (read(fd, &count, sizeof(count)) < 0)
		return;
}

int loop_create(struct loop **out)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return -ENOMEM;
	pthread_mutex_init(&loop->lock, NULL);
	loop->epoll = -1;
	loop->event = -1;
	loop->clock = -1;
	*out = loop;
	return 0;
}

/* They do again what they did before, once they are let in. */
static void forget_signals(struct loop *loop)
{
	struct signal_watch *watch;

	while ((watch = loop->signal_watches)) {
		loop->signal_watches = watch->next;
		sigaction(watch->number, &watch->old, NULL);
		free(watch);
	}
}

void loop_destroy(struct loop *loop)
{
	struct watch *watch;

	if (!loop)
		return;
	loop_stop(loop);
	while ((watch = loop->watches)) {
		loop->watches = watch->next;
		free(watch);
	}
	forget_signals(loop);
	if (loop->clock >= 0)
		close(loop->clock);
	if (loop->event >= 0)
		close(loop->event);
	if (loop->epoll >= 0)
		close(loop->epoll);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}

uint64_t loop_now(const struct loop *loop)
{
	return clock_monotonic();
}

static void wake(struct loop *loop)
{
	uint64_t one = 1;

	/* A full counter wakes the thread just as well. */
	if (write(loop->event, &one, sizeof(one)) < 0)
		return;
}

/* Has the timerfd go by the earliest deadline. With the lock held. */
static void arm(const struct loop *loop)
{
	struct itimerspec when = { 0 };

	if (loop->timers) {
		uint64_t deadline = loop->timers->deadline ? loop->timers->deadline : 1;

		when.it_value.tv_sec = (time_t)(deadline / NS_PER_SECOND);
		when.it_value.tv_nsec = (long)(deadline % NS_PER_SECOND);
	}
	timerfd_settime(loop->clock, TFD_TIMER_ABSTIME, &when, NULL);
}

/* With the lock held, which is dropped around each callback. */
static void run_timers(struct loop *loop)
{
	while (loop->timers && loop->timers->deadline <= loop_now(loop)) {
		struct timer *timer = loop->timers;

		loop->timers = timer->next;
		timer->armed = false;
		pthread_mutex_unlock(&loop->lock);
		timer->fn(timer->self);
		pthread_mutex_lock(&loop->lock);
	}
}

/* As run_timers(). */
static void run_watch(struct loop *loop, const struct watch *watch)
{
	if (watch->removed)
		return;
	pthread_mutex_unlock(&loop->lock);
	watch->fn(watch->self, watch->fd);
	pthread_mutex_lock(&loop->lock);
}

static void free_removed(struct loop *loop)
{
	struct watch **link = &loop->watches;

	while (*link) {
		struct watch *watch = *link;

		if (watch->removed) {
			*link = watch->next;
			free(watch);
		} else {
			link = &watch->next;
		}
	}
}

/* The timerfd has run out. */
static void take_clock(void *self, int fd)
{
	struct loop *loop = self;

	drain_event(NULL, fd);
	pthread_mutex_lock(&loop->lock);
	run_timers(loop);
	arm(loop);
	pthread_mutex_unlock(&loop->lock);
}

/* What is blocked while the thread waits. With the lock held. */
static sigset_t waiting_mask(const struct loop *loop)
{
	sigset_t mask;

	sigfillset(&mask);
	for (const struct signal_watch *at = loop->signal_watches; at; at = at->next)
		sigdelset(&mask, at->number);
	return mask;
}

/* As run_watch(), for what came while the thread waited. */
static void run_signals(struct loop *loop)
{
	uint64_t numbers = caught;

	caught = 0;
	for (struct signal_watch *at = loop->signal_watches; at && numbers; at = at->next) {
		if (!(numbers >> at->number & 1))
			continue;
		pthread_mutex_unlock(&loop->lock);
		at->fn(at->self, at->number);
		pthread_mutex_lock(&loop->lock);
	}
}

static void *loop_thread(void *argument)
{
	struct loop *loop = argument;
	struct epoll_event events[EVENTS_AT_ONCE];

	pthread_mutex_lock(&loop->lock);
	while (!loop->stop) {
		sigset_t mask = waiting_mask(loop);
		int count;

		pthread_mutex_unlock(&loop->lock);
		count = epoll_pwait(loop->epoll, events, EVENTS_AT_ONCE, -1, &mask);
		pthread_mutex_lock(&loop->lock);
		run_signals(loop);
		for (int i = 0; i < count; i++)
			run_watch(loop, events[i].data.ptr);
		free_removed(loop);
	}
	pthread_mutex_unlock(&loop->lock);
	return NULL;
}

/* As loop_add_fd(), once there is the epoll. With the lock held. */
static int add_watch(struct loop *loop, int fd, void (*fn)(void *self, int fd), void *self)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = watch };

	if (!watch)
		return -ENOMEM;
	watch->fd = fd;
	watch->fn = fn;
	watch->self = self;
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		int error = -errno;

		free(watch);
		return error;
	}
	watch->next = loop->watches;
	loop->watches = watch;
	return 0;
}

/* With the lock held. Returns 0 or -errno. */
static int open_loop(struct loop *loop)
{
	if (loop->epoll < 0)
		loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return -errno;
	if (loop->event >= 0)
		return 0;
	loop->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return loop->event < 0 ? -errno : add_watch(loop, loop->event, drain_event, NULL);
}

/* loop_add_fd() with the lock held. */
static int watch_fd(struct loop *loop, int fd, void (*fn)(void *self, int fd), void *self)
{
	int error = open_loop(loop);

	return error ? error : add_watch(loop, fd, fn, self);
}

int loop_start(struct loop *loop)
{
	sigset_t all, old;
	int error;

	loop->stop = false;
	pthread_mutex_lock(&loop->lock);
	error = open_loop(loop);
	pthread_mutex_unlock(&loop->lock);
	if (error)
		return error;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&loop->thread, NULL, loop_thread, loop);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	loop->running = !error;
	return -error;
}

void loop_stop(struct loop *loop)
{
	if (!loop->running)
		return;
	pthread_mutex_lock(&loop->lock);
	loop->stop = true;
	wake(loop);
	pthread_mutex_unlock(&loop->lock);
	pthread_join(loop->thread, NULL);
	loop->running = false;
	forget_signals(loop);
}

int loop_add_fd(struct loop *loop, int fd, void (*fn)(void *self, int fd), void *self)
{
	int error;

	pthread_mutex_lock(&loop->lock);
	error = watch_fd(loop, fd, fn, self);
	pthread_mutex_unlock(&loop->lock);
	return error;
}

/* With the lock held. */
static void disarm(struct loop *loop, struct timer *timer)
{
	struct timer **link = &loop->timers;

	if (!timer->armed)
		return;
	while (*link != timer)
		link = &(*link)->next;
	*link = timer->next;
	timer->armed = false;
}

/* With the lock held. Returns 0 or -errno. */
static int open_clock(struct loop *loop)
{
	loop->clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->clock < 0)
		return -errno;
	return watch_fd(loop, loop->clock, take_clock, loop);
}

int timer_set(struct loop *loop, struct timer *timer, uint64_t deadline)
{
	struct timer **link = &loop->timers;
	int error = 0;

	pthread_mutex_lock(&loop->lock);
	if (loop->clock < 0)
		error = open_clock(loop);
	disarm(loop, timer);
	timer->deadline = deadline;
	timer->armed = true;
	while (*link && (*link)->deadline <= deadline)
		link = &(*link)->next;
	timer->next = *link;
	*link = timer;
	if (loop->timers == timer)
		arm(loop);
	pthread_mutex_unlock(&loop->lock);
	return error;
}

void timer_cancel(struct loop *loop, struct timer *timer)
{
	pthread_mutex_lock(&loop->lock);
	disarm(loop, timer);
	pthread_mutex_unlock(&loop->lock);
}

void loop_remove_fd(struct loop *loop, int fd)
{
	pthread_mutex_lock(&loop->lock);
	for (struct watch *watch = loop->watches; watch; watch = watch->next) {
		if (watch->fd != fd || watch->removed)
			continue;
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
		watch->removed = true;
	}
	pthread_mutex_unlock(&loop->lock);
}

/* The handler is there before the signal is let in anywhere. */
static int take_signal(struct signal_watch *watch)
{
	struct sigaction action = { .sa_handler = catch_signal };
	sigset_t blocked;

	sigfillset(&action.sa_mask);
	sigemptyset(&blocked);
	sigaddset(&blocked, watch->number);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	return sigaction(watch->number, &action, &watch->old) < 0 ? -errno : 0;
}

int loop_add_signal(struct loop *loop, int number, void (*fn)(void *self, int number),
		    void *self)
{
	struct signal_watch *watch = calloc(1, sizeof(*watch));
	int error;

	if (!watch)
		return -ENOMEM;
	*watch = (struct signal_watch){ .number = number, .fn = fn, .self = self };
	error = take_signal(watch);
	if (error) {
		free(watch);
		return error;
	}
	pthread_mutex_lock(&loop->lock);
	watch->next = loop->signal_watches;
	loop->signal_watches = watch;
	pthread_mutex_unlock(&loop->lock);
	return 0;
}
