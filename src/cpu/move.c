/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * move.c - data movement that is neither exchange nor stack: MOV and its
 * relatives, LEA, sign extensions, XLAT (SDM vol. 2, by their names).
 */
#include "cpu/operand.h"

/* --- MOV --- */

#define DEFINE_MOV(name, bits)								\
static void name##bits##_reg_reg(struct cpu *cpu, const struct insn *insn)		\
{											\
	STORE_REG_##bits(REG(src, bits));						\
	proceed(cpu, insn);								\
}											\
static void name##bits##_reg_imm(struct cpu *cpu, const struct insn *insn)		\
{											\
	STORE_REG_##bits((uint##bits##_t)insn->imm);					\
	proceed(cpu, insn);								\
}											\
DEFINE_LOADING(name##bits##_reg_mem, bits, b, STORE_REG_##bits(b))			\
static void name##bits##_mem_reg(struct cpu *cpu, const struct insn *insn)		\
{											\
	store##bits(cpu, insn, REG(src, bits));						\
	proceed(cpu, insn);								\
}											\
static void name##bits##_mem_imm(struct cpu *cpu, const struct insn *insn)		\
{											\
	store##bits(cpu, insn, (uint##bits##_t)insn->imm);					\
	proceed(cpu, insn);								\
}

ALL_SIZES(DEFINE_MOV, mov)

#define FORM_ROW(name, bits) {								\
	[FORM_REG_REG] = name##bits##_reg_reg, [FORM_REG_IMM] = name##bits##_reg_imm,	\
	[FORM_REG_MEM] = name##bits##_reg_mem, [FORM_MEM_REG] = name##bits##_mem_reg,	\
	[FORM_MEM_IMM] = name##bits##_mem_imm }

/* --- MOV from and to segment registers; detail: which --- */

static void mov_reg_segment(struct cpu *cpu, const struct insn *insn)
{
	uint64_t selector = cpu->segment[insn->detail].selector;

	if (insn->size == 2)
		REG(dst, 16) = (uint16_t)selector;
	else
		REG(dst, 64) = selector;
}

static void mov_mem_segment(struct cpu *cpu, const struct insn *insn)
{
	store16(cpu, insn, cpu->segment[insn->detail].selector);
}

static void mov_segment(struct cpu *cpu, const struct insn *insn, uint16_t selector)
{
	load_segment(cpu, insn->detail, selector);
	if (insn->detail == SEG_SS)
		stack_segment_shadow(cpu);
}

static void mov_segment_reg(struct cpu *cpu, const struct insn *insn)
{
	mov_segment(cpu, insn, REG(src, 16));
}

DEFINE_LOADING(mov_segment_mem, 16, selector, mov_segment(cpu, insn, selector))

static bool bind_from_segment(const struct decoded *decoded, struct insn *insn)
{
	bool memory = is_memory(&decoded->operand[0]);

	insn->dst = reg_offset(&decoded->operand[0]);
	insn->detail = decoded->operand[1].reg;
	insn->execute = memory ? mov_mem_segment : mov_reg_segment;
	return insn->detail < SEG_COUNT;
}

static bool bind_to_segment(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	bool memory = is_memory(&decoded->operand[1]);

	insn->src = reg_offset(&decoded->operand[1]);
	insn->detail = decoded->operand[0].reg;
	insn->execute = memory ? mov_segment_mem : mov_segment_reg;
	*ends_block = insn->detail == SEG_SS;
	return insn->detail < SEG_COUNT && insn->detail != SEG_CS;
}

static bool is_special(const struct operand *operand)
{
	return operand->kind == OPERAND_CR || operand->kind == OPERAND_DR;
}

bool bind_mov(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[4][FORMS] = {
		FORM_ROW(mov, 8), FORM_ROW(mov, 16), FORM_ROW(mov, 32), FORM_ROW(mov, 64),
	};

	if (is_special(&decoded->operand[0]) || is_special(&decoded->operand[1]))
		return bind_mov_special(decoded, insn, ends_block);
	if (decoded->operand[1].kind == OPERAND_SEG)
		return bind_from_segment(decoded, insn);
	if (decoded->operand[0].kind == OPERAND_SEG)
		return bind_to_segment(decoded, insn, ends_block);
	bind_operands(decoded, insn);
	insn->execute = functions[size_index(insn->size)][form_of(decoded)];
	return true;
}

/* --- MOVZX, MOVSX, MOVSXD --- */

#define DEFINE_EXTEND(name, type, from, to)						\
static void name##from##_##to##_reg(struct cpu *cpu, const struct insn *insn)		\
{											\
	STORE_REG_##to((uint##to##_t)(type##from##_t)REG(src, from));			\
	proceed(cpu, insn);								\
}											\
DEFINE_LOADING(name##from##_##to##_mem, from, b,					\
	       STORE_REG_##to((uint##to##_t)(type##from##_t)b))

#define DEFINE_EXTENDS(name, type, from)						\
	DEFINE_EXTEND(name, type, from, 16)						\
	DEFINE_EXTEND(name, type, from, 32)						\
	DEFINE_EXTEND(name, type, from, 64)

DEFINE_EXTENDS(movzx, uint, 8)
DEFINE_EXTENDS(movzx, uint, 16)
DEFINE_EXTENDS(movsx, int, 8)
DEFINE_EXTENDS(movsx, int, 16)
DEFINE_EXTENDS(movsx, int, 32)

/* From a size, to 2, 4 and 8 bytes. */
#define EXTEND_ROW(name, from) { [1] =							\
	{ name##from##_16_reg, name##from##_16_mem },					\
	{ name##from##_32_reg, name##from##_32_mem },					\
	{ name##from##_64_reg, name##from##_64_mem } }

bool bind_mov_extend(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const zero[][4][2] = { EXTEND_ROW(movzx, 8), EXTEND_ROW(movzx, 16) };
	static insn_fn *const sign[][4][2] = {
		EXTEND_ROW(movsx, 8), EXTEND_ROW(movsx, 16), EXTEND_ROW(movsx, 32),
	};
	insn_fn *const (*functions)[4][2] = decoded->op == OP_MOVZX ? zero : sign;
	unsigned int from = size_index(decoded->operand[1].size);

	bind_operands(decoded, insn);
	insn->execute = functions[from][size_index(insn->size)][is_memory(&decoded->operand[1])];
	return true;
}

/* --- MOVBE --- */

#define DEFINE_MOVBE(name, bits)							\
DEFINE_LOADING(name##bits##_load, bits, b, STORE_REG_##bits(__builtin_bswap##bits(b)))	\
static void name##bits##_store(struct cpu *cpu, const struct insn *insn)		\
{											\
	store##bits(cpu, insn, __builtin_bswap##bits(REG(src, bits)));				\
	proceed(cpu, insn);								\
}

WIDE_SIZES(DEFINE_MOVBE, movbe)

bool bind_movbe(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[4][2] = {
		[1] = { movbe16_load, movbe16_store }, { movbe32_load, movbe32_store },
		{ movbe64_load, movbe64_store },
	};

	bind_operands(decoded, insn);
	insn->execute = functions[size_index(insn->size)][is_memory(&decoded->operand[0])];
	return true;
}

/* --- LEA --- */

#define DEFINE_LEA(name, bits)								\
static void name##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	STORE_REG_##bits((uint##bits##_t)effective_address(cpu, insn));			\
	proceed(cpu, insn);								\
}

WIDE_SIZES(DEFINE_LEA, lea)

bool bind_lea(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[4] = { [1] = lea16, lea32, lea64 };

	insn->dst = reg_offset(&decoded->operand[0]);
	insn->execute = functions[size_index(insn->size)];
	return true;
}

/* --- CBW, CWDE, CDQE, CWD, CDQ, CQO --- */

#define DEFINE_WIDEN(name, from, to)							\
static void name(struct cpu *cpu, const struct insn *insn)				\
{											\
	reg_write(cpu, GPR_RAX, to / 8,							\
		  (uint64_t)(int##from##_t)cpu->gpr[GPR_RAX]);				\
}

#define DEFINE_WIDEN_TO_DX(name, bits)							\
static void name(struct cpu *cpu, const struct insn *insn)				\
{											\
	bool negative = (int##bits##_t)cpu->gpr[GPR_RAX] < 0;				\
											\
	reg_write(cpu, GPR_RDX, bits / 8, negative ? UINT64_MAX : 0);			\
}

DEFINE_WIDEN(cbw, 8, 16)
DEFINE_WIDEN(cwde, 16, 32)
DEFINE_WIDEN(cdqe, 32, 64)
DEFINE_WIDEN_TO_DX(cwd, 16)
DEFINE_WIDEN_TO_DX(cdq, 32)
DEFINE_WIDEN_TO_DX(cqo, 64)

bool bind_widen(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[] = {
		[OP_CBW - OP_CBW] = cbw, [OP_CWDE - OP_CBW] = cwde, [OP_CDQE - OP_CBW] = cdqe,
		[OP_CWD - OP_CBW] = cwd, [OP_CDQ - OP_CBW] = cdq, [OP_CQO - OP_CBW] = cqo,
	};

	insn->execute = functions[decoded->op - OP_CBW];
	return true;
}

/* --- XLAT --- */

static void xlat(struct cpu *cpu, const struct insn *insn)
{
	uint64_t offset = cpu->gpr[GPR_RBX] + (uint8_t)cpu->gpr[GPR_RAX];

	offset &= insn->address_mask;
	reg_write(cpu, GPR_RAX, 1,
		  read8(cpu, linear_at(cpu, insn->segment, offset, 1, ACCESS_READ)));
}

bool bind_xlat(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = xlat;
	return true;
}
