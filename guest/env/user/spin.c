/* SPDX-License-Identifier: 0BSD */
/* spin.c - computes and never yields, until the timer has taken the processor away often. */
#include <stdbool.h>

#include "env/user/user.h"

#define STEPS	10000u
#define TICKS	10u
#define RESULT	0xF3BE7791u	/* of STEPS steps of the generator from 1 on */

/* A linear congruential generator's register after so many steps. */
static uint32_t compute(volatile uint32_t *seed)
{
	uint32_t value = *seed;

	for (uint32_t i = 0; i < STEPS; i++)
		value = value * 1664525u + 1013904223u;
	return value;
}

int main(void)
{
	volatile uint32_t seed = 1;
	bool right = true;

	while (sys_ticks() < TICKS)
		right = right && compute(&seed) == RESULT;
	print("the timer has interrupted %u times; all results are %s", TICKS,
	      right ? "right" : "WRONG");
	return right ? 0 : 1;
}
