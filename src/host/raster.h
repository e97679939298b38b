/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * raster.h - text cells to pixels, as QEMU's VGA draws text mode 3.
 *
 * 9 x 16 dots a cell; the ninth column repeats the eighth for the line-drawing
 * characters 0xB0-0xDF and is background else. Attributes: low nibble the
 * foreground, high nibble the background, 16 of each, no blinking.
 */
#ifndef VMM_HOST_RASTER_H
#define VMM_HOST_RASTER_H

#include <stdint.h>

#include "host/screen.h"

struct raster_color {
	uint8_t red, green, blue;
};

/* The 16 colours of text mode 3. */
extern const struct raster_color raster_palette[16];

/* 256 characters of 16 rows, the most significant bit leftmost (code page 437). */
extern const uint8_t raster_font[256][SCREEN_CELL_HEIGHT];

/*
 * The palette index (0-15) of each dot of one row of dots of a cell.
 * row: 0 to 15. cursor: whether the cursor covers this row.
 */
void raster_cell_row(uint8_t character, uint8_t attribute, unsigned int row,
		     int cursor, uint8_t dots[SCREEN_CELL_WIDTH]);

/* The whole picture: SCREEN_WIDTH * SCREEN_HEIGHT * 3 bytes, red green blue. */
void raster_frame(const struct screen_frame *frame, uint8_t *rgb);

#endif
