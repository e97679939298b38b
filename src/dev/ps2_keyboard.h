/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ps2_keyboard.h - the guest's keyboard: 104 keys, scan code sets 1 and 2
 * (IBM PS/2 Technical Reference, keyboards; set 3 is refused). Its keys come
 * from host/keyboard.h, one at a time, as the guest reads them; while scanning is
 * disabled they wait.
 */
#ifndef VMM_DEV_PS2_KEYBOARD_H
#define VMM_DEV_PS2_KEYBOARD_H

#include "core/device.h"
#include "dev/ps2.h"
#include "host/keyboard.h"

struct ps2_keyboard;

/* source: whose keys are pressed, must outlive the device; NULL: nobody's. Returns 0 or -ENOMEM. */
int ps2_keyboard_create(struct ps2_keyboard **keyboard, struct keyboard *source);

struct ps2 *ps2_keyboard_port(struct ps2_keyboard *keyboard);

extern const struct device_ops ps2_keyboard_device;

#endif
