/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * task.c - task states: the stacks and the I/O permissions they hold, and task
 * switches (SDM vol. 3, chapter 7; I/O: vol. 1, 18.5).
 */
#include "cpu/descriptor.h"

/* Offsets in a task state of 32 bits; those of 16 bits are in tss16. */
#define TSS_LINK 0x00u
#define TSS_CR3 0x1Cu
#define TSS_TRAP 0x64u
#define TSS_IO_MAP 0x66u

#define DR7_LOCAL 0x55u		/* breakpoints for the old task only */
#define FLAGS_OF_TSS 0x3F7FD5u	/* those that exist */

/*
 * What a task switch saves and loads lies one behind the other: IP, flags, the
 * eight registers, the segment registers, the LDT; each in a field of size.
 */
struct layout {
	uint8_t size;
	uint8_t first;		/* offset of IP */
	uint8_t segments;	/* how many, in the processor's numbering */
	uint8_t limit;		/* the least */
};

static const struct layout tss16 = { 2, 0x0E, 4, 0x2B };
static const struct layout tss32 = { 4, 0x20, 6, 0x67 };

#define FIELD_IP 0u
#define FIELD_FLAGS 1u
#define FIELD_GPR 2u
#define FIELD_SEGMENT 10u

#define TASK_GPRS 8u

static const struct layout *layout_of(const struct vcpu_segment *tss)
{
	return tss->type & 8 ? &tss32 : &tss16;
}

static uint64_t system_value(struct cpu *cpu, uint64_t la, unsigned int size)
{
	uint64_t value = 0;

	mmu_system_read(cpu, la, &value, size);
	return value;
}

/* --- stacks --- */

static void tss_require(struct cpu *cpu, uint32_t last)
{
	if (last > cpu->tr.limit)
		raise_error(cpu, VECTOR_TS, selector_error(cpu->tr.selector));
}

void tss_stack(struct cpu *cpu, unsigned int cpl, uint16_t *selector, uint64_t *rsp)
{
	unsigned int size = layout_of(&cpu->tr)->size;
	uint32_t offset = size + cpl * 2 * size;

	tss_require(cpu, offset + size + 1);
	*rsp = system_value(cpu, cpu->tr.base + offset, size);
	*selector = (uint16_t)system_value(cpu, cpu->tr.base + offset + size, 2);
}

uint64_t tss_rsp(struct cpu *cpu, unsigned int index)
{
	uint32_t offset = 4 + index * 8;
	uint64_t rsp;

	tss_require(cpu, offset + 7);
	rsp = system_value(cpu, cpu->tr.base + offset, 8);
	if (!canonical(rsp))
		raise_error(cpu, VECTOR_SS, 0);
	return rsp;
}

/* --- I/O permissions --- */

static bool io_allowed(struct cpu *cpu, uint16_t port, unsigned int size)
{
	uint32_t offset, mask = (1u << size) - 1;

	if (!(cpu->tr.type & 8) || !cpu->tr.present || cpu->tr.limit < tss32.limit)
		return false;
	offset = (uint32_t)system_value(cpu, cpu->tr.base + TSS_IO_MAP, 2) + port / 8;
	/* Two bytes are read always: the map ends with a byte of ones. */
	if (offset + 1 > cpu->tr.limit)
		return false;
	return !(system_value(cpu, cpu->tr.base + offset, 2) >> (port & 7) & mask);
}

void check_io(struct cpu *cpu, uint16_t port, unsigned int size)
{
	if (cpu_protected(cpu) && (cpu_v8086(cpu) || cpu->cpl > cpu_iopl(cpu)) &&
	    !io_allowed(cpu, port, size))
		raise_error(cpu, VECTOR_GP, 0);
	if (unlikely(cpu->breakpoints & BREAK_IO))
		debug_access(cpu, port, size, false, true);
}

/* --- task switches --- */

/* What a task state holds. */
struct task {
	uint64_t rip, rflags, cr3;
	uint64_t gpr[TASK_GPRS];
	uint16_t segment[SEG_COUNT];
	uint16_t ldt;
	bool trap;
};

