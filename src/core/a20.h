/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * a20.h - the gate of the processor's address line 20: between the chips that
 * open it and the engine. It is open while any of them wants it. All calls are
 * made by the vCPU's thread.
 */
#ifndef VMM_CORE_A20_H
#define VMM_CORE_A20_H

#include <stdbool.h>

enum a20_source {
	A20_PORT_92,
	A20_KEYBOARD_CONTROLLER,
	A20_SOURCES,
};

struct a20;

/* Called when the line changes. */
typedef void a20_fn(void *self, bool on);

/* All closed. Returns 0 or -ENOMEM. The caller owns *a20. */
int a20_create(struct a20 **a20);
void a20_destroy(struct a20 *a20);

/* Who is told: one. */
void a20_listen(struct a20 *a20, a20_fn *fn, void *self);

/* a20 may be NULL: a pin that is not connected. */
void a20_set(struct a20 *a20, enum a20_source source, bool on);
bool a20_is_on(const struct a20 *a20);

#endif
