/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * block.c - decoded code, kept by physical address.
 *
 * A block never crosses a page, so that it goes when its page is written. An
 * instruction that does cross is decoded anew each time. Blocks are taken from
 * an arena which is emptied as a whole when it is full; between runs of the
 * loop nothing points into it but the tables here.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "cpu/bind.h"
#include "cpu/internal.h"

#define ARENA_SIZE	(UINT64_C(64) << 20)	/* of address space; touched as needed */
#define BLOCK_INSNS	32u
#define BUCKETS		4096u			/* a power of two */
#define TARGETS		4096u			/* a power of two */

struct block {
	struct block *next;		/* in its bucket */
	struct block *next_in_page;
	uint64_t gpa;			/* of the first byte; UINT64_MAX: forgotten */
	uint8_t mode;
	uint16_t count;
	uint16_t length;		/* bytes */
	_Alignas(16) struct insn insns[];
};

/* A page with decoded code. */
struct page {
	struct page *next;
	uint64_t frame;
	struct block *blocks;
};

/* Where a block was found last by its linear address. */
struct target {
	uint64_t la;
	uint64_t epoch;
	uint8_t code_mode;
	struct block *block;
};

struct blocks {
	uint8_t *arena;
	size_t used;
	uint64_t epoch;			/* of the targets; counts up */
	struct block *bucket[BUCKETS];
	struct page *page[BUCKETS];
	struct target target[TARGETS];
	_Alignas(struct block) uint8_t crossing[sizeof(struct block) + sizeof(struct insn)];
};

int blocks_create(struct cpu *cpu)
{
	struct blocks *blocks = calloc(1, sizeof(*blocks));

	if (!blocks)
		return -ENOMEM;
	blocks->epoch = 1;
	blocks->arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (blocks->arena == MAP_FAILED) {
		free(blocks);
		return -ENOMEM;
	}
	cpu->blocks = blocks;
	return 0;
}

void blocks_destroy(struct cpu *cpu)
{
	if (!cpu->blocks)
		return;
	munmap(cpu->blocks->arena, ARENA_SIZE);
	free(cpu->blocks);
}

static void *arena_take(struct blocks *blocks, size_t size)
{
	void *taken = blocks->arena + blocks->used;

	blocks->used += (size + 63) & ~(size_t)63;
	return taken;
}

static size_t bucket_of(uint64_t key)
{
	return (key ^ key >> 12) & (BUCKETS - 1);
}

static struct page *find_page(const struct blocks *blocks, uint64_t frame)
{
	struct page *page = blocks->page[bucket_of(frame >> PAGE_SHIFT)];

	while (page && page->frame != frame)
		page = page->next;
	return page;
}

bool blocks_page_has_code(const struct cpu *cpu, uint64_t gpa)
{
	const struct page *page = find_page(cpu->blocks, gpa & ~PAGE_OFFSET_MASK);

	return page && page->blocks;
}

void blocks_forget_addresses(struct cpu *cpu)
{
	cpu->blocks->epoch++;
}

/* Writes to the page must come by the slow way from now on. */
static void protect(struct cpu *cpu, uint64_t frame)
{
	const struct mem_region *region = mem_find(cpu->mem, frame);
	uintptr_t host;

	if (!region)
		return;
	host = (uintptr_t)region->host + (frame - region->gpa);
	for (unsigned int i = 0; i < TLB_KINDS; i++) {
		for (unsigned int j = 0; j < TLB_SIZE; j++) {
			struct tlb_entry *entry = &cpu->tlbs[i].entry[j];

			if (entry->tag[ACCESS_WRITE] != TLB_NONE &&
			    entry->addend + entry->tag[ACCESS_WRITE] == host)
				entry->tag[ACCESS_WRITE] = TLB_NONE;
		}
	}
}

static void add(struct cpu *cpu, struct block *block)
{
	struct blocks *blocks = cpu->blocks;
	uint64_t frame = block->gpa & ~PAGE_OFFSET_MASK;
	struct page *page = find_page(blocks, frame);
	size_t bucket = bucket_of(block->gpa);

	if (!page) {
		struct page **head = &blocks->page[bucket_of(frame >> PAGE_SHIFT)];

		page = arena_take(blocks, sizeof(*page));
		*page = (struct page){ .next = *head, .frame = frame };
		*head = page;
	}
	if (!page->blocks)
		protect(cpu, frame);
	block->next_in_page = page->blocks;
	page->blocks = block;
	block->next = blocks->bucket[bucket];
	blocks->bucket[bucket] = block;
}

