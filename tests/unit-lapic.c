/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-lapic.c - a local APIC driven through its registers and pins, and what the
 * Intel SDM (vol. 3, chapter 11) says about it.
 */
#include "apic-fixture.h"

#define EQUAL(is, wanted, what) unit_equal(&f->unit, (uint64_t)(is), (uint64_t)(wanted), what)
#define CHECK(passed, what) unit_check(&f->unit, passed, what)
#define NOT_INTERRUPTED ((uint64_t)-1)

static void extint(struct apic_fixture *f, bool level)
{
	intr_set(apicbus_extint(f->apics), level);
}

/* --- as a PC's firmware leaves it --- */

static void test_reset(struct apic_fixture *f)
{
	uint64_t base = 0;

	EQUAL(get(f, ID), 0, "reset: ID");
	EQUAL(get(f, VERSION), 0x50014, "version: integrated, six local vectors");
	EQUAL(get(f, SVR), 0x1FF, "reset: enabled, spurious vector 0xFF");
	EQUAL(get(f, LVT_LINT0), 0x700, "reset: LINT0 is ExtINT");
	EQUAL(get(f, LVT_LINT1), 0x400, "reset: LINT1 is NMI");
	EQUAL(get(f, LVT_TIMER), MASKED, "reset: the timer is masked");
	EQUAL(get(f, DFR), 0xFFFFFFFF, "reset: flat model");
	EQUAL(get(f, TPR) | get(f, PPR) | get(f, LDR) | get(f, ESR) | get(f, INITIAL_COUNT) |
	      get(f, CURRENT_COUNT), 0, "reset: the rest is 0");
	CHECK(msrs_read(f->msrs, 0x1B, &base) && base == 0xFEE00900,
	      "reset: IA32_APIC_BASE says enabled, bootstrap processor");
}

static void test_virtual_wire(struct apic_fixture *f)
{
	EQUAL(take(f), NOT_INTERRUPTED, "virtual wire: nothing");
	extint(f, true);
	put(f, TPR, 0xFF);
	EQUAL(take(f), EXTINT_VECTOR, "virtual wire: the 8259s' vector, whatever the priority");
	put(f, TPR, 0);
	CHECK(intr_level(f->intr), "virtual wire: as long as their output is high");
	extint(f, false);
	CHECK(!intr_level(f->intr), "virtual wire: it falls");
	put(f, LVT_LINT0, 0x10700);
	extint(f, true);
	CHECK(!intr_level(f->intr), "LINT0 masked");
	put(f, LVT_LINT0, 0x700);
	CHECK(intr_level(f->intr), "LINT0 open again: the level is seen");
	self_ipi(f, 0x41);
	EQUAL(take(f), 0x41, "a fixed interrupt comes before the 8259s'");
	EQUAL(take(f), EXTINT_VECTOR, "then theirs, whatever is in service");
	put(f, EOI, 0);
	extint(f, false);
}

static void test_lint0_fixed(struct apic_fixture *f)
{
	put(f, LVT_LINT0, 0x31);
	extint(f, true);
	EQUAL(take(f), 0x31, "LINT0 fixed: its own vector");
	put(f, EOI, 0);
	EQUAL(take(f), NOT_INTERRUPTED, "LINT0 fixed, edge: once");
	extint(f, false);
	put(f, LVT_LINT0, 0x8031);
	extint(f, true);
	EQUAL(get(f, LVT_LINT0), 0xC031, "LINT0 level: remote IRR");
	EQUAL(take(f), 0x31, "LINT0 level");
	EQUAL(take(f), NOT_INTERRUPTED, "LINT0 level: while it is in service, once");
	put(f, EOI, 0);
	EQUAL(take(f), 0x31, "LINT0 level: again after EOI");
	extint(f, false);
	put(f, EOI, 0);
	EQUAL(take(f), NOT_INTERRUPTED, "LINT0 level: gone");
	put(f, LVT_LINT0, 0x400);
	extint(f, true);
	CHECK(intr_take_nmi(f->intr), "LINT0 NMI");
	extint(f, false);
	put(f, LVT_LINT0, 0x10700);
}

/* --- priorities --- */

