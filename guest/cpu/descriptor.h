/* SPDX-License-Identifier: 0BSD */
/*
 * descriptor.h - segment descriptors, gates and task state segments (Intel SDM
 * vol. 3, 3.4.5, 5.8.3, 6.11, 7.2), and the selectors of the harness's GDT. For
 * the assembler too.
 */
#ifndef GUEST_CPU_DESCRIPTOR_H
#define GUEST_CPU_DESCRIPTOR_H

/*
 * The order is the one that SYSRET and SYSEXIT want: SYSRET's base is 0x18, and
 * SYSEXIT's (from SYSENTER's CS, 0x08) finds 0x18 and 0x20, in 64-bit mode 0x28
 * and 0x30.
 */
#define KERNEL_CS	0x08
#define KERNEL_DS	0x10
#define USER_CS32	(0x18 | 3)
#define USER_DS		(0x20 | 3)
#define USER_CS64	(0x28 | 3)
#define USER_DS64	(0x30 | 3)
#define TASK_SELECTOR	0x38		/* 16 bytes in 64-bit guests */
#define SPARE		0x48		/* the first of those that are the guest's */
#define SPARES		32

#if defined(VMM_GUEST_BITS) && VMM_GUEST_BITS == 64
#define USER_CS		USER_CS64
#else
#define USER_CS		USER_CS32
#endif

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

/* The access byte (3.4.5.1, 3.5). */
enum access_byte {
	ACCESS_ACCESSED = 0x01,
	ACCESS_WRITABLE = 0x02,		/* data */
	ACCESS_DOWN = 0x04,		/* data: expands down */
	ACCESS_READABLE = 0x02,		/* code */
	ACCESS_CONFORMING = 0x04,	/* code */
	ACCESS_CODE = 0x08,
	ACCESS_SEGMENT = 0x10,		/* code or data; else one of the system types */
	ACCESS_PRESENT = 0x80,
};

#define ACCESS_DPL(dpl)	((unsigned int)(dpl) << 5)

enum system_type {
	TYPE_TSS16 = 1, TYPE_LDT = 2, TYPE_TSS16_BUSY = 3, TYPE_CALL_GATE16 = 4,
	TYPE_TASK_GATE = 5, TYPE_INTERRUPT_GATE16 = 6, TYPE_TRAP_GATE16 = 7,
	TYPE_TSS = 9, TYPE_TSS_BUSY = 11, TYPE_CALL_GATE = 12, TYPE_INTERRUPT_GATE = 14,
	TYPE_TRAP_GATE = 15,
};

/* Present, DPL 0: what most segments are made of. */
#define DATA_SEGMENT	(ACCESS_PRESENT | ACCESS_SEGMENT | ACCESS_WRITABLE | ACCESS_ACCESSED)
#define CODE_SEGMENT	(ACCESS_PRESENT | ACCESS_SEGMENT | ACCESS_CODE | ACCESS_READABLE | \
			 ACCESS_ACCESSED)

enum segment_size {
	SIZE_16 = 0,
	SIZE_LONG = 0x2,	/* 64-bit code */
	SIZE_32 = 0x4,
	SIZE_PAGES = 0x8,	/* the limit counts pages */
};

#define LIMIT_FLAT	0xFFFFFu	/* with SIZE_PAGES: 4 GiB */

static inline uint64_t segment(uint32_t base, uint32_t limit, unsigned int access,
			       unsigned int size)
{
	return (limit & 0xFFFF) | (uint64_t)(base & 0xFFFFFF) << 16 | (uint64_t)access << 40 |
	       (uint64_t)(limit >> 16 & 0xF) << 48 | (uint64_t)size << 52 |
	       (uint64_t)(base >> 24) << 56;
}

/* The lower eight bytes of a gate; parameters: of a call gate, or the IST's number. */
static inline uint64_t gate(uint16_t selector, uint32_t offset, unsigned int access,
			    unsigned int parameters)
{
	return (offset & 0xFFFF) | (uint64_t)selector << 16 | (uint64_t)parameters << 32 |
	       (uint64_t)access << 40 | (uint64_t)(offset >> 16) << 48;
}

struct __attribute__((packed)) table_register {
	uint16_t limit;
	uintptr_t base;
};

struct __attribute__((packed)) tss16 {
	uint16_t link, sp0, ss0, sp1, ss1, sp2, ss2;
	uint16_t ip, flags, ax, cx, dx, bx, sp, bp, si, di, es, cs, ss, ds, ldt;
};

struct __attribute__((packed)) tss32 {
	uint32_t link;
	struct {
		uint32_t sp, ss;
	} ring[3];
	uint32_t cr3, ip, flags, ax, cx, dx, bx, sp, bp, si, di;
	uint32_t es, cs, ss, ds, fs, gs, ldt;
	uint16_t trap, io_map;
};

struct __attribute__((packed)) tss64 {
	uint32_t reserved0;
	uint64_t sp[3];
	uint64_t reserved1;
	uint64_t ist[7];	/* the first is IST 1 */
	uint64_t reserved2;
	uint16_t reserved3, io_map;
};

#endif
#endif
