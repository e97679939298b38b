/* SPDX-License-Identifier: 0BSD */
/*
 * vga.h - the text screen of a VGA: 80 x 25 cells at 0xB8000, each a character
 * of code page 437 and an attribute.
 *
 * The same screen can be written a byte, a word or a double word at a time; the
 * functions that end in 8, 16 and 32 do each of it. Columns and rows count
 * from 0 and must lie on the screen; a text that is too long for its row goes on
 * in the next one and is cut at the end of the screen.
 */
#ifndef VMM_VGA_H
#define VMM_VGA_H

#include <stdint.h>

#define VGA_COLUMNS	80u
#define VGA_ROWS	25u
#define VGA_CELLS	(VGA_COLUMNS * VGA_ROWS)
#define VGA_BYTES	(VGA_CELLS * 2)
#define VGA_TEXT_BASE	0xB8000ul

enum vga_color {
	VGA_BLACK, VGA_BLUE, VGA_GREEN, VGA_CYAN,
	VGA_RED, VGA_MAGENTA, VGA_BROWN, VGA_LIGHT_GREY,
	VGA_DARK_GREY, VGA_LIGHT_BLUE, VGA_LIGHT_GREEN, VGA_LIGHT_CYAN,
	VGA_LIGHT_RED, VGA_LIGHT_MAGENTA, VGA_YELLOW, VGA_WHITE,
};

#define VGA_ATTRIBUTE(foreground, background)	((uint8_t)((foreground) | (background) << 4))
#define VGA_CELL(character, attribute)	((uint16_t)((uint8_t)(character) | (attribute) << 8))

/*
 * The text memory at a byte offset, as an object of the type. A 16-bit guest
 * reaches the first 64 KiB only, so its crt0 lets GS point here.
 */
#if VMM_GUEST_BITS == 16
#define VGA_AT(type, offset)	(*(volatile type __seg_gs *)(offset))
#else
#define VGA_AT(type, offset)	(*(volatile type *)(VGA_TEXT_BASE + (offset)))
#endif

/* Where a cell lies in the text memory. */
static inline unsigned int vga_offset(unsigned int column, unsigned int row)
{
	return (row * VGA_COLUMNS + column) * 2;
}

/* One cell: as two bytes, as a word. */
static inline void vga_put8(unsigned int column, unsigned int row, char character,
			    uint8_t attribute)
{
	VGA_AT(uint8_t, vga_offset(column, row)) = (uint8_t)character;
	VGA_AT(uint8_t, vga_offset(column, row) + 1) = attribute;
}

static inline void vga_put16(unsigned int column, unsigned int row, uint16_t cell)
{
	VGA_AT(uint16_t, vga_offset(column, row)) = cell;
}

static inline uint16_t vga_get16(unsigned int column, unsigned int row)
{
	return VGA_AT(uint16_t, vga_offset(column, row));
}

/* A text: a byte, a cell, two cells at a time. */
void vga_text8(unsigned int column, unsigned int row, const char *text, uint8_t attribute);
void vga_text16(unsigned int column, unsigned int row, const char *text, uint8_t attribute);
void vga_text32(unsigned int column, unsigned int row, const char *text, uint8_t attribute);

/* The same cell, count times. */
void vga_fill(unsigned int column, unsigned int row, unsigned int count, uint16_t cell);

/* Blanks all over, with this attribute. */
void vga_clear(uint8_t attribute);

#endif
