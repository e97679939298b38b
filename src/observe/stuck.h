/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stuck.h - guests that met a limit: what they most likely wait for in vain. */
#ifndef VMM_OBSERVE_STUCK_H
#define VMM_OBSERVE_STUCK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/bus.h"
#include "observe/events.h"
#include "observe/postmortem.h"

struct stuck {
	const struct events *events;
	const struct bus *bus;
	bool eoi_missing;	/* an interrupt controller waits for an end of interrupt */
};

/*
 * The mistake that a guest most likely made that goes on for ever here, in a sentence with the
 * remedy, made in text. NULL: it does not look like any that is known. pm: no faults.
 */
const char *stuck_find(const struct stuck *stuck, const struct postmortem *pm, char *text,
		       size_t size);

#endif
