/* SPDX-License-Identifier: 0BSD */
/*
 * paging.c - tables, probes and checks for any kind of page tables, see
 * paging.h.
 */
#include "cpu/paging.h"

#include <vmm/format.h>
#include <vmm/string.h>

#define TABLES_START	0x100000u	/* tables and frames, as many as are asked for */
#define FRAME		0x800000u	/* of the page under test, whatever the size */
#define ONE_TO_ONE	0x400000u

/*
 * A page of code for ring 3: mov (%ebx), %al; mov %al, (%ebx); jmp *%ebx, each
 * followed by INT USER_DONE. The same bytes in both modes.
 */
static const uint8_t user_code[] = {
	0x8A, 0x03, 0xCD, USER_DONE,
	0x88, 0x03, 0xCD, USER_DONE,
	0xFF, 0xE3,
};

static const uint8_t int_done[] = { 0xCD, USER_DONE };

static uint32_t next_frame = TABLES_START;

uint64_t frame_allocate(void)
{
	uint32_t frame = next_frame;

	next_frame += PAGE_SIZE;
	memset((void *)(uintptr_t)frame, 0, PAGE_SIZE);
	return frame;
}

void frames_from(uint32_t address)
{
	next_frame = address;
}

/* --- tables --- */

static unsigned int entry_index(const struct paging *paging, uint64_t address, unsigned int level)
{
	unsigned int shift = 12 + paging->index_bits * (paging->levels - 1 - level);

	return (unsigned int)(address >> shift) & ((1u << paging->index_bits) - 1);
}

static uint64_t load_entry(const struct paging *paging, uint64_t table, unsigned int index)
{
	if (paging->entry_bytes == 4)
		return ((const volatile uint32_t *)(uintptr_t)table)[index];
	return ((const volatile uint64_t *)(uintptr_t)table)[index];
}

static void store_entry(const struct paging *paging, uint64_t table, unsigned int index,
			uint64_t entry)
{
	if (paging->entry_bytes == 4)
		((volatile uint32_t *)(uintptr_t)table)[index] = (uint32_t)entry;
	else
		((volatile uint64_t *)(uintptr_t)table)[index] = entry;
}

/* All memory used lies below 4 GiB. */
static uint64_t entry_address(uint64_t entry)
{
	return entry & 0xFFFFF000u;
}

/* The table that the address is looked up in at a level. */
static uint64_t table_at(const struct paging *paging, uint64_t address, unsigned int level)
{
	uint64_t table = paging->root;

	for (unsigned int i = 0; i < level; i++)
		table = entry_address(load_entry(paging, table, entry_index(paging, address, i)));
	return table;
}

uint64_t paging_entry(const struct paging *paging, uint64_t address, unsigned int level)
{
	return load_entry(paging, table_at(paging, address, level),
			  entry_index(paging, address, level));
}

void paging_set(const struct paging *paging, uint64_t address, unsigned int level, uint64_t entry)
{
	store_entry(paging, table_at(paging, address, level), entry_index(paging, address, level),
		    entry);
}

void paging_map(struct paging *paging, uint64_t address, uint64_t frame, uint64_t flags)
{
	for (unsigned int level = 0; level < paging->levels - 1; level++) {
		uint64_t rights = level < paging->first_rights ? PTE_P : PTE_ALL;

		if (!(paging_entry(paging, address, level) & PTE_P))
			paging_set(paging, address, level, frame_allocate() | rights);
	}
	paging_set(paging, address, paging->levels - 1, frame | flags);
}

/*
 * QEMU's TCG marks PAE's directory pointers as accessed, where that is a
 * reserved bit, and KVM under it refuses them with the next write of CR4.
 */
static void set_cr4(const struct paging *paging, uintptr_t cr4)
{
	for (unsigned int i = 0; paging->first_rights && i < 4; i++)
		store_entry(paging, paging->root, i,
			    load_entry(paging, paging->root, i) & ~(uint64_t)PTE_A);
	write_cr4(cr4);
}

