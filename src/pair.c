/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pair.c - two machines side by side, see pair.h. */
#include "pair.h"

#include <errno.h>
#include <string.h>

#include "core/array.h"
#include "cpu/pagewalk.h"
#include "observe/compare.h"

#define HALTS_MAX UINT64_C(1000000)	/* after which nothing wakes the guest any more */
#define MSR_TSC 0x10u

/* FNV-1a, of 64 bits. */
#define HASH_START UINT64_C(0xCBF29CE484222325)
#define HASH_PRIME UINT64_C(0x100000001B3)

static struct side *leader(struct pair *pair)
{
	return &pair->side[pair->leader];
}

static struct side *follower(struct pair *pair)
{
	return &pair->side[!pair->leader];
}

/* --- accesses --- */

static void trace_add(struct pair_trace *trace, const struct access *access)
{
	const uint64_t parts[] = {
		access->space, access->address, access->value, access->size, access->write,
	};

	if (!trace->count)
		trace->hash = HASH_START;
	if (trace->count < TRACE_KEPT)
		trace->kept[trace->count] = *access;
	trace->count++;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		trace->hash = (trace->hash ^ parts[i]) * HASH_PRIME;
}

/* Engines may cut string I/O and memory accesses differently: so, as small as can be. */
static void after_access(void *self, const struct vmexit *exit)
{
	struct side *side = self;
	struct access access = {
		.time = clock_now(machine_clock(side->board.machine)), .size = 1,
	};

	if (exit->reason == VMEXIT_PIO) {
		access.address = exit->pio.port;
		access.size = exit->pio.size;
		access.write = exit->pio.write;
		for (uint32_t i = 0; i < exit->pio.count; i++) {
			memcpy(&access.value, (const uint8_t *)exit->pio.data + i * access.size,
			       access.size);
			trace_add(&side->trace, &access);
		}
		return;
	}
	access.space = BUS_MMIO;
	access.write = exit->mmio.write;
	for (unsigned int i = 0; i < exit->mmio.size; i++) {
		access.address = exit->mmio.gpa + i;
		access.value = exit->mmio.data[i];
		trace_add(&side->trace, &access);
	}
}

/* The follower's clock shows what the leader's showed at the same access. */
static void before_access(void *self, const struct vmexit *exit)
{
	struct side *side = self;
	const struct pair_trace *trace = side->leader ? &side->leader->trace : NULL;
	uint64_t index = side->trace.count, time;

	if (!trace || index >= trace->count || index >= TRACE_KEPT)
		return;
	time = trace->kept[index].time;
	if (time > clock_now(machine_clock(side->board.machine)))
		machine_advance_to(side->board.machine, time);
}

/* --- their life --- */

static int create_side(struct side *side, const struct pair_config *config, unsigned int index)
{
	struct machine_config machine = { .cpu = config->cpu };
	int error = board_create(&side->board, config->options[index], config->log);

	if (!error)
		error = machine_power_on(side->board.machine, side->board.engine,
					 &side->board.boot.state, &machine);
	if (error)
		return error;
	side->watch = (struct machine_watch){
		.before = before_access, .after = after_access, .self = side,
	};
	machine_set_watch(side->board.machine, &side->watch);
	return 0;
}

static bool counts(const struct side *side)
{
	return side->board.engine->counts_instructions;
}

/* Which side leads: one that counts; A where both do. */
static int choose_leader(struct pair *pair)
{
	if (!counts(&pair->side[0]) && !counts(&pair->side[1])) {
		log_error(pair->log, "%s and %s: one of the engines has to count instructions "
			  "(interp does)", pair->side[0].board.engine->name,
			  pair->side[1].board.engine->name);
		return -ENOTSUP;
	}
	pair->leader = counts(&pair->side[0]) ? 0 : 1;
	follower(pair)->leader = leader(pair);
	return 0;
}

