/* SPDX-License-Identifier: 0BSD */
/*
 * check.h - for guests that check the machine themselves: what is not as it
 * should be is told on the console, and the exit status says how many.
 */
#ifndef GUEST_SHARED_CHECK_H
#define GUEST_SHARED_CHECK_H

#include <stdbool.h>

struct checks {
	unsigned int done;
	unsigned int failed;
};

/* Tells what failed, printf's format; returns ok. */
bool check(struct checks *checks, bool ok, const char *what, ...)
	__attribute__((format(printf, 3, 4)));

/* Prints the sum; for main() to return: 0, or how many failed (at most 100). */
int checks_result(const struct checks *checks);

#endif
