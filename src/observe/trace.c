/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace.c - events as lines of a file, see trace.h. */
#include "observe/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "observe/postmortem.h"

#define FORMAT 1u		/* raised when a field changes or goes */
#define VECTOR_PF 14u
#define PLACE_START 2u		/* of symbols_place(): " <" */

/* --- the filter --- */

static const struct {
	const char *name;
	enum event_kind kind;
	bool page_faults;
	bool addressed;		/* can be limited to addresses */
} kinds[] = {
	{ "pio", EVENT_PIO, false, true },
	{ "mmio", EVENT_MMIO, false, true },
	{ "msr", EVENT_MSR, false, true },
	{ "hlt", EVENT_HLT, false, false },
	{ "irq", EVENT_IRQ, false, true },
	{ "int", EVENT_INT, false, true },
	{ "exception", EVENT_RAISED, false, true },
	{ "pagefault", EVENT_RAISED, true, true },
	{ "hypercall", EVENT_HYPERCALL, false, true },
	{ "cr3", EVENT_CR3, false, false },
};

/* The index of the kind of that name, or -1. */
static int find_kind(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strlen(kinds[i].name) == length && !strncmp(kinds[i].name, name, length))
			return (int)i;
	return -1;
}

/* A number that ends at one of the characters of ends; *at goes behind it. */
static bool parse_number(const char **at, const char *end, uint64_t *number)
{
	char *behind;

	if (!(**at >= '0' && **at <= '9'))
		return false;
	errno = 0;
	*number = strtoull(*at, &behind, 0);
	*at = behind;
	return !errno && behind <= end;
}

/* FIRST[-LAST] up to end. */
static bool parse_range(const char *at, const char *end, struct trace_item *item)
{
	if (!parse_number(&at, end, &item->first))
		return false;
	item->last = item->first;
	if (at < end && *at == '-') {
		at++;
		if (!parse_number(&at, end, &item->last))
			return false;
	}
	return at == end && item->first <= item->last;
}

static const char *parse_item(struct trace_item *item, const char *text, const char *end,
			      char *error, size_t error_size)
{
	size_t length = strcspn(text, ":,");
	int kind = find_kind(text, length);
	bool ranged = text + length < end;

	if (kind < 0) {
		snprintf(error, error_size, "'%.*s' is none of pio, mmio, msr, hlt, irq, int, "
			 "exception, pagefault, hypercall and cr3", (int)(length < 40 ? length : 40),
			 text);
		return error;
	}
	*item = (struct trace_item){
		.kind = kinds[kind].kind, .last = UINT64_MAX,
		.page_faults = kinds[kind].page_faults,
	};
	if (ranged && !kinds[kind].addressed) {
		snprintf(error, error_size, "%s takes no addresses", kinds[kind].name);
		return error;
	}
	if (ranged && !parse_range(text + length + 1, end, item))
		return "after a colon FIRST or FIRST-LAST is wanted, numbers, the lower one first";
	return NULL;
}

const char *trace_filter_parse(struct trace_filter *filter, const char *text, char *error,
			       size_t error_size)
{
	const char *end, *wrong;
	struct trace_item item, *added;

	for (;; text = end + 1) {
		end = text + strcspn(text, ",");
		wrong = parse_item(&item, text, end, error, error_size);
		if (wrong)
			return wrong;
		added = array_append(&filter->item, &filter->count, sizeof(*added));
		if (!added)
			return "out of memory";
		*added = item;
		if (!*end)
			return NULL;
	}
}

void trace_filter_free(struct trace_filter *filter)
{
	free(filter->item);
}

static bool matches(const struct trace_item *item, const struct event *event)
{
	bool by_vector = event->kind == EVENT_RAISED && !item->page_faults;
	uint64_t address = by_vector ? event->vector : event->address;

	if (item->kind != event->kind || (item->page_faults && event->vector != VECTOR_PF))
		return false;
	return address >= item->first && address <= item->last;
}

bool trace_wants(const struct trace *trace, const struct event *event)
{
	if (!trace->filter->count)
		return true;
	for (size_t i = 0; i < trace->filter->count; i++)
		if (matches(&trace->filter->item[i], event))
			return true;
	return false;
}

