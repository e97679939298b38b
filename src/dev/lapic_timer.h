/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lapic_timer.h - the timer of a local APIC (Intel SDM vol. 3, 11.5.4): a count that
 * goes down, once or again and again, or a time-stamp counter that is waited for.
 *
 * It counts at LAPIC_TIMER_HZ, divided as the guest says. Where the guest asks for
 * periods that are shorter than vmm can keep by the real clock, there are fewer
 * interrupts than periods, as with a processor that is too slow.
 */
#ifndef VMM_DEV_LAPIC_TIMER_H
#define VMM_DEV_LAPIC_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/clock.h"

#define LAPIC_TIMER_HZ UINT64_C(1000000000)

/* As in the local vector table. */
enum lapic_timer_mode { LAPIC_ONE_SHOT, LAPIC_PERIODIC, LAPIC_TSC_DEADLINE };

/* A part of a local APIC, which may read the registers. */
struct lapic_timer {
	uint32_t initial;	/* the initial count register */
	uint32_t divide;	/* the divide configuration register */
	uint64_t deadline;	/* IA32_TSC_DEADLINE; 0: none */
	enum lapic_timer_mode mode;

	/* lapic_timer.c's own */
	struct clock *clock;
	struct alarm alarm;
	void (*expired)(void *self);
	void *self;
	bool counting;
	uint64_t start;		/* the time at which it had the initial count */
};

/* expired: called each time the count or the counter is there. Stopped, registers 0. */
void lapic_timer_init(struct lapic_timer *timer, struct clock *clock,
		      void (*expired)(void *self), void *self);

/* Back to that state. */
void lapic_timer_reset(struct lapic_timer *timer);

/* To TSC deadline mode and from it the timer stops; else the count goes on. */
void lapic_timer_set_mode(struct lapic_timer *timer, enum lapic_timer_mode mode);

/* The registers. What is not for the mode is ignored. */
uint32_t lapic_timer_count(const struct lapic_timer *timer);
void lapic_timer_set_initial(struct lapic_timer *timer, uint32_t value);
void lapic_timer_set_divide(struct lapic_timer *timer, uint32_t value);
void lapic_timer_set_deadline(struct lapic_timer *timer, uint64_t value);

#endif
