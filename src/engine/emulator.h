/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emulator.h - the processor of src/cpu/ as engines have it: a module that is
 * opened when it is wanted, and its accesses to the machine as exits.
 */
#ifndef VMM_ENGINE_EMULATOR_H
#define VMM_ENGINE_EMULATOR_H

#include <stdint.h>

#include "core/module.h"
#include "cpu/cpu.h"
#include "engine/engine.h"

/* For run_briefly(): instructions that take no longer than starting a thread. */
#define EMULATOR_BRIEF_CHUNK 1000u

/* What the processor asks of its engine. */
struct emulator_ops {
	/* Takes an access amid an instruction: VMEXIT_PIO, VMEXIT_MMIO or VMEXIT_MSR. */
	void (*access)(void *self, struct vmexit *exit);
	/* As in struct cpu_ops. */
	int (*acknowledge)(void *self);
	uint64_t (*tsc)(void *self);
	void (*write_cr8)(void *self, uint8_t cr8);
	/* Likewise; NULL: the engine does not ask. */
	void (*written)(void *self, uint64_t gpa, uint64_t len);
	void (*keeps_code)(void *self, uint64_t gpa);
};

struct emulator {
	/* Set before it is opened; it must not move afterwards. */
	const struct emulator_ops *ops;
	void *self;
	uint64_t random;		/* the seed of RDRAND, not 0 */
	bool silent;			/* its events are nobody's */

	const struct cpu_module *api;
	struct cpu *cpu;		/* NULL: not open */
	struct module module;
	const struct engine_config *config;

	/* Set by emulator_attach(): */
	struct clock *clock;
	struct clock_tsc tsc;
	uint64_t tsc_start, tsc_start_time;	/* ticks, and nanoseconds of the clock */
};

/*
 * Opens the module and makes the processor, as the engine's config says, which must live as
 * long. name:
 * the engine's, for the message in the log where it fails. Returns 0 or -errno.
 */
int emulator_open(struct emulator *emulator, const struct engine_config *config,
		  const char *name);

/* What was not opened (all zero) can be closed. */
void emulator_close(struct emulator *emulator);

/*
 * For engines whose guest has no other processor. From now on it is told of memory
 * that others write, and the clock of its time-stamp counter, which is taken to
 * tick once a nanosecond with a virtual clock, else as fast as it has done so far.
 */
void emulator_attach(struct emulator *emulator, const struct engine_config *config);

/* Before it is closed; also where it has not been attached. */
void emulator_detach(const struct engine_config *config);

/* For engines that leave interrupts to the emulator: what the controller has for it now, */
void emulator_show_pins(struct emulator *emulator, struct intr *intr);
/* and the interrupt that it takes: as cpu_ops.acknowledge. */
int emulator_take_interrupt(struct emulator *emulator, struct intr *intr);

/* engine_ops.place() */
uint64_t emulator_place(const struct emulator *emulator, const struct vmexit *exit);

/* engine_ops.set_general() */
void emulator_set_general(struct emulator *emulator, const struct vcpu_state *general);

/* Why the emulator stopped, as an exit. */
void emulator_stopped(struct emulator *emulator, enum cpu_stop stop, struct vmexit *exit);

#endif
