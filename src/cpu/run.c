/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run.c - the processor's life and its loop, see cpu.h and internal.h. */
#include <errno.h>
#include <stdlib.h>

#include "cpu/bind.h"
#include "cpu/internal.h"
#include "cpu/scan.h"
#include "cpu/system.h"
#include "cpu/watch.h"

#define A20_BIT (UINT64_C(1) << 20)

int cpu_create(struct cpu **out, struct mem *mem, const struct cpu_ops *ops, void *self)
{
	struct cpu *cpu = calloc(1, sizeof(*cpu));
	struct vcpu_state state;
	int error;

	if (!cpu)
		return -ENOMEM;
	cpu->mem = mem;
	cpu->ops = ops;
	cpu->self = self;
	cpu->address_lines = UINT64_MAX;
	error = blocks_create(cpu);
	if (!error)
		error = fpu_create(cpu);
	if (error) {
		cpu_destroy(cpu);
		return error;
	}
	vcpu_state_reset(&state);
	cpu_set_state(cpu, &state);
	*out = cpu;
	return 0;
}

void cpu_destroy(struct cpu *cpu)
{
	if (!cpu)
		return;
	scans_destroy(cpu);
	watch_fini(cpu);
	fpu_destroy(cpu);
	blocks_destroy(cpu);
	free(cpu);
}

void cpu_get_registers(const struct cpu *cpu, struct vcpu_state *state)
{
	memcpy(state->gpr, cpu->gpr, sizeof(state->gpr));
	memcpy(state->segment, cpu->segment, sizeof(state->segment));
	state->rip = cpu->rip;
	state->rflags = flags_get(cpu);
	state->ldtr = cpu->ldtr;
	state->tr = cpu->tr;
	state->gdtr = cpu->gdtr;
	state->idtr = cpu->idtr;
	state->cr0 = cpu->cr0;
	state->cr2 = cpu->cr2;
	state->cr3 = cpu->cr3;
	state->cr4 = cpu->cr4;
	state->cr8 = cpu->cr8;
	state->efer = cpu->efer;
	state->interrupt_shadow = cpu->shadow;
}

void cpu_get_state(const struct cpu *cpu, struct vcpu_state *state)
{
	*state = (struct vcpu_state){
		.xcr0 = cpu->xcr0, .msr = cpu->msr, .nmi_blocked = cpu->nmi_blocked,
	};
	cpu_get_registers(cpu, state);
	memcpy(state->dr, cpu->dr, sizeof(state->dr));
	fpu_get_state(cpu, state);
}

void cpu_set_state(struct cpu *cpu, const struct vcpu_state *state)
{
	memcpy(cpu->gpr, state->gpr, sizeof(state->gpr));
	memcpy(cpu->segment, state->segment, sizeof(state->segment));
	memcpy(cpu->dr, state->dr, sizeof(state->dr));
	cpu->rip = state->rip;
	flags_set(cpu, state->rflags);
	cpu->ldtr = state->ldtr;
	cpu->tr = state->tr;
	cpu->gdtr = state->gdtr;
	cpu->idtr = state->idtr;
	cpu->cr0 = state->cr0;
	cpu->cr2 = state->cr2;
	cpu->cr3 = state->cr3;
	cpu->cr4 = state->cr4;
	cpu->cr8 = state->cr8;
	cpu->efer = state->efer;
	cpu->xcr0 = state->xcr0;
	cpu->msr = state->msr;
	cpu->shadow = state->interrupt_shadow;
	cpu->nmi_blocked = state->nmi_blocked;
	cpu->cpl = cpu_protected(cpu) ? cpu_v8086(cpu) ? 3 : cpu->segment[SEG_SS].dpl : 0;
	cpu->halted = false;
	cpu->shutdown = false;
	cpu->delivering = false;
	cpu->begun = false;
	cpu->faults.count = 0;
	cpu->debug_shadow = false;
	cpu->debug_pending = 0;
	fpu_set_state(cpu, state);
	mmu_flush(cpu, true);
	debug_changed(cpu);
	cpu_mode_changed(cpu);
	mmu_reload_pdptes(cpu);
}

