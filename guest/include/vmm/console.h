/* SPDX-License-Identifier: 0BSD */
/*
 * console.h - output on the debug console, port 0xE9: it appears on vmm's
 * standard output (or where --debugcon says).
 */
#ifndef VMM_CONSOLE_H
#define VMM_CONSOLE_H

#include <stddef.h>

void console_write(const char *text, size_t length);

/* See format.h for what it knows. Returns how many characters were printed. */
int console_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
