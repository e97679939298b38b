/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * interrupt.c - software interrupts, and IRET from everything (SDM vol. 2, INT n
 * and IRET; vol. 3, 20.2 and 20.3).
 */
#include "cpu/bind.h"
#include "cpu/descriptor.h"

/* All that virtual-8086 code begins with. */
#define FLAGS_OF_V8086	(RFLAGS_ARITH | RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_IOPL | \
			 RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_AC | RFLAGS_VIF | \
			 RFLAGS_VIP | RFLAGS_ID)

/* --- INT n, INT3, INTO, INT1 --- */

static void software_interrupt(struct cpu *cpu, const struct insn *insn)
{
	end_block(cpu, insn);
	deliver(cpu, &(struct exception){ .vector = insn->detail }, true, false);
}

static void execute_int(struct cpu *cpu, const struct insn *insn)
{
	if (cpu_v8086(cpu) && cpu_iopl(cpu) < 3)
		raise_error(cpu, VECTOR_GP, 0);
	software_interrupt(cpu, insn);
}

static void execute_into(struct cpu *cpu, const struct insn *insn)
{
	if (cpu->arith & AF_OF)
		software_interrupt(cpu, insn);
}

/* No gate's privilege is asked for. */
static void execute_int1(struct cpu *cpu, const struct insn *insn)
{
	end_block(cpu, insn);
	deliver(cpu, &(struct exception){ .vector = VECTOR_DB }, false, false);
}

bool bind_int(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static const struct {
		insn_fn *execute;
		uint8_t vector;
	} rows[] = {
		[OP_INT - OP_INT] = { execute_int, 0 },
		[OP_INT3 - OP_INT] = { software_interrupt, VECTOR_BP },
		[OP_INTO - OP_INT] = { execute_into, VECTOR_OF },
		[OP_INT1 - OP_INT] = { execute_int1, VECTOR_DB },
	};

	insn->execute = rows[decoded->op - OP_INT].execute;
	insn->detail = decoded->op == OP_INT ? (uint8_t)decoded->operand[0].imm :
		       rows[decoded->op - OP_INT].vector;
	*ends_block = true;
	return true;
}

/* --- IRET --- */

static void flags_load(struct cpu *cpu, uint64_t rflags, uint64_t mask)
{
	flags_set(cpu, (flags_get(cpu) & ~mask) | (rflags & mask));
	/* AC is a matter of memory accesses. */
	mmu_select_tlb(cpu);
}

static uint64_t loadable_flags(const struct cpu *cpu, unsigned int size)
{
	return changeable_flags(cpu, size) | (size > 2 ? RFLAGS_RF : 0);
}

/* Real mode, and virtual-8086 mode with IOPL 3. */
static void iret_real(struct cpu *cpu, const struct insn *insn)
{
	uint64_t mask = loadable_flags(cpu, insn->size);
	uint64_t target, rflags;
	struct stack stack;
	uint16_t selector;

	if (cpu_v8086(cpu) && cpu_iopl(cpu) < 3)
		raise_error(cpu, VECTOR_GP, 0);
	stack_current(cpu, &stack);
	target = stack_pop(cpu, &stack, insn->size);
	selector = (uint16_t)stack_pop(cpu, &stack, insn->size);
	rflags = stack_pop(cpu, &stack, insn->size);
	if (target > cpu->segment[SEG_CS].limit)
		raise_error(cpu, VECTOR_GP, 0);
	cpu->gpr[GPR_RSP] = stack.rsp;
	segment_set_real(cpu, SEG_CS, selector);
	cpu_mode_changed(cpu);
	flags_load(cpu, rflags, mask);
	cpu->rip = target;
	cpu->end = NULL;
}

/* Privilege 0 enters virtual-8086 mode. */
static void iret_to_v8086(struct cpu *cpu, struct stack *stack, uint64_t target, uint16_t cs,
			  uint64_t rflags)
{
	static const enum vcpu_segment_name order[] = { SEG_SS, SEG_ES, SEG_DS, SEG_FS, SEG_GS };
	uint64_t rsp = stack_pop(cpu, stack, 4);
	uint16_t selector[SEG_COUNT];

	selector[SEG_CS] = cs;
	for (unsigned int i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		selector[order[i]] = (uint16_t)stack_pop(cpu, stack, 4);
	if (target > UINT16_MAX)
		raise_error(cpu, VECTOR_GP, 0);
	flags_load(cpu, rflags, FLAGS_OF_V8086);
	cpu->cpl = 3;
	for (unsigned int i = 0; i < SEG_COUNT; i++)
		segment_set_real(cpu, i, selector[i]);
	cpu_mode_changed(cpu);
	cpu->gpr[GPR_RSP] = rsp;
	cpu->rip = target;
	cpu->end = NULL;
}

static void iret_protected(struct cpu *cpu, const struct insn *insn)
{
	uint64_t mask = loadable_flags(cpu, insn->size);
	unsigned int size = insn->size;
	uint64_t target, rflags;
	struct stack stack;
	uint16_t selector;

	if (cpu->rflags & RFLAGS_NT) {
		if (cpu_long(cpu))
			raise_error(cpu, VECTOR_GP, 0);
		task_return(cpu, next_rip(cpu, insn));
		return;
	}
	stack_current(cpu, &stack);
	target = stack_pop(cpu, &stack, size);
	selector = (uint16_t)stack_pop(cpu, &stack, size);
	rflags = stack_pop(cpu, &stack, size);
	if (rflags & RFLAGS_VM && size == 4 && !cpu->cpl && !cpu_long(cpu)) {
		iret_to_v8086(cpu, &stack, target, selector, rflags);
		return;
	}
	leave(cpu, &stack, selector, target, size, code_is_64(cpu), 0);
	flags_load(cpu, rflags, mask);
}

static void execute_iret(struct cpu *cpu, const struct insn *insn)
{
	/* Even one that fails (SDM vol. 3, 6.7.1). */
	cpu->nmi_blocked = false;
	if (unlikely(atomic_load_explicit(&cpu->nmi, memory_order_relaxed)))
		atomic_store(&cpu->events, true);
	if (cpu_real(cpu))
		iret_real(cpu, insn);
	else
		iret_protected(cpu, insn);
}

bool bind_iret(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static const uint8_t sizes[] = {
		[OP_IRET - OP_IRET] = 2, [OP_IRETD - OP_IRET] = 4, [OP_IRETQ - OP_IRET] = 8,
	};

	insn->execute = execute_iret;
	insn->size = sizes[decoded->op - OP_IRET];
	*ends_block = true;
	return true;
}

/* --- UD0, UD1, UD2 --- */

bool bind_ud(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	return bind_undefined(decoded, insn, ends_block);
}
