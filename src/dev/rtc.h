/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rtc.h - the real-time clock of a PC with its battery-backed memory: Motorola
 * MC146818A (MC146818A data sheet, 1984) at ports 0x70 and 0x71.
 *
 * The date begins with the host's, UTC, and goes on by the guest's clock; with
 * a virtual clock it begins with RTC_VIRTUAL_START. The memory holds what a
 * PC's firmware leaves there: sizes of memory, equipment, checksum.
 *
 * Interrupts keep their line high until the guest reads register C. Of the
 * periodic ones none is lost because the processor was late: from the first one
 * that it takes after they have been enabled, it gets each one that it missed
 * once it has read register C. No more than RTC_OWED_MAX are kept.
 */
#ifndef VMM_DEV_RTC_H
#define VMM_DEV_RTC_H

#include <stdint.h>

#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/irq.h"

#define RTC_OWED_MAX	10000u

/* 1 January 2000, 00:00:00 UTC, in seconds since 1970: a Saturday. */
#define RTC_VIRTUAL_START INT64_C(946684800)

/* RAM in bytes, as firmware counts it. */
struct rtc_memory {
	uint64_t base;		/* from 0 on, below 640 KiB */
	uint64_t extended;	/* from 1 MiB on, below 4 GiB */
	uint64_t high;		/* from 4 GiB on */
};

struct rtc;

/*
 * irq: driven; NULL where it is not connected. Returns 0 or -ENOMEM. A reset
 * leaves date and memory as they are, as a battery does.
 */
int rtc_create(struct rtc **rtc, struct clock *clock, struct irq_line *irq,
	       const struct rtc_memory *memory);

extern const struct bus_ops rtc_ops;	/* 2 ports */
extern const struct device_ops rtc_device;

#endif
