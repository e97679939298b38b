/* SPDX-License-Identifier: 0BSD */
/*
 * sector.S - a boot loader in a sector of 512 bytes, for 0x7C00 as a PC's firmware has it:
 * finds an ELF kernel of 32 bits where somebody has put the file (vmm --load), puts each of
 * its regions where it belongs, and calls its entry.
 *
 * In place of reading a disk the file lies at ELF_FILE. Where there is none the run ends with
 * status 2.
 */
#include <vmm/machine.h>

#define ELF_FILE	0x400000	/* firmware clears what is below 640 KiB */
#define ELF_MAGIC	0x464C457F	/* ELF specification 1.2, figure 1-4 */
#define ENTRY		24		/* offsets in the file's header */
#define REGIONS		28		/* where the table of regions is */
#define REGION_SIZE	42
#define REGION_COUNT	44
#define LOAD		1		/* the type of regions that go to memory */
#define OFFSET		4		/* offsets in a region's header */
#define ADDRESS		12		/* physical */
#define FILE_SIZE	16
#define MEMORY_SIZE	20

#define PORT_A		0x92		/* system control port A: bit 1 opens A20 */
#define CR0_PE		0x1

	.text
	.code16
	.globl	_start
_start:
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	inb	$PORT_A, %al
	orb	$2, %al
	outb	%al, $PORT_A
	lgdtl	gdt_register
	movl	%cr0, %eax
	orl	$CR0_PE, %eax
	movl	%eax, %cr0
	ljmpl	$0x08, $protected_mode

	.code32
protected_mode:
	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$_start, %esp
	cld
	cmpl	$ELF_MAGIC, ELF_FILE
	jne	no_kernel
	movl	ELF_FILE + REGIONS, %ebx
	addl	$ELF_FILE, %ebx
	movzwl	ELF_FILE + REGION_COUNT, %edx

next_region:
	decl	%edx
	js	start
	cmpl	$LOAD, (%ebx)
	jne	behind
	movl	OFFSET(%ebx), %esi
	addl	$ELF_FILE, %esi
	movl	ADDRESS(%ebx), %edi
	movl	FILE_SIZE(%ebx), %ecx
	rep movsb
	/* The rest of its memory is zeros. */
	movl	MEMORY_SIZE(%ebx), %ecx
	subl	FILE_SIZE(%ebx), %ecx
	xorl	%eax, %eax
	rep stosb
behind:
	movzwl	ELF_FILE + REGION_SIZE, %eax
	addl	%eax, %ebx
	jmp	next_region

start:
	call	*ELF_FILE + ENTRY
no_kernel:
	movl	$2, %eax
	outl	%eax, $DEBUG_EXIT_PORT
halt:
	hlt
	jmp	halt

	.balign	8
gdt:
	.quad	0
	.quad	0x00CF9B000000FFFF	/* code and data, 4 GiB from 0 */
	.quad	0x00CF93000000FFFF
gdt_register:
	.word	. - gdt - 1
	.long	gdt

	.org	510
	.byte	0x55, 0xAA
	.section .note.GNU-stack, "", @progbits
