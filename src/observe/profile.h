/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * profile.h - the exit profile: how often the guest left for vmm, and for what.
 *
 * All calls are made by the thread that runs the vCPU.
 */
#ifndef VMM_OBSERVE_PROFILE_H
#define VMM_OBSERVE_PROFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/bus.h"
#include "core/log.h"

enum profile_kind {
	PROFILE_PIO,
	PROFILE_MMIO,
	PROFILE_POSTED,		/* a write to memory that came out with a later exit */
	PROFILE_MSR,
	PROFILE_HLT,
	PROFILE_KICK,
	PROFILE_EMULATED,	/* an instruction that the engine left to the emulator */
	PROFILE_OTHER,
	PROFILE_KINDS,
};

struct profile;

/* Returns 0 or -ENOMEM. The caller owns *profile. */
int profile_create(struct profile **profile);
void profile_destroy(struct profile *profile);

/* The span that exits a second are reckoned over; several spans add up. */
void profile_start(struct profile *profile);
void profile_stop(struct profile *profile);

/*
 * One exit. address, size (bytes) and write: of the access, 0 and false where
 * the kind has none. count: elements moved, at least 1. A posted write counts as
 * a transfer and as no exit.
 */
void profile_count(struct profile *profile, enum profile_kind kind, uint64_t address,
		   unsigned int size, bool write, uint32_t count);

/*
 * Writes a table to a stream: a row for each kind, port or page of memory, direction and
 * size, the most frequent one first. bus: knows whose the addresses are. Returns 0 or
 * -ENOMEM; errors of the stream are the caller's to find.
 */
int profile_print(const struct profile *profile, const struct bus *bus, FILE *stream);

#endif
