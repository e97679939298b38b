/* SPDX-License-Identifier: GPL-3.0-or-later */
/* utf8.c - text made UTF-8, see utf8.h. */
#include "core/utf8.h"

#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"	/* U+FFFD */
#define REPLACEMENT_SIZE 3u

/*
 * The size of the character that text begins with, 0 where that is no UTF-8 (RFC 3629;
 * forms that are longer than need be, and surrogates, are none).
 */
static size_t character_size(const unsigned char *text)
{
	unsigned char first = text[0], low = 0x80, high = 0xBF;
	size_t size;

	if (first < 0x80)
		return 1;
	if (first < 0xC2 || first > 0xF4)
		return 0;
	size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
	if (first == 0xE0)
		low = 0xA0;
	else if (first == 0xED)
		high = 0x9F;
	else if (first == 0xF0)
		low = 0x90;
	else if (first == 0xF4)
		high = 0x8F;
	for (size_t i = 1; i < size; i++, low = 0x80, high = 0xBF)
		if (text[i] < low || text[i] > high)
			return 0;
	return size;
}

char *utf8_clean(const char *text, size_t *size)
{
	char *clean = malloc(strlen(text) * REPLACEMENT_SIZE + 1), *to = clean;

	if (!clean)
		return NULL;
	while (*text) {
		size_t character = character_size((const unsigned char *)text);

		memcpy(to, character ? text : REPLACEMENT, character ? character : REPLACEMENT_SIZE);
		to += character ? character : REPLACEMENT_SIZE;
		text += character ? character : 1;
	}
	*to = '\0';
	*size = (size_t)(to - clean);
	return clean;
}
