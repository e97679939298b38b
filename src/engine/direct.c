/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * direct.c - the engine that lets the host's processor execute guest code in
 * vmm's own process.
 *
 * The processor of src/cpu/ has the guest's state and executes whatever has to
 * be emulated. In between, code runs natively (native.h) as long as nothing
 * traps. A trap costs as much as a thousand emulated instructions: how long to
 * emulate behind one before it is tried again is remembered for each place that
 * traps, and goes by how long native code ran the last times.
 */
#include "engine/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include "cpu/cpu.h"
#include "engine/emulator.h"
#include "engine/native.h"
#include "engine/shadow.h"

/*
 * Native code that ran shorter than so many times what it took to get there and back (in
 * quarters) was not worth it; what ran longer was. Code is emulated eight to ten times slower
 * than it runs, but the first mapping of a page makes it slow too.
 */
#define SHORT_RUN	2
#define LONG_RUN	3

/* Instructions that are emulated behind a trap. */
#define PATIENCE_MIN	256u
/* Behind so many short runs in a row a new place gets some too, and twice as much each time. */
#define DENSE_RUNS	8u
#define DENSE_DOUBLINGS	8u
#define PATIENCE_MAX	(1u << 18)
#define PATIENCE_FIRST	2048u		/* at the start of a guest */
#define PATIENCE_MAPPED	8192u		/* where a mapping was missing, which now is there: at most */
/* At a time, where native code is not possible: then it is looked at again, and longer after. */
#define SLICE_MIN	4096u
#define SLICE_MAX	65536u

#define SITES		1024u		/* a power of two */

/* A place that traps. */
struct site {
	uint64_t rip;
	uint32_t patience;	/* instructions to be emulated behind it */
};

struct engine {
	struct emulator emulator;
	const struct cpu_module *api;	/* of the emulator, as is the cpu */
	struct cpu *cpu;
	struct engine_config config;
	uint64_t tsc_start;
	struct native *native;		/* NULL: no guest code has run natively yet */
	struct shadow *shadow;
	_Atomic(struct native *) kickable;	/* native, for other threads */
	bool barred;			/* native code cannot be had: only emulates */
	uint32_t patience;		/* instructions still to be emulated before the next try, */
	bool midway;			/* which begins somewhere between two traps */
	uint32_t slice;			/* the next one where no native code is possible */
	uint32_t short_runs;		/* in a row */
	uint64_t stretches;		/* how often native code has run, */
	uint64_t native_ticks;		/* and how long in all */
	uint64_t trap_ticks;		/* what a trap takes, there and back, as of late */
	struct site *site;		/* of the last trap; NULL: none */
	struct site sites[SITES];
};

/* --- what the emulator asks --- */

static void take_access(void *self, struct vmexit *exit)
{
	struct engine *engine = self;

	engine->config.on_access(engine->config.self, exit);
	emulator_show_pins(&engine->emulator, engine->config.intr);
}

static int acknowledge(void *self)
{
	struct engine *engine = self;

	return emulator_take_interrupt(&engine->emulator, engine->config.intr);
}

/* The host's own, which native code reads. */
static uint64_t host_tsc(void *self)
{
	return __rdtsc();
}

static void write_cr8(void *self, uint8_t cr8)
{
	struct engine *engine = self;

	intr_write_cr8(engine->config.intr, cr8);
	emulator_show_pins(&engine->emulator, engine->config.intr);
}

static void on_written(void *self, uint64_t gpa, uint64_t len)
{
	struct engine *engine = self;

	if (engine->shadow)
		shadow_written(engine->shadow, gpa, len);
}

static void on_keeps_code(void *self, uint64_t gpa)
{
	struct engine *engine = self;

	if (engine->shadow)
		shadow_keeps_code(engine->shadow, gpa);
}

static const struct emulator_ops emulator_ops = {
	.access = take_access,
	.acknowledge = acknowledge,
	.tsc = host_tsc,
	.write_cr8 = write_cr8,
	.written = on_written,
	.keeps_code = on_keeps_code,
};

/* --- native code --- */

