/* SPDX-License-Identifier: 0BSD */
/*
 * echo.S - sends back what comes in on COM1, by interrupts: FIFOs with the
 * trigger level 14, so that single characters come by the character timeout.
 * Ctrl-D ends it, with the number of interrupts in EAX.
 *
 * Real mode, for address 0: the interrupt vector is the first of IRQ 0 to 7 as
 * a PC's firmware sets them, and 4.
 */
#define COM1		0x3F8
#define IER		(COM1 + 1)
#define FCR		(COM1 + 2)
#define LCR		(COM1 + 3)
#define MCR		(COM1 + 4)
#define LSR		(COM1 + 5)
#define PIC_COMMAND	0x20
#define PIC_DATA	0x21
#define VECTOR		0x0C
#define CTRL_D		0x04

	.macro	output port, value
	movw	$\port, %dx
	movb	$\value, %al
	outb	%al, %dx
	.endm

	.section .text.start, "ax", @progbits
	.code16
	.globl	_start
_start:
	jmp	start
	.org	4 * VECTOR + 4
start:
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %ss
	movw	$0x7000, %sp
	movw	$receive, 4 * VECTOR
	movw	%ax, 4 * VECTOR + 2
	output	PIC_COMMAND, 0x11
	output	PIC_DATA, 0x08
	output	PIC_DATA, 0x04
	output	PIC_DATA, 0x01
	output	PIC_DATA, 0xEF
	output	LCR, 0x80
	output	COM1, 0x01
	output	IER, 0x00
	output	LCR, 0x03
	output	FCR, 0xC7
	output	MCR, 0x0B
	output	IER, 0x01
	xorl	%ebx, %ebx
wait:
	sti
	hlt
	jmp	wait

receive:
	incl	%ebx
again:
	movw	$LSR, %dx
	inb	%dx, %al
	testb	$1, %al
	jz	empty
	movw	$COM1, %dx
	inb	%dx, %al
	cmpb	$CTRL_D, %al
	je	end
	outb	%al, %dx
	jmp	again
empty:
	movb	$0x20, %al
	outb	%al, $PIC_COMMAND
	iret

end:
	movl	%ebx, %eax
	hlt

	.section .note.GNU-stack, "", @progbits
