/* SPDX-License-Identifier: 0BSD */
/*
 * hlt-sti.S - waits for interrupts that never come: HLT with interrupts
 * enabled is no ending.
 */
	.section .text.start, "ax", @progbits
	.code16
	.globl	_start
_start:
	sti
	hlt
	jmp	_start

	.section .note.GNU-stack, "", @progbits
