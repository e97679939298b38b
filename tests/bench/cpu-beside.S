/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-beside.S - data in the page of the code that uses them, as boot loaders and
 * small kernels have them: 500,000 rounds of 7 instructions, 4 of which write (CALL to the stack).
 */
#include "cpu-work.h"

#define ROUNDS	500000

	.text
	.balign	4096
	.globl	main
main:
	movl	$ROUNDS, %ecx
	movl	$data, %edx
	movl	$0, 4(REG_D)
again:
	movl	%ecx, (REG_D)
	incl	4(REG_D)
	call	write_byte
	decl	%ecx
	jnz	again

	xorl	%eax, %eax
	cmpl	$ROUNDS, 4(REG_D)
	setne	%al
	ret
write_byte:
	movb	%cl, 8(REG_D)
	ret
	.balign	64
data:
	.zero	16
