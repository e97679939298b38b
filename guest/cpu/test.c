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

#define MOST_DEVIATIONS 32		/* names of them */

static struct {
	const char *name;
	unsigned int count;
} deviations[MOST_DEVIATIONS];

static const char *deviation;		/* what is allowed to deviate now */

void test_lenient(const char *name)
{
	deviation = name;
}

/* Whether it is the first one of its name. */
static bool count_deviation(void)
{
	unsigned int i = 0;

	while (i < MOST_DEVIATIONS - 1 && deviations[i].name && deviations[i].name != deviation)
		i++;
	deviations[i].name = deviation;
	return ++deviations[i].count == 1;
}

bool expect(struct checks *checks, bool ok, const char *what, ...)
{
	char text[240];
	va_list arguments;

	if (ok)
		return check(checks, true, "%s", what);
	if (deviation && !count_deviation())
		return false;
	va_start(arguments, what);
	vformat_buffer(text, sizeof(text), what, arguments);
	va_end(arguments);
	if (!deviation)
		return check(checks, false, "%s", text);
	console_printf("DEVIATES: %s: %s\n", deviation, text);
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
	for (unsigned int i = 0; i < MOST_DEVIATIONS && deviations[i].name; i++)
		if (deviations[i].count > 1)
			console_printf("%u deviations: %s\n", deviations[i].count,
				       deviations[i].name);
	vga_text16(0, 0, line, checks->failed ? FAILED : PASSED);
	console_printf("%s\n", line);
	return checks->failed != 0;
}
