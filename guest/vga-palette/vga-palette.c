/* SPDX-License-Identifier: 0BSD */
/*
 * vga-palette.c - colours of its own: other ones of the DAC, those changed, and
 * a page of 16 of them; line graphics without their ninth dot.
 */
#include <vmm/vga.h>

#include "shared/vga-mode.h"

#define COLORS	16u
#define PAGE	0x0Au

int main(void)
{
	for (unsigned int i = 0; i < COLORS; i++) {
		vga_set_attribute((uint8_t)i, (uint8_t)(0x30 | (COLORS - 1 - i)));
		vga_set_color((uint8_t)(PAGE << 4 | i), (uint8_t)(i * 4), (uint8_t)(63 - i * 3),
			      (uint8_t)(i * i / 4));
	}
	vga_set_attribute(0x14, PAGE);
	/* Bits 4 and 5 of the palette registers do not count. Blinking, where it is drawn. */
	vga_set_attribute(0x10, 0x88);
	vga_put_pattern(0, VGA_CELLS);
	return 0;
}
