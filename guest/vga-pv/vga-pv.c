/* SPDX-License-Identifier: 0BSD */
/*
 * vga-pv.c - the test picture through the paravirtual screen: by cells and by
 * runs of cells.
 */
#include <vmm/pv.h>
#include <vmm/vga.h>

#include "shared/picture.h"

static void put_cell(unsigned int column, unsigned int row, uint16_t cell)
{
	pv_screen_put(column, row, cell);
}

static void clear(uint8_t attribute)
{
	static uint16_t blanks[VGA_CELLS];

	for (unsigned int i = 0; i < VGA_CELLS; i++)
		blanks[i] = VGA_CELL(' ', attribute);
	pv_screen_write(0, 0, blanks, VGA_CELLS);
}

static void text_by_cells(unsigned int column, unsigned int row, const char *text,
			  uint8_t attribute)
{
	while (*text)
		put_cell(column++, row, VGA_CELL(*text++, attribute));
}

static void text_by_run(unsigned int column, unsigned int row, const char *text,
			uint8_t attribute)
{
	uint16_t cells[VGA_COLUMNS];
	unsigned int count = 0;

	for (; text[count] && count < VGA_COLUMNS; count++)
		cells[count] = VGA_CELL(text[count], attribute);
	pv_screen_write(column, row, cells, count);
}

int main(void)
{
	static const struct painter pv_painter = {
		.clear = clear,
		.cell = put_cell,
		.text = { text_by_cells, text_by_run, text_by_run },
	};

	picture_draw(&pv_painter);
	return 0;
}
