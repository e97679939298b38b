/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stack.h - the stack as near instructions use it. RSP changes last: what an
 * instruction reads or writes may raise an exception.
 *
 * size and bits are the operand's. Operands of 8 bytes there are only in
 * 64-bit code, whose stack pointer has 64 bits too.
 */
#ifndef VMM_CPU_STACK_H
#define VMM_CPU_STACK_H

#include "cpu/operand.h"

/* The offset in the stack segment that lies delta bytes above RSP. */
static inline uint64_t stack_offset(const struct cpu *cpu, unsigned int size, uint64_t delta)
{
	uint64_t offset = cpu->gpr[GPR_RSP] + delta;

	return size == 8 ? offset : offset & stack_mask(cpu);
}

/* What RSP becomes when the stack pointer, the part of it that counts, is set. */
static inline uint64_t stack_pointer(const struct cpu *cpu, uint64_t pointer)
{
	if (cpu->stack_bits == 16)
		return (cpu->gpr[GPR_RSP] & ~UINT64_C(0xFFFF)) | (uint16_t)pointer;
	return pointer & stack_mask(cpu);
}

/* What RSP becomes when delta is added. */
static inline uint64_t stack_moved(const struct cpu *cpu, unsigned int size, uint64_t delta)
{
	uint64_t pointer = cpu->gpr[GPR_RSP] + delta;

	return size == 8 ? pointer : stack_pointer(cpu, pointer);
}

/* Memory at an offset in the stack segment, and PUSH. */
#define DEFINE_STACK(bits)								\
static inline uint##bits##_t stack_read##bits(struct cpu *cpu, uint64_t offset)		\
{											\
	return read##bits(cpu, linear_at(cpu, SEG_SS, offset, bits / 8, ACCESS_READ));	\
}											\
static inline void stack_write##bits(struct cpu *cpu, uint64_t offset,			\
				     uint##bits##_t value)				\
{											\
	write##bits(cpu, linear_at(cpu, SEG_SS, offset, bits / 8, ACCESS_WRITE), value); \
}											\
static inline void push##bits(struct cpu *cpu, uint##bits##_t value)			\
{											\
	uint64_t offset = stack_offset(cpu, bits / 8, -(uint64_t)(bits / 8));		\
	void *host;									\
											\
	if (unlikely(!fast_pointer(cpu, SEG_SS, offset, bits / 8, ACCESS_WRITE, &host))) { \
		push(cpu, bits / 8, value);						\
		return;									\
	}										\
	*(any##bits##_t *)host = value;							\
	cpu->gpr[GPR_RSP] = stack_moved(cpu, bits / 8, -(uint64_t)(bits / 8));		\
}

DEFINE_STACK(16)
DEFINE_STACK(32)
DEFINE_STACK(64)

/* Reads what POP would, and does the statements; RSP is not changed yet. */
#define DEFINE_POPPING(function, bits, value, ...)					\
	DEFINE_LOADING_AT(function, bits, SEG_SS, stack_offset(cpu, bits / 8, 0), value, \
			  __VA_ARGS__)

#endif
