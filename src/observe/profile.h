/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * profile.h - the exit profile: how often the guest left for vmm, for what and from where, and
 * what the time went to.
 *
 * Each exit is counted. What one takes, and the instruction that it comes from, is looked at
 * as often as costs a quarter of a hundredth of the run's time: at one of many, drawn at random,
 * which then stands for those since the last one. Time is the time-stamp counter's: reading
 * it takes less than half of what clock_gettime(CLOCK_MONOTONIC) does (as measured, 42 ns
 * against 94 ns on a virtual machine that was busy); that clock says at the end how fast it was.
 *
 * All calls are made by the thread that runs the vCPU.
 */
#ifndef VMM_OBSERVE_PROFILE_H
#define VMM_OBSERVE_PROFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <x86intrin.h>

#include "observe/timeline.h"

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

#define PROFILE_NOWHERE UINT64_MAX

/* What is counted together; in two words, which go by registers. */
struct profile_key {
	uint64_t address;	/* port, memory, or of a place RIP; 0 where there is none */
	uint64_t what;		/* as profile_key() makes it */
};

/* size: of an access, bytes; else 0, and write false. */
static inline struct profile_key profile_key(enum profile_kind kind, uint64_t address,
					     uint8_t size, bool write)
{
	return (struct profile_key){ address, kind | (uint64_t)size << 8 | (uint64_t)write << 16 };
}

static inline enum profile_kind profile_key_kind(struct profile_key key)
{
	return (enum profile_kind)(key.what & 0xFF);
}

static inline uint8_t profile_key_size(struct profile_key key)
{
	return (uint8_t)(key.what >> 8);
}

static inline bool profile_key_write(struct profile_key key)
{
	return key.what >> 16;
}

struct profile_row {
	struct profile_key key;
	uint64_t handled;	/* exits, or posted writes; 0: a free slot */
	uint64_t more;		/* elements moved, less one each */
	uint64_t ticks;		/* for which it was handled; of HLT: waited */
};

/* A guest may touch as many addresses as it likes: further ones share a row. */
#define PROFILE_ROWS 4096u
#define PROFILE_SLOTS (2 * PROFILE_ROWS)	/* never more than half full */

struct profile_table {
	struct profile_row slot[PROFILE_SLOTS];	/* open addressing, linear probing */
	unsigned int used;
	struct profile_row others;		/* what came after PROFILE_ROWS */
};

/* What has been found, for profile_view.c; profile.c's to change. */
struct profile {
	struct profile_table accesses;
	struct profile_table places;	/* exits estimated; address: RIP or PROFILE_NOWHERE */
	struct shares total;
	struct timeline timeline;
	struct profile_row *recent;	/* that counted last */
	uint64_t handled;		/* exits and posted writes, up to the last sample */
	uint64_t samples;		/* how many of them were looked at */
	uint64_t guest_ticks;		/* counted by the engine (engine_config.guest_ticks) */
	double seconds;			/* of the run */
	double ticks_a_second;

	/* Of the sampling: */
	uint64_t started, last;		/* ticks */
	uint64_t last_guest, waited;
	uint64_t entered, left;		/* of the exit that is looked at */
	uint64_t wait_began;
	uint64_t own;			/* ticks that looking took, lately, on average */
	uint64_t started_ns;		/* CLOCK_MONOTONIC */
	uint32_t period, countdown;	/* exits from sample to sample, and how many are left */
	uint64_t random;
};

/* Returns 0 or -ENOMEM. The caller owns *profile. */
int profile_create(struct profile **profile);
void profile_destroy(struct profile *profile);

/* The run begins and ends. */
void profile_start(struct profile *profile);
void profile_stop(struct profile *profile);

/* The row that counts for a key; a new one takes over the key. */
struct profile_row *profile_find(struct profile *profile, struct profile_key key);

static inline uint64_t profile_ticks(void)
{
	return __rdtsc();
}

/* The time that an exit takes begins, if this one is looked at. */
static inline void profile_enter(struct profile *profile)
{
	if (profile->countdown == 1)
		profile->entered = profile_ticks();
}

/*
 * One exit has been handled. key: of an access the whole address. count: elements moved, at
 * least 1. A posted write counts as a transfer and as no exit. Returns whether it is looked
 * at: then profile_leave() has to follow. Inline: an exit of the engine interp takes 50 ns in
 * all.
 */
static inline bool profile_count(struct profile *profile, struct profile_key key, uint32_t count)
{
	struct profile_row *row = profile->recent;

	if (row->key.address != key.address || row->key.what != key.what)
		row = profile->recent = profile_find(profile, key);
	row->handled++;
	if (count > 1)
		row->more += count - 1;
	if (--profile->countdown)
		return false;
	profile->left = profile_ticks();
	return true;
}

/* key: the same; rip: linear, or PROFILE_NOWHERE. */
void profile_leave(struct profile *profile, struct profile_key key, uint64_t rip);

/* Around the sleep of a guest that has halted. */
void profile_wait(struct profile *profile);
void profile_waited(struct profile *profile);

#endif
