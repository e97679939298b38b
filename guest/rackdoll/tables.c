/* SPDX-License-Identifier: 0BSD */
/* tables.c - tasks that work with the page tables themselves, and with several of them. */
#include "rackdoll/rackdoll.h"

#include <vmm/string.h>

#define TEST		0x80000000ul
#define LARGE		(2ul << 20)
#define TABLES		4u
#define PRIVATE		0x10000000000ul	/* PML4 entry 2 */
#define COMMON		0x18000000000ul	/* PML4 entry 3 */

/* Counters at one address in several spaces, beside a page that all have. */
static void task_spaces(void)
{
	struct paging spaces[TABLES];
	uint64_t sums[TABLES], shared = frame_allocate();

	for (unsigned int i = 0; i < TABLES; i++) {
		spaces[i] = space_new();
		paging_map(&spaces[i], PRIVATE, frame_allocate(), PTE_P | PTE_RW);
		paging_map(&spaces[i], PRIVATE + PAGE_SIZE, shared, PTE_P | PTE_RW);
	}
	for (unsigned int i = 0; i < 40; i++) {
		write_cr3(spaces[(i * 7 + i / 5) % TABLES].root);
		*quad_at(PRIVATE) += i;
		*quad_at(PRIVATE + PAGE_SIZE) += 1;
	}
	for (unsigned int i = 0; i < TABLES; i++) {
		write_cr3(spaces[i].root);
		sums[i] = *quad_at(PRIVATE);
	}
	write_cr3(kernel_space.root);
	probe(PROBE_READ, PRIVATE);
	say("spaces   %u, %u, %u, %u, shared %u, outside %s", (unsigned int)sums[0],
	    (unsigned int)sums[1], (unsigned int)sums[2], (unsigned int)sums[3],
	    (unsigned int)*word_at(shared), outcome());
}

/* A table that belongs to two spaces: what one changes in it the other sees. */
static void task_shared_table(void)
{
	struct paging first = space_new(), second = space_new();
	uint64_t a = frame_allocate(), b = frame_allocate();
	uint32_t seen[3];

	*word_at(a) = 0xAAAA;
	*word_at(b) = 0xBBBB;
	paging_map(&first, COMMON, a, PTE_P | PTE_RW);
	paging_set(&second, COMMON, 0, paging_entry(&first, COMMON, 0));
	write_cr3(second.root);
	seen[0] = *word_at(COMMON);
	write_cr3(first.root);
	paging_set(&first, COMMON, 3, b | PTE_P | PTE_RW);
	write_cr3(second.root);
	seen[1] = *word_at(COMMON);
	paging_map(&second, COMMON + PAGE_SIZE, a, PTE_P);
	write_cr3(first.root);
	seen[2] = *word_at(COMMON + PAGE_SIZE);
	paging_set(&second, COMMON, 2, 0);
	invlpg(COMMON);
	probe(PROBE_READ, COMMON);
	write_cr3(kernel_space.root);
	say("shared   %x, %x, %x, removed %s", seen[0], seen[1], seen[2], outcome());
}

/* Where a PML4 entry that names the PML4 itself shows the entry for an address. */
static uint64_t recursive(uint64_t slot, uint64_t address, unsigned int times)
{
	for (unsigned int i = 0; i < times; i++)
		address = slot << 39 | (address >> 9 & 0x7FFFFFFFF8);
	return slot >= 256 ? address | 0xFFFF000000000000 : address;
}

/* Returns a sum of what it saw. */
static uint64_t recurse(uint64_t slot)
{
	uint64_t a = frame_allocate(), b = frame_allocate();
	uint64_t root = kernel_space.root, entry, changed, self;

	*word_at(a) = 0xA;
	*word_at(b) = 0xB;
	*quad_at(root + slot * 8) = root | PTE_P | PTE_RW;
	map(TEST, a, PTE_P | PTE_RW);
	entry = *quad_at(recursive(slot, TEST, 1)) - a;
	*quad_at(recursive(slot, TEST, 1)) = b | PTE_P;
	invlpg(TEST);
	changed = *word_at(TEST);
	*quad_at(recursive(slot, TEST, 1)) = 0;
	invlpg(TEST);
	probe(PROBE_READ, TEST);
	self = *quad_at(recursive(slot, recursive(slot, 0, 4), 0) + slot * 8) & ~0xFFFul;
	*quad_at(root + slot * 8) = 0;
	write_cr3(root);
	return (entry & ~(uint64_t)PTE_D) | changed << 8 | self << 12;
}

/* In the lower half, and in the upper. */
static void task_recursive(void)
{
	uint64_t low = recurse(100);
	const char *removed = outcome();
	uint64_t high = recurse(510);

	say("self     %llx, removed %s, %llx, %s", (unsigned long long)low, removed,
	    (unsigned long long)high, outcome());
}

