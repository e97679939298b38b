/* SPDX-License-Identifier: GPL-3.0-or-later */
/* machine.c - the machine's life, see machine.h. */
#include "machine.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "engine/dispatch.h"

#define SIGNAL_STATUS 128		/* as shells count */
#define STRAY_LINES 32u			/* shown of unclaimed accesses */
#define NANOSECONDS 1e9

struct machine {
	const struct log *log;
	struct mem *mem;
	struct bus *bus;
	struct irqs *irqs;
	struct devices *devices;
	struct run *run;
	struct loop *loop;
	struct timer time_limit;
	unsigned int strays;
	const struct engine_ops *ops;
	struct engine *engine;
	struct dispatch dispatch;
	struct vcpu_state state;	/* at the end of the run */
};

static void on_signal(void *self, int number)
{
	struct machine *machine = self;

	run_end(machine->run, ENDING_SIGNAL, SIGNAL_STATUS + number, "ended by SIG%s",
		sigabbrev_np(number));
}

/* The signals that end a run. */
static const int ending_signals[] = { SIGINT, SIGTERM, SIGHUP };

#define ENDING_SIGNALS (sizeof(ending_signals) / sizeof(ending_signals[0]))

static int catch_signals(struct machine *machine)
{
	int error = 0;

	for (size_t i = 0; i < ENDING_SIGNALS && !error; i++)
		error = loop_add_signal(machine->loop, ending_signals[i], on_signal, machine);
	return error;
}

void machine_release_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ENDING_SIGNALS; i++)
		sigaddset(&set, ending_signals[i]);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void on_stray(void *self, enum bus_space space, uint64_t address, unsigned int size,
		     bool write, uint64_t value)
{
	struct machine *machine = self;
	const char *what = space == BUS_PIO ? "port" : "address";

	if (machine->log->level < LOG_VERBOSE || machine->strays > STRAY_LINES)
		return;
	if (machine->strays++ == STRAY_LINES)
		log_verbose(machine->log, "further accesses that nobody answers are not shown");
	else if (write)
		log_verbose(machine->log, "nobody at %s 0x%" PRIx64 ": write of 0x%" PRIx64
			    " (%u bytes) dropped", what, address, value, size);
	else
		log_verbose(machine->log, "nobody at %s 0x%" PRIx64 ": read of %u bytes gives "
			    "all ones", what, address, size);
}

int machine_create(struct machine **out, const struct log *log)
{
	struct machine *machine = calloc(1, sizeof(*machine));
	int error = -ENOMEM;

	if (!machine)
		goto out;
	machine->log = log;
	error = mem_create(&machine->mem);
	if (!error)
		error = bus_create(&machine->bus);
	if (!error)
		error = irqs_create(&machine->irqs);
	if (!error)
		error = devices_create(&machine->devices);
	if (!error)
		error = run_create(&machine->run);
	if (!error)
		error = loop_create(&machine->loop);
	if (!error)
		bus_set_stray(machine->bus, on_stray, machine);
out:
	if (error) {
		log_error(log, "cannot make the machine: %s", strerror(-error));
		machine_destroy(machine);
		return error;
	}
	*out = machine;
	return 0;
}

void machine_destroy(struct machine *machine)
{
	if (!machine)
		return;
	loop_destroy(machine->loop);
	if (machine->engine)
		machine->ops->destroy(machine->engine);
	devices_destroy(machine->devices);
	run_destroy(machine->run);
	irqs_destroy(machine->irqs);
	bus_destroy(machine->bus);
	mem_destroy(machine->mem);
	free(machine);
}

struct mem *machine_mem(struct machine *machine)
{
	return machine->mem;
}

struct bus *machine_bus(struct machine *machine)
{
	return machine->bus;
}

struct irqs *machine_irqs(struct machine *machine)
{
	return machine->irqs;
}

struct devices *machine_devices(struct machine *machine)
{
	return machine->devices;
}

struct run *machine_run_control(struct machine *machine)
{
	return machine->run;
}

const struct vcpu_state *machine_state(const struct machine *machine)
{
	return &machine->state;
}

