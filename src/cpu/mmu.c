/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mmu.c - from linear addresses to memory: the page walk with its side effects
 * (SDM vol. 3, chapter 4), the TLB, and accesses that the inline fast path does
 * not take.
 *
 * Reports have a walk of their own (pagewalk.c): that one keeps each entry, changes
 * nothing, knows what this processor does not (5 levels), and is in vmm itself
 * rather than in this module; this one marks entries, has the PDPTEs in registers,
 * and raises page faults. tests/unit-walkers.c has both agree.
 */
#include "cpu/descriptor.h"
#include "cpu/internal.h"
#include "cpu/native.h"
#include "cpu/watch.h"

#define PTE_PRESENT	UINT64_C(0x1)
#define PTE_WRITE	UINT64_C(0x2)
#define PTE_USER	UINT64_C(0x4)
#define PTE_ACCESSED	UINT64_C(0x20)
#define PTE_DIRTY	UINT64_C(0x40)
#define PTE_LARGE	UINT64_C(0x80)
#define PTE_GLOBAL	UINT64_C(0x100)
#define PTE_NX		(UINT64_C(1) << 63)

#define PHYSICAL_BITS	40	/* as CPUID says */
#define PHYSICAL_MASK	((UINT64_C(1) << PHYSICAL_BITS) - 1)
#define FRAME_MASK	(PHYSICAL_MASK & ~PAGE_OFFSET_MASK)
#define FRAME_MASK_32	UINT64_C(0xFFFFF000)
#define PTE_RESERVED	(((UINT64_C(1) << 52) - 1) & ~PHYSICAL_MASK)
/* Of an entry of 32 bits that maps 4 MiB: with and without 8 bits more of the address. */
#define PDE_RESERVED_PSE36	UINT64_C(0x200000)
#define PDE_RESERVED_PSE	UINT64_C(0x3FE000)

#define MMIO_ACCESS_MAX	8u

/* How a kind of paging is laid out. */
struct paging {
	uint8_t levels;
	uint8_t index_bits;
	uint8_t entry_size;
	uint8_t large_levels;	/* a bit for each level (1 is the last) that can map pages */
};

static const struct paging paging_32 = { 2, 10, 4, 0 };
static const struct paging paging_32_pse = { 2, 10, 4, 1 << 2 };
static const struct paging paging_pae = { 2, 9, 8, 1 << 2 };	/* behind the PDPTEs */
static const struct paging paging_4level = { 4, 9, 8, 1 << 2 | 1 << 3 };

/* What an access is, and what the walk has found for it. */
struct walk {
	uint64_t la;
	enum access access;
	bool user;
	uint64_t physical;
	bool writable;		/* by this privilege, and dirty already */
	bool global;
	bool large;
};

static const struct paging *paging_kind(const struct cpu *cpu)
{
	if (cpu_long(cpu))
		return &paging_4level;
	if (cpu->cr4 & CR4_PAE)
		return &paging_pae;
	return cpu->cr4 & CR4_PSE ? &paging_32_pse : &paging_32;
}

static bool nx_enabled(const struct cpu *cpu)
{
	return cpu->efer & EFER_NXE && cpu->cr4 & CR4_PAE;
}

static _Noreturn void walk_fault(struct cpu *cpu, const struct walk *walk, uint32_t error)
{
	if (walk->access == ACCESS_WRITE)
		error |= PF_WRITE;
	if (walk->user)
		error |= PF_USER;
	if (walk->access == ACCESS_FETCH && (nx_enabled(cpu) || cpu->cr4 & CR4_SMEP))
		error |= PF_FETCH;
	raise_page_fault(cpu, walk->la, error);
}

/* mem_find(), which most often gives the same region as the time before. */
static const struct mem_region *find_region(struct cpu *cpu, uint64_t gpa)
{
	const struct mem_region *last = cpu->region;

	if (last && gpa >= last->gpa && gpa - last->gpa < last->size)
		return last;
	last = mem_find(cpu->mem, gpa);
	if (last)
		cpu->region = last;
	return last;
}

