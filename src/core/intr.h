/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * intr.h - the processor's interrupt request pin (INTR): between the interrupt
 * controller, which drives it, and the engine, which looks at it and, when the
 * guest takes an interrupt, asks for the vector. All calls are made by the
 * vCPU's thread.
 */
#ifndef VMM_CORE_INTR_H
#define VMM_CORE_INTR_H

#include <stdbool.h>
#include <stdint.h>

struct intr;

/* The interrupt acknowledge cycle: the vector that the controller gives, 0 to 255. */
typedef uint8_t intr_fn(void *self);

/* Returns 0 or -ENOMEM. The caller owns *intr. */
int intr_create(struct intr **intr);
void intr_destroy(struct intr *intr);

/* The controller that is connected to the pin: one. */
void intr_connect(struct intr *intr, intr_fn *acknowledge, void *self);

void intr_set(struct intr *intr, bool level);
bool intr_level(const struct intr *intr);

/* Only while the level is high. */
uint8_t intr_acknowledge(struct intr *intr);

/* How many interrupts the processor has taken. */
uint64_t intr_taken(const struct intr *intr);

#endif
