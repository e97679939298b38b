/* SPDX-License-Identifier: 0BSD */
/*
 * start-32.S - entered in 32-bit protected mode: saves the state, then has
 * segments and a stack of its own.
 */
#include "kernel/kernel.h"

	.text
	.globl	_start, panic
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

	/* The loader's segments are flat, if each shows the same. */
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
gdt:
	.quad	0
	.quad	0x00CF9B000000FFFF
	.quad	0x00CF93000000FFFF
gdt_end:
gdt_register:
	.word	gdt_end - gdt - 1
	.long	gdt

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
