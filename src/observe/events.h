/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * events.h - what the guest did last with its devices: always kept, for the crash report.
 * All calls are made by the vCPU's thread, or when it has ended.
 */
#ifndef VMM_OBSERVE_EVENTS_H
#define VMM_OBSERVE_EVENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/bus.h"

#define EVENTS_KEPT 64u		/* a power of two */

enum event_kind {
	EVENT_PIO,
	EVENT_MMIO,
	EVENT_MSR,
	EVENT_HLT,
	EVENT_IRQ,		/* the processor has taken an interrupt; address: the vector */
	EVENT_KINDS,
};

struct event {
	uint64_t number;	/* of the guest's exits before it */
	uint64_t address;	/* port, guest-physical address, MSR, vector; else 0 */
	uint64_t value;		/* read or written, of several elements the first one; else 0 */
	uint64_t times;		/* in a row; set by events_add() */
	uint8_t kind;		/* enum event_kind */
	uint8_t size;		/* of value, bytes; 0: there is none */
	bool write;
};

/* All zero: none yet. */
struct events {
	uint64_t count;		/* ever added, those in a row once */
	struct event ring[EVENTS_KEPT];
};

/* One that differs from the last one by its number at most, is the last one once more. */
void events_add(struct events *events, const struct event *event);

/* Text, the last one at the end; nothing where there are none. bus: whose the addresses are. */
void events_print(const struct events *events, const struct bus *bus, FILE *out);

#endif
