/* SPDX-License-Identifier: 0BSD */
/*
 * trap.h - exceptions and interrupts for guests that test the processor.
 *
 * TRY(code, outputs : inputs : clobbers) is an asm statement whose code may
 * raise an exception. Whatever it raises, at whichever privilege level, is
 * recorded in trap, and execution goes on behind the statement with the stack,
 * the frame pointer, the flags and the segments as before (flat) and the other
 * registers as they were at the exception. TRY_USER is the same at ring 3, on
 * a stack of its own; when its code gets through, the vector is USER_DONE.
 *
 * In TRY's code, labels 90 to 99 are taken. In TRY_USER's, no operand may be on
 * the stack: registers and variables with static storage only.
 *
 * A handler in trap_handler[] sees an interrupt or exception first: it may
 * change the frame, and says whether to go back there or to end the TRY.
 */
#ifndef GUEST_CPU_TRAP_H
#define GUEST_CPU_TRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu/descriptor.h"
#include "cpu/processor.h"

/* As the entry code leaves it on the stack. */
struct trap_frame {
#if VMM_GUEST_BITS == 64
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t di, si, bp, bx, dx, cx, ax;
#else
	uint32_t gs, fs, es, ds;
	uint32_t di, si, bp, unused_sp, bx, dx, cx, ax;
#endif
	uintptr_t vector;
	uintptr_t error;	/* 0 where the processor pushes none */
	uintptr_t ip, cs, flags;
	/* 32-bit: only where the privilege level has changed. */
	uintptr_t sp, ss;
	/* 32-bit: only from virtual-8086 mode. */
	uintptr_t v86_es, v86_ds, v86_fs, v86_gs;
};

#define VECTOR_NONE	0xFFFFu		/* no exception */
#define USER_DONE	0xF0u		/* ring 3 is through: a gate with DPL 3 */

/* What the last TRY did. The processor is one, and so is this. */
struct trap {
	uintptr_t resume;	/* where to go on; 0: no TRY is active */
	uintptr_t resume_sp, resume_bp;
	uintptr_t start;	/* of the code */
	uintptr_t vector;
	uintptr_t error;
	uintptr_t ip, cs, flags, sp, ss;
	uintptr_t cr2;
	uintptr_t frame;	/* where the processor pushed it */
};

extern volatile struct trap trap;

/* Returns true to go back to where the frame says. */
typedef bool trap_fn(struct trap_frame *frame);
extern trap_fn *volatile trap_handler[256];

#if VMM_GUEST_BITS == 64
extern struct tss64 trap_tss;
#else
extern struct tss32 trap_tss;
#endif

#define TRAP_STACK_SIZE	4096

extern uint8_t trap_kernel_stack[TRAP_STACK_SIZE];	/* of the TSS: for traps from ring 3 */
extern uint8_t trap_user_stack[TRAP_STACK_SIZE];
extern volatile uintptr_t trap_user_flags;			/* that ring 3 starts with */
extern uint64_t trap_gdt[];
extern uint64_t trap_idt[];

/* GDT, IDT and TSS of the harness. */
void trap_tables_init(void);

/* The same; in 64-bit guests, also opens all of crt0's pages to ring 3. */
void trap_init(void);

/* The GDT's entry for a selector. */
static inline uint64_t *gdt_entry(unsigned int selector)
{
	return &trap_gdt[selector / 8];
}

/* The harness's own gate for a vector, with another access byte. */
void trap_gate(unsigned int vector, unsigned int access, unsigned int ist);

/* Where the harness takes a vector; for gates of one's own. */
uintptr_t trap_entry_of(unsigned int vector);

/* For handlers of both modes. */
bool trap_from_outer(const struct trap_frame *frame);
uintptr_t trap_sp(const struct trap_frame *frame);

#if VMM_GUEST_BITS == 64
#define TRAP_W	"q"
#define TRAP_SP	"%%rsp"
#define TRAP_BP	"%%rbp"
#define TRAP_IRET "iretq"
#define TRAP_USER_DATA ""
/* The first words of struct trap; trap.c asserts that they are. */
#define TRAP_RESUME	"trap"
#define TRAP_RESUME_SP	"trap+8"
#define TRAP_RESUME_BP	"trap+16"
#define TRAP_START	"trap+24"
#define TRAP_VECTOR	"trap+32"
#else
#define TRAP_W	"l"
#define TRAP_SP	"%%esp"
#define TRAP_BP	"%%ebp"
#define TRAP_IRET "iretl"
#define TRAP_USER_DATA	"pushl $0x23\n\tpopl %%ds\n\tpushl $0x23\n\tpopl %%es\n\t"
#define TRAP_RESUME	"trap"
#define TRAP_RESUME_SP	"trap+4"
#define TRAP_RESUME_BP	"trap+8"
#define TRAP_START	"trap+12"
#define TRAP_VECTOR	"trap+16"
#endif

#define TRAP_BEGIN								\
	"mov" TRAP_W " $98f, " TRAP_RESUME "\n\t"				\
	"mov" TRAP_W " " TRAP_SP ", " TRAP_RESUME_SP "\n\t"			\
	"mov" TRAP_W " " TRAP_BP ", " TRAP_RESUME_BP "\n\t"			\
	"mov" TRAP_W " $97f, " TRAP_START "\n\t"				\
	"mov" TRAP_W " $0xFFFF, " TRAP_VECTOR "\n\t"

/* SS: what the code has done to DS must not matter. */
#define TRAP_END								\
	"\n98:\n\tmov" TRAP_W " $0, %%ss:" TRAP_RESUME "\n"

#define TRY(code, ...)								\
	__asm__ volatile(TRAP_BEGIN "97:\n\t" code TRAP_END : __VA_ARGS__)

#define TRAP_STRING_(value)	#value
#define TRAP_STRING(value)	TRAP_STRING_(value)

#define TRY_USER_CS(cs, code, ...)						\
	__asm__ volatile(TRAP_BEGIN TRAP_USER_DATA				\
			 "push" TRAP_W " $" TRAP_STRING(USER_DS) "\n\t"		\
			 "push" TRAP_W " $trap_user_stack+4096\n\t"		\
			 "push" TRAP_W " trap_user_flags\n\t"			\
			 "push" TRAP_W " $" TRAP_STRING(cs) "\n\t"		\
			 "push" TRAP_W " $97f\n\t"				\
			 TRAP_IRET "\n97:\n\t" code				\
			 "\n\tint $0xF0" TRAP_END : __VA_ARGS__)

#define TRY_USER(code, ...)	TRY_USER_CS(USER_CS, code, __VA_ARGS__)

#endif
