/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lapic_timer.c - the timer of a local APIC, see lapic_timer.h. */
#include "dev/lapic_timer.h"

#define DIVIDE_STORED	0xBu	/* three bits (figure 11-10) */

/* Kept between two interrupts of a period, by the real clock: vmm must get on, too. */
#define SHORTEST_PERIOD	UINT64_C(20000)

/* Until the next look, where the time-stamp counter is behind what was thought. */
#define SHORTEST_WAIT	UINT64_C(200)

/* Nanoseconds for a count of one: what the timer counts are nanoseconds. */
static uint64_t divisor(const struct lapic_timer *timer)
{
	unsigned int shift = (timer->divide & 3u) | (timer->divide >> 1 & 4u);

	_Static_assert(LAPIC_TIMER_HZ == NS_PER_SECOND, "a count is a nanosecond");
	return UINT64_C(1) << ((shift + 1) & 7u);
}

/* Counts since the initial one. */
static uint64_t elapsed(const struct lapic_timer *timer)
{
	return (clock_now(timer->clock) - timer->start) / divisor(timer);
}

uint32_t lapic_timer_count(const struct lapic_timer *timer)
{
	uint64_t counts;

	if (!timer->counting)
		return 0;
	counts = elapsed(timer);
	if (timer->mode == LAPIC_PERIODIC)
		return (uint32_t)(timer->initial - counts % timer->initial);
	return counts < timer->initial ? (uint32_t)(timer->initial - counts) : 0;
}

static void stop(struct lapic_timer *timer)
{
	timer->counting = false;
	timer->deadline = 0;
	alarm_cancel(timer->clock, &timer->alarm);
}

/* The end of the count that is under way. */
static uint64_t end_of_count(const struct lapic_timer *timer)
{
	bool periodic = timer->mode == LAPIC_PERIODIC;
	uint64_t rounds = periodic ? elapsed(timer) / timer->initial + 1 : 1;
	uint64_t end = timer->start + rounds * timer->initial * divisor(timer);
	uint64_t earliest = clock_now(timer->clock) + SHORTEST_PERIOD;

	return periodic && !clock_is_virtual(timer->clock) && end < earliest ? earliest : end;
}

static void set_alarm(struct lapic_timer *timer)
{
	if (timer->counting)
		alarm_set(timer->clock, &timer->alarm, end_of_count(timer));
}

/* What the timer counts by has changed: it goes on from the count that it had. */
static void go_on_from(struct lapic_timer *timer, uint32_t count)
{
	timer->start = clock_now(timer->clock) - (timer->initial - count) * divisor(timer);
	set_alarm(timer);
}

static void await_deadline(struct lapic_timer *timer, uint64_t earliest)
{
	uint64_t when = clock_when_tsc(timer->clock, timer->deadline);

	alarm_set(timer->clock, &timer->alarm, when > earliest ? when : earliest);
}

static void on_alarm(void *self)
{
	struct lapic_timer *timer = self;

	if (timer->deadline && clock_tsc(timer->clock) < timer->deadline) {
		await_deadline(timer, clock_now(timer->clock) + SHORTEST_WAIT);
		return;
	}
	if (timer->mode == LAPIC_PERIODIC)
		set_alarm(timer);
	else
		stop(timer);
	timer->expired(timer->self);
}

void lapic_timer_set_initial(struct lapic_timer *timer, uint32_t value)
{
	if (timer->mode == LAPIC_TSC_DEADLINE)
		return;
	stop(timer);
	timer->initial = value;
	timer->start = clock_now(timer->clock);
	timer->counting = value != 0;
	set_alarm(timer);
}

void lapic_timer_set_divide(struct lapic_timer *timer, uint32_t value)
{
	uint32_t count = lapic_timer_count(timer);

	timer->divide = value & DIVIDE_STORED;
	go_on_from(timer, count);
}

void lapic_timer_set_deadline(struct lapic_timer *timer, uint64_t value)
{
	if (timer->mode != LAPIC_TSC_DEADLINE)
		return;
	stop(timer);
	timer->deadline = value;
	if (value)
		await_deadline(timer, 0);
}

void lapic_timer_set_mode(struct lapic_timer *timer, enum lapic_timer_mode mode)
{
	uint32_t count = lapic_timer_count(timer);
	bool by_tsc = timer->mode == LAPIC_TSC_DEADLINE;

	if (mode == timer->mode)
		return;
	timer->mode = mode;
	if (by_tsc || mode == LAPIC_TSC_DEADLINE) {
		stop(timer);
		timer->initial = 0;
	} else {
		go_on_from(timer, count);
	}
}

void lapic_timer_reset(struct lapic_timer *timer)
{
	stop(timer);
	timer->initial = 0;
	timer->divide = 0;
	timer->mode = LAPIC_ONE_SHOT;
}

void lapic_timer_init(struct lapic_timer *timer, struct clock *clock,
		      void (*expired)(void *self), void *self)
{
	*timer = (struct lapic_timer){
		.clock = clock, .alarm = { .fn = on_alarm, .self = timer },
		.expired = expired, .self = self,
	};
}
