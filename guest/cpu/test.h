/* SPDX-License-Identifier: 0BSD */
/*
 * test.h - checks of guests that test the processor: what TRY has recorded, and
 * the report.
 */
#ifndef GUEST_CPU_TEST_H
#define GUEST_CPU_TEST_H

#include "cpu/trap.h"
#include "shared/check.h"

#include <stddef.h>

#define ANYWHERE	(-1)

/*
 * The last TRY raised this exception with this error code, and the saved
 * instruction pointer lies offset bytes behind the beginning of its code.
 */
bool expect_trap(struct checks *checks, unsigned int vector, uint32_t error, int offset,
		 const char *what);

/* The same for a page fault, and the address in CR2. */
bool expect_page_fault(struct checks *checks, uint32_t error, uintptr_t address, int offset,
		       const char *what);

/* The last TRY or TRY_USER got through. */
bool expect_done(struct checks *checks, const char *what);

bool expect_equal(struct checks *checks, uint64_t actual, uint64_t expected, const char *what);

/*
 * Checks a whole statement: each instruction is its own description. AT: the
 * saved instruction pointer, behind the beginning of the code.
 */
#define FAULT_AT(vector, error, at, code)				\
	do {								\
		TRY(code, : : TEST_CLOBBERS);				\
		expect_trap(checks, vector, error, at, code);		\
	} while (0)
#define FAULT(vector, error, code)	FAULT_AT(vector, error, 0, code)
#define USER_FAULT(vector, error, code)					\
	do {								\
		TRY_USER(code, : : TEST_CLOBBERS);			\
		expect_trap(checks, vector, error, 0, "ring 3: " code);	\
	} while (0)
#define WORKS(code)							\
	do {								\
		TRY(code, : : TEST_CLOBBERS);				\
		expect_done(checks, code);				\
	} while (0)
#define USER_WORKS(code)						\
	do {								\
		TRY_USER(code, : : TEST_CLOBBERS);			\
		expect_done(checks, "ring 3: " code);			\
	} while (0)
#define TEST_CLOBBERS "eax", "ecx", "edx", "ebx", "esi", "edi", "memory", "cc"

/*
 * For what some processors (QEMU's TCG, say) are known to leave out: until the next
 * call, what is not as it should be is told under this name, but does not count as
 * failed. Which names may come up on which engine is in the test suite
 * (vmm.cpu/guests.exp): on vmm's own emulator none. NULL: all counts again.
 */
void test_lenient(const char *name);

/* Checks of a guest's own: as check(), and heeds test_lenient(). */
bool expect(struct checks *checks, bool ok, const char *what, ...)
	__attribute__((format(printf, 3, 4)));

/* Says that something is not tested, and why. */
void test_skip(const char *what, const char *why);

/*
 * The sum, on the console and the screen. For main() to return: 0, or 1 where a
 * check has failed.
 */
int test_result(const struct checks *checks, const char *name);

#endif