void cpu_set_a20(struct cpu *cpu, bool on)
{
	cpu->address_lines = on ? UINT64_MAX : ~A20_BIT;
	mmu_flush(cpu, true);
	blocks_stop(cpu);
}

/* Instructions of the current block that are done, or under way. */
static uint64_t in_block(const struct cpu *cpu)
{
	return cpu->current ? (uint64_t)(cpu->current - cpu->block_start) : 0;
}

uint64_t cpu_instructions(const struct cpu *cpu)
{
	return cpu->done + in_block(cpu);
}

uint64_t cpu_place(const struct cpu *cpu, bool behind)
{
	const struct insn *insn = cpu->current;
	uint64_t rip = cpu->rip;

	if (insn)
		rip = behind && !(insn->prefixes & (INSN_REP | INSN_REPNE)) ? next_rip(cpu, insn) :
		      insn_rip(cpu, insn);
	return cpu->code_bits == 64 ? rip : (uint32_t)(cpu->segment[SEG_CS].base + rip);
}

void cpu_set_interrupt(struct cpu *cpu, bool level)
{
	atomic_store(&cpu->interrupt, level);
	if (level)
		atomic_store(&cpu->events, true);
}

void cpu_inject_nmi(struct cpu *cpu)
{
	atomic_store(&cpu->nmi, true);
	atomic_store(&cpu->events, true);
}

void cpu_set_cr8(struct cpu *cpu, uint8_t cr8)
{
	cpu->cr8 = cr8;
}

uint64_t cpu_tsc(struct cpu *cpu)
{
	return tsc_now(cpu);
}

void cpu_kick(struct cpu *cpu)
{
	atomic_store(&cpu->kicked, true);
	atomic_store(&cpu->events, true);
}

bool cpu_interrupts_enabled(const struct cpu *cpu)
{
	return cpu->rflags & RFLAGS_IF;
}

static bool interrupts_enabled(const struct cpu *cpu)
{
	return cpu->rflags & RFLAGS_IF && !cpu->shadow;
}

/* SDM vol. 3, 6.7: whatever IF says, but not while the handler of another runs. */
static void take_nmi(struct cpu *cpu)
{
	/* IRET looks again. */
	if (!atomic_load(&cpu->nmi) || cpu->nmi_blocked)
		return;
	atomic_store(&cpu->events, true);
	if (cpu->shadow)
		return;
	atomic_store(&cpu->nmi, false);
	cpu->nmi_blocked = true;
	deliver(cpu, &(struct exception){ .vector = VECTOR_NMI }, false, true);
}

/*
 * Looks at what came from outside. Returns true where the run has to stop, for
 * *stop.
 */
static bool take_events(struct cpu *cpu, enum cpu_stop *stop)
{
	int vector;

	/* Before anything is looked at: who comes later sets it again. */
	atomic_store(&cpu->events, false);
	if (atomic_exchange(&cpu->kicked, false)) {
		/* The rest is the next run's. */
		atomic_store(&cpu->events, true);
		*stop = CPU_KICKED;
		return true;
	}
	take_nmi(cpu);
	if (!atomic_load(&cpu->interrupt))
		return false;
	if (!interrupts_enabled(cpu)) {
		/* To be looked at again as soon as they are. */
		atomic_store(&cpu->events, true);
		return false;
	}
	vector = cpu->ops->acknowledge(cpu->self);
	if (vector >= 0) {
		cpu->halted = false;
		deliver(cpu, &(struct exception){ .vector = (uint8_t)vector }, false, true);
	}
	return false;
}

/* Leaves the block behind count instructions. */
static void truncate_block(struct cpu *cpu, const struct insn *start, uint64_t count)
{
	const struct insn *last = start + count - 1;

	cpu->end = start + count;
	cpu->rip = next_rip(cpu, last);
}

/*
 * So many instructions follow each other without the loop. Where the compiler makes
 * no jumps of the calls from one to the next (-O0), each takes some stack.
 */
#define FOLLOWING 4096u

/*
 * One block and those that follow it, or less where there is reason to look again
 * sooner. No more than room instructions.
 */