void paging_start(struct paging *paging, uint32_t cr4)
{
	uint64_t code = frame_allocate();

	paging->root = frame_allocate();
	memcpy((void *)(uintptr_t)code, user_code, sizeof(user_code));
	memcpy((void *)(uintptr_t)FRAME, int_done, sizeof(int_done));
	for (uint32_t at = 0; at < ONE_TO_ONE; at += PAGE_SIZE)
		paging_map(paging, at, at, PTE_P | PTE_RW);
	paging_map(paging, paging->user_address, code, PTE_ALL);
	paging_map(paging, paging->test_address, FRAME, PTE_ALL);
	write_cr4(read_cr4() | cr4);
	write_cr3((uintptr_t)paging->root);
	write_cr0(read_cr0() | CR0_PG | CR0_WP);
}

/* --- probes --- */

static void probe_user(const struct paging *paging, enum probe_kind kind, uintptr_t address,
		       uintptr_t flags)
{
	uintptr_t code = (uintptr_t)paging->user_address + kind * 4;

	TRY(TRAP_USER_DATA "push %3\n\tpush %3\n\tpush %2\n\tpush %4\n\tpush %1\n\t" TRAP_IRET
	    , : "b"(address), "r"(code), "r"(flags), "i"(USER_DS), "i"(USER_CS), "a"(0xCD)
	    : "memory", "cc");
}

static void probe_kernel(enum probe_kind kind, uintptr_t address, uintptr_t flags)
{
	switch (kind) {
	case PROBE_READ:
		TRY("push %1\n\tpopf\n\tmovb (%0), %%al\n\tpush $2\n\tpopf"
		    , : "b"(address), "r"(flags) : "eax", "memory", "cc");
		break;
	case PROBE_WRITE:
		/* What is there, so that the page's code stays. */
		TRY("movb $0xCD, %%al\n\tpush %1\n\tpopf\n\tmovb %%al, (%0)\n\tpush $2\n\tpopf"
		    , : "b"(address), "r"(flags) : "eax", "memory", "cc");
		break;
	default:
		TRY("push %1\n\tpopf\n\tjmp *%0", : "b"(address), "r"(flags) : "memory", "cc");
	}
}

void paging_probe(const struct paging *paging, enum probe_kind kind, bool user, uint64_t address,
		  uintptr_t flags)
{
	if (user)
		probe_user(paging, kind, (uintptr_t)address, flags);
	else
		probe_kernel(kind, (uintptr_t)address, flags);
}

/* --- all rights --- */

/* What the rules depend on, beside the entries. */
struct rules {
	bool wp, nxe, smep, smap, ac;
};

struct access {
	enum probe_kind kind;
	bool user;
};

#define NO_FAULT 0xFFFFu

/* The rules of 4.6 and 4.7: the error code, or NO_FAULT. */
static uint32_t model_error(const struct rules *rules, const struct access *access,
			    const uint64_t *entries, unsigned int count)
{
	bool fetch = access->kind == PROBE_FETCH;
	bool write = access->kind == PROBE_WRITE;
	uint32_t error = (write ? PF_W : 0) | (access->user ? PF_U : 0) |
			 (fetch && (rules->nxe || rules->smep) ? PF_I : 0);
	bool us = true, rw = true, nx = false;

	for (unsigned int i = 0; i < count; i++) {
		if (!(entries[i] & PTE_P))
			return error;
		if (entries[i] & PTE_NX && !rules->nxe)
			return error | PF_P | PF_RSVD;
		us &= (entries[i] & PTE_US) != 0;
		rw &= (entries[i] & PTE_RW) != 0;
		nx |= (entries[i] & PTE_NX) != 0;
	}
	if (access->user) {
		if (!us || (write && !rw) || (fetch && nx))
			return error | PF_P;
		return NO_FAULT;
	}
	if ((write && !rw && rules->wp) || (fetch && nx) || (fetch && us && rules->smep) ||
	    (!fetch && us && rules->smap && !rules->ac))
		return error | PF_P;
	return NO_FAULT;
}

/* Which two entries vary: the one that maps the page, and one above (or the same). */
struct levels {
	unsigned int leaf, parent;
};

/* Whether the entries are marked as the access should have marked them. */
static bool marked(const struct paging *paging, const struct access *access,
		   const struct levels *levels, bool fault)
{
	uint64_t leaf = paging_entry(paging, paging->test_address, levels->leaf);
	uint64_t parent = paging_entry(paging, paging->test_address, levels->parent);
	bool written = access->kind == PROBE_WRITE && !fault;

	if (!(leaf & PTE_D) == written)
		return false;
	return fault || (leaf & PTE_A && (parent & PTE_A || levels->parent < paging->first_rights));
}

