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

/* Model-specific registers that guests set up for themselves (SDM vol. 4). */
struct vcpu_msrs {
	uint64_t apic_base;
	uint64_t pat;
	uint64_t tsc_offset;		/* the guest's TSC less the machine's */
	uint64_t tsc_aux;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t star, lstar, cstar, sfmask;
	uint64_t kernel_gs_base;
	uint64_t misc_enable;
	uint64_t debugctl;
	uint64_t mcg_status, mc0_ctl;	/* of machine checks, which never come */
};

/*
 * The extended state as XSAVE's standard form has it (SDM vol. 1, 13.4): x87
 * and SSE as in FXSAVE, the header, the upper halves of the YMM registers.
 */
#define VCPU_XSAVE_SIZE 832u

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
	uint64_t xcr0;
	struct vcpu_msrs msr;
	/* Interrupts wait for one more instruction (STI, MOV SS). */
	bool interrupt_shadow;
	/* Non-maskable ones wait for the next IRET. */
	bool nmi_blocked;
	_Alignas(64) uint8_t xsave[VCPU_XSAVE_SIZE];
};

#define RFLAGS_CF	(1u << 0)
#define RFLAGS_FIXED	(1u << 1)	/* always set */
#define RFLAGS_PF	(1u << 2)
#define RFLAGS_AF	(1u << 4)
#define RFLAGS_ZF	(1u << 6)
#define RFLAGS_SF	(1u << 7)
#define RFLAGS_TF	(1u << 8)
#define RFLAGS_IF	(1u << 9)
#define RFLAGS_DF	(1u << 10)
#define RFLAGS_OF	(1u << 11)
#define RFLAGS_IOPL	(3u << 12)
#define RFLAGS_NT	(1u << 14)
#define RFLAGS_RF	(1u << 16)
#define RFLAGS_VM	(1u << 17)
#define RFLAGS_AC	(1u << 18)
#define RFLAGS_VIF	(1u << 19)
#define RFLAGS_VIP	(1u << 20)
#define RFLAGS_ID	(1u << 21)

#define CR0_PE		(1u << 0)
#define CR0_MP		(1u << 1)
#define CR0_EM		(1u << 2)
#define CR0_TS		(1u << 3)
#define CR0_ET		(1u << 4)
#define CR0_NE		(1u << 5)
#define CR0_WP		(1u << 16)
#define CR0_AM		(1u << 18)
#define CR0_NW		(1u << 29)
#define CR0_CD		(1u << 30)
#define CR0_PG		(1u << 31)
#define CR4_VME		(1u << 0)
#define CR4_PVI		(1u << 1)
#define CR4_TSD		(1u << 2)
#define CR4_DE		(1u << 3)
#define CR4_PSE		(1u << 4)
#define CR4_PAE		(1u << 5)
#define CR4_MCE		(1u << 6)
#define CR4_PGE		(1u << 7)
#define CR4_PCE		(1u << 8)
#define CR4_OSFXSR	(1u << 9)
#define CR4_OSXMMEXCPT	(1u << 10)
#define CR4_UMIP	(1u << 11)
#define CR4_LA57	(1u << 12)
#define CR4_FSGSBASE	(1u << 16)
#define CR4_OSXSAVE	(1u << 18)
#define CR4_SMEP	(1u << 20)
#define CR4_SMAP	(1u << 21)
#define EFER_SCE	(1u << 0)
#define EFER_LME	(1u << 8)
#define EFER_LMA	(1u << 10)
#define EFER_NXE	(1u << 11)
#define XCR0_X87	(1u << 0)
#define XCR0_SSE	(1u << 1)
#define XCR0_AVX	(1u << 2)

#define DR6_RESET	0xFFFF0FF0u
#define DR7_RESET	0x400u

/* Segment types (SDM vol. 3, 3.4.5.1 and 3.5), accessed bit set. */
#define SEG_TYPE_DATA	0x3
#define SEG_TYPE_CODE	0xB
#define SEG_TYPE_LDT	0x2
#define SEG_TYPE_TSS32	0xB

enum vcpu_event {
	EVENT_EXCEPTION,
	EVENT_SOFTWARE,		/* INT n, INT3, INTO */
	EVENT_INTERRUPT,	/* from outside; NMI too */
};

struct vcpu_fault {
	enum vcpu_event event;
	uint8_t vector;
	bool has_error;
	bool doubled;		/* what it was raised by became a double fault by it */
	uint32_t error;		/* as it would be pushed */
	uint64_t address;	/* #PF: the linear address */
};

/*
 * How it came to a triple fault (SDM vol. 3, 6.15): an event, then each exception
 * that was raised while the one before, or the double fault that it had made,
 * was delivered. count 0: nobody knows.
 */
#define VCPU_FAULTS_MAX 8u

struct vcpu_faults {
	unsigned int count;
	struct vcpu_fault fault[VCPU_FAULTS_MAX];
};

/*
 * The state after INIT in the parts that loaders do not care about: real mode,
 * all general registers 0, segments at 0 with limit 0xFFFF, CR0 = ET, RFLAGS
 * with interrupts disabled, RIP 0.
 */
void vcpu_state_reset(struct vcpu_state *state);

/* The linear address of RIP: in 64-bit code CS has no base. */
uint64_t vcpu_linear_rip(const struct vcpu_state *state);

/* Bits of code that CS makes: 16, 32 or 64. */
unsigned int vcpu_code_bits(const struct vcpu_state *state);

#endif
