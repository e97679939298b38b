/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apicbus.h - what local APICs and I/O APICs send to each other (Intel SDM vol. 3,
 * 11.6 and 11.11; Intel 82093AA, 3.4), and the wire from the 8259s' INT output, which
 * goes to all of them.
 */
#ifndef VMM_DEV_APICBUS_H
#define VMM_DEV_APICBUS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/device.h"
#include "core/intr.h"

/* As in the interrupt command register, local vector table and redirection table. */
enum apic_delivery {
	APIC_FIXED = 0,
	APIC_LOWEST_PRIORITY = 1,
	APIC_SMI = 2,
	APIC_NMI = 4,
	APIC_INIT = 5,
	APIC_STARTUP = 6,
	APIC_EXTINT = 7,
};

#define APIC_BROADCAST 0xFFu	/* as a physical destination */

struct apic_message {
	enum apic_delivery delivery;
	uint8_t vector;
	bool level;		/* level triggered */
	bool logical;		/* how the destination is meant */
	uint8_t destination;
};

/* A local APIC. */
struct apic_local_ops {
	bool (*matches)(void *self, const struct apic_message *message);
	uint8_t (*priority)(void *self);	/* of what its processor does */
	void (*accept)(void *self, const struct apic_message *message);
};

/* An I/O APIC. */
struct apic_io_ops {
	/* A processor is done with a level-triggered interrupt. */
	void (*end_of_interrupt)(void *self, uint8_t vector);
	/* A processor has taken an interrupt. */
	void (*taken)(void *self, uint8_t vector);
};

struct apicbus;

/* Returns 0 or -ENOMEM. It must outlive the APICs. */
int apicbus_create(struct apicbus **bus);

/* Return 0 or -ENOSPC. */
int apicbus_add_local(struct apicbus *bus, const struct apic_local_ops *ops, void *self);
int apicbus_add_io(struct apicbus *bus, const struct apic_io_ops *ops, void *self);

/* To all that match but one, which may be NULL; with lowest priority to one of them. */
void apicbus_send(struct apicbus *bus, const struct apic_message *message, const void *except);

void apicbus_end_of_interrupt(struct apicbus *bus, uint8_t vector);
void apicbus_taken(struct apicbus *bus, uint8_t vector);

/* The 8259s' output. */
struct intr *apicbus_extint(struct apicbus *bus);

extern const struct device_ops apicbus_device;

#endif
