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

/* Called when the processor has taken an interrupt of the line. */
typedef void irq_taken_fn(void *self);

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

/*
 * For a chip that has to know whether its interrupts arrive, one to a line: fn
 * is called when an interrupt controller has handed one to the processor, and
 * may drive the line at once. line may be NULL.
 */
void irq_on_taken(struct irq_line *line, irq_taken_fn *fn, void *self);

/* By the interrupt controller, when its own state is as it stays. */
void irq_taken(struct irq_line *line);

#endif
