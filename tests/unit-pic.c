/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-pic.c - the interrupt controllers driven through ports and lines, and
 * what the 8259A's data sheet says about it.
 */
#include "dev/pic.h"

#include <errno.h>
#include <stdlib.h>

#include "unit.h"

#define MASTER 0x20u
#define SLAVE 0xA0u
#define MASTER_VECTORS 0x30u
#define SLAVE_VECTORS 0x38u
#define LINES 16u

/* Command words, in the tests' own words. */
#define READ_IRR 0x0Au
#define READ_ISR 0x0Bu
#define POLL 0x0Cu
#define SPECIAL_MASK_ON 0x68u
#define SPECIAL_MASK_OFF 0x48u
#define EOI 0x20u
#define EOI_OF 0x60u
#define EOI_ROTATE 0xA0u
#define EOI_OF_ROTATE 0xE0u
#define LOWEST_IS 0xC0u
#define AEOI_ROTATE 0x80u
#define AEOI_NO_ROTATE 0x00u
#define NOTHING 0x40u

#define ICW4_8086 0x01u
#define ICW4_AEOI 0x03u
#define ICW4_SFNM 0x11u

struct fixture {
	struct unit unit;
	struct irqs *irqs;
	struct intr *intr;
	struct bus *bus;
	struct pic *pic;
	unsigned int taken[LINES];	/* how often the lines' owners were told so */
};

static void count_taken(void *self)
{
	++*(unsigned int *)self;
}

static bool claim(struct fixture *f, uint64_t base, const struct bus_ops *ops)
{
	struct bus_range range = { base, 2, ops, f->pic, "pic" };

	return bus_claim(f->bus, BUS_PIO, &range) == 0;
}

static bool set_up(struct fixture *f)
{
	if (irqs_create(&f->irqs) < 0 || intr_create(&f->intr) < 0 || bus_create(&f->bus) < 0 ||
	    pic_create(&f->pic, f->irqs, f->intr) < 0)
		return false;
	for (unsigned int i = 0; i < LINES; i++)
		irq_on_taken(irq_line(f->irqs, i), count_taken, &f->taken[i]);
	return claim(f, MASTER, &pic_master_ops) && claim(f, SLAVE, &pic_slave_ops) &&
	       claim(f, 0x4D0, &pic_elcr_ops);
}

static void tear_down(struct fixture *f)
{
	pic_device.fini(f->pic);
	bus_destroy(f->bus);
	intr_destroy(f->intr);
	irqs_destroy(f->irqs);
}

static void out(struct fixture *f, unsigned int port, unsigned int value)
{
	bus_write(f->bus, BUS_PIO, port, 1, value);
}

static unsigned int in(struct fixture *f, unsigned int port)
{
	return (unsigned int)bus_read(f->bus, BUS_PIO, port, 1);
}

static void set(struct fixture *f, unsigned int line, bool level)
{
	irq_set(irq_line(f->irqs, line), level);
}

static void edge(struct fixture *f, unsigned int line)
{
	set(f, line, false);
	set(f, line, true);
}

static unsigned int irr(struct fixture *f, unsigned int chip)
{
	out(f, chip, READ_IRR);
	return in(f, chip);
}

static unsigned int isr(struct fixture *f, unsigned int chip)
{
	out(f, chip, READ_ISR);
	return in(f, chip);
}

/* As kernels do it, nothing masked. */
static void initialize(struct fixture *f, unsigned int master_icw4, unsigned int slave_icw4)
{
	out(f, MASTER, 0x11);
	out(f, MASTER + 1, MASTER_VECTORS);
	out(f, MASTER + 1, 0x04);
	out(f, MASTER + 1, master_icw4);
	out(f, SLAVE, 0x11);
	out(f, SLAVE + 1, SLAVE_VECTORS);
	out(f, SLAVE + 1, 0x02);
	out(f, SLAVE + 1, slave_icw4);
}

