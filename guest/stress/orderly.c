/* SPDX-License-Identifier: 0BSD */
/*
 * orderly.c - mappings as kernels make them: pages with all rights come and go, tables
 * move, large pages are split, spaces are changed; after each change the INVLPG that it
 * needs, and no more.
 */
#include "stress/stress.h"

#include <vmm/string.h>

#define FIRST_FRAME	0x180000u
#define DATA_FRAMES	48u
#define WINDOW		0x40000000ul	/* the same in all spaces; behind it nothing */
#define PAGES		16u
#define LARGE_WINDOW	0x40400000ul
#define LARGE_FRAME	0x400000ul	/* two of them, beyond what is one-to-one */
#define LARGE		0x200000ul

/* Frames of data; one of them is the window's table, and changes its place with another. */
static uint64_t frames[DATA_FRAMES], window_table, large_table;

static uint64_t random_frame(void)
{
	return frames[random_below(DATA_FRAMES)];
}

static uint64_t random_entry(void)
{
	uint64_t entry = random_frame();

	entry |= one_in(8) ? 0 : PTE_P;
	entry |= one_in(5) ? 0 : PTE_RW;
	entry |= one_in(5) ? 0 : PTE_US;
	return entry | (one_in(8) ? PTE_NX : 0);
}

static uint64_t random_page(void)
{
	return WINDOW + random_below(PAGES) * PAGE_SIZE;
}

/* Mostly in the window; across two pages, or in the large page at times. */
static uint64_t random_place(void)
{
	if (one_in(16))
		return LARGE_WINDOW + random_below(LARGE - 8);
	if (one_in(8))
		return random_page() + PAGE_SIZE - random_below(16);
	return random_page() + random_below(PAGE_SIZE - 8);
}

static void step_load(void)
{
	struct registers r = { .bx = random_place() };

	run(one_in(8) ? stub_load_sse : loads[random_below(4)], &r, one_in(2));
}

static void step_store(void)
{
	struct registers r = { .bx = random_place(), .ax = random32() * 0x100000001ul };

	run(one_in(8) ? stub_store_sse : stores[random_below(4)], &r, one_in(2));
}

static void step_locked(void)
{
	struct registers r = { .bx = random_place() & ~7ul, .ax = random32() };

	run(one_in(2) ? stub_exchange : stub_clear_bit, &r, one_in(2));
}

/* What was not present may come without INVLPG. */
static void step_remap(void)
{
	uint64_t page = random_page(), old = paging_entry(&spaces[0], page, 3);

	mix(old);
	note("  %p was %llx\n", (void *)(uintptr_t)page, (unsigned long long)old);
	paging_set(&spaces[0], page, 3, random_entry());
	if ((old & PTE_P) || one_in(2))
		invlpg(page);
}

static void step_code(void)
{
	struct registers r = { .bx = random_place() };
	bool user = one_in(2);

	if (one_in(2)) {
		r.ax = CODE_UNIT(random32());
		run(stores[3], &r, false);
	}
	r.ax = 0;
	if (run(loads[3], &r, user) && IS_CODE_UNIT(r.ax))
		run(stub_call, &r, user);
}

static void step_space(void)
{
	space = random_below(SPACES);
	write_cr3(spaces[space].root);
}

/* The table's entries go to another frame, and its own frame becomes data as it is. */
static void step_move_table(void)
{
	unsigned int i = random_below(DATA_FRAMES);
	uint64_t old = window_table;

	memcpy((void *)frames[i], (void *)old, PAGE_SIZE);
	window_table = frames[i];
	frames[i] = old;
	/* What maps the new table's frame as data would let it be written. */
	for (unsigned int page = 0; page < PAGES; page++)
		if ((*quad_at(window_table + page * 8) & 0xFFFFF000) == window_table)
			*quad_at(window_table + page * 8) = 0;
	for (unsigned int entry = PAGES; entry < 512; entry++)
		*quad_at(window_table + entry * 8) = 0;
	paging_set(&spaces[0], WINDOW, 2, window_table | PTE_ALL);
	write_cr3(spaces[space].root);
}

static void step_large(void)
{
	uint64_t entry = (LARGE_FRAME + random_below(2) * LARGE) | PTE_P | PTE_PS;

	if (one_in(2))
		entry = large_table;
	entry |= one_in(8) ? 0 : PTE_P;
	entry |= one_in(4) ? 0 : PTE_RW;
	entry |= one_in(4) ? 0 : PTE_US;
	paging_set(&spaces[0], LARGE_WINDOW, 2, entry);
	if (one_in(2))
		*quad_at(large_table + random_below(512) * 8) = random_entry();
	write_cr3(spaces[space].root);
}

static void step_sum(void)
{
	struct registers r = { .bx = random_page(), .cx = 1 + random_below(1024) };

	run(stub_sum, &r, one_in(2));
}

/* Bytes, that may meet themselves and run into what is not mapped. */
static void step_string(void)
{
	struct registers r = {
		.si = random_place(), .di = random_place(), .cx = random_below(600),
		.ax = random32(),
	};

	run(one_in(2) ? stub_copy_bytes : stub_fill, &r, one_in(2));
}

static void step_protect(void)
{
	write_cr0(read_cr0() ^ CR0_WP);
}

static void step_plain(void)
{
	struct registers r = { .ax = random32() };

	run(plain_stubs[random_below(plain_stub_count)], &r, one_in(2));
	__asm__ volatile("movl %0, %%ds\n\tmovl %0, %%es" : : "r"(KERNEL_DS) : "memory");
}

static const struct {
	unsigned int weight;
	void (*step)(void);
} steps[] = {
	{ 25, step_load }, { 25, step_store }, { 4, step_locked }, { 12, step_remap },
	{ 10, step_code }, { 3, step_space }, { 2, step_move_table }, { 2, step_large },
	{ 3, step_sum }, { 4, step_string }, { 1, step_protect }, { 9, step_plain },
};

void orderly_step(void)
{
	unsigned int choice = random_below(100), i = 0;

	while (choice >= steps[i].weight)
		choice -= steps[i++].weight;
	steps[i].step();
}

void orderly_start(void)
{
	for (unsigned int i = 0; i < DATA_FRAMES; i++) {
		frames[i] = FIRST_FRAME + i * PAGE_SIZE;
		memset((void *)frames[i], (int)i, PAGE_SIZE);
	}
	large_table = frame_allocate();
	for (unsigned int i = 0; i < PAGES; i++)
		paging_map(&spaces[0], WINDOW + i * PAGE_SIZE, random_entry(), 0);
	for (unsigned int i = 0; i < 512; i++)
		*quad_at(large_table + i * 8) = random_entry();
	window_table = paging_entry(&spaces[0], WINDOW, 2) & 0xFFFFF000;
}