/* Made when it is first wanted: short guests do without. */
static bool have_native(struct engine *engine)
{
	if (engine->native || engine->barred)
		return !engine->barred;
	if (shadow_create(&engine->shadow, engine->config.mem, engine->api, engine->cpu) ||
	    native_create(&engine->native)) {
		engine->barred = true;
		log_notice(engine->config.log, "engine direct: cannot run guest code natively "
			   "(%s); it is emulated", strerror(errno));
		return false;
	}
	engine->trap_ticks = native_trap_ticks(engine->native);
	atomic_store(&engine->kickable, engine->native);
	return true;
}

static struct site *site_of(struct engine *engine, uint64_t rip)
{
	struct site *site = &engine->sites[(rip ^ rip >> 10) & (SITES - 1)];

	if (site->rip != rip)
		*site = (struct site){ .rip = rip };
	return site;
}

/*
 * What becomes of the patience at the place of the last trap, now that native code ran so
 * long, and all around it took so long.
 */
static void judge(struct engine *engine, uint64_t work, uint64_t cost)
{
	struct site *site = engine->site;

	if (!site)
		return;
	if (4 * work > LONG_RUN * cost) {
		engine->short_runs = 0;
		site->patience = site->patience > PATIENCE_MIN ? site->patience / 2 : 0;
	} else if (4 * work < SHORT_RUN * cost) {
		engine->short_runs++;
		site->patience = site->patience < PATIENCE_MIN ? PATIENCE_MIN :
				 site->patience < PATIENCE_MAX ? 2 * site->patience : PATIENCE_MAX;
		/* It depends on what else the host does, and decides next time. */
		engine->trap_ticks = (3 * engine->trap_ticks +
				      native_trap_ticks(engine->native)) / 4;
	}
}

/*
 * The patience at a place that has trapped. In code that is executed once, each place is a
 * new one, and its neighbours tell what to expect.
 */
static uint32_t patience_at(const struct engine *engine, const struct site *site)
{
	uint32_t doublings = engine->short_runs - DENSE_RUNS, neighbours;

	if (engine->short_runs < DENSE_RUNS)
		return site->patience;
	neighbours = PATIENCE_MIN << (doublings < DENSE_DOUBLINGS ? doublings : DENSE_DOUBLINGS);
	return site->patience > neighbours ? site->patience : neighbours;
}

static enum cpu_access access_of(const struct native_exit *exit)
{
	const uint64_t write = 2, fetch = 16;

	if (exit->error & fetch)
		return CPU_EXECUTE;
	return exit->error & write ? CPU_WRITE : CPU_READ;
}

static bool is_page_fault(const struct native_exit *exit)
{
	const unsigned int page_fault = 14;

	return exit->signal == SIGSEGV && exit->trap == page_fault;
}

/*
 * Native code was prepared at prepared, begun at begun, and has come out at rip now, all in
 * ticks.
 */
static void note_exit(struct engine *engine, const struct native_exit *exit, uint64_t rip,
		      uint64_t prepared, uint64_t begun)
{
	uint64_t now = __rdtsc(), took = now - begun;
	uint64_t work = took > engine->trap_ticks ? took - engine->trap_ticks : 0;

	engine->stretches++;
	engine->native_ticks += work;
	if (engine->config.guest_ticks)
		*engine->config.guest_ticks += work;
	if (native_kicked(exit)) {
		engine->site = NULL;
		engine->patience = 0;
		return;
	}
	/* How far it is from one trap to the next has not been seen. */
	if (!engine->midway)
		judge(engine, work, now - prepared - work);
	engine->site = site_of(engine, rip);
	engine->patience = engine->midway ? 0 : patience_at(engine, engine->site);
	engine->midway = engine->patience;
}

/*
 * Makes ready for native code where the processor is, which must not hold what barred says
 * (CPU_CODE_...) either. Returns false where none can run.
 */
static bool prepare(struct engine *engine, uint32_t barred, struct cpu_native *registers)
{
	struct cpu_space space;
	uint32_t bars = engine->api->native_bars(engine->cpu) | barred;

	if (bars & CPU_CODE_ANY)
		return false;
	engine->api->native_get(engine->cpu, registers);
	engine->api->native_space(engine->cpu, &space);
	return shadow_enter(engine->shadow, registers->rip, &space, bars);
}

static bool mend(struct engine *engine, const struct native_exit *exit)
{
	return is_page_fault(exit) && shadow_fault(engine->shadow, exit->address, access_of(exit));
}