static void test_priorities(struct apic_fixture *f)
{
	self_ipi(f, 0x41);
	self_ipi(f, 0x52);
	self_ipi(f, 0x45);
	CHECK(vector_bit(f, IRR, 0x41) && vector_bit(f, IRR, 0x52), "IRR has what waits");
	EQUAL(take(f), 0x52, "the highest vector first");
	CHECK(vector_bit(f, ISR, 0x52) && !vector_bit(f, IRR, 0x52), "it moves from IRR to ISR");
	EQUAL(get(f, PPR), 0x50, "PPR: the class in service");
	EQUAL(get(f, APR), 0x50, "APR: no more urgent one waits");
	EQUAL(take(f), NOT_INTERRUPTED, "no lower class while that is served");
	self_ipi(f, 0x53);
	EQUAL(take(f), NOT_INTERRUPTED, "nor the same class");
	self_ipi(f, 0x61);
	EQUAL(get(f, APR), 0x60, "APR: a more urgent one waits");
	EQUAL(take(f), 0x61, "a higher class does interrupt");
	put(f, EOI, 0);
	CHECK(!vector_bit(f, ISR, 0x61) && vector_bit(f, ISR, 0x52), "EOI ends the highest");
	put(f, EOI, 0);
	EQUAL(take(f), 0x53, "then the next in order");
	put(f, EOI, 0);
	put(f, TPR, 0x44);
	EQUAL(get(f, PPR), 0x44, "PPR: TPR, when that is higher");
	EQUAL(take(f), NOT_INTERRUPTED, "TPR holds back its class");
	put(f, TPR, 0x3F);
	EQUAL(take(f), 0x45, "a lower TPR lets it through");
	put(f, EOI, 0);
	EQUAL(take(f), 0x41, "and the last");
	put(f, EOI, 0);
	put(f, EOI, 0);
	put(f, TPR, 0);
	EQUAL(take(f), NOT_INTERRUPTED, "EOI with nothing in service");
}

static void test_cr8(struct apic_fixture *f)
{
	put(f, TPR, 0x5A);
	EQUAL(intr_cr8(f->intr), 5, "CR8 shows bits 4 to 7 of TPR");
	intr_write_cr8(f->intr, 0xC);
	EQUAL(get(f, TPR), 0xC0, "CR8 sets TPR");
	self_ipi(f, 0xB1);
	EQUAL(take(f), NOT_INTERRUPTED, "CR8 holds back");
	intr_write_cr8(f->intr, 0);
	EQUAL(take(f), 0xB1, "CR8 lets through");
	put(f, EOI, 0);
}

/* The processor looks, and what there was has been withdrawn. */
static void test_spurious(struct apic_fixture *f)
{
	put(f, SVR, 0x1EF);
	EQUAL(intr_acknowledge(f->intr), 0xEF, "spurious: the vector of SVR");
	EQUAL(vector_bit(f, ISR, 0xEF), 0, "spurious: not in service");
	put(f, SVR, 0x1FF);
}

static void test_disabled(struct apic_fixture *f)
{
	self_ipi(f, 0x41);
	put(f, LVT_TIMER, 0x30);
	put(f, SVR, 0xFF);
	EQUAL(take(f), NOT_INTERRUPTED, "disabled: what waits is held");
	EQUAL(get(f, LVT_TIMER), MASKED | 0x30, "disabled: local vectors are masked");
	put(f, LVT_TIMER, 0x30);
	EQUAL(get(f, LVT_TIMER), MASKED | 0x30, "disabled: they stay so");
	self_ipi(f, 0x61);
	put(f, SVR, 0x1FF);
	EQUAL(get(f, LVT_TIMER), MASKED | 0x30, "enabled: the masks remain");
	EQUAL(take(f), 0x41, "enabled: what had waited comes, what was sent meanwhile is lost");
	put(f, EOI, 0);
	EQUAL(take(f), NOT_INTERRUPTED, "enabled: nothing else");
}

/* --- interprocessor interrupts --- */

static void test_ipi(struct apic_fixture *f)
{
	put(f, ICR_HIGH, 0);
	put(f, ICR_LOW, 0x42);
	EQUAL(take(f), 0x42, "IPI: to ID 0");
	put(f, EOI, 0);
	EQUAL(get(f, ICR_LOW), 0x42, "IPI: delivery status idle");
	put(f, ICR_HIGH, 0x05000000);
	put(f, ICR_LOW, 0x43);
	EQUAL(take(f), NOT_INTERRUPTED, "IPI: nobody has ID 5");
	put(f, ICR_HIGH, 0xFF000000);
	put(f, ICR_LOW, 0x44);
	EQUAL(take(f), 0x44, "IPI: broadcast destination");
	put(f, EOI, 0);
	put(f, ICR_LOW, 0x80045);
	EQUAL(take(f), 0x45, "IPI: all including self");
	put(f, EOI, 0);
	put(f, ICR_LOW, 0xC0046);
	EQUAL(take(f), NOT_INTERRUPTED, "IPI: all excluding self");
	put(f, ICR_LOW, 0xC0500);
	put(f, ICR_LOW, 0xC0608);
	put(f, ICR_LOW, 0x40500);
	CHECK(take(f) == -1 && !(get(f, ICR_LOW) & 0x1000), "INIT and start-up: no effect");
	put(f, ICR_LOW, 0x40400);
	CHECK(intr_take_nmi(f->intr) && !intr_take_nmi(f->intr), "NMI to itself, once");
	put(f, ICR_HIGH, 0);
	put(f, ICR_LOW, 0x147);
	EQUAL(take(f), 0x47, "IPI: lowest priority");
	put(f, EOI, 0);
}

