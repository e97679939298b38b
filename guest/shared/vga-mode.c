/* SPDX-License-Identifier: 0BSD */
/*
 * vga-mode.c - text modes other than mode 3, see vga-mode.h.
 */
#include "shared/vga-mode.h"

#include <vmm/io.h>
#include <vmm/vga.h>

#define CHARACTERS	256u
#define GLYPH		32u	/* bytes, whatever the height */
#define ROM_HEIGHT	16u

#define ATTRIBUTE	0x3C0
#define STATUS_1	0x3DA
#define DAC_INDEX	0x3C8
#define DAC_DATA	0x3C9
#define VIDEO_ON	0x20

void vga_set(const struct vga_setting *settings, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		outw((uint16_t)(settings[i].value << 8 | settings[i].index), settings[i].port);
}

void vga_set_attribute(uint8_t index, uint8_t value)
{
	inb(STATUS_1);
	outb(index, ATTRIBUTE);
	outb(value, ATTRIBUTE);
	outb(VIDEO_ON, ATTRIBUTE);
}

void vga_set_color(uint8_t index, uint8_t red, uint8_t green, uint8_t blue)
{
	outb(index, DAC_INDEX);
	outb(red, DAC_DATA);
	outb(green, DAC_DATA);
	outb(blue, DAC_DATA);
}

/* Plane 2 alone. */
static void begin_fonts(enum vga_window window)
{
	const struct vga_setting settings[] = {
		{ VGA_SEQUENCER, 0x02, 0x04 }, { VGA_SEQUENCER, 0x04, 0x07 },
		{ VGA_GRAPHICS, 0x04, 0x02 }, { VGA_GRAPHICS, 0x05, 0x00 },
		{ VGA_GRAPHICS, 0x06, window == VGA_TEXT_WINDOW ? 0x0C : 0x04 },
	};

	vga_set(settings, sizeof(settings) / sizeof(settings[0]));
}

/* Planes 0 and 1 by turns, at 0xB8000. */
static void end_fonts(void)
{
	static const struct vga_setting settings[] = {
		{ VGA_SEQUENCER, 0x02, 0x03 }, { VGA_SEQUENCER, 0x04, 0x02 },
		{ VGA_GRAPHICS, 0x04, 0x00 }, { VGA_GRAPHICS, 0x05, 0x10 },
		{ VGA_GRAPHICS, 0x06, 0x0E },
	};

	vga_set(settings, sizeof(settings) / sizeof(settings[0]));
}

/* Where each font begins: 16 KiB apart, the second four between the first. */
static unsigned int font_start(unsigned int number)
{
	return (number & 3) * 0x4000 + (number >> 2) * 0x2000;
}

static void make_glyph(volatile uint8_t *to, const volatile uint8_t *from, unsigned int height)
{
	uint8_t rows[ROM_HEIGHT] = { 0 };

	for (unsigned int row = 0; row < ROM_HEIGHT; row++)
		rows[row * height / ROM_HEIGHT] |= from[row];
	for (unsigned int row = 0; row < ROM_HEIGHT; row++)
		to[row] = rows[row];
}

void vga_make_font(enum vga_window window, unsigned int to, unsigned int height)
{
	volatile uint8_t *planes = (volatile uint8_t *)window;

	begin_fonts(window);
	for (unsigned int character = 0; character < CHARACTERS; character++)
		make_glyph(planes + font_start(to) + character * GLYPH,
			   planes + character * GLYPH, height);
	end_fonts();
}

void vga_put_text(unsigned int cell, const char *text, uint8_t attribute)
{
	for (; *text; cell++)
		VGA_AT(uint16_t, cell * 2) = VGA_CELL(*text++, attribute);
}

void vga_put_pattern(unsigned int cell, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		VGA_AT(uint16_t, (cell + i) * 2) = VGA_CELL(i, i / 3);
}
