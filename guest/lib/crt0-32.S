/* SPDX-License-Identifier: 0BSD */
/*
 * crt0-32.S - the start of a 32-bit guest: entered in real mode at 0000:0000,
 * switches to protected mode with flat segments (Intel SDM vol. 3, 9.9.1) and
 * calls main(). Any exception ends the run: there are no interrupt gates.
 */
#include <vmm/machine.h>

#define CR0_PE		0x00000001
#define CODE_SELECTOR	0x08
#define DATA_SELECTOR	0x10

	.section .text.start, "ax", @progbits
	.code16
	.globl	_start
_start:
	cli
	lidtl	%cs:no_interrupts
	lgdtl	%cs:descriptors
	movl	%cr0, %eax
	orl	$CR0_PE, %eax
	movl	%eax, %cr0
	ljmpl	$CODE_SELECTOR, $protected

	.code32
protected:
	movw	$DATA_SELECTOR, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %fs
	movw	%ax, %gs
	movw	%ax, %ss
	movl	$vmm_stack_top, %esp

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

	.balign	8
gdt:
	.quad	0
	.quad	0x00CF9B000000FFFF	/* code, 4 GiB from 0 */
	.quad	0x00CF93000000FFFF	/* data, 4 GiB from 0 */
gdt_end:

descriptors:
	.word	gdt_end - gdt - 1
	.long	gdt
no_interrupts:
	.word	0
	.long	0

	.section .note.GNU-stack, "", @progbits
