/* SPDX-License-Identifier: 0BSD */
/* memory.c - tasks that work with mappings: what is read where, and what faults. */
#include "rackdoll/rackdoll.h"

#include <vmm/string.h>

#define TEST	0x40000000ul	/* nothing is there but for a task */
#define FAR	0x123456789000ul

/* A page is mapped, unmapped, and another one takes its place. */
static void task_map(void)
{
	uint64_t first = frame_allocate(), second = frame_allocate();
	uint32_t seen[3];
	const char *gone;

	*word_at(first) = 0x11111111;
	*word_at(second) = 0x22222222;
	map(TEST, first, PTE_P | PTE_RW);
	seen[0] = *word_at(TEST);
	unmap(TEST);
	probe(PROBE_READ, TEST);
	gone = outcome();
	/* What was not present needs no INVLPG. */
	paging_map(&kernel_space, TEST, second, PTE_P | PTE_RW);
	seen[1] = *word_at(TEST);
	map(TEST, first, PTE_P | PTE_RW);
	seen[2] = *word_at(TEST);
	unmap(TEST);
	say("map      %x, unmapped %s, then %x, then %x", seen[0], gone, seen[1], seen[2]);
}

/* One frame at two addresses, written at all widths through either. */
static void task_double(void)
{
	uint64_t frame = frame_allocate();
	uint64_t seen;

	map(TEST, frame, PTE_P | PTE_RW);
	map(FAR, frame, PTE_P | PTE_RW);
	*quad_at(TEST) = 0x0123456789ABCDEF;
	*(volatile uint8_t *)FAR = 0xA0;
	*(volatile uint16_t *)(TEST + 2) = 0xB0B1;
	*word_at(FAR + 4) = 0xC0C1C2C3;
	seen = *quad_at(TEST);
	__asm__ volatile("lock xaddq %0, (%1)" : "+r"(seen) : "r"(FAR) : "memory");
	say("double   %llx, %llx, %llx", (unsigned long long)seen,
	    (unsigned long long)*quad_at(TEST), (unsigned long long)*quad_at(frame));
	unmap(TEST);
	unmap(FAR);
}

#define BUFFER_PAGES	8

/* A buffer goes from one address to another by its page table entries alone. */
static void task_zero_copy(void)
{
	uint64_t size = BUFFER_PAGES * PAGE_SIZE, before, after;

	for (unsigned int i = 0; i < BUFFER_PAGES; i++)
		map(TEST + i * PAGE_SIZE, frame_allocate(), PTE_P | PTE_RW);
	for (uint64_t at = 0; at < size; at += 8)
		*quad_at(TEST + at) = at * 0x9E3779B97F4A7C15;
	before = checksum(TEST, size);
	for (unsigned int i = 0; i < BUFFER_PAGES; i++) {
		uint64_t entry = paging_entry(&kernel_space, TEST + i * PAGE_SIZE, 3);

		map(FAR + i * PAGE_SIZE, entry & ~0xFFFul, PTE_P | PTE_RW);
		unmap(TEST + i * PAGE_SIZE);
	}
	after = checksum(FAR, size);
	probe(PROBE_WRITE, TEST + size - 8);
	say("zerocopy %llx, %llx, behind it %s", (unsigned long long)before,
	    (unsigned long long)after, outcome());
	for (unsigned int i = 0; i < BUFFER_PAGES; i++)
		unmap(FAR + i * PAGE_SIZE);
}

#define LAZY_PAGES	64u

static struct {
	uint64_t zeros;		/* the frame for what has only been read */
	unsigned int reads, writes, copies;
} lazy;

static bool lazy_fault(struct trap_frame *frame)
{
	uint64_t page = read_cr2() & ~(PAGE_SIZE - 1ul);

	if (page < TEST || page >= TEST + LAZY_PAGES * PAGE_SIZE)
		return false;
	if (frame->error == 0) {
		lazy.reads++;
		paging_map(&kernel_space, page, lazy.zeros, PTE_P);
		return true;
	}
	lazy.copies += frame->error == (PF_W | PF_P);
	lazy.writes += frame->error == PF_W;
	map(page, frame_allocate(), PTE_P | PTE_RW);
	return true;
}

/* Pages appear when they are touched: one frame of zeros for all reads, then copies. */
static void task_lazy(void)
{
	uint64_t sum = 0;

	lazy.zeros = frame_allocate();
	trap_handler[VECTOR_PF] = lazy_fault;
	for (unsigned int i = 0; i < LAZY_PAGES; i += 2)
		sum += *word_at(TEST + i * PAGE_SIZE + 8);
	for (unsigned int i = 0; i < LAZY_PAGES; i++)
		*word_at(TEST + i * 37 % LAZY_PAGES * PAGE_SIZE + i * 4) = i + 1;
	sum = sum * 31 + checksum(TEST, LAZY_PAGES * PAGE_SIZE);
	trap_handler[VECTOR_PF] = NULL;
	say("lazy     %u reads, %u writes, %u copies, sum %llx", lazy.reads, lazy.writes,
	    lazy.copies, (unsigned long long)sum);
	for (unsigned int i = 0; i < LAZY_PAGES; i++)
		unmap(TEST + i * PAGE_SIZE);
}

