/* SPDX-License-Identifier: 0BSD */
/*
 * header-aout.S - multiboot with addresses in the header, for a kernel without an
 * executable's headers. It does not begin the file: the offset counts.
 */
#define FLAGS 0x00010003

	.section .header, "a", @progbits
	.ascii	"not yet the header: "
	.balign	4
header:
	.long	0x1BADB002, FLAGS, -(0x1BADB002 + FLAGS)
	.long	header, kernel_start, kernel_data_end, kernel_end, _start

	.section .note.GNU-stack, "", @progbits
