/* SPDX-License-Identifier: 0BSD */
/*
 * hello64.S - a 64-bit guest without a crt0, for vmm --mode=long at any base:
 * a greeting on the console, 42 in RAX and at 0x400.
 */
#include <vmm/machine.h>

	.section .text.start, "ax", @progbits
	.code64
	.globl	_start
_start:
	leaq	greeting(%rip), %rsi
	movl	$(greeting_end - greeting), %ecx
	movw	$DEBUG_CONSOLE_PORT, %dx
	cld
	rep outsb

	movl	$42, %eax
	movq	%rax, 0x400
	hlt

greeting:
	.ascii	"Hello, world!\n"
greeting_end:

	.section .note.GNU-stack, "", @progbits
