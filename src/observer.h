/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * observer.h - sees all exits of a machine: turns them into what observe/ knows, which knows
 * no engine, and hands them to the ring of the last events and to the profile.
 * All calls are made by the vCPU's thread, or when it has ended.
 */
#ifndef VMM_OBSERVER_H
#define VMM_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "observe/events.h"
#include "observe/profile.h"

/* All zero: keeps the last events, and no more. */
struct observer {
	const struct engine_ops *ops;	/* of the engine, which is asked for places */
	struct engine *engine;
	struct events events;
	struct profile *profile;	/* NULL: none */
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

#endif