static void expect_access(struct paging *paging, struct checks *checks, const struct rules *rules,
			  const struct access *access, const struct levels *levels,
			  uint64_t parent, uint64_t leaf)
{
	static const char *const names[PROBES] = { "read", "write", "fetch" };
	const uint64_t entries[] = { parent, leaf };
	uint32_t error = model_error(rules, access, entries, 2);
	bool through = access->kind == PROBE_FETCH || access->user ? trap.vector == USER_DONE
								   : trap.vector == VECTOR_NONE;
	bool right = error == NO_FAULT ? through :
		     trap.vector == VECTOR_PF && trap.error == error &&
		     trap.cr2 == (uintptr_t)paging->test_address;

	/* QEMU's TCG forgets that a reserved bit implies P. */
	test_lenient(error != NO_FAULT && error & PF_RSVD && trap.error == (error ^ PF_P) ? "reserved-present" : NULL);
	expect(checks, right && marked(paging, access, levels, error != NO_FAULT),
	       "ring %d %s, WP %d NXE %d SMEP %d SMAP %d AC %d, level %u %llx, level %u %llx: "
	       "expected #PF %x, got %u %x CR2 %p, entry %llx",
	       access->user ? 3 : 0, names[access->kind], rules->wp, rules->nxe, rules->smep,
	       rules->smap, rules->ac, levels->parent, (unsigned long long)parent, levels->leaf,
	       (unsigned long long)leaf, error, (unsigned int)trap.vector,
	       (unsigned int)trap.error, (void *)trap.cr2,
	       (unsigned long long)paging_entry(paging, paging->test_address, levels->leaf));
	test_lenient(NULL);
}

/* Bits of a case's number: rights of the two entries. */
static uint64_t case_rights(const struct paging *paging, unsigned int bits)
{
	return (bits & 7) | (paging->nx && bits & 8 ? PTE_NX : 0);
}

static void check_rights(struct paging *paging, struct checks *checks, const struct rules *rules,
			 const struct levels *levels, uint64_t parent_frame, uint64_t leaf_frame)
{
	const unsigned int cases = paging->nx ? 16 : 8;
	const uintptr_t flags = FLAG_FIXED | (rules->ac ? FLAG_AC : 0);
	bool one = levels->leaf == levels->parent;

	for (unsigned int number = 0; number < (one ? cases : cases * cases); number++) {
		uint64_t leaf = case_rights(paging, number % cases);
		uint64_t parent = one ? leaf : case_rights(paging, number / cases);

		for (unsigned int i = 0; i < 2 * PROBES; i++) {
			struct access access = { (enum probe_kind)(i % PROBES), i >= PROBES };

			if (!one)
				paging_set(paging, paging->test_address, levels->parent,
					   parent_frame | PTE_ALL);
			paging_set(paging, paging->test_address, levels->leaf, leaf_frame | leaf);
			if (!one)
				paging_set(paging, paging->test_address, levels->parent,
					   parent_frame | parent);
			invlpg((uintptr_t)paging->test_address);
			paging_probe(paging, access.kind, access.user, paging->test_address,
				     flags);
			expect_access(paging, checks, rules, &access, levels, parent, leaf);
		}
	}
}

static void apply_rules(const struct paging *paging, const struct rules *rules)
{
	uintptr_t cr4 = read_cr4() & ~(uintptr_t)(CR4_SMEP | CR4_SMAP);

	write_cr0(rules->wp ? read_cr0() | CR0_WP : read_cr0() & ~(uintptr_t)CR0_WP);
	set_cr4(paging, cr4 | (rules->smep ? CR4_SMEP : 0) | (rules->smap ? CR4_SMAP : 0));
	if (paging->nx) {
		uint64_t efer = read_msr(MSR_EFER) & ~(uint64_t)EFER_NXE;

		write_msr(MSR_EFER, efer | (rules->nxe ? EFER_NXE : 0));
	}
	write_cr3((uintptr_t)paging->root);
}