static void unlink_block(struct blocks *blocks, struct block *block)
{
	struct block **link = &blocks->bucket[bucket_of(block->gpa)];

	while (*link != block)
		link = &(*link)->next;
	*link = block->next;
	block->gpa = UINT64_MAX;
}

/* The block that is being executed may be one of those that are forgotten. */
void blocks_stop(struct cpu *cpu)
{
	if (cpu->current && cpu->end)
		end_block(cpu, cpu->current);
}

/* Forgets all blocks. */
static void empty(struct blocks *blocks)
{
	memset(blocks->bucket, 0, sizeof(blocks->bucket));
	memset(blocks->page, 0, sizeof(blocks->page));
	blocks->used = 0;
	blocks->epoch++;
}

void blocks_forget(struct cpu *cpu)
{
	if (cpu->blocks->used)
		empty(cpu->blocks);
}

void blocks_page_written(struct cpu *cpu, uint64_t gpa)
{
	struct page *page = find_page(cpu->blocks, gpa & ~PAGE_OFFSET_MASK);

	if (!page || !page->blocks)
		return;
	for (struct block *block = page->blocks; block; block = block->next_in_page)
		unlink_block(cpu->blocks, block);
	page->blocks = NULL;
	blocks_stop(cpu);
}

void cpu_memory_written(struct cpu *cpu, uint64_t gpa, uint64_t len)
{
	uint64_t frame = gpa & ~PAGE_OFFSET_MASK;
	uint64_t pages = (gpa - frame + len + MEM_PAGE_SIZE - 1) / MEM_PAGE_SIZE;

	/* So many are sooner forgotten together. */
	if (pages >= BUCKETS) {
		empty(cpu->blocks);
		blocks_stop(cpu);
		return;
	}
	for (; pages; pages--, frame += MEM_PAGE_SIZE)
		blocks_page_written(cpu, frame);
}

/* What decoding depends on. */
static uint8_t mode_of(const struct cpu *cpu)
{
	return cpu->code_mode & (uint8_t)~CODE_USER;
}

static void bind_at(struct cpu *cpu, struct block *block, struct decoded *decoded,
		    bool *ends_block)
{
	struct insn *insn = &block->insns[block->count];

	*insn = (struct insn){ .start = block->length };
	block->length = (uint16_t)(block->length + decoded->length);
	insn->next = block->length;
	decoded->fpu = cpu->fpu;
	feature_restrict(cpu, decoded);
	bind(decoded, insn, ends_block);
	block->count++;
}

/* Binds what cannot be decoded: an exception of its own. */
static void bind_error(struct block *block, int error)
{
	struct insn *insn = &block->insns[block->count];
	struct decoded none = { .op = OP_UNDEFINED };
	bool ends;

	*insn = (struct insn){ .start = block->length, .next = block->length };
	if (error == -E2BIG)
		bind_too_long(&none, insn, &ends);
	else
		bind_undefined(&none, insn, &ends);
	block->count++;
}

/* Decodes up to a jump, BLOCK_INSNS or the page's end. */
static void fill(struct cpu *cpu, struct block *block, const uint8_t *code, size_t room)
{
	bool real = block->mode & CODE_REAL, ends = false;
	struct decoded decoded;

	while (!ends && block->count < BLOCK_INSNS && block->length < room) {
		int error = decode(&decoded, code + block->length, room - block->length,
				   cpu->code_bits, real);

		if (error == -ENODATA && room - block->length < INSN_BYTES_MAX)
			return;	/* crosses the page's end: on its own, when it comes to it */
		if (error) {
			bind_error(block, error);
			return;
		}
		bind_at(cpu, block, &decoded, &ends);
	}
}

/* The one instruction at la, which crosses into the next page. */
static struct block *decode_crossing(struct cpu *cpu, uint64_t la, uint64_t gpa, size_t room)
{
	struct block *block = (void *)cpu->blocks->crossing;
	uint8_t bytes[INSN_BYTES_MAX];
	uint64_t next = mmu_fetch_address(cpu, la + room);
	size_t more = sizeof(bytes) - room;
	struct decoded decoded;
	bool ends;
	int error;

