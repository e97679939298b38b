/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ioapic.c - an I/O APIC, see ioapic.h. Manual: Intel 82093AA (290566), chapter 3. */
#include "dev/ioapic.h"

#include <errno.h>
#include <stdlib.h>

#include "dev/platform.h"

#define VERSION		0x20u
#define NO_LINE		IRQ_LINES

/* Memory. */
enum {
	OFFSET_SELECT = 0x00,	/* IOREGSEL */
	OFFSET_WINDOW = 0x10,	/* IOWIN: the register that is selected */
	OFFSET_EOI = 0x40,
};

/* Registers. */
enum {
	REG_ID = 0x00,
	REG_VERSION = 0x01,
	REG_ARBITRATION = 0x02,
	REG_REDIRECTION = 0x10,	/* two for each input */
};

#define ID_BITS		0x0F000000u

/* The redirection table (3.2.4). */
#define ENTRY_DELIVERY(e) ((e) >> 8 & 7u)
#define ENTRY_LOGICAL	(1u << 11)
#define ENTRY_REMOTE_IRR (1u << 14)
#define ENTRY_LEVEL	(1u << 15)
#define ENTRY_MASKED	(1u << 16)
#define ENTRY_STORED	UINT64_C(0xFF0000000001AFFF)	/* all but status and reserved bits */

struct ioapic {
	struct irqs *irqs;
	struct apicbus *bus;
	uint8_t reset_id;
	uint8_t select;
	uint32_t id;		/* as the register has it */
	uint32_t pins;		/* levels, a bit an input */
	uint32_t sent;		/* the processor has not taken what was sent last */
	uint64_t entry[IOAPIC_INPUTS];
};

static unsigned int line_of(unsigned int input)
{
	if (input == IOAPIC_EXTINT_INPUT)
		return NO_LINE;
	return input == IOAPIC_TIMER_INPUT ? TIMER_LINE : input;
}

/* --- from the inputs to the processors (3.4.1) --- */

static void send(struct ioapic *ioapic, unsigned int input)
{
	uint64_t entry = ioapic->entry[input];
	struct apic_message message = {
		.delivery = ENTRY_DELIVERY(entry), .vector = (uint8_t)entry,
		.level = entry & ENTRY_LEVEL, .logical = entry & ENTRY_LOGICAL,
		.destination = (uint8_t)(entry >> 56),
	};

	ioapic->sent |= 1u << input;
	if (message.delivery <= APIC_LOWEST_PRIORITY && message.level)
		ioapic->entry[input] |= ENTRY_REMOTE_IRR;
	apicbus_send(ioapic->bus, &message, NULL);
}

/* A level is sent once, and again when the processor is done with it. */
static void look_at_level(struct ioapic *ioapic, unsigned int input)
{
	uint64_t entry = ioapic->entry[input];

	if (ioapic->pins >> input & 1 && entry & ENTRY_LEVEL &&
	    !(entry & (ENTRY_MASKED | ENTRY_REMOTE_IRR)))
		send(ioapic, input);
}

/* An edge that is masked is lost. */
static void set_pin(struct ioapic *ioapic, unsigned int input, bool level)
{
	uint32_t bit = 1u << input;
	bool rises = level && !(ioapic->pins & bit);

	ioapic->pins = level ? ioapic->pins | bit : ioapic->pins & ~bit;
	if (rises && !(ioapic->entry[input] & (ENTRY_LEVEL | ENTRY_MASKED)))
		send(ioapic, input);
	look_at_level(ioapic, input);
}

static void ioapic_listen(void *self, unsigned int number, bool level)
{
	set_pin(self, number == TIMER_LINE ? IOAPIC_TIMER_INPUT : number, level);
}

static void ioapic_listen_extint(void *self, bool level)
{
	set_pin(self, IOAPIC_EXTINT_INPUT, level);
}

static void ioapic_end_of_interrupt(void *self, uint8_t vector)
{
	struct ioapic *ioapic = self;

	for (unsigned int i = 0; i < IOAPIC_INPUTS; i++) {
		if (!(ioapic->entry[i] & ENTRY_REMOTE_IRR) || (uint8_t)ioapic->entry[i] != vector)
			continue;
		ioapic->entry[i] &= ~(uint64_t)ENTRY_REMOTE_IRR;
		look_at_level(ioapic, i);
	}
}

