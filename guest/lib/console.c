/* SPDX-License-Identifier: 0BSD */
/*
 * console.c - the debug console: a port that takes characters.
 */
#include <vmm/console.h>
#include <vmm/format.h>
#include <vmm/io.h>
#include <vmm/machine.h>

void console_write(const char *text, size_t length)
{
	outsb(DEBUG_CONSOLE_PORT, text, length);
}

static void console_piece(struct format_sink *sink, const char *text, size_t length)
{
	(void)sink;
	console_write(text, length);
}

int console_printf(const char *format, ...)
{
	struct format_sink sink = { console_piece };
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vformat(&sink, format, arguments);
	va_end(arguments);
	return length;
}
