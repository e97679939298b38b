/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-chip.h - what the unit programs of single chips share: a bus, lines
 * whose rises are counted, and a virtual clock.
 */
#ifndef VMM_TESTS_UNIT_CHIP_H
#define VMM_TESTS_UNIT_CHIP_H

#include <stdlib.h>

#include "core/bus.h"
#include "core/clock.h"
#include "core/irq.h"
#include "unit.h"

struct unit_chip {
	struct unit unit;
	struct clock *clock;
	struct irqs *irqs;
	struct bus *bus;
	uint64_t rises[IRQ_LINES];
	uint64_t risen_at[IRQ_LINES];	/* nanoseconds: the last rise */
};

static inline void chip_count_rises(void *self, unsigned int number, bool level)
{
	struct unit_chip *chip = self;

	if (!level)
		return;
	chip->rises[number]++;
	chip->risen_at[number] = clock_now(chip->clock);
}

static inline bool chip_set_up(struct unit_chip *chip)
{
	*chip = (struct unit_chip){ 0 };
	if (clock_create(&chip->clock, true) || irqs_create(&chip->irqs) || bus_create(&chip->bus))
		return false;
	for (unsigned int i = 0; i < IRQ_LINES; i++)
		if (irq_listen(irq_line(chip->irqs, i), chip_count_rises, chip))
			return false;
	return true;
}

static inline void chip_tear_down(struct unit_chip *chip)
{
	bus_destroy(chip->bus);
	irqs_destroy(chip->irqs);
	clock_destroy(chip->clock);
}

static inline bool chip_claim(struct unit_chip *chip, uint64_t base, uint64_t length,
			      const struct bus_ops *ops, void *self)
{
	const struct bus_range range = { base, length, ops, self, "chip" };

	return bus_claim(chip->bus, BUS_PIO, &range) == 0;
}

static inline void out(struct unit_chip *chip, unsigned int port, unsigned int value)
{
	bus_write(chip->bus, BUS_PIO, port, 1, value);
}

static inline unsigned int in(struct unit_chip *chip, unsigned int port)
{
	return (unsigned int)bus_read(chip->bus, BUS_PIO, port, 1);
}

static inline void is(struct unit_chip *chip, uint64_t value, uint64_t wanted, const char *what)
{
	unit_equal(&chip->unit, value, wanted, what);
}

static inline bool line(const struct unit_chip *chip, unsigned int number)
{
	return irq_level(irq_line(chip->irqs, number));
}

/* Time passes without anybody looking: the processor is late. */
static inline void pass(struct unit_chip *chip, uint64_t ns)
{
	clock_advance_to(chip->clock, clock_now(chip->clock) + ns);
}

/* Time passes, with every alarm at its moment. */
static inline void step(struct unit_chip *chip, uint64_t ns)
{
	uint64_t end = clock_now(chip->clock) + ns;

	while (clock_next_alarm(chip->clock) <= end) {
		clock_advance_to(chip->clock, clock_next_alarm(chip->clock));
		clock_run_alarms(chip->clock);
	}
	clock_advance_to(chip->clock, end);
}

#endif
