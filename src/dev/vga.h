/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vga.h - the text mode of a VGA: its memory window and its CRTC.
 */
#ifndef VMM_DEV_VGA_H
#define VMM_DEV_VGA_H

#include "core/bus.h"
#include "core/device.h"
#include "host/screen.h"

#define VGA_TEXT_BASE 0xB8000u

struct vga;

/* screen: owns the text memory; not owned. Returns 0 or -ENOMEM. */
int vga_create(struct vga **vga, struct screen *screen);

extern const struct bus_ops vga_text_ops;	/* SCREEN_MEMORY_SIZE bytes, --vga=trap */
extern const struct bus_ops vga_register_ops;	/* ports 0x3C0-0x3DF */
extern const struct device_ops vga_device;

#endif