/*
 * Page tables outside memory read as all ones on the bus: with reserved bits set.
 * Entries are aligned, so that all of one lies where its first byte does.
 */
static uint64_t entry_read(struct cpu *cpu, uint64_t gpa, unsigned int size)
{
	const struct mem_region *region;
	uint64_t value = 0;

	gpa &= cpu->address_lines;
	region = find_region(cpu, gpa);
	if (!region || !(region->flags & MEM_READ))
		return size == 8 ? UINT64_MAX : UINT32_MAX;
	memcpy(&value, region->host + (gpa - region->gpa), size);
	return value;
}

static void entry_set_bits(struct cpu *cpu, uint64_t gpa, unsigned int size, uint64_t value,
			   uint64_t bits)
{
	const struct mem_region *region;

	if ((value & bits) == bits)
		return;
	value |= bits;
	gpa &= cpu->address_lines;
	region = find_region(cpu, gpa);
	/* Tables in ROM stay as they are. */
	if (!region || !(region->flags & MEM_WRITE))
		return;
	/* Not told to who watches the page: the guest has written nothing. */
	blocks_written(cpu, gpa, size);
	memcpy(region->host + (gpa - region->gpa), &value, size);
}

/* The bits of an entry that have to be 0. */
static uint64_t reserved_bits(struct cpu *cpu, const struct paging *paging,
			      unsigned int level, bool large)
{
	uint64_t reserved;

	if (paging->entry_size == 4)
		return !large ? 0 : cpu_has(cpu, FEATURE_PSE36) ? PDE_RESERVED_PSE36 :
		       PDE_RESERVED_PSE;
	reserved = PTE_RESERVED;
	if (!(cpu->efer & EFER_NXE))
		reserved |= PTE_NX;
	if (!cpu_long(cpu))
		reserved |= UINT64_C(0x7FF) << 52;	/* 62:52, NX apart */
	if (level == 3 && large && !cpu_has(cpu, FEATURE_PAGE1GB))
		reserved |= PTE_LARGE;
	else if (large)
		reserved |= level == 3 ? UINT64_C(0x3FFFE000) : UINT64_C(0x1FE000);
	else if (level == 4)
		reserved |= PTE_LARGE;
	return reserved;
}

/* The frame that an entry maps, with the part of la below its page size. */
static uint64_t large_frame(const struct paging *paging, uint64_t entry, unsigned int shift)
{
	uint64_t below = (UINT64_C(1) << shift) - 1;

	if (paging->entry_size == 4)	/* PSE-36: bits 39:32 in 20:13 */
		return (entry & FRAME_MASK_32 & ~below) | (entry >> 13 & 0xFF) << 32;
	return entry & FRAME_MASK & ~below;
}

/* Rights that all levels of a walk give together. */
struct rights {
	bool user;
	bool writable;
	bool executable;
};

/* Whether the rights allow the access (SDM vol. 3, 4.6.1). */
static bool allowed(const struct cpu *cpu, const struct walk *walk, const struct rights *rights)
{
	if (walk->user && !rights->user)
		return false;
	switch (walk->access) {
	case ACCESS_WRITE:
		if (!rights->writable && (walk->user || cpu->cr0 & CR0_WP))
			return false;
		break;
	case ACCESS_FETCH:
		if (!rights->executable)
			return false;
		if (!walk->user && rights->user && cpu->cr4 & CR4_SMEP)
			return false;
		return true;
	case ACCESS_READ:
		break;
	}
	/* Implicit supervisor accesses come from user code: AC does not help those. */
	if (!walk->user && rights->user && cpu->cr4 & CR4_SMAP)
		return cpu->rflags & RFLAGS_AC && cpu->cpl < 3;
	return true;
}

