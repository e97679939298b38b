/* SPDX-License-Identifier: 0BSD */
/*
 * hang.S - runs for ever without an exit: for limits and signals.
 */
	.section .text.start, "ax", @progbits
	.code16
	.globl	_start
_start:
	jmp	_start

	.section .note.GNU-stack, "", @progbits
