/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * misc.c - instructions on single flags, NOP and its like, BOUND, CLFLUSH, RDRAND,
 * RDSEED (SDM vol. 2, by their names).
 */
#include "cpu/operand.h"

/* --- flags --- */

static void clc(struct cpu *cpu, const struct insn *insn)
{
	cpu->arith &= (arith_flags)~AF_CF;
}

static void stc(struct cpu *cpu, const struct insn *insn)
{
	cpu->arith |= AF_CF;
}

static void cmc(struct cpu *cpu, const struct insn *insn)
{
	cpu->arith ^= AF_CF;
}

static void cld(struct cpu *cpu, const struct insn *insn)
{
	cpu->rflags &= ~(uint64_t)RFLAGS_DF;
}

static void std(struct cpu *cpu, const struct insn *insn)
{
	cpu->rflags |= RFLAGS_DF;
}

/* All arithmetic flags but OF, and the bit that is always set. */
static void lahf(struct cpu *cpu, const struct insn *insn)
{
	uint8_t *ah = reg_at(cpu, GPR_RAX * 8 + 1);

	*ah = (uint8_t)flags_get(cpu);
}

static void sahf(struct cpu *cpu, const struct insn *insn)
{
	const uint8_t *ah = reg_at(cpu, GPR_RAX * 8 + 1);
	uint64_t mask = RFLAGS_ARITH & 0xFF;

	flags_set(cpu, (flags_get(cpu) & ~mask) | (*ah & mask));
}

static void salc(struct cpu *cpu, const struct insn *insn)
{
	reg_write(cpu, GPR_RAX, 1, cpu->arith & AF_CF ? 0xFF : 0);
}

bool bind_flags(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[] = {
		[OP_LAHF - OP_LAHF] = lahf, [OP_SAHF - OP_LAHF] = sahf,
		[OP_CLC - OP_LAHF] = clc, [OP_STC - OP_LAHF] = stc, [OP_CMC - OP_LAHF] = cmc,
		[OP_CLD - OP_LAHF] = cld, [OP_STD - OP_LAHF] = std, [OP_SALC - OP_LAHF] = salc,
	};

	insn->execute = functions[decoded->op - OP_LAHF];
	return true;
}

/* --- BOUND: the bounds are signed, lower one first --- */

#define DEFINE_BOUND(bits)								\
static void bound##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	uint64_t offset = effective_address(cpu, insn);					\
	uint64_t above = (offset + bits / 8) & insn->address_mask;	\
	int##bits##_t index = (int##bits##_t)REG(dst, bits), lower, upper;		\
											\
	lower = (int##bits##_t)read##bits(cpu, linear_at(cpu, insn->segment, offset,	\
							 bits / 8, ACCESS_READ));	\
	upper = (int##bits##_t)read##bits(cpu, linear_at(cpu, insn->segment, above,	\
							 bits / 8, ACCESS_READ));	\
	if (index < lower || index > upper)						\
		raise_exception(cpu, VECTOR_BR);					\
}

DEFINE_BOUND(16)
DEFINE_BOUND(32)

bool bind_bound(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->dst = reg_offset(&decoded->operand[0]);
	insn->execute = insn->size == 2 ? bound16 : bound32;
	return is_memory(&decoded->operand[1]);
}

/* --- NOP, PAUSE, fences, prefetches, CLFLUSH --- */

static void nop(struct cpu *cpu, const struct insn *insn)
{
}

bool bind_nop(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = nop;
	return true;
}

/* There is no cache, but the address is checked and translated as for a read. */
static void clflush(struct cpu *cpu, const struct insn *insn)
{
	void *host;

	mmu_span(cpu, linear(cpu, insn, 1, ACCESS_READ), 1, ACCESS_READ, &host);
}

bool bind_clflush(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = clflush;
	return true;
}

/* --- RDRAND, RDSEED: there is always a number --- */

static void random_number(struct cpu *cpu, const struct insn *insn)
{
	uint64_t value = cpu->ops->random(cpu->self);

	if (insn->size == 4)
		value = (uint32_t)value;
	memcpy(reg_at(cpu, insn->dst), &value, insn->size == 2 ? 2 : 8);
	cpu->arith = AF_CF;
}

bool bind_random(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->dst = reg_offset(&decoded->operand[0]);
	insn->execute = random_number;
	return true;
}
