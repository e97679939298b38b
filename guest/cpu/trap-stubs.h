/* SPDX-License-Identifier: 0BSD */
/*
 * trap-stubs.h - the first instructions for each of the 256 vectors, for the
 * assembler: they make the stack the same for all, with an error code and the
 * vector on it.
 */
#define STUB_ALIGNMENT	16

/* Those for which the processor pushes an error code: #DF #TS #NP #SS #GP #PF #AC #CP. */
#define ERROR_CODE_VECTORS \
	(1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | 1 << 21)

	.macro	define_stubs push
	.globl	trap_stubs
	.balign	STUB_ALIGNMENT
trap_stubs:
	.set	vector, 0
	.rept	256
	.balign	STUB_ALIGNMENT
	.if	!(ERROR_CODE_VECTORS >> (vector & 31) & 1 && vector < 32)
	\push	$0
	.endif
	\push	$vector
	jmp	trap_entry
	.set	vector, vector + 1
	.endr
	.endm
