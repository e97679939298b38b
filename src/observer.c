/* SPDX-License-Identifier: GPL-3.0-or-later */
/* observer.c - exits, as those who observe them know them; see observer.h. */
#include "observer.h"

#include <string.h>

/* --- the profile --- */

static struct profile_key key_of(const struct vmexit *exit)
{
	static const enum profile_kind kinds[VMEXIT_REASONS] = {
		[VMEXIT_MSR] = PROFILE_MSR,
		[VMEXIT_HLT] = PROFILE_HLT,
		[VMEXIT_KICK] = PROFILE_KICK,
		[VMEXIT_EMULATED] = PROFILE_EMULATED,
		[VMEXIT_SHUTDOWN] = PROFILE_OTHER,
		[VMEXIT_FAILURE] = PROFILE_OTHER,
		[VMEXIT_INSN_LIMIT] = PROFILE_OTHER,
		[VMEXIT_STEPPED] = PROFILE_OTHER,
	};

	if (exit->reason == VMEXIT_PIO)
		return profile_key(PROFILE_PIO, exit->pio.port, exit->pio.size, exit->pio.write);
	if (exit->reason == VMEXIT_MMIO)
		return profile_key(exit->mmio.posted ? PROFILE_POSTED : PROFILE_MMIO,
				   exit->mmio.gpa, exit->mmio.size, exit->mmio.write);
	return profile_key(kinds[exit->reason], 0, 0, false);
}

static void profile(struct observer *observer, const struct vmexit *exit)
{
	struct profile_key key = key_of(exit);
	uint32_t count = exit->reason == VMEXIT_PIO ? exit->pio.count : 1;

	if (profile_count(observer->profile, key, count))
		profile_leave(observer->profile, key,
			      observer->ops->place(observer->engine, exit));
}

/* --- events: the last ones, and the trace --- */

/* After it was made: what was read is there. A guest's bytes are as many as size says. */
static const void *describe_access(struct event *event, const struct vmexit *exit)
{
	switch (exit->reason) {
	case VMEXIT_PIO:
		event->kind = EVENT_PIO;
		event->address = exit->pio.port;
		event->size = exit->pio.size;
		event->write = exit->pio.write;
		event->count = exit->pio.count;
		return exit->pio.data;
	case VMEXIT_MMIO:
		event->kind = EVENT_MMIO;
		event->address = exit->mmio.gpa;
		event->size = exit->mmio.size;
		event->write = exit->mmio.write;
		event->posted = exit->mmio.posted;
		return exit->mmio.data;
	default:
		event->kind = EVENT_MSR;
		event->address = exit->msr.number;
		event->size = sizeof(event->value);
		event->write = exit->msr.write;
		return exit->msr.data;
	}
}

/* An event that has all but its RIP. exit: it comes from; NULL: from none. */
static void see(struct observer *observer, struct event *event, const struct vmexit *exit)
{
	bool traced = observer->trace && trace_wants(observer->trace, event);

	event->number = observer->exits;
	event->rip = EVENT_NOWHERE;
	if (traced || observer->ops->knows_place)
		event->rip = observer->ops->place(observer->engine, exit);
	events_add(&observer->events, event);
	if (traced)
		trace_event(observer->trace, event);
}

static void see_exit(struct observer *observer, const struct vmexit *exit)
{
	struct event event = { 0 };
	const void *data;

	if (exit->reason == VMEXIT_HLT) {
		event.kind = EVENT_HLT;
	} else if (exit->reason == VMEXIT_PIO || exit->reason == VMEXIT_MMIO ||
		   exit->reason == VMEXIT_MSR) {
		data = describe_access(&event, exit);
		memcpy(&event.value, data, event.size);
	} else {
		return;
	}
	see(observer, &event, exit);
}

void observer_after(struct observer *observer, const struct vmexit *exit)
{
	if (observer->profile)
		profile(observer, exit);
	see_exit(observer, exit);
	if (observer->hypercall.name) {
		see(observer, &observer->hypercall, exit);
		observer->hypercall.name = NULL;
	}
	observer->exits += exit_is_guests(exit);
}

void observer_interrupt(struct observer *observer, uint8_t vector)
{
	see(observer, &(struct event){ .kind = EVENT_IRQ, .address = vector }, NULL);
}

void observer_hypercall(void *self, uint32_t number, const char *name, int64_t result)
{
	struct observer *observer = self;

	/* Of several by one REP OUTS the last waits for the exit. */
	if (observer->hypercall.name)
		see(observer, &observer->hypercall, NULL);
	observer->hypercall = (struct event){
		.kind = EVENT_HYPERCALL, .address = number, .value = (uint64_t)result,
		.size = sizeof(result), .name = name,
	};
}

void observer_event(struct observer *observer, const struct cpu_event *event)
{
	struct event seen = { .address = event->address, .vector = event->vector };

	if (event->kind == CPU_EVENT_CR3) {
		seen = (struct event){
			.kind = EVENT_CR3, .value = event->address, .size = sizeof(seen.value),
			.write = true,
		};
	} else if (event->kind == CPU_EVENT_INT) {
		seen.kind = EVENT_INT;
		seen.address = event->vector;
	} else {
		seen.kind = EVENT_RAISED;
		seen.value = event->error;
		seen.size = event->has_error ? sizeof(event->error) : 0;
	}
	see(observer, &seen, NULL);
}
