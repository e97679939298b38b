/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pv.h - the hypercalls themselves: each function adds a group to the
 * registry. They return 0 or -errno; what they are given must outlive it.
 */
#ifndef VMM_PV_PV_H
#define VMM_PV_PV_H

#include "core/run.h"
#include "host/disk.h"
#include "host/output.h"
#include "host/screen.h"
#include "pv/hypercall.h"

/* EXIT (as the debug-exit port) and PRINT. pv/system.c */
int pv_system_register(struct hypercalls *hypercalls, struct run *run, struct output *output);

/* SCREEN_*. pv/screen.c */
int pv_screen_register(struct hypercalls *hypercalls, struct screen *screen);

/* DISK_*; disk NULL: they answer -ENODEV. pv/disk.c */
int pv_disk_register(struct hypercalls *hypercalls, struct disk *disk);

#endif
