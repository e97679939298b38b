/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-words.S - 2000 sectors to an ATA disk the way that course kernels write them:
 * an OUT a word, in a loop. The first sector of the disk, again and again.
 */
#include "cpu-work.h"

#define SECTORS		2000
#define WORDS		256
/* The primary channel (ATA/ATAPI-4, 7). */
#define DATA		0x1F0
#define COUNT		0x1F2
#define LBA		0x1F3
#define DEVICE		0x1F6
#define COMMAND		0x1F7
#define WRITE_SECTORS	0x30
#define STATUS_BSY	0x80
#define STATUS_DRQ	0x08
#define STATUS_ERR	0x01

	.text
	.globl	main
main:
	movl	$SECTORS, %esi
again:
	movw	$DEVICE, %dx
	movb	$0xE0, %al
	outb	%al, %dx
	movw	$COUNT, %dx
	movb	$1, %al
	outb	%al, %dx
	xorl	%eax, %eax
	incl	%edx
	outb	%al, %dx
	incl	%edx
	outb	%al, %dx
	incl	%edx
	outb	%al, %dx
	movw	$COMMAND, %dx
	movb	$WRITE_SECTORS, %al
	outb	%al, %dx
1:	inb	%dx, %al
	testb	$STATUS_ERR, %al
	jnz	failed
	testb	$STATUS_DRQ, %al
	jz	1b
	movw	$DATA, %dx
	movl	$WORDS, %ecx
2:	movw	%cx, %ax
	outw	%ax, %dx
	decl	%ecx
	jnz	2b
	movw	$COMMAND, %dx
3:	inb	%dx, %al
	testb	$STATUS_BSY, %al
	jnz	3b
	decl	%esi
	jnz	again
	xorl	%eax, %eax
	ret
failed:
	movl	$1, %eax
	ret