static void is(struct fixture *f, unsigned int value, unsigned int wanted, const char *what)
{
	unit_equal(&f->unit, value, wanted, what);
}

static void quiet(struct fixture *f, const char *what)
{
	unit_check(&f->unit, !intr_level(f->intr), what);
}

/* INTR is high, and the acknowledge cycle gives the vector of the line. */
static void interrupts(struct fixture *f, unsigned int line, const char *what)
{
	bool level = intr_level(f->intr);

	unit_equal(&f->unit, intr_acknowledge(f->intr), MASTER_VECTORS + line, what);
	if (!level)
		unit_check(&f->unit, false, "pic: INTR is low for it");
}

/* What chips read and do after power-on or a reset. */
static void check_reset_state(struct fixture *f)
{
	quiet(f, "pic: reset: INTR low");
	is(f, in(f, MASTER + 1), 0xFF, "pic: reset: master, all masked");
	is(f, in(f, SLAVE + 1), 0xFF, "pic: reset: slave, all masked");
	is(f, in(f, MASTER) | in(f, SLAVE), 0, "pic: reset: no requests");
	is(f, isr(f, MASTER) | isr(f, SLAVE), 0, "pic: reset: nothing in service");
	is(f, in(f, 0x4D0) | in(f, 0x4D1), 0, "pic: reset: all edge triggered");
	edge(f, 0);
	edge(f, 1);
	quiet(f, "pic: reset: a request is masked");
	out(f, MASTER + 1, 0x00);
	is(f, intr_acknowledge(f->intr), 0x08, "pic: reset: line 0 is the highest");
	out(f, MASTER, EOI);
	is(f, intr_acknowledge(f->intr), 0x09, "pic: reset: the firmware's vector, master");
	out(f, MASTER, EOI);
	edge(f, 9);
	out(f, SLAVE + 1, 0x00);
	is(f, intr_acknowledge(f->intr), 0x71, "pic: reset: the firmware's vector, slave");
}

static void test_power_on(struct fixture *f)
{
	check_reset_state(f);
}

static void test_device_reset(struct fixture *f)
{
	initialize(f, ICW4_AEOI, ICW4_AEOI);
	out(f, MASTER, SPECIAL_MASK_ON);
	out(f, MASTER, LOWEST_IS | 3);
	out(f, 0x4D0, 0x20);
	edge(f, 4);
	set(f, 5, true);
	edge(f, 12);
	out(f, SLAVE, 0x11);
	unit_check(&f->unit, intr_level(f->intr), "pic: reset: INTR high before");
	pic_device.reset(f->pic);
	check_reset_state(f);
}

static void test_initialization(struct fixture *f)
{
	edge(f, 3);
	initialize(f, ICW4_8086, ICW4_8086);
	is(f, in(f, MASTER + 1), 0x00, "pic: ICW1: nothing masked");
	is(f, irr(f, MASTER), 0x00, "pic: ICW1: earlier edges are forgotten");
	quiet(f, "pic: ICW1: INTR low");
	edge(f, 3);
	interrupts(f, 3, "pic: ICW1: the next edge is not");
	edge(f, 11);
	out(f, MASTER, EOI);
	interrupts(f, 11, "pic: ICW2: the slave's vectors");
	out(f, MASTER, READ_ISR);
	out(f, MASTER, 0x11);
	is(f, in(f, MASTER), 0x00, "pic: ICW1: IRR is read");
	is(f, isr(f, MASTER), 0x00, "pic: ICW1: nothing in service");
	out(f, MASTER + 1, 0xFF);
	out(f, MASTER + 1, 0xFF);
	out(f, MASTER + 1, ICW4_8086);
	is(f, in(f, MASTER + 1), 0x00, "pic: ICW4 is not OCW1");
	edge(f, 6);
	is(f, intr_acknowledge(f->intr), 0xFE, "pic: ICW2: the lower bits are the input's");
}

