/* SPDX-License-Identifier: 0BSD */
/*
 * hello16.S - the smallest guest that leaves a trace: 42 in AX and at 0x400.
 * Real mode, for any address within the first 64 KiB segment that it starts in.
 */
	.section .text.start, "ax", @progbits
	.code16
	.globl	_start
_start:
	movw	$42, %ax
	movw	%ax, 0x400
	hlt

	.section .note.GNU-stack, "", @progbits
