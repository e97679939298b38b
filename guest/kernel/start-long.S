/* SPDX-License-Identifier: 0BSD */
/*
 * start-long.S - entered by a multiboot loader in 32-bit protected mode; switches to
 * long mode and calls long_main().
 *
 * An ELF64 file whose header gives addresses (multiboot 3.1.3): QEMU, which takes no
 * ELF64, loads it by them. The first 4 MiB are mapped one-to-one by two pages of
 * 2 MiB, in which the tables themselves lie.
 */
#define FLAGS		0x00010003	/* addresses; memory; modules on pages */

#define CR0		0x80010023	/* PG, WP, NE, MP, PE */
#define CR4		0x00000620	/* PAE, OSFXSR, OSXMMEXCPT */
#define MSR_EFER	0xC0000080
#define EFER		0x00000900	/* LME, NXE */

#define PAGE_TABLE	0x07		/* present, writable, for ring 3 too */
#define PAGE_2M		0x83		/* present, writable, and a page of 2 MiB */
#define ENTRIES		512

	.section .header, "a", @progbits
	.balign	4
header:
	.long	0x1BADB002, FLAGS, -(0x1BADB002 + FLAGS)
	.long	header, kernel_start, kernel_data_end, kernel_end, _start

	.section .start, "ax", @progbits
	.code32
	.globl	_start
_start:
	cli
	cld
	movl	%eax, %edi
	movl	%ebx, %esi
	lgdt	gdt_register
	movl	$CR4, %eax
	movl	%eax, %cr4
	movl	$pml4, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	xorl	%edx, %edx
	movl	$EFER, %eax
	wrmsr
	movl	$CR0, %eax
	movl	%eax, %cr0
	ljmp	$0x08, $1f
	.code64
1:	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss
	movq	$stack_top, %rsp
	call	long_main
2:	cli
	hlt
	jmp	2b

	.balign	8
gdt:
	.quad	0
	.quad	0x00AF9B000000FFFF	/* 64-bit code */
	.quad	0x00CF93000000FFFF
gdt_end:
gdt_register:
	.word	gdt_end - gdt - 1
	.long	gdt

	.section .tables, "aw", @progbits
	.globl	pml4
	.balign	4096
pml4:
	.quad	pdpt + PAGE_TABLE
	.fill	ENTRIES - 1, 8, 0
pdpt:
	.quad	page_directory + PAGE_TABLE
	.fill	ENTRIES - 1, 8, 0
page_directory:
	.quad	0x000000 + PAGE_2M
	.quad	0x200000 + PAGE_2M
	.fill	ENTRIES - 2, 8, 0

	.bss
	.balign	16
	.skip	0x4000
stack_top:

	.section .note.GNU-stack, "", @progbits
