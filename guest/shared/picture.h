/* SPDX-License-Identifier: 0BSD */
/*
 * picture.h - the test picture of the text screen: all 256 characters, all 256
 * attributes, and texts. It is the same whichever way a painter takes to the
 * screen.
 */
#ifndef GUEST_SHARED_PICTURE_H
#define GUEST_SHARED_PICTURE_H

#include <stdint.h>

#define PICTURE_WAYS 3

typedef void picture_text_fn(unsigned int column, unsigned int row, const char *text,
			     uint8_t attribute);

struct painter {
	void (*clear)(uint8_t attribute);
	void (*cell)(unsigned int column, unsigned int row, uint16_t cell);
	/* Several ways to write a text, each used for one of the picture's. */
	picture_text_fn *text[PICTURE_WAYS];
};

void picture_draw(const struct painter *painter);

/* Through the VGA's text memory, with accesses of 8, 16 and 32 bits. */
extern const struct painter vga_painter;

#endif
