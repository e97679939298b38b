/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare.h - in what two machines differ: registers, FPU, memory.
 */
#ifndef VMM_OBSERVE_COMPARE_H
#define VMM_OBSERVE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mem.h"
#include "core/vcpu.h"

/* The bits of RFLAGS that instructions define, but for RF, which each of them clears. */
#define COMPARE_RFLAGS UINT64_C(0x3E7FD7)

/* Told of a register that differs. size: bytes, 1 to 16, at a and b. */
typedef void compare_fn(void *self, const char *name, const void *a, const void *b, size_t size);

/*
 * The registers but for FPU, MSRs and debug registers: calls fn (NULL: nobody) for
 * each that differs, and returns how many do. Parts of segments that cannot be
 * used are not looked at.
 */
unsigned int compare_registers(const struct vcpu_state *a, const struct vcpu_state *b,
			       compare_fn *fn, void *self);

/* x87, MMX, SSE and AVX registers, without the addresses of the last x87 instruction. */
unsigned int compare_fpu(const struct vcpu_state *a, const struct vcpu_state *b,
			 compare_fn *fn, void *self);

/*
 * Looks for the first byte in which two memories of the same layout differ, from
 * *gpa on. Returns false where there is none, else its address in *gpa.
 */
bool compare_memory(const struct mem *a, const struct mem *b, uint64_t *gpa);

#endif
