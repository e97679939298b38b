/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kvm_emulate.c - an instruction that KVM cannot emulate is executed by vmm's own
 * emulator: the registers go there and back. That is rare on a processor with
 * virtualization; where KVM itself is software, it is most of the FPU's.
 */
#include "engine/kvm.h"

#include <string.h>
#include <x86intrin.h>

/* More than any guest-physical address. */
#define PHYSICAL_ADDRESSES (UINT64_C(1) << 52)

bool kvm_gave_up(const struct kvm_run *run)
{
	return run->exit_reason == KVM_EXIT_INTERNAL_ERROR &&
	       run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION;
}

static void emulator_access(void *self, struct vmexit *exit)
{
	struct engine *engine = self;

	if (engine->post_mortem)
		return;
	engine->config.on_access(engine->config.self, exit);
	/* A long string instruction ends early, too. */
	if (__atomic_load_n(&engine->run->immediate_exit, __ATOMIC_SEQ_CST))
		engine->emulator.api->kick(engine->emulator.cpu);
}

/* Interrupts are left to KVM: the emulator is told of one that KVM died of. */
static int emulator_acknowledge(void *self)
{
	struct engine *engine = self;

	engine->emulator.api->set_interrupt(engine->emulator.cpu, false);
	return engine->injected;
}

static uint64_t emulator_tsc(void *self)
{
	return __rdtsc();
}

static void emulator_write_cr8(void *self, uint8_t cr8)
{
	struct engine *engine = self;

	intr_write_cr8(engine->config.intr, cr8);
}

static const struct emulator_ops emulator_ops = {
	.access = emulator_access,
	.acknowledge = emulator_acknowledge,
	.tsc = emulator_tsc,
	.write_cr8 = emulator_write_cr8,
};

int kvm_open_emulator(struct engine *engine)
{
	if (engine->emulator.cpu)
		return 0;
	engine->emulator = (struct emulator){
		.ops = &emulator_ops, .self = engine, .random = __rdtsc() | 1,
	};
	return emulator_open(&engine->emulator, &engine->config, engine_kvm.name);
}

/*
 * Executes the instruction at RIP, or delivers its exception. *before becomes what
 * the emulator makes of it, so that only what the instruction changes differs.
 */
static void emulate_one(struct engine *engine, struct vcpu_state *before,
			struct vcpu_state *after, struct vmexit *exit)
{
	const struct cpu_module *api = engine->emulator.api;
	struct cpu *cpu = engine->emulator.cpu;
	uint64_t done = api->instructions(cpu);
	enum cpu_stop stop;

	/* KVM has let the guest write where it liked. */
	api->memory_written(cpu, 0, PHYSICAL_ADDRESSES);
	api->set_state(cpu, before);
	api->get_state(cpu, before);
	engine->emulating = true;
	stop = api->run(cpu, 1);
	engine->emulating = false;
	api->get_state(cpu, after);
	if (stop == CPU_SHUTDOWN) {
		exit->reason = VMEXIT_SHUTDOWN;
	} else if (stop == CPU_HALTED) {
		exit->reason = VMEXIT_HLT;
		exit->hlt.interrupts_enabled = api->interrupts_enabled(cpu);
	} else if (api->instructions(cpu) == done) {
		kvm_failure(exit, false, "neither KVM nor vmm can execute the instruction");
	} else {
		exit->reason = VMEXIT_EMULATED;
	}
}

bool kvm_emulate(struct engine *engine, struct vmexit *exit)
{
	struct vcpu_state before, after;
	int error;

	if (!engine->emulates)
		log_verbose(engine->config.log, "KVM cannot emulate some instruction of the guest: "
			    "vmm's own emulator does");
	engine->emulates = true;
	if (kvm_open_emulator(engine))
		return false;
	error = kvm_get_state(engine, &before);
	if (!error) {
		emulate_one(engine, &before, &after, exit);
		/* It was true before the instruction; KVM says when it is again. */
		engine->run->ready_for_interrupt_injection = 0;
		error = kvm_change_state(engine, &before, &after);
	}
	if (error)
		kvm_failure(exit, true, KVM_PATH ": registers for the emulator: %s",
			strerror(-error));
	return true;
}

void kvm_get_faults(struct engine *engine, const struct vcpu_state *state,
		    struct vcpu_faults *faults)
{
	const struct cpu_module *api;
	struct cpu *cpu;

	faults->count = 0;
	if (kvm_open_emulator(engine))
		return;
	engine->post_mortem = true;
	engine->emulator.silent = true;
	api = engine->emulator.api;
	cpu = engine->emulator.cpu;
	api->memory_written(cpu, 0, PHYSICAL_ADDRESSES);
	api->set_state(cpu, state);
	api->set_interrupt(cpu, engine->injected >= 0);
	if (api->run(cpu, 1) == CPU_SHUTDOWN)
		api->get_faults(cpu, faults);
}