static void test_logical(struct apic_fixture *f)
{
	put(f, LDR, 0x04FFFFFF);
	EQUAL(get(f, LDR), 0x04000000, "LDR: the upper byte");
	put(f, ICR_HIGH, 0x06000000);
	put(f, ICR_LOW, 0x851);
	EQUAL(take(f), 0x51, "flat model: a bit in common");
	put(f, EOI, 0);
	put(f, ICR_HIGH, 0x03000000);
	put(f, ICR_LOW, 0x852);
	EQUAL(take(f), NOT_INTERRUPTED, "flat model: none");
	put(f, DFR, 0x0FFFFFFF);
	put(f, LDR, 0x24000000);
	put(f, ICR_HIGH, 0x2C000000);
	put(f, ICR_LOW, 0x853);
	EQUAL(take(f), 0x53, "cluster model: the same cluster, a bit in common");
	put(f, EOI, 0);
	put(f, ICR_HIGH, 0x1C000000);
	put(f, ICR_LOW, 0x854);
	EQUAL(take(f), NOT_INTERRUPTED, "cluster model: another cluster");
	put(f, DFR, 0xFFFFFFFF);
	put(f, LDR, 0);
	put(f, ID, 0x07FFFFFF);
	put(f, ICR_HIGH, 0x07000000);
	put(f, ICR_LOW, 0x55);
	EQUAL(take(f), 0x55, "ID is writable");
	put(f, EOI, 0);
	put(f, ID, 0);
}

static uint32_t errors(struct apic_fixture *f)
{
	put(f, ESR, 0);
	return get(f, ESR);
}

static void test_errors(struct apic_fixture *f)
{
	put(f, LVT_ERROR, 0xE1);
	self_ipi(f, 0x0F);
	EQUAL(take(f), 0xE1, "error: its interrupt");
	EQUAL(get(f, ESR), 0, "error: nothing shows before ESR is written");
	EQUAL(errors(f), 0x20, "error: send illegal vector");
	EQUAL(errors(f), 0, "error: gone with the next write");
	put(f, EOI, 0);
	put(f, LVT_TIMER, 0x05);
	put(f, INITIAL_COUNT, 10);
	advance(f, 20);
	EQUAL(errors(f), 0x40, "error: receive illegal vector");
	put(f, EOI, 0);
	(void)take(f);
	put(f, EOI, 0);
	(void)get(f, 0x40);
	EQUAL(errors(f), 0x80, "error: illegal register address");
	(void)take(f);
	put(f, EOI, 0);
	/* An illegal vector for the error's own interrupt must not go round in circles. */
	put(f, LVT_ERROR, 0x01);
	self_ipi(f, 0x01);
	EQUAL(errors(f), 0x60, "error: an illegal vector in its own entry");
	put(f, LVT_ERROR, MASKED);
	put(f, LVT_TIMER, MASKED);
}

/* --- the timer --- */

static void test_one_shot(struct apic_fixture *f)
{
	put(f, LVT_TIMER, 0x30);
	put(f, DIVIDE, 0xB);
	put(f, INITIAL_COUNT, 1000);
	advance(f, 400);
	EQUAL(get(f, CURRENT_COUNT), 600, "one-shot: a count is a nanosecond, divided by 1");
	advance(f, 599);
	EQUAL(take(f), NOT_INTERRUPTED, "one-shot: not too early");
	advance(f, 1);
	EQUAL(take(f), 0x30, "one-shot: on time");
	put(f, EOI, 0);
	EQUAL(get(f, CURRENT_COUNT), 0, "one-shot: 0 afterwards");
	EQUAL(get(f, INITIAL_COUNT), 1000, "one-shot: the initial count can be read");
	advance(f, 100000);
	EQUAL(take(f), NOT_INTERRUPTED, "one-shot: once");
	put(f, INITIAL_COUNT, 1000);
	put(f, INITIAL_COUNT, 0);
	advance(f, 100000);
	EQUAL(take(f), NOT_INTERRUPTED, "one-shot: 0 stops it");
	put(f, LVT_TIMER, MASKED | 0x30);
	put(f, INITIAL_COUNT, 1000);
	advance(f, 1000);
	EQUAL(take(f), NOT_INTERRUPTED, "one-shot: masked");
}

