/* SPDX-License-Identifier: 0BSD */
/*
 * hello.c - a first guest of one's own: see README.
 */
#include <vmm/console.h>
#include <vmm/vga.h>

int main(void)
{
	vga_clear(VGA_ATTRIBUTE(VGA_WHITE, VGA_BLUE));
	vga_text16(29, 11, "Hello from my own guest", VGA_ATTRIBUTE(VGA_YELLOW, VGA_BLUE));
	console_printf("The answer is %d.\n", 6 * 7);
	return 0;
}
