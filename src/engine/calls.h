/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * calls.h - instructions that must not be executed even where they hide in others: bytes,
 * wherever they lie in code.
 *
 * System calls: Syscall User Dispatch catches them all, but by then Linux has given up
 * registers that an exception would leave alone: RCX and R11 for SYSCALL, in 32-bit code (AMD)
 * RIP too, as for SYSENTER (Intel); the upper half of RAX for INT 80h. And WRPKRU, where the
 * processor has protection keys: it can bar the stack of the signal by which guest code comes
 * out, and Linux before 6.12 ends a process that has none.
 */
#ifndef VMM_ENGINE_CALLS_H
#define VMM_ENGINE_CALLS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Which of them are anywhere among the bytes: CPU_CODE_...
 * (cpu/native.h). code_bits: 32 or 64.
 */
uint32_t calls_in(const uint8_t *bytes, size_t len, uint8_t code_bits);

#endif
