/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * machine.h - the machine: memory, bus, lines, devices, and the vCPU that an
 * engine runs. It knows no device by name; board.c puts them in.
 *
 * Threads: the one that calls machine_run() is the vCPU's; the loop has its
 * own, and a window another one. Devices are entered by the vCPU's thread alone,
 * so that they need no lock; the other threads end the run, kick the vCPU, or
 * post work to its thread (core/work.h).
 */
#ifndef VMM_MACHINE_H
#define VMM_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/a20.h"
#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/intr.h"
#include "core/irq.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/mem.h"
#include "core/msrs.h"
#include "core/run.h"
#include "core/snapshot.h"
#include "core/vcpu.h"
#include "core/work.h"
#include "engine/engine.h"
#include "observer.h"

struct machine;

/* Told of the guest's accesses to devices, before and after they are made. */
struct machine_watch {
	void (*before)(void *self, const struct vmexit *exit);
	void (*after)(void *self, const struct vmexit *exit);
	void *self;
};

struct machine_config {
	int halt_status;	/* of a run that ends by HLT with interrupts disabled */
	uint64_t insn_limit;	/* 0: none; for engines that count instructions */
	struct cpuid_config cpu;	/* which CPU the guest sees */
	/*
	 * vmm confines itself (host/confine.h) before the guest runs for longer than
	 * engine_ops.run_briefly() lets it.
	 */
	bool confine;
	/* An access of the guest may come to machine_sleep(): who wakes it is there then. */
	bool sleeps;
	/* What a reset puts back, must outlive the machine; NULL: a reset ends the run. */
	const struct snapshot *memory;
	struct profile *profile;	/* of the run, must outlive it; NULL: none */
};

struct machine_limits {
	double seconds;		/* of real time; 0: none */
	uint64_t exits;		/* 0: none */
};

/*
 * An empty machine. virtual_clock: see clock.h. Returns 0, or -errno with a message
 * in the log. The caller owns *machine; log must outlive it.
 */
int machine_create(struct machine **machine, bool virtual_clock, const struct log *log);

/* Ends the devices and frees all. NULL is fine. */
void machine_destroy(struct machine *machine);

/* The machine's parts, for the board. */
struct mem *machine_mem(struct machine *machine);
struct bus *machine_bus(struct machine *machine);
struct irqs *machine_irqs(struct machine *machine);
struct devices *machine_devices(struct machine *machine);
struct run *machine_run_control(struct machine *machine);
struct intr *machine_intr(struct machine *machine);
struct msrs *machine_msrs(struct machine *machine);
struct a20 *machine_a20(struct machine *machine);
struct clock *machine_clock(struct machine *machine);
struct loop *machine_loop(struct machine *machine);
struct works *machine_works(struct machine *machine);

/*
 * Makes the vCPU: memory must be complete. start must outlive the machine: a reset
 * begins there again. Returns 0, or -errno with a message in the log.
 */
int machine_power_on(struct machine *machine, const struct engine_ops *ops,
		     const struct vcpu_state *start, const struct machine_config *config);

/*
 * Runs the guest until the run is ended. From here on SIGINT, SIGTERM and SIGHUP
 * end the run, and afterwards wait for machine_release_signals(), so that what is
 * left of the run can be written. Ending and registers can then be asked for. A
 * failure of the host is an ending too.
 */
void machine_run(struct machine *machine, const struct machine_limits *limits);

/*
 * What is to be done when the guest will run no more, in the vCPU's thread.
 * Returns whether it is done, which it is with wait: then it may sleep, and
 * signals and the time limit can still end the run.
 */
typedef bool machine_end_fn(void *self, bool wait);

/*
 * For a device that has to wait in the middle of an access (struct machine *self, and
 * machine_config.sleeps is true): until poll(2) would end for the descriptors, or sooner.
 * The run may have ended by then. Meanwhile time passes and other devices go on.
 */
void machine_sleep(void *self, struct pollfd *fds, size_t count);

/* fn is called in the vCPU's thread when the guest halts and waits. One at most. */
void machine_at_rest(struct machine *machine, void (*fn)(void *self), void *self);

/* One at most. */
void machine_at_end(struct machine *machine, machine_end_fn *fn, void *self);

/*
 * A run in steps, side by side with another machine: machine_start(), any number
 * of steps, machine_finish(), in place of machine_run(). catches_signals: as
 * machine_run() does. The clock has to be virtual. machine_start() returns 0 or
 * -errno.
 */
int machine_start(struct machine *machine, bool catches_signals);
void machine_finish(struct machine *machine);

enum machine_step {
	MACHINE_STEPPED,	/* at the target */
	MACHINE_HALTED,		/* in HLT with interrupts enabled */
	MACHINE_ENDED,		/* the run has ended */
	MACHINE_STALLED,	/* not at the target within seconds */
};

/* Runs to a target (engine.h). */
enum machine_step machine_step(struct machine *machine, struct engine_target *target);

/* Time passes, up to now: alarms that are due by then go off. */
void machine_advance_to(struct machine *machine, uint64_t now);

/* NULL: nobody watches. */
void machine_set_watch(struct machine *machine, const struct machine_watch *watch);

/* The vCPU's registers between steps; see engine.h. Return 0 or -errno. */
int machine_get_registers(struct machine *machine, struct vcpu_state *state);
int machine_get_state(struct machine *machine, struct vcpu_state *state);
int machine_set_state(struct machine *machine, const struct vcpu_state *state);
int machine_set_general(struct machine *machine, const struct vcpu_state *state);

/*
 * After the run: SIGINT, SIGTERM and SIGHUP end the program as they do in
 * others, for one that waits for its user.
 */
void machine_release_signals(void);

/* The registers at the end of the run. */
const struct vcpu_state *machine_state(const struct machine *machine);

/* The guest's exits so far by reason, VMEXIT_REASONS of them. */
const uint64_t *machine_exits(const struct machine *machine);

/* Who sees the exits; and what the guest did last. */
struct observer *machine_observer(struct machine *machine);
const struct events *machine_events(const struct machine *machine);

/* Before the run: what the guest does is traced. It must outlive the run. */
void machine_set_trace(struct machine *machine, const struct trace *trace);

/* How the guest crashed; of no links where it has not, or nobody knows. */
const struct vcpu_faults *machine_faults(const struct machine *machine);

#endif