static uint64_t field_address(const struct vcpu_segment *tss, unsigned int field)
{
	const struct layout *layout = layout_of(tss);

	return tss->base + layout->first + field * layout->size;
}

static void task_save(struct cpu *cpu, const struct vcpu_segment *tss, uint64_t next,
		      uint64_t rflags)
{
	const struct layout *layout = layout_of(tss);
	unsigned int size = layout->size;

	mmu_system_write(cpu, field_address(tss, FIELD_IP), &next, size);
	mmu_system_write(cpu, field_address(tss, FIELD_FLAGS), &rflags, size);
	for (unsigned int i = 0; i < TASK_GPRS; i++)
		mmu_system_write(cpu, field_address(tss, FIELD_GPR + i), &cpu->gpr[i], size);
	for (unsigned int i = 0; i < layout->segments; i++)
		mmu_system_write(cpu, field_address(tss, FIELD_SEGMENT + i),
				 &cpu->segment[i].selector, 2);
}

static void task_load(struct cpu *cpu, const struct vcpu_segment *tss, struct task *task)
{
	const struct layout *layout = layout_of(tss);
	unsigned int size = layout->size, ldt = FIELD_SEGMENT + layout->segments;

	*task = (struct task){
		.rip = system_value(cpu, field_address(tss, FIELD_IP), size),
		.rflags = system_value(cpu, field_address(tss, FIELD_FLAGS), size),
		.ldt = (uint16_t)system_value(cpu, field_address(tss, ldt), 2),
		.cr3 = cpu->cr3,
	};
	for (unsigned int i = 0; i < TASK_GPRS; i++)
		task->gpr[i] = system_value(cpu, field_address(tss, FIELD_GPR + i), size);
	for (unsigned int i = 0; i < layout->segments; i++)
		task->segment[i] = (uint16_t)system_value(
			cpu, field_address(tss, FIELD_SEGMENT + i), 2);
	if (layout == &tss32) {
		task->trap = system_value(cpu, tss->base + TSS_TRAP, 2) & 1;
		if (cpu_paging(cpu))
			task->cr3 = system_value(cpu, tss->base + TSS_CR3, 4);
	}
}

static void enter_ldt(struct cpu *cpu, uint16_t selector)
{
	struct descriptor ldt;

	cpu->ldtr = (struct vcpu_segment){ .selector = selector, .type = SEG_TYPE_LDT };
	if (selector_null(selector))
		return;
	if (selector & SELECTOR_LDT || !descriptor_read(cpu, selector, &ldt, true) ||
	    ldt.segment.s || ldt.segment.type != SYSTEM_LDT || !ldt.segment.present)
		raise_error(cpu, VECTOR_TS, selector_error(selector));
	cpu->ldtr = ldt.segment;
}

static void enter_segments_protected(struct cpu *cpu, const struct task *task)
{
	static const enum vcpu_segment_name data[] = { SEG_ES, SEG_DS, SEG_FS, SEG_GS };
	struct descriptor descriptor;

	return_segment_check(cpu, task->segment[SEG_CS], VECTOR_TS, &descriptor);
	code_segment_set(cpu, &descriptor, cpu->cpl);
	stack_segment_check(cpu, task->segment[SEG_SS], cpu->cpl, VECTOR_TS, &descriptor);
	descriptor_accessed(cpu, &descriptor);
	segment_set(cpu, SEG_SS, &descriptor.segment);
	for (unsigned int i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
		if (selector_null(task->segment[data[i]]))
			continue;
		data_segment_check(cpu, task->segment[data[i]], VECTOR_TS, &descriptor);
		descriptor_accessed(cpu, &descriptor);
		segment_set(cpu, data[i], &descriptor.segment);
	}
}

/*
 * From here on the new task is the current one. What its state holds is checked
 * now: where it is wrong, the exception is the new task's, before its first
 * instruction.
 */
