/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vcpu.h - the registers of a vCPU, in no engine's own format.
 *
 * Engines take a start state from it and give the state back when they are
 * asked; loaders fill it, reports read it. Numbering and attribute bits are
 * the processor's (Intel SDM vol. 2, 2.1.5, and vol. 3, 24.4.1).
 */
#ifndef VMM_CORE_VCPU_H
#define VMM_CORE_VCPU_H

#include <stdbool.h>
#include <stdint.h>

enum vcpu_gpr {
	GPR_RAX, GPR_RCX, GPR_RDX, GPR_RBX, GPR_RSP, GPR_RBP, GPR_RSI, GPR_RDI,
	GPR_R8, GPR_R9, GPR_R10, GPR_R11, GPR_R12, GPR_R13, GPR_R14, GPR_R15,
	GPR_COUNT,
};

enum vcpu_segment_name {
	SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS,
	SEG_COUNT,
};

/* A segment register with its hidden part. */
struct vcpu_segment {
	uint64_t base;
	uint32_t limit;		/* bytes, granularity applied */
	uint16_t selector;
	uint8_t type;		/* 4 bits of the descriptor */
	uint8_t dpl;
	bool s;			/* code or data, not system */
	bool present;
	bool avl;
	bool l;			/* 64-bit code */
	bool db;		/* 32-bit default */
	bool g;
};

/* GDTR and IDTR. */
struct vcpu_table {
	uint64_t base;
	uint16_t limit;
};

struct vcpu_state {
	uint64_t gpr[GPR_COUNT];
	uint64_t rip;
	uint64_t rflags;
	struct vcpu_segment segment[SEG_COUNT];
	struct vcpu_segment ldtr;
	struct vcpu_segment tr;
	struct vcpu_table gdtr;
	struct vcpu_table idtr;
	uint64_t cr0, cr2, cr3, cr4, cr8;
	uint64_t efer;
	uint64_t dr[8];
};

#define RFLAGS_FIXED	(1u << 1)	/* always set */
#define RFLAGS_IF	(1u << 9)
#define RFLAGS_VM	(1u << 17)

#define CR0_PE		(1u << 0)
#define CR0_MP		(1u << 1)
#define CR0_ET		(1u << 4)
#define CR0_NE		(1u << 5)
#define CR0_PG		(1u << 31)
#define CR4_PSE		(1u << 4)
#define CR4_PAE		(1u << 5)
#define CR4_OSFXSR	(1u << 9)
#define CR4_OSXMMEXCPT	(1u << 10)
#define CR4_LA57	(1u << 12)
#define DR6_RESET	0xFFFF0FF0u
#define DR7_RESET	0x400u
#define EFER_LME	(1u << 8)
#define EFER_LMA	(1u << 10)
#define EFER_NXE	(1u << 11)

/* Segment types (SDM vol. 3, 3.4.5.1 and 3.5), accessed bit set. */
#define SEG_TYPE_DATA	0x3
#define SEG_TYPE_CODE	0xB
#define SEG_TYPE_LDT	0x2
#define SEG_TYPE_TSS32	0xB

/*
 * The state after INIT in the parts that loaders do not care about: real mode,
 * all general registers 0, segments at 0 with limit 0xFFFF, CR0 = ET, RFLAGS
 * with interrupts disabled, RIP 0.
 */
void vcpu_state_reset(struct vcpu_state *state);

/* Bits of code that CS makes: 16, 32 or 64. */
unsigned int vcpu_code_bits(const struct vcpu_state *state);

#endif
