/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pit.h - the 8254 interval timer of a PC (Intel 8254, 231164), and port 0x61,
 * which has the gate of its channel 2.
 *
 * Channel 0 drives an interrupt line. It rises at the clock pulse at which OUT
 * rises, and stays high until the guest's programming takes OUT low or the next
 * rise is due. The falls between two ticks are not shown: they would cost the
 * guest an exit each, and take back interrupts that it has not got to yet.
 *
 * In the periodic modes (2 and 3) no tick is lost because the processor was
 * late: from the first tick on that it takes after channel 0 has been
 * programmed, it gets each one that it missed as soon as it has taken the one
 * before. No more than PIT_OWED_MAX are kept, so that a machine that stood
 * still for long does not live in the past for long.
 *
 * After reset no channel counts (status: mode 3, OUT high, null count) and no
 * alarm is set: unlike on a PC, no firmware has started channel 0.
 */
#ifndef VMM_DEV_PIT_H
#define VMM_DEV_PIT_H

#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/irq.h"

#define PIT_HZ		UINT64_C(1193182)
#define PIT_OWED_MAX	10000u	/* 10 seconds at 1000 Hz */

struct pit;

/* irq: driven by channel 0; NULL where it is not connected. Returns 0 or -ENOMEM. */
int pit_create(struct pit **pit, struct clock *clock, struct irq_line *irq);

extern const struct bus_ops pit_ops;	/* 4 ports */
extern const struct bus_ops port_b_ops;	/* 1 port: 0x61; self: struct pit */
extern const struct device_ops pit_device;

#endif
