/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kvm_place.c - where the instruction is that an exit comes from. KVM leaves RIP at what
 * reads, since that is complete only with the value; what writes has been passed, but for
 * an OUT that the processor's virtualization reported, and for what is repeated.
 */
#include "engine/kvm.h"

#include "cpu/pagewalk.h"

#define INSN_BYTES 15u

static bool is_prefix(uint8_t byte)
{
	return byte == 0x66 || byte == 0x67 || (byte & 0xF0) == 0x40;
}

/* The length of an OUT of one element at a linear address; 0: there is another instruction. */
static unsigned int out_length(const struct engine *engine, const struct vcpu_state *state)
{
	uint8_t code[INSN_BYTES];
	size_t len = pagewalk_read(engine->config.mem, state, vcpu_linear_rip(state), code,
				   sizeof(code));
	unsigned int i = 0;

	while (i < len && is_prefix(code[i]))
		i++;
	if (i < len && (code[i] == 0xE6 || code[i] == 0xE7))
		return i + 2;
	return i < len && (code[i] == 0xEE || code[i] == 0xEF) ? i + 1 : 0;
}

/* Completes an OUT: where it goes on tells where RIP was. The next run() is short for it. */
static enum out_place find_out_place(struct engine *engine, uint64_t rip)
{
	struct vcpu_state state;

	engine_kvm.complete(engine);
	if (kvm_get_general(engine, &state))
		return OUT_UNKNOWN;
	return state.rip == rip ? OUT_BEHIND : OUT_AT;
}

static bool is_posted(const struct vmexit *exit)
{
	return exit && exit->reason == VMEXIT_MMIO && exit->mmio.posted;
}

uint64_t kvm_place(struct engine *engine, const struct vmexit *exit)
{
	struct vcpu_state state;
	unsigned int length;

	if (engine->emulating)
		return emulator_place(&engine->emulator, exit);
	if (is_posted(exit) || kvm_get_registers(engine, &state))
		return UINT64_MAX;
	if (!exit || exit->reason != VMEXIT_PIO || !exit->pio.write)
		return vcpu_linear_rip(&state);
	length = out_length(engine, &state);
	if (!length)
		return vcpu_linear_rip(&state);
	if (engine->out_place == OUT_UNKNOWN)
		engine->out_place = find_out_place(engine, state.rip);
	if (engine->out_place == OUT_AT)
		state.rip += length;
	return vcpu_linear_rip(&state);
}