int machine_power_on(struct machine *machine, const struct engine_ops *ops,
		     const struct vcpu_state *start, int halt_status)
{
	struct engine_config config = { .mem = machine->mem, .log = machine->log };
	int error;

	machine->ops = ops;
	machine->dispatch = (struct dispatch){
		.bus = machine->bus, .run = machine->run, .halt_status = halt_status,
	};
	irqs_reset(machine->irqs);
	devices_reset(machine->devices);
	error = ops->create(&machine->engine, &config);
	if (error)
		return error;
	error = ops->set_state(machine->engine, start);
	if (error)
		log_error(machine->log, "engine %s refuses the start state: %s", ops->name,
			  strerror(-error));
	return error;
}

static void kick(void *self)
{
	struct machine *machine = self;

	machine->ops->kick(machine->engine);
}

static void on_time_limit(void *self)
{
	struct machine *machine = self;

	run_end(machine->run, ENDING_LIMIT, 0, "time limit reached");
}

/* A write that was held back: it came out with an exit, but was none. */
static bool is_posted(const struct vmexit *exit)
{
	return exit->reason == VMEXIT_MMIO && exit->mmio.posted;
}

/* The guest's exits, not those that vmm's own kicks are. */
static bool is_exit(const struct vmexit *exit)
{
	return exit->reason != VMEXIT_KICK && !is_posted(exit);
}

static void count_exit(struct profile *profile, const struct vmexit *exit)
{
	static const enum profile_kind kinds[VMEXIT_REASONS] = {
		[VMEXIT_PIO] = PROFILE_PIO,
		[VMEXIT_MMIO] = PROFILE_MMIO,
		[VMEXIT_HLT] = PROFILE_HLT,
		[VMEXIT_KICK] = PROFILE_KICK,
		[VMEXIT_SHUTDOWN] = PROFILE_OTHER,
		[VMEXIT_FAILURE] = PROFILE_OTHER,
	};
	enum profile_kind kind = is_posted(exit) ? PROFILE_POSTED : kinds[exit->reason];

	if (exit->reason == VMEXIT_PIO)
		profile_count(profile, kind, exit->pio.port, exit->pio.size, exit->pio.write,
			      exit->pio.count);
	else if (exit->reason == VMEXIT_MMIO)
		profile_count(profile, kind, exit->mmio.gpa, exit->mmio.size, exit->mmio.write, 1);
	else
		profile_count(profile, kind, 0, 0, false, 1);
}

/* Sleeps in HLT until an interrupt is there to be taken, or the run ends. */
static void wait_for_interrupt(struct machine *machine)
{
	/* No interrupt controller is on the board yet: only the end wakes. */
	while (!run_ended(machine->run))
		run_wait(machine->run);
}

static void run_vcpu(struct machine *machine, uint64_t exit_limit, struct profile *profile)
{
	enum dispatch_answer answer = DISPATCH_CONTINUE;
	uint64_t exits = 0;
	struct vmexit exit;

	while (answer != DISPATCH_STOP) {
		machine->ops->run(machine->engine, &exit);
		if (profile)
			count_exit(profile, &exit);
		answer = dispatch_exit(&machine->dispatch, &exit);
		if (is_exit(&exit) && ++exits == exit_limit && answer != DISPATCH_STOP)
			run_end(machine->run, ENDING_LIMIT, 0, "exit limit reached");
		if (answer == DISPATCH_WAIT)
			wait_for_interrupt(machine);
		if (run_ended(machine->run) && !is_posted(&exit))
			answer = DISPATCH_STOP;
	}
}

void machine_run(struct machine *machine, const struct machine_limits *limits,
		 struct profile *profile)
{
	int error = 0;

	if (limits->seconds > 0) {
		machine->time_limit = (struct timer){ .fn = on_time_limit, .self = machine };
		error = timer_set(machine->loop, &machine->time_limit, loop_now(machine->loop) +
				  (uint64_t)(limits->seconds * NANOSECONDS));
	}
	run_set_kick(machine->run, kick, machine);
	if (!error)
		error = catch_signals(machine);
	if (!error)
		error = loop_start(machine->loop);
	if (error) {
		run_end(machine->run, ENDING_HOST_ERROR, 0, "cannot start the loop: %s",
			strerror(-error));
	} else {
		if (profile)
			profile_start(profile);
		run_vcpu(machine, limits->exits, profile);
		if (profile)
			profile_stop(profile);
		machine->ops->complete(machine->engine);
	}
	run_set_kick(machine->run, NULL, NULL);
	loop_stop(machine->loop);
	error = machine->ops->get_state(machine->engine, &machine->state);
	if (error)
		run_end(machine->run, ENDING_HOST_ERROR, 0, "cannot read the registers: %s",
			strerror(-error));
}