static void run_block(struct cpu *cpu, uint64_t room)
{
	bool one = cpu->shadow || cpu->breakpoints || cpu->rflags & (RFLAGS_TF | RFLAGS_RF);
	uint64_t following = room < FOLLOWING ? room : FOLLOWING;
	const struct insn *insn;

	if (unlikely(one))
		debug_begin(cpu);
	insn = block_enter(cpu);
	cpu->follow_until = 0;
	if (one || (uint64_t)(cpu->end - insn) > room)
		truncate_block(cpu, insn, one ? 1 : room);
	else if (following > BLOCK_INSNS)
		cpu->follow_until = cpu->done + following - BLOCK_INSNS;
	cpu->shadow = false;
	do {
		cpu->current = insn;
		insn->execute(cpu, insn);
		insn = cpu->current + 1;
	} while (insn < cpu->end);
	cpu->done += (uint64_t)(cpu->current - cpu->block_start) + 1;
	cpu->current = NULL;
	cpu->end = NULL;
}

/* An exception has been raised: where, and what comes of it. */
static void take_fault(struct cpu *cpu)
{
	if (cpu->current) {
		cpu->done += in_block(cpu);
		if (!cpu->switched)
			cpu->rip = insn_rip(cpu, cpu->current);
	}
	/* Counts as an instruction, or exceptions at each delivery would know no limit. */
	cpu->done++;
	cpu->switched = false;
	cpu->current = NULL;
	cpu->end = NULL;
	take_exception(cpu);
}

static enum cpu_stop run(struct cpu *cpu, uint64_t limit)
{
	uint64_t last = cpu->done + limit < limit ? UINT64_MAX : cpu->done + limit;
	enum cpu_stop stop;

	/* Again after each fault, since its delivery uses the buffer too. */
	while (setjmp(cpu->fault))
		take_fault(cpu);
	for (;;) {
		if (unlikely(cpu->shutdown))
			return CPU_SHUTDOWN;
		if (unlikely(cpu->debug_pending) && !cpu->debug_shadow)
			debug_trap(cpu);
		/* Before events: what comes behind the last instruction is the next run's. */
		if (unlikely(cpu->done >= last))
			return cpu->halted ? CPU_HALTED : CPU_LIMIT;
		if (unlikely(atomic_load_explicit(&cpu->events, memory_order_relaxed)) &&
		    take_events(cpu, &stop))
			return stop;
		if (unlikely(cpu->halted))
			return CPU_HALTED;
		run_block(cpu, last - cpu->done);
	}
}

enum cpu_stop cpu_run(struct cpu *cpu, uint64_t limit)
{
	enum cpu_stop stop = run(cpu, limit);

	fpu_leave(cpu);
	return stop;
}

const struct cpu_module vmm_cpu_module = {
	.version = CPU_MODULE_VERSION,
	.create = cpu_create,
	.destroy = cpu_destroy,
	.set_cpuid = cpu_set_cpuid,
	.get_state = cpu_get_state,
	.set_state = cpu_set_state,
	.run = cpu_run,
	.instructions = cpu_instructions,
	.place = cpu_place,
	.interrupts_enabled = cpu_interrupts_enabled,
	.set_interrupt = cpu_set_interrupt,
	.inject_nmi = cpu_inject_nmi,
	.set_a20 = cpu_set_a20,
	.set_cr8 = cpu_set_cr8,
	.tsc = cpu_tsc,
	.kick = cpu_kick,
	.memory_written = cpu_memory_written,
	.get_registers = cpu_get_registers,
	.get_faults = cpu_get_faults,
	.disassemble = cpu_disassemble,
	.native_bars = cpu_native_bars,
	.native_get = cpu_native_get,
	.native_put = cpu_native_put,
	.native_space = cpu_native_space,
	.native_translate = cpu_native_translate,
	.native_scan = cpu_native_scan,
	.native_crossing = cpu_native_crossing,
	.native_forget = cpu_native_forget,
	.native_renew = cpu_native_renew,
	.watch = cpu_watch,
	.watched = cpu_watched,
	.has_code = cpu_has_code,
	.forget_code = cpu_forget_code,
};
