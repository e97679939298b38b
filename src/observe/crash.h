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
#include "cpu/cpu.h"
#include "observe/stuck.h"

struct crash {
	const char *reason;		/* the first line, in words */
	const struct mem *mem;
	const struct vcpu_state *state;
	const struct vcpu_faults *faults;	/* of any count */
	const struct stuck *stuck;	/* it met a limit; NULL: it crashed */
	struct symbols *symbols;	/* of the guest; NULL: none */
	const struct cpu_module *cpu;	/* that can disassemble; NULL: bytes are shown alone */
};

/*
 * Several lines of text, to be read by a person: what went wrong and what that
 * looks like, registers, code, page walks, stack.
 */
void crash_report(FILE *out, const struct crash *crash);

#endif
