/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * intr.h - what an interrupt controller and the one that it interrupts have
 * between them: the interrupt request pin (INTR), with the acknowledge cycle that
 * asks for the vector. So the local APIC and its processor, which have the NMI pin
 * and the task priority (CR8) between them as well; and so the 8259s and the
 * APICs. All calls are made by the vCPU's thread.
 */
#ifndef VMM_CORE_INTR_H
#define VMM_CORE_INTR_H

#include <stdbool.h>
#include <stdint.h>

struct intr;

/* The interrupt acknowledge cycle: the vector that the controller gives, 0 to 255. */
typedef uint8_t intr_fn(void *self);

/* Called when INTR's level has changed. */
typedef void intr_level_fn(void *self, bool level);

/* Called when the processor has written CR8: 0 to 15. */
typedef void intr_cr8_fn(void *self, uint8_t cr8);

/* Returns 0 or -ENOMEM. The caller owns *intr. */
int intr_create(struct intr **intr);
void intr_destroy(struct intr *intr);

/* The controller that is connected to the pin: one. */
void intr_connect(struct intr *intr, intr_fn *acknowledge, void *self);

/* Who is told of INTR; engines look at it instead. Returns 0 or -ENOSPC (two). */
int intr_listen(struct intr *intr, intr_level_fn *fn, void *self);

void intr_set(struct intr *intr, bool level);
bool intr_level(const struct intr *intr);

/* Only while the level is high. */
uint8_t intr_acknowledge(struct intr *intr);

/* Who is told of each vector that the processor takes: one. */
typedef void intr_taken_fn(void *self, uint8_t vector);
void intr_on_taken(struct intr *intr, intr_taken_fn *fn, void *self);

/* How many interrupts the processor has taken. */
uint64_t intr_taken(const struct intr *intr);

/* --- NMI, an edge that is kept until the processor takes it --- */

void intr_raise_nmi(struct intr *intr);
void intr_cancel_nmi(struct intr *intr);

/* Whether there is one, which from then on is the caller's to deliver. */
bool intr_take_nmi(struct intr *intr);

/* Whether a processor that has interrupts enabled would be woken up. */
bool intr_wakes(const struct intr *intr);

/* --- CR8, bits 4 to 7 of the task priority register --- */

/* The controller that fn tells of the processor's writes: one. */
void intr_on_cr8(struct intr *intr, intr_cr8_fn *fn, void *self);

/* By the controller: its register has been written. */
void intr_set_cr8(struct intr *intr, uint8_t cr8);

/* By the engine: the guest has written CR8. */
void intr_write_cr8(struct intr *intr, uint8_t cr8);
uint8_t intr_cr8(const struct intr *intr);

#endif
