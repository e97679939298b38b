/* SPDX-License-Identifier: GPL-3.0-or-later */
/* simvirtio_poll.c - queues whose control words are looked at, see simvirtio_poll.h. */
#include "dev/simvirtio_poll.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "dev/simvirtio.h"

#define LENGTH		SIMVIRTIO_QUEUE_LENGTH
#define ROOM		(4 * LENGTH)	/* bytes moved ahead of the device */
#define NEWS_BYTES	(ROOM / 2)
#define NEWS_NS		(2 * (NS_PER_SECOND / 1000))

/*
 * Back-off: at first it looks again at once, then it sleeps, each time for a quarter of
 * the time in which nothing has come. So it is never late by more than that quarter,
 * and an idle guest costs a hundred looks a second.
 *
 * To look again at once is in vain where the guest waits for the same processor: each
 * time that it was, it is done half as long the next time, until something comes while
 * it is done.
 */
#define SPIN_NS		20000u
#define SLEEP_SHARE	4u
#define SLEEP_MIN_NS	5000u
#define SLEEP_MAX_NS	10000000u

struct back_off {
	uint64_t busy;		/* when something came last */
	uint64_t spin;		/* how long to look again at once, ns */
	bool slept;		/* since then */
};

enum { TX, RX };

struct simvirtio_poll {
	struct simvirtio_words *words;
	struct works *works;
	struct work *news;
	bool running;			/* the thread; the vCPU thread's own */
	pthread_t thread;
	pthread_mutex_t lock;		/* guards what follows */
	pthread_cond_t changed;		/* stop, or there is something to look at */
	bool stop;
	const uint8_t *buffer;		/* TX; NULL: disabled */
	uint32_t tail;			/* TX: the next element's index, whatever the guest writes */
	bool broken;			/* TX: the guest's index is none */
	bool watching;			/* RX */
	uint32_t head;			/* RX: the next element's index */
	bool told;			/* news is under way */
	uint64_t since;			/* when the first of the bytes has been moved */
	size_t first, count;
	uint8_t bytes[ROOM];		/* a ring */
};

/* --- what the guest accesses too --- */

/*
 * The guest is another processor, whose accesses are ordered by the x86 memory model. An
 * engine that emulates it makes plain ones of them, and the thread sanitizer would call
 * that a race: it is not to look at this side, which is atomic where it has to be.
 */
#define GUESTS_MEMORY __attribute__((no_sanitize("thread"), noinline))

GUESTS_MEMORY static uint32_t load_word(const _Atomic uint32_t *word)
{
	return atomic_load_explicit(word, memory_order_acquire);
}

GUESTS_MEMORY static void store_word(_Atomic uint32_t *word, uint32_t value)
{
	atomic_store_explicit(word, value, memory_order_release);
}

/* memcpy(3), which the sanitizer has its own of. */
GUESTS_MEMORY static void copy_elements(uint8_t *to, const uint8_t *from, size_t len)
{
	__asm__ volatile("rep movsb" : "+D" (to), "+S" (from), "+c" (len) : : "memory");
}

/* --- moving; with the lock held --- */

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* A piece of the guest's ring, as much as lies in a row on both sides. */
static size_t move_piece(struct simvirtio_poll *poll, uint32_t head)
{
	uint32_t end = head < poll->tail ? LENGTH : head;
	size_t at = (poll->first + poll->count) % ROOM;
	size_t len = smallest(end - poll->tail, ROOM - poll->count, ROOM - at);

	copy_elements(poll->bytes + at, poll->buffer + poll->tail, len);
	poll->count += len;
	poll->tail = (uint32_t)((poll->tail + len) % LENGTH);
	return len;
}

/* What the guest has sent, as far as there is room. Returns how many bytes were moved. */
static size_t move(struct simvirtio_poll *poll)
{
	size_t before = poll->count, moved = 0, len;
	uint32_t head;

	if (!poll->buffer || poll->broken)
		return 0;
	head = load_word(&poll->words->queue[TX].head);
	poll->broken = head >= LENGTH;
	if (poll->broken)
		return 0;
	while (poll->tail != head && (len = move_piece(poll, head)))
		moved += len;
	if (moved)
		store_word(&poll->words->queue[TX].tail, poll->tail);
	if (moved && !before)
		poll->since = clock_monotonic();
	return moved;
}

/* Half of RX is free, or its tail is no index: the device has something to do. */
static bool has_room(const struct simvirtio_poll *poll)
{
	uint32_t tail = load_word(&poll->words->queue[RX].tail);

	return tail >= LENGTH || (tail + LENGTH - poll->head - 1) % LENGTH >= LENGTH / 2;
}

static bool has_news(const struct simvirtio_poll *poll)
{
	if (poll->broken || poll->count >= NEWS_BYTES)
		return true;
	if (poll->count && clock_monotonic() - poll->since >= NEWS_NS)
		return true;
	return poll->watching && has_room(poll);
}

/* --- the thread --- */

