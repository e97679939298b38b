/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pagewalk.c - one walk for all of x86's paging, driven by tables; see pagewalk.h. */
#include "cpu/pagewalk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* Bits of an entry (SDM vol. 3, tables 4-5, 4-6, 4-8 to 4-11 and 4-14 to 4-20). */
#define ENTRY_P		(UINT64_C(1) << 0)
#define ENTRY_RW	(UINT64_C(1) << 1)
#define ENTRY_US	(UINT64_C(1) << 2)
#define ENTRY_PS	(UINT64_C(1) << 7)	/* maps a page rather than a table */
#define ENTRY_XD	(UINT64_C(1) << 63)

/* Bits first to last. */
#define BITS(last, first) \
	((UINT64_MAX >> (63 - (last))) & (UINT64_MAX << (first)))

#define ADDRESS_4K	BITS(51, 12)	/* of a table or a 4 KiB page */

/* PSE-36: bits 13 to 20 of a 4 MiB page's PDE are bits 32 to 39 of its address. */
#define PSE36_FIELD	BITS(20, 13)
#define PSE36_SHIFT	19

/* What an entry can point to. */
enum target {
	TO_TABLE,
	TO_TABLE_OR_PAGE,	/* a page with PS */
	TO_TABLE_OR_PSE_PAGE,	/* a page with PS, once CR4.PSE allows it */
	TO_PAGE,
};

/* One level of tables. */
struct level {
	const char *name;	/* of its entries */
	uint8_t shift;		/* lowest bit of the linear address that selects the entry */
	uint8_t bits;		/* how many do */
	enum target target;
	uint64_t table_zeros;	/* reserved bits of an entry that points to a table */
	uint64_t page_zeros;	/* reserved bits of an entry that points to a page */
	bool no_rights;		/* entries have no R/W, U/S and XD */
};

struct paging {
	const char *name;
	uint8_t linear_bits;	/* of the linear addresses */
	uint8_t entry_size;	/* bytes */
	uint64_t root;		/* bits of CR3 that are the address of the first table */
	const struct level *levels;	/* the last one has TO_PAGE; NULL: no paging */
};

static const struct level levels_32[] = {
	{ "PDE", 22, 10, TO_TABLE_OR_PSE_PAGE, 0, BITS(21, 21), false },
	{ "PTE", 12, 10, TO_PAGE, 0, 0, false },
};

static const struct level levels_pae[] = {
	{ "PDPTE", 30, 2, TO_TABLE, BITS(63, 52) | BITS(8, 5) | BITS(2, 1), 0, true },
	{ "PDE", 21, 9, TO_TABLE_OR_PAGE, BITS(62, 52), BITS(62, 52) | BITS(20, 13), false },
	{ "PTE", 12, 9, TO_PAGE, 0, BITS(62, 52), false },
};

/* 4-level paging begins with the second one. */
static const struct level levels_64[] = {
	{ "PML5E", 48, 9, TO_TABLE, ENTRY_PS, 0, false },
	{ "PML4E", 39, 9, TO_TABLE, ENTRY_PS, 0, false },
	{ "PDPTE", 30, 9, TO_TABLE_OR_PAGE, 0, BITS(29, 13), false },
	{ "PDE", 21, 9, TO_TABLE_OR_PAGE, 0, BITS(20, 13), false },
	{ "PTE", 12, 9, TO_PAGE, 0, 0, false },
};

static const struct paging paging_none = { "no paging", 32, 0, 0, NULL };
static const struct paging paging_32 = { "32-bit paging", 32, 4, BITS(31, 12), levels_32 };
static const struct paging paging_pae = { "PAE paging", 32, 8, BITS(31, 5), levels_pae };
static const struct paging paging_4 = { "4-level paging", 48, 8, ADDRESS_4K, levels_64 + 1 };
static const struct paging paging_5 = { "5-level paging", 57, 8, ADDRESS_4K, levels_64 };

static const struct paging *paging_of(const struct vcpu_state *state)
{
	if (!(state->cr0 & CR0_PG))
		return &paging_none;
	if (!(state->cr4 & CR4_PAE))
		return &paging_32;
	if (!(state->efer & EFER_LMA))
		return &paging_pae;
	return state->cr4 & CR4_LA57 ? &paging_5 : &paging_4;
}

/* Whether all bits above the address's own equal its highest one. */
static bool canonical(uint64_t linear, unsigned int bits)
{
	return (uint64_t)((int64_t)(linear << (64 - bits)) >> (64 - bits)) == linear;
}

static bool is_page(const struct vcpu_state *state, const struct level *level, uint64_t value)
{
	if (level->target == TO_TABLE_OR_PSE_PAGE && !(state->cr4 & CR4_PSE))
		return false;
	return level->target == TO_PAGE || (level->target != TO_TABLE && value & ENTRY_PS);
}

