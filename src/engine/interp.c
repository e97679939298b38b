/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * interp.c - the engine that needs nothing of the host: the processor of
 * src/cpu/ alone.
 *
 * With a virtual clock an instruction takes a nanosecond, and a halted
 * processor's time goes straight to the next alarm, so that a run depends on
 * nothing but the guest.
 */
#include "engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include "cpu/cpu.h"
#include "engine/emulator.h"

#define RANDOM_SEED UINT64_C(0x9E3779B97F4A7C15)

/* Instructions at a time with the real clock, where only kicks end a run sooner. */
#define REAL_CLOCK_CHUNK (UINT64_C(1) << 40)

struct engine {
	struct emulator emulator;
	const struct cpu_module *api;	/* of the emulator, as is the cpu */
	struct cpu *cpu;
	struct engine_config config;
	uint64_t skipped;	/* virtual nanoseconds spent in HLT */
	uint64_t planned;	/* instructions up to which the cpu was asked to go */
	uint64_t chunk;		/* instructions at a time, at most */
	uint64_t target;	/* instructions up to which run_to() goes; else UINT64_MAX */
	uint64_t tsc_start;	/* of the host */
};

static bool virtual_clock(const struct engine *engine)
{
	return clock_is_virtual(engine->config.clock);
}

/* Brings the virtual clock up to the instruction that is under way. */
static void update_clock(struct engine *engine)
{
	if (virtual_clock(engine))
		clock_advance_to(engine->config.clock,
				 engine->api->instructions(engine->cpu) + engine->skipped);
}

/* How far the processor may run before somebody has to look at the time. */
static uint64_t plan(struct engine *engine)
{
	uint64_t done = engine->api->instructions(engine->cpu), next;
	uint64_t end = engine->config.insn_limit ? engine->config.insn_limit : UINT64_MAX;

	if (engine->target < end)
		end = engine->target;
	if (virtual_clock(engine)) {
		next = clock_next_alarm(engine->config.clock);
		if (next != CLOCK_NEVER && next - engine->skipped < end)
			end = next > done + engine->skipped ? next - engine->skipped : done;
	}
	return end - done > engine->chunk ? done + engine->chunk : end;
}

/* Hands an access to the machine, in the middle of the instruction. */
static void hand_over(void *self, struct vmexit *exit)
{
	struct engine *engine = self;

	update_clock(engine);
	engine->config.on_access(engine->config.self, exit);
	emulator_show_pins(&engine->emulator, engine->config.intr);
	/* A timer may have been set to an earlier time than was planned for. */
	if (plan(engine) < engine->planned)
		engine->api->kick(engine->cpu);
}

static int interp_acknowledge(void *self)
{
	struct engine *engine = self;

	update_clock(engine);
	return emulator_take_interrupt(&engine->emulator, engine->config.intr);
}

static uint64_t interp_tsc(void *self)
{
	struct engine *engine = self;

	if (virtual_clock(engine))
		return engine->api->instructions(engine->cpu) + engine->skipped;
	return __rdtsc() - engine->tsc_start;
}

static void interp_write_cr8(void *self, uint8_t cr8)
{
	struct engine *engine = self;

	update_clock(engine);
	intr_write_cr8(engine->config.intr, cr8);
	emulator_show_pins(&engine->emulator, engine->config.intr);
}

static const struct emulator_ops interp_emulator_ops = {
	.access = hand_over,
	.acknowledge = interp_acknowledge,
	.tsc = interp_tsc,
	.write_cr8 = interp_write_cr8,
};

static void interp_probe(struct engine_probe *probe)
{
	*probe = (struct engine_probe){ .usable = true, .rank = ENGINE_EMULATOR };
	snprintf(probe->text, sizeof(probe->text), "works everywhere: every instruction is emulated");
}

static void interp_destroy(struct engine *engine)
{
	if (!engine)
		return;
	emulator_detach(&engine->config);
	emulator_close(&engine->emulator);
	free(engine);
}