/* Which words ICW1 asks for, seen by where OCW1 begins. */
static void test_sequences(struct fixture *f)
{
	static const struct {
		unsigned int icw1;
		unsigned int words;
		const char *what;
	} sequences[] = {
		{ 0x11, 3, "pic: ICW1 0x11: ICW2, ICW3, ICW4" },
		{ 0x10, 2, "pic: ICW1 0x10: ICW2, ICW3" },
		{ 0x13, 2, "pic: ICW1 0x13: ICW2, ICW4" },
		{ 0x12, 1, "pic: ICW1 0x12: ICW2" },
	};

	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		out(f, MASTER, sequences[i].icw1);
		for (unsigned int n = 0; n < sequences[i].words; n++)
			out(f, MASTER + 1, 0x40);
		is(f, in(f, MASTER + 1), 0x00, sequences[i].what);
		out(f, MASTER + 1, 0x5A);
		is(f, in(f, MASTER + 1), 0x5A, "pic: then OCW1");
	}
	initialize(f, ICW4_AEOI, ICW4_8086);
	out(f, MASTER, 0x10);
	out(f, MASTER + 1, MASTER_VECTORS);
	out(f, MASTER + 1, 0x04);
	edge(f, 1);
	interrupts(f, 1, "pic: without ICW4: an interrupt");
	is(f, isr(f, MASTER), 0x02, "pic: without ICW4: no automatic EOI");
}

static void test_nesting(struct fixture *f)
{
	initialize(f, ICW4_8086, ICW4_8086);
	edge(f, 4);
	edge(f, 5);
	is(f, irr(f, MASTER), 0x30, "pic: nesting: two requests");
	interrupts(f, 4, "pic: nesting: the higher one");
	is(f, irr(f, MASTER), 0x20, "pic: nesting: the other one waits");
	is(f, isr(f, MASTER), 0x10, "pic: nesting: in service");
	quiet(f, "pic: nesting: it is not urgent enough");
	edge(f, 4);
	quiet(f, "pic: nesting: the same again is not");
	is(f, irr(f, MASTER), 0x30, "pic: nesting: but it is kept");
	edge(f, 1);
	interrupts(f, 1, "pic: nesting: something more urgent");
	is(f, isr(f, MASTER), 0x12, "pic: nesting: two in service");
	out(f, MASTER, EOI);
	is(f, isr(f, MASTER), 0x10, "pic: nesting: EOI ends the more urgent one");
	quiet(f, "pic: nesting: the other one is still served");
	out(f, MASTER, NOTHING | 4);
	is(f, isr(f, MASTER), 0x10, "pic: nesting: OCW2 without operation");
	out(f, MASTER, EOI);
	interrupts(f, 4, "pic: nesting: the same again, now");
	out(f, MASTER, EOI);
	interrupts(f, 5, "pic: nesting: what waited");
	out(f, MASTER, EOI);
	out(f, MASTER, EOI);
	is(f, isr(f, MASTER), 0x00, "pic: nesting: one EOI too many");
	quiet(f, "pic: nesting: done");
}

static void test_masks(struct fixture *f)
{
	initialize(f, ICW4_8086, ICW4_8086);
	out(f, MASTER + 1, 0x08);
	edge(f, 3);
	is(f, irr(f, MASTER), 0x08, "pic: masks: the request is there");
	quiet(f, "pic: masks: and does not interrupt");
	edge(f, 6);
	interrupts(f, 6, "pic: masks: a lower one is not held up");
	is(f, in(f, MASTER + 1), 0x08, "pic: masks: IMR");
	out(f, MASTER + 1, 0x00);
	interrupts(f, 3, "pic: masks: unmasked");
	out(f, MASTER, EOI_OF | 6);
	is(f, isr(f, MASTER), 0x08, "pic: masks: specific EOI");
	out(f, MASTER, EOI_OF | 6);
	is(f, isr(f, MASTER), 0x08, "pic: masks: specific EOI of what is not served");
}

