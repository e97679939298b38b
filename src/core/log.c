/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log.c - messages to the user, see log.h. */
#include "core/log.h"

#include <stdarg.h>

static void put(const struct log *log, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void put(const struct log *log, const char *format, va_list args)
{
	FILE *stream = log_stream(log);

	/* Locked, so that lines of several threads do not mix. */
	flockfile(stream);
	fprintf(stream, "%s: ", log_program(log));
	vfprintf(stream, format, args);
	putc('\n', stream);
	fflush(stream);
	funlockfile(stream);
}

void log_error(const struct log *log, const char *format, ...)
{
	va_list args;

	if (log->level <= LOG_SILENT)
		return;
	va_start(args, format);
	put(log, format, args);
	va_end(args);
}

void log_notice(const struct log *log, const char *format, ...)
{
	va_list args;

	if (log->level < LOG_NORMAL)
		return;
	va_start(args, format);
	put(log, format, args);
	va_end(args);
}

void log_verbose(const struct log *log, const char *format, ...)
{
	va_list args;

	if (log->level < LOG_VERBOSE)
		return;
	va_start(args, format);
	put(log, format, args);
	va_end(args);
}

const char *log_program(const struct log *log)
{
	return log->program ? log->program : "vmm";
}

FILE *log_stream(const struct log *log)
{
	return log->stream ? log->stream : stderr;
}
