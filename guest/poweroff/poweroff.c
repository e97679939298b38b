/* SPDX-License-Identifier: 0BSD */
/*
 * poweroff.c - switches the machine off, as ACPI does.
 */
#include <vmm/machine.h>

int main(void)
{
	machine_power_off();
}
