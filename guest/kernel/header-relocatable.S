/* SPDX-License-Identifier: 0BSD */
/*
 * header-relocatable.S - Multiboot2, of a kernel that runs anywhere from 2 to 48 MiB,
 * and prefers to be high.
 */
#include "kernel/multiboot2.h"

	.section .header, "a", @progbits
	multiboot2_begin
	multiboot2_tag 10, 0, 0x200000, 0x2FFFFFF, 0x10000, 2
	multiboot2_end

	.section .note.GNU-stack, "", @progbits
