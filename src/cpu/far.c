/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * far.c - JMP, CALL and RET from one code segment to another, through call gates
 * and to tasks (SDM vol. 2, these instructions; vol. 3, 5.8).
 */
#include "cpu/descriptor.h"

#define GATE_PARAMETERS(raw) ((raw) >> 32 & 0x1F)

/* What a far transfer is: to where, and for CALL what it leaves on the stack. */
struct transfer {
	uint16_t selector;
	uint64_t offset;
	unsigned int size;	/* of what CALL pushes; 0: JMP */
	uint64_t next;		/* RIP behind the instruction */
};

static void arrive(struct cpu *cpu, uint64_t target)
{
	cpu->rip = target;
	cpu->end = NULL;
}

static void push_return(struct cpu *cpu, struct stack *stack, const struct transfer *transfer)
{
	stack_push(cpu, stack, transfer->size, cpu->segment[SEG_CS].selector);
	stack_push(cpu, stack, transfer->size, transfer->next);
}

static void transfer_real(struct cpu *cpu, const struct transfer *transfer)
{
	struct stack stack;

	stack_current(cpu, &stack);
	if (transfer->size)
		push_return(cpu, &stack, transfer);
	if (transfer->offset > cpu->segment[SEG_CS].limit)
		raise_error(cpu, VECTOR_GP, 0);
	cpu->gpr[GPR_RSP] = stack.rsp;
	segment_set_real(cpu, SEG_CS, transfer->selector);
	arrive(cpu, transfer->offset);
	cpu_mode_changed(cpu);
}

/* Straight, or by a gate, to code that runs at the current privilege. */
static void transfer_same(struct cpu *cpu, const struct transfer *transfer,
			  struct descriptor *cs)
{
	struct stack stack;

	stack_current(cpu, &stack);
	if (transfer->size)
		push_return(cpu, &stack, transfer);
	check_target(cpu, &cs->segment, transfer->offset);
	descriptor_accessed(cpu, cs);
	cpu->gpr[GPR_RSP] = stack.rsp;
	code_segment_set(cpu, cs, cpu->cpl);
	arrive(cpu, transfer->offset);
}

static void copy_parameters(struct cpu *cpu, struct stack *to, unsigned int count,
			    unsigned int size)
{
	uint64_t parameters[GATE_PARAMETERS(UINT64_MAX)];
	struct stack from;

	stack_current(cpu, &from);
	for (unsigned int i = 0; i < count; i++)
		parameters[i] = stack_pop(cpu, &from, size);
	while (count--)
		stack_push(cpu, to, size, parameters[count]);
}

/* CALL through a gate to an inner privilege, on the stack that the task state has for it. */
static void call_inner(struct cpu *cpu, const struct transfer *transfer,
		       const struct descriptor *gate, struct descriptor *cs)
{
	unsigned int cpl = cs->segment.dpl;
	struct descriptor ss = { 0 };
	struct stack stack;
	uint16_t selector;
	uint64_t rsp;

	if (cpu_long(cpu)) {
		ss.segment = (struct vcpu_segment){ .selector = (uint16_t)cpl,
						    .dpl = (uint8_t)cpl };
		stack_long(&stack, tss_rsp(cpu, cpl), cpl);
	} else {
		tss_stack(cpu, cpl, &selector, &rsp);
		stack_segment_check(cpu, selector, cpl, VECTOR_TS, &ss);
		stack_other(&stack, &ss.segment, rsp, cpl);
	}
	check_target(cpu, &cs->segment, transfer->offset);
	stack_push(cpu, &stack, transfer->size, cpu->segment[SEG_SS].selector);
	stack_push(cpu, &stack, transfer->size, cpu->gpr[GPR_RSP]);
	if (!cpu_long(cpu))
		copy_parameters(cpu, &stack, GATE_PARAMETERS(gate->raw), transfer->size);
	push_return(cpu, &stack, transfer);
	descriptor_accessed(cpu, cs);
	if (!cpu_long(cpu))
		descriptor_accessed(cpu, &ss);
	cpu->segment[SEG_SS] = ss.segment;
	code_segment_set(cpu, cs, cpl);
	cpu->gpr[GPR_RSP] = stack.rsp;
	arrive(cpu, transfer->offset);
}

