/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pm.c - ACPI's fixed hardware, see pm.h. The sections that are named are ACPI 6.5's. */
#include "dev/pm.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "dev/platform.h"

/* PM1 status and enable registers (4.8.3.1): the same bits in both. */
#define PM1_TIMER	(1u << 0)	/* the timer's bit 31 has changed */
#define PM1_GLOBAL	(1u << 5)
#define PM1_BUTTON	(1u << 8)
#define PM1_RTC		(1u << 10)
#define PM1_WAKE	(1u << 15)	/* status only */
#define PM1_ENABLES	(PM1_TIMER | PM1_GLOBAL | PM1_BUTTON | PM1_RTC)
#define PM1_STATUSES	(PM1_ENABLES | PM1_WAKE)

/* PM1 control register (4.8.3.2.1). */
#define PM1_SCI_EN	(1u << 0)	/* ACPI mode; there is no SMM to leave it for */
#define PM1_BM_RLD	(1u << 1)
#define PM1_SLP_TYP	(7u << 10)
#define PM1_SLP_EN	(1u << 13)	/* write-only */
#define PM1_STORED	(PM1_BM_RLD | PM1_SLP_TYP)

#define TIMER_HALF	(UINT64_C(1) << 31)	/* counts between two changes of bit 31 */

struct pm {
	struct clock *clock;
	struct irq_line *sci;
	struct run *run;
	uint16_t status;
	uint16_t enable;
	uint16_t control;
	uint64_t halves;	/* changes of the timer's bit 31 that status has seen */
	struct alarm alarm;	/* the next one, while the guest wants to be told */
};

/* --- the timer (4.8.3.3) --- */

static uint64_t count_at(uint64_t ns)
{
	return ns / NS_PER_SECOND * PM_TIMER_HZ +
	       ns % NS_PER_SECOND * PM_TIMER_HZ / NS_PER_SECOND;
}

/* The first nanosecond of a count. */
static uint64_t time_of(uint64_t count)
{
	return count / PM_TIMER_HZ * NS_PER_SECOND +
	       (count % PM_TIMER_HZ * NS_PER_SECOND + PM_TIMER_HZ - 1) / PM_TIMER_HZ;
}

static uint64_t timer_now(const struct pm *pm)
{
	return count_at(clock_now(pm->clock));
}

/* --- status and SCI --- */

static void update(struct pm *pm)
{
	uint64_t halves = timer_now(pm) / TIMER_HALF;

	if (halves != pm->halves)
		pm->status |= PM1_TIMER;
	pm->halves = halves;
	irq_set(pm->sci, pm->status & pm->enable & PM1_ENABLES);
	if (pm->enable & PM1_TIMER)
		alarm_set(pm->clock, &pm->alarm, time_of((halves + 1) * TIMER_HALF));
	else
		alarm_cancel(pm->clock, &pm->alarm);
}

static void on_alarm(void *self)
{
	update(self);
}

void pm_press_button(struct pm *pm)
{
	pm->status |= PM1_BUTTON;
	update(pm);
}

/* --- ports --- */

/* The bits of a 16-bit register that an access touches, and its value in their place. */
static uint16_t touched(uint64_t offset, unsigned int size)
{
	return (uint16_t)((size == 1 ? 0xFFu : 0xFFFFu) << (8 * (offset % 2)));
}

static uint16_t in_place(uint64_t offset, uint64_t value)
{
	return (uint16_t)(value << (8 * (offset % 2)));
}

static uint64_t event_read(void *self, uint64_t offset, unsigned int size)
{
	struct pm *pm = self;

	update(pm);
	return (uint64_t)(offset < 2 ? pm->status : pm->enable) >> (8 * (offset % 2));
}

/* Status bits are cleared by writing ones. */
static void event_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct pm *pm = self;
	uint16_t mask = touched(offset, size), written = in_place(offset, value);

	update(pm);
	if (offset < 2)
		pm->status &= ~(written & mask & PM1_STATUSES);
	else
		pm->enable = (pm->enable & ~mask) | (written & mask & PM1_ENABLES);
	update(pm);
}

const struct bus_ops pm1a_event_ops = {
	.sizes = BUS_SIZE_1 | BUS_SIZE_2,
	.read = event_read,
	.write = event_write,
};

static uint64_t control_read(void *self, uint64_t offset, unsigned int size)
{
	const struct pm *pm = self;

	return (uint64_t)(pm->control | PM1_SCI_EN) >> (8 * offset);
}

static void control_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct pm *pm = self;
	uint16_t mask = touched(offset, size), written = in_place(offset, value);

	pm->control = (pm->control & ~mask) | (written & mask & PM1_STORED);
	if (!(written & mask & PM1_SLP_EN))
		return;
	if ((pm->control & PM1_SLP_TYP) >> 10 == PM_SLEEP_TYPE_OFF)
		run_end(pm->run, ENDING_POWEROFF, 0, "guest powered the machine off (port 0x604)");
	else
		pm->status |= PM1_WAKE;
}

const struct bus_ops pm1a_control_ops = {
	.sizes = BUS_SIZE_1 | BUS_SIZE_2,
	.read = control_read,
	.write = control_write,
};

static uint64_t timer_read(void *self, uint64_t offset, unsigned int size)
{
	return timer_now(self) >> (8 * offset);
}

const struct bus_ops pm_timer_ops = {
	.sizes = BUS_SIZE_1 | BUS_SIZE_2 | BUS_SIZE_4,
	.read = timer_read,
};

/* --- life --- */

static void pm_reset(void *self)
{
	struct pm *pm = self;

	pm->status = 0;
	pm->enable = 0;
	pm->control = 0;
	pm->halves = timer_now(pm) / TIMER_HALF;
	update(pm);
}

int pm_create(struct pm **pm, struct clock *clock, struct irq_line *sci, struct run *run)
{
	*pm = calloc(1, sizeof(**pm));
	if (!*pm)
		return -ENOMEM;
	**pm = (struct pm){ .clock = clock, .sci = sci, .run = run };
	(*pm)->alarm = (struct alarm){ .fn = on_alarm, .self = *pm };
	pm_reset(*pm);
	return 0;
}

static void pm_destroy(void *self)
{
	struct pm *pm = self;

	alarm_cancel(pm->clock, &pm->alarm);
	free(pm);
}

const struct device_ops pm_device = {
	.name = "pm",
	.reset = pm_reset,
	.fini = pm_destroy,
};
