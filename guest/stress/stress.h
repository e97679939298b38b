/* SPDX-License-Identifier: 0BSD */
/*
 * stress.h - what the parts of the guest stress share: random numbers, the hash over all
 * that is seen, and accesses at ring 0 and 3.
 */
#ifndef GUEST_STRESS_STRESS_H
#define GUEST_STRESS_STRESS_H

#define STUBS		0x8000000000	/* the pages of stubs.S, for both rings */
#define STACK		0x8000010000	/* the end of ring 3's stack */

#ifndef __ASSEMBLER__

#include "cpu/paging.h"

#define SPACES		4u

extern struct paging spaces[SPACES];
extern unsigned int space;		/* that CR3 names */

/* Asked for on the command line: only what QEMU's TCG has right too. */
extern bool loose;

/* Random: 32 bits; less than limit; true once in so many times. */
uint32_t random32(void);
uint32_t random_below(uint32_t limit);
bool one_in(uint32_t times);

/* Takes a value into the hash. */
void mix(uint64_t value);

/* A line of the trace, if there is one. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The registers that a stub takes, and those that it leaves. */
struct registers {
	uint64_t ax, bx, cx, si, di;
};

/*
 * Runs a stub at ring 0 or 3, with random flags, until an exception or its end; all that
 * can be seen of it goes into the hash. Returns whether it came to its end.
 */
bool run(void (*stub)(void), struct registers *registers, bool user);

/* By log2 of the width, 0 to 3: AX from (BX), AX to (BX). */
extern void (*const loads[4])(void), (*const stores[4])(void);

/* Of stubs.S. */
void stubs_start(void), stubs_end(void);
void stub_call(void);			/* *BX */
void stub_copy(void), stub_copy_bytes(void), stub_fill(void);	/* REP, from SI to DI, AX */
void stub_sum(void);			/* CX eights from BX */
void stub_exchange(void), stub_clear_bit(void);
void stub_load_sse(void), stub_store_sse(void);
void stub_push(void);			/* AX to where BX is the stack's end */

/* What neither memory nor tables are needed for. */
extern void (*const plain_stubs[])(void);
extern const unsigned int plain_stub_count;

/* SYSCALL's end of the kernel. */
void syscall_entry(void);

/* Mappings as kernels make them, with INVLPG where it is needed. */
void orderly_start(void);
void orderly_step(void);

/* Tables out of anything that looks like an entry, with a flush after each write. */
void chaos_start(void);
void chaos_step(void);

/* The code that both write and execute: mov $imm32, %eax; ret. As an entry, not present. */
#define CODE_UNIT(value)	(0xCCCCC300000000B8 | (uint64_t)(uint32_t)(value) << 8)
#define IS_CODE_UNIT(value)	(((value) & 0xFFFFFF00000000FF) == CODE_UNIT(0))

static inline volatile uint64_t *quad_at(uint64_t address)
{
	return (volatile uint64_t *)(uintptr_t)address;
}

#endif
#endif
