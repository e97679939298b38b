/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shadow.c - guest translations as mappings of the process, see shadow.h. */
#include "engine/shadow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/calls.h"

/* The end of where a process's mappings may lie (Linux, TASK_SIZE_MAX). */
#define PROCESS_END	UINT64_C(0x7FFFFFFFE000)
#define MIN_ADDRESS	UINT64_C(0x10000)	/* where vm.mmap_min_addr cannot be read */

/* Of one guest page, mapped at a time. */
#define CHUNK		(UINT64_C(2) << 20)
#define PAGE_MASK	(~(uint64_t)(MEM_PAGE_SIZE - 1))

/* Beyond these all is dropped and begun anew; vm.max_map_count is 65530. */
#define RUNS_MAX	20000u
#define USES_MAX	4096u

/* After so many changes a page is no longer taken for code, or given up as one. */
#define CHANGES_MAX	8u
#define CHANGES		1024u	/* a power of two */

/* Consecutive pages that are mapped alike. */
struct run {
	uint64_t la, gpa, size;
	int protection;		/* PROT_... */
	bool for_user, for_supervisor;
};

/* A page table, and the addresses that its first entry is for. */
struct use {
	uint64_t gpa;
	uint64_t la;
	uint8_t shift;		/* of what an entry covers */
	uint8_t entry_size;
};

struct shadow {
	const struct mem *mem;
	const struct cpu_module *api;
	struct cpu *cpu;
	uint64_t low, high;	/* where the guest's addresses can be */
	struct cpu_space space;
	uint32_t bars;
	struct run *runs;	/* by la */
	size_t count, capacity;
	struct use *uses;
	size_t use_count, use_capacity;
	/* How often the page of this hash went from code to data, or back. */
	uint8_t changes[CHANGES];
};

/* --- where --- */

static uint64_t min_address(void)
{
	FILE *file = fopen("/proc/sys/vm/mmap_min_addr", "re");
	uint64_t found = MIN_ADDRESS;

	if (file) {
		if (fscanf(file, "%" SCNu64, &found) != 1)
			found = MIN_ADDRESS;
		fclose(file);
	}
	return (found + MEM_PAGE_SIZE - 1) & PAGE_MASK ?: MEM_PAGE_SIZE;
}

/* The first address that something of vmm's is at. */
static uint64_t first_mapping(void)
{
	FILE *file = fopen("/proc/self/maps", "re");
	uint64_t first = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%" SCNx64, &first) != 1)
		first = 0;
	fclose(file);
	return first < PROCESS_END ? first : PROCESS_END;
}

bool shadow_reaches(const struct shadow *shadow, uint64_t la)
{
	return la >= shadow->low && la < shadow->high;
}

int shadow_create(struct shadow **out, const struct mem *mem, const struct cpu_module *api,
		  struct cpu *cpu)
{
	struct shadow *shadow = calloc(1, sizeof(*shadow));

	if (!shadow)
		return -ENOMEM;
	shadow->mem = mem;
	shadow->api = api;
	shadow->cpu = cpu;
	shadow->low = min_address();
	shadow->high = first_mapping();
	*out = shadow;
	return 0;
}

/* --- runs --- */

