/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * operand.h - operands of the functions that execute integer instructions.
 *
 * These functions are made by macros, one for each size (bits: 8, 16, 32, 64)
 * and form of operands; in all of them cpu and insn are the parameters.
 */
#ifndef VMM_CPU_OPERAND_H
#define VMM_CPU_OPERAND_H

#include "cpu/bind.h"
#include "cpu/internal.h"

/* Values that lie anywhere: parts of registers, guest memory at any alignment. */
typedef uint8_t any8_t;
typedef uint16_t any16_t __attribute__((may_alias, aligned(1)));
typedef uint32_t any32_t __attribute__((may_alias, aligned(1)));
typedef uint64_t any64_t __attribute__((may_alias, aligned(1)));

/* Makes a definition for each size. */
#define ALL_SIZES(DEFINE, name)	\
	DEFINE(name, 8) DEFINE(name, 16) DEFINE(name, 32) DEFINE(name, 64)
#define WIDE_SIZES(DEFINE, name)	\
	DEFINE(name, 16) DEFINE(name, 32) DEFINE(name, 64)

/* --- registers --- */

/* The register that insn's field (dst, src, third) names. */
#define REG(field, bits) (*(any##bits##_t *)reg_at(cpu, insn->field))

/* A result to the destination register: 32 bits clear the upper half. */
#define STORE_REG_8(value) (REG(dst, 8) = (value))
#define STORE_REG_16(value) (REG(dst, 16) = (value))
#define STORE_REG_32(value) (REG(dst, 64) = (uint32_t)(value))
#define STORE_REG_64(value) (REG(dst, 64) = (value))

/* --- the memory operand --- */

#define DEFINE_STORE(name, bits)							\
static inline void name##bits(struct cpu *cpu, const struct insn *insn,			\
			      uint##bits##_t value)					\
{											\
	uint64_t offset = effective_address(cpu, insn);					\
	void *host;									\
											\
	if (likely(fast_pointer(cpu, insn->segment, offset, bits / 8, ACCESS_WRITE, &host))) \
		*(any##bits##_t *)host = value;						\
	else										\
		write_checked(cpu, insn->segment, offset, bits / 8, value);		\
}

ALL_SIZES(DEFINE_STORE, store)

/*
 * Functions that read memory are two, so that the one for the fast way calls
 * nothing on its way and needs no stack frame. Both go on alike.
 */
#define SLOW_WAY static __attribute__((noinline, cold)) void

/* Reads memory at an offset in a segment, from where b is; then does the statements. */
#define DEFINE_LOADING_AT(function, bits, name, offset, b, ...)				\
SLOW_WAY function##_slow(struct cpu *cpu, const struct insn *insn)			\
{											\
	uint##bits##_t b = (uint##bits##_t)read_checked(cpu, name, offset, bits / 8);	\
											\
	__VA_ARGS__;									\
}											\
static void function(struct cpu *cpu, const struct insn *insn)				\
{											\
	uint##bits##_t b;								\
	void *host;									\
											\
	if (unlikely(!fast_pointer(cpu, name, offset, bits / 8, ACCESS_READ, &host))) { \
		function##_slow(cpu, insn);						\
		return;									\
	}										\
	b = *(const any##bits##_t *)host;						\
	__VA_ARGS__;									\
	proceed(cpu, insn);								\
}

#define DEFINE_LOADING(function, bits, b, ...)						\
	DEFINE_LOADING_AT(function, bits, insn->segment, effective_address(cpu, insn), b, \
			  __VA_ARGS__)

/*
 * Reads, changes and writes memory: operation has it as a, and may leave flags
 * in flags, which count only when the write has succeeded. Then does the
 * statements, which still have the old a.
 */
#define DEFINE_CHANGING_AT(function, bits, offset, operation, ...)			\
SLOW_WAY function##_slow(struct cpu *cpu, const struct insn *insn)			\
{											\
	uint64_t la = linear_at(cpu, insn->segment, offset, bits / 8, ACCESS_WRITE);	\
	arith_flags flags = cpu->arith;							\
	uint##bits##_t a, result;							\
											\
	mmu_read_for_write(cpu, la, &a, sizeof(a));					\
	result = operation;								\
	mmu_write(cpu, la, &result, sizeof(result));					\
	cpu->arith = flags;								\
	__VA_ARGS__;									\
}											\
static void function(struct cpu *cpu, const struct insn *insn)				\
{											\
	arith_flags flags = cpu->arith;							\
	uint##bits##_t a;								\
	void *host;									\
											\
	if (unlikely(!fast_pointer(cpu, insn->segment, offset, bits / 8, ACCESS_WRITE,	\
				   &host))) {						\
		function##_slow(cpu, insn);						\
		return;									\
	}										\
	a = *(const any##bits##_t *)host;						\
	*(any##bits##_t *)host = operation;						\
	cpu->arith = flags;								\
	__VA_ARGS__;									\
	proceed(cpu, insn);								\
}

#define DEFINE_CHANGING(function, bits, operation, ...)					\
	DEFINE_CHANGING_AT(function, bits, effective_address(cpu, insn), operation, __VA_ARGS__)

/* --- binding --- */

/* Forms: what the destination is and where the source comes from. */
enum form { FORM_REG_REG, FORM_REG_IMM, FORM_REG_MEM, FORM_MEM_REG, FORM_MEM_IMM, FORMS };

/* Rows of function tables by size_index() and whether the operand is memory. */
#define ROW_BY_SIZE(name) {								\
	{ name##8_reg, name##8_mem }, { name##16_reg, name##16_mem },			\
	{ name##32_reg, name##32_mem }, { name##64_reg, name##64_mem } }
#define ROW_BY_WIDE_SIZE(name) { [1] = { name##16_reg, name##16_mem },			\
	{ name##32_reg, name##32_mem }, { name##64_reg, name##64_mem } }

static inline bool is_memory(const struct operand *operand)
{
	return operand->kind == OPERAND_MEM;
}

static inline enum form form_of(const struct decoded *decoded)
{
	bool memory = is_memory(&decoded->operand[0]);

	switch (decoded->operand[1].kind) {
	case OPERAND_IMM:
		return memory ? FORM_MEM_IMM : FORM_REG_IMM;
	case OPERAND_MEM:
		return FORM_REG_MEM;
	default:
		return memory ? FORM_MEM_REG : FORM_REG_REG;
	}
}

/* The two operands, in whichever form. */
static inline void bind_operands(const struct decoded *decoded, struct insn *insn)
{
	if (decoded->operand[0].kind == OPERAND_REG)
		insn->dst = reg_offset(&decoded->operand[0]);
	if (decoded->operand[1].kind == OPERAND_REG)
		insn->src = reg_offset(&decoded->operand[1]);
	if (decoded->operand[1].kind == OPERAND_IMM)
		insn->imm = decoded->operand[1].imm;
}

#endif
