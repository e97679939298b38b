/* SPDX-License-Identifier: GPL-3.0-or-later */
/* raster.c - text cells to dots, see raster.h. */
#include "host/raster.h"

#include <stdbool.h>

#include "host/font.h"

/* Bits of a row of a cell: 9, the leftmost dot in the highest one. */
#define ROW_LEFTMOST (1u << (SCREEN_CELL_WIDTH - 1))
#define ROW_ALL ((1u << SCREEN_CELL_WIDTH) - 1)

const struct raster_color raster_palette[RASTER_COLORS] = {
	{   0,   0,   0 }, {   0,   0, 168 }, {   0, 168,   0 }, {   0, 168, 168 },
	{ 168,   0,   0 }, { 168,   0, 168 }, { 168,  87,   0 }, { 168, 168, 168 },
	{  87,  87,  87 }, {  87,  87, 255 }, {  87, 255,  87 }, {  87, 255, 255 },
	{ 255,  87,  87 }, { 255,  87, 255 }, { 255, 255,  87 }, { 255, 255, 255 },
};

static bool cursor_covers(const struct screen_cursor *cursor, unsigned int cell, unsigned int row)
{
	return cursor->enabled && cursor->cell == cell && row >= cursor->first_line &&
	       row <= cursor->last_line;
}

/* Line-drawing characters have to meet their neighbours across the ninth dot. */
static unsigned int glyph_row(uint8_t character, unsigned int row)
{
	unsigned int bits = (unsigned int)font_glyphs[character][row] << 1;

	if (character >= 0xB0 && character <= 0xDF)
		bits |= bits >> 1 & 1;
	return bits;
}

void raster_cell(const struct screen_frame *frame, unsigned int cell, uint8_t *dots,
		 size_t pitch)
{
	uint8_t character = frame->cells[cell * 2];
	uint8_t attribute = frame->cells[cell * 2 + 1];
	uint8_t foreground = attribute & 0xF, background = attribute >> 4;

	for (unsigned int row = 0; row < SCREEN_CELL_HEIGHT; row++, dots += pitch) {
		unsigned int bits = glyph_row(character, row);

		if (cursor_covers(&frame->cursor, cell, row))
			bits = ROW_ALL;
		for (unsigned int x = 0; x < SCREEN_CELL_WIDTH; x++)
			dots[x] = bits & ROW_LEFTMOST >> x ? foreground : background;
	}
}

void raster_frame(const struct screen_frame *frame, uint8_t *dots)
{
	for (unsigned int cell = 0; cell < SCREEN_CELLS; cell++) {
		unsigned int row = cell / SCREEN_COLUMNS, column = cell % SCREEN_COLUMNS;

		raster_cell(frame, cell,
			    dots + row * SCREEN_CELL_HEIGHT * SCREEN_WIDTH +
				    column * SCREEN_CELL_WIDTH,
			    SCREEN_WIDTH);
	}
}
