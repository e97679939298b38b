/* SPDX-License-Identifier: 0BSD */
/*
 * crt0.h - what the start codes of the three modes have in common, for the
 * assembler.
 */
#include <vmm/machine.h>

#define CR0_PE		0x00000001
#define CODE_SELECTOR	0x08
#define DATA_SELECTOR	0x10

/* The data segments, and the stack that flat.ld lays out. */
	.macro	set_data_segments selector
	movw	$\selector, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %fs
	movw	%ax, %gs
	movw	%ax, %ss
	movl	$vmm_stack_top, %esp
	.endm

/* Zeroes what has to be zero, calls main() and ends the run with its value. */
	.macro	run_main
	cld
	movl	$vmm_bss_start, %edi
	movl	$vmm_bss_end, %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	xorl	%eax, %eax
	rep stosl

	call	main
	testl	%eax, %eax
	jz	halt
	outl	%eax, $DEBUG_EXIT_PORT
halt:
	cli
	hlt
	jmp	halt
	.endm

/* The GDT: a code segment as given, and data, 4 GiB from 0. */
	.macro	define_gdt code
	.balign	8
gdt:
	.quad	0
	.quad	\code
	.quad	0x00CF93000000FFFF
gdt_end:
gdt_register:
	.word	gdt_end - gdt - 1
	.long	gdt
	.endm

/* An IDT without entries: any exception ends the run, as a triple fault. */
	.macro	define_no_idt
no_idt:
	.word	0
	.long	0
	.endm

	.section .note.GNU-stack, "", @progbits
