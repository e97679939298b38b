/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lapic.h - the local APIC of a processor, in xAPIC mode (Intel SDM vol. 3, chapter
 * 11).
 *
 * After reset it is as a PC's firmware leaves it: enabled, with the 8259s as
 * external interrupts at LINT0 and NMI at LINT1 (virtual wire mode; MP
 * specification 1.4, 3.6.2.2), so that a guest that never touches it has the
 * 8259s' interrupts.
 *
 * The registers stay at one address, whatever IA32_APIC_BASE says: as with QEMU. There
 * is no x2APIC mode. INIT and start-up messages have no effect: there is no other
 * processor, and the one there is has started.
 */
#ifndef VMM_DEV_LAPIC_H
#define VMM_DEV_LAPIC_H

#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/intr.h"
#include "core/msrs.h"
#include "dev/apicbus.h"

/* SDM vol. 4. */
#define LAPIC_MSR_BASE		0x1Bu
#define LAPIC_MSR_TSC_DEADLINE	0x6E0u

struct lapic;

struct lapic_config {
	uint8_t id;		/* its APIC ID; the processor with 0 starts the others */
	struct clock *clock;
	struct intr *intr;	/* the processor's pins */
	struct msrs *msrs;	/* the processor's; the APIC claims its own */
	struct apicbus *bus;
};

/* All in config must outlive the APIC. Returns 0 or -errno. */
int lapic_create(struct lapic **lapic, const struct lapic_config *config);

extern const struct bus_ops lapic_ops;		/* 4 KiB of memory, accesses of 4 bytes */
extern const struct device_ops lapic_device;

#endif
