/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * platform.h - where the chips of the machine are: the one place for numbers that
 * the wiring and the tables for kernels (ACPI, MP) both have. For dsdt.asl too, so
 * that they have no suffixes.
 */
#ifndef VMM_DEV_PLATFORM_H
#define VMM_DEV_PLATFORM_H

/* Ports. */
#define DMA1_PORT		0x00
#define DMA_PAGE_PORT		0x80
#define DMA2_PORT		0xC0
#define PIC1_PORT		0x20
#define PIC2_PORT		0xA0
#define PIC_PORTS		2
#define PIC_ELCR_PORT		0x4D0
#define PIT_PORT		0x40
#define PIT_PORTS		4
#define PORT_B_PORT		0x61
#define PORT_A_PORT		0x92
#define KEYBOARD_DATA_PORT	0x60
#define KEYBOARD_STATUS_PORT	0x64
#define RTC_PORT		0x70
#define RTC_PORTS		2
#define RTC_CENTURY		0x32	/* the byte of its memory */
#define COM1_PORT		0x3F8
#define COM2_PORT		0x2F8
#define COM_PORTS		8
#define FWCFG_PORT		0x510
#define FWCFG_DMA_PORT		0x514
#define PM1A_EVENT_PORT		0x600
#define PM1A_EVENT_PORTS	4
#define PM1A_CONTROL_PORT	0x604
#define PM1A_CONTROL_PORTS	2
#define PM_TIMER_PORT		0x608
#define PM_TIMER_PORTS		4
#define RESET_CONTROL_PORT	0xCF9
#define PCI_CONFIG_PORT		0xCF8
#define PCI_CONFIG_PORTS	8

/* The value of the reset control register that resets the machine. */
#define RESET_CONTROL_VALUE	0x06

/* The sleep type of soft-off (S5), as QEMU has it. */
#define PM_SLEEP_TYPE_OFF	0

/* Interrupt lines: ISA's. */
#define ISA_LINES		16
#define TIMER_LINE		0
#define KEYBOARD_LINE		1
#define CASCADE_LINE		2
#define COM2_LINE		3
#define COM1_LINE		4
#define RTC_LINE		8
#define SCI_LINE		9
#define PCI_LINE_A		10
#define PCI_LINE_B		11
#define MOUSE_LINE		12
#define ATA_LINE		14

/*
 * The I/O APIC has each line at the input of the same number, but for the timer's:
 * that is at input 2, as 0 has the 8259s' output.
 */
#define IOAPIC_INPUTS		24
#define IOAPIC_EXTINT_INPUT	0
#define IOAPIC_TIMER_INPUT	2

/* Lines that are level triggered, as bits: SCI and PCI's. */
#define LEVEL_LINES		0x0E00

/* Memory. */
#define IOAPIC_ADDRESS		0xFEC00000
#define LAPIC_ADDRESS		0xFEE00000
#define APIC_SIZE		0x1000

/* What PCI devices may be given. */
#define PCI_MEMORY_BASE		0xC0000000
#define PCI_MEMORY_END		0xFEBFFFFF
#define PCI_MEMORY_SIZE		0x3EC00000

/* APIC IDs: the processors' from 0 on, then the I/O APIC's. */
#define PROCESSORS		1
#define IOAPIC_ID		1

/* Where the tables lie in guest memory: below 1 MiB, where kernels look for them. */
#define TABLES_ADDRESS		0xF0000
#define TABLES_SIZE		0x8000

#endif
