/* SPDX-License-Identifier: 0BSD */
/*
 * vga-loop.c - the test picture, and then nothing for ever: the user or a limit
 * ends the run.
 */
#include <vmm/io.h>

#include "shared/picture.h"

int main(void)
{
	picture_draw(&vga_painter);
	for (;;)
		cpu_relax();
}
