/* SPDX-License-Identifier: 0BSD */
/*
 * crt0-16.S - the start of a guest that stays in real mode: entered at
 * 0000:0000, calls main() with all segments 0 and GS at the text memory.
 *
 * The code is a compiler's for -m16: 32-bit addresses and a 32-bit stack
 * pointer, within segments of 64 KiB. The image lies where the interrupt table
 * would be, so that there is none.
 */
#include "crt0.h"

#define TEXT_SEGMENT	0xB800

	.globl	vmm_memory_limit
	.set	vmm_memory_limit, 0x10000

	.section .text.start, "ax", @progbits
	.code16gcc
	.globl	_start
_start:
	cli
	lidtl	%cs:no_idt
	set_data_segments 0
	movw	$TEXT_SEGMENT, %ax
	movw	%ax, %gs
	run_main

	define_no_idt
