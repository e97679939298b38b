/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-pages.S - 4 times: maps 64 MiB at 1 GiB to what lies from 8 MiB on, in pages of
 * 4 KiB, writes to each, and takes the mapping away again. Long mode; 128 MiB.
 */
#include "cpu-work.h"

#define ROUNDS		4
#define PAGE		4096
#define PAGES		16384
#define TABLES		(PAGES / 512)
#define P_W		3
#define DIRECTORY	0x200000	/* and the page tables behind it */
#define MEMORY		0x800000
#define VIRTUAL		0x40000000
#define PRESENT_MASK	0xFFFFF000

	.text
	.globl	main
main:
	push	%rbx
	mov	%cr3, %rbx
	mov	(%rbx), %rbx
	andl	$PRESENT_MASK, %ebx
	movl	$ROUNDS, %esi
round:
	movl	$DIRECTORY, %edi
	movl	$(DIRECTORY + PAGE + P_W), %eax
	movl	$TABLES, %ecx
1:	mov	%rax, (%rdi)
	addl	$8, %edi
	addl	$PAGE, %eax
	decl	%ecx
	jnz	1b

	movl	$(DIRECTORY + PAGE), %edi
	movl	$(MEMORY + P_W), %eax
	movl	$PAGES, %ecx
2:	mov	%rax, (%rdi)
	addl	$8, %edi
	addl	$PAGE, %eax
	decl	%ecx
	jnz	2b

	movl	$(DIRECTORY + P_W), %eax
	mov	%rax, 8(%rbx)
	movl	$VIRTUAL, %edi
	movl	$PAGES, %ecx
3:	mov	%ecx, (%rdi)
	addl	$PAGE, %edi
	decl	%ecx
	jnz	3b

	movq	$0, 8(%rbx)
	mov	%cr3, %rax
	mov	%rax, %cr3
	decl	%esi
	jnz	round

	/* The last page's number, where it lies. */
	xorl	%eax, %eax
	pop	%rbx
	ret
