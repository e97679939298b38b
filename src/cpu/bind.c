/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bind.c - from decoded instructions to the functions that execute them. */
#include "cpu/bind.h"

#define OPS_BINDER(name, bind) [OP_##name] = bind,

static bind_fn *const binders[OP_COUNT] = {
	[OP_UNDEFINED] = bind_undefined,
	[OP_FPU] = bind_fpu,
	OPS_ALL(OPS_BINDER)
};

static void undefined(struct cpu *cpu, const struct insn *insn)
{
	raise_exception(cpu, VECTOR_UD);
}

static void too_long(struct cpu *cpu, const struct insn *insn)
{
	raise_error(cpu, VECTOR_GP, 0);
}

bool bind_undefined(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = undefined;
	*ends_block = true;
	return true;
}

bool bind_too_long(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = too_long;
	*ends_block = true;
	return true;
}

/*
 * LOCK is for instructions that read, change and write memory; these are them
 * (SDM vol. 2, LOCK).
 */
static bool lock_allowed(const struct decoded *decoded)
{
	switch (decoded->op) {
	case OP_ADD: case OP_ADC: case OP_AND: case OP_BTC: case OP_BTR: case OP_BTS:
	case OP_CMPXCHG: case OP_CMPXCHG8B: case OP_CMPXCHG16B: case OP_DEC: case OP_INC:
	case OP_NEG: case OP_NOT: case OP_OR: case OP_SBB: case OP_SUB: case OP_XOR:
	case OP_XADD: case OP_XCHG:
		return decoded->operand[0].kind == OPERAND_MEM ||
		       (decoded->op == OP_XCHG && decoded->operand[1].kind == OPERAND_MEM);
	default:
		return false;
	}
}

/* What accesses the stack without naming it: where that fails, it is #SS. */
static const bool on_stack[OP_COUNT] = {
	[OP_PUSH] = true, [OP_POP] = true, [OP_CALL] = true, [OP_RET] = true,
	[OP_PUSHF] = true, [OP_PUSHFQ] = true, [OP_POPF] = true, [OP_POPFQ] = true,
	[OP_ENTER] = true, [OP_LEAVE] = true,
};

static bool names_memory(const struct decoded *decoded)
{
	for (unsigned int i = 0; i < decoded->operands; i++)
		if (decoded->operand[i].kind == OPERAND_MEM)
			return true;
	return false;
}

void bind(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->op = decoded->op;
	insn->size = decoded->operands && decoded->operand[0].size ?
		     decoded->operand[0].size : decoded->operand_size;
	insn->base = decoded->base;
	insn->index = decoded->index;
	insn->scale = decoded->scale;
	insn->segment = on_stack[decoded->op] && !names_memory(decoded) ? SEG_SS :
			decoded->segment;
	insn->disp = decoded->disp;
	/* RIP in an address is that of the next instruction. */
	if (insn->base == REG_RIP)
		insn->disp += insn->next;
	insn->address_size = decoded->address_size;
	insn->address_mask = address_mask(decoded->address_size);
	insn->prefixes = decoded->prefixes;
	if ((decoded->prefixes & INSN_LOCK && !lock_allowed(decoded)) ||
	    !binders[decoded->op](decoded, insn, ends_block))
		bind_undefined(decoded, insn, ends_block);
}

bool bind_knows(const struct decoded *decoded)
{
	struct insn insn = { 0 };
	bool ends;

	if (decoded->op == OP_UD0 || decoded->op == OP_UD1 || decoded->op == OP_UD2)
		return true;
	bind(decoded, &insn, &ends);
	return insn.execute != undefined;
}
