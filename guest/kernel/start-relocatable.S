/* SPDX-License-Identifier: 0BSD */
/*
 * start-relocatable.S - entered in 32-bit protected mode wherever the loader put the
 * kernel: its segments begin at the distance from where it is linked, so that
 * addresses in it are right. What EBX points to has a word that serves as a stack.
 */
	.text
	.globl	_start_relocatable
_start_relocatable:
	leal	8(%ebx), %esp
	call	1f
1:	popl	%ebp
	subl	$1b, %ebp			/* the distance */

	/* The descriptors' bases: bits 16 to 39, and 56 to 63. */
	movl	%ebp, %ecx
	andl	$0x00FFFFFF, %ecx
	orl	%ecx, code + 2(%ebp)
	orl	%ecx, data + 2(%ebp)
	movl	%ebp, %ecx
	shrl	$24, %ecx
	movb	%cl, code + 7(%ebp)
	movb	%cl, data + 7(%ebp)
	movl	%ebp, slide(%ebp)

	leal	gdt(%ebp), %ecx
	movl	%ecx, gdt_register + 2(%ebp)
	lgdt	gdt_register(%ebp)
	ljmp	*start_pointer(%ebp)
2:	movw	$0x10, %cx
	movw	%cx, %ds
	movw	%cx, %es
	movw	%cx, %fs
	movw	%cx, %gs
	movw	%cx, %ss
	jmp	_start

	.data
	.balign	8
gdt:	.quad	0
code:	.quad	0x00CF9B000000FFFF
data:	.quad	0x00CF93000000FFFF
gdt_register:
	.word	. - gdt - 1
	.long	0
start_pointer:
	.long	2b
	.word	0x08

	.section .note.GNU-stack, "", @progbits
