/* SPDX-License-Identifier: 0BSD */
/*
 * check.c - checks with a message and a count.
 */
#include <vmm/console.h>
#include <vmm/format.h>

#include "shared/check.h"

#define MOST_FAILURES 100

bool check(struct checks *checks, bool ok, const char *what, ...)
{
	va_list arguments;
	char text[240];

	checks->done++;
	if (ok)
		return true;
	checks->failed++;
	va_start(arguments, what);
	vformat_buffer(text, sizeof(text), what, arguments);
	va_end(arguments);
	console_printf("FAIL: %s\n", text);
	return false;
}

int checks_result(const struct checks *checks)
{
	console_printf("%u checks, %u failed\n", checks->done, checks->failed);
	return (int)(checks->failed < MOST_FAILURES ? checks->failed : MOST_FAILURES);
}
