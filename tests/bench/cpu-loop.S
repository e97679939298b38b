/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-loop.S - integer work without memory: 10 million rounds of 12 instructions,
 * Marsaglia's xorshift (the shifts for 32 bits in both modes) and a sum of what
 * it gives. BenchPlan.pm has the number of instructions.
 */
#include "cpu-work.h"

#define ROUNDS		10000000
#define SEED		1
/* The sum's low half. */
#ifdef __x86_64__
#define SUM		0x97BDFEE4
#else
#define SUM		0xA205AFD2
#endif

	.text
	.globl	main
main:
	movl	$SEED, %edx
	xorl	%esi, %esi
	movl	$ROUNDS, %ecx
again:
	mov	REG_D, REG_A
	shl	$13, REG_D
	xor	REG_A, REG_D
	mov	REG_D, REG_A
	shr	$17, REG_D
	xor	REG_A, REG_D
	mov	REG_D, REG_A
	shl	$5, REG_D
	xor	REG_A, REG_D
	add	REG_D, REG_SI
	dec	REG_C
	jnz	again

	xorl	%eax, %eax
	cmpl	$SUM, %esi
	setne	%al
	ret
