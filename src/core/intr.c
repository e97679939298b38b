/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intr.c - the processor's interrupt request pin, see intr.h. */
#include "core/intr.h"

#include <errno.h>
#include <stdlib.h>

struct intr {
	bool level;
	intr_fn *acknowledge;
	void *self;
	uint64_t taken;
};

int intr_create(struct intr **intr)
{
	*intr = calloc(1, sizeof(**intr));
	return *intr ? 0 : -ENOMEM;
}

void intr_destroy(struct intr *intr)
{
	free(intr);
}

void intr_connect(struct intr *intr, intr_fn *acknowledge, void *self)
{
	intr->acknowledge = acknowledge;
	intr->self = self;
}

void intr_set(struct intr *intr, bool level)
{
	intr->level = level;
}

bool intr_level(const struct intr *intr)
{
	return intr->level;
}

uint8_t intr_acknowledge(struct intr *intr)
{
	intr->taken++;
	return intr->acknowledge(intr->self);
}

uint64_t intr_taken(const struct intr *intr)
{
	return intr->taken;
}
