/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * events.h - what the guest did, an event at a time, with no engine in it; and the ring of
 * the last ones, which is always kept for the crash report.
 * All calls are made by the vCPU's thread, or when it has ended.
 */
#ifndef VMM_OBSERVE_EVENTS_H
#define VMM_OBSERVE_EVENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/bus.h"
#include "core/symbols.h"

#define EVENTS_KEPT 64u		/* a power of two */
#define EVENT_NOWHERE UINT64_MAX

enum event_kind {
	EVENT_PIO,
	EVENT_MMIO,
	EVENT_MSR,
	EVENT_HLT,
	EVENT_IRQ,		/* the processor has taken an interrupt */
	EVENT_INT,		/* the guest called one: INT n */
	EVENT_RAISED,		/* an exception */
	EVENT_HYPERCALL,
	EVENT_CR3,		/* page tables have been loaded */
	EVENT_KINDS,
};

struct event {
	uint64_t number;	/* of the guest's exits before it */
	uint64_t rip;		/* linear, as engine_ops.place() has it; EVENT_NOWHERE: not known */
	/* Port, guest-physical address, MSR, vector, hypercall; of a page fault CR2; else 0. */
	uint64_t address;
	/*
	 * Read or written, of several elements the first one; an exception's error code, a
	 * hypercall's result, CR3; else 0.
	 */
	uint64_t value;
	uint64_t times;		/* in a row; set by events_add() */
	const char *name;	/* of a hypercall; else NULL */
	uint32_t count;		/* of elements; 0 where there are none */
	uint8_t kind;		/* enum event_kind */
	uint8_t size;		/* of value, bytes; 0: there is none */
	uint8_t vector;		/* of an exception */
	bool write;
	bool posted;		/* came out with a later exit */
};

/* All zero: none yet. */
struct events {
	uint64_t count;		/* ever added, those in a row once */
	struct event ring[EVENTS_KEPT];
};

/* One that differs from the last one by its number at most, is the last one once more. */
void events_add(struct events *events, const struct event *event);

/* Who answers at the address of an access; NULL: nobody, or it is none. */
const struct bus_range *event_owner(const struct event *event, const struct bus *bus);

/* Whether it is an access to a port or to memory. */
bool event_is_access(const struct event *event);

/* " <name+0x1c>" for its RIP, or "". Returns text. */
const char *event_place(const struct event *event, struct symbols *symbols,
			char text[SYMBOLS_PLACE_SIZE]);

/*
 * Text, the last one at the end; nothing where there are none. bus: whose the addresses are;
 * symbols: NULL has none.
 */
void events_print(const struct events *events, const struct bus *bus, struct symbols *symbols,
		  FILE *out);

#endif
