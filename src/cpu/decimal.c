/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decimal.c - decimal adjustments (SDM vol. 2, by their names), which 64-bit
 * code lacks. Flags that the manual leaves undefined are those of the last
 * addition or logical operation, or kept.
 */
#include "cpu/alu.h"
#include "cpu/operand.h"

DEFINE_ALU_OUT(or, 8)

static uint8_t al(const struct cpu *cpu)
{
	return (uint8_t)cpu->gpr[GPR_RAX];
}

static uint8_t ah(const struct cpu *cpu)
{
	return (uint8_t)(cpu->gpr[GPR_RAX] >> 8);
}

static bool low_digit_adjusts(const struct cpu *cpu)
{
	return (al(cpu) & 0xF) > 9 || cpu->arith & AF_AF;
}

/* SF, ZF and PF of AL; the carries are given, OF is kept. */
static void set_flags(struct cpu *cpu, bool carry, bool half_carry)
{
	arith_flags flags, overflow = cpu->arith & AF_OF;

	alu_or8(&flags, al(cpu), 0);
	flags = (arith_flags)(flags & ~(AF_CF | AF_AF | AF_OF));
	cpu->arith = (arith_flags)(flags | overflow | (carry ? AF_CF : 0) |
				   (half_carry ? AF_AF : 0));
}

/* DAA and DAS: detail 0 adds, 1 subtracts. */
static void decimal_adjust(struct cpu *cpu, const struct insn *insn)
{
	uint8_t old = al(cpu), adjustment = 0;
	bool low = low_digit_adjusts(cpu);
	bool high = old > 0x99 || cpu->arith & AF_CF;
	bool borrow = insn->detail && low && old < 6;

	if (low)
		adjustment += 0x06;
	if (high)
		adjustment += 0x60;
	reg_write(cpu, GPR_RAX, 1, insn->detail ? old - adjustment : old + adjustment);
	set_flags(cpu, high || borrow, low);
}

/* AAA and AAS: detail 0 adds, 1 subtracts. */
static void ascii_adjust(struct cpu *cpu, const struct insn *insn)
{
	bool adjust = low_digit_adjusts(cpu);
	uint16_t ax = (uint16_t)cpu->gpr[GPR_RAX];

	if (adjust && insn->detail)
		ax = (uint16_t)(ax - 0x106);
	else if (adjust)
		ax = (uint16_t)(ax + 0x106);
	reg_write(cpu, GPR_RAX, 2, ax & 0xFF0F);
	set_flags(cpu, adjust, adjust);
}

static void ascii_adjust_multiply(struct cpu *cpu, const struct insn *insn)
{
	uint8_t base = (uint8_t)insn->imm;

	if (!base)
		raise_exception(cpu, VECTOR_DE);
	reg_write(cpu, GPR_RAX, 2, (uint64_t)(al(cpu) / base) << 8 | al(cpu) % base);
	set_flags(cpu, false, false);
}

static void ascii_adjust_divide(struct cpu *cpu, const struct insn *insn)
{
	reg_write(cpu, GPR_RAX, 2, (uint8_t)(al(cpu) + ah(cpu) * insn->imm));
	set_flags(cpu, false, false);
}

bool bind_decimal(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static const struct {
		insn_fn *execute;
		uint8_t detail;
	} functions[] = {
		[OP_DAA - OP_DAA] = { decimal_adjust, 0 },
		[OP_DAS - OP_DAA] = { decimal_adjust, 1 },
		[OP_AAA - OP_DAA] = { ascii_adjust, 0 }, [OP_AAS - OP_DAA] = { ascii_adjust, 1 },
		[OP_AAM - OP_DAA] = { ascii_adjust_multiply, 0 },
		[OP_AAD - OP_DAA] = { ascii_adjust_divide, 0 },
	};

	insn->execute = functions[decoded->op - OP_DAA].execute;
	insn->detail = functions[decoded->op - OP_DAA].detail;
	insn->imm = decoded->operand[0].imm;
	return true;
}
