/* SPDX-License-Identifier: 0BSD */
/*
 * kernel.h - what the kernels for boot loaders share: the state at the entry, as
 * start-32.S and start-64.S save it, and the reports of what was handed over.
 */
#ifndef GUEST_KERNEL_KERNEL_H
#define GUEST_KERNEL_KERNEL_H

/* Offsets into struct entry, for the assembler. */
#define ENTRY_AX	0
#define ENTRY_BX	8
#define ENTRY_FLAGS	16
#define ENTRY_CR0	24
#define ENTRY_CR4	32
#define ENTRY_EFER	40
#define ENTRY_SEGMENTS	48
#define ENTRY_SIZE	72

#define PROBE		0x5A17B007	/* what each segment must show at the same place */

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stdint.h>

struct entry {
	uint64_t ax, bx, flags;
	uint64_t cr0, cr4;
	uint64_t efer;			/* 0 where the kernel has 32 bits */
	uint32_t segments[6];		/* the probe through DS, ES, FS, GS, SS; 0 */
};

/* How far the kernel is from where it was linked. */
extern uint32_t slide;

/* A pointer to a physical address: a relocated kernel's segments begin at its slide. */
static inline const void *at(uint64_t physical)
{
	return (const void *)(uintptr_t)(physical - slide);
}

/* The sections of an ELF kernel, from its section headers in memory. */
void report_sections(uint32_t count, uint32_t entry_size, uint32_t names, const void *headers);

/* A module's length, and a checksum of its bytes. */
void report_module(uint32_t start, uint32_t end, const char *string);

/* What has been handed over by either version. Return the command line, or "". */
const char *report_multiboot(uint32_t info);
const char *report_multiboot2(uint32_t info);

/* Never returns. */
_Noreturn void panic(void);

/* Of the kernel, from its start code. */
void kernel_main(const struct entry *entry);

#endif
#endif