/* Gates and task states may be used by privileges up to their own. */
static void check_system(struct cpu *cpu, uint16_t selector, const struct vcpu_segment *system)
{
	if (system->dpl < cpu->cpl || system->dpl < (selector & SELECTOR_RPL))
		raise_error(cpu, VECTOR_GP, selector_error(selector));
	if (!system->present)
		raise_error(cpu, VECTOR_NP, selector_error(selector));
}

static void through_call_gate(struct cpu *cpu, const struct transfer *transfer,
			      const struct descriptor *gate)
{
	unsigned int size = cpu_long(cpu) ? 8 : gate->segment.type == SYSTEM_CALL_GATE32 ? 4 : 2;
	struct transfer through = *transfer;
	const struct vcpu_segment *code;
	struct descriptor cs;

	through.offset = gate_offset(gate) & address_mask(size);
	through.size = transfer->size ? size : 0;
	gate_segment_check(cpu, gate_selector(gate), &cs);
	code = &cs.segment;
	if (is_conforming(code) || code->dpl == cpu->cpl)
		transfer_same(cpu, &through, &cs);
	else if (through.size)
		call_inner(cpu, &through, gate, &cs);
	else
		raise_error(cpu, VECTOR_GP, selector_error(code->selector));
}

static void to_call_gate(struct cpu *cpu, const struct transfer *transfer,
			 struct descriptor *gate)
{
	check_system(cpu, transfer->selector, &gate->segment);
	through_call_gate(cpu, transfer, gate);
}

static void to_task_gate(struct cpu *cpu, const struct transfer *transfer,
			 struct descriptor *gate)
{
	check_system(cpu, transfer->selector, &gate->segment);
	task_gate(cpu, gate, transfer->size ? TASK_CALL : TASK_JUMP, transfer->next);
}

static void to_task(struct cpu *cpu, const struct transfer *transfer, struct descriptor *tss)
{
	if (transfer->selector & SELECTOR_LDT)
		raise_error(cpu, VECTOR_GP, selector_error(transfer->selector));
	check_system(cpu, transfer->selector, &tss->segment);
	task_switch(cpu, tss, transfer->size ? TASK_CALL : TASK_JUMP, transfer->next);
}

typedef void system_transfer(struct cpu *cpu, const struct transfer *transfer,
			     struct descriptor *descriptor);

/* By type of the system descriptor: in long mode, and before. */
static system_transfer *const system_transfers[2][16] = {
	{
		[SYSTEM_TSS16] = to_task, [SYSTEM_TSS32] = to_task,
		[SYSTEM_TASK_GATE] = to_task_gate,
		[SYSTEM_CALL_GATE16] = to_call_gate, [SYSTEM_CALL_GATE32] = to_call_gate,
	}, {
		[SYSTEM_CALL_GATE32] = to_call_gate,
	},
};

static void transfer_protected(struct cpu *cpu, const struct transfer *transfer)
{
	system_transfer *system;
	struct descriptor descriptor;

	if (selector_null(transfer->selector))
		raise_error(cpu, VECTOR_GP, 0);
	descriptor_require(cpu, transfer->selector, &descriptor, true, VECTOR_GP);
	if (descriptor.segment.s) {
		jump_segment_check(cpu, &descriptor.segment);
		transfer_same(cpu, transfer, &descriptor);
		return;
	}
	system = system_transfers[cpu_long(cpu)][descriptor.segment.type];
	if (!system)
		raise_error(cpu, VECTOR_GP, selector_error(transfer->selector));
	system(cpu, transfer, &descriptor);
}