	memset(bytes, 0xFF, sizeof(bytes));
	mem_read(cpu->mem, gpa, bytes, room);
	mem_read(cpu->mem, next, bytes + room, more);
	*block = (struct block){ .gpa = UINT64_MAX, .mode = mode_of(cpu) };
	error = decode(&decoded, bytes, sizeof(bytes), cpu->code_bits, block->mode & CODE_REAL);
	if (error)
		bind_error(block, error == -ENODATA ? -E2BIG : error);
	else
		bind_at(cpu, block, &decoded, &ends);
	return block;
}

/* Code outside memory: what the bus has there, all ones. */
static const uint8_t nothing[INSN_BYTES_MAX] = {
	0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
};

static struct block *translate(struct cpu *cpu, uint64_t la, uint64_t gpa)
{
	struct blocks *blocks = cpu->blocks;
	size_t room = MEM_PAGE_SIZE - (gpa & PAGE_OFFSET_MASK);
	const uint8_t *code = mem_ptr(cpu->mem, gpa, room, MEM_READ);
	struct block *block;

	if (ARENA_SIZE - blocks->used < 2 * MEM_PAGE_SIZE || !fpu_has_room(cpu, BLOCK_INSNS)) {
		empty(blocks);
		fpu_forget_code(cpu);
	}
	block = (void *)(blocks->arena + blocks->used);
	*block = (struct block){ .gpa = gpa, .mode = mode_of(cpu) };
	if (code)
		fill(cpu, block, code, room);
	else
		fill(cpu, block, nothing, sizeof(nothing));
	if (!block->count)
		return decode_crossing(cpu, la, gpa, room);
	arena_take(blocks, sizeof(*block) + block->count * sizeof(struct insn));
	add(cpu, block);
	return block;
}

static struct block *find(const struct cpu *cpu, uint64_t gpa)
{
	struct block *block = cpu->blocks->bucket[bucket_of(gpa)];
	uint8_t mode = mode_of(cpu);

	while (block && (block->gpa != gpa || block->mode != mode))
		block = block->next;
	return block;
}

static struct block *look_up(struct cpu *cpu, uint64_t la)
{
	struct target *target = &cpu->blocks->target[la & (TARGETS - 1)];
	struct block *block;
	uint64_t gpa;

	if (likely(target->la == la && target->epoch == cpu->blocks->epoch &&
		   target->code_mode == cpu->code_mode && target->block->gpa != UINT64_MAX))
		return target->block;
	gpa = mmu_fetch_address(cpu, la);
	block = find(cpu, gpa);
	if (!block)
		block = translate(cpu, la, gpa);
	if (block->gpa != UINT64_MAX)
		*target = (struct target){ .la = la, .epoch = cpu->blocks->epoch,
					   .code_mode = cpu->code_mode, .block = block };
	return block;
}

/* How many of the block's instructions lie within room bytes; #GP(0): not even the first. */
static unsigned int count_within(struct cpu *cpu, const struct block *block, uint64_t room)
{
	unsigned int count = 0;

	while (count < block->count && block->insns[count].next <= room)
		count++;
	if (!count)
		raise_error(cpu, VECTOR_GP, 0);
	return count;
}

const struct insn *block_enter(struct cpu *cpu)
{
	const struct vcpu_segment *cs = &cpu->segment[SEG_CS];
	uint64_t la = cs->base + cpu->rip, room = UINT64_MAX;
	const struct block *block;
	unsigned int count;

	if (cpu->code_bits != 64) {
		la = (uint32_t)la;
		if (cpu->rip > cs->limit)
			raise_error(cpu, VECTOR_GP, 0);
		room = cs->limit - cpu->rip + 1;
	}
	block = look_up(cpu, la);
	count = likely(block->length <= room) ? block->count : count_within(cpu, block, room);
	cpu->gpr[REG_RIP] = cpu->rip;
	cpu->rip = (cpu->rip + block->insns[count - 1].next) & cpu->rip_mask;
	cpu->end = block->insns + count;
	return block->insns;
}
