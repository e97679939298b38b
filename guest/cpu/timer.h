/* SPDX-License-Identifier: 0BSD */
/*
 * timer.h - a timer that interrupts: the 8259 pair and the 8254 (their data sheets).
 */
#ifndef GUEST_CPU_TIMER_H
#define GUEST_CPU_TIMER_H

#define TIMER_VECTOR	0x20
#define TIMER_200_HZ	5966u		/* divisors of 1.193182 MHz */
#define TIMER_1000_HZ	1193u

/* Interrupts at TIMER_VECTOR from now on, those of other lines never. */
void timer_start(unsigned int divisor);

/* To be told in each interrupt's handler. */
void timer_acknowledge(void);

void timer_stop(void);

#endif
