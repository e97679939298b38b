/* SPDX-License-Identifier: GPL-3.0-or-later */
/* events.c - the last events, see events.h. */
#include "observe/events.h"

#include <inttypes.h>

#include "observe/postmortem.h"

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
	[EVENT_INT] = { .read = "int", .digits = 2 },
	[EVENT_RAISED] = { .read = "exception" },
	[EVENT_HYPERCALL] = { .read = "hypercall" },
	[EVENT_CR3] = { .write = "cr3" },
};

static bool same(const struct event *a, const struct event *b)
{
	return a->rip == b->rip && a->address == b->address && a->value == b->value &&
	       a->kind == b->kind && a->size == b->size && a->write == b->write &&
	       a->vector == b->vector && a->count == b->count && a->posted == b->posted &&
	       a->name == b->name;
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

bool event_is_access(const struct event *event)
{
	return kinds[event->kind].owned;
}

const struct bus_range *event_owner(const struct event *event, const struct bus *bus)
{
	return event_is_access(event) ?
	       bus_find(bus, kinds[event->kind].space, event->address) : NULL;
}

const char *event_place(const struct event *event, struct symbols *symbols,
			char text[SYMBOLS_PLACE_SIZE])
{
	bool behind = (event_is_access(event) && event->write) || event->kind == EVENT_HLT ||
		      event->kind == EVENT_HYPERCALL;

	text[0] = '\0';
	if (event->rip != EVENT_NOWHERE)
		symbols_place(symbols, event->rip, behind ? SYMBOLS_BEHIND : SYMBOLS_AT, text);
	return text;
}

static void print_what(const struct event *event, FILE *out)
{
	char name[40];

	fprintf(out, "%s", event->write ? kinds[event->kind].write : kinds[event->kind].read);
	if (kinds[event->kind].digits)
		fprintf(out, " 0x%0*" PRIx64, kinds[event->kind].digits, event->address);
	else if (event->kind == EVENT_RAISED)
		fprintf(out, " %s", vector_name(event->vector, name, sizeof(name)));
	else if (event->kind == EVENT_HYPERCALL)
		fprintf(out, " %" PRIu64 " %s", event->address, event->name);
	if (event->size)
		fprintf(out, ": 0x%0*" PRIx64, event->size * 2, event->value);
	if (event->kind == EVENT_RAISED && event->address)
		fprintf(out, " at 0x%" PRIx64, event->address);
}

static void print_event(const struct event *event, const struct bus *bus,
			struct symbols *symbols, FILE *out)
{
	const struct bus_range *owner = event_owner(event, bus);
	char place[SYMBOLS_PLACE_SIZE];

	fprintf(out, "%12" PRIu64 "  ", event->number);
	print_what(event, out);
	if (event_is_access(event))
		fprintf(out, "  %s", owner ? owner->name : "(nobody)");
	if (event->rip != EVENT_NOWHERE)
		fprintf(out, "  RIP 0x%" PRIx64 "%s", event->rip,
			event_place(event, symbols, place));
	if (event->times > 1)
		fprintf(out, "  (%" PRIu64 " times)", event->times);
	fputc('\n', out);
}

void events_print(const struct events *events, const struct bus *bus, struct symbols *symbols,
		  FILE *out)
{
	uint64_t first = events->count > EVENTS_KEPT ? events->count - EVENTS_KEPT : 0;

	if (events->count)
		fputs("last events, each after so many exits:\n", out);
	for (uint64_t i = first; i < events->count; i++)
		print_event(&events->ring[i % EVENTS_KEPT], bus, symbols, out);
}
