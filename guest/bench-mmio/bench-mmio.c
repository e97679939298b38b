/* SPDX-License-Identifier: 0BSD */
/*
 * bench-mmio.c - 100,000 exits for memory-mapped I/O: reads at the start of the
 * VGA's graphics window, where nothing is in text mode.
 */
#include <stdint.h>

#define READS 100000u
#define ADDRESS 0xA0000ul

int main(void)
{
	for (uint32_t i = 0; i < READS; i++)
		*(const volatile uint32_t *)ADDRESS;
	return 0;
}