/* Whether the processor can be set so, and the bits make a difference. */
static bool rules_possible(const struct paging *paging, const struct rules *rules)
{
	uint32_t features = cpuid_7_ebx();

	return (!rules->nxe || paging->nx) && (!rules->smep || features & CPUID_7_EBX_SMEP) &&
	       (!rules->smap || features & CPUID_7_EBX_SMAP) && (!rules->ac || rules->smap);
}

/* The page of all rights that an entry of this level maps. */
static uint64_t large_page(const struct paging *paging, unsigned int level)
{
	unsigned int shift = 12 + paging->index_bits * (paging->levels - 1 - level);

	if (level == paging->levels - 1)
		return FRAME;
	return (FRAME & ~((1ull << shift) - 1)) | PTE_PS;
}

static void check_levels(struct paging *paging, struct checks *checks, const struct rules *rules,
			 const struct levels *levels)
{
	uint64_t leaf = paging_entry(paging, paging->test_address, levels->leaf);
	uint64_t parent = paging_entry(paging, paging->test_address, levels->parent);

	check_rights(paging, checks, rules, levels, entry_address(parent),
		     large_page(paging, levels->leaf));
	paging_set(paging, paging->test_address, levels->parent, parent);
	paging_set(paging, paging->test_address, levels->leaf, leaf);
	invlpg((uintptr_t)paging->test_address);
}

/* Every page size, with each level above it that has rights. */
static void check_page_sizes(struct paging *paging, struct checks *checks,
			     const struct rules *rules)
{
	for (unsigned int leaf = paging->levels; leaf-- > paging->first_large;) {
		struct levels levels = { leaf, leaf };

		if (leaf == paging->first_rights)
			check_levels(paging, checks, rules, &levels);
		for (levels.parent = paging->first_rights; levels.parent < leaf; levels.parent++)
			check_levels(paging, checks, rules, &levels);
	}
}

static void check_all_rights(struct paging *paging, struct checks *checks)
{
	struct levels lowest = { paging->levels - 1, paging->levels - 2 };
	struct rules rules;

	for (unsigned int bits = 0; bits < 32; bits++) {
		rules = (struct rules){ bits & 1, bits & 2, bits & 4, bits & 8, bits & 16 };
		if (!rules_possible(paging, &rules))
			continue;
		apply_rules(paging, &rules);
		check_levels(paging, checks, &rules, &lowest);
	}
	rules = (struct rules){ .wp = true, .nxe = paging->nx };
	apply_rules(paging, &rules);
	check_page_sizes(paging, checks, &rules);
}

/* --- one by one --- */

void paging_check_reserved(struct paging *paging, struct checks *checks, unsigned int level,
			   unsigned int bit)
{
	uint64_t entry = paging_entry(paging, paging->test_address, level);
	char what[60];

	format_buffer(what, sizeof(what), "level %u with bit %u", level, bit);
	paging_set(paging, paging->test_address, level, entry | 1ull << bit);
	invlpg((uintptr_t)paging->test_address);
	paging_probe(paging, PROBE_READ, false, paging->test_address, FLAG_FIXED);
	test_lenient(trap.error == PF_RSVD ? "reserved-present" : NULL);
	expect_page_fault(checks, PF_P | PF_RSVD, (uintptr_t)paging->test_address, ANYWHERE, what);
	paging_probe(paging, PROBE_WRITE, true, paging->test_address, FLAG_FIXED);
	test_lenient(trap.error == (PF_RSVD | PF_W | PF_U) ? "reserved-present" : NULL);
	expect_page_fault(checks, PF_P | PF_RSVD | PF_W | PF_U, (uintptr_t)paging->test_address,
			  ANYWHERE, what);
	test_lenient(NULL);
	/* Of what is not present, nothing is reserved. */
	paging_set(paging, paging->test_address, level, (entry | 1ull << bit) & ~(uint64_t)PTE_P);
	invlpg((uintptr_t)paging->test_address);
	paging_probe(paging, PROBE_READ, false, paging->test_address, FLAG_FIXED);
	expect_page_fault(checks, 0, (uintptr_t)paging->test_address, ANYWHERE, what);
	paging_set(paging, paging->test_address, level, entry);
	invlpg((uintptr_t)paging->test_address);
}

