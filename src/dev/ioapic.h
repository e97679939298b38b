/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ioapic.h - an I/O APIC with 24 inputs (Intel 82093AA, 290566), with the end of
 * interrupt register of later ones (version 0x20; Intel ICH9, 13.5.5).
 *
 * platform.h says which line is at which input; input 0 has the 8259s' output. The
 * lines of this machine say whether an interrupt is asserted, and not which voltage
 * stands for that: the polarity bit is kept and has no effect, as with QEMU.
 *
 * After reset all inputs are masked.
 */
#ifndef VMM_DEV_IOAPIC_H
#define VMM_DEV_IOAPIC_H

#include "core/bus.h"
#include "core/device.h"
#include "core/irq.h"
#include "dev/apicbus.h"

struct ioapic;

/* id: its APIC ID after reset. Returns 0 or -errno. */
int ioapic_create(struct ioapic **ioapic, uint8_t id, struct irqs *irqs, struct apicbus *bus);

extern const struct bus_ops ioapic_ops;		/* 4 KiB of memory, accesses of 4 bytes */
extern const struct device_ops ioapic_device;

#endif
