/* SPDX-License-Identifier: 0BSD */
/*
 * user.S - what runs at ring 3, a page that is mapped at USER_CODE, and the kernel's
 * entry for SYSCALL. It runs wherever it is mapped.
 */
#include "cpu/descriptor.h"
#include "rackdoll/rackdoll.h"

#define USER_DONE	0xF0
#define CALLS		1000

	.code64
	.section .user, "ax", @progbits
	.globl	user_start, user_read, user_write, user_call
	.globl	user_cli, user_hlt, user_in, user_cr3, user_lgdt
	.globl	user_int80, user_syscall, user_compute
	.balign	4096
user_start:
user_read:
	movl	(%rbx), %eax
	int	$USER_DONE
user_write:
	movl	$0x600D, (%rbx)
	int	$USER_DONE
user_call:
	call	*%rbx
	int	$USER_DONE
user_cli:
	cli
	int	$USER_DONE
user_hlt:
	hlt
	int	$USER_DONE
user_in:
	inb	$0x60, %al
	int	$USER_DONE
user_cr3:
	movq	%rax, %cr3
	int	$USER_DONE
user_lgdt:
	lgdt	(%rbx)
	int	$USER_DONE

/* 1 + 2 + ... + RBX, each added by the kernel. */
user_int80:
	xorl	%edi, %edi
1:	incl	%edi
	int	$SYSTEM_VECTOR
	cmpl	%ebx, %edi
	jb	1b
	int	$USER_DONE
user_syscall:
	xorl	%edi, %edi
1:	incl	%edi
	syscall
	cmpl	%ebx, %edi
	jb	1b
	int	$USER_DONE

/*
 * A sum of 1/n by x87 and by SSE, and of n as integers, from the data's first n on; then
 * all stays in registers until the kernel has changed tasks often enough.
 */
user_compute:
	fninit
	fldz
	xorps	%xmm0, %xmm0
	movl	DATA_FIRST(%rbx), %ecx
	movl	$1, %esi
	movl	$2000, %edx
	xorl	%eax, %eax
1:	movl	%ecx, DATA_SCRATCH(%rbx)
	fld1
	fidivl	DATA_SCRATCH(%rbx)
	faddp
	cvtsi2sd %ecx, %xmm1
	cvtsi2sd %esi, %xmm2
	divsd	%xmm1, %xmm2
	addsd	%xmm2, %xmm0
	imull	$31, %eax
	addl	%ecx, %eax
	incl	%ecx
	decl	%edx
	jnz	1b
	movabsq	$USER_SHARED, %rdi
2:	pause
	cmpl	$SWITCHES, (%rdi)
	jb	2b
	fstpl	DATA_X87(%rbx)
	movsd	%xmm0, DATA_SSE(%rbx)
	movl	%eax, DATA_HASH(%rbx)
	int	$END_VECTOR

	.text
	.globl	syscall_entry
syscall_entry:
	movq	%rsp, user_sp
	movq	$entry_stack_top, %rsp
	pushq	%rcx
	pushq	%r11
	pushq	%rdi
	call	system_call
	popq	%rdi
	popq	%r11
	popq	%rcx
	movq	user_sp, %rsp
	sysretq

	.bss
	.balign	16
user_sp:
	.skip	8
	.skip	4096
	.balign	16
	.skip	8		/* three pushes and a call leave it aligned */
entry_stack_top:

	.section .note.GNU-stack, "", @progbits
