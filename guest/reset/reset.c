/* SPDX-License-Identifier: 0BSD */
/*
 * reset.c - asks the chipset for a reset.
 */
#include <vmm/machine.h>

int main(void)
{
	machine_reset();
}
