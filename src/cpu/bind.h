/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bind.h - the bind functions of ops.h, and what they have in common.
 */
#ifndef VMM_CPU_BIND_H
#define VMM_CPU_BIND_H

#include "cpu/internal.h"
#include "cpu/ops.h"

/*
 * Binds any decoded instruction: fills in what every insn has, then asks the
 * operation's own function. What cannot be bound becomes #UD.
 */
void bind(const struct decoded *decoded, struct insn *insn, bool *ends_block);

/* Whether it is an instruction at all, not what raises #UD; UD2 and its like are. */
bool bind_knows(const struct decoded *decoded);

/* An instruction that raises #UD (as: invalid opcode). */
bind_fn bind_undefined;

/* An instruction that raises #GP(0): longer than 15 bytes. */
bind_fn bind_too_long;

/* x87, MMX, SSE, AVX. fpu.c */
bind_fn bind_fpu;

#define OPS_DECLARE(name, bind) bind_fn bind;
OPS_ALL(OPS_DECLARE)
#undef OPS_DECLARE

/* 0, 1, 2, 3 for 1, 2, 4, 8 bytes: an index into tables by size. */
static inline unsigned int size_index(unsigned int size)
{
	return (unsigned int)__builtin_ctz(size);
}

#endif