static void walk_tables(struct cpu *cpu, struct walk *walk)
{
	const struct paging *paging = paging_kind(cpu);
	unsigned int shift = PAGE_SHIFT + paging->levels * paging->index_bits;
	struct rights rights = { true, true, true };
	uint64_t table = cpu->cr3 & (paging->entry_size == 4 ? FRAME_MASK_32 : FRAME_MASK);
	uint64_t entry = 0, gpa = 0;
	unsigned int level;
	bool large = false;

	if (paging == &paging_pae) {
		entry = cpu->pdpte[walk->la >> 30 & 3];
		if (!(entry & PTE_PRESENT))
			walk_fault(cpu, walk, 0);
		table = entry & FRAME_MASK;
	}
	for (level = paging->levels; level && !large; level--) {
		shift -= paging->index_bits;
		gpa = table + (walk->la >> shift & ((1u << paging->index_bits) - 1)) *
			      paging->entry_size;
		entry = entry_read(cpu, gpa, paging->entry_size);
		if (!(entry & PTE_PRESENT))
			walk_fault(cpu, walk, 0);
		large = entry & PTE_LARGE && paging->large_levels >> level & 1;
		if (entry & reserved_bits(cpu, paging, level, large))
			walk_fault(cpu, walk, PF_PRESENT | PF_RESERVED);
		rights.user &= !!(entry & PTE_USER);
		rights.writable &= !!(entry & PTE_WRITE);
		rights.executable &= paging->entry_size == 4 || !(entry & PTE_NX);
		table = entry & (paging->entry_size == 4 ? FRAME_MASK_32 : FRAME_MASK);
		if (level > 1 && !large)
			entry_set_bits(cpu, gpa, paging->entry_size, entry, PTE_ACCESSED);
	}
	if (!allowed(cpu, walk, &rights))
		walk_fault(cpu, walk, PF_PRESENT);
	entry_set_bits(cpu, gpa, paging->entry_size, entry,
		       PTE_ACCESSED | (walk->access == ACCESS_WRITE ? PTE_DIRTY : 0));
	walk->physical = large ? large_frame(paging, entry, shift) |
				 (walk->la & ((UINT64_C(1) << shift) - 1)) :
				 table | (walk->la & PAGE_OFFSET_MASK);
	walk->writable = (walk->access == ACCESS_WRITE || entry & PTE_DIRTY) &&
			 (rights.writable || (!walk->user && !(cpu->cr0 & CR0_WP)));
	walk->global = entry & PTE_GLOBAL && cpu->cr4 & CR4_PGE;
	walk->large = large;
}

static bool by_stack_segment(const struct cpu *cpu)
{
	return cpu->current && cpu->current->segment == SEG_SS;
}

/* Segments of 64-bit mode are not looked at before. */
static void check_canonical(struct cpu *cpu, uint64_t la, unsigned int size)
{
	if (cpu_long(cpu) && unlikely(!canonical(la) || !canonical(la + size - 1)))
		raise_error(cpu, by_stack_segment(cpu) ? VECTOR_SS : VECTOR_GP, 0);
}

static void translate(struct cpu *cpu, struct walk *walk)
{
	check_canonical(cpu, walk->la, 1);
	if (!cpu_long(cpu))
		walk->la = (uint32_t)walk->la;
	if (cpu_paging(cpu)) {
		walk_tables(cpu, walk);
	} else {
		walk->physical = walk->la;
		walk->writable = true;
	}
	walk->physical &= cpu->address_lines;
}

/* --- TLB --- */

#define LARGEST_PAGE_SHIFT 30

static void tlb_drop(struct cpu *cpu, enum tlb_kind kind, unsigned int index)
{
	const uint64_t bit = UINT64_C(1) << index % 64;
	struct tlb_use *use = &cpu->tlb_use[kind];
	struct tlb *tlb = &cpu->tlbs[kind];

	tlb->entry[index] = (struct tlb_entry){ .tag = { TLB_NONE, TLB_NONE, TLB_NONE } };
	tlb->page[index].beside_code = TLB_NONE;
	use->used[index / 64] &= ~bit;
	use->global[index / 64] &= ~bit;
	use->large[index / 64] &= ~bit;
}

