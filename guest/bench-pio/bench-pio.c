/* SPDX-License-Identifier: 0BSD */
/*
 * bench-pio.c - 100,000 exits for port I/O: reads of the debug console's port,
 * which has the simplest device behind it (QEMU's isa-debugcon answers alike).
 */
#include <vmm/io.h>
#include <vmm/machine.h>

#define READS 100000u

int main(void)
{
	for (uint32_t i = 0; i < READS; i++)
		inb(DEBUG_CONSOLE_PORT);
	return 0;
}
