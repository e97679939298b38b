/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace.h - a file with a line for each event, and which events are wanted. vmm(1), THE
 * TRACE, has the format. All calls but those of the filter are made by the vCPU's thread.
 */
#ifndef VMM_OBSERVE_TRACE_H
#define VMM_OBSERVE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/bus.h"
#include "core/clock.h"
#include "core/symbols.h"
#include "observe/events.h"

/* A kind of events, with addresses from first to last. */
struct trace_item {
	enum event_kind kind;
	uint64_t first, last;
	bool page_faults;	/* of the exceptions these alone; the address is CR2 */
};

/* All zero: every event. */
struct trace_filter {
	struct trace_item *item;
	size_t count;
};

/*
 * Adds KIND[:FIRST[-LAST]],... to a filter. Returns NULL, or what is wrong, which is made in
 * error if it has to be.
 */
const char *trace_filter_parse(struct trace_filter *filter, const char *text, char *error,
			       size_t error_size);
void trace_filter_free(struct trace_filter *filter);

/* All zero: nothing is traced. */
struct trace {
	FILE *out;			/* the opener's; NULL: not begun */
	const struct trace_filter *filter;
	const struct bus *bus;
	struct symbols *symbols;	/* NULL: none */
	const struct clock *clock;
	uint64_t started;		/* CLOCK_MONOTONIC, nanoseconds */
};

/* The run begins; the trace's other members are set. */
void trace_begin(struct trace *trace);

/* Whether it is wanted, whatever its RIP. */
bool trace_wants(const struct trace *trace, const struct event *event);

/* Errors of the stream are for who closes it. */
void trace_event(const struct trace *trace, const struct event *event);

/* What has been traced goes to the file: the guest waits. */
void trace_flush(const struct trace *trace);

#endif
