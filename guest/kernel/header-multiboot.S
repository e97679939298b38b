/* SPDX-License-Identifier: 0BSD */
/* header-multiboot.S - of an ELF kernel; everything that can be required, is. */
#define FLAGS 0x00000007

	.section .header, "a", @progbits
	.balign	4
	.long	0x1BADB002, FLAGS, -(0x1BADB002 + FLAGS)
	.long	0, 0, 0, 0, 0			/* no addresses */
	.long	1, 80, 25, 0			/* text, please */

	.section .note.GNU-stack, "", @progbits
