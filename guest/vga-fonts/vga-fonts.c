/* SPDX-License-Identifier: 0BSD */
/*
 * vga-fonts.c - 80 x 28 with two fonts at once: of 14 rows, and of 7 for
 * attributes with bit 3; cells are 8 dots wide.
 */
#include <vmm/vga.h>

#include "shared/vga-mode.h"

#define COLUMNS	80u
#define ROWS	28u
#define LINES	(ROWS * 14)

int main(void)
{
	static const struct vga_setting mode[] = {
		{ VGA_CRTC, 0x09, 0x4D }, { VGA_CRTC, 0x12, (LINES - 1) & 0xFF },
		{ VGA_SEQUENCER, 0x01, 0x01 },
		/* Font 1 for bit 3 clear, font 6 where it is set. */
		{ VGA_SEQUENCER, 0x03, 0x01 | 0x08 | 0x20 },
	};

	vga_make_font(VGA_GRAPHICS_WINDOW, 1, 14);
	vga_make_font(VGA_GRAPHICS_WINDOW, 6, 7);
	vga_set(mode, sizeof(mode) / sizeof(mode[0]));
	vga_put_pattern(0, COLUMNS * ROWS);
	vga_put_text(COLUMNS, " Font one ", VGA_ATTRIBUTE(VGA_LIGHT_GREY, VGA_BLUE));
	vga_put_text(COLUMNS * 2, " Font six ", VGA_ATTRIBUTE(VGA_WHITE, VGA_BLUE));
	return 0;
}
