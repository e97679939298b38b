/* SPDX-License-Identifier: 0BSD */
/* start.h - what start-32.S and start-64.S have in common. */
#include "kernel/kernel.h"

	/* The loader's segments are flat, if each shows the same. Uses EAX. */
	.macro	save_segments
	.set	.Lsaved, entry + ENTRY_SEGMENTS
	.irp	segment, ds, es, fs, gs, ss
	movl	%\segment:probe, %eax
	movl	%eax, .Lsaved
	.set	.Lsaved, .Lsaved + 4
	.endr
	.endm

	/* Where kernel_main() returns to, and all data. */
	.macro	end_and_data
	.globl	panic
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
	.endm
