/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exits.S - the shortest guest that leaves 10,000 times: an OUT, over and over,
 * to a port behind which floor-disk.c writes a sector.
 */
#define EXITS		10000
#define EXIT_PORT	0x80

	.code16
	.text
	movw	$EXITS, %cx
again:
	outb	%al, $EXIT_PORT
	loop	again
	cli
	hlt

	.section .note.GNU-stack, "", @progbits
