/* SPDX-License-Identifier: 0BSD */
/*
 * test.c - checks of what TRY has recorded, and the report, see test.h.
 */
#include "cpu/test.h"

#include <vmm/console.h>
#include <vmm/format.h>
#include <vmm/vga.h>

#define PASSED	VGA_ATTRIBUTE(VGA_BLACK, VGA_GREEN)
#define FAILED	VGA_ATTRIBUTE(VGA_WHITE, VGA_RED)

#define MOST_DEVIATIONS 8		/* that are told */

static bool deviations_allowed;
static unsigned int deviations;

void test_lenient(bool lenient)
{
	deviations_allowed = lenient;
}

bool expect(struct checks *checks, bool ok, const char *what, ...)
{
	char text[240];
	va_list arguments;

	if (ok)
		return check(checks, true, "%s", what);
	if (deviations_allowed && ++deviations > MOST_DEVIATIONS)
		return false;
	va_start(arguments, what);
	vformat_buffer(text, sizeof(text), what, arguments);
	va_end(arguments);
	if (!deviations_allowed)
		return check(checks, false, "%s", text);
	console_printf("DEVIATES: %s\n", text);
	return false;
}

bool expect_trap(struct checks *checks, unsigned int vector, uint32_t error, int offset,
		 const char *what)
{
	int at = (int)(trap.ip - trap.start);

	if (trap.vector == VECTOR_NONE)
		return expect(checks, false, "%s: expected vector %u, got no exception", what,
			     vector);
	return expect(checks, trap.vector == vector && trap.error == error &&
		     (at == offset || offset == ANYWHERE),
		     "%s: expected vector %u error %x at %d, got %u %x %d (%p)", what, vector,
		     error, offset, (unsigned int)trap.vector, (unsigned int)trap.error, at,
		     (void *)trap.cr2);
}

bool expect_page_fault(struct checks *checks, uint32_t error, uintptr_t address, int offset,
		       const char *what)
{
	return expect_trap(checks, VECTOR_PF, error, offset, what) &&
	       expect(checks, trap.cr2 == address, "%s: expected CR2 %p, got %p", what,
		     (void *)address, (void *)trap.cr2);
}

bool expect_done(struct checks *checks, const char *what)
{
	return expect(checks, trap.vector == VECTOR_NONE || trap.vector == USER_DONE,
		     "%s: expected no exception, got vector %u error %x at %d (%p)", what,
		     (unsigned int)trap.vector, (unsigned int)trap.error,
		     (int)(trap.ip - trap.start), (void *)trap.cr2);
}

bool expect_equal(struct checks *checks, uint64_t actual, uint64_t expected, const char *what)
{
	return expect(checks, actual == expected, "%s: expected %llx, got %llx", what,
		     (unsigned long long)expected, (unsigned long long)actual);
}

void test_skip(const char *what, const char *why)
{
	console_printf("SKIP: %s: %s\n", what, why);
}

int test_result(const struct checks *checks, const char *name)
{
	char line[VGA_COLUMNS + 1];

	format_buffer(line, sizeof(line), "%s: %u checks, %u failed", name, checks->done,
		      checks->failed);
	if (deviations > MOST_DEVIATIONS)
		console_printf("DEVIATES: %u in all\n", deviations);
	vga_text16(0, 0, line, checks->failed ? FAILED : PASSED);
	console_printf("%s\n", line);
	return checks->failed != 0;
}
