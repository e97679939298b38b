/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-work.h - registers as wide as the mode has them, for benchmark code that
 * is assembled for 32 and for 64 bits.
 *
 * Work is a main() that returns 0 where its result is right. The same object
 * becomes a guest of vmm's (with the library's crt0), one of QEMU's, and a
 * program of the host's (cpu-native.S).
 */
#ifdef __x86_64__
#define REG_A	%rax
#define REG_B	%rbx
#define REG_C	%rcx
#define REG_D	%rdx
#define REG_SI	%rsi
#define REG_DI	%rdi
#else
#define REG_A	%eax
#define REG_B	%ebx
#define REG_C	%ecx
#define REG_D	%edx
#define REG_SI	%esi
#define REG_DI	%edi
#endif

	.section .note.GNU-stack, "", @progbits
