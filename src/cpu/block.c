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
#include <sys/mman.h>

#include "cpu/bind.h"
#include "cpu/internal.h"
#include "cpu/native.h"
#include "cpu/watch.h"

#define ARENA_SIZE	(UINT64_C(64) << 20)	/* of address space; touched as needed */
#define BUCKETS		16384u			/* of blocks, by address; a power of two */
#define PAGES		4096u			/* of pages, likewise */
#define TARGETS		16384u			/* a power of two */
#define MODES		256u			/* more than any code_mode */

/* A block as it was found by its linear address. */
struct target {
	uint64_t la;
	uint64_t version;		/* blocks.epoch and cpu.code_mode then */
	struct block *block;
};

struct block {
	struct block *next;		/* in its bucket */
	struct block *next_in_page;
	uint64_t gpa;			/* of the first byte; UINT64_MAX: forgotten */
	uint8_t mode;
	uint16_t count;
	uint16_t length;		/* bytes */
	uint16_t depends;		/* bytes that it would be another one without */
	struct target successor[2];	/* what came behind it: last, before that */
	_Alignas(64) struct insn insns[];	/* each within a line of the cache */
};

/* A page with decoded code. */
struct page {
	struct page *next;
	uint64_t frame;
	struct block *blocks;
	uint64_t code[MEM_PAGE_SIZE / 64];	/* a bit for each byte that blocks depend on */
};

struct blocks {
	size_t used;			/* of the arena */
	uint64_t epoch;			/* of the targets; counts up by MODES */
	uint64_t emptied;		/* the epoch when the arena was: older targets dangle */
	struct block *last;		/* that was entered; NULL: it is gone */
	struct block *bucket[BUCKETS];
	struct page *page[PAGES];
	struct target target[TARGETS];
	_Alignas(struct block) uint8_t crossing[sizeof(struct block) + sizeof(struct insn)];
	_Alignas(64) uint8_t arena[ARENA_SIZE];
};

