/* SPDX-License-Identifier: 0BSD */
/*
 * start-64.S - entered in 64-bit mode with memory mapped one-to-one: saves the
 * state, then has a stack of its own.
 */
#include "kernel/kernel.h"

	.text
	.globl	_start, panic
_start:
	/* The loader's stack is good for something. */
	pushfq
	popq	entry + ENTRY_FLAGS
	movq	%rax, entry + ENTRY_AX
	movq	%rbx, entry + ENTRY_BX
	movq	$stack_top, %rsp
	movq	%cr0, %rax
	movq	%rax, entry + ENTRY_CR0
	movq	%cr4, %rax
	movq	%rax, entry + ENTRY_CR4
	movl	$0xC0000080, %ecx
	rdmsr
	movl	%eax, entry + ENTRY_EFER
	movl	%ds:probe, %eax
	movl	%eax, entry + ENTRY_SEGMENTS
	movl	%es:probe, %eax
	movl	%eax, entry + ENTRY_SEGMENTS + 4
	movl	%fs:probe, %eax
	movl	%eax, entry + ENTRY_SEGMENTS + 8
	movl	%gs:probe, %eax
	movl	%eax, entry + ENTRY_SEGMENTS + 12
	movl	%ss:probe, %eax
	movl	%eax, entry + ENTRY_SEGMENTS + 16
	movq	$entry, %rdi
	cld
	call	kernel_main
	.type	panic, @function
panic:
	cli
	hlt
	jmp	panic
	.size	panic, . - panic

	.section .rodata
	.balign	8
probe:
	.long	PROBE

	.data
	.globl	slide
slide:
	.long	0

	.bss
	.balign	16
entry:
	.skip	ENTRY_SIZE
	.balign	16
	.skip	0x4000
stack_top:

	.section .note.GNU-stack, "", @progbits
