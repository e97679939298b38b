/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-ioapic.c - an I/O APIC between interrupt lines and a local APIC, driven
 * through its registers, and what Intel's data sheet (82093AA, 290566) says about it;
 * and the timer's ticks on the way through both.
 */
#include "dev/ioapic.h"

#include "apic-fixture.h"
#include "dev/pic.h"
#include "dev/pit.h"

#define IOAPIC 0xFEC00000u
#define INPUTS 24u
#define CPU0 0u
#define LEVEL 0x8000u
#define LOGICAL 0x800u

#define EQUAL(is, wanted, what) unit_equal(&f->apic.unit, (uint64_t)(is), (uint64_t)(wanted), what)
#define CHECK(passed, what) unit_check(&f->apic.unit, passed, what)
#define NOT_INTERRUPTED ((uint64_t)-1)

struct fixture {
	struct apic_fixture apic;
	struct irqs *irqs;
	struct ioapic *ioapic;
	struct pic *pic;
	struct pit *pit;
	unsigned int taken;
};

static bool claim(struct fixture *f, enum bus_space space, uint64_t base, uint64_t length,
		  const struct bus_ops *ops, void *self)
{
	struct bus_range range = { base, length, ops, self, "test" };

	return bus_claim(f->apic.bus, space, &range) == 0;
}

static bool set_up(struct fixture *f)
{
	struct apic_fixture *apic = &f->apic;

	return fixture_set_up(apic) && irqs_create(&f->irqs) == 0 &&
	       ioapic_create(&f->ioapic, 1, f->irqs, apic->apics) == 0 &&
	       pic_create(&f->pic, f->irqs, apicbus_extint(apic->apics)) == 0 &&
	       pit_create(&f->pit, apic->clock, irq_line(f->irqs, 0)) == 0 &&
	       claim(f, BUS_MMIO, IOAPIC, 0x1000, &ioapic_ops, f->ioapic) &&
	       claim(f, BUS_PIO, 0x40, 4, &pit_ops, f->pit) &&
	       claim(f, BUS_PIO, 0x20, 2, &pic_master_ops, f->pic);
}

static void tear_down(struct fixture *f)
{
	pit_device.fini(f->pit);
	pic_device.fini(f->pic);
	ioapic_device.fini(f->ioapic);
	fixture_tear_down(&f->apic);
	irqs_destroy(f->irqs);
}

static void write_reg(struct fixture *f, unsigned int reg, uint32_t value)
{
	bus_write(f->apic.bus, BUS_MMIO, IOAPIC, 4, reg);
	bus_write(f->apic.bus, BUS_MMIO, IOAPIC + 0x10, 4, value);
}

static uint32_t read_reg(struct fixture *f, unsigned int reg)
{
	bus_write(f->apic.bus, BUS_MMIO, IOAPIC, 4, reg);
	return (uint32_t)bus_read(f->apic.bus, BUS_MMIO, IOAPIC + 0x10, 4);
}

static void redirect(struct fixture *f, unsigned int input, uint32_t low, uint8_t destination)
{
	write_reg(f, 0x11 + 2 * input, (uint32_t)destination << 24);
	write_reg(f, 0x10 + 2 * input, low);
}

static uint32_t entry(struct fixture *f, unsigned int input)
{
	return read_reg(f, 0x10 + 2 * input);
}

static void line(struct fixture *f, unsigned int number, bool level)
{
	irq_set(irq_line(f->irqs, number), level);
}

static void end(struct fixture *f)
{
	put(&f->apic, EOI, 0);
}

static void count_taken(void *self)
{
	++*(unsigned int *)self;
}

static void test_reset(struct fixture *f)
{
	unsigned int masked = 0;

	EQUAL(read_reg(f, 0), 0x01000000, "reset: ID");
	EQUAL(read_reg(f, 1), 0x00170020, "version 0x20, 24 entries");
	EQUAL(read_reg(f, 2), 0x01000000, "reset: arbitration ID");
	for (unsigned int i = 0; i < INPUTS; i++)
		masked += entry(f, i) == MASKED;
	EQUAL(masked, INPUTS, "reset: all inputs are masked");
	EQUAL(read_reg(f, 0x40), 0, "no such register: 0");
	EQUAL(bus_read(f->apic.bus, BUS_MMIO, IOAPIC, 4), 0x40, "IOREGSEL can be read");
	write_reg(f, 0, 0xFFFFFFFF);
	EQUAL(read_reg(f, 0), 0x0F000000, "ID: four bits");
	write_reg(f, 0, 0x01000000);
	write_reg(f, 1, 0);
	EQUAL(read_reg(f, 1), 0x00170020, "version: read-only");
	redirect(f, 23, 0xFFFFFFFF, 0xFF);
	EQUAL(entry(f, 23), 0x0001AFFF, "entry: status bits are read-only");
	EQUAL(read_reg(f, 0x3F), 0xFF000000, "entry: the destination");
	redirect(f, 23, MASKED, 0);
}

