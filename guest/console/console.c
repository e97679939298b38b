/* SPDX-License-Identifier: 0BSD */
/*
 * console.c - every way to print, and every byte value: by single OUTs, by
 * string I/O, by hypercall.
 */
#include <stddef.h>
#include <stdint.h>

#include <vmm/console.h>
#include <vmm/io.h>
#include <vmm/machine.h>
#include <vmm/pv.h>

static void print_bytewise(const char *text)
{
	while (*text)
		outb((uint8_t)*text++, DEBUG_CONSOLE_PORT);
}

int main(void)
{
	static const char by_string[] = "rep outsb\n";
	uint8_t all[256];

	print_bytewise("outb\n");
	outsb(DEBUG_CONSOLE_PORT, by_string, sizeof(by_string) - 1);
	console_printf("printf %d %05u %-4x| %s %c %lld %%\n", -7, 42u, 0xBEEFu, "text", 'c',
		       -1234567890123456789LL);
	pv_printf("hypercall %d\n", 1);
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	console_write((const char *)all, sizeof(all));
	return inb(DEBUG_CONSOLE_PORT) == DEBUG_CONSOLE_PORT ? 0 : 1;
}