static void came(struct back_off *back_off, uint64_t now)
{
	back_off->spin = back_off->slept ? back_off->spin / 2 : SPIN_NS;
	back_off->busy = now;
	back_off->slept = false;
}

static uint64_t sleep_after(uint64_t idle)
{
	uint64_t sleep = idle / SLEEP_SHARE;

	return sleep < SLEEP_MIN_NS ? SLEEP_MIN_NS : sleep < SLEEP_MAX_NS ? sleep : SLEEP_MAX_NS;
}

/* Nothing has come. The lock is given up meanwhile. */
static void nothing_came(struct back_off *back_off, struct simvirtio_poll *poll, uint64_t now)
{
	uint64_t idle = now - back_off->busy, wake;
	struct timespec until;

	if (idle < back_off->spin) {
		pthread_mutex_unlock(&poll->lock);
		__builtin_ia32_pause();
		pthread_mutex_lock(&poll->lock);
		return;
	}
	wake = now + sleep_after(idle);
	until.tv_sec = (time_t)(wake / NS_PER_SECOND);
	until.tv_nsec = (long)(wake % NS_PER_SECOND);
	pthread_cond_timedwait(&poll->changed, &poll->lock, &until);
	back_off->slept = true;
}

static void *poll_thread(void *self)
{
	struct simvirtio_poll *poll = self;
	struct back_off back_off = { 0 };
	uint64_t now;

	pthread_mutex_lock(&poll->lock);
	while (!poll->stop) {
		if (!poll->buffer && !poll->watching) {
			pthread_cond_wait(&poll->changed, &poll->lock);
			back_off = (struct back_off){ clock_monotonic(), SPIN_NS, false };
			continue;
		}
		now = clock_monotonic();
		if (move(poll))
			came(&back_off, now);
		if (!poll->told && has_news(poll)) {
			poll->told = true;
			work_post(poll->works, poll->news);
		}
		if (back_off.busy != now)
			nothing_came(&back_off, poll, now);
	}
	pthread_mutex_unlock(&poll->lock);
	return NULL;
}

int simvirtio_poll_start(struct simvirtio_poll *poll)
{
	sigset_t all, old;
	int error;

	/* Signals are for others. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&poll->thread, NULL, poll_thread, poll);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	poll->running = !error;
	return -error;
}

/* --- the vCPU's thread --- */

int simvirtio_poll_create(struct simvirtio_poll **out, struct simvirtio_words *words,
			  struct works *works, struct work *news)
{
	struct simvirtio_poll *poll = calloc(1, sizeof(*poll));
	pthread_condattr_t attributes;

	if (!poll)
		return -ENOMEM;
	poll->words = words;
	poll->works = works;
	poll->news = news;
	pthread_mutex_init(&poll->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&poll->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	*out = poll;
	return 0;
}

void simvirtio_poll_destroy(struct simvirtio_poll *poll)
{
	if (!poll)
		return;
	if (poll->running) {
		pthread_mutex_lock(&poll->lock);
		poll->stop = true;
		pthread_cond_signal(&poll->changed);
		pthread_mutex_unlock(&poll->lock);
		pthread_join(poll->thread, NULL);
	}
	pthread_cond_destroy(&poll->changed);
	pthread_mutex_destroy(&poll->lock);
	free(poll);
}

void simvirtio_poll_enable(struct simvirtio_poll *poll, const uint8_t *buffer, uint32_t tail)
{
	pthread_mutex_lock(&poll->lock);
	poll->buffer = buffer;
	poll->tail = tail;
	poll->broken = false;
	pthread_cond_signal(&poll->changed);
	pthread_mutex_unlock(&poll->lock);
}

void simvirtio_poll_disable(struct simvirtio_poll *poll)
{
	pthread_mutex_lock(&poll->lock);
	poll->buffer = NULL;
	pthread_mutex_unlock(&poll->lock);
}

void simvirtio_poll_reset(struct simvirtio_poll *poll)
{
	pthread_mutex_lock(&poll->lock);
	poll->buffer = NULL;
	poll->broken = false;
	poll->watching = false;
	poll->told = false;
	poll->first = 0;
	poll->count = 0;
	pthread_mutex_unlock(&poll->lock);
}

size_t simvirtio_poll_take(struct simvirtio_poll *poll, uint8_t *bytes, size_t size, bool *broken)
{
	size_t len;

	pthread_mutex_lock(&poll->lock);
	move(poll);
	len = smallest(size, poll->count, ROOM - poll->first);
	memcpy(bytes, poll->bytes + poll->first, len);
	poll->first = (poll->first + len) % ROOM;
	poll->count -= len;
	poll->told = false;
	*broken = poll->broken && !poll->count;
	pthread_mutex_unlock(&poll->lock);
	return len;
}

void simvirtio_poll_watch(struct simvirtio_poll *poll, bool on, uint32_t head)
{
	pthread_mutex_lock(&poll->lock);
	if (on && !poll->watching)
		pthread_cond_signal(&poll->changed);
	poll->watching = on;
	poll->head = head;
	pthread_mutex_unlock(&poll->lock);
}
