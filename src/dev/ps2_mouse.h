/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ps2_mouse.h - the guest's mouse: a PS/2 mouse with a wheel (IBM PS/2 Technical
 * Reference, mouse; Microsoft's IntelliMouse for its ID and its packets of four
 * bytes). Resolution, scaling and rate are kept and have no effect.
 */
#ifndef VMM_DEV_PS2_MOUSE_H
#define VMM_DEV_PS2_MOUSE_H

#include "core/device.h"
#include "dev/ps2.h"
#include "host/mouse.h"

struct ps2_mouse;

/* source: must outlive it; NULL: nobody moves it. Returns 0 or -ENOMEM. */
int ps2_mouse_create(struct ps2_mouse **mouse, struct mouse *source);

struct ps2 *ps2_mouse_port(struct ps2_mouse *mouse);

extern const struct device_ops ps2_mouse_device;

#endif