static void test_divide(struct apic_fixture *f)
{
	static const struct {
		uint32_t written, divisor;
	} rows[] = {
		{ 0x0, 2 }, { 0x1, 4 }, { 0x2, 8 }, { 0x3, 16 }, { 0x8, 32 }, { 0x9, 64 },
		{ 0xA, 128 }, { 0xB, 1 },
	};
	char what[64];

	put(f, LVT_TIMER, 0x30);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put(f, DIVIDE, rows[i].written | 0xFFFFFFF4);
		put(f, INITIAL_COUNT, 1000);
		advance(f, 300 * rows[i].divisor);
		snprintf(what, sizeof(what), "divide by %u", (unsigned int)rows[i].divisor);
		EQUAL(get(f, CURRENT_COUNT), 700, what);
		EQUAL(get(f, DIVIDE), rows[i].written, what);
	}
	put(f, DIVIDE, 0x1);
	EQUAL(get(f, CURRENT_COUNT), 700, "divide: changed, the count goes on");
	advance(f, 4 * 700 - 1);
	EQUAL(take(f), NOT_INTERRUPTED, "divide: changed, not too early");
	advance(f, 1);
	EQUAL(take(f), 0x30, "divide: changed, on time");
	put(f, EOI, 0);
	put(f, DIVIDE, 0xB);
}

static void test_periodic(struct apic_fixture *f)
{
	unsigned int ticks = 0;

	put(f, LVT_TIMER, 0x20031);
	put(f, INITIAL_COUNT, 1000);
	for (unsigned int i = 0; i < 500; i++) {
		advance(f, 100);
		if (take(f) == 0x31) {
			ticks++;
			put(f, EOI, 0);
		}
	}
	EQUAL(ticks, 50, "periodic: 50 in 50 periods");
	advance(f, 250);
	EQUAL(get(f, CURRENT_COUNT), 750, "periodic: the count within a period");
	advance(f, 10000);
	EQUAL(take(f), 0x31, "periodic: many at once are one");
	put(f, EOI, 0);
	EQUAL(take(f), NOT_INTERRUPTED, "periodic: no more of them");
	EQUAL(get(f, CURRENT_COUNT), 750, "periodic: still in step");
	put(f, LVT_TIMER, 0x31);
	EQUAL(get(f, CURRENT_COUNT), 750, "periodic to one-shot: the count goes on");
	advance(f, 750);
	EQUAL(take(f), 0x31, "periodic to one-shot: its end");
	put(f, EOI, 0);
	advance(f, 5000);
	EQUAL(take(f), NOT_INTERRUPTED, "periodic to one-shot: its only end");
	/* One nanosecond: time must go on all the same. */
	put(f, LVT_TIMER, 0x20031);
	put(f, INITIAL_COUNT, 1);
	advance(f, 1000000);
	EQUAL(take(f), 0x31, "periodic: the shortest period");
	put(f, INITIAL_COUNT, 0);
	put(f, EOI, 0);
}

static uint64_t tsc_now(void *self)
{
	const struct apic_fixture *f = self;

	return clock_now(f->clock) * 3 + f->tsc_ahead;
}

/* A little too fast, as if it had been measured. */
static uint64_t tsc_hz(void *self)
{
	return UINT64_C(3010000000);
}

static uint64_t deadline(struct apic_fixture *f)
{
	uint64_t value = UINT64_MAX;

	CHECK(msrs_read(f->msrs, 0x6E0, &value), "IA32_TSC_DEADLINE is there");
	return value;
}