static void test_edge(struct fixture *f)
{
	irq_on_taken(irq_line(f->irqs, 5), count_taken, &f->taken);
	redirect(f, 5, 0x45, CPU0);
	line(f, 5, true);
	EQUAL(f->taken, 0, "edge: not taken yet");
	EQUAL(take(&f->apic), 0x45, "edge: its vector");
	EQUAL(f->taken, 1, "edge: the line's owner learns that it was taken");
	CHECK(!vector_bit(&f->apic, TMR, 0x45), "edge: TMR");
	end(f);
	EQUAL(take(&f->apic), NOT_INTERRUPTED, "edge: once");
	line(f, 5, false);
	line(f, 5, true);
	line(f, 5, false);
	EQUAL(take(&f->apic), 0x45, "edge: not withdrawn");
	end(f);
	redirect(f, 5, MASKED | 0x45, CPU0);
	line(f, 5, true);
	redirect(f, 5, 0x45, CPU0);
	EQUAL(take(&f->apic), NOT_INTERRUPTED, "edge: masked is lost");
	line(f, 5, false);
	self_ipi(&f->apic, 0x45);
	(void)take(&f->apic);
	EQUAL(f->taken, 2, "an IPI with the same vector is not the line's");
	end(f);
	redirect(f, 5, MASKED, 0);
}

static void test_level(struct fixture *f)
{
	redirect(f, 10, LEVEL | 0x51, CPU0);
	line(f, 10, true);
	EQUAL(entry(f, 10), 0x4000 | LEVEL | 0x51, "level: remote IRR");
	EQUAL(take(&f->apic), 0x51, "level: its vector");
	CHECK(vector_bit(&f->apic, TMR, 0x51), "level: TMR");
	end(f);
	EQUAL(take(&f->apic), 0x51, "level: again, as long as it is high");
	line(f, 10, false);
	end(f);
	EQUAL(take(&f->apic), NOT_INTERRUPTED, "level: gone");
	EQUAL(entry(f, 10), LEVEL | 0x51, "level: no remote IRR");
	redirect(f, 10, MASKED | LEVEL | 0x51, CPU0);
	line(f, 10, true);
	EQUAL(take(&f->apic), NOT_INTERRUPTED, "level: masked");
	redirect(f, 10, LEVEL | 0x51, CPU0);
	EQUAL(take(&f->apic), 0x51, "level: seen when the mask goes");
	/* What Linux does where the end of interrupt was lost. */
	bus_write(f->apic.bus, BUS_MMIO, IOAPIC + 0x40, 4, 0x51);
	CHECK(vector_bit(&f->apic, IRR, 0x51), "EOI register: sent again");
	redirect(f, 10, MASKED | 0x51, CPU0);
	EQUAL(entry(f, 10), MASKED | 0x51, "remote IRR goes with level triggering");
	line(f, 10, false);
	end(f);
	(void)take(&f->apic);
	end(f);
}

static void test_destinations(struct fixture *f)
{
	redirect(f, 3, 0x43, 9);
	line(f, 3, true);
	EQUAL(take(&f->apic), NOT_INTERRUPTED, "destination: nobody has ID 9");
	line(f, 3, false);
	put(&f->apic, LDR, 0x02000000);
	redirect(f, 3, LOGICAL | 0x143, 0x03);
	line(f, 3, true);
	EQUAL(take(&f->apic), 0x43, "logical destination, lowest priority");
	end(f);
	line(f, 3, false);
	redirect(f, 3, 0x400, CPU0);
	line(f, 3, true);
	CHECK(intr_take_nmi(f->apic.intr), "NMI");
	line(f, 3, false);
	redirect(f, 3, MASKED, 0);
}

static void out(struct fixture *f, unsigned int port, unsigned int value)
{
	bus_write(f->apic.bus, BUS_PIO, port, 1, value);
}

/* The 8259s at input 0, with LINT0 masked. */
static void test_extint(struct fixture *f)
{
	put(&f->apic, LVT_LINT0, MASKED | 0x700);
	redirect(f, 0, 0x700, CPU0);
	out(f, 0x20, 0x11);
	out(f, 0x21, 0x60);
	out(f, 0x21, 0x04);
	out(f, 0x21, 0x01);
	out(f, 0x21, 0xDF);
	line(f, 5, true);
	EQUAL(take(&f->apic), 0x65, "ExtINT: the 8259's vector");
	out(f, 0x20, 0x20);
	line(f, 5, false);
	EQUAL(take(&f->apic), NOT_INTERRUPTED, "ExtINT: gone");
	out(f, 0x21, 0xFF);
	redirect(f, 0, MASKED, 0);
}

/* Ticks that a guest was too late for come one after the other. */
static void test_timer(struct fixture *f)
{
	unsigned int ticks = 0;

	redirect(f, 2, 0x32, CPU0);
	out(f, 0x43, 0x34);
	out(f, 0x40, 0xA9);
	out(f, 0x40, 0x04);		/* 1193: a millisecond */
	advance(&f->apic, 1100000);
	EQUAL(take(&f->apic), 0x32, "timer: line 0 is at input 2");
	end(f);
	advance(&f->apic, 10 * UINT64_C(1000000));
	while (take(&f->apic) == 0x32) {
		ticks++;
		end(f);
	}
	EQUAL(ticks, 10, "timer: none of the ticks is lost");
	redirect(f, 2, MASKED, 0);
}

int main(void)
{
	static void (*const tests[])(struct fixture *f) = {
		test_reset, test_edge, test_level, test_destinations, test_extint, test_timer,
	};
	struct fixture fixture = { 0 };

	if (!set_up(&fixture))
		return 2;
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tests[i](&fixture);
	tear_down(&fixture);
	return unit_status(&fixture.apic.unit);
}
