/* SPDX-License-Identifier: 0BSD */
/*
 * vga-emul.c - the test picture through the emulated VGA.
 */
#include "shared/picture.h"

int main(void)
{
	picture_draw(&vga_painter);
	return 0;
}
