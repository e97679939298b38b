/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * i8042.h - the keyboard controller of a PC: an Intel 8042 with a PS/2 program
 * (IBM PS/2 Hardware Interface Technical Reference, keyboard and auxiliary device
 * controller) at ports 0x60 and 0x64.
 *
 * The keyboard's interrupt line is 1, the mouse's is 12; each is high while a
 * byte of its device waits to be read. What a controller needs time for is done
 * at once: the input buffer never shows as full.
 *
 * After reset it is as a PC's firmware leaves it: translation to scan code set 1
 * and the keyboard's interrupt on, the mouse off (configuration byte 0x65). Its gate of
 * A20 is closed: port 0x92 has opened the line.
 */
#ifndef VMM_DEV_I8042_H
#define VMM_DEV_I8042_H

#include "core/a20.h"
#include "core/bus.h"
#include "core/device.h"
#include "core/irq.h"
#include "core/run.h"
#include "dev/ps2.h"

struct i8042;

/* What the controller is connected to; all must outlive it. */
struct i8042_wires {
	struct ps2 *keyboard;
	struct ps2 *mouse;
	struct irq_line *keyboard_irq;	/* NULL: not connected; likewise */
	struct irq_line *mouse_irq;
	struct a20 *a20;
	struct run *run;		/* told of its reset output */
};

/* Returns 0 or -ENOMEM. */
int i8042_create(struct i8042 **i8042, const struct i8042_wires *wires);

/* The code of scan code set 1 that a byte of set 2 becomes. */
uint8_t i8042_translate(uint8_t byte);

extern const struct bus_ops i8042_data_ops;	/* 1 port: 0x60 */
extern const struct bus_ops i8042_command_ops;	/* 1 port: 0x64 */
extern const struct device_ops i8042_device;

#endif
