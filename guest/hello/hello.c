/* SPDX-License-Identifier: 0BSD */
/*
 * hello.c - a greeting on the screen and on the console.
 */
#include <vmm/console.h>
#include <vmm/vga.h>

int main(void)
{
	vga_clear(VGA_ATTRIBUTE(VGA_LIGHT_GREY, VGA_BLUE));
	vga_text16(33, 12, "Hello, world!", VGA_ATTRIBUTE(VGA_YELLOW, VGA_BLUE));
	console_printf("Hello, world!\n");
	return 0;
}
