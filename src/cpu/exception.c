/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exception.c - exceptions are raised, and these and interrupts delivered: real
 * mode's table, gates of 16, 32 and 64 bits, virtual-8086 mode (SDM vol. 3,
 * chapter 6, 20.1.4 and 20.3; vol. 2, INT n).
 */
#include "cpu/descriptor.h"

#define ERROR_EXT	1u	/* of error codes: the cause came from outside the program */
#define ERROR_IDT	2u

#define VECTOR_BIT(vector) (1u << VECTOR_##vector)

/* Exceptions with an error code that names a selector. */
#define SELECTOR_VECTORS (VECTOR_BIT(TS) | VECTOR_BIT(NP) | VECTOR_BIT(SS) | VECTOR_BIT(GP))
/* Those that make a double fault with each other (SDM vol. 3, table 6-5). */
#define CONTRIBUTORY	(VECTOR_BIT(DE) | SELECTOR_VECTORS)
/* Traps and aborts; all others are faults, which set RF in the flags they push. */
#define NO_FAULTS	(VECTOR_BIT(DB) | VECTOR_BIT(BP) | VECTOR_BIT(OF) | VECTOR_BIT(DF) | \
			 VECTOR_BIT(MC))

#define REAL_ENTRY 4u
#define GATE_SIZE 8u
#define GATE_SIZE_LONG 16u
#define GATE_IST(raw) ((raw) >> 32 & 7)
#define IST_INDEX 3u		/* IST1 is the task state's stack pointer number 4 */

#define CLEARED_BY_GATES (RFLAGS_TF | RFLAGS_NT | RFLAGS_VM | RFLAGS_RF)

static _Noreturn void raise(struct cpu *cpu, const struct exception *exception)
{
	cpu->exception = *exception;
	longjmp(cpu->fault, 1);
}

void raise_exception(struct cpu *cpu, enum vector vector)
{
	raise(cpu, &(struct exception){ .vector = (uint8_t)vector });
}

void raise_error(struct cpu *cpu, enum vector vector, uint32_t error)
{
	if (cpu->external && SELECTOR_VECTORS >> vector & 1)
		error |= ERROR_EXT;
	raise(cpu, &(struct exception){ .vector = (uint8_t)vector, .has_error = true,
					.error = error });
}

void raise_page_fault(struct cpu *cpu, uint64_t linear_address, uint32_t error)
{
	raise(cpu, &(struct exception){ .vector = VECTOR_PF, .has_error = true, .error = error,
					.address = linear_address });
}

/* --- delivery --- */

/* An event on its way through a gate. */
struct event {
	const struct exception *exception;
	bool software;
	uint64_t flags;			/* to push */
	struct descriptor gate;
	struct descriptor cs;
	unsigned int size;		/* of what is pushed: 2, 4, 8 */
};

static void deliver_real(struct cpu *cpu, const struct event *event)
{
	uint32_t offset = event->exception->vector * REAL_ENTRY;
	struct stack stack;
	uint16_t entry[2];

	if (offset + REAL_ENTRY - 1 > cpu->idtr.limit)
		raise_error(cpu, VECTOR_GP, event->exception->vector * 8u + ERROR_IDT);
	mmu_system_read(cpu, cpu->idtr.base + offset, entry, sizeof(entry));
	stack_current(cpu, &stack);
	stack_push(cpu, &stack, 2, event->flags);
	stack_push(cpu, &stack, 2, cpu->segment[SEG_CS].selector);
	stack_push(cpu, &stack, 2, cpu->rip);
	cpu->gpr[GPR_RSP] = stack.rsp;
	segment_set_real(cpu, SEG_CS, entry[1]);
	cpu->rip = entry[0];
	cpu->rflags &= ~(uint64_t)(RFLAGS_IF | RFLAGS_TF | RFLAGS_AC | RFLAGS_RF);
	cpu_mode_changed(cpu);
}

