/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apicbus.c - messages between APICs, see apicbus.h. */
#include "dev/apicbus.h"

#include <errno.h>
#include <stdlib.h>

#define LOCALS	64u
#define IOS	2u

struct apicbus {
	struct intr *extint;
	struct {
		const struct apic_local_ops *ops;
		void *self;
	} local[LOCALS];
	struct {
		const struct apic_io_ops *ops;
		void *self;
	} io[IOS];
	unsigned int locals;
	unsigned int ios;
};

int apicbus_create(struct apicbus **bus)
{
	int error;

	*bus = calloc(1, sizeof(**bus));
	if (!*bus)
		return -ENOMEM;
	error = intr_create(&(*bus)->extint);
	if (error)
		free(*bus);
	return error;
}

int apicbus_add_local(struct apicbus *bus, const struct apic_local_ops *ops, void *self)
{
	if (bus->locals == LOCALS)
		return -ENOSPC;
	bus->local[bus->locals].ops = ops;
	bus->local[bus->locals++].self = self;
	return 0;
}

int apicbus_add_io(struct apicbus *bus, const struct apic_io_ops *ops, void *self)
{
	if (bus->ios == IOS)
		return -ENOSPC;
	bus->io[bus->ios].ops = ops;
	bus->io[bus->ios++].self = self;
	return 0;
}

static bool matches(const struct apicbus *bus, unsigned int i, const struct apic_message *message,
		    const void *except)
{
	return bus->local[i].self != except &&
	       bus->local[i].ops->matches(bus->local[i].self, message);
}

/* locals: none matches. */
static unsigned int least_busy(const struct apicbus *bus, const struct apic_message *message,
			       const void *except)
{
	unsigned int best = bus->locals;
	uint8_t lowest = 0;

	for (unsigned int i = 0; i < bus->locals; i++) {
		uint8_t priority = bus->local[i].ops->priority(bus->local[i].self);

		if (!matches(bus, i, message, except) ||
		    (best < bus->locals && priority >= lowest))
			continue;
		best = i;
		lowest = priority;
	}
	return best;
}

void apicbus_send(struct apicbus *bus, const struct apic_message *message, const void *except)
{
	unsigned int first = 0, end = bus->locals;

	if (message->delivery == APIC_LOWEST_PRIORITY) {
		first = least_busy(bus, message, except);
		end = first < end ? first + 1 : end;
	}
	for (unsigned int i = first; i < end; i++)
		if (matches(bus, i, message, except))
			bus->local[i].ops->accept(bus->local[i].self, message);
}

void apicbus_end_of_interrupt(struct apicbus *bus, uint8_t vector)
{
	for (unsigned int i = 0; i < bus->ios; i++)
		bus->io[i].ops->end_of_interrupt(bus->io[i].self, vector);
}

void apicbus_taken(struct apicbus *bus, uint8_t vector)
{
	for (unsigned int i = 0; i < bus->ios; i++)
		bus->io[i].ops->taken(bus->io[i].self, vector);
}

struct intr *apicbus_extint(struct apicbus *bus)
{
	return bus->extint;
}

static void apicbus_destroy(void *self)
{
	struct apicbus *bus = self;

	intr_destroy(bus->extint);
	free(bus);
}

const struct device_ops apicbus_device = {
	.name = "apicbus",
	.fini = apicbus_destroy,
};
