/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apic-fixture.h - a local APIC with its pins, clock and registers, and the 8259s'
 * output, for the unit programs; the numbers are the tests' own, from the manual.
 */
#ifndef VMM_TESTS_APIC_FIXTURE_H
#define VMM_TESTS_APIC_FIXTURE_H

#include <stdlib.h>

#include "dev/lapic.h"
#include "unit.h"

#define LAPIC 0xFEE00000u

enum lapic_register {
	ID = 0x20, VERSION = 0x30, TPR = 0x80, APR = 0x90, PPR = 0xA0, EOI = 0xB0, LDR = 0xD0,
	DFR = 0xE0, SVR = 0xF0, ISR = 0x100, TMR = 0x180, IRR = 0x200, ESR = 0x280,
	ICR_LOW = 0x300, ICR_HIGH = 0x310, LVT_TIMER = 0x320, LVT_THERMAL = 0x330,
	LVT_PERFORMANCE = 0x340, LVT_LINT0 = 0x350, LVT_LINT1 = 0x360, LVT_ERROR = 0x370,
	INITIAL_COUNT = 0x380, CURRENT_COUNT = 0x390, DIVIDE = 0x3E0,
};

#define MASKED 0x10000u
#define EXTINT_VECTOR 0x77u	/* that the 8259s give here */

struct apic_fixture {
	struct unit unit;
	struct clock *clock;
	struct intr *intr;	/* the processor's */
	struct msrs *msrs;
	struct bus *bus;
	struct apicbus *apics;
	struct lapic *lapic;
	uint64_t tsc_ahead;	/* of the clock */
	unsigned int extint_taken;
};

static inline uint8_t fixture_acknowledge_extint(void *self)
{
	struct apic_fixture *f = self;

	f->extint_taken++;
	return EXTINT_VECTOR;
}

static inline bool fixture_set_up(struct apic_fixture *f)
{
	struct lapic_config config;
	struct bus_range range = { LAPIC, 0x1000, &lapic_ops, NULL, "local APIC" };

	if (clock_create(&f->clock, true) < 0 || intr_create(&f->intr) < 0 ||
	    msrs_create(&f->msrs) < 0 || bus_create(&f->bus) < 0 || apicbus_create(&f->apics) < 0)
		return false;
	config = (struct lapic_config){
		.clock = f->clock, .intr = f->intr, .msrs = f->msrs, .bus = f->apics,
	};
	if (lapic_create(&f->lapic, &config) < 0)
		return false;
	intr_connect(apicbus_extint(f->apics), fixture_acknowledge_extint, f);
	range.self = f->lapic;
	return bus_claim(f->bus, BUS_MMIO, &range) == 0;
}

static inline void fixture_tear_down(struct apic_fixture *f)
{
	lapic_device.fini(f->lapic);
	apicbus_device.fini(f->apics);
	bus_destroy(f->bus);
	msrs_destroy(f->msrs);
	intr_destroy(f->intr);
	clock_destroy(f->clock);
}

static inline void put(struct apic_fixture *f, enum lapic_register reg, uint32_t value)
{
	bus_write(f->bus, BUS_MMIO, LAPIC + (uint64_t)reg, 4, value);
}

static inline uint32_t get(struct apic_fixture *f, enum lapic_register reg)
{
	return (uint32_t)bus_read(f->bus, BUS_MMIO, LAPIC + (uint64_t)reg, 4);
}

/* The bit of a vector in ISR, TMR or IRR. */
static inline bool vector_bit(struct apic_fixture *f, enum lapic_register array,
			      unsigned int vector)
{
	return get(f, array + vector / 32 * 16) >> vector % 32 & 1;
}

static inline void self_ipi(struct apic_fixture *f, uint8_t vector)
{
	put(f, ICR_LOW, 0x40000u | vector);
}

/* What the processor is given, or -1 where it is not interrupted. */
static inline int take(struct apic_fixture *f)
{
	return intr_level(f->intr) ? intr_acknowledge(f->intr) : -1;
}

static inline void advance(struct apic_fixture *f, uint64_t ns)
{
	clock_advance_to(f->clock, clock_now(f->clock) + ns);
	clock_run_alarms(f->clock);
}

#endif
