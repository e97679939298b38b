/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-kernel.S - what a kernel does all day, in long mode: 20,000 rounds of a
 * change of the address space, a return to user code and a system call from it, a
 * few pages touched and functions called on each side, a page cleared and copied,
 * INVLPG and IRET. A guest only. BenchPlan.pm has the number of instructions.
 */
#include "cpu-work.h"

#define ROUNDS		20000
#define PAGES		16		/* touched by each side */
#define PAGE		4096
#define WORDS		(PAGE / 8)

/* Page-table entries (SDM vol. 3, 4.5). */
#define P_W_U		0x7
#define P_W_U_LARGE	0x87
#define GLOBAL		0x100

#define CR4_PGE		0x80
#define EFER		0xC0000080
#define EFER_SCE	1
#define STAR		0xC0000081
#define LSTAR		0xC0000082
#define SFMASK		0xC0000084
/* The kernel's CS; SYSRET's, which it adds 16 to, are never loaded from a table. */
#define STAR_KERNEL	0x08
#define STAR_USER	0x1B
#define RFLAGS_FIXED	0x2

	.text
	.globl	main
main:
	push	%rbx
	push	%rbp
	push	%r12
	call	make_tables
	call	make_functions
	call	enable
	movl	$ROUNDS, %r12d
	xorl	%ebp, %ebp
round:
	/* Another address space. */
	movl	%r12d, %eax
	andl	$1, %eax
	shll	$12, %eax
	addl	$tables, %eax
	mov	%rax, %cr3

	/* To user code and back by a system call. */
	movl	$user, %ecx
	movl	$RFLAGS_FIXED, %r11d
	mov	%rsp, %rbx
	sysretq
system_call:
	mov	%rbx, %rsp

	/* The kernel's own pages and functions. */
	movl	$kernel_data, %esi
	movl	$functions, %edi
	movl	$PAGES, %edx
1:	addl	%edx, (%rsi)
	call	*%rdi
	addl	$PAGE + 64, %esi
	addl	$PAGE, %edi
	decl	%edx
	jnz	1b

	/* A page for somebody. */
	movl	$page, %edi
	movl	$WORDS, %ecx
	xorl	%eax, %eax
	rep stosq
	movl	$page, %edi
	movl	$kernel_data, %esi
	movl	$WORDS, %ecx
	rep movsq
	invlpg	page

	/* The end of an interrupt. */
	mov	%rsp, %rax
	mov	%ss, %ecx
	push	%rcx
	push	%rax
	pushfq
	mov	%cs, %ecx
	push	%rcx
	push	$2f
	iretq
2:	decl	%r12d
	jnz	round

	xorl	%eax, %eax
	cmpl	$(2 * PAGES * ROUNDS), %ebp
	setne	%al
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

user:
	movl	$user_data, %esi
	movl	$PAGES, %edx
1:	addl	%edx, (%rsi)
	addl	$PAGE + 64, %esi
	incl	%ebp
	decl	%edx
	jnz	1b
	syscall

/* Two address spaces of the first GiB, in large pages that are everybody's. */
make_tables:
	movl	$tables, %edi
	movl	$(directories + P_W_U), %eax
	mov	%rax, (%rdi)
	mov	%rax, PAGE(%rdi)
	movl	$directories, %edi
	movl	$(directory + P_W_U), %eax
	mov	%rax, (%rdi)
	movl	$directory, %edi
	movl	$(P_W_U_LARGE + GLOBAL), %eax
	movl	$512, %ecx
1:	mov	%rax, (%rdi)
	addl	$8, %edi
	addl	$0x200000, %eax
	decl	%ecx
	jnz	1b
	ret

enable:
	mov	%cr4, %rax
	orl	$CR4_PGE, %eax
	mov	%rax, %cr4
	movl	$EFER, %ecx
	rdmsr
	orl	$EFER_SCE, %eax
	wrmsr
	movl	$STAR, %ecx
	xorl	%eax, %eax
	movl	$(STAR_USER << 16 | STAR_KERNEL), %edx
	wrmsr
	movl	$LSTAR, %ecx
	movl	$system_call, %eax
	xorl	%edx, %edx
	wrmsr
	movl	$SFMASK, %ecx
	movl	$0x200, %eax
	wrmsr
	ret

/* INCL %EBP and RET at the start of each page. */
make_functions:
	movl	$functions, %edi
	movl	$PAGES, %ecx
1:	movl	$0xC3C5FF, (%rdi)
	addl	$PAGE, %edi
	decl	%ecx
	jnz	1b
	ret

	.bss
	.balign	PAGE
tables:
	.zero	2 * PAGE
directories:
	.zero	PAGE
directory:
	.zero	PAGE
page:
	.zero	PAGE
kernel_data:
	.zero	(PAGES + 1) * (PAGE + 64)
user_data:
	.zero	(PAGES + 1) * (PAGE + 64)
	.balign	PAGE
functions:
	.zero	PAGES * PAGE
