/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bits.c - bit tests, scans and manipulation (SDM vol. 2, by their names; BMI1,
 * BMI2, CRC32). Where the host must know an instruction to execute it for the
 * guest, a host that does not raises #UD in the guest, as its CPUID says.
 */
#include "cpu/alu.h"
#include "cpu/operand.h"

/* --- BT, BTS, BTR, BTC --- */

WIDE_SIZES(DEFINE_ALU_IN_OUT, bt)
WIDE_SIZES(DEFINE_ALU_IN_OUT, bts)
WIDE_SIZES(DEFINE_ALU_IN_OUT, btr)
WIDE_SIZES(DEFINE_ALU_IN_OUT, btc)

/*
 * A bit offset in a register is signed and reaches beyond the memory operand:
 * the offset of the operand-sized piece that has the bit.
 */
#define DEFINE_PIECE_OFFSET(name, bits)							\
static inline uint64_t name##bits(const struct cpu *cpu, const struct insn *insn,	\
				  int##bits##_t bit)					\
{											\
	uint64_t piece = (uint64_t)(int64_t)(bit >> __builtin_ctz(bits));		\
											\
	return (effective_address(cpu, insn) + piece * (bits / 8)) & insn->address_mask; \
}

WIDE_SIZES(DEFINE_PIECE_OFFSET, piece_offset)