/* A table is given up, and its frame holds data; then data becomes a table. */
static void task_reuse(void)
{
	uint64_t address = TEST + LARGE, data = TEST + 2 * LARGE;
	uint64_t page = frame_allocate(), table;
	uint64_t sum;
	const char *gone;

	*word_at(page) = 0xFEED;
	map(address, page, PTE_P | PTE_RW);
	table = paging_entry(&kernel_space, address, 2) & ~0xFFFul;
	paging_set(&kernel_space, address, 2, 0);
	invlpg(address);
	map(data, table, PTE_P | PTE_RW);
	for (uint64_t at = 0; at < PAGE_SIZE; at += 8)
		*quad_at(data + at) = (at << 32 | at) * 0x10001 & ~1ul;
	sum = checksum(table, PAGE_SIZE);
	probe(PROBE_READ, address);
	gone = outcome();
	for (unsigned int i = 0; i < 512; i++)
		*quad_at(data + i * 8) = page | PTE_P;
	paging_set(&kernel_space, address, 2, table | PTE_ALL);
	say("reuse    %llx, %s, a table again: %x", (unsigned long long)sum, gone,
	    *word_at(address + 511 * PAGE_SIZE));
	paging_set(&kernel_space, address, 2, 0);
	unmap(data);
	write_cr3(kernel_space.root);
}

/*
 * A table is written as no kernel should: by bytes, by half of an entry, across two
 * entries, by string and locked instructions, by SSE.
 */
static void task_odd_writes(void)
{
	uint64_t a = frame_allocate(), b = frame_allocate(), table;
	uint64_t entries[2] = { a | PTE_P, b | PTE_P };
	uint32_t seen = 0;

#define LOOK(page)	(write_cr3(read_cr3()), seen = seen << 4 | *word_at(TEST + (page) * PAGE_SIZE))
	*word_at(a) = 0xA;
	*word_at(b) = 0xB;
	map(TEST, a, PTE_P | PTE_RW);
	table = paging_entry(&kernel_space, TEST, 2) & ~0xFFFul;
	*(volatile uint8_t *)(table + 1) = (uint8_t)(b >> 8);
	*(volatile uint8_t *)(table + 2) = (uint8_t)(b >> 16);
	LOOK(0);
	*word_at(table + 8) = (uint32_t)a | PTE_P;
	LOOK(1);
	*quad_at(table + 4) = (b | PTE_P) << 32;	/* the second entry's lower half */
	LOOK(1);
	__asm__ volatile("rep movsq" : : "S"(entries), "D"(table + 16), "c"(2) : "memory");
	LOOK(2);
	LOOK(3);
	__asm__ volatile("xchgq %0, (%1)" : : "r"(a | PTE_P), "r"(table + 24) : "memory");
	LOOK(3);
	__asm__ volatile("movups (%0), %%xmm0\n\tmovups %%xmm0, (%1)"
			 : : "r"(entries), "r"(table + 32) : "memory");
	LOOK(4);
	LOOK(5);
#undef LOOK
	__asm__ volatile("lock btrq $0, (%0)\n\tlock andq $~1, 8(%0)" : : "r"(table) : "memory");
	invlpg(TEST);
	invlpg(TEST + PAGE_SIZE);
	probe(PROBE_READ, TEST + PAGE_SIZE);
	say("writes   %x, %s", seen, outcome());
	memset((void *)table, 0, 48);
	write_cr3(read_cr3());
}

/* A page of 2 MiB, then the same as a table of 4 KiB pages, then another frame in it. */
static void task_large(void)
{
	uint64_t table = frame_allocate(), page = frame_allocate();
	uint64_t before, split, other;

	paging_map(&kernel_space, TEST, page, PTE_P);
	paging_set(&kernel_space, TEST, 2, LARGE | PTE_PS | PTE_P | PTE_RW);
	write_cr3(kernel_space.root);
	*quad_at(TEST + page - LARGE) = 0x1234;
	before = *quad_at(page);
	for (unsigned int i = 0; i < 512; i++)
		*quad_at(table + i * 8) = (LARGE + i * PAGE_SIZE) | PTE_P | PTE_RW;
	paging_set(&kernel_space, TEST, 2, table | PTE_ALL);
	write_cr3(kernel_space.root);
	split = *quad_at(TEST + page - LARGE);
	*quad_at(table + 8) = page | PTE_P;
	invlpg(TEST + PAGE_SIZE);
	other = *quad_at(TEST + PAGE_SIZE);
	probe(PROBE_WRITE, TEST + PAGE_SIZE);
	say("large    %llx, split %llx, replaced %llx, %s", (unsigned long long)before,
	    (unsigned long long)split, (unsigned long long)other, outcome());
	paging_set(&kernel_space, TEST, 2, 0);
	write_cr3(kernel_space.root);
}

void table_tasks(void)
{
	task_spaces();
	task_shared_table();
	task_recursive();
	task_reuse();
	task_odd_writes();
	task_large();
}
