/* SPDX-License-Identifier: 0BSD */
/*
 * crt0-64.S - the start of a 64-bit guest: entered in real mode at 0000:0000,
 * switches to long mode and calls main().
 *
 * Paging and protection are switched on by one write to CR0, straight from real
 * mode, so that no 32-bit code is needed on the way (Intel SDM vol. 3, 9.8.5).
 * The page tables are part of the image and map the first 4 GiB one-to-one with
 * pages of 2 MiB, so that nothing has to be computed.
 */
#include "crt0.h"

#define CR0_PG		0x80000000
#define CR4_PAE		0x00000020
#define MSR_EFER	0xC0000080
#define EFER_LME	0x00000100

#define PAGE_TABLE	0x03		/* present, writable */
#define PAGE_2M		0x83		/* and a page of 2 MiB */
#define MAPPED_GIB	4
#define ENTRIES		512

	.section .text.start, "ax", @progbits
	.code16
	.globl	_start
_start:
	cli
	lidtl	%cs:no_idt
	lgdtl	%cs:gdt_register
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
	set_data_segments DATA_SELECTOR
	run_main

	define_gdt 0x00AF9B000000FFFF	/* 64-bit code */
	define_no_idt

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
