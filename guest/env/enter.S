/* SPDX-License-Identifier: 0BSD */
/* enter.S - from the kernel to an environment: as at the end of a trap (cpu/trap-32.S). */
	.text
	.globl	env_enter
env_enter:
	movl	4(%esp), %esp
	popl	%gs
	popl	%fs
	popl	%es
	popl	%ds
	popal
	addl	$8, %esp	/* vector and error */
	iretl

	.section .note.GNU-stack, "", @progbits
