/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observer.h - sees what a machine's guest does: turns exits and the like into what observe/
 * knows, which knows no engine, and hands them to the ring of the last events, to the profile
 * and to the trace. All calls are made by the vCPU's thread, or when it has ended.
 */
#ifndef VMM_OBSERVER_H
#define VMM_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/cpu.h"
#include "engine/engine.h"
#include "observe/events.h"
#include "observe/profile.h"
#include "observe/trace.h"

/* All zero: keeps the last events, and no more. */
struct observer {
	const struct engine_ops *ops;	/* of the engine, which is asked for places */
	struct engine *engine;
	struct events events;
	struct profile *profile;	/* NULL: none */
	const struct trace *trace;	/* likewise */
	struct event hypercall;		/* that the exit under way has made; name NULL: none */
	uint64_t exits;			/* of the guest, so far */
};

/* A write that was held back: it came out with an exit, but was none. */
static inline bool exit_is_posted(const struct vmexit *exit)
{
	return exit->reason == VMEXIT_MMIO && exit->mmio.posted;
}

/* The guest's exits, not those that vmm's own kicks are. */
static inline bool exit_is_guests(const struct vmexit *exit)
{
	return exit->reason != VMEXIT_KICK && exit->reason != VMEXIT_STEPPED &&
	       !exit_is_posted(exit);
}

/* Around what the machine does at an exit; its data are there afterwards. */
static inline void observer_before(struct observer *observer)
{
	if (observer->profile)
		profile_enter(observer->profile);
}

void observer_after(struct observer *observer, const struct vmexit *exit);

/* The processor takes an interrupt. */
void observer_interrupt(struct observer *observer, uint8_t vector);

/* What an engine that emulates sees besides. */
void observer_event(struct observer *observer, const struct cpu_event *event);

/* Amid an exit: a hypercall_made_fn; self is the observer. */
void observer_hypercall(void *self, uint32_t number, const char *name, int64_t result);

#endif
