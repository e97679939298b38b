/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vga.h - a VGA in its text modes: its memory and its registers.
 *
 * The registers are in the state of text mode 3 from reset on, as a PC's
 * firmware leaves them, but for the cursor, which is off. All of them can be
 * written and read back; the picture follows those of text modes. What is
 * written to the memory in graphics modes is kept, but not drawn.
 */
#ifndef VMM_DEV_VGA_H
#define VMM_DEV_VGA_H

#include "core/bus.h"
#include "core/device.h"
#include "core/mem.h"
#include "host/screen.h"

#define VGA_MEMORY_BASE 0xA0000u
#define VGA_MEMORY_SIZE 0x18000u	/* up to the text */
#define VGA_TEXT_BASE 0xB8000u

struct vga;

/*
 * screen: owns the text memory, which mem may map; both are not owned. Returns 0
 * or -ENOMEM.
 */
int vga_create(struct vga **vga, struct screen *screen, const struct mem *mem);

extern const struct bus_ops vga_memory_ops;	/* VGA_MEMORY_SIZE bytes */
extern const struct bus_ops vga_text_ops;	/* SCREEN_MEMORY_SIZE bytes, --vga=trap */
extern const struct bus_ops vga_register_ops;	/* ports 0x3C0-0x3DF */
/* Ports 0x3B0-0x3BB: answer in place of 0x3D0-0x3DB once a guest selects monochrome. */
extern const struct bus_ops vga_mono_ops;
extern const struct device_ops vga_device;

#endif
