/* SPDX-License-Identifier: 0BSD */
/*
 * start-64.S - entered in 64-bit mode with memory mapped one-to-one: saves the
 * state, then has a stack of its own.
 */
#include "kernel/start.h"

	.text
	.globl	_start
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
	save_segments
	movq	$entry, %rdi
	cld
	call	kernel_main
	end_and_data
