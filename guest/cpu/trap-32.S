/* SPDX-License-Identifier: 0BSD */
/*
 * trap-32.S - where exceptions and interrupts of 32-bit guests arrive.
 */
#include "cpu/descriptor.h"
#include "cpu/trap-stubs.h"

#define RESUME		trap
#define RESUME_SP	trap + 4
#define RESUME_BP	trap + 8

	.code32
	.text
	define_stubs pushl

trap_entry:
	pushal
	pushl	%ds
	pushl	%es
	pushl	%fs
	pushl	%gs
	movl	$KERNEL_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	cld
	movl	%esp, %eax
	pushl	%eax
	call	trap_dispatch
	addl	$4, %esp
	testb	%al, %al
	jz	end_try
/* To where the frame that ESP points to says. */
	.globl	trap_return
trap_return:
	popl	%gs
	popl	%fs
	popl	%es
	popl	%ds
	popal
	addl	$8, %esp	/* vector and error */
	iretl

/* The registers from the frame, all else as the harness has it. */
end_try:
	movl	$KERNEL_DS, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	pushl	$2
	popfl
	addl	$16, %esp
	popal
	pushl	$KERNEL_DS
	popl	%ss
	movl	RESUME_SP, %esp
	movl	RESUME_BP, %ebp
	jmp	*RESUME

	.section .note.GNU-stack, "", @progbits