/* The data sheet's example: 4 and 6 in service, 4 ends and becomes the lowest. */
static void test_rotation(struct fixture *f)
{
	initialize(f, ICW4_8086, ICW4_8086);
	edge(f, 6);
	intr_acknowledge(f->intr);
	edge(f, 4);
	intr_acknowledge(f->intr);
	is(f, isr(f, MASTER), 0x50, "pic: rotation: 4 and 6 in service");
	out(f, MASTER, EOI_ROTATE);
	is(f, isr(f, MASTER), 0x40, "pic: rotation: EOI of 4");
	edge(f, 4);
	edge(f, 3);
	quiet(f, "pic: rotation: 3 and 4 come after 6");
	edge(f, 5);
	interrupts(f, 5, "pic: rotation: 5 is the highest");
	out(f, MASTER, EOI);
	out(f, MASTER, EOI);
	interrupts(f, 3, "pic: rotation: 4 is the lowest");
	out(f, MASTER, EOI);
	out(f, MASTER, LOWEST_IS | 5);
	edge(f, 3);
	edge(f, 6);
	interrupts(f, 6, "pic: rotation: set priority: 6 after 5");
	out(f, MASTER, EOI_OF_ROTATE | 6);
	is(f, isr(f, MASTER), 0x00, "pic: rotation: specific EOI");
	edge(f, 6);
	edge(f, 7);
	interrupts(f, 7, "pic: rotation: 7 after 6");
	out(f, MASTER, EOI);
	interrupts(f, 3, "pic: rotation: round the end");
	out(f, MASTER, EOI);
	interrupts(f, 4, "pic: rotation: in order");
	out(f, MASTER, EOI);
	interrupts(f, 6, "pic: rotation: the lowest last");
	out(f, MASTER, EOI);
	out(f, MASTER, EOI_ROTATE);
	edge(f, 7);
	edge(f, 0);
	interrupts(f, 7, "pic: rotation: EOI of nothing rotates nothing");
}

static void test_automatic_eoi(struct fixture *f)
{
	initialize(f, ICW4_AEOI, ICW4_8086);
	edge(f, 3);
	edge(f, 5);
	interrupts(f, 3, "pic: AEOI: the higher one");
	is(f, isr(f, MASTER), 0x00, "pic: AEOI: not in service");
	interrupts(f, 5, "pic: AEOI: the other one at once");
	edge(f, 3);
	interrupts(f, 3, "pic: AEOI: priorities stay");
	out(f, MASTER, AEOI_ROTATE);
	edge(f, 3);
	interrupts(f, 3, "pic: AEOI: rotation on");
	edge(f, 3);
	edge(f, 5);
	interrupts(f, 5, "pic: AEOI: 3 was served last");
	interrupts(f, 3, "pic: AEOI: then 3 again");
	out(f, MASTER, AEOI_NO_ROTATE);
	edge(f, 5);
	interrupts(f, 5, "pic: AEOI: rotation off");
	edge(f, 5);
	edge(f, 3);
	interrupts(f, 5, "pic: AEOI: priorities stay where they were");
}

static void test_special_mask(struct fixture *f)
{
	initialize(f, ICW4_8086, ICW4_8086);
	edge(f, 3);
	intr_acknowledge(f->intr);
	edge(f, 6);
	out(f, MASTER + 1, 0x08);
	quiet(f, "pic: special mask: off");
	out(f, MASTER, SPECIAL_MASK_ON);
	interrupts(f, 6, "pic: special mask: what is masked holds nothing up");
	edge(f, 7);
	quiet(f, "pic: special mask: what is not masked does");
	edge(f, 4);
	interrupts(f, 4, "pic: special mask: more urgent than 6");
	out(f, MASTER, EOI);
	out(f, MASTER, EOI);
	is(f, isr(f, MASTER), 0x08, "pic: special mask: EOI passes over what is masked");
	out(f, MASTER, EOI);
	is(f, isr(f, MASTER), 0x08, "pic: special mask: however often");
	interrupts(f, 7, "pic: special mask: 7 at last");
	out(f, MASTER, 0x28);
	out(f, MASTER, EOI_OF | 7);
	edge(f, 7);
	interrupts(f, 7, "pic: special mask: SMM without ESMM does nothing");
	out(f, MASTER, EOI_OF | 7);
	out(f, MASTER, SPECIAL_MASK_OFF);
	edge(f, 7);
	quiet(f, "pic: special mask: off again");
	out(f, MASTER, EOI);
	interrupts(f, 7, "pic: special mask: EOI of what is masked");
}

