/* SPDX-License-Identifier: GPL-3.0-or-later */
/* profile.c - counting exits and sampling their time, see profile.h. */
#include "observe/profile.h"

#include <errno.h>
#include <stdlib.h>

#include "core/clock.h"

#define PAGE_MASK (~UINT64_C(0xFFF))
#define SLOT_BITS 13
#define ALL_LOOKED_AT 256u	/* exits at the start */
#define BUDGET 400u		/* looking may take one part in so many of the time */
#define PERIOD_MAX 8192u
#define FIRST_WIDTH 65536u	/* ticks a slice of the timeline, at first */

_Static_assert(PROFILE_SLOTS == 1u << SLOT_BITS, "the hash gives SLOT_BITS bits");

int profile_create(struct profile **profile)
{
	*profile = calloc(1, sizeof(**profile));
	if (!*profile)
		return -ENOMEM;
	(*profile)->timeline.width = FIRST_WIDTH;
	(*profile)->recent = &(*profile)->accesses.others;
	return 0;
}

void profile_destroy(struct profile *profile)
{
	free(profile);
}

/* --- tables --- */

/* Fibonacci hashing: the upper bits of a product. */
static unsigned int hash(struct profile_key key)
{
	return (unsigned int)((key.address ^ key.what << 40) * UINT64_C(0x9E3779B97F4A7C15) >>
			      (64 - SLOT_BITS));
}

static bool same(struct profile_key a, struct profile_key b)
{
	return a.address == b.address && a.what == b.what;
}

/* A new row takes over the key. */
static struct profile_row *find_row(struct profile_table *table, struct profile_key key)
{
	struct profile_row *row;

	for (unsigned int slot = hash(key);; slot++) {
		row = &table->slot[slot % PROFILE_SLOTS];
		if (!row->handled)
			break;
		if (same(row->key, key))
			return row;
	}
	if (table->used == PROFILE_ROWS)
		return &table->others;
	table->used++;
	row->key = key;
	return row;
}

/* --- time --- */

void profile_start(struct profile *profile)
{
	profile->started_ns = clock_monotonic();
	profile->started = profile->last = profile_ticks();
	profile->random = profile->started | 1;
	profile->period = profile->countdown = 1;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * What the time since the last sample went to: waiting and guest code are known, devices
 * estimated, the rest is the engine's.
 */
static struct shares since_last(struct profile *profile, uint64_t now, uint64_t an_exit)
{
	uint64_t left = now - profile->last, handled = profile->period - profile->countdown;
	struct shares shares = { .exits = handled };

	shares.ticks[SHARE_WAITING] = least(profile->waited, left);
	left -= shares.ticks[SHARE_WAITING];
	shares.ticks[SHARE_GUEST] = least(profile->guest_ticks - profile->last_guest, left);
	left -= shares.ticks[SHARE_GUEST];
	shares.ticks[SHARE_DEVICES] = least(an_exit * handled, left);
	shares.ticks[SHARE_ENGINE] = left - shares.ticks[SHARE_DEVICES];
	return shares;
}

static void account(struct profile *profile, uint64_t now, const struct shares *shares)
{
	timeline_add(&profile->timeline, profile->last - profile->started, now - profile->started,
		     shares);
	for (unsigned int i = 0; i < SHARES; i++)
		profile->total.ticks[i] += shares->ticks[i];
	profile->total.exits += shares->exits;
	profile->last = now;
	profile->handled += shares->exits;
	profile->last_guest = profile->guest_ticks;
	profile->waited = 0;
}

void profile_stop(struct profile *profile)
{
	uint64_t now = profile_ticks(), ns = clock_monotonic() - profile->started_ns;
	uint64_t an_exit = profile->total.ticks[SHARE_DEVICES] / (profile->handled ?: 1);
	struct shares shares = since_last(profile, now, an_exit);

	account(profile, now, &shares);
	profile->seconds = (double)ns / (double)NS_PER_SECOND;
	profile->ticks_a_second = (double)(now - profile->started) / (profile->seconds ?: 1);
}

/* --- exits --- */

struct profile_row *profile_find(struct profile *profile, struct profile_key key)
{
	/* Memory goes by pages. */
	if (profile_key_kind(key) == PROFILE_MMIO || profile_key_kind(key) == PROFILE_POSTED)
		key.address &= PAGE_MASK;
	return find_row(&profile->accesses, key);
}

/* A random number below twice the mean, from xorshift64*: a loop of the guest's is not met. */
static uint32_t draw(struct profile *profile, uint64_t mean)
{
	profile->random ^= profile->random >> 12;
	profile->random ^= profile->random << 25;
	profile->random ^= profile->random >> 27;
	return 1 + (uint32_t)((profile->random * UINT64_C(0x2545F4914F6CDD1D) >> 32) %
			      (2 * mean - 1));
}

/* How many exits may go by, so that looking keeps to its budget. */
static uint32_t next_period(struct profile *profile)
{
	uint64_t an_exit = (profile->last - profile->started) / profile->handled + 1;
	uint64_t mean = profile->own * BUDGET / an_exit + 1;

	if (profile->samples < ALL_LOOKED_AT)
		return 1;
	return draw(profile, least(mean, PERIOD_MAX));
}

/* What looking has taken: where the host did something else meanwhile, it counts little. */
static void note_own(struct profile *profile, uint64_t took)
{
	uint64_t own = profile->own;

	profile->own = own ? (7 * own + least(took, 2 * own)) / 8 : took;
}

void profile_leave(struct profile *profile, struct profile_key key, uint64_t rip)
{
	struct shares shares = since_last(profile, profile->left, profile->left - profile->entered);
	struct profile_row *place =
		find_row(&profile->places, profile_key(profile_key_kind(key), rip, 0,
						       profile_key_write(key)));

	place->handled += shares.exits;
	place->ticks += shares.ticks[SHARE_DEVICES];
	profile_find(profile, key)->ticks += shares.ticks[SHARE_DEVICES];
	account(profile, profile->left, &shares);
	profile->samples++;
	note_own(profile, profile_ticks() - profile->left);
	profile->period = profile->countdown = next_period(profile);
}

void profile_wait(struct profile *profile)
{
	profile->wait_began = profile_ticks();
}

void profile_waited(struct profile *profile)
{
	struct profile_key halted = profile_key(PROFILE_HLT, 0, 0, false);
	uint64_t took = profile_ticks() - profile->wait_began;

	profile->waited += took;
	profile_find(profile, halted)->ticks += took;
}
