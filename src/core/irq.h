/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * irq.h - interrupt lines, from the pin of a chip to whoever listens.
 *
 * A line has a level. Chips drive it, interrupt controllers listen to it. All
 * calls are made by the vCPU's thread.
 */
#ifndef VMM_CORE_IRQ_H
#define VMM_CORE_IRQ_H

#include <stdbool.h>

#define IRQ_LINES 24u	/* ISA 0-15, then the rest of an I/O APIC's inputs */

struct irqs;
struct irq_line;

/* Called when the level changes. */
typedef void irq_fn(void *self, unsigned int number, bool level);

/* Returns 0 or -ENOMEM. The caller owns *irqs; the lines live as long. */
int irqs_create(struct irqs **irqs);
void irqs_destroy(struct irqs *irqs);

/* All lines low, the listeners are told. */
void irqs_reset(struct irqs *irqs);

/* number: 0 to IRQ_LINES - 1, else NULL. */
struct irq_line *irq_line(struct irqs *irqs, unsigned int number);

/* Adds a listener. Returns 0 or -ENOSPC (two to a line: 8259 and I/O APIC). */
int irq_listen(struct irq_line *line, irq_fn *fn, void *self);

/* line may be NULL: a pin that is not connected. */
void irq_set(struct irq_line *line, bool level);
bool irq_level(const struct irq_line *line);

#endif