static int start_sides(struct pair *pair)
{
	int error = 0;

	for (unsigned int i = 0; i < PAIR_SIDES && !error; i++) {
		struct side *side = &pair->side[i];

		error = board_start(&side->board);
		if (!error)
			error = machine_start(side->board.machine, i == pair->leader);
		side->started = !error;
		if (!error)
			error = machine_get_state(side->board.machine, &side->state);
	}
	return error;
}

int pair_create(struct pair *pair, const struct pair_config *config)
{
	char text[256];
	int error;

	*pair = (struct pair){ .log = config->log, .fpu = config->fpu };
	error = module_open(&pair->module, CPU_MODULE_FILE, CPU_MODULE_SYMBOL,
			    CPU_MODULE_VERSION, "vmm-hypervisor", text, sizeof(text));
	if (error) {
		log_error(pair->log, "%s", text);
		return error;
	}
	pair->cpu = pair->module.symbol;
	for (unsigned int i = 0; i < PAIR_SIDES && !error; i++)
		error = create_side(&pair->side[i], config, i);
	if (!error)
		error = choose_leader(pair);
	if (error)
		return error;
	error = start_sides(pair);
	if (error)
		log_error(pair->log, "cannot start the machines: %s", strerror(-error));
	pair->before = pair->last = leader(pair)->state;
	return error;
}

void pair_destroy(struct pair *pair)
{
	for (unsigned int i = 0; i < PAIR_SIDES; i++) {
		if (pair->side[i].started)
			machine_finish(pair->side[i].board.machine);
		board_destroy(&pair->side[i].board);
	}
	module_close(&pair->module);
}

bool pair_counts(const struct pair *pair)
{
	return counts(&pair->side[0]) && counts(&pair->side[1]);
}

/* --- a step --- */

static int read_state(struct pair *pair, struct side *side)
{
	return pair->fpu ? machine_get_state(side->board.machine, &side->state) :
			   machine_get_registers(side->board.machine, &side->state);
}

static bool is_user(const struct vcpu_state *state)
{
	return state->cr0 & CR0_PE && (state->rflags & RFLAGS_VM ||
				       state->segment[SEG_SS].dpl != 0);
}

/*
 * One step of the leader. Where interrupts have to wait for an instruction more
 * (STI, MOV SS), that belongs to it: nothing can stop reliably in between.
 */
static int lead(struct pair *pair, uint64_t limit, uint64_t *done)
{
	struct side *side = leader(pair);
	int error;

	*done = 0;
	do {
		struct engine_target target = { .count = pair_counts(pair) ? limit : 1 };

		pair->last = side->state;
		side->step = machine_step(side->board.machine, &target);
		*done += target.done;
		error = read_state(pair, side);
	} while (!error && side->step == MACHINE_STEPPED && side->state.interrupt_shadow &&
		 !pair_counts(pair));
	return error;
}

/* Where the leader has come to, for an engine that goes by the address. */
static struct engine_target target_of(struct pair *pair, uint64_t done)
{
	const struct vcpu_state *state = &leader(pair)->state;
	const struct mem *mem = machine_mem(leader(pair)->board.machine);
	struct engine_target target = {
		.count = done, .from = vcpu_linear_rip(&pair->before),
		.linear = vcpu_linear_rip(state), .rip = state->rip, .gpa = UINT64_MAX,
		.user = is_user(state),
	};
	struct pagewalk walk;

	if (!pair_counts(pair) && !pagewalk_translate(mem, state, target.linear, &walk) &&
	    !mem_read(mem, walk.gpa, &target.code, 1))
		target.gpa = walk.gpa;
	return target;
}

static int follow(struct pair *pair, uint64_t done)
{
	struct side *side = follower(pair);
	struct engine_target target = target_of(pair, done);
	bool spins = done && !pair_counts(pair) && leader(pair)->step == MACHINE_STEPPED &&
		     !leader(pair)->trace.count && !compare_registers(&pair->before,
		     &leader(pair)->state, NULL, NULL);

	/* A jump to itself: nothing tells how often it has been executed. */
	if (spins)
		return 0;
	side->step = machine_step(side->board.machine, &target);
	/* It cannot halt anew. */
	if (!done && leader(pair)->step == MACHINE_HALTED && side->step == MACHINE_STEPPED)
		side->step = MACHINE_HALTED;
	machine_advance_to(side->board.machine, clock_now(machine_clock(leader(pair)->board.machine)));
	return read_state(pair, side);
}

