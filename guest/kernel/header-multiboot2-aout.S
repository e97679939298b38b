/* SPDX-License-Identifier: 0BSD */
/*
 * header-multiboot2-aout.S - Multiboot2 with addresses in the header, for a kernel
 * without an executable's headers. It does not begin the file.
 */
#include "kernel/multiboot2.h"

	.section .header, "a", @progbits
	.ascii	"not yet the header: "
	.balign	8
header:
	multiboot2_begin
	multiboot2_tag 2, 0, header, kernel_start, kernel_data_end, kernel_end
	multiboot2_tag 3, 0, _start
	multiboot2_end

	.section .note.GNU-stack, "", @progbits