/* Steps through the entries whose bits are set in a word of a TLB's bits. */
static bool next_entry(uint64_t *bits, unsigned int word, unsigned int *index)
{
	if (!*bits)
		return false;
	*index = word * 64 + (unsigned int)__builtin_ctzll(*bits);
	*bits &= *bits - 1;
	return true;
}

/* Takes as long as there are entries to drop. */
void mmu_flush(struct cpu *cpu, bool global_too)
{
	unsigned int index;

	for (unsigned int kind = 0; kind < TLB_KINDS; kind++) {
		const struct tlb_use *use = &cpu->tlb_use[kind];

		for (unsigned int i = 0; i < TLB_WORDS; i++) {
			uint64_t bits = use->used[i] & ~(global_too ? 0 : use->global[i]);

			while (next_entry(&bits, i, &index))
				tlb_drop(cpu, kind, index);
		}
	}
	blocks_forget_addresses(cpu);
}

/* Whether an entry may be a piece of the large page at la, whatever its size. */
static bool same_large_page(const struct tlb_entry *entry, uint64_t la)
{
	for (unsigned int i = 0; i < 3; i++)
		if (entry->tag[i] && !((entry->tag[i] ^ la) >> LARGEST_PAGE_SHIFT))
			return true;
	return false;
}

static void tlb_flush_page(struct cpu *cpu, enum tlb_kind kind, uint64_t la)
{
	unsigned int index = tlb_index(la);

	if (cpu->tlb_use[kind].used[index / 64] >> index % 64 & 1)
		tlb_drop(cpu, kind, index);
	for (unsigned int i = 0; i < TLB_WORDS; i++) {
		uint64_t bits = cpu->tlb_use[kind].large[i];

		while (next_entry(&bits, i, &index))
			if (same_large_page(&cpu->tlbs[kind].entry[index], la))
				tlb_drop(cpu, kind, index);
	}
}

void mmu_flush_page(struct cpu *cpu, uint64_t la)
{
	if (!cpu_long(cpu))
		la = (uint32_t)la;
	for (unsigned int kind = 0; kind < TLB_KINDS; kind++)
		tlb_flush_page(cpu, kind, la);
	blocks_forget_addresses(cpu);
}

static void watch_entry(struct tlb *tlb, unsigned int index, uint64_t frame, bool all)
{
	uint64_t *tag = &tlb->entry[index].tag[ACCESS_WRITE];

	if (tlb->page[index].frame != frame)
		return;
	if (all)
		tlb->page[index].beside_code = TLB_NONE;
	else if (*tag != TLB_NONE)
		tlb->page[index].beside_code = *tag;
	*tag = TLB_NONE;
}

void mmu_watch_frame(struct cpu *cpu, uint64_t frame, bool all)
{
	unsigned int index;

	for (unsigned int kind = 0; kind < TLB_KINDS; kind++) {
		for (unsigned int i = 0; i < TLB_WORDS; i++) {
			uint64_t bits = cpu->tlb_use[kind].used[i];

			while (next_entry(&bits, i, &index))
				watch_entry(&cpu->tlbs[kind], index, frame, all);
		}
	}
}

/* Whether every access has to be looked at: unaligned ones raise #AC. */
static bool alignment_checked(const struct cpu *cpu)
{
	return cpu->cpl == 3 && cpu->cr0 & CR0_AM && cpu->rflags & RFLAGS_AC;
}

static enum tlb_kind tlb_kind(const struct cpu *cpu, bool user)
{
	if (user)
		return TLB_USER;
	return cpu->cr4 & CR4_SMAP && cpu->rflags & RFLAGS_AC && cpu->cpl < 3 ?
	       TLB_SUPERVISOR_AC : TLB_SUPERVISOR;
}

