/* SPDX-License-Identifier: 0BSD */
/*
 * vga-mode40.c - 40 x 25: each dot is twice as wide.
 */
#include <vmm/vga.h>

#include "shared/vga-mode.h"

#define COLUMNS	40u
#define ROWS	25u

int main(void)
{
	static const struct vga_setting mode[] = {
		{ VGA_CRTC, 0x11, 0x0E }, { VGA_SEQUENCER, 0x01, 0x08 },
		{ VGA_CRTC, 0x00, 0x2D }, { VGA_CRTC, 0x01, COLUMNS - 1 },
		{ VGA_CRTC, 0x02, 0x28 }, { VGA_CRTC, 0x03, 0x90 },
		{ VGA_CRTC, 0x04, 0x2B }, { VGA_CRTC, 0x05, 0xA0 },
		{ VGA_CRTC, 0x13, COLUMNS / 2 }, { VGA_CRTC, 0x11, 0x8E },
	};

	vga_set(mode, sizeof(mode) / sizeof(mode[0]));
	vga_put_pattern(0, COLUMNS * ROWS);
	vga_put_text(COLUMNS + 2, " Forty columns ", VGA_ATTRIBUTE(VGA_WHITE, VGA_BLUE));
	return 0;
}
