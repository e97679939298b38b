/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * select.h - which engine runs the guest.
 */
#ifndef VMM_ENGINE_SELECT_H
#define VMM_ENGINE_SELECT_H

#include <stdbool.h>

#include "core/log.h"
#include "engine/engine.h"

/*
 * Checks a list of engines as --engine takes it ("auto", "kvm,interp"), by
 * name only. Returns 0, or -EINVAL with a message in the log.
 */
int engine_list_check(const char *list, const struct log *log);

/* What an engine has to have, as in struct engine_ops. */
struct engine_wishes {
	bool isolates;
	bool counts_instructions;
	bool runs_to;		/* has run_to() */
};

/*
 * The first engine of the list that works on this host and has what is wished
 * for. "auto": KVM on a processor that virtualizes, else what else works,
 * fastest first; what decided is explained with -v. NULL with a message in the
 * log where none works.
 */
const struct engine_ops *engine_select(const char *list, const struct engine_wishes *wishes,
				       const struct log *log);

#endif
