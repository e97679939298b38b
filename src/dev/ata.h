/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ata.h - an ATA channel with one disk, PIO only (ATA/ATAPI-6, LBA28).
 *
 * The ports are the board's: data (0x1F0, 16 and 32 bits), command block
 * (0x1F1-0x1F7), control block (0x3F6).
 */
#ifndef VMM_DEV_ATA_H
#define VMM_DEV_ATA_H

#include "core/bus.h"
#include "core/device.h"
#include "core/irq.h"
#include "host/disk.h"

struct ata;

/*
 * disk: device 0 of the channel, not owned; device 1 is absent. irq: INTRQ,
 * NULL where it is not connected. Returns 0 or -ENOMEM.
 */
int ata_create(struct ata **ata, struct disk *disk, struct irq_line *irq);

extern const struct bus_ops ata_data_ops;	/* 1 port */
extern const struct bus_ops ata_command_ops;	/* 7 ports, from the features register on */
extern const struct bus_ops ata_control_ops;	/* 1 port */
extern const struct device_ops ata_device;

#endif
