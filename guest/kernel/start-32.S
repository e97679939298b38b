/* SPDX-License-Identifier: 0BSD */
/*
 * start-32.S - entered in 32-bit protected mode: saves the state, then has
 * segments and a stack of its own.
 */
#include "kernel/start.h"

	.text
	.globl	_start
_start:
	movl	%eax, entry + ENTRY_AX
	movl	%ebx, entry + ENTRY_BX
	movl	$stack_top, %esp
	pushfl
	popl	entry + ENTRY_FLAGS
	movl	%cr0, %eax
	movl	%eax, entry + ENTRY_CR0
	movl	%cr4, %eax
	movl	%eax, entry + ENTRY_CR4

	save_segments

	/* A relocated kernel has its own already. */
	cmpl	$0, slide
	jne	2f
	lgdt	gdt_register
	ljmp	$0x08, $1f
1:	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %fs
	movw	%ax, %gs
	movw	%ax, %ss
2:	cld
	pushl	$entry
	call	kernel_main
	end_and_data

	.section .rodata
	.balign	8
gdt:
	.quad	0
	.quad	0x00CF9B000000FFFF
	.quad	0x00CF93000000FFFF
gdt_end:
gdt_register:
	.word	gdt_end - gdt - 1
	.long	gdt
