/* SPDX-License-Identifier: GPL-3.0-or-later */
/* a20.c - the gate of address line 20, see a20.h. */
#include "core/a20.h"

#include <errno.h>
#include <stdlib.h>

struct a20 {
	unsigned int sources;	/* a bit each that wants it open */
	a20_fn *fn;
	void *self;
};

int a20_create(struct a20 **a20)
{
	*a20 = calloc(1, sizeof(**a20));
	return *a20 ? 0 : -ENOMEM;
}

void a20_destroy(struct a20 *a20)
{
	free(a20);
}

void a20_listen(struct a20 *a20, a20_fn *fn, void *self)
{
	a20->fn = fn;
	a20->self = self;
}

bool a20_is_on(const struct a20 *a20)
{
	return a20->sources;
}

void a20_set(struct a20 *a20, enum a20_source source, bool on)
{
	bool was;

	if (!a20)
		return;
	was = a20_is_on(a20);
	a20->sources &= ~(1u << source);
	a20->sources |= (unsigned int)on << source;
	if (a20_is_on(a20) != was && a20->fn)
		a20->fn(a20->self, !was);
}
