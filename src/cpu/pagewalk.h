/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pagewalk.h - a look through the guest's page tables, for reports and for
 * reading what the guest has at a linear address (Intel SDM vol. 3, chapter 4).
 *
 * Nothing is changed: no accessed or dirty bit is set. All of paging is known:
 * none, 32-bit (4 MiB pages, PSE-36), PAE, 4-level and 5-level. PAE's four
 * PDPTEs are read from memory, where the processor has copies of them.
 */
#ifndef VMM_CPU_PAGEWALK_H
#define VMM_CPU_PAGEWALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/mem.h"
#include "core/vcpu.h"

#define PAGEWALK_LEVELS 5u

/* An entry that the walk met. */
struct pagewalk_entry {
	const char *level;	/* "PML4E", "PDE", ... */
	uint64_t gpa;
	uint64_t value;
};

struct pagewalk {
	const char *mode;	/* "no paging", "32-bit paging", ... */
	uint64_t linear;	/* as asked for; outside of 64-bit mode, cut to 32 bits */
	uint64_t gpa;		/* where that is in guest-physical memory; 0 on an error */
	uint64_t page_size;	/* bytes; 0 without paging */
	uint64_t span;		/* bytes of linear addresses that the last entry decides; or 0 */
	unsigned int linear_bits;	/* that are translated */
	/* What the entries together allow; CR0.WP, SMEP and the like are not looked at. */
	bool user;
	bool writable;
	bool executable;
	unsigned int count;
	struct pagewalk_entry entry[PAGEWALK_LEVELS];	/* the last one decided */
};

/*
 * Translates a linear address. Returns 0; -EINVAL where it is not canonical;
 * and where the walk stopped at the last one of walk->entry: -EFAULT where that
 * entry is not present, -EBADMSG where a bit is set in it that has to be 0,
 * -ENXIO where it lies outside memory. walk is filled in as far as the walk
 * came. That the page itself exists in memory is not checked.
 */
int pagewalk_translate(const struct mem *mem, const struct vcpu_state *state, uint64_t linear,
		       struct pagewalk *walk);

/*
 * Says in a few words, on one line, why nothing can be read at a linear
 * address. error: what pagewalk_translate() returned with this walk; 0: the
 * walk succeeded and led to where no memory is.
 */
void pagewalk_explain(const struct pagewalk *walk, int error, char *text, size_t size);

/* Copies what is at a linear address; returns how many bytes could be read, from the start. */
size_t pagewalk_read(const struct mem *mem, const struct vcpu_state *state, uint64_t linear,
		     void *buffer, size_t len);

#endif
