/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * integer.c - integer arithmetic, logic, shifts and rotations.
 *
 * For each operation there is a function for each size and form of operands,
 * made by macros, and a table of them from which bind picks one.
 */
#include "cpu/alu.h"
#include "cpu/operand.h"

#define STORE_NOTHING(value) ((void)(value))

#define KEEP_8 STORE_REG_8
#define KEEP_16 STORE_REG_16
#define KEEP_32 STORE_REG_32
#define KEEP_64 STORE_REG_64
#define DROP_8 STORE_NOTHING
#define DROP_16 STORE_NOTHING
#define DROP_32 STORE_NOTHING
#define DROP_64 STORE_NOTHING

/* In place of DEFINE_CHANGING where memory is only read: CMP, TEST. */
#define DEFINE_LOOKING(function, bits, operation, ...)					\
	DEFINE_LOADING(function, bits, a, arith_flags flags; operation; cpu->arith = flags)

#define DEFINE_FORMS(name, asm_name, keep, MEMORY, bits)				\
static void name##bits##_reg_reg(struct cpu *cpu, const struct insn *insn)		\
{											\
	keep##_##bits(alu_##asm_name##bits(&cpu->arith, REG(dst, bits), REG(src, bits))); \
	proceed(cpu, insn);								\
}											\
static void name##bits##_reg_imm(struct cpu *cpu, const struct insn *insn)		\
{											\
	keep##_##bits(alu_##asm_name##bits(&cpu->arith, REG(dst, bits),			\
					   (uint##bits##_t)insn->imm));			\
	proceed(cpu, insn);								\
}											\
DEFINE_LOADING(name##bits##_reg_mem, bits, b,						\
	       keep##_##bits(alu_##asm_name##bits(&cpu->arith, REG(dst, bits), b)))	\
MEMORY(name##bits##_mem_reg, bits,							\
       alu_##asm_name##bits(&flags, a, REG(src, bits)), )				\
MEMORY(name##bits##_mem_imm, bits,							\
       alu_##asm_name##bits(&flags, a, (uint##bits##_t)insn->imm), )

#define FORM_ROW(name, bits) { name##bits##_reg_reg, name##bits##_reg_imm,		\
	name##bits##_reg_mem, name##bits##_mem_reg, name##bits##_mem_imm }

#define DEFINE_OPERATION(name, asm_name, keep, MEMORY)					\
	DEFINE_FORMS(name, asm_name, keep, MEMORY, 8)					\
	DEFINE_FORMS(name, asm_name, keep, MEMORY, 16)					\
	DEFINE_FORMS(name, asm_name, keep, MEMORY, 32)					\
	DEFINE_FORMS(name, asm_name, keep, MEMORY, 64)					\
	static insn_fn *const name##_functions[4][FORMS] = {				\
		FORM_ROW(name, 8), FORM_ROW(name, 16), FORM_ROW(name, 32), FORM_ROW(name, 64) \
	};

ALL_SIZES(DEFINE_ALU_OUT, add)
ALL_SIZES(DEFINE_ALU_OUT, or)
ALL_SIZES(DEFINE_ALU_OUT, and)
ALL_SIZES(DEFINE_ALU_OUT, sub)
ALL_SIZES(DEFINE_ALU_OUT, xor)
ALL_SIZES(DEFINE_ALU_OUT, cmp)
ALL_SIZES(DEFINE_ALU_OUT, test)
ALL_SIZES(DEFINE_ALU_IN_OUT, adc)
ALL_SIZES(DEFINE_ALU_IN_OUT, sbb)

DEFINE_OPERATION(add, add, KEEP, DEFINE_CHANGING)
DEFINE_OPERATION(or, or, KEEP, DEFINE_CHANGING)
DEFINE_OPERATION(adc, adc, KEEP, DEFINE_CHANGING)
DEFINE_OPERATION(sbb, sbb, KEEP, DEFINE_CHANGING)
DEFINE_OPERATION(and, and, KEEP, DEFINE_CHANGING)
DEFINE_OPERATION(sub, sub, KEEP, DEFINE_CHANGING)
DEFINE_OPERATION(xor, xor, KEEP, DEFINE_CHANGING)
DEFINE_OPERATION(cmp, cmp, DROP, DEFINE_LOOKING)
DEFINE_OPERATION(test, test, DROP, DEFINE_LOOKING)

/* By operation from OP_ADD on, in ops.h's order. */
static insn_fn *const (*const alu_functions[])[FORMS] = {
	[OP_ADD - OP_ADD] = add_functions, [OP_OR - OP_ADD] = or_functions,
	[OP_ADC - OP_ADD] = adc_functions, [OP_SBB - OP_ADD] = sbb_functions,
	[OP_AND - OP_ADD] = and_functions, [OP_SUB - OP_ADD] = sub_functions,
	[OP_XOR - OP_ADD] = xor_functions, [OP_CMP - OP_ADD] = cmp_functions,
	[OP_TEST - OP_ADD] = test_functions,
};

bool bind_alu(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	bind_operands(decoded, insn);
	insn->execute = alu_functions[decoded->op - OP_ADD][size_index(insn->size)]
				     [form_of(decoded)];
	return true;
}

/* --- INC, DEC, NEG, NOT --- */

ALL_SIZES(DEFINE_ALU_UNARY, inc)
ALL_SIZES(DEFINE_ALU_UNARY, dec)
ALL_SIZES(DEFINE_ALU_UNARY, neg)
ALL_SIZES(DEFINE_ALU_UNARY, not)

#define DEFINE_UNARY(name, bits)							\
static void name##bits##_reg(struct cpu *cpu, const struct insn *insn)			\
{											\
	STORE_REG_##bits(alu_##name##bits(&cpu->arith, REG(dst, bits)));		\
	proceed(cpu, insn);								\
}											\
DEFINE_CHANGING(name##bits##_mem, bits, alu_##name##bits(&flags, a), )

ALL_SIZES(DEFINE_UNARY, inc)
ALL_SIZES(DEFINE_UNARY, dec)
ALL_SIZES(DEFINE_UNARY, neg)
ALL_SIZES(DEFINE_UNARY, not)

bool bind_unary(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[][4][2] = {
		[OP_INC - OP_INC] = ROW_BY_SIZE(inc), [OP_DEC - OP_INC] = ROW_BY_SIZE(dec),
		[OP_NEG - OP_INC] = ROW_BY_SIZE(neg), [OP_NOT - OP_INC] = ROW_BY_SIZE(not),
	};
	bool memory = is_memory(&decoded->operand[0]);

	insn->dst = reg_offset(&decoded->operand[0]);
	insn->execute = functions[decoded->op - OP_INC][size_index(insn->size)][memory];
	return true;
}

/* --- shifts and rotations --- */

ALL_SIZES(DEFINE_ALU_SHIFT, rol)
ALL_SIZES(DEFINE_ALU_SHIFT, ror)
ALL_SIZES(DEFINE_ALU_SHIFT, rcl)
ALL_SIZES(DEFINE_ALU_SHIFT, rcr)
ALL_SIZES(DEFINE_ALU_SHIFT, shl)
ALL_SIZES(DEFINE_ALU_SHIFT, shr)
ALL_SIZES(DEFINE_ALU_SHIFT, sar)

/* The count is CL (detail 0) or the immediate; the host masks it as the guest does. */
static uint8_t shift_count(const struct cpu *cpu, const struct insn *insn)
{
	return insn->detail ? (uint8_t)insn->imm : (uint8_t)cpu->gpr[GPR_RCX];
}

#define DEFINE_SHIFT(name, bits)							\
static void name##bits##_reg(struct cpu *cpu, const struct insn *insn)			\
{											\
	STORE_REG_##bits(alu_##name##bits(&cpu->arith, REG(dst, bits),			\
					  shift_count(cpu, insn)));			\
	proceed(cpu, insn);								\
}											\
DEFINE_CHANGING(name##bits##_mem, bits,							\
		alu_##name##bits(&flags, a, shift_count(cpu, insn)), )

ALL_SIZES(DEFINE_SHIFT, rol)
ALL_SIZES(DEFINE_SHIFT, ror)
ALL_SIZES(DEFINE_SHIFT, rcl)
ALL_SIZES(DEFINE_SHIFT, rcr)
ALL_SIZES(DEFINE_SHIFT, shl)
ALL_SIZES(DEFINE_SHIFT, shr)
ALL_SIZES(DEFINE_SHIFT, sar)

bool bind_shift(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[][4][2] = {
		[OP_ROL - OP_ROL] = ROW_BY_SIZE(rol), [OP_ROR - OP_ROL] = ROW_BY_SIZE(ror),
		[OP_RCL - OP_ROL] = ROW_BY_SIZE(rcl), [OP_RCR - OP_ROL] = ROW_BY_SIZE(rcr),
		[OP_SHL - OP_ROL] = ROW_BY_SIZE(shl), [OP_SHR - OP_ROL] = ROW_BY_SIZE(shr),
		[OP_SAR - OP_ROL] = ROW_BY_SIZE(sar),
	};
	bool memory = is_memory(&decoded->operand[0]);

	bind_operands(decoded, insn);
	insn->detail = decoded->operand[1].kind == OPERAND_IMM;
	insn->execute = functions[decoded->op - OP_ROL][size_index(insn->size)][memory];
	return true;
}

WIDE_SIZES(DEFINE_ALU_DOUBLE_SHIFT, shld)
WIDE_SIZES(DEFINE_ALU_DOUBLE_SHIFT, shrd)

#define DEFINE_DOUBLE_SHIFT(name, bits)							\
static void name##bits##_reg(struct cpu *cpu, const struct insn *insn)			\
{											\
	STORE_REG_##bits(alu_##name##bits(&cpu->arith, REG(dst, bits), REG(src, bits),	\
					  shift_count(cpu, insn)));			\
	proceed(cpu, insn);								\
}											\
DEFINE_CHANGING(name##bits##_mem, bits,							\
		alu_##name##bits(&flags, a, REG(src, bits), shift_count(cpu, insn)), )

WIDE_SIZES(DEFINE_DOUBLE_SHIFT, shld)
WIDE_SIZES(DEFINE_DOUBLE_SHIFT, shrd)

bool bind_double_shift(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[2][4][2] = {
		ROW_BY_WIDE_SIZE(shld), ROW_BY_WIDE_SIZE(shrd),
	};
	bool memory = is_memory(&decoded->operand[0]);

	bind_operands(decoded, insn);
	insn->detail = decoded->operand[2].kind == OPERAND_IMM;
	if (insn->detail)
		insn->imm = decoded->operand[2].imm;
	insn->execute = functions[decoded->op == OP_SHRD][size_index(insn->size)][memory];
	return true;
}

/* --- ADCX, ADOX: addition that has only one flag, as carry in and out --- */

#define DEFINE_CARRY_ADD(name, flag, bits)						\
static void name##bits(struct cpu *cpu, const struct insn *insn, uint##bits##_t b)	\
{											\
	uint##bits##_t sum;								\
	bool carry = __builtin_add_overflow(REG(dst, bits), b, &sum);			\
											\
	carry |= __builtin_add_overflow(sum, !!(cpu->arith & flag), &sum);		\
	STORE_REG_##bits(sum);								\
	cpu->arith = (arith_flags)((cpu->arith & ~flag) | (carry ? flag : 0));		\
}											\
static void name##bits##_reg(struct cpu *cpu, const struct insn *insn)			\
{											\
	name##bits(cpu, insn, REG(src, bits));						\
	proceed(cpu, insn);								\
}											\
DEFINE_LOADING(name##bits##_mem, bits, b, name##bits(cpu, insn, b))

DEFINE_CARRY_ADD(adcx, AF_CF, 32)
DEFINE_CARRY_ADD(adcx, AF_CF, 64)
DEFINE_CARRY_ADD(adox, AF_OF, 32)
DEFINE_CARRY_ADD(adox, AF_OF, 64)

bool bind_carry_add(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[2][2][2] = {
		{ { adcx32_reg, adcx32_mem }, { adcx64_reg, adcx64_mem } },
		{ { adox32_reg, adox32_mem }, { adox64_reg, adox64_mem } },
	};

	bind_operands(decoded, insn);
	insn->execute = functions[decoded->op == OP_ADOX][insn->size == 8]
				 [is_memory(&decoded->operand[1])];
	return true;
}
