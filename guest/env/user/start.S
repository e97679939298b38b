/* SPDX-License-Identifier: 0BSD */
/* start.S - where a program begins, and how it ends. */
#include "env/system.h"

	.text
	.globl	_start
_start:
	call	main
	movl	%eax, %ebx
	movl	$SYSTEM_EXIT, %eax
	int	$SYSTEM_VECTOR
	ud2

	.section .note.GNU-stack, "", @progbits