static void transfer(struct cpu *cpu, const struct transfer *transfer)
{
	if (cpu_real(cpu))
		transfer_real(cpu, transfer);
	else
		transfer_protected(cpu, transfer);
}

void far_jump(struct cpu *cpu, const struct insn *insn, uint16_t selector, uint64_t offset)
{
	transfer(cpu, &(struct transfer){ .selector = selector, .offset = offset,
					  .next = next_rip(cpu, insn) });
}

void far_call(struct cpu *cpu, const struct insn *insn, uint16_t selector, uint64_t offset,
	      unsigned int operand_size)
{
	transfer(cpu, &(struct transfer){ .selector = selector, .offset = offset,
					  .size = operand_size, .next = next_rip(cpu, insn) });
}

/* --- returns --- */

/* The stack that an outer privilege is given back; null for 64-bit code only. */
static void outer_stack(struct cpu *cpu, const struct vcpu_segment *cs, uint16_t selector,
			struct descriptor *ss)
{
	unsigned int cpl = cs->selector & SELECTOR_RPL;

	if (selector_null(selector) && cpu_long(cpu) && cs->l && cpl < 3) {
		*ss = (struct descriptor){ .segment = { .selector = selector,
							.dpl = (uint8_t)cpl } };
		return;
	}
	stack_segment_check(cpu, selector, cpl, VECTOR_GP, ss);
	descriptor_accessed(cpu, ss);
}

void leave(struct cpu *cpu, struct stack *stack, uint16_t selector, uint64_t target,
	   unsigned int operand_size, bool with_stack, uint16_t release)
{
	unsigned int cpl = selector & SELECTOR_RPL;
	bool outer = cpl > cpu->cpl;
	struct descriptor cs, ss;
	uint64_t rsp = 0;

	/* Never inwards. */
	if (cpl < cpu->cpl && !selector_null(selector))
		raise_error(cpu, VECTOR_GP, selector_error(selector));
	return_segment_check(cpu, selector, VECTOR_GP, &cs);
	stack->rsp = (stack->rsp & ~stack->mask) | ((stack->rsp + release) & stack->mask);
	if (outer || with_stack) {
		rsp = stack_pop(cpu, stack, operand_size);
		outer_stack(cpu, &cs.segment, (uint16_t)stack_pop(cpu, stack, operand_size), &ss);
	}
	check_target(cpu, &cs.segment, target);
	descriptor_accessed(cpu, &cs);
	if (outer || with_stack)
		cpu->segment[SEG_SS] = ss.segment;
	else
		cpu->gpr[GPR_RSP] = stack->rsp;
	code_segment_set(cpu, &cs, cpl);
	if (outer || with_stack)
		stack_set(cpu, rsp + release);
	if (outer)
		segments_drop(cpu);
	arrive(cpu, target);
}

static void return_real(struct cpu *cpu, unsigned int operand_size, uint16_t release)
{
	struct stack stack;
	uint64_t target;
	uint16_t selector;

	stack_current(cpu, &stack);
	target = stack_pop(cpu, &stack, operand_size);
	selector = (uint16_t)stack_pop(cpu, &stack, operand_size);
	if (target > cpu->segment[SEG_CS].limit)
		raise_error(cpu, VECTOR_GP, 0);
	stack_set(cpu, stack.rsp + release);
	segment_set_real(cpu, SEG_CS, selector);
	arrive(cpu, target);
	cpu_mode_changed(cpu);
}

void far_return(struct cpu *cpu, const struct insn *insn, unsigned int operand_size,
		uint16_t release)
{
	struct stack stack;
	uint16_t selector;
	uint64_t target;

	if (cpu_real(cpu)) {
		return_real(cpu, operand_size, release);
		return;
	}
	stack_current(cpu, &stack);
	target = stack_pop(cpu, &stack, operand_size);
	selector = (uint16_t)stack_pop(cpu, &stack, operand_size);
	leave(cpu, &stack, selector, target, operand_size, false, release);
}
