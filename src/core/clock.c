/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clock.c - the guest's time and alarms, see clock.h. */
#include "core/clock.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

struct clock {
	bool is_virtual;
	uint64_t now;			/* of a virtual clock */
	uint64_t start;			/* of a real one, in CLOCK_MONOTONIC's time */
	struct alarm *alarms;		/* sorted by deadline */
	const struct clock_tsc *tsc;
};

uint64_t clock_monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

int clock_create(struct clock **clock, bool is_virtual)
{
	*clock = calloc(1, sizeof(**clock));
	if (!*clock)
		return -ENOMEM;
	(*clock)->is_virtual = is_virtual;
	(*clock)->start = clock_monotonic();
	return 0;
}

void clock_destroy(struct clock *clock)
{
	free(clock);
}

bool clock_is_virtual(const struct clock *clock)
{
	return clock->is_virtual;
}

uint64_t clock_now(const struct clock *clock)
{
	return clock->is_virtual ? clock->now : clock_monotonic() - clock->start;
}

uint64_t clock_to_monotonic(const struct clock *clock, uint64_t time)
{
	return clock->start + time;
}

void clock_advance_to(struct clock *clock, uint64_t now)
{
	if (now > clock->now)
		clock->now = now;
}

void clock_set_tsc(struct clock *clock, const struct clock_tsc *tsc)
{
	clock->tsc = tsc;
}

uint64_t clock_tsc(const struct clock *clock)
{
	return clock->tsc ? clock->tsc->now(clock->tsc->self) : 0;
}

uint64_t clock_when_tsc(const struct clock *clock, uint64_t value)
{
	uint64_t now = clock_now(clock), tsc = clock_tsc(clock);
	unsigned __int128 wait;

	if (!clock->tsc || value <= tsc)
		return now;
	wait = (unsigned __int128)(value - tsc) * NS_PER_SECOND / clock->tsc->hz(clock->tsc->self);
	return wait < CLOCK_NEVER - now ? now + (uint64_t)wait : CLOCK_NEVER;
}

void alarm_set(struct clock *clock, struct alarm *alarm, uint64_t deadline)
{
	struct alarm **link = &clock->alarms;

	alarm_cancel(clock, alarm);
	while (*link && (*link)->deadline <= deadline)
		link = &(*link)->next;
	alarm->deadline = deadline;
	alarm->armed = true;
	alarm->next = *link;
	*link = alarm;
}

void alarm_cancel(struct clock *clock, struct alarm *alarm)
{
	struct alarm **link = &clock->alarms;

	if (!alarm->armed)
		return;
	while (*link != alarm)
		link = &(*link)->next;
	*link = alarm->next;
	alarm->armed = false;
}

uint64_t clock_next_alarm(const struct clock *clock)
{
	return clock->alarms ? clock->alarms->deadline : CLOCK_NEVER;
}

void clock_run_alarms(struct clock *clock)
{
	while (clock->alarms && clock->alarms->deadline <= clock_now(clock)) {
		struct alarm *alarm = clock->alarms;

		clock->alarms = alarm->next;
		alarm->armed = false;
		alarm->fn(alarm->self);
	}
}
