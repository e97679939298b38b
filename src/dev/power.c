/* SPDX-License-Identifier: GPL-3.0-or-later */
/* power.c - reset control, system control port A and PM1a control, see power.h. */
#include "dev/power.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

/* Reset control register (PIIX3, 82371SB). */
#define RCR_SRST	(1u << 1)	/* the reset is a hard one */
#define RCR_RCPU	(1u << 2)	/* 0 to 1: reset */

/* System control port A (IBM PS/2 Technical Reference). */
#define PORT_92_RESET	(1u << 0)	/* 0 to 1: reset */
#define PORT_92_A20	(1u << 1)

/* PM1 control register (ACPI 6.5, 4.8.3.2.1). */
#define PM1_SCI_EN	(1u << 0)	/* ACPI mode; there is no SMM to leave it for */
#define PM1_BM_RLD	(1u << 1)
#define PM1_SLP_TYP	(7u << 10)
#define PM1_SLP_EN	(1u << 13)	/* write-only */
#define PM1_STORED	(PM1_BM_RLD | PM1_SLP_TYP)
#define PM1_SLP_TYP_S5	(0u << 10)	/* as QEMU's DSDT says */

struct power {
	struct run *run;
	struct a20 *a20;
	uint8_t reset_control;
	uint8_t port_92;
	uint16_t pm1_control;
};

static void power_reset(void *self)
{
	struct power *power = self;

	power->reset_control = 0;
	power->port_92 = PORT_92_A20;
	a20_set(power->a20, A20_PORT_92, true);
	power->pm1_control = 0;
}

int power_create(struct power **power, struct run *run, struct a20 *a20)
{
	*power = calloc(1, sizeof(**power));
	if (!*power)
		return -ENOMEM;
	(*power)->run = run;
	(*power)->a20 = a20;
	power_reset(*power);
	return 0;
}

static uint64_t reset_control_read(void *self, uint64_t offset, unsigned int size)
{
	const struct power *power = self;

	return power->reset_control;
}

/* Soft or hard: the whole machine is reset, as QEMU does it. */
static void reset_control_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct power *power = self;
	bool rises = value & ~(uint64_t)power->reset_control & RCR_RCPU;

	power->reset_control = value & (RCR_SRST | RCR_RCPU);
	if (rises)
		run_reset(power->run, "port 0xCF9");
}

const struct bus_ops reset_control_ops = {
	.sizes = BUS_SIZE_1,
	.read = reset_control_read,
	.write = reset_control_write,
};

static uint64_t port_92_read(void *self, uint64_t offset, unsigned int size)
{
	const struct power *power = self;

	return power->port_92;
}

static void port_92_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct power *power = self;
	bool rises = value & ~(uint64_t)power->port_92 & PORT_92_RESET;

	power->port_92 = (uint8_t)value;
	a20_set(power->a20, A20_PORT_92, value & PORT_92_A20);
	if (rises)
		run_reset(power->run, "port 0x92");
}

const struct bus_ops port_92_ops = {
	.sizes = BUS_SIZE_1,
	.read = port_92_read,
	.write = port_92_write,
};

static uint64_t pm1a_control_read(void *self, uint64_t offset, unsigned int size)
{
	const struct power *power = self;

	return (power->pm1_control | PM1_SCI_EN) >> (8 * offset);
}

/*
 * Only soft-off ends anything. The other sleep types are stored and have no
 * effect: no device here could wake the guest up, so it goes on as one that
 * was woken at once.
 */
static void pm1a_control_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct power *power = self;
	uint16_t mask = (uint16_t)((size == 1 ? 0xFFu : 0xFFFFu) << (8 * offset));
	uint16_t written = (uint16_t)(value << (8 * offset));

	power->pm1_control = (power->pm1_control & ~mask) | (written & mask & PM1_STORED);
	if (written & PM1_SLP_EN && (power->pm1_control & PM1_SLP_TYP) == PM1_SLP_TYP_S5)
		run_end(power->run, ENDING_POWEROFF, 0,
			"guest powered the machine off (port 0x604)");
}

const struct bus_ops pm1a_control_ops = {
	.sizes = BUS_SIZE_1 | BUS_SIZE_2,
	.read = pm1a_control_read,
	.write = pm1a_control_write,
};

const struct device_ops power_device = {
	.name = "power",
	.reset = power_reset,
	.fini = free,
};
