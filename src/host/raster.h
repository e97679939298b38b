/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * raster.h - text cells to dots, as QEMU's VGA draws text mode 3.
 *
 * 9 x 16 dots a cell; the ninth column repeats the eighth for the line-drawing
 * characters 0xB0-0xDF and is background else. Attributes: low nibble the
 * foreground, high nibble the background, 16 of each, no blinking. The cursor
 * covers whole lines of its cell, all 9 dots, in the foreground colour, and
 * does not blink either.
 *
 * A dot is the number of its colour in raster_palette: what shows the picture
 * makes of it what it needs.
 */
#ifndef VMM_HOST_RASTER_H
#define VMM_HOST_RASTER_H

#include <stddef.h>
#include <stdint.h>

#include "host/screen.h"

#define RASTER_COLORS 16u
#define RASTER_DOTS (SCREEN_WIDTH * SCREEN_HEIGHT)

struct raster_color {
	uint8_t red, green, blue;
};

/* The 16 colours of text mode 3. */
extern const struct raster_color raster_palette[RASTER_COLORS];

/*
 * One cell of the frame (0 to SCREEN_CELLS - 1) with the cursor where it is
 * there. dots: its upper left corner; pitch: from one row of dots to the next.
 */
void raster_cell(const struct screen_frame *frame, unsigned int cell, uint8_t *dots,
		 size_t pitch);

/* The whole picture: RASTER_DOTS dots, row by row. */
void raster_frame(const struct screen_frame *frame, uint8_t *dots);

#endif
