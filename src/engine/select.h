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

/*
 * The first engine of the list that works on this host; isolate leaves out
 * those that do not isolate the guest from vmm. "auto": see design.md; what
 * decided is explained with -v. NULL with a message in the log where none
 * works.
 */
const struct engine_ops *engine_select(const char *list, bool isolate, const struct log *log);

#endif
