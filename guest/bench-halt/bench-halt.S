/* SPDX-License-Identifier: 0BSD */
/*
 * bench-halt.S - ends at once: what is measured is vmm's own start and end.
 */
	.section .text.start, "ax", @progbits
	.code16
	.globl	_start
_start:
	cli
	hlt

	.section .note.GNU-stack, "", @progbits
