/* SPDX-License-Identifier: 0BSD */
/*
 * chaos.c - page tables without any order: a pool of frames that hold nothing but entries
 * for frames of the pool, so that each of them is data and a table of any level at the same
 * time, for others and for itself. What is written there is always an entry as a
 * whole, or makes one not present; after each write CR3 is loaded.
 *
 * The spaces' own PML4 and what maps the kernel lie outside of the pool.
 */
#include "stress/stress.h"

#include <vmm/string.h>

#define POOL		0x201000u	/* as a large page's address: 0x200000 */
#define POOL_FRAMES	64u
#define POOL_START	0x200000ul
#define POOL_END	0x400000ul	/* the large page's */
#define MADE		(POOL_FRAMES * PAGE_SIZE)

/* PML4 entries are the spaces' own; one of each 512 GiB. */
static const uint64_t regions[] = {
	0x0000020000000000, 0x0000555555554000, 0x00007FFFF7D00000,
	0xFFFF900000000000, 0xFFFFFFFFFF600000,
};
#define REGIONS		(sizeof(regions) / sizeof(regions[0]))
#define REGION_PAGES	8u

/* By one random number, for there are many of them. */
static uint64_t random_entry(void)
{
	uint32_t random = random32();
	uint64_t entry = POOL + random % POOL_FRAMES * PAGE_SIZE;

	entry |= random >> 8 & 31 ? PTE_P : 0;
	entry |= random >> 13 & 7 ? PTE_RW : 0;
	entry |= random >> 16 & 7 ? PTE_US : 0;
	entry |= random >> 19 & 63 ? 0 : PTE_PS;
	return entry | (random >> 25 & 15 ? 0 : PTE_NX);
}

static uint64_t random_page(void)
{
	return regions[random_below(REGIONS)] + random_below(REGION_PAGES) * PAGE_SIZE;
}

static uint64_t random_place(void)
{
	return random_page() + random_below(512) * 8;
}

static void flush(void)
{
	write_cr3(spaces[space].root);
}

static void step_load(void)
{
	struct registers r = { .bx = random_page() + random_below(PAGE_SIZE) };

	run(one_in(8) ? stub_load_sse : loads[random_below(4)], &r, one_in(2));
}

/* A whole entry. */
static void step_store(void)
{
	struct registers r = { .bx = random_place(), .ax = random_entry() };
	void (*const stubs[])(void) = { stores[3], stores[3], stub_exchange, stub_store_sse, stub_push };
	unsigned int choice = random_below(5);

	if (one_in(8))
		r.ax = CODE_UNIT(random32());
	/* A stack that faults is no stack for ring 0. */
	run(stubs[choice], &r, stubs[choice] == stub_push || one_in(2));
	flush();
}

/* Its lowest byte, with P clear. */
static void step_store_byte(void)
{
	struct registers r = { .bx = random_place(), .ax = random32() & 0x7E };

	run(one_in(2) ? stores[0] : stub_clear_bit, &r, one_in(2));
	flush();
}

/* The lower half of an entry behind the upper half of another. */
static void step_store_across(void)
{
	uint64_t entry = random_entry();
	struct registers r = {
		.bx = random_place() + 4, .ax = entry << 32 | (entry >> 32 & 0x80000000),
	};

	if (one_in(2))
		r.bx = (r.bx & ~0xFFFul) + 0xFFC;
	run(stores[3], &r, one_in(2));
	flush();
}

/*
 * One at most: a second would use a translation that the first may have changed, with
 * no flush in between, and then processors may do either.
 */
static void step_copy(void)
{
	struct registers r = { .si = random_place(), .di = random_place(), .cx = random_below(4) > 0 };

	r.ax = random_entry();
	run(one_in(3) ? stub_fill : stub_copy, &r, one_in(2));
	flush();
}

static void step_code(void)
{
	struct registers r = { .bx = random_place(), .ax = CODE_UNIT(random32()) };
	bool user = one_in(2);

	run(stores[3], &r, user);
	flush();
	if (run(loads[3], &r, user) && IS_CODE_UNIT(r.ax))
		run(stub_call, &r, user);
}

/* The spaces' own entries. */
static void step_root(void)
{
	uint64_t address = regions[random_below(REGIONS)];
	uint64_t entry = random_entry() & ~(uint64_t)PTE_PS;

	paging_set(&spaces[random_below(SPACES)], address, 0, entry | PTE_P);
	flush();
}

static void step_sum(void)
{
	struct registers r = { .bx = random_page(), .cx = 1 + random_below(600) };

	run(stub_sum, &r, one_in(2));
}

void chaos_step(void)
{
	static void (*const steps[])(void) = {
		step_load, step_load, step_load, step_store, step_store, step_store_byte,
		step_store_across, step_copy, step_code, step_code, step_root, step_sum,
	};

	steps[random_below(sizeof(steps) / sizeof(steps[0]))]();
}

void chaos_start(void)
{
	/* The pool, and behind it copies of it, for entries with PTE_PS. */
	for (uint64_t at = POOL_START; at < POOL_START + MADE; at += 8)
		*quad_at(at) = random_entry();
	for (uint64_t at = POOL_START + MADE; at < POOL_END; at += MADE)
		memcpy((void *)at, (void *)POOL_START, MADE);
	for (unsigned int i = 0; i < SPACES; i++)
		for (unsigned int region = 0; region < REGIONS; region++)
			paging_set(&spaces[i], regions[region], 0,
				   (random_entry() & ~(uint64_t)PTE_PS) | PTE_P);
	flush();
}
