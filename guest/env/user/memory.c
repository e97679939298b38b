/* SPDX-License-Identifier: 0BSD */
/*
 * memory.c - memory that is its own: at the same addresses as in the environment next to it,
 * with other contents.
 */
#include <stdbool.h>

#include "env/user/user.h"

#define WORDS	3000u
#define PAGE	((volatile uint32_t *)0x50000000)
#define TURNS	4

static volatile uint32_t variable = 4711;
static volatile uint32_t zeros[WORDS];

static bool all_are(const volatile uint32_t *words, uint32_t value)
{
	for (uint32_t i = 0; i < WORDS; i++)
		if (words[i] != value)
			return false;
	return true;
}

static void fill(uint32_t value)
{
	for (uint32_t i = 0; i < WORDS; i++)
		zeros[i] = value;
}

int main(void)
{
	uint32_t id = (uint32_t)sys_id();
	bool right = variable == 4711 && all_are(zeros, 0);
	int once = sys_allocate((void *)PAGE), twice = sys_allocate((void *)PAGE);
	int kernel = sys_allocate((void *)0x100000);

	print("a page more: %d; the same once more: %d; one of the kernel's: %d", once, twice,
	      kernel);
	right = right && !*PAGE;
	for (uint32_t turn = 1; turn <= TURNS; turn++) {
		variable = *PAGE = id * 1000 + turn;
		fill(variable);
		sys_yield();
		right = right && *PAGE == id * 1000 + turn && variable == *PAGE &&
			all_are(zeros, variable);
	}
	print("all of %u words, a variable and the page are %s", WORDS,
	      right ? "as they were left" : "WRONG");
	return right ? 0 : 1;
}
