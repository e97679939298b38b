/* SPDX-License-Identifier: 0BSD */
/*
 * crt0-16.S - the start of a guest that stays in real mode: entered at
 * 0000:0000, calls main() with all segments 0 and GS at the text memory.
 *
 * The code is a compiler's for -m16: 32-bit addresses and a 32-bit stack
 * pointer, within segments of 64 KiB. The interrupt table is empty, since
 * the image lies where it would be: an exception ends the run.
 */
#include <vmm/machine.h>

	.globl	vmm_memory_limit
	.set	vmm_memory_limit, 0x10000

	.section .text.start, "ax", @progbits
	.code16
	.globl	_start
_start:
	cli
	cld
	lidtl	%cs:no_interrupts
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %fs
	movw	%ax, %ss
	movl	$vmm_stack_top, %esp
	movw	$0xB800, %ax
	movw	%ax, %gs

	movl	$vmm_bss_start, %edi
	movl	$vmm_bss_end, %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	xorl	%eax, %eax
	rep stosl

	calll	main
	testl	%eax, %eax
	jz	halt
	outl	%eax, $DEBUG_EXIT_PORT
halt:
	cli
	hlt
	jmp	halt

no_interrupts:
	.word	0
	.long	0

	.section .note.GNU-stack, "", @progbits
