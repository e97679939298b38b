/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-code.S - much code, each piece of it executed a few times, as a kernel does
 * that starts: 4096 functions of 4 short blocks, 64 bytes apart, each called
 * ROUNDS times through a table. BenchPlan.pm has the number of instructions.
 */
#include "cpu-work.h"

#define FUNCTIONS	4096
#define ROUNDS		400
#define WIDTH		64		/* bytes from one function to the next */

	.text
	.globl	main
main:
	push	REG_B
	push	REG_DI
	movl	$functions, %edi
	movl	$FUNCTIONS, %edx
copy:
	movl	$function, %esi
	movl	$(WIDTH / 4), %ecx
	rep movsl
	decl	%edx
	jnz	copy
	xorl	%esi, %esi
	movl	$ROUNDS, %edi
round:
	movl	$functions, %ebx
	movl	$FUNCTIONS, %ecx
next:
	call	*REG_B
	addl	$WIDTH, %ebx
	decl	%ecx
	jnz	next
	decl	%edi
	jnz	round

	/* Each call adds 3; half of them, whose counter is odd, 2 more. */
	xorl	%eax, %eax
	cmpl	$(ROUNDS * (FUNCTIONS * 3 + FUNCTIONS / 2 * 2)), %esi
	setne	%al
	pop	REG_DI
	pop	REG_B
	ret

function:
	movl	%ecx, %eax
	shrl	$1, %eax
	jnc	1f
	addl	$2, %esi
1:	movl	%ecx, %edx
	xorl	%eax, %edx
	testl	%edx, %edx
	js	2f
	incl	%esi
2:	leal	(REG_SI, REG_A), %edx
	cmpl	%edx, %esi
	ja	3f
	incl	%esi
3:	movzbl	%al, %edx
	incl	%esi
	ret
	.balign	WIDTH

	.bss
	.balign	4096
functions:
	.zero	FUNCTIONS * WIDTH
