/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hash.h - the state of a machine in a few hashes: two runs that ended in the
 * same state have the same (--state-hash, --report).
 */
#ifndef VMM_OBSERVE_HASH_H
#define VMM_OBSERVE_HASH_H

#include <stddef.h>

#include "core/mem.h"
#include "core/vcpu.h"

/*
 * RAM, the registers (general, segment, control, descriptor tables, RFLAGS without
 * reserved bits), the FPU (the XSAVE image), and the screen.
 */
enum state_hash_part {
	STATE_HASH_RAM,
	STATE_HASH_REGISTERS,
	STATE_HASH_FPU,
	STATE_HASH_SCREEN,
	STATE_HASHES,
};

extern const char *const state_hash_names[STATE_HASHES];

#define STATE_HASH_DIGITS 32	/* XXH3, 128 bits, hexadecimal */

struct state_hashes {
	char text[STATE_HASHES][STATE_HASH_DIGITS + 1];
};

/* screen and size: the screen's bytes. */
void state_hash(struct state_hashes *hashes, const struct mem *mem,
		const struct vcpu_state *state, const void *screen, size_t size);

#endif
