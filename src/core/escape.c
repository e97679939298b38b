/* SPDX-License-Identifier: GPL-3.0-or-later */
/* escape.c - escapes in texts, see escape.h. */
#include "core/escape.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

static int hex_digit(char character)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = character ? strchr(digits, tolower((unsigned char)character)) : NULL;

	return found ? (int)(found - digits) : -1;
}

int escape_hex(const char *text)
{
	int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

	return low < 0 ? -1 : high << 4 | low;
}

int escape_byte(const char **at)
{
	static const char names[] = "ntr0\\'", bytes[] = "\n\t\r\0\\'";
	const char *text = *at, *named;
	int hex;

	if (*text != '\\') {
		*at = text + 1;
		return (unsigned char)*text;
	}
	named = text[1] ? strchr(names, text[1]) : NULL;
	if (named) {
		*at = text + 2;
		return bytes[named - names];
	}
	hex = text[1] == 'x' ? escape_hex(text + 2) : -1;
	if (hex >= 0)
		*at = text + 4;
	return hex;
}
