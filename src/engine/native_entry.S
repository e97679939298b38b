/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * native_entry.S - the way into guest code and the handler of the signals by
 * which it comes out. A signal that comes between native_enter and native_end
 * has not interrupted the guest.
 */
#include "engine/native_layout.h"

/*
 * Where guest code goes on: the last register that could say so is the guest's by then.
 * Not an IRETQ: for that, QEMU's TCG of before 9.1 reads the stack as a kernel does, which
 * SMAP forbids, and the kernel that this process runs on takes it for its own fault.
 */
	.bss
	.balign	8
target:
	.skip	8	/* RIP; or EIP and CS */

	.macro	load_registers load, stack
	movq	NATIVE_FS_BASE(%rdi), %rax
	wrfsbase %rax
	movq	NATIVE_GS_BASE(%rdi), %rax
	wrgsbase %rax
	movb	$1, NATIVE_DISPATCH(%rdi)
	pushq	NATIVE_RFLAGS(%rdi)
	popfq
	movq	NATIVE_GPR + 8 * 0(%rdi), %rax
	movq	NATIVE_GPR + 8 * 1(%rdi), %rcx
	movq	NATIVE_GPR + 8 * 2(%rdi), %rdx
	movq	NATIVE_GPR + 8 * 3(%rdi), %rbx
	\load	\stack(%rdi), %rsp
	movq	NATIVE_GPR + 8 * 5(%rdi), %rbp
	movq	NATIVE_GPR + 8 * 6(%rdi), %rsi
	movq	NATIVE_GPR + 8 * 8(%rdi), %r8
	movq	NATIVE_GPR + 8 * 9(%rdi), %r9
	movq	NATIVE_GPR + 8 * 10(%rdi), %r10
	movq	NATIVE_GPR + 8 * 11(%rdi), %r11
	movq	NATIVE_GPR + 8 * 12(%rdi), %r12
	movq	NATIVE_GPR + 8 * 13(%rdi), %r13
	movq	NATIVE_GPR + 8 * 14(%rdi), %r14
	movq	NATIVE_GPR + 8 * 15(%rdi), %r15
	movq	NATIVE_GPR + 8 * 7(%rdi), %rdi
	.endm

	.text

/* void native_enter(struct native *native): returns when guest code has come out. */
	.globl	native_enter
	.hidden	native_enter
	.type	native_enter, @function
native_enter:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, NATIVE_HOST_RSP(%rdi)
	rdfsbase %rax
	movq	%rax, NATIVE_HOST_FS(%rdi)
	rdgsbase %rax
	movq	%rax, NATIVE_HOST_GS(%rdi)
	movl	$1, NATIVE_IN_GUEST(%rdi)
	cmpl	$0, NATIVE_KICKED(%rdi)
	jne	not_entered
	movl	NATIVE_XCR0(%rdi), %eax
	xorl	%edx, %edx
	xrstor64 NATIVE_XSAVE(%rdi)
	movq	NATIVE_TARGET(%rdi), %rax
	movq	%rax, target(%rip)
	/* 64-bit code has no use for them; 32-bit code wants them flat. */
	cmpw	$0, NATIVE_DATA(%rdi)
	je	1f
	movw	NATIVE_DATA(%rdi), %ds
	movw	NATIVE_DATA(%rdi), %es
	movw	NATIVE_FS(%rdi), %fs
	movw	NATIVE_GS(%rdi), %gs
	cmpb	$0, NATIVE_STEPS(%rdi)
	jne	2f
	load_registers movq, NATIVE_RSP
	ljmpl	*target(%rip)
1:	cmpb	$0, NATIVE_STEPS(%rdi)
	jne	2f
	load_registers movq, NATIVE_RSP
	jmpq	*target(%rip)
	/* The one way to set TF for the first instruction of the guest's. */
2:	load_registers leaq, NATIVE_FRAME
	iretq

not_entered:
	movl	$0, NATIVE_IN_GUEST(%rdi)
	jmp	leave
	.size	native_enter, . - native_enter

/*
 * The handler: void (int signal, siginfo_t *info, ucontext_t *context). Until
 * the bases are vmm's again no C may run.
 */
	.globl	native_on_signal
	.hidden	native_on_signal
	.type	native_on_signal, @function
native_on_signal:
	movq	UCONTEXT_STACK(%rdx), %rax
	testq	%rax, %rax
	jz	elsewhere
	movabsq	$NATIVE_STACK_MAGIC, %rcx
	cmpq	%rcx, 8(%rax)
	jne	elsewhere
	movq	(%rax), %rbx
	cmpl	$0, NATIVE_IN_GUEST(%rbx)
	je	elsewhere
	movb	$0, NATIVE_DISPATCH(%rbx)
	rdfsbase %rax
	movq	%rax, NATIVE_LEFT_FS(%rbx)
	rdgsbase %rax
	movq	%rax, NATIVE_LEFT_GS(%rbx)
	movq	NATIVE_HOST_FS(%rbx), %rax
	wrfsbase %rax
	movq	NATIVE_HOST_GS(%rbx), %rax
	wrgsbase %rax
	/* The guest may have left AC and NT set. */
	pushq	$2
	popfq
	movl	$0, NATIVE_IN_GUEST(%rbx)
	/* native_left(native, info, context) */
	movq	%rbx, %rdi
	andq	$-16, %rsp
	call	native_left
	movq	%rbx, %rdi
leave:
	movq	NATIVE_HOST_RSP(%rdi), %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret
	.size	native_on_signal, . - native_on_signal
	.globl	native_end
	.hidden	native_end
native_end:

/* Code that traps, as a guest's does. */
	.globl	native_trap
	.hidden	native_trap
native_trap:
	hlt

/* A signal that found vmm at work, on whatever thread. */
elsewhere:
	jmp	native_signal_elsewhere

	.section .note.GNU-stack, "", @progbits
