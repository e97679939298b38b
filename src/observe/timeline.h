/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * timeline.h - what a run's time went to, slice by slice. There is always the same number of
 * slices at most: when a run outlasts them, two by two become one.
 */
#ifndef VMM_OBSERVE_TIMELINE_H
#define VMM_OBSERVE_TIMELINE_H

#include <stdint.h>

#define TIMELINE_SLICES 256u	/* even */

/* What time goes to. */
enum share {
	SHARE_GUEST,		/* guest code on the processor, with KVM's own work */
	SHARE_ENGINE,		/* vmm's emulator, and what an exit takes until its device is entered */
	SHARE_DEVICES,
	SHARE_WAITING,		/* the guest has halted until an interrupt */
	SHARES,
};

/* In all or in a slice: ticks, and exits. */
struct shares {
	uint64_t ticks[SHARES];
	uint64_t exits;		/* and posted writes */
};

/* All zero, but for the width: nothing yet. */
struct timeline {
	uint64_t width;		/* ticks a slice, not 0 */
	unsigned int count;	/* slices in use */
	struct shares slice[TIMELINE_SLICES];
};

/*
 * Adds what happened between two times, in ticks from the start of the run: evenly, as
 * nobody knows when in between. to is not before from.
 */
void timeline_add(struct timeline *timeline, uint64_t from, uint64_t to,
		  const struct shares *shares);

#endif
