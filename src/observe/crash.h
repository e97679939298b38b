/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crash.h - the report on a guest that could not go on: where it was, what its
 * registers held, and what was around it in memory.
 */
#ifndef VMM_OBSERVE_CRASH_H
#define VMM_OBSERVE_CRASH_H

#include <stdio.h>

#include "core/mem.h"
#include "core/symbols.h"
#include "core/vcpu.h"

/*
 * Several lines of text, to be read by a person. symbols: of the guest; NULL: none.
 * reason: the first line, in words.
 */
void crash_report(FILE *out, const struct mem *mem, const struct vcpu_state *state,
		  struct symbols *symbols, const char *reason);

#endif
