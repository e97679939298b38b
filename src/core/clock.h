/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clock.h - the time that the guest sees, and alarms that go by it.
 *
 * The time is real or virtual: a virtual clock stands still but for what the
 * engine says has passed. Alarms are for devices; their functions run in the
 * vCPU's thread, as all of a device does, soon after their time with the real
 * clock and exactly then with a virtual one.
 */
#ifndef VMM_CORE_CLOCK_H
#define VMM_CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_NEVER UINT64_MAX
#define NS_PER_SECOND UINT64_C(1000000000)

struct clock;

/* The host's CLOCK_MONOTONIC in nanoseconds. */
uint64_t clock_monotonic(void);

/*
 * The guest's time-stamp counter, which the engine has. hz: how fast it counts, as
 * well as is known; not 0.
 */
struct clock_tsc {
	uint64_t (*now)(void *self);
	uint64_t (*hz)(void *self);
	void *self;
};

/* Owned by its user, who must cancel it before it goes away. */
struct alarm {
	void (*fn)(void *self);
	void *self;
	uint64_t deadline;	/* clock.c's own, as what follows */
	struct alarm *next;
	bool armed;
};

/* Starts at 0. Returns 0 or -ENOMEM. The caller owns *clock. */
int clock_create(struct clock **clock, bool is_virtual);
void clock_destroy(struct clock *clock);

bool clock_is_virtual(const struct clock *clock);

/* Nanoseconds since the clock was made. */
uint64_t clock_now(const struct clock *clock);

/* The time of a real clock in CLOCK_MONOTONIC's nanoseconds. */
uint64_t clock_to_monotonic(const struct clock *clock, uint64_t time);

/* A virtual clock's time: never goes back. */
void clock_advance_to(struct clock *clock, uint64_t now);

/* By the engine, once it has one; NULL: no longer. It must live as long. */
void clock_set_tsc(struct clock *clock, const struct clock_tsc *tsc);

/* The guest's time-stamp counter; 0 while there is none. */
uint64_t clock_tsc(const struct clock *clock);

/*
 * When the guest's time-stamp counter will have reached the value, or now where
 * it has. Off by the error of its rate: look at clock_tsc() then. CLOCK_NEVER: not
 * in this clock's time.
 */
uint64_t clock_when_tsc(const struct clock *clock, uint64_t value);

/*
 * Calls alarm->fn(alarm->self) once when clock_now() has reached the deadline;
 * an armed alarm is moved. The function may set the alarm again, from its
 * deadline on so that no time is lost.
 */
void alarm_set(struct clock *clock, struct alarm *alarm, uint64_t deadline);
void alarm_cancel(struct clock *clock, struct alarm *alarm);

/* When the next alarm is due; CLOCK_NEVER: there is none. */
uint64_t clock_next_alarm(const struct clock *clock);

/* Calls the functions of the alarms that are due, in order. */
void clock_run_alarms(struct clock *clock);

#endif