void mmu_select_tlb(struct cpu *cpu)
{
	bool look = cpu->breakpoints & BREAK_DATA || alignment_checked(cpu);

	cpu->tlb = &cpu->tlbs[look ? TLB_EMPTY : tlb_kind(cpu, cpu->cpl == 3)];
}

/* Notes that an entry is used, and by what. */
static void note_use(struct tlb_use *use, unsigned int index, const struct walk *walk)
{
	const uint64_t bit = UINT64_C(1) << index % 64;

	use->used[index / 64] |= bit;
	use->global[index / 64] &= ~bit;
	use->large[index / 64] &= ~bit;
	if (walk->global)
		use->global[index / 64] |= bit;
	if (walk->large)
		use->large[index / 64] |= bit;
}

/* Remembers a translation where its page is plain memory. */
static void tlb_fill(struct cpu *cpu, const struct walk *walk, const struct mem_region *region)
{
	enum tlb_kind kind = tlb_kind(cpu, walk->user);
	unsigned int index = tlb_index(walk->la);
	struct tlb_entry *entry = &cpu->tlbs[kind].entry[index];
	struct tlb_page *more = &cpu->tlbs[kind].page[index];
	uint64_t frame = walk->physical & ~PAGE_OFFSET_MASK;
	uint64_t page = walk->la & ~PAGE_OFFSET_MASK;
	uintptr_t addend = (uintptr_t)(region->host + (frame - region->gpa)) - page;

	if (region->flags & MEM_TRAP)
		return;
	note_use(&cpu->tlb_use[kind], index, walk);
	for (unsigned int i = 0; i < 3; i++)
		if (entry->addend != addend || entry->tag[i] != tlb_tag(page))
			entry->tag[i] = TLB_NONE;
	entry->addend = addend;
	*more = (struct tlb_page){ .frame = frame };
	if (walk->access == ACCESS_FETCH)
		entry->tag[ACCESS_FETCH] = tlb_tag(page);
	else
		entry->tag[ACCESS_READ] = tlb_tag(page);
	if (walk->access == ACCESS_FETCH || !walk->writable || !(region->flags & MEM_WRITE))
		return;
	/* A write to a page that holds decoded code has to be seen. */
	entry->tag[ACCESS_WRITE] = TLB_NONE;
	if (cpu_watched(cpu, frame))
		return;
	if (blocks_page_has_code(cpu, frame))
		more->beside_code = tlb_tag(page);
	else
		entry->tag[ACCESS_WRITE] = tlb_tag(page);
}

/*
 * As tlb_pointer() for a write, where the page holds decoded code. Of that is
 * forgotten what the write changes; NULL: take the slow way.
 */
static void *pointer_beside_code(struct cpu *cpu, uint64_t la, unsigned int size)
{
	unsigned int index = tlb_index(la);
	struct tlb_page *page = &cpu->tlb->page[index];

	if (page->beside_code != tlb_tag(la + size - 1))
		return NULL;
	blocks_written(cpu, page->frame | (la & PAGE_OFFSET_MASK), size);
	if (!blocks_page_has_code(cpu, page->frame)) {
		cpu->tlb->entry[index].tag[ACCESS_WRITE] = page->beside_code;
		page->beside_code = TLB_NONE;
	}
	return (void *)(cpu->tlb->entry[index].addend + la);
}

/* Translates for an access that lies in one page. */
static const struct mem_region *resolve(struct cpu *cpu, struct walk *walk)
{
	const struct mem_region *region;

	translate(cpu, walk);
	region = find_region(cpu, walk->physical);
	if (region)
		tlb_fill(cpu, walk, region);
	return region;
}

/* --- accesses --- */

