/* SPDX-License-Identifier: 0BSD */
/*
 * header-multiboot2.S - of an ELF kernel: every tag that a loader has to
 * know, one that it may ignore, and an entry that is not the ELF header's (which
 * halts: status 121).
 */
#include "kernel/multiboot2.h"

	.section .header, "a", @progbits
	multiboot2_begin
	multiboot2_tag 1, 0, 1, 2, 3, 4, 6, 8, 9, 14, 15
	multiboot2_tag 3, 0, _start
	multiboot2_tag 4, 0, 3		/* a console is required, text will do */
	multiboot2_tag 5, 0, 1024, 768, 32
	multiboot2_tag 6, 0
	multiboot2_tag 7, 1
	multiboot2_tag 8, 1, 0
	multiboot2_tag 9, 1, 0
	multiboot2_tag 0x7777, 1, 1, 2, 3
	multiboot2_end

	.text
	.globl	wrong_entry
wrong_entry:
	cli
	hlt

	.section .note.GNU-stack, "", @progbits
