/* SPDX-License-Identifier: 0BSD */
/*
 * crt0-64.S - the start of a 64-bit guest: entered in real mode at 0000:0000,
 * switches to long mode and calls main(). Any exception ends the run: there
 * are no interrupt gates.
 *
 * Paging and protection are switched on by one write to CR0, straight from real
 * mode, so that no 32-bit code is needed on the way (Intel SDM vol. 3, 9.8.5).
 * The page tables are part of the image and map the first 4 GiB one-to-one with
 * pages of 2 MiB, so that nothing has to be computed.
 */
#include <vmm/machine.h>

#define CR0_PE		0x00000001
#define CR0_PG		0x80000000
#define CR4_PAE		0x00000020
#define MSR_EFER	0xC0000080
#define EFER_LME	0x00000100
#define CODE_SELECTOR	0x08
#define DATA_SELECTOR	0x10

#define PAGE_TABLE	0x03		/* present, writable */
#define PAGE_2M		0x83		/* and a page of 2 MiB */
#define MAPPED_GIB	4
#define ENTRIES		512

	.section .text.start, "ax", @progbits
	.code16
	.globl	_start
_start:
	cli
	lidtl	%cs:no_interrupts
	lgdtl	%cs:descriptors
	movl	%cr4, %eax
	orl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$pml4, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$(CR0_PG | CR0_PE), %eax
	movl	%eax, %cr0
	ljmpl	$CODE_SELECTOR, $long_mode

	.code64
long_mode:
	movw	$DATA_SELECTOR, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %fs
	movw	%ax, %gs
	movw	%ax, %ss
	movl	$vmm_stack_top, %esp

	cld
	movl	$vmm_bss_start, %edi
	movl	$vmm_bss_end, %ecx
	subl	%edi, %ecx
	shrl	$3, %ecx
	xorl	%eax, %eax
	rep stosq

	call	main
	testl	%eax, %eax
	jz	halt
	outl	%eax, $DEBUG_EXIT_PORT
halt:
	cli
	hlt
	jmp	halt

	.balign	8
gdt:
	.quad	0
	.quad	0x00AF9B000000FFFF	/* 64-bit code */
	.quad	0x00CF93000000FFFF	/* data */
gdt_end:

descriptors:
	.word	gdt_end - gdt - 1
	.long	gdt
no_interrupts:
	.word	0
	.long	0

	.section .data.page_tables, "aw", @progbits
	.balign	4096
pml4:
	.quad	pdpt + PAGE_TABLE
	.fill	ENTRIES - 1, 8, 0
pdpt:
	.set	table, 0
	.rept	MAPPED_GIB
	.quad	page_directories + table * ENTRIES * 8 + PAGE_TABLE
	.set	table, table + 1
	.endr
	.fill	ENTRIES - MAPPED_GIB, 8, 0
page_directories:
	.set	page, 0
	.rept	MAPPED_GIB * ENTRIES
	.quad	page * 0x200000 + PAGE_2M
	.set	page, page + 1
	.endr

	.section .note.GNU-stack, "", @progbits
