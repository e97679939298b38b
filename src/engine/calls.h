/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * calls.h - bytes that Linux takes for a system call of the process, wherever they lie in
 * its code.
 *
 * Syscall User Dispatch catches them all, but by then Linux has given up registers that an
 * exception would leave alone: RCX and R11 for SYSCALL, in 32-bit code (AMD) RIP too, as for
 * SYSENTER (Intel); the upper half of RAX for INT 80h.
 */
#ifndef VMM_ENGINE_CALLS_H
#define VMM_ENGINE_CALLS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Which of them are anywhere among the bytes, in instructions and between them: CPU_CODE_...
 * (cpu/native.h). code_bits: 32 or 64.
 */
uint32_t calls_in(const uint8_t *bytes, size_t len, uint8_t code_bits);

#endif