static void task_enter(struct cpu *cpu, const struct layout *layout, const struct task *task)
{
	uint64_t flags = layout == &tss32 ? FLAGS_OF_TSS : UINT16_MAX;
	bool v8086;

	cpu->switched = true;
	cpu->rip = task->rip;
	memcpy(cpu->gpr, task->gpr, sizeof(task->gpr));
	flags_set(cpu, (flags_get(cpu) & ~flags) | (task->rflags & flags));
	cpu->cr0 |= CR0_TS;
	cpu->dr[7] &= ~(uint64_t)DR7_LOCAL;
	if (task->trap)
		cpu->debug_pending = DR6_BT;
	v8086 = cpu_v8086(cpu);
	cpu->cpl = v8086 ? 3 : task->segment[SEG_CS] & SELECTOR_RPL;
	for (unsigned int i = 0; i < SEG_COUNT; i++)
		segment_set_null(cpu, i, task->segment[i]);
	for (unsigned int i = 0; v8086 && i < SEG_COUNT; i++)
		segment_set_real(cpu, i, task->segment[i]);
	debug_changed(cpu);
	cpu_mode_changed(cpu);
	if (task->cr3 != cpu->cr3) {
		cpu->cr3 = task->cr3;
		mmu_flush(cpu, false);
		cr3_loaded(cpu);
	}
	if (cpu_paging(cpu) && cpu->cr4 & CR4_PAE)
		mmu_load_pdptes(cpu, cpu->cr3);
	enter_ldt(cpu, task->ldt);
	if (!v8086)
		enter_segments_protected(cpu, task);
	check_target(cpu, &cpu->segment[SEG_CS], task->rip);
	cpu->switched = false;
	cpu->end = NULL;
}

void task_switch(struct cpu *cpu, const struct descriptor *descriptor, enum task_switch why,
		 uint64_t next)
{
	struct descriptor new = *descriptor, old;
	const struct layout *layout = layout_of(&new.segment);
	uint64_t rflags = flags_get(cpu);
	struct task task;

	if (new.segment.limit < layout->limit)
		raise_error(cpu, VECTOR_TS, selector_error(new.segment.selector));
	task_load(cpu, &new.segment, &task);
	if (why == TASK_RETURN)
		rflags &= ~(uint64_t)RFLAGS_NT;
	task_save(cpu, &cpu->tr, next, rflags);
	if (why == TASK_CALL) {
		mmu_system_write(cpu, new.segment.base + TSS_LINK, &cpu->tr.selector, 2);
		task.rflags |= RFLAGS_NT;
	} else if (descriptor_read(cpu, cpu->tr.selector, &old, false)) {
		descriptor_set_type(cpu, &old, old.segment.type & ~TSS_BUSY);
	}
	if (why != TASK_RETURN)
		descriptor_set_type(cpu, &new, new.segment.type | TSS_BUSY);
	cpu->tr = new.segment;
	task_enter(cpu, layout, &task);
}

void task_gate(struct cpu *cpu, const struct descriptor *gate, enum task_switch why,
	       uint64_t next)
{
	uint16_t selector = gate_selector(gate);
	struct descriptor tss;

	if (selector & SELECTOR_LDT)
		raise_error(cpu, VECTOR_GP, selector_error(selector));
	descriptor_require(cpu, selector, &tss, false, VECTOR_GP);
	if (tss.segment.s ||
	    (tss.segment.type != SYSTEM_TSS16 && tss.segment.type != SYSTEM_TSS32))
		raise_error(cpu, VECTOR_GP, selector_error(selector));
	if (!tss.segment.present)
		raise_error(cpu, VECTOR_NP, selector_error(selector));
	task_switch(cpu, &tss, why, next);
}

void task_return(struct cpu *cpu, uint64_t next)
{
	uint16_t selector = (uint16_t)system_value(cpu, cpu->tr.base + TSS_LINK, 2);
	struct descriptor tss;

	if (selector & SELECTOR_LDT || !descriptor_read(cpu, selector, &tss, false) ||
	    tss.segment.s || (tss.segment.type != SYSTEM_TSS16_BUSY &&
			      tss.segment.type != SYSTEM_TSS32_BUSY))
		raise_error(cpu, VECTOR_TS, selector_error(selector));
	if (!tss.segment.present)
		raise_error(cpu, VECTOR_NP, selector_error(selector));
	task_switch(cpu, &tss, TASK_RETURN, next);
}
