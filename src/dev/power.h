/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * power.h - reset and power-off: the chipset's reset control register (port
 * 0xCF9, Intel PIIX3 3.2.3) and the ACPI PM1a control register (port 0x604 as
 * QEMU has it; ACPI 6.5, 4.8.3.2.1).
 */
#ifndef VMM_DEV_POWER_H
#define VMM_DEV_POWER_H

#include "core/bus.h"
#include "core/device.h"
#include "core/run.h"

struct power;

/* Returns 0 or -ENOMEM. */
int power_create(struct power **power, struct run *run);

extern const struct bus_ops reset_control_ops;	/* 1 port, 1 byte */
/*
 * For port 0xCF8, while there is no PCI whose address register would be there:
 * accesses of 16 and 32 bits end at it and do not reach 0xCF9 byte by byte,
 * where they would reset the machine.
 */
extern const struct bus_ops pci_absent_ops;	/* 1 port, 1, 2 or 4 bytes */
extern const struct bus_ops pm1a_control_ops;	/* 2 ports, 2 bytes */
extern const struct device_ops power_device;

#endif
