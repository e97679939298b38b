/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * escape.h - C's simple escapes in texts of the command line, so that a shell's
 * plain quotes can say "\n": \n \t \r \0 \\ \' and \xHH.
 */
#ifndef VMM_CORE_ESCAPE_H
#define VMM_CORE_ESCAPE_H

/*
 * The byte that *at begins with, which is not the end of the text; *at is moved
 * behind it. Returns -1 for an unknown escape, which *at stays at.
 */
int escape_byte(const char **at);

/* The value of two hexadecimal digits, or -1. */
int escape_hex(const char *text);

#endif
