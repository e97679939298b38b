/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-sieve.S - work on memory: the sieve of Eratosthenes over 384 KiB, a byte a
 * number, 20 times. BenchPlan.pm has the number of instructions.
 */
#include "cpu-work.h"

#define SIZE		0x60000
#define PRIMES		33335		/* below SIZE */
#define ROUNDS		20
#define FOUR_FLAGS	0x01010101

	.text
	.globl	main
main:
	push	REG_B
	push	REG_DI
	movl	$ROUNDS, %edi
	movl	$flags, %ebx
round:
	xorl	%ecx, %ecx
fill:
	movl	$FOUR_FLAGS, (REG_B, REG_C)
	addl	$4, %ecx
	cmpl	$SIZE, %ecx
	jb	fill

	movl	$2, %ecx
candidate:
	cmpb	$0, (REG_B, REG_C)
	je	composite
	movl	%ecx, %edx
	imull	%edx, %edx
mark:
	movb	$0, (REG_B, REG_D)
	addl	%ecx, %edx
	cmpl	$SIZE, %edx
	jb	mark
composite:
	incl	%ecx
	movl	%ecx, %edx
	imull	%edx, %edx
	cmpl	$SIZE, %edx
	jb	candidate

	xorl	%esi, %esi
	movl	$2, %ecx
count:
	movzbl	(REG_B, REG_C), %eax
	addl	%eax, %esi
	incl	%ecx
	cmpl	$SIZE, %ecx
	jb	count

	xorl	%eax, %eax
	cmpl	$PRIMES, %esi
	setne	%al
	jne	done
	decl	%edi
	jnz	round
done:
	pop	REG_DI
	pop	REG_B
	ret

	/* Not in a page with code: writes there are another story. */
	.bss
	.balign	4096
flags:
	.zero	SIZE