static void device_access(struct cpu *cpu, uint64_t gpa, void *data, unsigned int size,
			  bool write)
{
	while (size) {
		unsigned int part = MMIO_ACCESS_MAX;
		uint64_t value = 0;

		while (part > size)
			part /= 2;
		if (write) {
			memcpy(&value, data, part);
			cpu->ops->write(cpu->self, BUS_MMIO, gpa, part, value);
		} else {
			value = cpu->ops->read(cpu->self, BUS_MMIO, gpa, part);
			memcpy(data, &value, part);
		}
		data = (uint8_t *)data + part;
		gpa += part;
		size -= part;
	}
}

/* A piece of an access, within one page and already translated. */
static void access_physical(struct cpu *cpu, const struct walk *walk,
			    const struct mem_region *region, void *data, unsigned int size)
{
	uint64_t gpa = walk->physical;
	bool write = walk->access == ACCESS_WRITE;
	uint8_t *host;

	/* Memory that is trapped is executed all the same. */
	if (region && write)
		blocks_written(cpu, gpa, size);
	if (!region || region->flags & MEM_TRAP) {
		device_access(cpu, gpa, data, size, write);
		return;
	}
	host = region->host + (gpa - region->gpa);
	if (!write) {
		memcpy(data, host, size);
	} else if (region->flags & MEM_WRITE) {
		memcpy(host, data, size);
		watch_written(cpu, gpa, size);
	}
}

/* What comes before paging, for the whole access. */
static void check_address(struct cpu *cpu, uint64_t la, unsigned int size)
{
	check_canonical(cpu, la, size);
	if (unlikely(alignment_checked(cpu)) && size <= 8 && la & (size - 1) &&
	    !(cpu->current && cpu->current->prefixes & INSN_UNALIGNED))
		raise_error(cpu, VECTOR_AC, 0);
}

static void check_breakpoints(struct cpu *cpu, uint64_t la, unsigned int size, bool write)
{
	if (unlikely(cpu->breakpoints & BREAK_DATA))
		debug_access(cpu, la, size, write, false);
}

/*
 * An access by a privilege. It may cross into a second page; both are
 * translated before anything is done.
 */
static void access_linear(struct cpu *cpu, uint64_t la, void *data, unsigned int size,
			  enum access access, bool user, bool probe)
{
	unsigned int room = (unsigned int)(PAGE_OFFSET_MASK + 1 - (la & PAGE_OFFSET_MASK));
	unsigned int first = size < room ? size : room;
	struct walk head = { .la = la, .access = access, .user = user };
	struct walk tail = { .la = la + first, .access = access, .user = user };
	const struct mem_region *head_region = resolve(cpu, &head), *tail_region = NULL;

	if (first < size)
		tail_region = resolve(cpu, &tail);
	if (probe)
		head.access = tail.access = ACCESS_READ;
	access_physical(cpu, &head, head_region, data, first);
	if (first < size)
		access_physical(cpu, &tail, tail_region, (uint8_t *)data + first, size - first);
}

static bool is_user(const struct cpu *cpu)
{
	return cpu->cpl == 3;
}

void mmu_read(struct cpu *cpu, uint64_t la, void *data, unsigned int size)
{
	const void *host = tlb_pointer(cpu, la, size, ACCESS_READ);

	if (host) {
		memcpy(data, host, size);
		return;
	}
	check_address(cpu, la, size);
	access_linear(cpu, la, data, size, ACCESS_READ, is_user(cpu), false);
	check_breakpoints(cpu, la, size, false);
}

void mmu_write(struct cpu *cpu, uint64_t la, const void *data, unsigned int size)
{
	void *host = tlb_pointer(cpu, la, size, ACCESS_WRITE);

	if (!host)
		host = pointer_beside_code(cpu, la, size);
	if (host) {
		memcpy(host, data, size);
		return;
	}
	check_address(cpu, la, size);
	access_linear(cpu, la, (void *)(uintptr_t)data, size, ACCESS_WRITE, is_user(cpu), false);
	check_breakpoints(cpu, la, size, true);
}