static volatile uint32_t *at_address(uint64_t address)
{
	return (volatile uint32_t *)(uintptr_t)address;
}

static void unmap(const struct paging *paging, uint64_t address)
{
	paging_set(paging, address, paging->levels - 1, 0);
	invlpg((uintptr_t)address);
}

/* What the processor may keep of the tables, and what it may not. */
static void check_translations_kept(struct paging *paging, struct checks *checks)
{
	uint64_t address = paging->test_address + PAGE_SIZE;
	uint64_t first = frame_allocate(), second = frame_allocate();
	unsigned int leaf = paging->levels - 1;

	*at_address(first) = 1;
	*at_address(second) = 2;
	paging_map(paging, address, first, PTE_P | PTE_RW);
	expect_equal(checks, *at_address(address), 1, "a page that was not there");
	paging_set(paging, address, leaf, second | PTE_P | PTE_RW);
	invlpg((uintptr_t)address);
	expect_equal(checks, *at_address(address), 2, "another page, after INVLPG");
	paging_set(paging, address, leaf, first | PTE_P | PTE_RW);
	write_cr3(read_cr3());
	expect_equal(checks, *at_address(address), 1, "another page, after a write of CR3");
	/* Read first: the write still has to mark the page. */
	*at_address(address) = 1;
	expect(checks, paging_entry(paging, address, leaf) & PTE_D, "a page read, then written");
	paging_set(paging, address, leaf, first | PTE_P | PTE_RW | PTE_G);
	set_cr4(paging, read_cr4() | CR4_PGE);
	invlpg((uintptr_t)address);
	expect_equal(checks, *at_address(address), 1, "a global page");
	paging_set(paging, address, leaf, second | PTE_P | PTE_RW | PTE_G);
	invlpg((uintptr_t)address);
	expect_equal(checks, *at_address(address), 2, "another global page, after INVLPG");
	paging_set(paging, address, leaf, first | PTE_P | PTE_RW | PTE_G);
	set_cr4(paging, read_cr4() & ~(uintptr_t)CR4_PGE);
	expect_equal(checks, *at_address(address), 1, "another global page, CR4.PGE changed");
	unmap(paging, address);
	TRY("movl (%0), %%eax", : "b"((uintptr_t)address) : "eax");
	expect_page_fault(checks, 0, (uintptr_t)address, 0, "a page taken away");
}

/* Accesses that reach into the next page. */
static void check_crossing(struct paging *paging, struct checks *checks)
{
	uint64_t address = paging->test_address + 2 * PAGE_SIZE;
	uintptr_t end = (uintptr_t)address + PAGE_SIZE;
	uint64_t first = frame_allocate(), second = frame_allocate();

	*at_address(first + PAGE_SIZE - 4) = 0x44332211;
	*at_address(second) = 0x88776655;
	paging_map(paging, address, first, PTE_P | PTE_RW);
	TRY("movl (%0), %%eax", : "b"(end - 2) : "eax");
	expect_page_fault(checks, 0, end, 0, "a read into a page that is not there");
	TRY("movl %1, (%0)", : "b"(end - 1), "a"(0xFFFFFFFF) : "memory");
	expect_page_fault(checks, PF_W, end, 0, "a write into a page that is not there");
	expect_equal(checks, *at_address(first + PAGE_SIZE - 4), 0x44332211,
		     "nothing is written of it");
	paging_map(paging, end, second, PTE_P);
	expect_equal(checks, *at_address(end - 2), 0x66554433, "a read from two pages");
	TRY("movl %1, (%0)", : "b"(end - 3), "a"(0xFFFFFFFF) : "memory");
	expect_page_fault(checks, PF_W | PF_P, end, 0, "a write into a page to be read only");
	expect_equal(checks, *at_address(first + PAGE_SIZE - 4), 0x44332211,
		     "nothing is written of it");
	TRY("addl $0, (%0)", : "b"(end) : "memory", "cc");
	expect_page_fault(checks, PF_W | PF_P, end, 0, "ADD to a page to be read only");
	TRY("lock cmpxchgl %1, (%0)", : "b"(end), "c"(0), "a"(0) : "memory", "cc");
	expect_page_fault(checks, PF_W | PF_P, end, 0, "CMPXCHG on a page to be read only");
	/* An instruction: nop and the first byte of int $0xF0, the second one missing. */
	*(volatile uint8_t *)(uintptr_t)(first + PAGE_SIZE - 2) = 0x90;
	*(volatile uint8_t *)(uintptr_t)(first + PAGE_SIZE - 1) = 0xCD;
	*(volatile uint8_t *)(uintptr_t)second = USER_DONE;
	unmap(paging, end);
	TRY("jmp *%0", : "b"(end - 2) : "memory");
	expect_page_fault(checks, paging->nx ? PF_I : 0, end, ANYWHERE, "an instruction's end");
	expect_equal(checks, trap.ip, end - 1, "the instruction whose end is missing");
	paging_set(paging, end, paging->levels - 1, second | PTE_P);
	TRY("jmp *%0", : "b"(end - 2) : "memory");
	expect_trap(checks, USER_DONE, 0, ANYWHERE, "an instruction on two pages");
	expect_equal(checks, trap.ip, end + 1, "what follows it");
	unmap(paging, address);
	unmap(paging, end);
}

