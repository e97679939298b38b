/* SPDX-License-Identifier: 0BSD */
/*
 * paging.h - what the guests for the three kinds of page tables share (Intel
 * SDM vol. 3, chapter 4): tables, probes, and checks that walk through all
 * combinations of rights and compare with a model of the rules.
 *
 * Linear memory: the first 4 MiB one-to-one for the supervisor; a page of code
 * for ring 3; and at one address the page under test.
 */
#ifndef GUEST_CPU_PAGING_H
#define GUEST_CPU_PAGING_H

#include "cpu/test.h"

/* Bits of an entry, at any level. */
#define PTE_P		(1u << 0)
#define PTE_RW		(1u << 1)
#define PTE_US		(1u << 2)
#define PTE_A		(1u << 5)
#define PTE_D		(1u << 6)
#define PTE_PS		(1u << 7)
#define PTE_G		(1u << 8)
#define PTE_NX		(1ull << 63)
#define PTE_ALL		(PTE_P | PTE_RW | PTE_US)

/* Error code of a page fault (4.7). */
#define PF_P		(1u << 0)
#define PF_W		(1u << 1)
#define PF_U		(1u << 2)
#define PF_RSVD		(1u << 3)
#define PF_I		(1u << 4)

#define PAGE_SIZE	0x1000u
#define MAX_LEVELS	4

/* Levels count from the top, from 0 on. */
struct paging {
	unsigned int levels;
	unsigned int entry_bytes;
	unsigned int index_bits;	/* of an address, at each level but the top */
	uint64_t test_address;		/* 8 MiB behind a multiple of 1 GiB */
	uint64_t user_address;		/* ring 3's code, elsewhere at the top level */
	unsigned int first_rights;	/* the topmost level that has rights */
	unsigned int first_large;	/* the topmost level that may map a page; levels: none */
	bool nx;			/* the format has NX, and the processor */
	uint64_t root;
};

/*
 * Makes the tables, of all rights, and switches to them, with these bits of CR4
 * set.
 */
void paging_start(struct paging *paging, uint32_t cr4);

/* The entry for an address at a level, where its tables exist. */
uint64_t paging_entry(const struct paging *paging, uint64_t address, unsigned int level);
void paging_set(const struct paging *paging, uint64_t address, unsigned int level, uint64_t entry);

/* Maps 4 KiB; makes tables where they are missing. */
void paging_map(struct paging *paging, uint64_t address, uint64_t frame, uint64_t flags);

/* Memory of one page: zeroed, never given back. */
uint64_t frame_allocate(void);

/* Where the next frames come from, for guests whose own place is at 1 MiB. */
void frames_from(uint32_t address);

enum probe_kind { PROBE_READ, PROBE_WRITE, PROBE_FETCH, PROBES };

/* What an access at the address does is in trap afterwards; flags: while it is done. */
void paging_probe(const struct paging *paging, enum probe_kind kind, bool user, uint64_t address,
		  uintptr_t flags);

/* Everything that the formats have in common. */
void paging_check(struct paging *paging, struct checks *checks);

/* An entry at the level with this bit set is refused as reserved. */
void paging_check_reserved(struct paging *paging, struct checks *checks, unsigned int level,
			   unsigned int bit);

#endif