#define DEFINE_BIT_TEST_REG(name, bits)							\
static void name##bits##_reg_reg(struct cpu *cpu, const struct insn *insn)		\
{											\
	STORE_REG_##bits(alu_##name##bits(&cpu->arith, REG(dst, bits), REG(src, bits)));	\
}											\
static void name##bits##_reg_imm(struct cpu *cpu, const struct insn *insn)		\
{											\
	STORE_REG_##bits(alu_##name##bits(&cpu->arith, REG(dst, bits),			\
					  (uint##bits##_t)insn->imm));			\
}

#define DEFINE_BIT_CHANGE(name, bits)							\
DEFINE_BIT_TEST_REG(name, bits)								\
DEFINE_CHANGING_AT(name##bits##_mem_reg, bits,						\
		   piece_offset##bits(cpu, insn, (int##bits##_t)REG(src, bits)),	\
		   alu_##name##bits(&flags, a, REG(src, bits)), )			\
DEFINE_CHANGING(name##bits##_mem_imm, bits,						\
		alu_##name##bits(&flags, a, (uint##bits##_t)insn->imm), )

#define DEFINE_BIT_TEST(name, bits)							\
static void name##bits##_reg_reg(struct cpu *cpu, const struct insn *insn)		\
{											\
	alu_##name##bits(&cpu->arith, REG(dst, bits), REG(src, bits));			\
}											\
static void name##bits##_reg_imm(struct cpu *cpu, const struct insn *insn)		\
{											\
	alu_##name##bits(&cpu->arith, REG(dst, bits), (uint##bits##_t)insn->imm);	\
}											\
DEFINE_LOADING_AT(name##bits##_mem_reg, bits, insn->segment,				\
		  piece_offset##bits(cpu, insn, (int##bits##_t)REG(src, bits)), a,	\
		  alu_##name##bits(&cpu->arith, a, REG(src, bits)))			\
DEFINE_LOADING(name##bits##_mem_imm, bits, a,						\
	       alu_##name##bits(&cpu->arith, a, (uint##bits##_t)insn->imm))

WIDE_SIZES(DEFINE_BIT_TEST, bt)
WIDE_SIZES(DEFINE_BIT_CHANGE, bts)
WIDE_SIZES(DEFINE_BIT_CHANGE, btr)
WIDE_SIZES(DEFINE_BIT_CHANGE, btc)

#define FORM_ROW(name, bits) {								\
	[FORM_REG_REG] = name##bits##_reg_reg, [FORM_REG_IMM] = name##bits##_reg_imm,	\
	[FORM_MEM_REG] = name##bits##_mem_reg, [FORM_MEM_IMM] = name##bits##_mem_imm }
#define BIT_TEST_ROW(name) { [1] = FORM_ROW(name, 16), FORM_ROW(name, 32), FORM_ROW(name, 64) }

bool bind_bit_test(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[][4][FORMS] = {
		[OP_BT - OP_BT] = BIT_TEST_ROW(bt), [OP_BTS - OP_BT] = BIT_TEST_ROW(bts),
		[OP_BTR - OP_BT] = BIT_TEST_ROW(btr), [OP_BTC - OP_BT] = BIT_TEST_ROW(btc),
	};

	bind_operands(decoded, insn);
	insn->execute = functions[decoded->op - OP_BT][size_index(insn->size)]
				 [form_of(decoded)];
	return true;
}

/* --- BSF, BSR, TZCNT, LZCNT, POPCNT --- */

/*
 * The whole destination register goes through the host's instruction, since
 * BSF and BSR may leave it, or part of it, as it was.
 */
#define DEFINE_SCAN(name, bits)								\
static inline void name##bits(struct cpu *cpu, const struct insn *insn, uint##bits##_t b) \
{											\
	uint64_t result = REG(dst, 64);							\
	arith_flags both = cpu->arith;							\
											\
	__asm__(ALU_RESTORE #name ALU_SUFFIX_##bits " %" ALU_PART_##bits "[b], %"	\
		ALU_PART_##bits "[result]" ALU_SAVE					\
		: [result] "+&q"(result), "+&a"(both) : [b] "q"(b) : "cc");		\
	REG(dst, 64) = result;								\
	cpu->arith = both;								\
}											\
static void name##bits##_reg(struct cpu *cpu, const struct insn *insn)			\
{											\
	name##bits(cpu, insn, REG(src, bits));						\
}											\
DEFINE_LOADING(name##bits##_mem, bits, b, name##bits(cpu, insn, b))

WIDE_SIZES(DEFINE_SCAN, bsf)
WIDE_SIZES(DEFINE_SCAN, bsr)
WIDE_SIZES(DEFINE_SCAN, tzcnt)
WIDE_SIZES(DEFINE_SCAN, lzcnt)
WIDE_SIZES(DEFINE_SCAN, popcnt)

bool bind_bit_scan(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[][4][2] = {
		[OP_BSF - OP_BSF] = ROW_BY_WIDE_SIZE(bsf),
		[OP_BSR - OP_BSF] = ROW_BY_WIDE_SIZE(bsr),
		[OP_TZCNT - OP_BSF] = ROW_BY_WIDE_SIZE(tzcnt),
		[OP_LZCNT - OP_BSF] = ROW_BY_WIDE_SIZE(lzcnt),
		[OP_POPCNT - OP_BSF] = ROW_BY_WIDE_SIZE(popcnt),
	};

	bind_operands(decoded, insn);
	insn->execute = functions[decoded->op - OP_BSF][size_index(insn->size)]
				 [is_memory(&decoded->operand[1])];
	return true;
}

/* --- BMI1, BMI2 --- */

/* result = op sources, by the host. */
#define DEFINE_BMI_RESULT(name, bits, sources)						\
static inline uint##bits##_t name##bits(struct cpu *cpu, uint##bits##_t a, uint##bits##_t b) \
{											\
	arith_flags both = cpu->arith;							\
	uint##bits##_t result;								\
											\
	__asm__(ALU_RESTORE #name ALU_SUFFIX_##bits sources ", %" ALU_PART_##bits	\
		"[result]" ALU_SAVE							\
		: [result] "=&q"(result), "+&a"(both) : [a] "q"(a), [b] "q"(b) : "cc");	\
	cpu->arith = both;								\
	return result;									\
}

#define DEFINE_BMI_HOST(name, bits)							\
	DEFINE_BMI_RESULT(name, bits, " %" ALU_PART_##bits "[a], %" ALU_PART_##bits "[b]")
#define DEFINE_BMI_HOST_UNARY(name, bits)						\
	DEFINE_BMI_RESULT(name, bits, " %" ALU_PART_##bits "[a]")

/* Those that leave the flags alone and are simple. a is the r/m operand. */
#define DEFINE_BMI_SHIFTS(unused, bits)							\
static inline uint##bits##_t rorx##bits(struct cpu *cpu, uint##bits##_t a, uint##bits##_t b) \
{											\
	return a >> (b & (bits - 1)) | a << (-b & (bits - 1));				\
}											\
static inline uint##bits##_t sarx##bits(struct cpu *cpu, uint##bits##_t a, uint##bits##_t b) \
{											\
	return (uint##bits##_t)((int##bits##_t)a >> (b & (bits - 1)));			\
}											\
static inline uint##bits##_t shlx##bits(struct cpu *cpu, uint##bits##_t a, uint##bits##_t b) \
{											\
	return a << (b & (bits - 1));							\
}											\
static inline uint##bits##_t shrx##bits(struct cpu *cpu, uint##bits##_t a, uint##bits##_t b) \
{											\
	return a >> (b & (bits - 1));							\
}

/*
 * src or memory is the r/m operand. The other one is third, a register, or imm
 * (RORX); BEXTR and BZHI have the r/m operand in the middle.
 */
#define BMI_BY_REG(name, bits, rm)	name##bits(cpu, rm, REG(third, bits))
#define BMI_BY_IMM(name, bits, rm)	name##bits(cpu, rm, (uint##bits##_t)insn->imm)
#define BMI_MIDDLE(name, bits, rm)	name##bits(cpu, REG(third, bits), rm)

#define DEFINE_BMI_FORMS(name, bits, APPLY)						\
static void name##bits##_reg(struct cpu *cpu, const struct insn *insn)			\
{											\
	STORE_REG_##bits(APPLY(name, bits, REG(src, bits)));				\
}											\
DEFINE_LOADING(name##bits##_mem, bits, rm, STORE_REG_##bits(APPLY(name, bits, rm)))

#define DEFINE_BMI(name, bits)		DEFINE_BMI_FORMS(name, bits, BMI_BY_REG)
#define DEFINE_BMI_IMM(name, bits)	DEFINE_BMI_FORMS(name, bits, BMI_BY_IMM)
#define DEFINE_BMI_CONTROL(name, bits)	DEFINE_BMI_FORMS(name, bits, BMI_MIDDLE)

/* MULX: rDX times the r/m operand; third gets the lower half, dst the upper. */
#define DEFINE_MULX(bits, wide)								\
static inline void mulx##bits(struct cpu *cpu, const struct insn *insn, uint##bits##_t a) \
{											\
	wide product = (wide)a * (uint##bits##_t)cpu->gpr[GPR_RDX];			\
											\
	REG(third, 64) = (uint##bits##_t)product;					\
	STORE_REG_##bits((uint##bits##_t)(product >> bits));				\
}											\
static void mulx##bits##_reg(struct cpu *cpu, const struct insn *insn)			\
{											\
	mulx##bits(cpu, insn, REG(src, bits));						\
}											\
DEFINE_LOADING(mulx##bits##_mem, bits, a, mulx##bits(cpu, insn, a))

#define BMI_SIZES(DEFINE, name) DEFINE(name, 32) DEFINE(name, 64)

BMI_SIZES(DEFINE_BMI_HOST, andn)
BMI_SIZES(DEFINE_BMI_HOST_UNARY, blsi)
BMI_SIZES(DEFINE_BMI_HOST_UNARY, blsmsk)
BMI_SIZES(DEFINE_BMI_HOST_UNARY, blsr)
BMI_SIZES(DEFINE_BMI_HOST, pdep)
BMI_SIZES(DEFINE_BMI_HOST, pext)
BMI_SIZES(DEFINE_BMI_SHIFTS, )
BMI_SIZES(DEFINE_BMI, andn)
BMI_SIZES(DEFINE_BMI, blsi)
BMI_SIZES(DEFINE_BMI, blsmsk)
BMI_SIZES(DEFINE_BMI, blsr)
BMI_SIZES(DEFINE_BMI, pdep)
BMI_SIZES(DEFINE_BMI, pext)
BMI_SIZES(DEFINE_BMI_IMM, rorx)
BMI_SIZES(DEFINE_BMI, sarx)
BMI_SIZES(DEFINE_BMI, shlx)
BMI_SIZES(DEFINE_BMI, shrx)
DEFINE_MULX(32, uint64_t)
DEFINE_MULX(64, unsigned __int128)

BMI_SIZES(DEFINE_BMI_HOST, bextr)
BMI_SIZES(DEFINE_BMI_HOST, bzhi)
BMI_SIZES(DEFINE_BMI_CONTROL, bextr)
BMI_SIZES(DEFINE_BMI_CONTROL, bzhi)

#define BMI_ROW(name, rm)								\
	{ rm, { { name##32_reg, name##32_mem }, { name##64_reg, name##64_mem } } }

static const struct {
	uint8_t rm;		/* which operand is r/m, 1 or 2 */
	insn_fn *functions[2][2];
} bmi_ops[] = {
	[OP_ANDN - OP_ANDN] = BMI_ROW(andn, 2),
	[OP_BEXTR - OP_ANDN] = BMI_ROW(bextr, 1),
	[OP_BLSI - OP_ANDN] = BMI_ROW(blsi, 1),
	[OP_BLSMSK - OP_ANDN] = BMI_ROW(blsmsk, 1),
	[OP_BLSR - OP_ANDN] = BMI_ROW(blsr, 1),
	[OP_BZHI - OP_ANDN] = BMI_ROW(bzhi, 1),
	[OP_PDEP - OP_ANDN] = BMI_ROW(pdep, 2),
	[OP_PEXT - OP_ANDN] = BMI_ROW(pext, 2),
	[OP_RORX - OP_ANDN] = BMI_ROW(rorx, 1),
	[OP_SARX - OP_ANDN] = BMI_ROW(sarx, 1),
	[OP_SHLX - OP_ANDN] = BMI_ROW(shlx, 1),
	[OP_SHRX - OP_ANDN] = BMI_ROW(shrx, 1),
	[OP_MULX - OP_ANDN] = BMI_ROW(mulx, 2),
};

bool bind_bmi(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	unsigned int op = decoded->op - OP_ANDN;
	const struct operand *rm = &decoded->operand[bmi_ops[op].rm];
	const struct operand *other = &decoded->operand[bmi_ops[op].rm == 1 ? 2 : 1];

	insn->dst = reg_offset(&decoded->operand[0]);
	insn->src = reg_offset(rm);
	insn->third = reg_offset(other);
	insn->imm = other->imm;
	insn->execute = bmi_ops[op].functions[insn->size == 8][is_memory(rm)];
	return true;
}

/* --- CRC32, BSWAP --- */

#define DEFINE_CRC(bits, part)								\
static inline void crc##bits(struct cpu *cpu, const struct insn *insn, uint##bits##_t b) \
{											\
	uint64_t crc = REG(dst, 64);							\
											\
	__asm__("crc32" ALU_SUFFIX_##bits " %" ALU_PART_##bits "[b], %" part "[crc]"	\
		: [crc] "+r"(crc) : [b] "q"(b));					\
	REG(dst, 64) = crc;								\
}											\
static void crc##bits##_reg(struct cpu *cpu, const struct insn *insn)			\
{											\
	crc##bits(cpu, insn, REG(src, bits));						\
}											\
DEFINE_LOADING(crc##bits##_mem, bits, b, crc##bits(cpu, insn, b))

DEFINE_CRC(8, "k")
DEFINE_CRC(16, "k")
DEFINE_CRC(32, "k")
DEFINE_CRC(64, "q")

bool bind_crc32(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[4][2] = ROW_BY_SIZE(crc);

	bind_operands(decoded, insn);
	insn->execute = functions[size_index(decoded->operand[1].size)]
				 [is_memory(&decoded->operand[1])];
	return true;
}

/* Undefined in the manuals; processors clear the register. */
static void bswap16(struct cpu *cpu, const struct insn *insn)
{
	REG(dst, 16) = 0;
}

static void bswap32(struct cpu *cpu, const struct insn *insn)
{
	STORE_REG_32(__builtin_bswap32(REG(dst, 32)));
}

static void bswap64(struct cpu *cpu, const struct insn *insn)
{
	STORE_REG_64(__builtin_bswap64(REG(dst, 64)));
}

bool bind_bswap(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[4] = { [1] = bswap16, bswap32, bswap64 };

	insn->dst = reg_offset(&decoded->operand[0]);
	insn->execute = functions[size_index(insn->size)];
	return true;
}
