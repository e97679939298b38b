/* SPDX-License-Identifier: GPL-3.0-or-later */
/* machine.c - the machine's life, see machine.h. */
#include "machine.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "engine/dispatch.h"
#include "host/confine.h"

#define SIGNAL_STATUS 128		/* as shells count */
#define STRAY_LINES 32u			/* shown of unclaimed accesses */
#define NANOSECONDS 1e9
#define UNPREPARED_STEPS 100u		/* of run_briefly(): a millisecond, or less */
#define STALL_TIME UINT64_C(3000000000)	/* nanoseconds */

struct machine {
	const struct log *log;
	struct mem *mem;
	struct bus *bus;
	struct irqs *irqs;
	struct devices *devices;
	struct run *run;
	struct works *works;
	struct intr *intr;
	struct msrs *msrs;
	struct a20 *a20;
	struct clock *clock;
	struct loop *loop;
	struct timer time_limit;
	struct timer wake;		/* when the clock's next alarm is due */
	uint64_t wake_at;		/* by the clock; CLOCK_NEVER: not set */
	unsigned int strays;
	const struct engine_ops *ops;
	struct engine *engine;
	bool confine;
	bool sleeps;
	struct dispatch dispatch;
	enum dispatch_answer answer;	/* to the last exit */
	uint64_t exits_by[VMEXIT_REASONS];	/* none of KICK and STEPPED */
	struct observer observer;
	uint64_t exit_limit;		/* 0: none */
	const struct snapshot *memory;	/* for a reset; NULL: that ends the run */
	const struct vcpu_state *start;	/* likewise */
	machine_end_fn *at_end;		/* NULL: nobody wants to know */
	void *at_end_self;
	void (*at_rest)(void *self);	/* likewise */
	void *at_rest_self;
	const struct machine_watch *watch;	/* NULL: none */
	atomic_ulong steps;		/* begun; for the timer that looks for stalls */
	unsigned long steps_seen;
	atomic_bool stalled;
	struct timer stall;
	struct vcpu_state state;	/* at the end of the run */
	struct vcpu_faults faults;	/* likewise */
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

/* Whoever started vmm may want it to ignore a signal: nohup(1). */
static bool is_ignored(int number)
{
	struct sigaction action;

	return !sigaction(number, NULL, &action) && action.sa_handler == SIG_IGN;
}

/* These wait, and so may they before they are caught. */
static void hold_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ENDING_SIGNALS; i++)
		sigaddset(&set, ending_signals[i]);
	pthread_sigmask(how, &set, NULL);
}

static int catch_signals(struct machine *machine)
{
	int error = 0;

	for (size_t i = 0; i < ENDING_SIGNALS && !error; i++)
		if (!is_ignored(ending_signals[i]))
			error = loop_add_signal(machine->loop, ending_signals[i], on_signal, machine);
	return error;
}

