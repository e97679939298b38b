/* SPDX-License-Identifier: 0BSD */
/* start.S - the kernel's entry: flat 32-bit segments, and a stack of its own. */
	.text
	.globl	_start
_start:
	movl	$stack_top, %esp
	call	kernel_main

	.bss
	.balign	16
	.skip	0x2000
stack_top:

	.section .note.GNU-stack, "", @progbits