static int interp_create(struct engine **out, const struct engine_config *config)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int error;

	if (!engine) {
		log_error(config->log, "engine interp: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	engine->config = *config;
	engine->chunk = REAL_CLOCK_CHUNK;
	engine->target = UINT64_MAX;
	engine->tsc_start = __rdtsc();
	engine->emulator = (struct emulator){
		.ops = &interp_emulator_ops, .self = engine,
		.random = RANDOM_SEED ^ (virtual_clock(engine) ? 0 : engine->tsc_start),
	};
	error = emulator_open(&engine->emulator, &engine->config, engine_interp.name);
	if (error) {
		interp_destroy(engine);
		return error;
	}
	engine->api = engine->emulator.api;
	engine->cpu = engine->emulator.cpu;
	emulator_attach(&engine->emulator, &engine->config);
	*out = engine;
	return 0;
}

static int interp_get_state(struct engine *engine, struct vcpu_state *state)
{
	engine->api->get_state(engine->cpu, state);
	return 0;
}

static int interp_get_registers(struct engine *engine, struct vcpu_state *state)
{
	engine->api->get_registers(engine->cpu, state);
	return 0;
}

static int interp_set_general(struct engine *engine, const struct vcpu_state *general)
{
	emulator_set_general(&engine->emulator, general);
	return 0;
}

static int interp_set_state(struct engine *engine, const struct vcpu_state *state)
{
	engine->api->set_state(engine->cpu, state);
	intr_write_cr8(engine->config.intr, (uint8_t)state->cr8);
	return 0;
}

/* Time passes for a halted processor: up to the next alarm. */
static void skip_halt(struct engine *engine)
{
	uint64_t next = clock_next_alarm(engine->config.clock);
	uint64_t now = clock_now(engine->config.clock);

	if (next != CLOCK_NEVER && next > now)
		engine->skipped += next - now;
	update_clock(engine);
}

static void interp_run(struct engine *engine, struct vmexit *exit)
{
	uint64_t done = engine->api->instructions(engine->cpu);
	enum cpu_stop stop;

	emulator_show_pins(&engine->emulator, engine->config.intr);
	engine->planned = plan(engine);
	stop = engine->api->run(engine->cpu, engine->planned - done);
	update_clock(engine);
	emulator_stopped(&engine->emulator, stop, exit);
	if (exit->reason == VMEXIT_HLT && exit->hlt.interrupts_enabled && virtual_clock(engine))
		skip_halt(engine);
	else if (stop == CPU_LIMIT && engine->config.insn_limit &&
		 engine->api->instructions(engine->cpu) >= engine->config.insn_limit)
		exit->reason = VMEXIT_INSN_LIMIT;
}

static void interp_run_briefly(struct engine *engine, struct vmexit *exit)
{
	engine->chunk = EMULATOR_BRIEF_CHUNK;
	interp_run(engine, exit);
	engine->chunk = REAL_CLOCK_CHUNK;
}

static void interp_run_to(struct engine *engine, struct engine_target *target, struct vmexit *exit)
{
	uint64_t start = engine->api->instructions(engine->cpu);

	engine->target = start + target->count - target->done;
	interp_run(engine, exit);
	target->done += engine->api->instructions(engine->cpu) - start;
	engine->target = UINT64_MAX;
	if (exit->reason == VMEXIT_KICK && target->done >= target->count)
		exit->reason = VMEXIT_STEPPED;
}

static void interp_get_faults(struct engine *engine, const struct vcpu_state *state,
			         struct vcpu_faults *faults)
{
	engine->api->get_faults(engine->cpu, faults);
}

static uint64_t interp_place(struct engine *engine, const struct vmexit *exit)
{
	return emulator_place(&engine->emulator, exit);
}

static void interp_complete(struct engine *engine)
{
	/* Accesses are complete when they have been handed over. */
}

static void interp_set_a20(struct engine *engine, bool on)
{
	engine->api->set_a20(engine->cpu, on);
}

static void interp_kick(struct engine *engine)
{
	engine->api->kick(engine->cpu);
}

const struct engine_ops engine_interp = {
	.name = "interp",
	.isolates = true,
	.counts_instructions = true,
	.calls_by_instruction = true,
	.knows_place = true,
	.probe = interp_probe,
	.create = interp_create,
	.destroy = interp_destroy,
	.get_state = interp_get_state,
	.set_state = interp_set_state,
	.run = interp_run,
	.run_briefly = interp_run_briefly,
	.run_to = interp_run_to,
	.get_registers = interp_get_registers,
	.set_general = interp_set_general,
	.get_faults = interp_get_faults,
	.place = interp_place,
	.complete = interp_complete,
	.set_a20 = interp_set_a20,
	.kick = interp_kick,
};