/*
 * Runs native code until something has to be emulated. Faults that a mapping
 * mends are mended on the way, where they are rare. Returns false where no code
 * could run.
 */
static bool run_native(struct engine *engine)
{
	struct cpu_native registers;
	struct native_exit exit;
	uint64_t prepared = __rdtsc(), begun;
	bool mended;

	if (!prepare(engine, 0, &registers))
		return false;
	do {
		begun = __rdtsc();
		native_run(engine->native, &registers, &exit);
		note_exit(engine, &exit, registers.rip, prepared, begun);
		prepared = __rdtsc();
		mended = mend(engine, &exit);
	} while (mended && !engine->patience);
	if (mended && engine->patience > PATIENCE_MAPPED)
		engine->patience = PATIENCE_MAPPED;
	engine->api->native_put(engine->cpu, &registers);
	return true;
}

/* --- the engine --- */

static void direct_probe(struct engine_probe *probe)
{
	const char *missing = native_missing();

	*probe = (struct engine_probe){ .usable = !missing, .rank = ENGINE_NATIVE };
	snprintf(probe->text, sizeof(probe->text), "%s%s",
		 missing ? "cannot work: " : "works: plain code runs on the bare processor", missing ? missing : "");
}

static void direct_destroy(struct engine *engine)
{
	if (!engine)
		return;
	log_verbose(engine->config.log, "engine direct: native code %" PRIu64 " times, %" PRIu64
		    " %% of the time", engine->stretches,
		    100 * engine->native_ticks / (host_tsc(engine) - engine->tsc_start + 1));
	emulator_detach(&engine->config);
	shadow_destroy(engine->shadow);
	native_destroy(engine->native);
	emulator_close(&engine->emulator);
	free(engine);
}

