/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * divergence.h - the report on two machines that do not agree any more: the
 * instruction, what was before it and what differs behind it.
 */
#ifndef VMM_DIVERGENCE_H
#define VMM_DIVERGENCE_H

#include <stdio.h>

#include "pair.h"

/* After a step with differences; several lines of text, to be read by a person. */
void divergence_print(FILE *out, struct pair *pair);

/* How the guest's run ended, or "none", for one side: a line of its own has it. */
void divergence_ending(const struct side *side, char *text, size_t size);

#endif