/* The gate, checked in the order of the SDM. */
static void read_gate(struct cpu *cpu, struct event *event)
{
	static const uint32_t types = 1u << SYSTEM_TASK_GATE |
		1u << SYSTEM_INTERRUPT_GATE16 | 1u << SYSTEM_TRAP_GATE16 |
		1u << SYSTEM_INTERRUPT_GATE32 | 1u << SYSTEM_TRAP_GATE32;
	static const uint32_t long_types = 1u << SYSTEM_INTERRUPT_GATE32 |
		1u << SYSTEM_TRAP_GATE32;
	unsigned int vector = event->exception->vector;
	unsigned int size = cpu_long(cpu) ? GATE_SIZE_LONG : GATE_SIZE;
	struct descriptor *gate = &event->gate;
	uint32_t error = vector * 8 + ERROR_IDT;

	if ((vector + 1) * size - 1 > cpu->idtr.limit)
		raise_error(cpu, VECTOR_GP, error);
	gate->address = cpu->idtr.base + vector * size;
	gate->raw_high = 0;
	mmu_system_read(cpu, gate->address, &gate->raw, 8);
	if (cpu_long(cpu))
		mmu_system_read(cpu, gate->address + 8, &gate->raw_high, 8);
	descriptor_parse(gate, 0);
	if (gate->segment.s || !((cpu_long(cpu) ? long_types : types) >> gate->segment.type & 1))
		raise_error(cpu, VECTOR_GP, error);
	if (event->software && gate->segment.dpl < cpu->cpl)
		raise_error(cpu, VECTOR_GP, error);
	if (!gate->segment.present)
		raise_error(cpu, VECTOR_NP, error);
	event->size = cpu_long(cpu) ? 8 : gate->segment.type & 8 ? 4 : 2;
}

/*
 * The stack of the handler; its SS where that is another one. Returns whether
 * the privilege changes.
 */
static bool handler_stack(struct cpu *cpu, const struct event *event, struct stack *stack,
			  struct descriptor *ss)
{
	const struct vcpu_segment *cs = &event->cs.segment;
	unsigned int cpl = is_conforming(cs) ? cpu->cpl : cs->dpl;
	unsigned int ist = cpu_long(cpu) ? GATE_IST(event->gate.raw) : 0;
	bool inner = cpl < cpu->cpl;
	uint16_t selector;
	uint64_t rsp;

	/* From virtual-8086 mode, to privilege 0 only. */
	if (cpu_v8086(cpu) && cpl)
		raise_error(cpu, VECTOR_GP, selector_error(cs->selector));
	if (cpu_long(cpu)) {
		rsp = ist ? tss_rsp(cpu, ist + IST_INDEX) :
		      inner ? tss_rsp(cpu, cpl) : cpu->gpr[GPR_RSP];
		stack_long(stack, rsp & ~UINT64_C(15), cpl);
	} else if (inner) {
		tss_stack(cpu, cpl, &selector, &rsp);
		stack_segment_check(cpu, selector, cpl, VECTOR_TS, ss);
		stack_other(stack, &ss->segment, rsp, cpl);
	} else {
		stack_current(cpu, stack);
	}
	return inner;
}

static void push_frame(struct cpu *cpu, const struct event *event, struct stack *stack,
		       bool with_stack)
{
	static const enum vcpu_segment_name data[] = { SEG_GS, SEG_FS, SEG_DS, SEG_ES };
	unsigned int size = event->size;

	for (unsigned int i = 0; cpu_v8086(cpu) && i < sizeof(data) / sizeof(data[0]); i++)
		stack_push(cpu, stack, size, cpu->segment[data[i]].selector);
	if (with_stack) {
		stack_push(cpu, stack, size, cpu->segment[SEG_SS].selector);
		stack_push(cpu, stack, size, cpu->gpr[GPR_RSP]);
	}
	stack_push(cpu, stack, size, event->flags);
	stack_push(cpu, stack, size, cpu->segment[SEG_CS].selector);
	stack_push(cpu, stack, size, cpu->rip);
	if (event->exception->has_error)
		stack_push(cpu, stack, size, event->exception->error);
}

/* The handler's SS; in long mode a null one. */
static void enter_stack(struct cpu *cpu, struct descriptor *ss, unsigned int cpl)
{
	if (cpu_long(cpu)) {
		cpu->segment[SEG_SS] = (struct vcpu_segment){ .selector = (uint16_t)cpl,
							      .dpl = (uint8_t)cpl };
		return;
	}
	descriptor_accessed(cpu, ss);
	cpu->segment[SEG_SS] = ss->segment;
}

static void deliver_gate(struct cpu *cpu, struct event *event)
{
	bool v8086 = cpu_v8086(cpu), inner;
	struct descriptor ss;
	struct stack stack;

	gate_segment_check(cpu, gate_selector(&event->gate), &event->cs);
	inner = handler_stack(cpu, event, &stack, &ss);
	check_target(cpu, &event->cs.segment, gate_offset(&event->gate) &
		     address_mask(event->size));
	push_frame(cpu, event, &stack, inner || cpu_long(cpu));
	descriptor_accessed(cpu, &event->cs);
	if (inner)
		enter_stack(cpu, &ss, stack.cpl);
	cpu->rflags &= ~(uint64_t)CLEARED_BY_GATES;
	/* Interrupt gates have even types. */
	if (!(event->gate.segment.type & 1))
		cpu->rflags &= ~(uint64_t)RFLAGS_IF;
	code_segment_set(cpu, &event->cs, stack.cpl);
	if (v8086) {
		segment_set_null(cpu, SEG_ES, 0);
		segment_set_null(cpu, SEG_DS, 0);
		segment_set_null(cpu, SEG_FS, 0);
		segment_set_null(cpu, SEG_GS, 0);
	}
	cpu->gpr[GPR_RSP] = stack.rsp;
	cpu->rip = gate_offset(&event->gate) & address_mask(event->size);
}

