/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * debugport.h - the two ports that virtual machines have for tests: the debug
 * console 0xE9 (Bochs) and the debug exit 0xF4 (QEMU's isa-debug-exit).
 */
#ifndef VMM_DEV_DEBUGPORT_H
#define VMM_DEV_DEBUGPORT_H

#include <stdbool.h>

#include "core/bus.h"
#include "core/device.h"
#include "core/run.h"
#include "host/output.h"

struct debug_exit;

/* A byte written goes to the output; a read gives 0xE9. self: struct output. */
extern const struct bus_ops debug_console_ops;

/*
 * A write of v ends the run with the guest's status v, or with qemu_status
 * 2v + 1; more than 119 counts as 119. Returns 0 or -ENOMEM.
 */
int debug_exit_create(struct debug_exit **debug_exit, struct run *run, bool qemu_status);

extern const struct bus_ops debug_exit_ops;	/* 1 port, 1, 2 or 4 bytes */
extern const struct device_ops debug_exit_device;

#endif
