/* SPDX-License-Identifier: 0BSD */
/*
 * vga-cursor.c - a cursor that is a block in the upper half of its cell, in 80 x
 * 50: behind a prompt. The font is loaded through the text's addresses.
 */
#include <vmm/vga.h>

#include "shared/vga-mode.h"

#define CELL	(30 * 80 + 4)

int main(void)
{
	static const struct vga_setting mode[] = {
		{ VGA_CRTC, 0x09, 0x47 },
		{ VGA_CRTC, 0x0A, 1 }, { VGA_CRTC, 0x0B, 4 },
		{ VGA_CRTC, 0x0E, CELL >> 8 }, { VGA_CRTC, 0x0F, CELL & 0xFF },
	};

	vga_make_font(VGA_TEXT_WINDOW, 0, 8);
	vga_set(mode, sizeof(mode) / sizeof(mode[0]));
	vga_put_text(CELL - 4, "A:\\>", VGA_ATTRIBUTE(VGA_YELLOW, VGA_BLACK));
	vga_put_text(CELL, " ", VGA_ATTRIBUTE(VGA_LIGHT_GREEN, VGA_BLACK));
	return 0;
}
