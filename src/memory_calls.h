/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * memory_calls.h - the hypercalls that tell a guest of its memory, see vmm-services(7).
 */
#ifndef VMM_MEMORY_CALLS_H
#define VMM_MEMORY_CALLS_H

#include "core/bus.h"
#include "pv/hypercall.h"

/* MEMORY_MAP and MEMORY_LIST; bus: must outlive them. Returns 0 or -errno. */
int memory_calls_register(struct hypercalls *hypercalls, struct bus *bus);

#endif
