/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rom.S - a flat guest in the place of a PC's firmware, so that QEMU runs the
 * guest that vmm runs with nothing before it: 64 KiB that end at 4 GiB, where
 * the processor starts, and are seen at 0xF0000 too (Intel SDM vol. 3, 9.1.4).
 * Copies the image to 0 and starts it there in real mode.
 *
 * GUEST: the image's file name, quoted. Without one: a guest that ends at once,
 * by QEMU's debug-exit port.
 */
#define ROM_SIZE	0x10000
#define ROM_SEGMENT	0xF000
#define LOADER		0xFF00	/* the image may reach up to here */
#define RESET_VECTOR	0xFFF0
#define DEBUG_EXIT_PORT	0xF4
#define GUEST_DONE	1	/* as in qemu-end.c */

	.code16
	.text
image:
#ifdef GUEST
	.incbin GUEST
#else
	movl	$GUEST_DONE, %eax
	outl	%eax, $DEBUG_EXIT_PORT
#endif
image_end:

	.org	LOADER
	cli
	cld
	movw	$ROM_SEGMENT, %ax
	movw	%ax, %ds
	xorw	%ax, %ax
	movw	%ax, %es
	xorw	%si, %si
	xorw	%di, %di
	movw	$(image_end - image), %cx
	rep movsb
	movw	%ax, %ds
	movw	%ax, %ss
	ljmpw	$0, $0

	.org	RESET_VECTOR
	ljmpw	$ROM_SEGMENT, $LOADER
	.org	ROM_SIZE

	.section .note.GNU-stack, "", @progbits
