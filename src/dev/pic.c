/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pic.c - a pair of 8259A interrupt controllers, see pic.h. Manual: Intel
 * 8259A (231468), as built into the Intel 82371SB (PIIX3).
 *
 * What the chipset has fixed is fixed here: level triggering is ELCR's alone
 * (ICW1.LTIM is ignored), the cascade is wired to input 2 (ICW3 is ignored), and
 * the vectors are given as to an 8086 (ICW4.uPM is ignored).
 *
 * An acknowledge cycle is one step, in which nothing else happens. So a spurious
 * interrupt comes up only if the processor acknowledges although INTR is low.
 */
#include "dev/pic.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define INPUTS		8u	/* of a chip */
#define CASCADE		2u	/* the master's input that the slave's INT drives */
#define SPURIOUS	7u	/* the input whose vector is given where there is no request */
#define NONE		INPUTS	/* in place of an input */

enum {
	MASTER,
	SLAVE,
	CHIPS,
};

/* The ports of a chip: address line A0. */
enum {
	PORT_COMMAND,	/* writes ICW1, OCW2 and OCW3; reads IRR, ISR or a poll */
	PORT_DATA,	/* writes OCW1, ICW2, ICW3 and ICW4; reads IMR */
};

#define ICW1_IC4	(1u << 0)	/* ICW4 will be written */
#define ICW1_SNGL	(1u << 1)	/* ICW3 will not */
#define ICW1		(1u << 4)	/* set in ICW1 alone */
#define ICW2_BASE	0xF8u
#define ICW4_AEOI	(1u << 1)
#define ICW4_SFNM	(1u << 4)
#define OCW2_LEVEL	0x07u
#define OCW2_EOI	(1u << 5)
#define OCW2_SL		(1u << 6)	/* acts on OCW2_LEVEL */
#define OCW2_R		(1u << 7)
#define OCW3_RIS	(1u << 0)
#define OCW3_RR		(1u << 1)
#define OCW3_P		(1u << 2)
#define OCW3		(1u << 3)	/* set in OCW3, clear in OCW2 */
#define OCW3_SMM	(1u << 5)
#define OCW3_ESMM	(1u << 6)
#define POLL_REQUEST	(1u << 7)

/* What the next write to the data port is. */
enum data_word {
	OCW1,
	ICW2,
	ICW3,
	ICW4,
};

struct chip {
	uint8_t cascade;	/* the inputs with another chip behind them */
	/* A bit an input: */
	uint8_t pins;		/* the levels */
	uint8_t irr;
	uint8_t isr;
	uint8_t imr;
	uint8_t elcr;		/* level triggered */

	uint8_t base;		/* the vector of input 0 */
	uint8_t lowest;		/* the input of lowest priority; the next one has the highest */
	enum data_word expected;
	uint8_t icw1;
	uint8_t icw4;
	bool special_mask;
	bool rotate_on_aeoi;
	bool read_isr;
	bool poll;		/* the next read is an acknowledge cycle */
};

struct pic {
	struct irqs *irqs;
	struct intr *intr;
	struct chip chip[CHIPS];
};

/* What tells the chips apart. */
static const struct {
	uint8_t cascade;
	uint8_t base;		/* as a PC's firmware sets it */
	uint8_t elcr;		/* inputs that can be level triggered: not the board's own chips */
} wiring[CHIPS] = {
	[MASTER] = { .cascade = 1u << CASCADE, .base = 0x08, .elcr = 0xF8 },
	[SLAVE] = { .cascade = 0, .base = 0x70, .elcr = 0xDE },
};

static uint8_t bit(unsigned int input)
{
	return (uint8_t)(1u << input);
}

/* 0 is the highest priority. */
static unsigned int priority(const struct chip *chip, unsigned int input)
{
	return (input - chip->lowest - 1) % INPUTS;
}

/* The one of the inputs that has the highest priority, or NONE. */
static unsigned int highest(const struct chip *chip, uint8_t inputs)
{
	unsigned int first = (chip->lowest + 1u) % INPUTS;
	unsigned int in_order = (inputs | (unsigned int)inputs << INPUTS) >> first;

	return inputs ? (first + (unsigned int)__builtin_ctz(in_order)) % INPUTS : NONE;
}

/* In special mask mode what is masked does not count as being served. */
static uint8_t in_service(const struct chip *chip)
{
	return chip->special_mask ? chip->isr & ~chip->imr : chip->isr;
}

/* The input that the chip's INT output is high for, or NONE. */
static unsigned int requesting(const struct chip *chip)
{
	unsigned int input = highest(chip, chip->irr & ~chip->imr);
	unsigned int served = highest(chip, in_service(chip));

	if (input == NONE || served == NONE || priority(chip, input) < priority(chip, served))
		return input;
	/* Something more urgent behind the same input. */
	if (input == served && chip->icw4 & ICW4_SFNM && chip->cascade & bit(input))
		return input;
	return NONE;
}