static void test_tsc_deadline(struct apic_fixture *f)
{
	const struct clock_tsc tsc = { tsc_now, tsc_hz, f };
	const uint32_t *numbers;

	clock_set_tsc(f->clock, &tsc);
	f->tsc_ahead = 5000000;
	EQUAL(msrs_watched(f->msrs, &numbers), 0, "TSC deadline: nobody needs it yet");
	msrs_write(f->msrs, 0x6E0, 12345);
	EQUAL(deadline(f), 0, "TSC deadline: ignored in another mode");
	put(f, LVT_TIMER, 0x40032);
	CHECK(msrs_watched(f->msrs, &numbers) == 1 && numbers[0] == 0x6E0,
	      "TSC deadline: from now on accesses matter");
	put(f, INITIAL_COUNT, 100);
	EQUAL(get(f, INITIAL_COUNT), 0, "TSC deadline: no initial count");
	msrs_write(f->msrs, 0x6E0, tsc_now(f) + 3000000);
	EQUAL(deadline(f), tsc_now(f) + 3000000, "TSC deadline: can be read");
	advance(f, 999000);
	EQUAL(take(f), NOT_INTERRUPTED, "TSC deadline: not too early, though the rate is off");
	for (unsigned int i = 0; i < 1000; i++)
		advance(f, 1);
	EQUAL(take(f), NOT_INTERRUPTED, "TSC deadline: nor when it is looked at just before");
	advance(f, 200);
	EQUAL(take(f), 0x32, "TSC deadline: soon after it is reached");
	EQUAL(deadline(f), 0, "TSC deadline: gone then");
	put(f, EOI, 0);
	msrs_write(f->msrs, 0x6E0, 1);
	clock_run_alarms(f->clock);
	EQUAL(take(f), 0x32, "TSC deadline: one in the past comes at once");
	put(f, EOI, 0);
	msrs_write(f->msrs, 0x6E0, tsc_now(f) + 300);
	msrs_write(f->msrs, 0x6E0, 0);
	advance(f, 1000000);
	EQUAL(take(f), NOT_INTERRUPTED, "TSC deadline: 0 disarms");
	msrs_write(f->msrs, 0x6E0, UINT64_MAX);
	advance(f, 1000000);
	EQUAL(take(f), NOT_INTERRUPTED, "TSC deadline: the end of time");
	put(f, LVT_TIMER, 0x32);
	EQUAL(deadline(f), 0, "TSC deadline: another mode disarms");
	clock_set_tsc(f->clock, NULL);
}

/* --- its base, and accesses that are not as they should be --- */

static void test_base(struct apic_fixture *f)
{
	CHECK(!msrs_write(f->msrs, 0x1B, 0xFEE00D00), "base: no x2APIC mode");
	CHECK(!msrs_write(f->msrs, 0x1B, 0xFEE00901), "base: reserved bits");
	CHECK(!msrs_write(f->msrs, 0x802, 0), "no other registers");
	put(f, TPR, 0x20);
	put(f, LVT_LINT0, 0x10700);
	extint(f, true);
	CHECK(msrs_write(f->msrs, 0x1B, 0xFEE00100), "base: disabled");
	EQUAL(get(f, VERSION), 0xFFFFFFFF, "base: disabled, nobody answers");
	EQUAL(take(f), EXTINT_VECTOR, "base: disabled, the 8259s have the processor's pin");
	CHECK(msrs_write(f->msrs, 0x1B, 0xFEE00900), "base: enabled again");
	EQUAL(get(f, TPR), 0, "base: enabled as after reset");
	EQUAL(get(f, SVR), 0xFF, "base: but for what firmware does");
	EQUAL(take(f), NOT_INTERRUPTED, "base: LINT0 is masked then");
	extint(f, false);
	lapic_device.reset(f->lapic);
}

static void test_widths(struct apic_fixture *f)
{
	EQUAL(bus_read(f->bus, BUS_MMIO, LAPIC + VERSION, 1), 0xFF, "a byte: nobody answers");
	EQUAL(bus_read(f->bus, BUS_MMIO, LAPIC + VERSION, 8), UINT64_MAX, "eight: likewise");
	EQUAL(bus_read(f->bus, BUS_MMIO, LAPIC + VERSION + 4, 4), 0, "between registers: 0");
	bus_write(f->bus, BUS_MMIO, LAPIC + TPR + 1, 4, 0x50);
	bus_write(f->bus, BUS_MMIO, LAPIC + TPR, 2, 0x50);
	EQUAL(get(f, TPR), 0, "writes that are not aligned or too short: dropped");
	bus_write(f->bus, BUS_MMIO, LAPIC + 0xFF0, 4, 0x50);
	EQUAL(bus_read(f->bus, BUS_MMIO, LAPIC + 0xFF0, 4), 0, "behind the registers: 0");
}

int main(void)
{
	static void (*const tests[])(struct apic_fixture *f) = {
		test_reset, test_virtual_wire, test_lint0_fixed, test_priorities, test_cr8,
		test_spurious, test_disabled, test_ipi, test_logical, test_errors, test_one_shot,
		test_divide, test_periodic, test_tsc_deadline, test_base, test_widths, test_reset,
	};
	struct apic_fixture fixture = { 0 };

	if (!fixture_set_up(&fixture))
		return 2;
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tests[i](&fixture);
	fixture_tear_down(&fixture);
	return unit_status(&fixture.unit);
}
