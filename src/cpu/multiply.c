/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * multiply.c - multiplication and division of integers (SDM vol. 2, MUL, IMUL,
 * DIV, IDIV).
 */
#include "cpu/alu.h"
#include "cpu/operand.h"

typedef __int128 int128_t;
typedef unsigned __int128 uint128_t;

/*
 * rDX:rAX (AX for bytes) = rAX times b. The host writes the whole registers as
 * the guest's processor does.
 */
#define DEFINE_MULTIPLY(name, bits)							\
static inline void name##bits(struct cpu *cpu, uint##bits##_t b)			\
{											\
	uint64_t low = cpu->gpr[GPR_RAX], high = cpu->gpr[GPR_RDX];			\
	arith_flags both = cpu->arith;							\
											\
	__asm__(ALU_RESTORE "mov %[low], %%rax\n\t"					\
		#name ALU_SUFFIX_##bits " %" ALU_PART_##bits "[b]\n\t"			\
		"mov %%rax, %[low]" ALU_SAVE						\
		: "+&a"(both), "+&d"(high), [low] "+&q"(low) : [b] "q"(b) : "cc");	\
	cpu->gpr[GPR_RAX] = low;							\
	cpu->gpr[GPR_RDX] = high;							\
	cpu->arith = both;								\
}

ALL_SIZES(DEFINE_MULTIPLY, mul)
ALL_SIZES(DEFINE_MULTIPLY, imul)

/* The dividend, twice as wide as the divisor. */
#define DIVIDEND_8 ((uint16_t)cpu->gpr[GPR_RAX])
#define DIVIDEND(type, bits)								\
	((type)((type)(uint##bits##_t)cpu->gpr[GPR_RDX] << bits) |			\
	 (uint##bits##_t)cpu->gpr[GPR_RAX])
#define DIVIDEND_16 DIVIDEND(uint32_t, 16)
#define DIVIDEND_32 DIVIDEND(uint64_t, 32)
#define DIVIDEND_64 DIVIDEND(uint128_t, 64)

static inline void set_quotient(struct cpu *cpu, unsigned int size, uint64_t quotient,
				uint64_t remainder)
{
	if (size == 1) {
		reg_write(cpu, GPR_RAX, 2, (remainder & 0xFF) << 8 | (quotient & 0xFF));
	} else {
		reg_write(cpu, GPR_RAX, size, quotient);
		reg_write(cpu, GPR_RDX, size, remainder);
	}
}

/* All flags are undefined after divisions, and kept. */
#define DEFINE_DIVIDE(bits, wide)							\
static inline void div##bits(struct cpu *cpu, uint##bits##_t divisor)			\
{											\
	uint##wide##_t dividend = DIVIDEND_##bits;					\
											\
	if (dividend >> bits >= divisor)	/* 0 too */				\
		raise_exception(cpu, VECTOR_DE);					\
	set_quotient(cpu, bits / 8, (uint64_t)(dividend / divisor),			\
		     (uint64_t)(dividend % divisor));					\
}											\
static inline void idiv##bits(struct cpu *cpu, uint##bits##_t b)			\
{											\
	int##wide##_t dividend = (int##wide##_t)DIVIDEND_##bits, quotient;		\
	int##bits##_t divisor = (int##bits##_t)b;					\
	bool lowest = (uint##wide##_t)dividend == (uint##wide##_t)1 << (wide - 1);	\
											\
	/* The lowest number by -1 is more than the host can do, too. */		\
	if (!divisor || (lowest && divisor == -1))					\
		raise_exception(cpu, VECTOR_DE);					\
	quotient = (int##wide##_t)(dividend / divisor);					\
	if (quotient != (int##bits##_t)quotient)					\
		raise_exception(cpu, VECTOR_DE);					\
	set_quotient(cpu, bits / 8, (uint64_t)quotient, (uint64_t)(dividend % divisor)); \
}

DEFINE_DIVIDE(8, 16)
DEFINE_DIVIDE(16, 32)
DEFINE_DIVIDE(32, 64)
DEFINE_DIVIDE(64, 128)

#define DEFINE_ONE_OPERAND(name, bits)							\
static void name##bits##_reg(struct cpu *cpu, const struct insn *insn)			\
{											\
	name##bits(cpu, REG(src, bits));						\
	proceed(cpu, insn);								\
}											\
DEFINE_LOADING(name##bits##_mem, bits, b, name##bits(cpu, b))

ALL_SIZES(DEFINE_ONE_OPERAND, mul)
ALL_SIZES(DEFINE_ONE_OPERAND, imul)
ALL_SIZES(DEFINE_ONE_OPERAND, div)
ALL_SIZES(DEFINE_ONE_OPERAND, idiv)

/* --- IMUL with two and three operands --- */

WIDE_SIZES(DEFINE_ALU_IN_OUT, imul)

#define DEFINE_IMUL(name, bits)								\
static void name##bits##_reg_reg(struct cpu *cpu, const struct insn *insn)		\
{											\
	STORE_REG_##bits(alu_imul##bits(&cpu->arith, REG(dst, bits), REG(src, bits)));	\
	proceed(cpu, insn);								\
}											\
DEFINE_LOADING(name##bits##_reg_mem, bits, b,						\
	       STORE_REG_##bits(alu_imul##bits(&cpu->arith, REG(dst, bits), b)))	\
static void name##bits##_reg_reg_imm(struct cpu *cpu, const struct insn *insn)		\
{											\
	STORE_REG_##bits(alu_imul##bits(&cpu->arith, REG(src, bits),			\
					(uint##bits##_t)insn->imm));			\
	proceed(cpu, insn);								\
}											\
DEFINE_LOADING(name##bits##_reg_mem_imm, bits, b,					\
	       STORE_REG_##bits(alu_imul##bits(&cpu->arith, b, (uint##bits##_t)insn->imm)))

WIDE_SIZES(DEFINE_IMUL, imul)

#define IMUL_ROW(bits) {								\
	{ imul##bits##_reg_reg, imul##bits##_reg_mem },					\
	{ imul##bits##_reg_reg_imm, imul##bits##_reg_mem_imm } }

/* By size, whether there is an immediate, and whether the other source is memory. */
static insn_fn *const imul_functions[4][2][2] = {
	[1] = IMUL_ROW(16), IMUL_ROW(32), IMUL_ROW(64),
};

static bool bind_one_operand(const struct decoded *decoded, struct insn *insn)
{
	static insn_fn *const functions[][4][2] = {
		[OP_MUL - OP_MUL] = ROW_BY_SIZE(mul), [OP_IMUL - OP_MUL] = ROW_BY_SIZE(imul),
		[OP_DIV - OP_MUL] = ROW_BY_SIZE(div), [OP_IDIV - OP_MUL] = ROW_BY_SIZE(idiv),
	};

	insn->src = reg_offset(&decoded->operand[0]);
	insn->execute = functions[decoded->op - OP_MUL][size_index(insn->size)]
				 [is_memory(&decoded->operand[0])];
	return true;
}

bool bind_multiply(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	bool immediate = decoded->operands == 3;

	if (decoded->operands == 1)
		return bind_one_operand(decoded, insn);
	bind_operands(decoded, insn);
	if (immediate)
		insn->imm = decoded->operand[2].imm;
	insn->execute = imul_functions[size_index(insn->size)][immediate]
				      [is_memory(&decoded->operand[1])];
	return true;
}

bool bind_divide(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	return bind_one_operand(decoded, insn);
}