/* Through a task gate: what is pushed goes to the new task's stack. */
static void deliver_task(struct cpu *cpu, const struct event *event)
{
	unsigned int size;

	cpu->rflags = (event->flags & ~(uint64_t)RFLAGS_ARITH) | RFLAGS_FIXED;
	task_gate(cpu, &event->gate, TASK_CALL, cpu->rip);
	size = cpu->tr.type == SYSTEM_TSS32_BUSY ? 4 : 2;
	if (event->exception->has_error)
		push(cpu, size, event->exception->error);
}

/* Another link of the chain; what comes behind the last one that has room takes its place. */
static struct vcpu_fault *note(struct cpu *cpu, const struct exception *exception,
			       enum vcpu_event event)
{
	struct vcpu_faults *faults = &cpu->faults;
	struct vcpu_fault *fault;

	if (!cpu->begun)
		faults->count = 0;
	if (faults->count < VCPU_FAULTS_MAX)
		faults->count++;
	cpu->begun = true;
	fault = &faults->fault[faults->count - 1];
	*fault = (struct vcpu_fault){
		.event = event, .vector = exception->vector, .has_error = exception->has_error,
		.error = exception->error, .address = exception->address,
	};
	return fault;
}

void cpu_get_faults(const struct cpu *cpu, struct vcpu_faults *faults)
{
	*faults = cpu->faults;
}

static void tell(struct cpu *cpu, const struct exception *exception, bool software)
{
	if (cpu->ops->event)
		cpu->ops->event(cpu->self, &(struct cpu_event){
			.kind = software ? CPU_EVENT_INT : CPU_EVENT_EXCEPTION,
			.vector = exception->vector, .has_error = exception->has_error,
			.error = exception->error, .address = exception->address,
		});
}

void deliver(struct cpu *cpu, const struct exception *exception, bool software, bool external)
{
	struct event event = { .exception = exception, .software = software,
			       .flags = flags_get(cpu), .size = 2 };

	cpu->external = !software;
	if (!external)
		tell(cpu, exception, software);
	if (software || external)
		note(cpu, exception, software ? EVENT_SOFTWARE : EVENT_INTERRUPT);
	if (!software && !external && !(exception->vector < 32 && NO_FAULTS >> exception->vector & 1))
		event.flags |= RFLAGS_RF;
	if (!cpu_protected(cpu)) {
		deliver_real(cpu, &event);
	} else {
		read_gate(cpu, &event);
		if (event.gate.segment.type == SYSTEM_TASK_GATE)
			deliver_task(cpu, &event);
		else
			deliver_gate(cpu, &event);
	}
	cpu->external = false;
	cpu->begun = false;
	cpu->shadow = false;
	cpu->debug_shadow = false;
	/* A trap that was due is given up; not the one for the task that has been entered. */
	cpu->debug_pending &= DR6_BT;
	cpu->halted = false;
	cpu->end = NULL;
}

/* What two exceptions become of which the second came while the first was delivered. */
static bool double_fault(uint8_t first, uint8_t second)
{
	bool contributory = second < 32 && CONTRIBUTORY >> second & 1;

	if (first == VECTOR_PF)
		return contributory || second == VECTOR_PF;
	return contributory && first < 32 && CONTRIBUTORY >> first & 1;
}

void take_exception(struct cpu *cpu)
{
	struct exception exception = cpu->exception;
	struct vcpu_fault *fault = note(cpu, &exception, EVENT_EXCEPTION);

	cpu->external = false;
	cpu->debug_pending &= DR6_BT;
	if (exception.vector == VECTOR_PF)
		cpu->cr2 = exception.address;
	if (cpu->delivering) {
		if (cpu->delivered.vector == VECTOR_DF) {
			cpu->delivering = false;
			cpu->shutdown = true;
			return;
		}
		fault->doubled = double_fault(cpu->delivered.vector, exception.vector);
		if (fault->doubled)
			exception = (struct exception){ .vector = VECTOR_DF, .has_error = true };
	}
	cpu->delivered = exception;
	cpu->delivering = true;
	deliver(cpu, &cpu->delivered, false, false);
	cpu->delivering = false;
}
