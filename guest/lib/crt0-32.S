/* SPDX-License-Identifier: 0BSD */
/*
 * crt0-32.S - the start of a 32-bit guest: entered in real mode at 0000:0000,
 * switches to protected mode with flat segments (Intel SDM vol. 3, 9.9.1) and
 * calls main().
 */
#include "crt0.h"

	.section .text.start, "ax", @progbits
	.code16
	.globl	_start
_start:
	cli
	lidtl	%cs:no_idt
	lgdtl	%cs:gdt_register
	movl	%cr0, %eax
	orl	$CR0_PE, %eax
	movl	%eax, %cr0
	ljmpl	$CODE_SELECTOR, $protected_mode

	.code32
protected_mode:
	set_data_segments DATA_SELECTOR
	run_main

	define_gdt 0x00CF9B000000FFFF	/* 32-bit code, 4 GiB from 0 */
	define_no_idt
