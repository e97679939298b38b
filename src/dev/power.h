/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * power.h - reset and power-off: the chipset's reset control register (port
 * 0xCF9, Intel PIIX3 3.2.3), system control port A (port 0x92: fast reset, and a gate
 * of A20, open after a reset), and the ACPI PM1a control register (port 0x604 as
 * QEMU has it; ACPI 6.5, 4.8.3.2.1).
 */
#ifndef VMM_DEV_POWER_H
#define VMM_DEV_POWER_H

#include "core/a20.h"
#include "core/bus.h"
#include "core/device.h"
#include "core/run.h"

struct power;

/* a20: NULL where it is not connected. Returns 0 or -ENOMEM. */
int power_create(struct power **power, struct run *run, struct a20 *a20);

extern const struct bus_ops reset_control_ops;	/* 1 port, 1 byte */
extern const struct bus_ops port_92_ops;	/* 1 port */
extern const struct bus_ops pm1a_control_ops;	/* 2 ports, 2 bytes */
extern const struct device_ops power_device;

#endif