static void set_pin(struct chip *chip, unsigned int input, bool level)
{
	uint8_t pins = level ? chip->pins | bit(input) : chip->pins & ~bit(input);

	if (pins & ~chip->pins)
		chip->irr |= bit(input);
	else if (!level)
		chip->irr &= ~bit(input);
	chip->pins = pins;
}

/* Carries the state of the chips to their outputs. */
static void update(struct pic *pic)
{
	set_pin(&pic->chip[MASTER], CASCADE, requesting(&pic->chip[SLAVE]) != NONE);
	intr_set(pic->intr, requesting(&pic->chip[MASTER]) != NONE);
}

/* An acknowledge cycle of one chip: the input that is now served, or NONE. */
static unsigned int acknowledge(struct pic *pic, unsigned int which)
{
	struct chip *chip = &pic->chip[which];
	unsigned int input = requesting(chip);

	if (input == NONE)
		return NONE;
	chip->irr &= ~bit(input) | chip->elcr;
	if (!(chip->icw4 & ICW4_AEOI))
		chip->isr |= bit(input);
	else if (chip->rotate_on_aeoi)
		chip->lowest = (uint8_t)input;
	/* INT falls meanwhile, so that what the slave requests next is another edge. */
	if (which == SLAVE)
		set_pin(&pic->chip[MASTER], CASCADE, false);
	update(pic);
	if (!(chip->cascade & bit(input)))
		irq_taken(irq_line(pic->irqs, which * INPUTS + input));
	return input;
}

static uint8_t pic_acknowledge(void *self)
{
	struct pic *pic = self;
	unsigned int which = MASTER;
	unsigned int input = acknowledge(pic, MASTER);

	if (input == CASCADE) {
		which = SLAVE;
		input = acknowledge(pic, SLAVE);
	}
	if (input == NONE)
		input = SPURIOUS;
	return (uint8_t)(pic->chip[which].base + input);
}

static void pic_listen(void *self, unsigned int number, bool level)
{
	struct pic *pic = self;

	set_pin(&pic->chip[number / INPUTS], number % INPUTS, level);
	update(pic);
}

/* --- command words --- */

/* Edges from before are forgotten, levels are not. */
static void write_icw1(struct pic *pic, unsigned int which, uint8_t value)
{
	struct chip *chip = &pic->chip[which];

	*chip = (struct chip){
		.cascade = chip->cascade, .pins = chip->pins, .irr = chip->irr & chip->elcr,
		.elcr = chip->elcr, .base = chip->base, .lowest = INPUTS - 1, .icw1 = value,
		.expected = ICW2,
	};
	/* Else a request of the slave that was there before would never come through. */
	set_pin(&pic->chip[MASTER], CASCADE, false);
}

static void write_ocw2(struct chip *chip, uint8_t value)
{
	unsigned int input = value & OCW2_LEVEL;

	if (!(value & (OCW2_EOI | OCW2_SL))) {
		chip->rotate_on_aeoi = value & OCW2_R;
		return;
	}
	if (!(value & OCW2_SL))
		input = highest(chip, in_service(chip));
	if (input == NONE)
		return;
	if (value & OCW2_EOI)
		chip->isr &= ~bit(input);
	if (value & OCW2_R)
		chip->lowest = (uint8_t)input;
}

static void write_ocw3(struct chip *chip, uint8_t value)
{
	if (value & OCW3_P)
		chip->poll = true;
	if (value & OCW3_RR)
		chip->read_isr = value & OCW3_RIS;
	if (value & OCW3_ESMM)
		chip->special_mask = value & OCW3_SMM;
}

/* What comes after a word of the initialization. */
static enum data_word word_after(const struct chip *chip, enum data_word word)
{
	if (word == ICW2 && !(chip->icw1 & ICW1_SNGL))
		return ICW3;
	return word != ICW4 && chip->icw1 & ICW1_IC4 ? ICW4 : OCW1;
}

static void write_data(struct chip *chip, uint8_t value)
{
	if (chip->expected == OCW1) {
		chip->imr = value;
		return;
	}
	if (chip->expected == ICW2)
		chip->base = value & ICW2_BASE;
	else if (chip->expected == ICW4)
		chip->icw4 = value;
	chip->expected = word_after(chip, chip->expected);
}

/* --- ports --- */