static void test_poll(struct fixture *f)
{
	initialize(f, ICW4_8086, ICW4_8086);
	out(f, MASTER, POLL);
	is(f, in(f, MASTER), 0x00, "pic: poll: nothing");
	edge(f, 4);
	out(f, MASTER, READ_ISR);
	out(f, MASTER, POLL);
	is(f, in(f, MASTER), 0x84, "pic: poll: 4");
	is(f, in(f, MASTER), 0x10, "pic: poll: in service, and ISR is read as before");
	quiet(f, "pic: poll: INTR low");
	is(f, f->taken[4], 1, "pic: poll: the line's owner knows");
	edge(f, 5);
	out(f, MASTER, POLL);
	is(f, in(f, MASTER + 1), 0x00, "pic: poll: at the other port, nothing urgent enough");
	is(f, in(f, MASTER + 1), 0x00, "pic: poll: then IMR");
	out(f, MASTER, EOI);
	out(f, MASTER, POLL);
	out(f, MASTER, READ_IRR);
	is(f, in(f, MASTER), 0x85, "pic: poll: OCW3 without poll leaves it due");
	out(f, MASTER, EOI);
	edge(f, 12);
	out(f, MASTER, POLL);
	is(f, in(f, MASTER), 0x82, "pic: poll: the cascade");
	is(f, irr(f, MASTER), 0x00, "pic: poll: no longer requested");
	out(f, SLAVE, POLL);
	is(f, in(f, SLAVE), 0x84, "pic: poll: slave");
	out(f, MASTER, POLL);
	out(f, MASTER, 0x11);
	is(f, in(f, MASTER), 0x00, "pic: poll: forgotten by ICW1");
}

static void test_cascade(struct fixture *f)
{
	initialize(f, ICW4_8086, ICW4_8086);
	edge(f, 9);
	is(f, irr(f, MASTER), 0x04, "pic: cascade: request at the master");
	is(f, irr(f, SLAVE), 0x02, "pic: cascade: request at the slave");
	edge(f, 3);
	interrupts(f, 9, "pic: cascade: before line 3");
	is(f, isr(f, MASTER), 0x04, "pic: cascade: in service at the master");
	is(f, isr(f, SLAVE), 0x02, "pic: cascade: in service at the slave");
	is(f, irr(f, MASTER), 0x08, "pic: cascade: no longer requested");
	is(f, f->taken[9], 1, "pic: cascade: the line's owner knows");
	is(f, f->taken[2], 0, "pic: cascade: line 2 has none");
	edge(f, 8);
	quiet(f, "pic: cascade: the slave is locked out while it is served");
	edge(f, 1);
	interrupts(f, 1, "pic: cascade: line 1 is not");
	out(f, MASTER, EOI);
	out(f, MASTER, EOI);
	interrupts(f, 8, "pic: cascade: the master is free");
	out(f, SLAVE, EOI);
	out(f, SLAVE, EOI);
	out(f, MASTER, EOI);
	interrupts(f, 3, "pic: cascade: line 3 at last");
	out(f, MASTER, EOI);
	set(f, 2, true);
	quiet(f, "pic: cascade: line 2 goes nowhere");
	edge(f, 15);
	out(f, SLAVE + 1, 0x80);
	is(f, irr(f, MASTER), 0x00, "pic: cascade: masked at the slave, withdrawn");
	quiet(f, "pic: cascade: and no interrupt");
	out(f, SLAVE + 1, 0x00);
	out(f, MASTER + 1, 0x04);
	quiet(f, "pic: cascade: masked at the master");
	out(f, MASTER + 1, 0x00);
	interrupts(f, 15, "pic: cascade: unmasked");
}

