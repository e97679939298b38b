/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dma.h - the two 8237A DMA controllers of a PC (Intel 8237A, 231466) with their page
 * registers. They can be programmed and read back; nothing on this machine
 * requests a transfer, so that none takes place.
 */
#ifndef VMM_DEV_DMA_H
#define VMM_DEV_DMA_H

#include "core/bus.h"
#include "core/device.h"

struct dma;

/* Returns 0 or -ENOMEM. */
int dma_create(struct dma **dma);

extern const struct bus_ops dma_first_ops;	/* 16 ports: channels 0 to 3 */
extern const struct bus_ops dma_second_ops;	/* 32 ports, two to a register: channels 4 to 7 */
extern const struct bus_ops dma_page_ops;	/* 16 ports; 0x80 shows POST codes on a PC */
extern const struct device_ops dma_device;

#endif