static uint64_t reserved_bits(const struct vcpu_state *state, const struct level *level,
			      bool page)
{
	uint64_t bits = page ? level->page_zeros : level->table_zeros;

	return state->efer & EFER_NXE ? bits : bits | ENTRY_XD;
}

static void restrict_rights(struct pagewalk *walk, uint64_t value)
{
	walk->user &= !!(value & ENTRY_US);
	walk->writable &= !!(value & ENTRY_RW);
	walk->executable &= !(value & ENTRY_XD);
}

/* The address that the page's entry and the rest of the linear address make. */
static uint64_t page_address(const struct level *level, uint64_t value, uint64_t linear)
{
	uint64_t offset = BITS(level->shift - 1, 0);
	uint64_t base = value & ADDRESS_4K & ~offset;

	if (level->target == TO_TABLE_OR_PSE_PAGE)
		base |= (value & PSE36_FIELD) << PSE36_SHIFT;
	return base | (linear & offset);
}

/* One step: reads the entry of a level and checks it. Returns 0 or -errno. */
static int read_entry(const struct mem *mem, const struct paging *paging,
		      const struct level *level, uint64_t table, struct pagewalk *walk)
{
	uint64_t index = walk->linear >> level->shift & BITS(level->bits - 1, 0);
	struct pagewalk_entry *entry = &walk->entry[walk->count++];

	walk->span = UINT64_C(1) << level->shift;
	*entry = (struct pagewalk_entry){
		.level = level->name,
		.gpa = table + index * paging->entry_size,
	};
	if (mem_read(mem, entry->gpa, &entry->value, paging->entry_size) < 0)
		return -ENXIO;
	return entry->value & ENTRY_P ? 0 : -EFAULT;
}

static int walk_tables(const struct mem *mem, const struct vcpu_state *state,
		       const struct paging *paging, struct pagewalk *walk)
{
	const struct level *level = paging->levels;
	uint64_t table = state->cr3 & paging->root;

	for (;; level++) {
		int error = read_entry(mem, paging, level, table, walk);
		uint64_t value = walk->entry[walk->count - 1].value;
		bool page;

		if (error)
			return error;
		page = is_page(state, level, value);
		if (value & reserved_bits(state, level, page))
			return -EBADMSG;
		if (!level->no_rights)
			restrict_rights(walk, value);
		if (page) {
			walk->page_size = UINT64_C(1) << level->shift;
			walk->gpa = page_address(level, value, walk->linear);
			return 0;
		}
		table = value & ADDRESS_4K;
	}
}

int pagewalk_translate(const struct mem *mem, const struct vcpu_state *state, uint64_t linear,
		       struct pagewalk *walk)
{
	const struct paging *paging = paging_of(state);

	*walk = (struct pagewalk){
		.mode = paging->name,
		.linear = linear,
		.linear_bits = paging->linear_bits,
		.user = true,
		.writable = true,
		.executable = true,
	};
	if (paging->linear_bits == 32)
		walk->linear = (uint32_t)linear;
	else if (!canonical(linear, paging->linear_bits))
		return -EINVAL;
	if (paging->levels)
		return walk_tables(mem, state, paging, walk);
	walk->gpa = walk->linear;
	return 0;
}

void pagewalk_explain(const struct pagewalk *walk, int error, char *text, size_t size)
{
	const struct pagewalk_entry *entry;

	if (!error) {
		snprintf(text, size, "no memory at physical 0x%" PRIx64, walk->gpa);
		return;
	}
	if (error == -EINVAL) {
		snprintf(text, size, "not a canonical address in %s", walk->mode);
		return;
	}
	entry = &walk->entry[walk->count - 1];
	if (error == -ENXIO)
		snprintf(text, size, "its %s at physical 0x%" PRIx64 " lies outside memory",
			 entry->level, entry->gpa);
	else
		snprintf(text, size, "its %s at physical 0x%" PRIx64 " is 0x%" PRIx64 ": %s",
			 entry->level, entry->gpa, entry->value,
			 error == -EFAULT ? "not present" : "a reserved bit is set");
}

size_t pagewalk_read(const struct mem *mem, const struct vcpu_state *state, uint64_t linear,
		     void *buffer, size_t len)
{
	uint8_t *to = buffer;
	size_t done = 0;

	while (done < len) {
		size_t part = MEM_PAGE_SIZE - (linear + done) % MEM_PAGE_SIZE;
		struct pagewalk walk;

		if (part > len - done)
			part = len - done;
		if (pagewalk_translate(mem, state, linear + done, &walk) < 0 ||
		    mem_read(mem, walk.gpa, to + done, part) < 0)
			break;
		done += part;
	}
	return done;
}
