/* SPDX-License-Identifier: 0BSD */
/*
 * vga-mode50.c - 80 x 50, with a font of 8 rows that it loads.
 */
#include <vmm/vga.h>

#include "shared/vga-mode.h"

#define COLUMNS	80u
#define ROWS	50u

int main(void)
{
	static const struct vga_setting mode[] = { { VGA_CRTC, 0x09, 0x47 } };

	vga_make_font(VGA_GRAPHICS_WINDOW, 0, 8);
	vga_set(mode, sizeof(mode) / sizeof(mode[0]));
	vga_put_pattern(0, COLUMNS * ROWS);
	vga_put_text(COLUMNS * 49, " The fiftieth row ", VGA_ATTRIBUTE(VGA_WHITE, VGA_BLUE));
	return 0;
}