/* --- lines --- */

void trace_begin(struct trace *trace)
{
	trace->started = clock_monotonic();
	fprintf(trace->out, "# vmm trace %u: wall virtual rip symbol kind ...\n", FORMAT);
}

void trace_flush(const struct trace *trace)
{
	fflush(trace->out);
}

static void put_time(FILE *out, uint64_t ns)
{
	fprintf(out, "%" PRIu64 ".%09" PRIu64 " ", ns / NS_PER_SECOND, ns % NS_PER_SECOND);
}

/* RIP and "name+0x1c", or "-" where they are not known. */
static void put_place(const struct trace *trace, const struct event *event)
{
	char place[SYMBOLS_PLACE_SIZE];
	size_t length;

	if (event->rip == EVENT_NOWHERE) {
		fputs("- - ", trace->out);
		return;
	}
	length = strlen(event_place(event, trace->symbols, place));
	for (char *c = place + PLACE_START; length && *c; c++)
		if (*c == ' ')
			*c = '?';
	if (length)
		fprintf(trace->out, "0x%" PRIx64 " %.*s ", event->rip,
			(int)(length - PLACE_START - 1), place + PLACE_START);
	else
		fprintf(trace->out, "0x%" PRIx64 " - ", event->rip);
}

static void put_access(const struct trace *trace, const struct event *event)
{
	const struct bus_range *owner = event_owner(event, trace->bus);

	if (event->kind == EVENT_PIO)
		fprintf(trace->out, "pio %s 0x%04" PRIx64 " %u %" PRIu32 " 0x%0*" PRIx64 " %s",
			event->write ? "out" : "in", event->address, event->size, event->count,
			event->size * 2, event->value, owner ? owner->name : "-");
	else
		fprintf(trace->out, "mmio %s 0x%08" PRIx64 " %u 0x%0*" PRIx64 " %s",
			event->posted ? "posted" : event->write ? "write" : "read",
			event->address, event->size, event->size * 2, event->value,
			owner ? owner->name : "-");
}

/* "#PF" of "#PF page fault". */
static void put_exception(const struct trace *trace, const struct event *event)
{
	char name[40];
	const char *full = vector_name(event->vector, name, sizeof(name));

	fprintf(trace->out, "exception %u %.*s", event->vector,
		*full == '#' ? (int)strcspn(full, " ") : 1, *full == '#' ? full : "-");
	if (event->size)
		fprintf(trace->out, " 0x%" PRIx64, event->value);
	else
		fputs(" -", trace->out);
	if (event->vector == VECTOR_PF)
		fprintf(trace->out, " 0x%" PRIx64, event->address);
	else
		fputs(" -", trace->out);
}

static void put_other(const struct trace *trace, const struct event *event)
{
	FILE *out = trace->out;

	switch ((enum event_kind)event->kind) {
	case EVENT_MSR:
		fprintf(out, "msr %s 0x%08" PRIx64 " 0x%016" PRIx64,
			event->write ? "wrmsr" : "rdmsr", event->address, event->value);
		break;
	case EVENT_IRQ:
		fprintf(out, "irq 0x%02" PRIx64, event->address);
		break;
	case EVENT_INT:
		fprintf(out, "int 0x%02" PRIx64, event->address);
		break;
	case EVENT_HYPERCALL:
		fprintf(out, "hypercall %" PRIu64 " %s %" PRId64, event->address, event->name,
			(int64_t)event->value);
		break;
	case EVENT_CR3:
		fprintf(out, "cr3 0x%" PRIx64, event->value);
		break;
	default:
		fputs("hlt", out);
	}
}

void trace_event(const struct trace *trace, const struct event *event)
{
	put_time(trace->out, clock_monotonic() - trace->started);
	put_time(trace->out, clock_now(trace->clock));
	put_place(trace, event);
	if (event_is_access(event))
		put_access(trace, event);
	else if (event->kind == EVENT_RAISED)
		put_exception(trace, event);
	else
		put_other(trace, event);
	fputc('\n', trace->out);
}
