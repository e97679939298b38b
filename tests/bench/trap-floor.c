// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * trap-floor - the least that a trap of unprivileged code can take on Linux: CLI
 * raises SIGSEGV, whose handler steps over it. Far apart, as in cpu-trap.S.
 */
#define _GNU_SOURCE	/* REG_RIP */
#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

#define ROUNDS 5000
#define FAILED 1	/* exit statuses */
#define USAGE 2

static void step_over(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)number;
	(void)info;
	user->uc_mcontext.gregs[REG_RIP]++;
}

static uint64_t work(uint64_t x)
{
	for (int i = 0; i < ROUNDS; i++) {
		x ^= x << 13;
		x ^= x >> 17;
	}
	return x;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = step_over, .sa_flags = SA_SIGINFO };
	long rounds = argc == 3 ? atol(argv[1]) : 0, trap = argc == 3 ? atol(argv[2]) : 0;
	volatile uint64_t x = 1;

	if (argc != 3)
		errx(USAGE, "usage: trap-floor ROUNDS TRAP(0 or 1)");
	if (sigaction(SIGSEGV, &action, NULL) < 0)
		err(FAILED, "sigaction");
	for (long i = 0; i < rounds; i++) {
		if (trap)
			__asm__ volatile("cli");
		x = work(x);
	}
	return 0;
}
