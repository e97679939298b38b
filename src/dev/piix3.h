/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * piix3.h - the PCI side of the ISA bridge, an Intel 82371SB (PIIX3; 290550):
 * function 0 of slot 1, which routes the interrupt lines of the PCI bus to ISA
 * lines (PIRQRC). Its IDE and USB functions are not there.
 */
#ifndef VMM_DEV_PIIX3_H
#define VMM_DEV_PIIX3_H

#include "core/device.h"
#include "core/irq.h"
#include "dev/pci.h"

struct piix3;

/* Adds the function and becomes the bus's router. Returns 0 or as pci_add(). */
int piix3_create(struct piix3 **piix3, struct pci *pci, struct irqs *irqs);

extern const struct device_ops piix3_device;

#endif