/* Index of the first run that ends behind la. */
static size_t first_after(const struct shadow *shadow, uint64_t la)
{
	size_t low = 0, high = shadow->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (shadow->runs[middle].la + shadow->runs[middle].size <= la)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool make_room(struct shadow *shadow, size_t more)
{
	size_t capacity = shadow->capacity ? 2 * shadow->capacity : 64;
	struct run *grown;

	if (shadow->count + more <= shadow->capacity)
		return true;
	grown = reallocarray(shadow->runs, capacity, sizeof(*grown));
	if (!grown)
		return false;
	shadow->runs = grown;
	shadow->capacity = capacity;
	return true;
}

static void insert(struct shadow *shadow, size_t at, const struct run *run)
{
	memmove(&shadow->runs[at + 1], &shadow->runs[at],
		(shadow->count - at) * sizeof(*run));
	shadow->runs[at] = *run;
	shadow->count++;
}

static void remove_run(struct shadow *shadow, size_t at)
{
	shadow->count--;
	memmove(&shadow->runs[at], &shadow->runs[at + 1],
		(shadow->count - at) * sizeof(shadow->runs[0]));
}

/* What is left of a run behind its first size bytes. */
static struct run tail_of(const struct run *run, uint64_t size)
{
	struct run tail = *run;

	tail.la += size;
	tail.gpa += size;
	tail.size -= size;
	return tail;
}

/* Makes a run begin at la, where one lies across it. There must be room for one more. */
static void split(struct shadow *shadow, uint64_t la)
{
	size_t at = first_after(shadow, la);
	struct run *run = &shadow->runs[at], tail;

	if (at == shadow->count || run->la >= la)
		return;
	tail = tail_of(run, la - run->la);
	run->size = la - run->la;
	insert(shadow, at + 1, &tail);
}

static void drop_all(struct shadow *shadow)
{
	for (size_t i = 0; i < shadow->count; i++) {
		uint64_t la = shadow->runs[i].la, end = la + shadow->runs[i].size;

		while (i + 1 < shadow->count && shadow->runs[i + 1].la == end)
			end += shadow->runs[++i].size;
		munmap((void *)la, end - la);
	}
	shadow->count = 0;
	for (size_t i = 0; i < shadow->use_count; i++) {
		shadow->api->watch(shadow->cpu, shadow->uses[i].gpa, false);
		shadow->api->native_forget(shadow->cpu, shadow->uses[i].gpa);
	}
	shadow->use_count = 0;
	shadow->api->native_renew(shadow->cpu);
}

void shadow_destroy(struct shadow *shadow)
{
	if (!shadow)
		return;
	drop_all(shadow);
	free(shadow->runs);
	free(shadow->uses);
	free(shadow);
}

/* Unmaps what is mapped of a range. */
static void drop_range(struct shadow *shadow, uint64_t la, uint64_t size)
{
	uint64_t end = la + size < la ? UINT64_MAX : la + size;
	size_t at;

	if (!make_room(shadow, 2)) {
		drop_all(shadow);
		return;
	}
	split(shadow, la);
	split(shadow, end);
	at = first_after(shadow, la);
	while (at < shadow->count && shadow->runs[at].la < end) {
		munmap((void *)shadow->runs[at].la, shadow->runs[at].size);
		remove_run(shadow, at);
	}
}

/* Drops the runs for which unfit says so. */
static void drop_unfit(struct shadow *shadow, bool (*unfit)(const struct run *run))
{
	size_t kept = 0;

	for (size_t i = 0; i < shadow->count; i++) {
		if (unfit(&shadow->runs[i]))
			munmap((void *)shadow->runs[i].la, shadow->runs[i].size);
		else
			shadow->runs[kept++] = shadow->runs[i];
	}
	shadow->count = kept;
}

static bool not_for_user(const struct run *run)
{
	return !run->for_user;
}

static bool not_for_supervisor(const struct run *run)
{
	return !run->for_supervisor;
}

static bool is_code(const struct run *run)
{
	return run->protection & PROT_EXEC;
}

/* System calls and their like that are hidden in a page. */
static uint32_t hidden_calls(const struct shadow *shadow, uint64_t gpa)
{
	const uint8_t *code = mem_code(shadow->mem, gpa, MEM_PAGE_SIZE);

	return code ? calls_in(code, MEM_PAGE_SIZE, shadow->space.code_bits) : CPU_CODE_LIES;
}

/*
 * Drops the pages of code, each a run, that hold what now is barred. What one of them names
 * may bar others.
 */
static void drop_barred(struct shadow *shadow, uint32_t bars)
{
	uint32_t found, all;
	size_t kept;

	do {
		kept = 0;
		all = 0;
		for (size_t i = 0; i < shadow->count; i++) {
			const struct run *run = &shadow->runs[i];

			found = !is_code(run) ? 0 : hidden_calls(shadow, run->gpa) |
				shadow->api->native_scan(shadow->cpu, run->gpa, run->la);
			all |= found;
			if (found & bars)
				munmap((void *)run->la, run->size);
			else
				shadow->runs[kept++] = *run;
		}
		shadow->count = kept;
	} while (all & CPU_CODE_NEWS);
}

/* Takes rights away from a guest-physical page wherever it is mapped with one of them. */
static void bar_page(struct shadow *shadow, uint64_t frame, int right)
{
	for (size_t i = 0; i < shadow->count; i++) {
		const struct run *run = &shadow->runs[i];

		if (run->protection & right && frame - run->gpa < run->size) {
			drop_range(shadow, run->la + (frame - run->gpa), MEM_PAGE_SIZE);
			/* The runs are others now. */
			i = (size_t)-1;
		}
	}
}

/* --- page tables --- */

/* One table can be there for several addresses, and at several levels for the same. */
static bool has_use(const struct shadow *shadow, const struct use *use)
{
	for (size_t i = 0; i < shadow->use_count; i++)
		if (shadow->uses[i].gpa == use->gpa && shadow->uses[i].la == use->la &&
		    shadow->uses[i].shift == use->shift)
			return true;
	return false;
}

static bool add_use(struct shadow *shadow, const struct use *use)
{
	if (shadow->use_count == shadow->use_capacity) {
		size_t capacity = shadow->use_capacity ? 2 * shadow->use_capacity : 64;
		struct use *grown = reallocarray(shadow->uses, capacity, sizeof(*grown));

		if (!grown)
			return false;
		shadow->uses = grown;
		shadow->use_capacity = capacity;
	}
	if (!shadow->api->watch(shadow->cpu, use->gpa, true))
		return false;
	bar_page(shadow, use->gpa, PROT_WRITE);
	shadow->uses[shadow->use_count++] = *use;
	return true;
}

/* Watches the tables that a translation came from. */
static bool note_tables(struct shadow *shadow, const struct cpu_translation *translation)
{
	unsigned int bits = translation->entry_size == 8 ? 9 : 10;

	for (unsigned int i = 0; i < translation->tables; i++) {
		unsigned int covered = translation->table[i].shift + bits;
		struct use use = {
			.gpa = translation->table[i].gpa,
			.la = translation->la & ~((UINT64_C(1) << covered) - 1),
			.shift = (uint8_t)translation->table[i].shift,
			.entry_size = (uint8_t)translation->entry_size,
		};

		if (!has_use(shadow, &use) && !add_use(shadow, &use))
			return false;
	}
	return true;
}

/* Entries of a table have changed: what came from them goes. */
static void entries_written(struct shadow *shadow, const struct use *use, uint64_t gpa,
			    uint64_t len)
{
	uint64_t offset = gpa & (MEM_PAGE_SIZE - 1);
	uint64_t first = offset / use->entry_size, last = (offset + len - 1) / use->entry_size;

	drop_range(shadow, use->la + (first << use->shift), (last - first + 1) << use->shift);
}

/* --- code and data --- */

static uint8_t *changes_of(struct shadow *shadow, uint64_t frame)
{
	return &shadow->changes[(frame >> 12 ^ frame >> 22) & (CHANGES - 1)];
}

void shadow_written(struct shadow *shadow, uint64_t gpa, uint64_t len)
{
	uint64_t frame = gpa & PAGE_MASK;
	bool table = false;

	for (size_t i = 0; i < shadow->use_count; i++) {
		struct use use = shadow->uses[i];

		if (use.gpa != frame)
			continue;
		table = true;
		entries_written(shadow, &use, gpa, len);
	}
	bar_page(shadow, frame, PROT_EXEC);
	shadow->api->native_forget(shadow->cpu, frame);
	if (!table)
		shadow->api->watch(shadow->cpu, frame, false);
}

void shadow_keeps_code(struct shadow *shadow, uint64_t gpa)
{
	bar_page(shadow, gpa & PAGE_MASK, PROT_WRITE);
}

/* Whether a page may become writable; code that was kept of it is given up a few times. */
static bool may_write(struct shadow *shadow, uint64_t frame, bool wanted)
{
	uint8_t *changes = changes_of(shadow, frame);

	if (shadow->api->watched(shadow->cpu, frame))
		return false;
	if (!shadow->api->has_code(shadow->cpu, frame))
		return true;
	if (!wanted || *changes >= CHANGES_MAX)
		return false;
	++*changes;
	shadow->api->forget_code(shadow->cpu, frame);
	return true;
}

/* --- making mappings --- */

static bool map_run(struct shadow *shadow, const struct run *run)
{
	const struct mem_region *region = mem_find(shadow->mem, run->gpa);

	drop_range(shadow, run->la, run->size);
	if (!region || !make_room(shadow, 1) ||
	    mem_map(shadow->mem, region->host + (run->gpa - region->gpa), run->size,
		    run->protection, (void *)run->la))
		return false;
	insert(shadow, first_after(shadow, run->la), run);
	return true;
}

/* The part of the translation around la that is mapped at once: one region's, the guest's. */
static bool cut(const struct shadow *shadow, const struct cpu_translation *translation,
		uint64_t la, struct run *run)
{
	uint64_t start = la & ~(CHUNK - 1), end = start + CHUNK;
	uint64_t gpa = translation->gpa + (la - translation->la);
	const struct mem_region *region = mem_find(shadow->mem, gpa);
	/* What is to be added to a guest-physical address. */
	uint64_t shift = translation->la - translation->gpa;

	if (!region || region->flags & MEM_TRAP)
		return false;
	if (start < translation->la)
		start = translation->la;
	if (end > translation->la + translation->size)
		end = translation->la + translation->size;
	if (gpa - region->gpa < la - start)
		start = region->gpa + shift;
	if (region->size - (gpa - region->gpa) < end - la)
		end = region->gpa + region->size + shift;
	if (start < shadow->low)
		start = shadow->low;
	if (end > shadow->high)
		end = shadow->high;
	*run = (struct run){
		.la = start, .gpa = start - shift, .size = end - start,
		.protection = PROT_READ, .for_user = translation->for_user,
		.for_supervisor = translation->for_supervisor,
	};
	return la >= start && la < end;
}

/* Whether the page is mapped as code, which data must not replace. */
static bool mapped_code(const struct shadow *shadow, uint64_t la)
{
	size_t at = first_after(shadow, la);

	return at < shadow->count && shadow->runs[at].la <= la && is_code(&shadow->runs[at]);
}

/* Maps data: pages of code in between stay, those that are watched are not writable. */
static bool map_data(struct shadow *shadow, const struct run *whole, bool writable, uint64_t la)
{
	struct run run = *whole;
	uint64_t end = whole->la + whole->size;
	bool done = false;

	run.size = 0;
	for (uint64_t at = whole->la; at < end; at += MEM_PAGE_SIZE) {
		uint64_t frame = whole->gpa + (at - whole->la);
		bool wanted = at == (la & PAGE_MASK);
		bool skip = mapped_code(shadow, at) && !wanted;
		int protection = PROT_READ;

		if (!skip && writable && may_write(shadow, frame, wanted))
			protection |= PROT_WRITE;
		if (run.size && (skip || protection != run.protection)) {
			if (!map_run(shadow, &run))
				return false;
			run.size = 0;
		}
		if (skip)
			continue;
		if (!run.size) {
			run.la = at;
			run.gpa = frame;
			run.protection = protection;
		}
		run.size += MEM_PAGE_SIZE;
		done |= wanted && (!writable || protection & PROT_WRITE);
	}
	return (!run.size || map_run(shadow, &run)) && done;
}

/* The byte of code that is mapped at la, or will be with the page; none: 0, which hides nothing. */
static uint8_t code_byte(const struct shadow *shadow, const struct run *page, uint64_t la)
{
	const uint8_t *byte = NULL;

	if (la - page->la >= page->size) {
		if (!mapped_code(shadow, la))
			return 0;
		page = &shadow->runs[first_after(shadow, la)];
	}
	byte = mem_code(shadow->mem, page->gpa + (la - page->la), 1);
	return byte ? *byte : 0;
}

/* Whether one lies across the border at la of a page and the code beside it. */
static bool is_across(const struct shadow *shadow, const struct run *page, uint64_t la)
{
	const unsigned int reach = 2;	/* all of one but a byte */
	uint8_t bytes[4];

	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = code_byte(shadow, page, la - reach + i);
	return calls_in(bytes, sizeof(bytes), shadow->space.code_bits);
}

static bool hides_calls(const struct shadow *shadow, const struct run *page)
{
	return is_across(shadow, page, page->la) ||
	       is_across(shadow, page, page->la + page->size) ||
	       hidden_calls(shadow, page->gpa) & shadow->bars;
}

/* Whether a page of code, entered at la, holds nothing that it must not, nor at its borders. */
static bool is_fit(struct shadow *shadow, uint64_t gpa, uint64_t la)
{
	const struct cpu_module *api = shadow->api;
	uint32_t found = api->native_scan(shadow->cpu, gpa, la);

	/* What it names may bar code that was fit; which may name more. */
	while (found & CPU_CODE_NEWS) {
		drop_barred(shadow, shadow->bars);
		found = api->native_scan(shadow->cpu, gpa, la);
	}
	found |= api->native_crossing(shadow->cpu, la);
	found |= api->native_crossing(shadow->cpu, la + MEM_PAGE_SIZE);
	return !(found & shadow->bars);
}

/* Maps one page of code, once it has been looked through. */
static bool map_code(struct shadow *shadow, const struct run *whole, uint64_t la)
{
	struct run run = *whole;
	uint64_t page = la & PAGE_MASK;

	run.gpa += page - run.la;
	run.la = page;
	run.size = MEM_PAGE_SIZE;
	run.protection = PROT_READ | PROT_EXEC;
	if (!is_fit(shadow, run.gpa + (la & ~PAGE_MASK), la) || hides_calls(shadow, &run))
		return false;
	if (!shadow->api->watch(shadow->cpu, run.gpa, true))
		return false;
	bar_page(shadow, run.gpa, PROT_WRITE);
	return map_run(shadow, &run);
}

bool shadow_fault(struct shadow *shadow, uint64_t la, enum cpu_access access)
{
	struct cpu_translation translation;
	struct run run;

	if (!shadow_reaches(shadow, la) ||
	    !shadow->api->native_translate(shadow->cpu, la, access, &translation))
		return false;
	/* The walk may have set bits in tables. */
	if (!(shadow->space.user ? translation.for_user : translation.for_supervisor))
		return false;
	if (shadow->count > RUNS_MAX || shadow->use_count > USES_MAX)
		drop_all(shadow);
	if (!note_tables(shadow, &translation) || !cut(shadow, &translation, la, &run))
		return false;
	if (access == CPU_EXECUTE)
		return translation.executable && map_code(shadow, &run, la);
	if (access == CPU_WRITE && !translation.writable)
		return false;
	return map_data(shadow, &run, translation.writable, la) || access == CPU_READ;
}

static bool same_tables(const struct cpu_space *a, const struct cpu_space *b)
{
	return a->cr0 == b->cr0 && a->cr3 == b->cr3 && a->cr4 == b->cr4 && a->efer == b->efer;
}

bool shadow_enter(struct shadow *shadow, uint64_t la, const struct cpu_space *space,
		  uint32_t bars)
{
	uint64_t gpa;
	size_t at;

	if (!shadow_reaches(shadow, la))
		return false;
	if (!same_tables(&shadow->space, space))
		drop_all(shadow);
	else if (shadow->space.user != space->user)
		drop_unfit(shadow, space->user ? not_for_user : not_for_supervisor);
	/* Code that was fit need no longer be. */
	if (shadow->space.code_bits != space->code_bits)
		drop_unfit(shadow, is_code);
	else if (bars & ~shadow->bars)
		drop_barred(shadow, bars);
	shadow->space = *space;
	shadow->bars = bars;
	at = first_after(shadow, la);
	if (at == shadow->count || shadow->runs[at].la > la || !is_code(&shadow->runs[at]))
		return shadow_fault(shadow, la, CPU_EXECUTE);
	gpa = shadow->runs[at].gpa + (la - shadow->runs[at].la);
	if (is_fit(shadow, gpa, la))
		return true;
	/* Code elsewhere must not come to it either. */
	bar_page(shadow, gpa & PAGE_MASK, PROT_EXEC);
	return false;
}
