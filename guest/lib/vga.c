/* SPDX-License-Identifier: 0BSD */
/*
 * vga.c - texts on the screen, in accesses of 8, 16 and 32 bits.
 */
#include <vmm/vga.h>

void vga_text8(unsigned int column, unsigned int row, const char *text, uint8_t attribute)
{
	for (unsigned int at = vga_offset(column, row); at < VGA_BYTES && *text; at += 2) {
		VGA_AT(uint8_t, at) = (uint8_t)*text++;
		VGA_AT(uint8_t, at + 1) = attribute;
	}
}

void vga_text16(unsigned int column, unsigned int row, const char *text, uint8_t attribute)
{
	for (unsigned int at = vga_offset(column, row); at < VGA_BYTES && *text; at += 2)
		VGA_AT(uint16_t, at) = VGA_CELL(*text++, attribute);
}

void vga_text32(unsigned int column, unsigned int row, const char *text, uint8_t attribute)
{
	unsigned int at = vga_offset(column, row);

	for (; at + 2 < VGA_BYTES && text[0] && text[1]; at += 4, text += 2) {
		VGA_AT(uint32_t, at) = VGA_CELL(text[0], attribute) |
				       (uint32_t)VGA_CELL(text[1], attribute) << 16;
	}
	if (at < VGA_BYTES && *text)
		VGA_AT(uint16_t, at) = VGA_CELL(*text, attribute);
}

void vga_fill(unsigned int column, unsigned int row, unsigned int count, uint16_t cell)
{
	unsigned int at = vga_offset(column, row);

	for (; count && at < VGA_BYTES; count--, at += 2)
		VGA_AT(uint16_t, at) = cell;
}

void vga_clear(uint8_t attribute)
{
	vga_fill(0, 0, VGA_CELLS, VGA_CELL(' ', attribute));
}
