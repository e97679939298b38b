/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-pm.c - ACPI's fixed hardware driven through its ports, with a virtual clock:
 * what ACPI 6.5, 4.8.3 says of the event registers, the control register and the timer.
 */
#include "dev/pm.h"

#include <stdlib.h>

#include "unit.h"

#define STATUS 0x600u
#define ENABLE 0x602u
#define CONTROL 0x604u
#define TIMER 0x608u
#define SCI 9u

#define TIMER_BIT 0x0001u
#define BUTTON_BIT 0x0100u
#define WAKE_BIT 0x8000u
#define SLEEP_ENABLE 0x2000u
#define NS UINT64_C(1000000000)

struct fixture {
	struct unit unit;
	struct clock *clock;
	struct irqs *irqs;
	struct bus *bus;
	struct run *run;
	struct pm *pm;
};

#define EQUAL(is, wanted, what) unit_equal(&f->unit, (uint64_t)(is), (uint64_t)(wanted), what)
#define CHECK(passed, what) unit_check(&f->unit, passed, what)

static bool claim(struct fixture *f, uint64_t base, uint64_t length, const struct bus_ops *ops)
{
	struct bus_range range = { base, length, ops, f->pm, "pm" };

	return bus_claim(f->bus, BUS_PIO, &range) == 0;
}

static bool set_up(struct fixture *f)
{
	return clock_create(&f->clock, true) == 0 && irqs_create(&f->irqs) == 0 &&
	       bus_create(&f->bus) == 0 && run_create(&f->run) == 0 &&
	       pm_create(&f->pm, f->clock, irq_line(f->irqs, SCI), f->run) == 0 &&
	       claim(f, STATUS, 4, &pm1a_event_ops) && claim(f, CONTROL, 2, &pm1a_control_ops) &&
	       claim(f, TIMER, 4, &pm_timer_ops);
}

static void tear_down(struct fixture *f)
{
	pm_device.fini(f->pm);
	run_destroy(f->run);
	bus_destroy(f->bus);
	irqs_destroy(f->irqs);
	clock_destroy(f->clock);
}

static void out(struct fixture *f, unsigned int port, unsigned int size, uint32_t value)
{
	bus_write(f->bus, BUS_PIO, port, size, value);
}

static uint32_t in(struct fixture *f, unsigned int port, unsigned int size)
{
	return (uint32_t)bus_read(f->bus, BUS_PIO, port, size);
}

static bool sci(struct fixture *f)
{
	return irq_level(irq_line(f->irqs, SCI));
}

static void advance(struct fixture *f, uint64_t ns)
{
	clock_advance_to(f->clock, clock_now(f->clock) + ns);
	clock_run_alarms(f->clock);
}

static void test_timer(struct fixture *f)
{
	EQUAL(in(f, TIMER, 4), 0, "timer: begins with the clock");
	advance(f, NS);
	EQUAL(in(f, TIMER, 4), 3579545, "timer: 3.579545 MHz");
	EQUAL(in(f, TIMER, 2), 3579545 & 0xFFFF, "timer: two bytes");
	EQUAL(in(f, TIMER + 2, 1), 3579545 >> 16 & 0xFF, "timer: one");
	out(f, TIMER, 4, 0);
	EQUAL(in(f, TIMER, 4), 3579545, "timer: read-only");
	EQUAL(in(f, STATUS, 2), 0, "timer: bit 31 has not changed");
	/* 2^31 counts are 599.93 s. */
	advance(f, 599 * NS);
	EQUAL(in(f, STATUS, 2), TIMER_BIT, "timer: bit 31 has changed");
	CHECK(in(f, TIMER, 4) >> 31, "timer: 32 bits");
	CHECK(!sci(f), "timer: nobody wants to know");
	out(f, STATUS, 2, TIMER_BIT);
	EQUAL(in(f, STATUS, 2), 0, "status: a one clears");
	out(f, ENABLE, 2, TIMER_BIT);
	advance(f, 590 * NS);
	CHECK(!sci(f), "timer: no interrupt yet");
	advance(f, 10 * NS);
	CHECK(sci(f), "timer: interrupt as bit 31 changes, without a look");
	out(f, STATUS, 2, TIMER_BIT);
	CHECK(!sci(f), "timer: acknowledged");
	out(f, ENABLE, 2, 0);
}

static void test_button(struct fixture *f)
{
	pm_press_button(f->pm);
	EQUAL(in(f, STATUS, 2), BUTTON_BIT, "button: status");
	CHECK(!sci(f), "button: not enabled");
	out(f, ENABLE + 1, 1, BUTTON_BIT >> 8);
	EQUAL(in(f, ENABLE, 2), BUTTON_BIT, "enable: the upper byte alone");
	CHECK(sci(f), "button: interrupt");
	out(f, STATUS, 2, TIMER_BIT);
	CHECK(sci(f), "button: another bit does not clear it");
	out(f, STATUS + 1, 1, BUTTON_BIT >> 8);
	CHECK(!sci(f) && !in(f, STATUS, 2), "button: acknowledged, the upper byte alone");
	pm_press_button(f->pm);
	pm_device.reset(f->pm);
	CHECK(!sci(f) && !in(f, STATUS, 2) && !in(f, ENABLE, 2), "reset: all is 0");
}

static void test_control(struct fixture *f)
{
	struct ending ending;

	EQUAL(in(f, CONTROL, 2), 1, "control: ACPI mode from the start");
	out(f, CONTROL, 2, 0);
	EQUAL(in(f, CONTROL, 2), 1, "control: and nothing else");
	out(f, CONTROL, 2, 5 << 10);
	EQUAL(in(f, CONTROL, 2), (5 << 10) + 1, "control: the sleep type is kept");
	out(f, CONTROL, 2, SLEEP_ENABLE | 5 << 10);
	CHECK(!run_ended(f->run), "control: a sleep type that there is not");
	EQUAL(in(f, STATUS, 2), WAKE_BIT, "control: woken at once");
	EQUAL(in(f, CONTROL, 2), (5 << 10) + 1, "control: SLP_EN reads 0");
	out(f, CONTROL, 1, 0);
	CHECK(!run_ended(f->run), "control: the lower byte alone");
	out(f, CONTROL, 2, SLEEP_ENABLE);
	CHECK(run_ending(f->run, &ending) && ending.kind == ENDING_POWEROFF, "control: soft-off");
}

int main(void)
{
	static void (*const tests[])(struct fixture *f) = { test_timer, test_button, test_control };
	struct fixture fixture = { 0 };

	if (!set_up(&fixture))
		return 2;
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tests[i](&fixture);
	tear_down(&fixture);
	return unit_status(&fixture.unit);
}
