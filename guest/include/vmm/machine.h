/* SPDX-License-Identifier: 0BSD */
/*
 * machine.h - how a guest ends its run (vmm-machine(7)).
 *
 * Each ending gives vmm another exit status: HLT with interrupts disabled and
 * power-off 0, the debug exit the status written, a reset 122. Returning from
 * main() is the usual way: 0 halts, anything else goes to the debug exit.
 */
#ifndef VMM_MACHINE_H
#define VMM_MACHINE_H

#define DEBUG_CONSOLE_PORT	0xE9
#define DEBUG_EXIT_PORT		0xF4
#define PM1A_CONTROL_PORT	0x604	/* ACPI 6.5, 4.8.3.2.1, where QEMU has it */
#define PM1A_SLEEP_ENABLE	(1 << 13)
#define RESET_CONTROL_PORT	0xCF9	/* Intel PIIX3, 3.2.3 */
#define RESET_HARD		0x02
#define RESET_NOW		0x04

#ifndef __ASSEMBLER__

#include <stdint.h>

#include <vmm/io.h>

/* HLT with interrupts disabled. */
static inline _Noreturn void machine_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt" : : : "memory");
}

/* The run ends with this status; more than 119 counts as 119. */
static inline _Noreturn void machine_exit(uint32_t status)
{
	outl(status, DEBUG_EXIT_PORT);
	machine_halt();
}

static inline _Noreturn void machine_power_off(void)
{
	outw(PM1A_SLEEP_ENABLE, PM1A_CONTROL_PORT);
	machine_halt();
}

static inline _Noreturn void machine_reset(void)
{
	outb(RESET_HARD, RESET_CONTROL_PORT);
	outb(RESET_HARD | RESET_NOW, RESET_CONTROL_PORT);
	machine_halt();
}

#endif
#endif