/* No request of the slave may be left without an edge at the master. */
static void test_cascade_edges(struct fixture *f)
{
	initialize(f, ICW4_8086, ICW4_AEOI);
	edge(f, 9);
	edge(f, 12);
	interrupts(f, 9, "pic: cascade edges: first of two");
	is(f, irr(f, MASTER), 0x04, "pic: cascade edges: AEOI: a new one for the second");
	out(f, MASTER, EOI);
	interrupts(f, 12, "pic: cascade edges: second of two");
	out(f, MASTER, EOI);
	quiet(f, "pic: cascade edges: done");
	edge(f, 10);
	out(f, MASTER, 0x11);
	out(f, MASTER + 1, MASTER_VECTORS);
	out(f, MASTER + 1, 0x04);
	out(f, MASTER + 1, ICW4_8086);
	interrupts(f, 10, "pic: cascade edges: one from before the master's ICW1");
	out(f, MASTER, EOI);
	out(f, 0x4D1, 0x08);
	set(f, 11, true);
	initialize(f, ICW4_8086, ICW4_8086);
	interrupts(f, 11, "pic: cascade edges: a level from before both ICW1s");
}

static void test_special_fully_nested(struct fixture *f)
{
	initialize(f, ICW4_SFNM, ICW4_8086);
	edge(f, 12);
	intr_acknowledge(f->intr);
	edge(f, 9);
	interrupts(f, 9, "pic: special fully nested: within the slave");
	is(f, isr(f, SLAVE), 0x12, "pic: special fully nested: two in service");
	edge(f, 3);
	quiet(f, "pic: special fully nested: a lower line of the master waits");
	edge(f, 10);
	quiet(f, "pic: special fully nested: a lower line of the slave waits");
	edge(f, 0);
	interrupts(f, 0, "pic: special fully nested: a higher line does not");
	edge(f, 8);
	quiet(f, "pic: special fully nested: the slave is below that");
	out(f, MASTER, EOI);
	interrupts(f, 8, "pic: special fully nested: and then free");
}

static void test_edge_triggered(struct fixture *f)
{
	initialize(f, ICW4_8086, ICW4_8086);
	set(f, 4, true);
	set(f, 4, false);
	is(f, irr(f, MASTER), 0x00, "pic: edge: withdrawn");
	quiet(f, "pic: edge: in time");
	set(f, 4, true);
	interrupts(f, 4, "pic: edge: taken");
	out(f, MASTER, EOI);
	quiet(f, "pic: edge: once");
	set(f, 4, false);
	quiet(f, "pic: edge: falling");
	set(f, 4, true);
	interrupts(f, 4, "pic: edge: another one");
	edge(f, 4);
	is(f, irr(f, MASTER), 0x10, "pic: edge: while it is served");
	out(f, MASTER, EOI);
	interrupts(f, 4, "pic: edge: is not lost");
}

