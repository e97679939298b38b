/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intr.c - between an interrupt controller and its processor, see intr.h. */
#include "core/intr.h"

#include <errno.h>
#include <stdlib.h>

#define LISTENERS 2u

struct intr {
	bool level;
	bool nmi;
	uint8_t cr8;
	intr_fn *acknowledge;
	void *self;
	uint64_t taken;
	intr_taken_fn *on_taken;	/* NULL: nobody */
	void *taken_self;
	struct {
		intr_level_fn *fn;
		void *self;
	} listener[LISTENERS];
	intr_cr8_fn *on_cr8;
	void *cr8_self;
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

int intr_listen(struct intr *intr, intr_level_fn *fn, void *self)
{
	for (unsigned int i = 0; i < LISTENERS; i++) {
		if (intr->listener[i].fn)
			continue;
		intr->listener[i].fn = fn;
		intr->listener[i].self = self;
		return 0;
	}
	return -ENOSPC;
}

void intr_set(struct intr *intr, bool level)
{
	if (intr->level == level)
		return;
	intr->level = level;
	for (unsigned int i = 0; i < LISTENERS && intr->listener[i].fn; i++)
		intr->listener[i].fn(intr->listener[i].self, level);
}

bool intr_level(const struct intr *intr)
{
	return intr->level;
}

uint8_t intr_acknowledge(struct intr *intr)
{
	uint8_t vector = intr->acknowledge(intr->self);

	intr->taken++;
	if (intr->on_taken)
		intr->on_taken(intr->taken_self, vector);
	return vector;
}

void intr_on_taken(struct intr *intr, intr_taken_fn *fn, void *self)
{
	intr->on_taken = fn;
	intr->taken_self = self;
}

uint64_t intr_taken(const struct intr *intr)
{
	return intr->taken;
}

void intr_raise_nmi(struct intr *intr)
{
	intr->nmi = true;
}

void intr_cancel_nmi(struct intr *intr)
{
	intr->nmi = false;
}

bool intr_take_nmi(struct intr *intr)
{
	bool nmi = intr->nmi;

	intr->nmi = false;
	return nmi;
}

bool intr_wakes(const struct intr *intr)
{
	return intr->level || intr->nmi;
}

void intr_on_cr8(struct intr *intr, intr_cr8_fn *fn, void *self)
{
	intr->on_cr8 = fn;
	intr->cr8_self = self;
}

void intr_set_cr8(struct intr *intr, uint8_t cr8)
{
	intr->cr8 = cr8;
}

void intr_write_cr8(struct intr *intr, uint8_t cr8)
{
	intr->cr8 = cr8;
	if (intr->on_cr8)
		intr->on_cr8(intr->cr8_self, cr8);
}

uint8_t intr_cr8(const struct intr *intr)
{
	return intr->cr8;
}