/* Rights, and the error codes of those who have them not. */
static void task_rights(void)
{
	const char *readonly, *nx;
	uint32_t forced;

	map(TEST, frame_allocate(), PTE_P);
	probe(PROBE_WRITE, TEST + 0x123);
	readonly = outcome();
	write_cr0(read_cr0() & ~(uintptr_t)CR0_WP);
	probe(PROBE_WRITE, TEST);
	write_cr0(read_cr0() | CR0_WP);
	forced = *word_at(TEST);
	*(volatile uint8_t *)(paging_entry(&kernel_space, TEST, 3) & ~0xFFFul) = 0xC3; /* ret */
	map(TEST, paging_entry(&kernel_space, TEST, 3) & ~0xFFFul, PTE_P | PTE_NX);
	probe(PROBE_FETCH, TEST);
	nx = outcome();
	map(TEST, paging_entry(&kernel_space, TEST, 3) & 0xFFFFF000, PTE_P);
	probe(PROBE_FETCH, TEST);
	say("rights   %s, WP off %x, NX %s, X %s", readonly, forced, nx, outcome());
	unmap(TEST);
}

/* Where nothing is mapped: other kernels' favourite addresses, and the host's. */
static void task_stray(void)
{
	static const uint64_t addresses[] = {
		0x555555554000, 0x7FFFF7FF0000, 0xFFFFFFFFFF600000,
	};
	const char *found[3];

	for (unsigned int i = 0; i < 3; i++) {
		probe((enum probe_kind)i, addresses[i]);
		found[i] = outcome();
	}
	say("stray  %s, %s, %s", found[0], found[1], found[2]);
}

/* Which pages have been read and written is in their entries. */
static void task_marks(void)
{
	unsigned int accessed = 0, dirty = 0, again = 0;

	for (unsigned int i = 0; i < 32; i++)
		map(TEST + i * PAGE_SIZE, frame_allocate(), PTE_P | PTE_RW);
	for (unsigned int i = 0; i < 32; i++) {
		if (i % 3)
			(void)*word_at(TEST + i * PAGE_SIZE);
		else
			*word_at(TEST + i * PAGE_SIZE) = i;
	}
	for (unsigned int i = 0; i < 32; i++) {
		uint64_t entry = paging_entry(&kernel_space, TEST + i * PAGE_SIZE, 3);

		accessed += (entry & PTE_A) != 0;
		dirty += (entry & PTE_D) != 0;
		map(TEST + i * PAGE_SIZE, entry & ~0xFFFul, PTE_P | PTE_RW);
	}
	for (unsigned int i = 0; i < 32; i += 4)
		*word_at(TEST + i * PAGE_SIZE) += 1;
	for (unsigned int i = 0; i < 32; i++) {
		again += (paging_entry(&kernel_space, TEST + i * PAGE_SIZE, 3) & PTE_D) != 0;
		unmap(TEST + i * PAGE_SIZE);
	}
	say("marks    %u accessed, %u dirty, cleared, %u dirty", accessed, dirty, again);
}

/* Code that is changed through another address, and code that is exchanged below it. */
static void task_code(void)
{
	/* mov $imm32, %eax; ret */
	static const uint8_t code[] = { 0xB8, 0, 0, 0, 0, 0xC3 };
	uint64_t frames[2] = { frame_allocate(), frame_allocate() };
	uint32_t sum = 0, exchanged = 0;

	memcpy((void *)frames[0], code, sizeof(code));
	memcpy((void *)frames[1], code, sizeof(code));
	*word_at(frames[1] + 1) = 7;
	map(TEST, frames[0], PTE_P);
	map(FAR, frames[0], PTE_P | PTE_RW);
	for (uint32_t i = 1; i <= 100; i++) {
		*word_at(FAR + 1) = i;
		sum += ((uint32_t (*)(void))TEST)();
	}
	*word_at(FAR + 1) = 5;
	for (unsigned int i = 0; i < 10; i++) {
		map(TEST, frames[i & 1], PTE_P);
		exchanged = exchanged * 3 + ((uint32_t (*)(void))TEST)();
	}
	unmap(TEST);
	unmap(FAR);
	say("code     changed %u, exchanged %u", sum, exchanged);
}

void memory_tasks(void)
{
	task_map();
	task_double();
	task_zero_copy();
	task_lazy();
	task_rights();
	task_stray();
	task_marks();
	task_code();
}