/* Whose interrupts of this vector were under way: they have arrived. */
static void ioapic_taken(void *self, uint8_t vector)
{
	struct ioapic *ioapic = self;
	uint32_t arrived = 0;

	for (uint32_t left = ioapic->sent; left; left &= left - 1) {
		unsigned int input = (unsigned int)__builtin_ctz(left);

		if ((uint8_t)ioapic->entry[input] == vector)
			arrived |= 1u << input;
	}
	ioapic->sent &= ~arrived;
	for (; arrived; arrived &= arrived - 1) {
		unsigned int line = line_of((unsigned int)__builtin_ctz(arrived));

		if (line != NO_LINE)
			irq_taken(irq_line(ioapic->irqs, line));
	}
}

static const struct apic_io_ops io_ops = {
	.end_of_interrupt = ioapic_end_of_interrupt,
	.taken = ioapic_taken,
};

/* --- registers --- */

static void write_entry(struct ioapic *ioapic, unsigned int reg, uint32_t value)
{
	unsigned int input = reg / 2, shift = reg % 2 * 32;
	uint64_t *entry = &ioapic->entry[input];
	uint64_t mask = (UINT64_C(0xFFFFFFFF) << shift) & ENTRY_STORED;

	*entry = (*entry & ~mask) | ((uint64_t)value << shift & mask);
	/* With an edge nobody is asked to say when it is done. */
	if (!(*entry & ENTRY_LEVEL))
		*entry &= ~(uint64_t)ENTRY_REMOTE_IRR;
	look_at_level(ioapic, input);
}

static bool is_entry(unsigned int reg)
{
	return reg >= REG_REDIRECTION && reg < REG_REDIRECTION + 2 * IOAPIC_INPUTS;
}

static uint32_t read_register(const struct ioapic *ioapic)
{
	unsigned int reg = ioapic->select;

	if (is_entry(reg)) {
		reg -= REG_REDIRECTION;
		return (uint32_t)(ioapic->entry[reg / 2] >> reg % 2 * 32);
	}
	if (reg == REG_ID || reg == REG_ARBITRATION)
		return ioapic->id;
	return reg == REG_VERSION ? (IOAPIC_INPUTS - 1u) << 16 | VERSION : 0;
}

static void write_register(struct ioapic *ioapic, uint32_t value)
{
	if (is_entry(ioapic->select))
		write_entry(ioapic, ioapic->select - REG_REDIRECTION, value);
	else if (ioapic->select == REG_ID)
		ioapic->id = value & ID_BITS;
}

static uint64_t ioapic_read(void *self, uint64_t offset, unsigned int size)
{
	const struct ioapic *ioapic = self;

	if (offset == OFFSET_SELECT)
		return ioapic->select;
	return offset == OFFSET_WINDOW ? read_register(ioapic) : 0;
}

static void ioapic_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct ioapic *ioapic = self;

	if (offset == OFFSET_SELECT)
		ioapic->select = (uint8_t)value;
	else if (offset == OFFSET_WINDOW)
		write_register(ioapic, (uint32_t)value);
	else if (offset == OFFSET_EOI)
		ioapic_end_of_interrupt(ioapic, (uint8_t)value);
}

const struct bus_ops ioapic_ops = {
	.sizes = BUS_SIZE_4,
	.read = ioapic_read,
	.write = ioapic_write,
};

/* --- life --- */

static void ioapic_reset(void *self)
{
	struct ioapic *ioapic = self;

	ioapic->select = 0;
	ioapic->id = (uint32_t)ioapic->reset_id << 24;
	ioapic->sent = 0;
	for (unsigned int i = 0; i < IOAPIC_INPUTS; i++)
		ioapic->entry[i] = ENTRY_MASKED;
}

int ioapic_create(struct ioapic **out, uint8_t id, struct irqs *irqs, struct apicbus *bus)
{
	struct ioapic *ioapic = calloc(1, sizeof(*ioapic));
	int error;

	_Static_assert(IRQ_LINES == IOAPIC_INPUTS, "a line for each input");
	if (!ioapic)
		return -ENOMEM;
	*ioapic = (struct ioapic){ .irqs = irqs, .bus = bus, .reset_id = id };
	error = intr_listen(apicbus_extint(bus), ioapic_listen_extint, ioapic);
	/* Line 2 is the cascade of the 8259s: nobody drives it. */
	for (unsigned int i = 0; i < IRQ_LINES && !error; i++)
		if (i != CASCADE_LINE)
			error = irq_listen(irq_line(irqs, i), ioapic_listen, ioapic);
	if (!error)
		error = apicbus_add_io(bus, &io_ops, ioapic);
	if (error) {
		free(ioapic);
		return error;
	}
	ioapic_reset(ioapic);
	*out = ioapic;
	return 0;
}

const struct device_ops ioapic_device = {
	.name = "ioapic",
	.reset = ioapic_reset,
	.fini = free,
};
