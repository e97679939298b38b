/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pv.h - the hypercalls themselves: each function adds a group to the
 * registry. They return 0 or -errno; what they are given must outlive it.
 */
#ifndef VMM_PV_PV_H
#define VMM_PV_PV_H

#include <poll.h>
#include <stdbool.h>

#include "core/device.h"
#include "core/intr.h"
#include "core/run.h"
#include "host/disk.h"
#include "host/ipc.h"
#include "host/output.h"
#include "host/screen.h"
#include "pv/hypercall.h"

/*
 * EXIT (as the debug-exit port), PRINT and INSTRUCTION, which says whether hypercalls can be
 * made by_instruction. pv/system.c
 */
int pv_system_register(struct hypercalls *hypercalls, struct run *run, struct output *output,
		       bool by_instruction);

/* SCREEN_*. pv/screen.c */
int pv_screen_register(struct hypercalls *hypercalls, struct screen *screen);

/* DISK_*; disk NULL: they answer -ENODEV. pv/disk.c */
int pv_disk_register(struct hypercalls *hypercalls, struct disk *disk);

struct pv_ipc_config {
	struct ipc *ipc;	/* NULL: there are no endpoints */
	struct run *run;
	const struct intr *intr;
	/* Waits for descriptors, as machine_sleep() does. */
	void (*sleep)(void *sleeper, struct pollfd *fds, size_t count);
	void *sleeper;
};

struct pv_ipc;

/* IPC_*. What config names must outlive it; config is copied. pv/ipc.c */
int pv_ipc_create(struct pv_ipc **ipc, const struct pv_ipc_config *config);
int pv_ipc_register(struct hypercalls *hypercalls, struct pv_ipc *ipc);

extern const struct device_ops pv_ipc_device;

#endif
