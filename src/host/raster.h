/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * raster.h - text cells to dots, as QEMU's VGA draws them.
 *
 * A cell is 8 dots wide, or 9: then the ninth column repeats the eighth for
 * the line-drawing characters 0xB0-0xDF, where the mode wants that, and is
 * background else; or 8 dots of double width. Attributes: low nibble the
 * foreground, high nibble the background, 16 of each, no blinking; bit 3
 * chooses the font, too. The cursor covers whole lines of its cell in the
 * foreground colour, and does not blink either.
 *
 * A dot is the number of its colour in the mode's palette: what shows the
 * picture makes of it what it needs.
 */
#ifndef VMM_HOST_RASTER_H
#define VMM_HOST_RASTER_H

#include <stddef.h>
#include <stdint.h>

#include "host/screen.h"

/*
 * One cell of the frame with the cursor where it is there. dots: its upper
 * left corner; pitch: from one row of dots to the next.
 */
void raster_cell(const struct screen_frame *frame, unsigned int cell, uint8_t *dots,
		 size_t pitch);

/* The whole picture, row by row: screen_frame_width() * screen_frame_height() dots. */
void raster_frame(const struct screen_frame *frame, uint8_t *dots);

#endif