int blocks_create(struct cpu *cpu)
{
	struct blocks *blocks = mmap(NULL, sizeof(*blocks), PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (blocks == MAP_FAILED)
		return -errno;
	blocks->epoch = blocks->emptied = MODES;
	cpu->blocks = blocks;
	return 0;
}

void blocks_destroy(struct cpu *cpu)
{
	if (cpu->blocks)
		munmap(cpu->blocks, sizeof(*cpu->blocks));
}

static void *arena_take(struct blocks *blocks, size_t size)
{
	void *taken = blocks->arena + blocks->used;

	blocks->used += (size + 63) & ~(size_t)63;
	return taken;
}

static size_t bucket_of(uint64_t gpa)
{
	return (gpa ^ gpa >> PAGE_SHIFT) & (BUCKETS - 1);
}

static size_t page_bucket_of(uint64_t frame)
{
	return (frame >> PAGE_SHIFT ^ frame >> (2 * PAGE_SHIFT)) & (PAGES - 1);
}

static struct page *find_page(const struct blocks *blocks, uint64_t frame)
{
	struct page *page = blocks->page[page_bucket_of(frame)];

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
	cpu->blocks->epoch += MODES;
}

/* The bits of the bytes from first to first + size - 1 that lie in a word. */
static uint64_t bits_in_word(unsigned int first, unsigned int size, unsigned int word)
{
	unsigned int from = first > word * 64 ? first - word * 64 : 0;
	unsigned int end = first + size - word * 64;

	return UINT64_MAX << from & (end < 64 ? (UINT64_C(1) << end) - 1 : UINT64_MAX);
}

static bool holds_code(const struct page *page, unsigned int first, unsigned int size)
{
	for (unsigned int i = first / 64; i <= (first + size - 1) / 64; i++)
		if (page->code[i] & bits_in_word(first, size, i))
			return true;
	return false;
}

static void mark_code(struct page *page, const struct block *block)
{
	unsigned int first = block->gpa & PAGE_OFFSET_MASK;

	for (unsigned int i = first / 64; i <= (first + block->depends - 1u) / 64; i++)
		page->code[i] |= bits_in_word(first, block->depends, i);
}

static void add(struct cpu *cpu, struct block *block)
{
	struct blocks *blocks = cpu->blocks;
	uint64_t frame = block->gpa & ~PAGE_OFFSET_MASK;
	struct page *page = find_page(blocks, frame);
	size_t bucket = bucket_of(block->gpa);

	if (!page) {
		struct page **head = &blocks->page[page_bucket_of(frame)];

		page = arena_take(blocks, sizeof(*page));
		*page = (struct page){ .next = *head, .frame = frame };
		*head = page;
	}
	if (!page->blocks) {
		mmu_watch_frame(cpu, frame, false);
		if (cpu->ops->keeps_code)
			cpu->ops->keeps_code(cpu->self, frame);
	}
	mark_code(page, block);
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
	blocks->last = NULL;
	blocks->used = 0;
	blocks->epoch += MODES;
	blocks->emptied = blocks->epoch;
}

void blocks_forget(struct cpu *cpu)
{
	if (cpu->blocks->used)
		empty(cpu->blocks);
}

static bool overlaps(const struct block *block, uint64_t gpa, unsigned int size)
{
	return block->gpa < gpa + size && gpa < block->gpa + block->depends;
}

void blocks_written(struct cpu *cpu, uint64_t gpa, unsigned int size)
{
	struct page *page = find_page(cpu->blocks, gpa & ~PAGE_OFFSET_MASK);
	struct block **link;

	if (!page || !page->blocks || !holds_code(page, gpa & PAGE_OFFSET_MASK, size))
		return;
	memset(page->code, 0, sizeof(page->code));
	link = &page->blocks;
	while (*link) {
		struct block *block = *link;

		if (overlaps(block, gpa, size)) {
			*link = block->next_in_page;
			unlink_block(cpu->blocks, block);
		} else {
			mark_code(page, block);
			link = &block->next_in_page;
		}
	}
	blocks_stop(cpu);
}

bool cpu_has_code(const struct cpu *cpu, uint64_t gpa)
{
	return blocks_page_has_code(cpu, gpa);
}

void cpu_forget_code(struct cpu *cpu, uint64_t gpa)
{
	blocks_written(cpu, gpa & ~PAGE_OFFSET_MASK, MEM_PAGE_SIZE);
}

void cpu_memory_written(struct cpu *cpu, uint64_t gpa, uint64_t len)
{
	watch_written(cpu, gpa, len);
	/* So many are sooner forgotten together. */
	if (len / MEM_PAGE_SIZE >= PAGES) {
		empty(cpu->blocks);
		blocks_stop(cpu);
		return;
	}
	while (len) {
		uint64_t room = MEM_PAGE_SIZE - (gpa & PAGE_OFFSET_MASK);
		uint64_t part = len < room ? len : room;

		blocks_written(cpu, gpa, (unsigned int)part);
		gpa += part;
		len -= part;
	}
}

/* What decoding depends on. */
static uint8_t mode_of(const struct cpu *cpu)
{
	return cpu->code_mode & (uint8_t)~CODE_USER;
}

void blocks_for_each(const struct cpu *cpu, uint64_t frame, void (*fn)(void *self, uint64_t gpa),
		     void *self)
{
	const struct page *page = find_page(cpu->blocks, frame);

	for (const struct block *block = page ? page->blocks : NULL; block;
	     block = block->next_in_page)
		if (block->gpa != UINT64_MAX && block->mode == mode_of(cpu))
			fn(self, block->gpa);
}

static void bind_at(struct cpu *cpu, struct block *block, struct decoded *decoded,
		    bool *ends_block)
{
	struct insn *insn = &block->insns[block->count];

	*insn = (struct insn){ .start = block->length };
	block->length = (uint16_t)(block->length + decoded->length);
	block->depends = block->length;
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
	block->depends = (uint16_t)(block->length + INSN_BYTES_MAX);
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
	const uint8_t *code = mem_code(cpu->mem, gpa, room);
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
	if (block->depends > room)
		block->depends = (uint16_t)room;
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

static inline uint64_t version(const struct cpu *cpu)
{
	return cpu->blocks->epoch + cpu->code_mode;
}

static inline bool valid(const struct cpu *cpu, const struct target *target, uint64_t la)
{
	return target->la == la && target->version == version(cpu) &&
	       target->block->gpa != UINT64_MAX;
}

/* The block at la by way of its physical address; *target had it, perhaps. */
static struct block *look_up_slowly(struct cpu *cpu, uint64_t la, const struct target *target)
{
	uint64_t gpa = mmu_fetch_address(cpu, la);
	struct block *block = target->block;

	if (target->version >= cpu->blocks->emptied && block->gpa == gpa &&
	    block->mode == mode_of(cpu))
		return block;
	block = find(cpu, gpa);
	return block ? block : translate(cpu, la, gpa);
}

static struct block *look_up(struct cpu *cpu, uint64_t la)
{
	struct target *target = &cpu->blocks->target[(la ^ la >> PAGE_SHIFT) & (TARGETS - 1)];

	if (unlikely(!valid(cpu, target, la))) {
		struct block *block = look_up_slowly(cpu, la, target);

		if (block->gpa == UINT64_MAX)
			return block;
		*target = (struct target){ la, version(cpu), block };
	}
	return target->block;
}

/* The block at la, which comes behind the last one, and will be known as that. */
static struct block *look_up_behind(struct cpu *cpu, uint64_t la)
{
	struct block *block = look_up(cpu, la);
	/* NULL where that has emptied the arena. */
	struct block *last = cpu->blocks->last;

	if (last && block->gpa != UINT64_MAX) {
		last->successor[1] = last->successor[0];
		last->successor[0] = (struct target){ la, version(cpu), block };
	}
	return block;
}

/* How many of the block's instructions end before CS does; #GP(0): not even the first. */
static unsigned int count_within_limit(struct cpu *cpu, const struct block *block)
{
	uint64_t room = cpu->rip_last - cpu->rip + 1;
	unsigned int count = 0;

	while (count < block->count && block->insns[count].next <= room)
		count++;
	if (!count)
		raise_error(cpu, VECTOR_GP, 0);
	return count;
}

static inline bool within_limit(const struct cpu *cpu, const struct block *block)
{
	return cpu->rip + block->length - 1 <= cpu->rip_last;
}

static inline uint64_t code_address(const struct cpu *cpu)
{
	return (cpu->segment[SEG_CS].base + cpu->rip) & cpu->rip_mask;
}

/* Makes count instructions of a block the ones that are executed; RIP goes behind them. */
static inline void begin(struct cpu *cpu, struct block *block, unsigned int count,
			 unsigned int length)
{
	cpu->blocks->last = block;
	cpu->gpr[REG_RIP] = cpu->rip;
	cpu->rip = (cpu->rip + length) & cpu->rip_mask;
	cpu->end = block->insns + count;
	cpu->block_start = block->insns;
}

const struct insn *block_enter(struct cpu *cpu)
{
	struct block *block;
	unsigned int count;

	if (cpu->rip > cpu->rip_last)
		raise_error(cpu, VECTOR_GP, 0);
	block = look_up_behind(cpu, code_address(cpu));
	count = within_limit(cpu, block) ? block->count : count_within_limit(cpu, block);
	begin(cpu, block, count, block->insns[count - 1].next);
	return block->insns;
}

/* The same without a look at any table, where it came behind the last block before. */
static inline const struct insn *enter_successor(struct cpu *cpu)
{
	const struct block *last = cpu->blocks->last;
	uint64_t la = code_address(cpu);
	struct block *block;

	if (unlikely(!last))
		return NULL;
	if (valid(cpu, &last->successor[0], la))
		block = last->successor[0].block;
	else if (valid(cpu, &last->successor[1], la))
		block = last->successor[1].block;
	else
		return NULL;
	if (unlikely(!within_limit(cpu, block)))
		return NULL;
	begin(cpu, block, block->count, block->length);
	return block->insns;
}

void block_follow(struct cpu *cpu)
{
	uint64_t done = cpu->done + (uint64_t)(cpu->current - cpu->block_start) + 1;
	const struct insn *insn;

	if (unlikely(done >= cpu->follow_until ||
		     atomic_load_explicit(&cpu->events, memory_order_relaxed)))
		return;
	cpu->done = done;
	insn = enter_successor(cpu);
	if (unlikely(!insn)) {
		/* A fault is that of no instruction. */
		cpu->current = NULL;
		cpu->end = NULL;
		insn = block_enter(cpu);
	}
	cpu->current = insn;
	insn->execute(cpu, insn);
}
