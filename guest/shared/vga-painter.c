/* SPDX-License-Identifier: 0BSD */
/*
 * vga-painter.c - paints through the VGA's text memory.
 */
#include <vmm/vga.h>

#include "shared/picture.h"

const struct painter vga_painter = {
	.clear = vga_clear,
	.cell = vga_put16,
	.text = { vga_text8, vga_text16, vga_text32 },
};
