/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow.h - where jumps lead whose targets are no part of the instruction.
 *
 * Code is taken in the order in which it stands in memory. What registers and the stack's
 * top hold is known roughly: a constant, something loaded, something calculated. So
 * the addresses that code has as constants are found, which may be jumped to; and jumps,
 * calls and returns to what code has calculated.
 */
#ifndef VMM_CPU_FLOW_H
#define VMM_CPU_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/vcpu.h"

struct decoded;

enum flow_kind {
	FLOW_LOADED,		/* from memory, or before what has been seen */
	FLOW_CONSTANT,
	FLOW_CALCULATED,
	FLOW_DERIVED,		/* calculated from an address in the page of the code */
	FLOW_UNTOUCHED,		/* of the stack: nothing was put there */
};

struct flow_value {
	enum flow_kind kind;
	uint64_t constant;
};

/* Lower addresses look like any number; few hosts let processes have memory there. */
#define FLOW_NUMBERS	UINT64_C(0x10000)

#define FLOW_SLOTS 64u		/* of the stack, half of them on either side of its first top */

struct flow {
	struct flow_value gpr[GPR_COUNT];
	struct flow_value slot[FLOW_SLOTS];
	int top;		/* index of the slot that RSP points to */
	int frame;		/* likewise RBP; outside of the slots: not known */
	bool elsewhere;		/* RSP came from neither: another stack */
	/* Of the last instruction: */
	uint64_t address[2];	/* constants that may be addresses */
	unsigned int addresses;
	bool untold;		/* it goes, or lets go, to an address that code calculates */
	bool ends;		/* native code does not go on behind it: it jumps, or traps */
};

/* Nothing is known. */
void flow_begin(struct flow *flow);

/* Takes the next instruction, which stands at the linear address la. */
void flow_take(struct flow *flow, const struct decoded *decoded, uint64_t la);

#endif