static bool same_ending(struct pair *pair)
{
	struct ending ending[PAIR_SIDES];
	bool has[PAIR_SIDES];

	for (unsigned int i = 0; i < PAIR_SIDES; i++)
		has[i] = run_ending(machine_run_control(pair->side[i].board.machine), &ending[i]);
	return has[0] == has[1] &&
	       (!has[0] || (ending[0].kind == ending[1].kind && ending[0].value == ending[1].value));
}

/* A triple fault leaves other registers on each processor. */
static bool registers_count(struct pair *pair)
{
	struct ending ending;

	return leader(pair)->step != MACHINE_ENDED ||
	       !run_ended_by(machine_run_control(leader(pair)->board.machine), ENDING_CRASH, &ending);
}

static bool same_registers(const struct pair *pair, const struct vcpu_state *a,
			   const struct vcpu_state *b)
{
	return !compare_registers(a, b, NULL, NULL) &&
	       (!pair->fpu || !compare_fpu(a, b, NULL, NULL));
}

bool pair_instruction(struct pair *pair, struct cpu_insn *insn, uint8_t *bytes)
{
	const struct vcpu_state *state = &pair->last;
	size_t len = pagewalk_read(machine_mem(leader(pair)->board.machine), state,
				   vcpu_linear_rip(state), bytes, PAIR_INSN_BYTES);

	return !pair->cpu->disassemble(insn, bytes, len, vcpu_code_bits(state),
				       !(state->cr0 & CR0_PE) || state->rflags & RFLAGS_VM,
				       state->rip);
}

/* Of the MSRs only the time-stamp counter is no state of the guest's. */
static bool from_outside(const struct cpu_insn *insn, const struct vcpu_state *state)
{
	return insn->from_outside && (strncmp(insn->text, "rdmsr", 5) != 0 ||
				      (uint32_t)state->gpr[GPR_RCX] == MSR_TSC);
}

/*
 * What the guest has from outside, and flags that the manuals leave undefined, may
 * differ: the follower gets the leader's. Returns whether no more differs then.
 */
static bool settle_registers(struct pair *pair)
{
	const struct vcpu_state *state = &leader(pair)->state;
	struct vcpu_state settled = follower(pair)->state;
	uint8_t bytes[PAIR_INSN_BYTES];
	struct cpu_insn insn;
	bool outside;

	if (pair_counts(pair) || !pair_instruction(pair, &insn, bytes))
		return false;
	outside = from_outside(&insn, &pair->last);
	if (outside) {
		memcpy(settled.gpr, state->gpr, sizeof(settled.gpr));
		settled.rflags = (settled.rflags & ~(uint64_t)RFLAGS_CF) |
				 (state->rflags & RFLAGS_CF);
	}
	settled.rflags = (settled.rflags & ~(uint64_t)insn.undefined_flags) |
			 (state->rflags & insn.undefined_flags);
	if (!same_registers(pair, state, &settled) ||
	    machine_set_general(follower(pair)->board.machine, &settled))
		return false;
	follower(pair)->state = settled;
	if (outside)
		pair->transferred++;
	else
		pair->flags_transferred++;
	return true;
}

static unsigned int differences(struct pair *pair)
{
	const struct side *a = leader(pair), *b = follower(pair);
	unsigned int found = 0;

	if (b->step == MACHINE_STALLED)
		return DIFFERS_STALL;
	if (a->step != b->step || !same_ending(pair))
		found |= DIFFERS_ENDING;
	if (a->trace.count != b->trace.count || (a->trace.count && a->trace.hash != b->trace.hash))
		found |= DIFFERS_ACCESSES;
	if (a->interrupts != b->interrupts)
		found |= DIFFERS_INTERRUPTS;
	if (registers_count(pair) && !same_registers(pair, &a->state, &b->state) &&
	    !settle_registers(pair))
		found |= DIFFERS_REGISTERS;
	return found;
}

