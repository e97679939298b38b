/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * condition.h - a text that the guest is to show, and where: screen:'login:'.
 *
 *   CONDITION := SOURCE ":" ( "'" TEXT "'" | TEXT )
 *   SOURCE    := "screen" | "serial" | "serial2" | "debugcon"
 *
 * TEXT has the escapes of core/escape.h. On the screen it is UTF-8, and
 * stands within a row.
 */
#ifndef VMM_HOST_CONDITION_H
#define VMM_HOST_CONDITION_H

#include <stddef.h>

enum condition_source {
	SOURCE_SCREEN,
	SOURCE_SERIAL,		/* COM1 */
	SOURCE_SERIAL2,		/* COM2 */
	SOURCE_DEBUGCON,
	SOURCES,
};

struct condition {
	enum condition_source source;
	char *text;		/* size bytes and a NUL; the condition's own */
	size_t size;		/* not 0 */
};

extern const char *const source_names[SOURCES];

/*
 * Reads a condition from *at: up to the quote that closes it, else up to the
 * character end, or the text's; *at is then behind it. Returns NULL, or what is
 * wrong at *at.
 */
const char *condition_parse(struct condition *condition, const char **at, char end);

void condition_free(struct condition *condition);

#endif
