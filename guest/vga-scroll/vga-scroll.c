/* SPDX-License-Identifier: 0BSD */
/*
 * vga-scroll.c - a screen of 25 rows in a text of 100 columns: it begins in the
 * middle, and its last five rows are the beginning of the text memory.
 */
#include <vmm/vga.h>

#include "shared/vga-mode.h"

#define PITCH	100u
#define ROWS	60u
#define START	(12 * PITCH + 7)
#define SPLIT	20u	/* rows above it */

int main(void)
{
	static const struct vga_setting mode[] = {
		{ VGA_CRTC, 0x11, 0x0E }, { VGA_CRTC, 0x13, PITCH / 2 },
		{ VGA_CRTC, 0x0C, START >> 8 }, { VGA_CRTC, 0x0D, START & 0xFF },
		{ VGA_CRTC, 0x18, (SPLIT * 16 - 1) & 0xFF }, { VGA_CRTC, 0x09, 0x0F },
		{ VGA_CRTC, 0x07, 0x0F | (SPLIT * 16 - 1) >> 8 << 4 },
		{ VGA_CRTC, 0x11, 0x8E },
	};

	vga_put_pattern(0, PITCH * ROWS);
	vga_put_text(0, " The first row ", VGA_ATTRIBUTE(VGA_WHITE, VGA_BLUE));
	vga_put_text(START, " The start ", VGA_ATTRIBUTE(VGA_WHITE, VGA_RED));
	vga_set(mode, sizeof(mode) / sizeof(mode[0]));
	return 0;
}
