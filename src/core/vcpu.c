/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vcpu.c - registers without an engine, see vcpu.h. */
#include "core/vcpu.h"

#define REAL_MODE_LIMIT 0xFFFFu

void vcpu_state_reset(struct vcpu_state *state)
{
	static const struct vcpu_segment data = {
		.limit = REAL_MODE_LIMIT, .type = SEG_TYPE_DATA, .s = true, .present = true,
	};

	*state = (struct vcpu_state){
		.rflags = RFLAGS_FIXED,
		.ldtr = { .limit = REAL_MODE_LIMIT, .type = SEG_TYPE_LDT, .present = true },
		.tr = { .limit = REAL_MODE_LIMIT, .type = SEG_TYPE_TSS32, .present = true },
		.gdtr = { .limit = REAL_MODE_LIMIT },
		.idtr = { .limit = REAL_MODE_LIMIT },
		.cr0 = CR0_ET,
		.dr[6] = DR6_RESET,
		.dr[7] = DR7_RESET,
	};
	for (unsigned int i = 0; i < SEG_COUNT; i++)
		state->segment[i] = data;
	state->segment[SEG_CS].type = SEG_TYPE_CODE;
}

unsigned int vcpu_code_bits(const struct vcpu_state *state)
{
	const struct vcpu_segment *cs = &state->segment[SEG_CS];

	if (!(state->cr0 & CR0_PE))
		return 16;
	if (state->efer & EFER_LMA && cs->l)
		return 64;
	return cs->db ? 32 : 16;
}
