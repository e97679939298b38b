/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stuck.c - what a guest waits for in vain, see stuck.h. The first rule that holds is taken.
 */
#include "observe/stuck.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/array.h"
#include "cpu/pagewalk.h"

#define OPCODE_HLT 0xF4u
#define POLLS 1000u		/* the same read so many times in a row is waiting */

/* What a rule looks at, and where it makes its text. */
struct look {
	const struct stuck *stuck;
	const struct postmortem *pm;
	char *text;
	size_t size;
};

static bool interrupts_enabled(const struct look *look)
{
	return look->pm->state->rflags & RFLAGS_IF;
}

/* The last event; NULL: there was none. */
static const struct event *last_event(const struct look *look)
{
	const struct events *events = look->stuck->events;

	return events->count ? &events->ring[(events->count - 1) % EVENTS_KEPT] : NULL;
}

/* A KVM that emulates may execute such an instruction again and again. */
static bool gdt_unreadable(const struct look *look)
{
	const struct vcpu_state *state = look->pm->state;
	uint8_t byte;

	return state->cr0 & CR0_PE && strstr(look->pm->insn, "far ") &&
	       !pagewalk_read(look->pm->mem, state, state->gdtr.base, &byte, 1);
}

static bool eoi_missing(const struct look *look)
{
	return look->stuck->eoi_missing;
}

static bool halted(const struct look *look)
{
	const struct event *last = last_event(look);
	uint8_t byte;

	return last && last->kind == EVENT_HLT && interrupts_enabled(look) &&
	       pagewalk_read(look->pm->mem, look->pm->state,
			     vcpu_linear_rip(look->pm->state) - 1, &byte, 1) == 1 &&
	       byte == OPCODE_HLT;
}

static bool polls(const struct look *look)
{
	const struct event *last = last_event(look);
	const struct bus_range *owner;

	if (!last || !event_is_access(last) || last->write || last->times < POLLS)
		return false;
	owner = event_owner(last, look->stuck->bus);
	snprintf(look->text, look->size, "the guest reads %s 0x%" PRIx64 " again and again, and "
		 "gets 0x%" PRIx64 " each time: %s%s", last->kind == EVENT_PIO ? "port" : "address",
		 last->address, last->value, owner ? owner->name : "nobody is there",
		 owner ? " does not do what it waits for" : " (a disk needs --disk)");
	return true;
}

/* A jump to itself. */
static bool loops_on_the_spot(const struct look *look)
{
	uint8_t code[2];

	return pagewalk_read(look->pm->mem, look->pm->state, vcpu_linear_rip(look->pm->state),
			     code, sizeof(code)) == sizeof(code) &&
	       code[0] == 0xEB && code[1] == 0xFE;
}

static bool loops_deaf(const struct look *look)
{
	return loops_on_the_spot(look) && !interrupts_enabled(look);
}

static const struct {
	bool (*holds)(const struct look *look);
	const char *text;	/* NULL: the rule has made it */
} rules[] = {
	{ gdt_unreadable,
	  "the GDT is not where GDTR says: LGDT wants its linear address, which must be mapped" },
	{ eoi_missing,
	  "a handler has not told the interrupt controller that it is through (EOI): what is "
	  "requested waits for that, see the 8259s and the local APIC below" },
	{ halted,
	  "the guest waits in HLT for an interrupt that does not come: a device must have been "
	  "told to raise one, and its line be unmasked at the 8259 or the I/O APIC" },
	{ polls, NULL },
	{ loops_deaf,
	  "the guest jumps on the spot with interrupts disabled: nothing can end that; to end the "
	  "run execute CLI and HLT, or write a status to port 0xF4" },
	{ loops_on_the_spot,
	  "the guest jumps on the spot and waits for interrupts; to end the run execute CLI and "
	  "HLT, or write a status to port 0xF4" },
};

const char *stuck_find(const struct stuck *stuck, const struct postmortem *pm, char *text,
		       size_t size)
{
	const struct look look = { stuck, pm, text, size };

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].holds(&look))
			return rules[i].text ? rules[i].text : text;
	return NULL;
}
