/* SPDX-License-Identifier: 0BSD */
/* enter.S - from the kernel to an environment, by the end of a trap (cpu/trap-32.S). */
	.text
	.globl	env_enter
env_enter:
	movl	4(%esp), %esp
	jmp	trap_return

	.section .note.GNU-stack, "", @progbits