static void chip_write(struct pic *pic, unsigned int which, uint64_t offset, uint8_t value)
{
	struct chip *chip = &pic->chip[which];

	if (offset == PORT_DATA)
		write_data(chip, value);
	else if (value & ICW1)
		write_icw1(pic, which, value);
	else if (value & OCW3)
		write_ocw3(chip, value);
	else
		write_ocw2(chip, value);
	update(pic);
}

static uint8_t chip_read(struct pic *pic, unsigned int which, uint64_t offset)
{
	struct chip *chip = &pic->chip[which];
	unsigned int input;

	if (chip->poll) {
		chip->poll = false;
		input = acknowledge(pic, which);
		return input == NONE ? 0 : (uint8_t)(POLL_REQUEST | input);
	}
	if (offset == PORT_DATA)
		return chip->imr;
	return chip->read_isr ? chip->isr : chip->irr;
}

static void master_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	chip_write(self, MASTER, offset, (uint8_t)value);
}

static uint64_t master_read(void *self, uint64_t offset, unsigned int size)
{
	return chip_read(self, MASTER, offset);
}

static void slave_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	chip_write(self, SLAVE, offset, (uint8_t)value);
}

static uint64_t slave_read(void *self, uint64_t offset, unsigned int size)
{
	return chip_read(self, SLAVE, offset);
}

static uint64_t elcr_read(void *self, uint64_t offset, unsigned int size)
{
	const struct pic *pic = self;

	return pic->chip[offset].elcr;
}

static void elcr_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct pic *pic = self;
	struct chip *chip = &pic->chip[offset];

	chip->elcr = (uint8_t)value & wiring[offset].elcr;
	chip->irr |= chip->pins & chip->elcr;
	update(pic);
}

const struct bus_ops pic_master_ops = {
	.sizes = BUS_SIZE_1,
	.read = master_read,
	.write = master_write,
};

const struct bus_ops pic_slave_ops = {
	.sizes = BUS_SIZE_1,
	.read = slave_read,
	.write = slave_write,
};

const struct bus_ops pic_elcr_ops = {
	.sizes = BUS_SIZE_1,
	.read = elcr_read,
	.write = elcr_write,
};

/* --- life --- */

static void pic_reset(void *self)
{
	struct pic *pic = self;

	for (unsigned int i = 0; i < CHIPS; i++) {
		pic->chip[i] = (struct chip){
			.cascade = wiring[i].cascade, .pins = pic->chip[i].pins, .imr = 0xFF,
			.base = wiring[i].base, .lowest = INPUTS - 1,
		};
	}
	update(pic);
}

int pic_create(struct pic **out, struct irqs *irqs, struct intr *intr)
{
	struct pic *pic = calloc(1, sizeof(*pic));
	int error = 0;

	if (!pic)
		return -ENOMEM;
	pic->irqs = irqs;
	pic->intr = intr;
	for (unsigned int i = 0; i < CHIPS * INPUTS && !error; i++)
		if (i != CASCADE)
			error = irq_listen(irq_line(irqs, i), pic_listen, pic);
	if (error) {
		free(pic);
		return error;
	}
	intr_connect(intr, pic_acknowledge, pic);
	pic_reset(pic);
	*out = pic;
	return 0;
}

/* Whoever waits for interrupts in vain finds why here: masked, or never acknowledged. */
/* What is requested, and not masked, waits for the end of what is in service. */
static bool chip_misses_eoi(const struct chip *chip)
{
	return highest(chip, chip->isr) != NONE && chip->irr & ~chip->imr &&
	       requesting(chip) == NONE;
}

static bool pic_misses_eoi(const void *self)
{
	const struct pic *pic = self;

	return chip_misses_eoi(&pic->chip[MASTER]) || chip_misses_eoi(&pic->chip[SLAVE]);
}

static void pic_describe(void *self, FILE *out)
{
	static const char *const names[CHIPS] = { [MASTER] = "master", [SLAVE] = "slave" };
	const struct pic *pic = self;

	for (unsigned int i = 0; i < CHIPS; i++) {
		const struct chip *chip = &pic->chip[i];
		unsigned int served = highest(chip, chip->isr);

		fprintf(out, "8259 %-6s vectors 0x%02x-0x%02x, masked 0x%02x, requested 0x%02x, "
			"in service 0x%02x\n", names[i], chip->base, chip->base + INPUTS - 1u,
			chip->imr, chip->irr, chip->isr);
		if (chip_misses_eoi(chip))
			fprintf(out, "IRQ%u has had no EOI (OUT 0x20 to port 0x%x): what is requested "
				"waits for that\n", i * INPUTS + served, i == MASTER ? 0x20u : 0xA0u);
	}
}

const struct device_ops pic_device = {
	.name = "pic",
	.describe = pic_describe,
	.misses_eoi = pic_misses_eoi,
	.reset = pic_reset,
	.fini = free,
};
