/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vcpu.c - registers without an engine, see vcpu.h. */
#include "core/vcpu.h"

#include <string.h>

#define REAL_MODE_LIMIT 0xFFFFu
#define PAT_RESET UINT64_C(0x0007040600070406)
#define APIC_BASE_RESET UINT64_C(0xFEE00900)	/* enabled, the bootstrap processor */
#define MISC_ENABLE_FAST_STRINGS 1u
#define FCW_RESET 0x37Fu
#define MXCSR_RESET 0x1F80u

/* Offsets in the XSAVE area. */
#define XSAVE_FCW 0
#define XSAVE_MXCSR 24

void vcpu_state_reset(struct vcpu_state *state)
{
	static const struct vcpu_segment data = {
		.limit = REAL_MODE_LIMIT, .type = SEG_TYPE_DATA, .s = true, .present = true,
	};

	const uint16_t fcw = FCW_RESET;
	const uint32_t mxcsr = MXCSR_RESET;

	*state = (struct vcpu_state){
		.rflags = RFLAGS_FIXED,
		.ldtr = { .limit = REAL_MODE_LIMIT, .type = SEG_TYPE_LDT, .present = true },
		.tr = { .limit = REAL_MODE_LIMIT, .type = SEG_TYPE_TSS32, .present = true },
		.gdtr = { .limit = REAL_MODE_LIMIT },
		.idtr = { .limit = REAL_MODE_LIMIT },
		.cr0 = CR0_ET,
		.dr[6] = DR6_RESET,
		.dr[7] = DR7_RESET,
		.xcr0 = XCR0_X87,
		.msr = { .apic_base = APIC_BASE_RESET, .pat = PAT_RESET,
			 .misc_enable = MISC_ENABLE_FAST_STRINGS, .mc0_ctl = UINT64_MAX },
	};
	memcpy(state->xsave + XSAVE_FCW, &fcw, sizeof(fcw));
	memcpy(state->xsave + XSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
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

uint64_t vcpu_linear_rip(const struct vcpu_state *state)
{
	if (vcpu_code_bits(state) == 64)
		return state->rip;
	return (uint32_t)(state->segment[SEG_CS].base + state->rip);
}
