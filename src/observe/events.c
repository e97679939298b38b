/* SPDX-License-Identifier: GPL-3.0-or-later */
/* events.c - the last events, see events.h. */
#include "observe/events.h"

#include <inttypes.h>

/* What is printed of an event's kind. */
static const struct {
	const char *read, *write;
	int digits;		/* of the address; 0: there is none */
	bool owned;		/* by a range of the bus, in this space: */
	enum bus_space space;
} kinds[EVENT_KINDS] = {
	[EVENT_PIO] = { "in", "out", 4, true, BUS_PIO },
	[EVENT_MMIO] = { "read", "write", 8, true, BUS_MMIO },
	[EVENT_MSR] = { .read = "rdmsr", .write = "wrmsr", .digits = 8 },
	[EVENT_HLT] = { .read = "hlt" },
	[EVENT_IRQ] = { .read = "interrupt", .digits = 2 },
};

static bool same(const struct event *a, const struct event *b)
{
	return a->address == b->address && a->value == b->value && a->kind == b->kind &&
	       a->size == b->size && a->write == b->write;
}

void events_add(struct events *events, const struct event *event)
{
	struct event *last = &events->ring[(events->count - 1) % EVENTS_KEPT];

	if (events->count && same(last, event)) {
		last->times++;
		return;
	}
	last = &events->ring[events->count++ % EVENTS_KEPT];
	*last = *event;
	last->times = 1;
}

static void print_event(const struct event *event, const struct bus *bus, FILE *out)
{
	const struct bus_range *owner = NULL;

	fprintf(out, "%12" PRIu64 "  %s", event->number,
		event->write ? kinds[event->kind].write : kinds[event->kind].read);
	if (kinds[event->kind].digits)
		fprintf(out, " 0x%0*" PRIx64, kinds[event->kind].digits, event->address);
	if (event->size)
		fprintf(out, ": 0x%0*" PRIx64, event->size * 2, event->value);
	if (kinds[event->kind].owned) {
		owner = bus_find(bus, kinds[event->kind].space, event->address);
		fprintf(out, "  %s", owner ? owner->name : "(nobody)");
	}
	if (event->times > 1)
		fprintf(out, "  (%" PRIu64 " times)", event->times);
	fputc('\n', out);
}

void events_print(const struct events *events, const struct bus *bus, FILE *out)
{
	uint64_t first = events->count > EVENTS_KEPT ? events->count - EVENTS_KEPT : 0;

	if (events->count)
		fputs("last events, each after so many exits:\n", out);
	for (uint64_t i = first; i < events->count; i++)
		print_event(&events->ring[i % EVENTS_KEPT], bus, out);
}
