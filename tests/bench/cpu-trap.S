/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-trap.S - 20,000 times an instruction that traps where the guest's code runs
 * unprivileged, CLI, far apart: 40,000 instructions of xorshift between. With QUIET
 * (cpu-quiet.S) the same without it.
 */
#include "cpu-work.h"

#define TRAPS		20000
#define ROUNDS		5000		/* of 8 instructions */

	.text
	.globl	main
main:
	movl	$1, %edx
	movl	$TRAPS, %esi
again:
#ifndef QUIET
	cli
#endif
	movl	$ROUNDS, %ecx
1:	mov	REG_D, REG_A
	shl	$13, REG_D
	xor	REG_A, REG_D
	mov	REG_D, REG_A
	shr	$17, REG_D
	xor	REG_A, REG_D
	dec	REG_C
	jnz	1b
	decl	%esi
	jnz	again
	xorl	%eax, %eax
	ret
