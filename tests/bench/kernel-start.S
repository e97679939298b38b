/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kernel-start.S - the benchmark's work as a kernel at 1 MiB, which boot loaders
 * load: a process can have memory there, and none below 64 KiB, where a flat image
 * lies. Calls main() and writes to QEMU's debug-exit port, which vmm has too, how
 * that went. In 64 bits start-long.S comes before it (guest/kernel/).
 */
#define DEBUG_EXIT_PORT	0xF4
#define GUEST_DONE	1	/* as in qemu-end.c */
#define GUEST_FAILED	2

#ifdef __x86_64__
	.text
	.globl	long_main
long_main:
#else
#define FLAGS		0x00010003	/* multiboot: addresses; memory; modules on pages */

	.section .header, "a", @progbits
	.balign	4
header:
	.long	0x1BADB002, FLAGS, -(0x1BADB002 + FLAGS)
	.long	header, kernel_start, kernel_data_end, kernel_end, _start

	.section .start, "ax", @progbits
	.globl	_start
_start:
	cli
	cld
	movl	$stack_top, %esp
#endif
	call	main
	cmpl	$1, %eax
	sbbl	%eax, %eax
	addl	$GUEST_FAILED, %eax
	outl	%eax, $DEBUG_EXIT_PORT
1:	hlt
	jmp	1b

#ifndef __x86_64__
	.bss
	.balign	16
	.skip	0x4000
stack_top:
#endif
	.section .note.GNU-stack, "", @progbits
