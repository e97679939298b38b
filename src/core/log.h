/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log.h - what the user is told on standard error.
 *
 * Every line begins with the program's name, "vmm: ". There is no global log: main() makes one
 * and everything that can fail is given a pointer to it. A function that is
 * given a log and returns a negative errno has already told the user why.
 */
#ifndef VMM_CORE_LOG_H
#define VMM_CORE_LOG_H

#include <stdio.h>

enum log_level {
	LOG_SILENT = -2,	/* nothing, for what is only tried */
	LOG_QUIET = -1,		/* -q: errors only */
	LOG_NORMAL = 0,
	LOG_VERBOSE = 1,	/* -v: explains choices, shows stray accesses */
};

struct log {
	FILE *stream;
	enum log_level level;
	const char *program;	/* in front of each line; NULL: vmm */
};

/* Always shown, unless silent: vmm could not do what it was asked to. */
void log_error(const struct log *log, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Shown unless -q: the run goes on, or ended in a way worth a line. */
void log_notice(const struct log *log, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Shown with -v. */
void log_verbose(const struct log *log, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The program's name. */
const char *log_program(const struct log *log);

/*
 * The stream for reports of several lines that carry no "vmm: " (the crash
 * report, differences from an expectation). Never NULL.
 */
FILE *log_stream(const struct log *log);

#endif
