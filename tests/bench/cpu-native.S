/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-native.S - the benchmark's work as a program of the host's: calls main()
 * and exits with what it returns. No library, so that 32 bits need none either.
 */
/* exit(2): Linux's arch/x86/entry/syscalls/syscall_32.tbl and _64.tbl. */
#define EXIT_32		1
#define EXIT_64		60

	.section .note.GNU-stack, "", @progbits
	.text
	.globl	_start
_start:
	call	main
#ifdef __x86_64__
	movl	%eax, %edi
	movl	$EXIT_64, %eax
	syscall
#else
	movl	%eax, %ebx
	movl	$EXIT_32, %eax
	int	$0x80
#endif