/* --- pages on demand --- */

#define DEMANDED 256u

static volatile struct {
	struct paging *paging;
	unsigned int faults;
	uint32_t errors;
} demand;

static bool map_on_demand(struct trap_frame *frame)
{
	uint64_t page = read_cr2() & ~(uintptr_t)(PAGE_SIZE - 1);

	demand.faults++;
	demand.errors |= (uint32_t)frame->error;
	paging_map(demand.paging, page, frame_allocate(), PTE_P | PTE_RW);
	return true;
}

static void check_demand(struct paging *paging, struct checks *checks)
{
	uint64_t base = paging->test_address + 0x1000000;
	uint64_t marks = PTE_A | PTE_D;
	uint64_t sum = 0;

	demand.faults = 0;
	demand.errors = 0;
	demand.paging = paging;
	trap_handler[VECTOR_PF] = map_on_demand;
	for (uint32_t i = 0; i < DEMANDED * PAGE_SIZE; i += 64)
		*at_address(base + i) = i;
	for (uint32_t i = 0; i < DEMANDED * PAGE_SIZE; i += 64)
		sum += *at_address(base + i);
	trap_handler[VECTOR_PF] = NULL;
	for (uint32_t i = 0; i < DEMANDED; i++)
		marks &= paging_entry(paging, base + i * PAGE_SIZE, paging->levels - 1);
	for (uint32_t i = 0; i < DEMANDED; i++)
		unmap(paging, base + i * PAGE_SIZE);
	expect_equal(checks, demand.faults, DEMANDED, "pages on demand");
	expect_equal(checks, demand.errors, PF_W, "their error codes");
	/* 64 times the sum of 0 to 16383 */
	expect_equal(checks, sum, 64ull * 16383 * 16384 / 2, "what is in them");
	expect_equal(checks, marks, PTE_A | PTE_D, "their marks");
}

/* Two sets of tables, the same address. */
static void check_spaces(struct paging *paging, struct checks *checks)
{
	struct paging other = *paging;
	uint64_t here = frame_allocate(), there = frame_allocate();
	uint64_t address = paging->test_address + 3 * PAGE_SIZE;

	*at_address(here) = 1;
	*at_address(there) = 2;
	other.root = frame_allocate();
	for (uint32_t at = 0; at < ONE_TO_ONE; at += PAGE_SIZE)
		paging_map(&other, at, at, PTE_P | PTE_RW);
	paging_map(paging, address, here, PTE_P | PTE_RW);
	paging_map(&other, address, there, PTE_P | PTE_RW);
	for (unsigned int i = 0; i < 3; i++) {
		expect_equal(checks, *at_address(address), 1, "the first set of tables");
		write_cr3((uintptr_t)other.root);
		expect_equal(checks, *at_address(address), 2, "the second set of tables");
		write_cr3((uintptr_t)paging->root);
	}
	unmap(paging, address);
}

void paging_check(struct paging *paging, struct checks *checks)
{
	check_all_rights(paging, checks);
	check_translations_kept(paging, checks);
	check_crossing(paging, checks);
	check_demand(paging, checks);
	check_spaces(paging, checks);
}
