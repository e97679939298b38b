/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * postmortem.h - what a dead guest is looked at with: its memory and registers, the
 * exceptions it died of, and what its descriptor tables say of them.
 */
#ifndef VMM_OBSERVE_POSTMORTEM_H
#define VMM_OBSERVE_POSTMORTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/mem.h"
#include "core/vcpu.h"

/* Bits of error codes (SDM vol. 3, 6.13 and 4.7). */
#define ERROR_EXT		(1u << 0)
#define ERROR_IDT		(1u << 1)
#define ERROR_TI		(1u << 2)
#define ERROR_SELECTOR		0xFFF8u
#define PAGE_ERROR_PRESENT	(1u << 0)
#define PAGE_ERROR_WRITE	(1u << 1)
#define PAGE_ERROR_USER		(1u << 2)
#define PAGE_ERROR_RESERVED	(1u << 3)
#define PAGE_ERROR_FETCH	(1u << 4)

struct postmortem {
	const struct mem *mem;
	const struct vcpu_state *state;
	const struct vcpu_faults *faults;	/* of any count */
	const char *insn;	/* the instruction at RIP, in Intel's syntax; "": none */
};

/* What is wrong with an entry of a descriptor table. */
enum entry_problem {
	ENTRY_FINE,
	ENTRY_NULL,		/* the null selector */
	ENTRY_BEYOND,		/* behind the table's limit */
	ENTRY_UNREADABLE,	/* no memory there, or not mapped */
	ENTRY_EMPTY,		/* all zero */
	ENTRY_NO_GATE,		/* of another type */
	ENTRY_NOT_PRESENT,
	ENTRY_PROBLEMS,
};

/* An entry of the IDT, the GDT or the LDT, as it is in memory. */
struct table_entry {
	enum entry_problem problem;
	const char *table;	/* "IDT", ... */
	unsigned int index;	/* the vector, the selector without RPL and TI */
	uint64_t linear;	/* of the entry */
	uint64_t raw, raw_high;	/* its 8, in long mode's IDT 16 bytes; 0 where not read */
	uint16_t limit;		/* of the table */
};

/* Looks an interrupt's gate up (SDM vol. 3, 6.10 and 6.11); real mode has none: ENTRY_FINE. */
void postmortem_gate(const struct postmortem *pm, uint8_t vector, struct table_entry *entry);

/* Looks up what a selector names (SDM vol. 3, 3.4.5). */
void postmortem_descriptor(const struct postmortem *pm, uint16_t selector,
			   struct table_entry *entry);

/* A code segment: what gates, far jumps and IRET want. Of an entry that could be read. */
bool entry_is_code(const struct table_entry *entry);

/* The code selector and the handler that a gate names. */
uint16_t gate_code(const struct table_entry *gate);
uint64_t gate_handler(const struct table_entry *gate);

/* One line: where the entry is, its bytes and what they mean. */
void entry_print(FILE *out, const struct table_entry *entry);

/* "#GP general protection"; vectors of no exception: "interrupt 0x20". */
const char *vector_name(uint8_t vector, char *text, size_t size);

/* --- faults.c --- */

/* How it came to the triple fault, a line for each link; nothing where nobody knows. */
void faults_print(FILE *out, const struct postmortem *pm);

/* --- mistakes.c --- */

/*
 * The mistake that guests of this kind most likely make, in a sentence with the
 * remedy. NULL: none of those that are known.
 */
const char *mistake_find(const struct postmortem *pm);

#endif