void machine_release_signals(void)
{
	hold_signals(SIG_UNBLOCK);
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

/* An engine that cannot turn the line off leaves it on. */
static void on_a20(void *self, bool on)
{
	struct machine *machine = self;

	if (machine->engine && machine->ops->set_a20)
		machine->ops->set_a20(machine->engine, on);
}

static void on_interrupt(void *self, uint8_t vector)
{
	struct machine *machine = self;

	observer_interrupt(&machine->observer, vector);
}

int machine_create(struct machine **out, bool virtual_clock, const struct log *log)
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
		error = works_create(&machine->works, machine->run);
	if (!error)
		error = intr_create(&machine->intr);
	if (!error)
		error = msrs_create(&machine->msrs);
	if (!error)
		error = a20_create(&machine->a20);
	if (!error)
		error = clock_create(&machine->clock, virtual_clock);
	if (!error)
		error = loop_create(&machine->loop);
	if (!error)
		bus_set_stray(machine->bus, on_stray, machine);
	if (!error)
		a20_listen(machine->a20, on_a20, machine);
	if (!error)
		intr_on_taken(machine->intr, on_interrupt, machine);
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
	clock_destroy(machine->clock);
	msrs_destroy(machine->msrs);
	a20_destroy(machine->a20);
	intr_destroy(machine->intr);
	works_destroy(machine->works);
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

struct intr *machine_intr(struct machine *machine)
{
	return machine->intr;
}

struct msrs *machine_msrs(struct machine *machine)
{
	return machine->msrs;
}

struct a20 *machine_a20(struct machine *machine)
{
	return machine->a20;
}

struct clock *machine_clock(struct machine *machine)
{
	return machine->clock;
}

struct loop *machine_loop(struct machine *machine)
{
	return machine->loop;
}

struct works *machine_works(struct machine *machine)
{
	return machine->works;
}

struct devices *machine_devices(struct machine *machine)
{
	return machine->devices;
}

struct run *machine_run_control(struct machine *machine)
{
	return machine->run;
}

const uint64_t *machine_exits(const struct machine *machine)
{
	return machine->exits_by;
}

struct observer *machine_observer(struct machine *machine)
{
	return &machine->observer;
}

void machine_set_trace(struct machine *machine, const struct trace *trace)
{
	machine->observer.trace = trace;
}

const struct events *machine_events(const struct machine *machine)
{
	return &machine->observer.events;
}

void machine_at_end(struct machine *machine, machine_end_fn *fn, void *self)
{
	machine->at_end = fn;
	machine->at_end_self = self;
}

void machine_at_rest(struct machine *machine, void (*fn)(void *self), void *self)
{
	machine->at_rest = fn;
	machine->at_rest_self = self;
}

const struct vcpu_state *machine_state(const struct machine *machine)
{
	return &machine->state;
}

const struct vcpu_faults *machine_faults(const struct machine *machine)
{
	return &machine->faults;
}

static void kick(void *self)
{
	struct machine *machine = self;

	machine->ops->kick(machine->engine);
}

static void on_time_limit(void *self)
{
	struct machine *machine = self;

	run_hurry(machine->run);
	run_end(machine->run, ENDING_LIMIT, 0, "time limit reached");
}

static void on_wake(void *self)
{
	struct machine *machine = self;

	run_kick(machine->run);
}

/* Has the loop kick the vCPU when the next alarm is due by the real clock. */
static void arm_wake(struct machine *machine)
{
	uint64_t next = clock_next_alarm(machine->clock);

	if (next == machine->wake_at || clock_is_virtual(machine->clock))
		return;
	machine->wake_at = next;
	if (next == CLOCK_NEVER)
		timer_cancel(machine->loop, &machine->wake);
	else
		timer_set(machine->loop, &machine->wake,
			  clock_to_monotonic(machine->clock, next));
}

static bool is_access(const struct vmexit *exit)
{
	return exit->reason == VMEXIT_PIO || exit->reason == VMEXIT_MMIO;
}

static void count_towards_limit(struct machine *machine, enum vmexit_reason reason)
{
	machine->exits_by[reason]++;
	if (machine->observer.exits == machine->exit_limit && machine->answer != DISPATCH_STOP)
		run_end(machine->run, ENDING_LIMIT, 0, "exit limit reached");
}

/* What the machine does at an exit, or at an access that an engine hands over. */
static void take_exit(void *self, struct vmexit *exit)
{
	struct machine *machine = self;
	const struct machine_watch *watch = is_access(exit) ? machine->watch : NULL;

	observer_before(&machine->observer);
	if (watch)
		watch->before(watch->self, exit);
	machine->answer = dispatch_exit(&machine->dispatch, exit);
	if (watch)
		watch->after(watch->self, exit);
	observer_after(&machine->observer, exit);
	if (exit_is_guests(exit))
		count_towards_limit(machine, exit->reason);
	/* The access may have set a timer, and run() not return for long. */
	arm_wake(machine);
}

static void on_event(void *self, const struct cpu_event *event)
{
	struct machine *machine = self;

	observer_event(&machine->observer, event);
}

int machine_power_on(struct machine *machine, const struct engine_ops *ops,
		     const struct vcpu_state *start, const struct machine_config *settings)
{
	struct engine_config config = {
		.mem = machine->mem, .intr = machine->intr, .msrs = machine->msrs,
		.clock = machine->clock,
		.insn_limit = settings->insn_limit, .cpu = settings->cpu,
		.on_access = take_exit, .on_event = on_event, .self = machine,
		.guest_ticks = settings->profile ? &settings->profile->guest_ticks : NULL,
		.log = machine->log,
	};
	int error;

	machine->ops = ops;
	machine->dispatch = (struct dispatch){
		.bus = machine->bus, .msrs = machine->msrs, .run = machine->run,
		.halt_status = settings->halt_status,
	};
	machine->memory = settings->memory;
	machine->start = start;
	machine->confine = settings->confine;
	machine->sleeps = settings->sleeps;
	run_set_reboots(machine->run, settings->memory);
	irqs_reset(machine->irqs);
	devices_reset(machine->devices);
	error = ops->create(&machine->engine, &config);
	if (error)
		return error;
	machine->observer = (struct observer){
		.ops = ops, .engine = machine->engine, .profile = settings->profile,
	};
	error = ops->set_state(machine->engine, start);
	if (error)
		log_error(machine->log, "engine %s refuses the start state: %s", ops->name,
			  strerror(-error));
	return error;
}

/* What is due for the devices, from other threads and by the clock. */
static void run_pending(struct machine *machine)
{
	works_run(machine->works);
	clock_run_alarms(machine->clock);
	arm_wake(machine);
}

/* The guest waits: who looks on sees all that it has done. */
static void show_what_is_there(struct machine *machine)
{
	if (machine->at_rest)
		machine->at_rest(machine->at_rest_self);
	if (machine->observer.trace)
		trace_flush(machine->observer.trace);
}

/* Sleeps in HLT until an interrupt is there to be taken, or the run ends. */
static void wait_for_interrupt(struct machine *machine)
{
	/* Virtual time passes in the engine: nobody sleeps. */
	bool sleeps = !clock_is_virtual(machine->clock) ||
		      clock_next_alarm(machine->clock) == CLOCK_NEVER;

	show_what_is_there(machine);
	while (sleeps && !run_ended(machine->run) && !intr_wakes(machine->intr)) {
		if (machine->observer.profile)
			profile_wait(machine->observer.profile);
		run_wait(machine->run);
		if (machine->observer.profile)
			profile_waited(machine->observer.profile);
		run_pending(machine);
	}
}

/* The machine is as it was at the start, but for the time and what it is connected to. */
static void reset(struct machine *machine)
{
	int error;

	log_verbose(machine->log, "guest resets the machine (%s)", run_take_reset(machine->run));
	machine->ops->complete(machine->engine);
	if (machine->ops->reset)
		machine->ops->reset(machine->engine);
	irqs_reset(machine->irqs);
	devices_reset(machine->devices);
	error = snapshot_restore(machine->memory, machine->mem);
	if (!error)
		error = machine->ops->set_state(machine->engine, machine->start);
	if (error)
		run_end(machine->run, ENDING_HOST_ERROR, 0, "cannot reset the machine: %s",
			strerror(-error));
	machine->answer = DISPATCH_CONTINUE;
}

/* Does what an exit that the engine came back with asks for, but for waiting. */
static void settle(struct machine *machine, struct vmexit *exit)
{
	/* What came behind an access that asked for a reset has not happened. */
	if (!run_reset_wanted(machine->run) || exit_is_posted(exit))
		take_exit(machine, exit);
	if (run_reset_wanted(machine->run))
		reset(machine);
	run_pending(machine);
	if (run_ended(machine->run) && !exit_is_posted(exit))
		machine->answer = DISPATCH_STOP;
}

static void step(struct machine *machine, void (*run)(struct engine *engine, struct vmexit *exit))
{
	struct vmexit exit;

	run(machine->engine, &exit);
	settle(machine, &exit);
}

/* Until the end, or for so many steps. */
static void run_vcpu(struct machine *machine,
		     void (*run)(struct engine *engine, struct vmexit *exit), uint64_t steps)
{
	for (; machine->answer != DISPATCH_STOP && steps; steps--) {
		if (machine->answer == DISPATCH_WAIT)
			wait_for_interrupt(machine);
		if (machine->answer == DISPATCH_WAIT && run_ended(machine->run))
			machine->answer = DISPATCH_STOP;
		else
			step(machine, run);
	}
}

void machine_sleep(void *self, struct pollfd *fds, size_t count)
{
	struct machine *machine = self;
	int error;

	show_what_is_there(machine);
	error = run_poll(machine->run, fds, count);
	if (error)
		run_end(machine->run, ENDING_HOST_ERROR, 0, "cannot wait: %s", strerror(-error));
	run_pending(machine);
}

static int start_loop(struct machine *machine)
{
	int error = catch_signals(machine);

	return error ? error : loop_start(machine->loop);
}

/*
 * All threads are there, and all files are open. What is to be prepared, and the filter with it,
 * takes more than a millisecond: guests that end sooner do without.
 */
static int confine_run(struct machine *machine)
{
	int error = 0;

	if (machine->ops->prepare && machine->ops->run_briefly)
		run_vcpu(machine, machine->ops->run_briefly, UNPREPARED_STEPS);
	if (machine->answer == DISPATCH_STOP)
		return 0;
	if (machine->ops->prepare)
		error = machine->ops->prepare(machine->engine);
	return error ? error : confine(machine->mem, machine->log);
}

/*
 * The vCPU's life. What ends at once needs nobody that waits meanwhile, and a
 * thread takes longer to start and to end than that does.
 */
static int run_with_loop(struct machine *machine)
{
	bool looping = false;
	int error = 0;

	hold_signals(SIG_BLOCK);
	machine->answer = DISPATCH_CONTINUE;
	run_pending(machine);
	if (machine->ops->run_briefly && !machine->sleeps)
		step(machine, machine->ops->run_briefly);
	if (machine->answer != DISPATCH_STOP) {
		error = start_loop(machine);
		if (error)
			return error;
		looping = true;
		if (machine->confine)
			error = confine_run(machine);
		if (error)
			return error;
		run_vcpu(machine, machine->ops->run, UINT64_MAX);
	}
	if (!machine->at_end || machine->at_end(machine->at_end_self, false))
		return 0;
	if (!looping)
		error = start_loop(machine);
	if (!error)
		machine->at_end(machine->at_end_self, true);
	return error;
}

static void finish(struct machine *machine)
{
	struct ending ending;
	int error;

	run_set_kick(machine->run, NULL, NULL);
	loop_stop(machine->loop);
	error = machine->ops->get_state(machine->engine, &machine->state);
	if (error)
		run_end(machine->run, ENDING_HOST_ERROR, 0, "cannot read the registers: %s",
			strerror(-error));
	else if (run_ended_by(machine->run, ENDING_CRASH, &ending))
		machine->ops->get_faults(machine->engine, &machine->state, &machine->faults);
}

void machine_run(struct machine *machine, const struct machine_limits *limits)
{
	struct profile *profile = machine->observer.profile;
	int error = 0;

	machine->exit_limit = limits->exits;
	machine->wake = (struct timer){ .fn = on_wake, .self = machine };
	machine->wake_at = CLOCK_NEVER;

	if (limits->seconds > 0) {
		machine->time_limit = (struct timer){ .fn = on_time_limit, .self = machine };
		error = timer_set(machine->loop, &machine->time_limit, loop_now(machine->loop) +
				  (uint64_t)(limits->seconds * NANOSECONDS));
	}
	run_set_kick(machine->run, kick, machine);
	if (profile)
		profile_start(profile);
	if (!error)
		error = run_with_loop(machine);
	if (profile)
		profile_stop(profile);
	if (error) {
		run_end(machine->run, ENDING_HOST_ERROR, 0, "cannot start the run: %s",
			strerror(-error));
	} else {
		/* Whatever else ended it just then: the time was up. */
		if (limits->seconds > 0 &&
		    loop_now(machine->loop) >= machine->time_limit.deadline)
			on_time_limit(machine);
		machine->ops->complete(machine->engine);
	}
	finish(machine);
}

/* The loop's thread looks from time to time whether steps still come to an end. */
static void on_stall_timer(void *self)
{
	struct machine *machine = self;
	unsigned long steps = atomic_load(&machine->steps);

	/* An odd number: a step is under way. */
	if (steps % 2 && steps == machine->steps_seen) {
		atomic_store(&machine->stalled, true);
		run_kick(machine->run);
	}
	machine->steps_seen = steps;
	timer_set(machine->loop, &machine->stall, loop_now(machine->loop) + STALL_TIME);
}

int machine_start(struct machine *machine, bool catches_signals)
{
	machine->stall = (struct timer){ .fn = on_stall_timer, .self = machine };
	timer_set(machine->loop, &machine->stall, loop_now(machine->loop) + STALL_TIME);
	run_set_kick(machine->run, kick, machine);
	return catches_signals ? start_loop(machine) : loop_start(machine->loop);
}

void machine_finish(struct machine *machine)
{
	finish(machine);
}

enum machine_step machine_step(struct machine *machine, struct engine_target *target)
{
	struct vmexit exit;

	atomic_fetch_add(&machine->steps, 1);
	do {
		machine->ops->run_to(machine->engine, target, &exit);
		settle(machine, &exit);
	} while (machine->answer == DISPATCH_CONTINUE && exit.reason != VMEXIT_STEPPED &&
		 !atomic_load(&machine->stalled));
	atomic_fetch_add(&machine->steps, 1);
	if (machine->answer == DISPATCH_STOP) {
		machine->ops->complete(machine->engine);
		return MACHINE_ENDED;
	}
	if (machine->answer == DISPATCH_WAIT)
		return MACHINE_HALTED;
	return exit.reason == VMEXIT_STEPPED ? MACHINE_STEPPED : MACHINE_STALLED;
}

void machine_advance_to(struct machine *machine, uint64_t now)
{
	clock_advance_to(machine->clock, now);
	clock_run_alarms(machine->clock);
}

void machine_set_watch(struct machine *machine, const struct machine_watch *watch)
{
	machine->watch = watch;
}

int machine_get_registers(struct machine *machine, struct vcpu_state *state)
{
	return machine->ops->get_registers(machine->engine, state);
}

int machine_get_state(struct machine *machine, struct vcpu_state *state)
{
	return machine->ops->get_state(machine->engine, state);
}

int machine_set_state(struct machine *machine, const struct vcpu_state *state)
{
	return machine->ops->set_state(machine->engine, state);
}

int machine_set_general(struct machine *machine, const struct vcpu_state *state)
{
	return machine->ops->set_general(machine->engine, state);
}