void mmu_read_for_write(struct cpu *cpu, uint64_t la, void *data, unsigned int size)
{
	const void *host = tlb_pointer(cpu, la, size, ACCESS_WRITE);

	if (!host)
		host = pointer_beside_code(cpu, la, size);
	if (host) {
		memcpy(data, host, size);
		return;
	}
	check_address(cpu, la, size);
	access_linear(cpu, la, data, size, ACCESS_WRITE, is_user(cpu), true);
}

uint64_t read_sized(struct cpu *cpu, uint64_t la, unsigned int size)
{
	uint64_t value = 0;

	mmu_read(cpu, la, &value, size);
	return value;
}

void write_sized(struct cpu *cpu, uint64_t la, unsigned int size, uint64_t value)
{
	mmu_write(cpu, la, &value, size);
}

uint64_t read_checked(struct cpu *cpu, unsigned int segment, uint64_t offset, unsigned int size)
{
	return read_sized(cpu, linear_checked(cpu, segment, offset, size, ACCESS_READ), size);
}

void write_checked(struct cpu *cpu, unsigned int segment, uint64_t offset, unsigned int size,
		   uint64_t value)
{
	write_sized(cpu, linear_checked(cpu, segment, offset, size, ACCESS_WRITE), size, value);
}

void mmu_system_read(struct cpu *cpu, uint64_t la, void *data, unsigned int size)
{
	access_linear(cpu, la, data, size, ACCESS_READ, false, false);
}

void mmu_system_write(struct cpu *cpu, uint64_t la, const void *data, unsigned int size)
{
	access_linear(cpu, la, (void *)(uintptr_t)data, size, ACCESS_WRITE, false, false);
}

unsigned int mmu_span(struct cpu *cpu, uint64_t la, unsigned int len, enum access access,
		      void **host)
{
	unsigned int room = (unsigned int)(PAGE_OFFSET_MASK + 1 - (la & PAGE_OFFSET_MASK));
	struct walk walk = { .la = la, .access = access, .user = is_user(cpu) };

	*host = tlb_pointer(cpu, la, 1, access);
	if (!*host) {
		resolve(cpu, &walk);
		*host = tlb_pointer(cpu, la, 1, access);
	}
	if (!*host)
		return 0;
	return len < room ? len : room;
}

uint64_t mmu_address(struct cpu *cpu, uint64_t la, enum access access)
{
	struct walk walk = { .la = la, .access = access, .user = is_user(cpu) };
	unsigned int index = tlb_index(la);

	if (access == ACCESS_FETCH && cpu->tlb->entry[index].tag[ACCESS_FETCH] == tlb_tag(la))
		return cpu->tlb->page[index].frame | (la & PAGE_OFFSET_MASK);

	resolve(cpu, &walk);
	return walk.physical;
}

static void read_pdptes(struct cpu *cpu, uint64_t cr3, uint64_t pdpte[4])
{
	for (unsigned int i = 0; i < 4; i++)
		pdpte[i] = entry_read(cpu, (cr3 & UINT64_C(0xFFFFFFE0)) + i * 8, 8);
}

void mmu_load_pdptes(struct cpu *cpu, uint64_t cr3)
{
	uint64_t reserved = PTE_RESERVED | UINT64_C(0x1E6) | ~((UINT64_C(1) << 52) - 1);
	uint64_t pdpte[4];

	read_pdptes(cpu, cr3, pdpte);
	for (unsigned int i = 0; i < 4; i++)
		if (pdpte[i] & PTE_PRESENT && pdpte[i] & reserved)
			raise_error(cpu, VECTOR_GP, 0);
	memcpy(cpu->pdpte, pdpte, sizeof(pdpte));
}

void mmu_reload_pdptes(struct cpu *cpu)
{
	if (cpu_paging(cpu) && cpu->cr4 & CR4_PAE && !cpu_long(cpu))
		read_pdptes(cpu, cpu->cr3, cpu->pdpte);
}