static void test_level_triggered(struct fixture *f)
{
	out(f, 0x4D0, 0xFF);
	out(f, 0x4D1, 0xFF);
	is(f, in(f, 0x4D0), 0xF8, "pic: ELCR: not lines 0 to 2");
	is(f, in(f, 0x4D1), 0xDE, "pic: ELCR: not lines 8 and 13");
	initialize(f, ICW4_8086, ICW4_8086);
	is(f, in(f, 0x4D0), 0xF8, "pic: ELCR: ICW1 leaves it");
	set(f, 5, true);
	interrupts(f, 5, "pic: level: high");
	is(f, irr(f, MASTER), 0x20, "pic: level: requested on");
	quiet(f, "pic: level: but served");
	out(f, MASTER, EOI);
	interrupts(f, 5, "pic: level: still high after EOI");
	set(f, 5, false);
	out(f, MASTER, EOI);
	quiet(f, "pic: level: low");
	set(f, 11, true);
	interrupts(f, 11, "pic: level: at the slave");
	out(f, SLAVE, EOI);
	out(f, MASTER, EOI);
	interrupts(f, 11, "pic: level: still high there");
	set(f, 11, false);
	out(f, SLAVE, EOI);
	out(f, MASTER, EOI);
	quiet(f, "pic: level: low there");
	out(f, 0x4D0, 0x00);
	set(f, 6, true);
	interrupts(f, 6, "pic: ELCR: edge");
	out(f, MASTER, EOI);
	out(f, 0x4D0, 0x40);
	interrupts(f, 6, "pic: ELCR: a high line becomes a level");
	out(f, MASTER, EOI);
	out(f, 0x4D0, 0x00);
	interrupts(f, 6, "pic: ELCR: a level that was not served stays");
	out(f, MASTER, EOI);
	quiet(f, "pic: ELCR: as an edge, once");
	out(f, MASTER, 0x19);
	out(f, MASTER + 1, MASTER_VECTORS);
	out(f, MASTER + 1, 0x04);
	out(f, MASTER + 1, ICW4_8086);
	quiet(f, "pic: LTIM is ELCR's business");
}

/* The processor has seen INTR, but the request is gone when it acknowledges. */
static void test_spurious(struct fixture *f)
{
	initialize(f, ICW4_8086, ICW4_8086);
	set(f, 4, true);
	set(f, 4, false);
	is(f, intr_acknowledge(f->intr), MASTER_VECTORS + 7, "pic: spurious: line 7's vector");
	is(f, isr(f, MASTER), 0x00, "pic: spurious: not in service");
	is(f, f->taken[4] + f->taken[7], 0, "pic: spurious: nobody's");
	edge(f, 7);
	interrupts(f, 7, "pic: spurious: line 7 itself");
	is(f, isr(f, MASTER), 0x80, "pic: spurious: is in service");
	is(f, f->taken[7], 1, "pic: spurious: its owner knows");
}

static void test_no_room(struct fixture *f)
{
	struct pic *other = NULL;

	is(f, pic_create(&other, f->irqs, f->intr) == 0, 1, "pic: a second listener, as an I/O APIC is");
	pic_device.fini(other);
	other = NULL;
	is(f, pic_create(&other, f->irqs, f->intr) == -ENOSPC && !other, 1, "pic: a third one");
}

/* Linux looks for the chip by what IMR keeps; firmware writes both ports at once. */
static void test_ports(struct fixture *f)
{
	initialize(f, ICW4_8086, ICW4_8086);
	out(f, SLAVE + 1, 0xFF);
	out(f, MASTER + 1, 0xFB);
	is(f, in(f, MASTER + 1), 0xFB, "pic: ports: master's IMR");
	is(f, in(f, SLAVE + 1), 0xFF, "pic: ports: slave's IMR");
	bus_write(f->bus, BUS_PIO, MASTER, 2, 0x5A0B);
	is(f, in(f, MASTER + 1), 0x5A, "pic: ports: 16 bits are both");
	is(f, (unsigned int)bus_read(f->bus, BUS_PIO, 0x4D0, 2), 0, "pic: ports: ELCR by 16 bits");
}

UNIT_MAIN(
	test_power_on, test_device_reset, test_initialization, test_sequences,
	test_nesting, test_masks, test_rotation, test_automatic_eoi, test_special_mask,
	test_poll, test_cascade, test_cascade_edges, test_special_fully_nested,
	test_edge_triggered, test_level_triggered, test_spurious, test_ports, test_no_room
)
