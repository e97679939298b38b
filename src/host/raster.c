/* SPDX-License-Identifier: GPL-3.0-or-later */
/* raster.c - text cells to dots, see raster.h. */
#include "host/raster.h"

#include <stdbool.h>

#include "host/font.h"

static bool cursor_covers(const struct screen_cursor *cursor, unsigned int cell, unsigned int row)
{
	return cursor->enabled && cursor->cell == cell && row >= cursor->first_line &&
	       row <= cursor->last_line;
}

/* A row of 8 dots, the leftmost one in bit 7. */
static uint8_t glyph_row(const struct screen_frame *frame, unsigned int font, uint8_t character,
			 unsigned int row)
{
	if (frame->font_version)
		return frame->glyphs[font][character][row];
	return row < FONT_HEIGHT ? font_glyphs[character][row] : 0;
}

/* The dots of a row of a cell, the leftmost one in the highest bit of the cell's width. */
static unsigned int cell_row(const struct screen_frame *frame, unsigned int cell, unsigned int row)
{
	const struct screen_mode *mode = &frame->mode;
	uint8_t character = frame->cells[cell * 2];
	unsigned int font = frame->cells[cell * 2 + 1] >> 3 & 1, doubled = 0;
	unsigned int bits = glyph_row(frame, font, character, row);

	if (cursor_covers(&frame->cursor, cell, row))
		return ~0u;
	if (mode->cell_width == 9) {
		/* Line-drawing characters have to meet their neighbours across the ninth dot. */
		if (mode->line_graphics && character >= 0xB0 && character <= 0xDF)
			return bits << 1 | (bits & 1);
		return bits << 1;
	}
	if (mode->cell_width == 8)
		return bits;
	for (unsigned int x = 0; x < 8; x++)
		doubled |= (bits >> x & 1) * 3 << x * 2;
	return doubled;
}

void raster_cell(const struct screen_frame *frame, unsigned int cell, uint8_t *dots,
		 size_t pitch)
{
	uint8_t attribute = frame->cells[cell * 2 + 1];
	uint8_t foreground = attribute & 0xF, background = attribute >> 4;
	unsigned int width = frame->mode.cell_width;

	for (unsigned int row = 0; row < frame->mode.cell_height; row++, dots += pitch) {
		unsigned int bits = cell_row(frame, cell, row);

		for (unsigned int x = 0; x < width; x++)
			dots[x] = bits >> (width - 1 - x) & 1 ? foreground : background;
	}
}

void raster_frame(const struct screen_frame *frame, uint8_t *dots)
{
	const struct screen_mode *mode = &frame->mode;
	size_t pitch = screen_frame_width(frame);

	for (unsigned int cell = 0; cell < screen_frame_cells(frame); cell++) {
		unsigned int row = cell / mode->columns, column = cell % mode->columns;

		raster_cell(frame, cell,
			    dots + row * mode->cell_height * pitch + column * mode->cell_width,
			    pitch);
	}
}
