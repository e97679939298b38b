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

/* --- the last events --- */

/* After it was made: what was read is there. A guest's bytes are as many as size says. */
static void keep(struct observer *observer, const struct vmexit *exit)
{
	struct event event = { .number = observer->exits };
	const void *data = NULL;

	if (exit->reason == VMEXIT_PIO) {
		event.kind = EVENT_PIO;
		event.address = exit->pio.port;
		event.size = exit->pio.size;
		event.write = exit->pio.write;
		data = exit->pio.data;
	} else if (exit->reason == VMEXIT_MMIO) {
		event.kind = EVENT_MMIO;
		event.address = exit->mmio.gpa;
		event.size = exit->mmio.size;
		event.write = exit->mmio.write;
		data = exit->mmio.data;
	} else if (exit->reason == VMEXIT_MSR) {
		event.kind = EVENT_MSR;
		event.address = exit->msr.number;
		event.size = sizeof(event.value);
		event.write = exit->msr.write;
		data = exit->msr.data;
	} else if (exit->reason == VMEXIT_HLT) {
		event.kind = EVENT_HLT;
	} else {
		return;
	}
	if (data)
		memcpy(&event.value, data, event.size);
	events_add(&observer->events, &event);
}

void observer_after(struct observer *observer, const struct vmexit *exit)
{
	if (observer->profile)
		profile(observer, exit);
	keep(observer, exit);
	observer->exits += exit_is_guests(exit);
}

void observer_interrupt(struct observer *observer, uint8_t vector)
{
	events_add(&observer->events, &(struct event){
		.number = observer->exits, .kind = EVENT_IRQ, .address = vector,
	});
}
