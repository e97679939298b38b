/* SPDX-License-Identifier: GPL-3.0-or-later */
/* irq.c - interrupt lines, see irq.h. */
#include "core/irq.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#define LISTENERS 2u

struct irq_line {
	unsigned int number;
	bool level;
	struct {
		irq_fn *fn;
		void *self;
	} listener[LISTENERS];
	irq_taken_fn *taken;
	void *taken_self;
};

struct irqs {
	struct irq_line line[IRQ_LINES];
};

int irqs_create(struct irqs **irqs)
{
	*irqs = calloc(1, sizeof(**irqs));
	if (!*irqs)
		return -ENOMEM;
	for (unsigned int i = 0; i < IRQ_LINES; i++)
		(*irqs)->line[i].number = i;
	return 0;
}

void irqs_destroy(struct irqs *irqs)
{
	free(irqs);
}

void irqs_reset(struct irqs *irqs)
{
	for (unsigned int i = 0; i < IRQ_LINES; i++)
		irq_set(&irqs->line[i], false);
}

struct irq_line *irq_line(struct irqs *irqs, unsigned int number)
{
	return number < IRQ_LINES ? &irqs->line[number] : NULL;
}

int irq_listen(struct irq_line *line, irq_fn *fn, void *self)
{
	for (unsigned int i = 0; i < LISTENERS; i++) {
		if (line->listener[i].fn)
			continue;
		line->listener[i].fn = fn;
		line->listener[i].self = self;
		return 0;
	}
	return -ENOSPC;
}

void irq_set(struct irq_line *line, bool level)
{
	if (!line || line->level == level)
		return;
	line->level = level;
	for (unsigned int i = 0; i < LISTENERS && line->listener[i].fn; i++)
		line->listener[i].fn(line->listener[i].self, line->number, level);
}

bool irq_level(const struct irq_line *line)
{
	return line && line->level;
}

void irq_on_taken(struct irq_line *line, irq_taken_fn *fn, void *self)
{
	if (!line)
		return;
	line->taken = fn;
	line->taken_self = self;
}

void irq_taken(struct irq_line *line)
{
	if (line->taken)
		line->taken(line->taken_self);
}
