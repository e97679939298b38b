/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fwcfg.h - what the machine tells firmware and kernels about itself, the way QEMU
 * does (docs/specs/fw_cfg.rst): numbered items and named files, read byte by
 * byte at port 0x511 or by DMA. Nothing can be written.
 *
 * Items and files are added when the board is built.
 */
#ifndef VMM_DEV_FWCFG_H
#define VMM_DEV_FWCFG_H

#include <stddef.h>
#include <stdint.h>

#include "core/bus.h"
#include "core/device.h"
#include "core/mem.h"

/* Keys of items; their values are little-endian. */
#define FWCFG_SIGNATURE		0x0000u	/* there from the start, as the next one and FILES */
#define FWCFG_INTERFACE		0x0001u
#define FWCFG_RAM_SIZE		0x0003u	/* 8 bytes */
#define FWCFG_NO_GRAPHIC	0x0004u	/* 2 bytes */
#define FWCFG_CPUS		0x0005u	/* 2 bytes */
#define FWCFG_CPUS_MAX		0x000Fu	/* 2 bytes */
#define FWCFG_FILES		0x0019u	/* the directory */
#define FWCFG_FIRST_FILE	0x0020u	/* the keys of files begin here */

#define FWCFG_NAME_MAX		55u

struct fwcfg;

/* mem: for DMA. Returns 0 or -ENOMEM. */
int fwcfg_create(struct fwcfg **fwcfg, struct mem *mem);

/* The data are copied. Return 0, -EEXIST, -EINVAL (no name, or one that is too long) or -ENOMEM. */
int fwcfg_add_item(struct fwcfg *fwcfg, uint16_t key, const void *data, size_t size);
int fwcfg_add_file(struct fwcfg *fwcfg, const char *name, const void *data, size_t size);

extern const struct bus_ops fwcfg_ops;		/* 2 ports: selector and data */
extern const struct bus_ops fwcfg_dma_ops;	/* 8 ports */
extern const struct device_ops fwcfg_device;

#endif
