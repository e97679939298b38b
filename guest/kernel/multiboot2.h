/* SPDX-License-Identifier: 0BSD */
/*
 * multiboot2.h - the parts of a Multiboot2 header (3.1.1 to 3.1.3 there), for the
 * assembler. Labels 1 to 5 are used.
 */
#define MULTIBOOT2_HEADER_MAGIC	0xE85250D6

	.macro	multiboot2_begin
	.balign	8
1:	.long	MULTIBOOT2_HEADER_MAGIC, 0, 2f - 1b
	.long	-(MULTIBOOT2_HEADER_MAGIC + (2f - 1b))
	.endm

	.macro	multiboot2_end
	.balign	8
	.short	0, 0
	.long	8
2:
	.endm

	/* type, 1 where it is optional, and its fields. */
	.macro	multiboot2_tag type optional fields:vararg
	.balign	8
3:	.short	\type, \optional
	.long	4f - 3b
	.ifnb	\fields
	.long	\fields
	.endif
4:
	.endm