static int direct_create(struct engine **out, const struct engine_config *config)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int error;

	if (!engine) {
		log_error(config->log, "engine direct: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	engine->config = *config;
	engine->patience = PATIENCE_FIRST;
	engine->slice = SLICE_MIN;
	engine->tsc_start = __rdtsc();
	engine->emulator = (struct emulator){
		.ops = &emulator_ops, .self = engine, .random = __rdtsc() | 1,
	};
	error = emulator_open(&engine->emulator, &engine->config, engine_direct.name);
	if (error) {
		direct_destroy(engine);
		return error;
	}
	engine->api = engine->emulator.api;
	engine->cpu = engine->emulator.cpu;
	emulator_attach(&engine->emulator, &engine->config);
	*out = engine;
	return 0;
}

static int direct_prepare(struct engine *engine)
{
	/* Where it cannot be had, all is emulated. */
	have_native(engine);
	return 0;
}

static int direct_get_state(struct engine *engine, struct vcpu_state *state)
{
	engine->api->get_state(engine->cpu, state);
	return 0;
}

static int direct_set_state(struct engine *engine, const struct vcpu_state *state)
{
	engine->api->set_state(engine->cpu, state);
	intr_write_cr8(engine->config.intr, (uint8_t)state->cr8);
	return 0;
}

/* Emulates at least what trapped. */
static enum cpu_stop emulate(struct engine *engine)
{
	enum cpu_stop stop = engine->api->run(engine->cpu, engine->patience + 1);

	engine->patience = 0;
	return stop;
}

/* No native code was possible: it costs something to find that out, too. */
static void wait_longer(struct engine *engine)
{
	engine->patience = engine->slice;
	if (engine->slice < SLICE_MAX)
		engine->slice *= 2;
}

/* Native code and emulated, by turns, until the machine is wanted. */
static enum cpu_stop run_by_turns(struct engine *engine)
{
	enum cpu_stop stop;

	do {
		stop = emulate(engine);
		if (stop != CPU_LIMIT)
			return stop;
		if (have_native(engine) && run_native(engine))
			engine->slice = SLICE_MIN;
		else
			wait_longer(engine);
	} while (true);
}

static void direct_run(struct engine *engine, struct vmexit *exit)
{
	emulator_show_pins(&engine->emulator, engine->config.intr);
	emulator_stopped(&engine->emulator, run_by_turns(engine), exit);
}

static void direct_run_briefly(struct engine *engine, struct vmexit *exit)
{
	emulator_show_pins(&engine->emulator, engine->config.intr);
	emulator_stopped(&engine->emulator, engine->api->run(engine->cpu, EMULATOR_BRIEF_CHUNK),
			 exit);
}

/* --- run_to(): one instruction after another --- */

#define ROUNDS 64u

static bool was_step(const struct native_exit *exit)
{
	return exit->signal == SIGTRAP && exit->code == TRAP_TRACE;
}

/*
 * One instruction natively, where it can be. Of one that is repeated each round
 * traps: after some of them the rest is the emulator's. Returns whether it is done.
 */
static bool step_native(struct engine *engine, uint64_t linear)
{
	struct cpu_native registers;
	struct native_exit exit;
	uint64_t from;

	/* PUSHF would show the TF that steps it. */
	if (!have_native(engine) || !prepare(engine, CPU_CODE_FLAGS, &registers))
		return false;
	from = registers.rip;
	for (unsigned int i = 0; i < ROUNDS && registers.rip == from; i++) {
		do
			native_step(engine->native, &registers, &exit);
		while (mend(engine, &exit));
		if (!was_step(&exit) || registers.rip == linear)
			break;
	}
	engine->api->native_put(engine->cpu, &registers);
	engine->stretches++;
	return was_step(&exit) && (registers.rip != from || registers.rip == linear);
}

/* Whether a repeated instruction has been left to look at events, and goes on. */
static bool repeats(struct engine *engine, const struct engine_target *target)
{
	struct vcpu_state state;

	engine->api->get_registers(engine->cpu, &state);
	return target->linear != target->from && vcpu_linear_rip(&state) == target->from;
}

/* An interrupt that is due is the emulator's: native code leaves it alone. */
static void direct_run_to(struct engine *engine, struct engine_target *target,
			  struct vmexit *exit)
{
	enum cpu_stop stop = CPU_LIMIT;
	uint64_t before;

	emulator_show_pins(&engine->emulator, engine->config.intr);
	while (stop == CPU_LIMIT && target->done < target->count) {
		before = engine->api->instructions(engine->cpu);
		if (step_native(engine, target->linear)) {
			target->done++;
			continue;
		}
		stop = engine->api->run(engine->cpu, 1);
		if (!repeats(engine, target))
			target->done += engine->api->instructions(engine->cpu) - before;
	}
	emulator_stopped(&engine->emulator, stop, exit);
	if (stop == CPU_LIMIT)
		exit->reason = VMEXIT_STEPPED;
}

static int direct_get_registers(struct engine *engine, struct vcpu_state *state)
{
	engine->api->get_registers(engine->cpu, state);
	return 0;
}

static int direct_set_general(struct engine *engine, const struct vcpu_state *general)
{
	emulator_set_general(&engine->emulator, general);
	return 0;
}

static void direct_get_faults(struct engine *engine, const struct vcpu_state *state,
			         struct vcpu_faults *faults)
{
	engine->api->get_faults(engine->cpu, faults);
}

static uint64_t direct_place(struct engine *engine, const struct vmexit *exit)
{
	return emulator_place(&engine->emulator, exit);
}

static void direct_complete(struct engine *engine)
{
	/* Accesses are complete when they have been handed over. */
}

static void direct_set_a20(struct engine *engine, bool on)
{
	engine->api->set_a20(engine->cpu, on);
}

static void direct_kick(struct engine *engine)
{
	struct native *native = atomic_load(&engine->kickable);

	engine->api->kick(engine->cpu);
	if (native)
		native_kick(native);
}

const struct engine_ops engine_direct = {
	.name = "direct",
	.calls_by_instruction = true,
	.shares_memory = true,
	.knows_place = true,
	.probe = direct_probe,
	.create = direct_create,
	.destroy = direct_destroy,
	.prepare = direct_prepare,
	.get_state = direct_get_state,
	.set_state = direct_set_state,
	.run = direct_run,
	.run_briefly = direct_run_briefly,
	.run_to = direct_run_to,
	.get_registers = direct_get_registers,
	.set_general = direct_set_general,
	.get_faults = direct_get_faults,
	.place = direct_place,
	.complete = direct_complete,
	.set_a20 = direct_set_a20,
	.kick = direct_kick,
};
