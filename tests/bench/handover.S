/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handover.S - 1000 instructions, one after the other, that a KVM which emulates
 * cannot, and leaves to vmm: POPCNT. BenchPlan.pm has the number.
 */
#define COUNT	1000

	.text
	.globl	main
main:
	movl	$COUNT, %ecx
	xorl	%edx, %edx
again:
	popcnt	%ecx, %eax
	addl	%eax, %edx
	decl	%ecx
	jnz	again

	/* All ones in the numbers up to 1000. */
	xorl	%eax, %eax
	cmpl	$4938, %edx
	setne	%al
	ret

	.section .note.GNU-stack, "", @progbits
