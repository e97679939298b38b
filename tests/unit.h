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

/*
 * main() of a program that tests a device: each of the functions named gets a
 * struct fixture of its own, all zero until set_up() makes it, and given back by
 * tear_down(). Its member of the name given is the struct unit.
 */
#define UNIT_MAIN_WITH(member, ...)						\
int main(void)									\
{										\
	static void (*const tests[])(struct fixture *f) = { __VA_ARGS__ };	\
	struct unit all = { 0 };						\
										\
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {		\
		struct fixture f = { .member = { 0 } };				\
										\
		if (!set_up(&f))						\
			return 1;						\
		tests[i](&f);							\
		tear_down(&f);							\
		all.failed += f.member.failed;					\
	}									\
	return unit_status(&all);						\
}

/* Likewise, where the member is named unit. */
#define UNIT_MAIN(...) UNIT_MAIN_WITH(unit, __VA_ARGS__)

#endif
