/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exchange.c - XCHG, XADD, CMPXCHG, CMPXCHG8B, CMPXCHG16B (SDM vol. 2, by their
 * names). With one processor every instruction is atomic: LOCK changes nothing.
 */
#include "cpu/alu.h"
#include "cpu/operand.h"

ALL_SIZES(DEFINE_ALU_OUT, add)
ALL_SIZES(DEFINE_ALU_OUT, cmp)

/* --- XCHG: dst is the register operand where one is memory --- */

#define STORE_REG_AT(field, bits, value) do {						\
	if (bits == 32)									\
		REG(field, 64) = (uint32_t)(value);					\
	else										\
		REG(field, bits) = (value);						\
} while (0)

#define DEFINE_XCHG(name, bits)								\
static void name##bits##_reg(struct cpu *cpu, const struct insn *insn)			\
{											\
	uint##bits##_t a = REG(dst, bits), b = REG(src, bits);				\
											\
	STORE_REG_AT(dst, bits, b);							\
	STORE_REG_AT(src, bits, a);							\
	proceed(cpu, insn);								\
}											\
DEFINE_CHANGING(name##bits##_mem, bits, REG(src, bits), STORE_REG_AT(src, bits, a))

ALL_SIZES(DEFINE_XCHG, xchg)

bool bind_xchg(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[4][2] = ROW_BY_SIZE(xchg);
	bool memory = is_memory(&decoded->operand[0]) || is_memory(&decoded->operand[1]);

	bind_operands(decoded, insn);
	if (is_memory(&decoded->operand[1]))
		insn->src = insn->dst;
	insn->execute = functions[size_index(insn->size)][memory];
	return true;
}

/* --- XADD --- */

#define DEFINE_XADD(name, bits)								\
static void name##bits##_reg(struct cpu *cpu, const struct insn *insn)			\
{											\
	uint##bits##_t a = REG(dst, bits), sum;						\
											\
	sum = alu_add##bits(&cpu->arith, a, REG(src, bits));				\
	STORE_REG_AT(src, bits, a);							\
	STORE_REG_AT(dst, bits, sum);							\
}											\
DEFINE_CHANGING(name##bits##_mem, bits, alu_add##bits(&flags, a, REG(src, bits)),	\
		STORE_REG_AT(src, bits, a))

ALL_SIZES(DEFINE_XADD, xadd)

bool bind_xadd(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[4][2] = ROW_BY_SIZE(xadd);

	bind_operands(decoded, insn);
	insn->execute = functions[size_index(insn->size)][is_memory(&decoded->operand[0])];
	return true;
}

/* --- CMPXCHG: memory is written in any case --- */

#define ACCUMULATOR(bits) ((uint##bits##_t)cpu->gpr[GPR_RAX])

#define DEFINE_CMPXCHG(name, bits)							\
static void name##bits##_reg(struct cpu *cpu, const struct insn *insn)			\
{											\
	uint##bits##_t a = REG(dst, bits);						\
											\
	alu_cmp##bits(&cpu->arith, ACCUMULATOR(bits), a);				\
	if (ACCUMULATOR(bits) == a)							\
		STORE_REG_##bits(REG(src, bits));					\
	else										\
		reg_write(cpu, GPR_RAX, bits / 8, a);					\
}											\
DEFINE_CHANGING(name##bits##_mem, bits,							\
		(alu_cmp##bits(&flags, ACCUMULATOR(bits), a),				\
		 ACCUMULATOR(bits) == a ? REG(src, bits) : a),				\
		if (ACCUMULATOR(bits) != a)						\
			reg_write(cpu, GPR_RAX, bits / 8, a))

ALL_SIZES(DEFINE_CMPXCHG, cmpxchg)

bool bind_cmpxchg(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[4][2] = ROW_BY_SIZE(cmpxchg);

	bind_operands(decoded, insn);
	insn->execute = functions[size_index(insn->size)][is_memory(&decoded->operand[0])];
	return true;
}

/* --- CMPXCHG8B, CMPXCHG16B: rDX:rAX with memory, rCX:rBX to it --- */

#define DEFINE_CMPXCHG_WIDE(name, half)							\
static void name(struct cpu *cpu, const struct insn *insn)				\
{											\
	uint64_t la = linear(cpu, insn, half / 4, ACCESS_WRITE);			\
	uint##half##_t low = (uint##half##_t)cpu->gpr[GPR_RAX];				\
	uint##half##_t high = (uint##half##_t)cpu->gpr[GPR_RDX];			\
	uint##half##_t pair[2], old[2];							\
											\
	if (half == 64 && la & 15)							\
		raise_error(cpu, VECTOR_GP, 0);						\
	mmu_read_for_write(cpu, la, old, sizeof(old));					\
	memcpy(pair, old, sizeof(pair));						\
	if (old[0] == low && old[1] == high) {						\
		pair[0] = (uint##half##_t)cpu->gpr[GPR_RBX];				\
		pair[1] = (uint##half##_t)cpu->gpr[GPR_RCX];				\
	}										\
	mmu_write(cpu, la, pair, sizeof(pair));						\
	cpu->arith = (arith_flags)(cpu->arith & ~AF_ZF);				\
	if (old[0] == low && old[1] == high) {						\
		cpu->arith |= AF_ZF;							\
	} else {									\
		cpu->gpr[GPR_RAX] = old[0];						\
		cpu->gpr[GPR_RDX] = old[1];						\
	}										\
}

DEFINE_CMPXCHG_WIDE(cmpxchg8b, 32)
DEFINE_CMPXCHG_WIDE(cmpxchg16b, 64)

bool bind_cmpxchg_wide(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = decoded->op == OP_CMPXCHG8B ? cmpxchg8b : cmpxchg16b;
	return true;
}