static enum pair_progress progress(struct pair *pair, uint64_t done)
{
	const struct side *side = leader(pair);

	if (side->step == MACHINE_STALLED)
		return PAIR_FAILED;
	if (side->step == MACHINE_ENDED)
		return PAIR_ENDED;
	if (side->step != MACHINE_HALTED) {
		pair->steps_halted = 0;
		return PAIR_GOES_ON;
	}
	pair->steps_halted = done ? 0 : pair->steps_halted + 1;
	if (intr_wakes(machine_intr(side->board.machine)))
		return PAIR_GOES_ON;
	return pair->steps_halted > HALTS_MAX ||
	       clock_next_alarm(machine_clock(side->board.machine)) == CLOCK_NEVER ?
	       PAIR_HALTED : PAIR_GOES_ON;
}

/* By the user: neither side can be compared any more. */
static bool was_interrupted(struct pair *pair)
{
	struct ending ending;

	return run_ended_by(machine_run_control(leader(pair)->board.machine), ENDING_SIGNAL, &ending);
}

enum pair_progress pair_step(struct pair *pair, uint64_t count)
{
	enum pair_progress result;
	uint64_t done;

	for (unsigned int i = 0; i < PAIR_SIDES; i++)
		pair->side[i].trace.count = 0;
	pair->differences = 0;
	pair->before = leader(pair)->state;
	pair->interrupts_before = leader(pair)->interrupts;
	if (lead(pair, count, &done))
		return PAIR_FAILED;
	pair->count += done;
	pair->accesses += leader(pair)->trace.count;
	result = progress(pair, done);
	if (result == PAIR_FAILED || was_interrupted(pair) || follow(pair, done) ||
	    was_interrupted(pair))
		return PAIR_FAILED;
	for (unsigned int i = 0; i < PAIR_SIDES; i++)
		pair->side[i].interrupts = intr_taken(machine_intr(pair->side[i].board.machine));
	pair->differences = differences(pair);
	return result;
}

void pair_compare_memory(struct pair *pair)
{
	uint64_t gpa = 0;

	if (compare_memory(machine_mem(pair->side[0].board.machine),
			   machine_mem(pair->side[1].board.machine), &gpa))
		pair->differences |= DIFFERS_MEMORY;
}

static void copy_memory(struct pair *pair)
{
	const struct mem *from = machine_mem(leader(pair)->board.machine);
	struct mem *to = machine_mem(follower(pair)->board.machine);
	uint8_t page[MEM_PAGE_SIZE];

	for (uint64_t gpa = 0; compare_memory(from, to, &gpa); gpa += MEM_PAGE_SIZE) {
		gpa -= gpa % MEM_PAGE_SIZE;
		if (!mem_read(from, gpa, page, sizeof(page)))
			mem_load(to, gpa, page, sizeof(page));
	}
}

bool pair_can_settle(const struct pair *pair)
{
	return !(pair->differences & ~(unsigned int)(DIFFERS_REGISTERS | DIFFERS_MEMORY |
						     DIFFERS_ACCESSES));
}

bool pair_settle(struct pair *pair)
{
	const struct vcpu_state *from = &leader(pair)->state;
	struct vcpu_state state;

	if (!pair_can_settle(pair))
		return false;
	if (pair->differences & DIFFERS_REGISTERS) {
		if (machine_get_state(follower(pair)->board.machine, &state))
			return false;
		/* Up to what is no plain register, see compare.h. */
		memcpy(&state, from, offsetof(struct vcpu_state, dr));
		if (pair->fpu)
			memcpy(state.xsave, from->xsave, sizeof(state.xsave));
		if (machine_set_state(follower(pair)->board.machine, &state))
			return false;
		follower(pair)->state = state;
	}
	copy_memory(pair);
	pair->differences = 0;
	return true;
}
