/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * font.h - code page 437, the characters of a VGA's text mode: their glyphs and
 * what they are in Unicode.
 */
#ifndef VMM_HOST_FONT_H
#define VMM_HOST_FONT_H

#include <stdint.h>

#define FONT_CHARACTERS 256u
#define FONT_HEIGHT 16u

/* A byte a row of 8 dots, the top row first, the most significant bit leftmost. */
extern const uint8_t font_glyphs[FONT_CHARACTERS][FONT_HEIGHT];

/* The code point that looks like the glyph; 0x00 is a second blank. */
extern const uint16_t font_unicode[FONT_CHARACTERS];

#endif
