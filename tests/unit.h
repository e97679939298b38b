/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit.h - what the unit programs share: a line for each check, which begins
 * with "PASS: " or "FAIL: ", and an exit status.
 */
#ifndef VMM_TESTS_UNIT_H
#define VMM_TESTS_UNIT_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

struct unit {
	unsigned int failed;
};

static inline bool unit_check(struct unit *unit, bool passed, const char *what)
{
	printf("%s: %s\n", passed ? "PASS" : "FAIL", what);
	unit->failed += !passed;
	return passed;
}

/* Two values that have to be the same. */
static inline bool unit_equal(struct unit *unit, uint64_t is, uint64_t wanted, const char *what)
{
	if (!unit_check(unit, is == wanted, what))
		printf("  is 0x%" PRIx64 ", should be 0x%" PRIx64 "\n", is, wanted);
	return is == wanted;
}

static inline int unit_status(const struct unit *unit)
{
	return unit->failed ? 1 : 0;
}

#endif
