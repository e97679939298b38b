/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hash.h - the state of a machine in a few lines: two runs that ended in the
 * same state print the same (--state-hash).
 */
#ifndef VMM_OBSERVE_HASH_H
#define VMM_OBSERVE_HASH_H

#include <stddef.h>
#include <stdio.h>

#include "core/mem.h"
#include "core/vcpu.h"

/*
 * Prints a line each, "hash NAME: 32 hexadecimal digits" (XXH3, 128 bits), for
 * RAM, the registers (general, segment, control, descriptor tables, RFLAGS
 * without reserved bits), the FPU (the XSAVE image) and the screen, of which
 * screen and size are the bytes.
 */
void state_hash_print(FILE *out, const struct mem *mem, const struct vcpu_state *state,
		      const void *screen, size_t size);

#endif
