/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pm.h - power management: ACPI's fixed hardware (ACPI 6.5, 4.8.3): the PM1a
 * event and control registers and the power management timer, at QEMU's ports.
 *
 * There is no legacy mode: the system control interrupt (SCI) is on from the start. The
 * one sleep state is soft-off. The other sleep types have no effect: no device here
 * could wake the guest up, so it goes on as one that was woken at once.
 */
#ifndef VMM_DEV_PM_H
#define VMM_DEV_PM_H

#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/irq.h"
#include "core/run.h"

#define PM_TIMER_HZ UINT64_C(3579545)

struct pm;

/* sci: the line, level triggered. Returns 0 or -ENOMEM. */
int pm_create(struct pm **pm, struct clock *clock, struct irq_line *sci, struct run *run);

/* The power button is pressed: a guest that listens is told by the SCI. */
void pm_press_button(struct pm *pm);

extern const struct bus_ops pm1a_event_ops;	/* 4 ports: status, enable; 2 bytes */
extern const struct bus_ops pm1a_control_ops;	/* 2 ports, 2 bytes */
extern const struct bus_ops pm_timer_ops;	/* 4 ports, 4 bytes */
extern const struct device_ops pm_device;

#endif
