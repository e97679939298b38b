/* SPDX-License-Identifier: 0BSD */
/*
 * trap-64.S - where exceptions and interrupts of 64-bit guests arrive.
 */
#include "cpu/descriptor.h"
#include "cpu/trap-stubs.h"

#define RESUME		trap
#define RESUME_SP	trap + 8
#define RESUME_BP	trap + 16

	.code64
	.text
	define_stubs pushq

	.macro	each_register instruction, registers:vararg
	.irp	register, \registers
	\instruction	%\register
	.endr
	.endm

trap_entry:
	each_register pushq, rax, rcx, rdx, rbx, rbp, rsi, rdi, \
		r8, r9, r10, r11, r12, r13, r14, r15
	cld
	movq	%rsp, %rdi
	call	trap_dispatch
	testb	%al, %al
	jz	end_try
	each_register popq, r15, r14, r13, r12, r11, r10, r9, r8, \
		rdi, rsi, rbp, rbx, rdx, rcx, rax
	addq	$16, %rsp	/* vector and error */
	iretq

/* The registers from the frame, all else as the harness has it. */
end_try:
	movl	$KERNEL_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	pushq	$2
	popfq
	each_register popq, r15, r14, r13, r12, r11, r10, r9, r8, \
		rdi, rsi, rbp, rbx, rdx, rcx, rax
	movq	RESUME_SP, %rsp
	movq	RESUME_BP, %rbp
	jmp	*RESUME

	.section .note.GNU-stack, "", @progbits
