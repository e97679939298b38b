/* SPDX-License-Identifier: 0BSD */
/*
 * format.h - printf's formatting, to wherever the caller wants.
 *
 * Known are %c %s %d %i %u %x %X %p %%, the flags '-' and '0', a field width
 * (a number or '*'), a precision for %s, and the lengths l, ll and z. Anything
 * else is printed as it stands.
 */
#ifndef VMM_FORMAT_H
#define VMM_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Takes the result piece by piece. To be embedded where it needs state. */
struct format_sink {
	void (*write)(struct format_sink *sink, const char *text, size_t length);
};

/* Returns how many characters went to the sink. */
int vformat(struct format_sink *sink, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/*
 * Into a buffer of size bytes (not 0), always terminated, cut where it is too
 * small. Returns the length that all of it has, as snprintf() does.
 */
int format_buffer(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int vformat_buffer(char *buffer, size_t size, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

#endif
