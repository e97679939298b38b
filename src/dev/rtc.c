/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rtc.c - an MC146818A real-time clock, see rtc.h. Manual: Motorola MC146818A;
 * what the memory holds: IBM PC AT Technical Reference, and SeaBIOS for the
 * sizes above 16 MiB.
 *
 * Nothing ticks. Time is counted in nanoseconds of the chip's divider; the date
 * registers are right for the second in which they were last brought up to
 * date, which every access does first. An alarm of the guest's clock is set
 * only while an interrupt is enabled and not yet requested.
 *
 * What the chip leaves open is as in QEMU: registers are converted when the
 * guest switches between BCD and binary or 12 and 24 hours, and a date that
 * does not exist becomes the next one that does.
 */
#include "dev/rtc.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_US	UINT64_C(1000)
#define TICK_HZ		UINT64_C(32768)
#define DAY		86400u		/* seconds */
#define YEARS		10000
#define KIB		UINT64_C(1024)
#define MIB		(1024 * KIB)

enum {
	PORT_INDEX,
	PORT_DATA,
};

#define INDEX		0x7Fu

/* Registers. */
#define SECONDS		0x00u
#define SECONDS_ALARM	0x01u
#define MINUTES		0x02u
#define MINUTES_ALARM	0x03u
#define HOURS		0x04u
#define HOURS_ALARM	0x05u
#define WEEKDAY		0x06u
#define DAY_OF_MONTH	0x07u
#define MONTH		0x08u
#define YEAR		0x09u
#define REGISTER_A	0x0Au
#define REGISTER_B	0x0Bu
#define REGISTER_C	0x0Cu
#define REGISTER_D	0x0Du
#define CENTURY		0x32u
#define CMOS_SIZE	128u

/* Memory of the PC's firmware. */
#define EQUIPMENT	0x14u
#define BASE_MEMORY	0x15u		/* KiB, 2 bytes */
#define EXTENDED_MEMORY	0x17u		/* KiB, 2 bytes */
#define CHECKSUM_FIRST	0x10u
#define CHECKSUM_LAST	0x2Du
#define CHECKSUM	0x2Eu		/* high byte first */
#define EXTENDED_FOUND	0x30u		/* KiB, 2 bytes */
#define ABOVE_16M	0x34u		/* 64 KiB, 2 bytes */
#define ABOVE_4G	0x5Bu		/* 64 KiB, 3 bytes */

#define EQUIPMENT_FPU	(1u << 1)
#define EQUIPMENT_MOUSE	(1u << 2)	/* PS/2; display type 0: VGA */

#define A_RATE		0x0Fu
#define A_DIVIDER	0x70u
#define A_DIVIDER_RUNS	0x20u		/* up to here; the chip's crystal is the right one */
#define A_UIP		(1u << 7)
#define A_START		0x26u		/* 32,768 Hz, periodic rate 1024 Hz */

#define B_24H		(1u << 1)
#define B_BINARY	(1u << 2)
#define B_UIE		(1u << 4)
#define B_AIE		(1u << 5)
#define B_PIE		(1u << 6)
#define B_SET		(1u << 7)
#define B_ENABLES	(B_UIE | B_AIE | B_PIE)
#define B_FORMAT	(B_24H | B_BINARY)
#define B_SQWE		(1u << 3)

/* Each is the bit of its enable in B. */
#define C_UF		B_UIE
#define C_AF		B_AIE
#define C_PF		B_PIE
#define C_IRQF		(1u << 7)

#define D_VRT		(1u << 7)	/* the battery is good */

#define HOUR_PM		(1u << 7)
#define ALARM_ANY	0xC0u		/* both bits set: matches always */
#define ANY		UINT32_MAX

/* UIP is set tBUC before an update cycle and falls at its end, tUC later (table 6). */
#define UPDATE_TIME	((244 + 1984) * NS_PER_US)

struct rtc {
	struct clock *clock;
	struct irq_line *irq;
	struct alarm alarm;
	uint8_t index;			/* with bit 7 */
	uint8_t cmos[CMOS_SIZE];

	bool unset;			/* the date registers do not show start yet */
	time_t start;
	/* The divider's time is the clock's plus this: whole seconds are updates. */
	uint64_t phase;
	/* Up to when registers and flags are up to date, by the divider: */
	uint64_t second;
	uint64_t tick;			/* of 32,768 Hz */

	unsigned int owed;		/* periodic interrupts that the processor missed */
	bool taking;			/* it has taken an interrupt since they were enabled */
};

/* --- the registers as numbers --- */

static bool is_updating(const struct rtc *rtc)
{
	return !(rtc->cmos[REGISTER_B] & B_SET) &&
	       (rtc->cmos[REGISTER_A] & A_DIVIDER) <= A_DIVIDER_RUNS;
}

static unsigned int from_register(const struct rtc *rtc, uint8_t value)
{
	return rtc->cmos[REGISTER_B] & B_BINARY ? value : (value >> 4) * 10u + (value & 15u);
}

static uint8_t to_register(const struct rtc *rtc, int value)
{
	return (uint8_t)(rtc->cmos[REGISTER_B] & B_BINARY ? value : value / 10 << 4 | value % 10);
}

static unsigned int from_hours(const struct rtc *rtc, uint8_t value)
{
	if (rtc->cmos[REGISTER_B] & B_24H)
		return from_register(rtc, value);
	return from_register(rtc, value & ~HOUR_PM) % 12 + (value & HOUR_PM ? 12 : 0);
}

static uint8_t to_hours(const struct rtc *rtc, int hour)
{
	if (rtc->cmos[REGISTER_B] & B_24H)
		return to_register(rtc, hour);
	return to_register(rtc, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? HOUR_PM : 0);
}

static struct tm read_date(const struct rtc *rtc)
{
	const uint8_t *cmos = rtc->cmos;

	return (struct tm){
		.tm_sec = (int)from_register(rtc, cmos[SECONDS]),
		.tm_min = (int)from_register(rtc, cmos[MINUTES]),
		.tm_hour = (int)from_hours(rtc, cmos[HOURS]),
		.tm_mday = (int)from_register(rtc, cmos[DAY_OF_MONTH]),
		.tm_mon = (int)from_register(rtc, cmos[MONTH]) - 1,
		.tm_year = (int)from_register(rtc, cmos[CENTURY]) * 100 - 1900 +
			   (int)from_register(rtc, cmos[YEAR]),
		.tm_wday = (int)(from_register(rtc, cmos[WEEKDAY]) + 6) % 7,
	};
}

static void show_date(struct rtc *rtc, const struct tm *date)
{
	int year = (date->tm_year + 1900 + YEARS) % YEARS;

	rtc->cmos[SECONDS] = to_register(rtc, date->tm_sec);
	rtc->cmos[MINUTES] = to_register(rtc, date->tm_min);
	rtc->cmos[HOURS] = to_hours(rtc, date->tm_hour);
	rtc->cmos[WEEKDAY] = to_register(rtc, date->tm_wday + 1);
	rtc->cmos[DAY_OF_MONTH] = to_register(rtc, date->tm_mday);
	rtc->cmos[MONTH] = to_register(rtc, date->tm_mon + 1);
	rtc->cmos[YEAR] = to_register(rtc, year % 100);
	rtc->cmos[CENTURY] = to_register(rtc, year / 100);
}

static unsigned int second_of_day(const struct rtc *rtc)
{
	return (from_hours(rtc, rtc->cmos[HOURS]) * 3600u +
		from_register(rtc, rtc->cmos[MINUTES]) * 60u +
		from_register(rtc, rtc->cmos[SECONDS])) % DAY;
}

/* Lets the date registers count so many seconds. The weekday is a counter of its own. */
static void count_seconds(struct rtc *rtc, uint64_t seconds)
{
	uint64_t days = (second_of_day(rtc) + seconds) / DAY;
	struct tm date = read_date(rtc);
	int weekday = (date.tm_wday + (int)(days % 7)) % 7;
	time_t time = timegm(&date) + (time_t)seconds;

	gmtime_r(&time, &date);
	date.tm_wday = weekday;
	show_date(rtc, &date);
}

/* The date at the start: not before somebody asks, for it costs a start some time. */
static void show_start(struct rtc *rtc)
{
	struct tm date;

	if (!rtc->unset)
		return;
	rtc->unset = false;
	gmtime_r(&rtc->start, &date);
	show_date(rtc, &date);
}

/* --- what happens when --- */

static uint64_t rtc_now(const struct rtc *rtc)
{
	return clock_now(rtc->clock) + rtc->phase;
}

static uint64_t tick_at(uint64_t now)
{
	return now / NS_PER_SECOND * TICK_HZ + now % NS_PER_SECOND * TICK_HZ / NS_PER_SECOND;
}

/* The first nanosecond at which the tick has been. */
static uint64_t time_of_tick(uint64_t tick)
{
	return tick / TICK_HZ * NS_PER_SECOND +
	       (tick % TICK_HZ * NS_PER_SECOND + TICK_HZ - 1) / TICK_HZ;
}

/* Ticks from one periodic interrupt to the next; 0: there are none (table 5). */
static unsigned int period(const struct rtc *rtc)
{
	unsigned int rate = rtc->cmos[REGISTER_A] & A_RATE;

	if (!rate || (rtc->cmos[REGISTER_A] & A_DIVIDER) > A_DIVIDER_RUNS)
		return 0;
	return 1u << (rate <= 2 ? rate + 6 : rate - 1);
}

static unsigned int alarm_field(uint8_t value, unsigned int number)
{
	return (value & ALARM_ANY) == ALARM_ANY ? ANY : number;
}

static bool matches(unsigned int wanted, unsigned int value)
{
	return wanted == ANY || wanted == value;
}

/* Seconds from what the registers show to the alarm's time, 1 to DAY; 0: it never comes. */
static unsigned int until_alarm(const struct rtc *rtc)
{
	const uint8_t *cmos = rtc->cmos;
	unsigned int hour = alarm_field(cmos[HOURS_ALARM], from_hours(rtc, cmos[HOURS_ALARM]));
	unsigned int minute = alarm_field(cmos[MINUTES_ALARM],
					  from_register(rtc, cmos[MINUTES_ALARM]));
	unsigned int second = alarm_field(cmos[SECONDS_ALARM],
					  from_register(rtc, cmos[SECONDS_ALARM]));
	unsigned int now = second_of_day(rtc), after = 1;

	while (after <= DAY) {
		unsigned int then = (now + after) % DAY;

		if (!matches(hour, then / 3600))
			after += 3600 - then % 3600;
		else if (!matches(minute, then / 60 % 60))
			after += 60 - then % 60;
		else if (!matches(second, then % 60))
			after++;
		else
			return after;
	}
	return 0;
}

static void drive_irq(struct rtc *rtc)
{
	if (rtc->cmos[REGISTER_C] & rtc->cmos[REGISTER_B] & B_ENABLES)
		rtc->cmos[REGISTER_C] |= C_IRQF;
	else
		rtc->cmos[REGISTER_C] &= ~C_IRQF;
	irq_set(rtc->irq, rtc->cmos[REGISTER_C] & C_IRQF);
}

static void owe(struct rtc *rtc, uint64_t times)
{
	if (rtc->taking && rtc->cmos[REGISTER_B] & B_PIE)
		rtc->owed = times < RTC_OWED_MAX - rtc->owed ? rtc->owed + (unsigned int)times :
			    RTC_OWED_MAX;
}

static void settle_periodic(struct rtc *rtc, uint64_t now)
{
	uint64_t tick = tick_at(now);
	unsigned int every = period(rtc);
	uint64_t times = every ? tick / every - rtc->tick / every : 0;

	rtc->tick = tick;
	if (!times)
		return;
	owe(rtc, rtc->cmos[REGISTER_C] & C_PF ? times : times - 1);
	rtc->cmos[REGISTER_C] |= C_PF;
}

static void settle_date(struct rtc *rtc, uint64_t now)
{
	uint64_t seconds = now / NS_PER_SECOND - rtc->second;
	unsigned int alarm;

	rtc->second += seconds;
	if (!seconds || !is_updating(rtc))
		return;
	alarm = until_alarm(rtc);
	rtc->cmos[REGISTER_C] |= C_UF | (alarm && alarm <= seconds ? C_AF : 0);
	count_seconds(rtc, seconds);
}

/* Brings registers and flags up to date. */
static void settle(struct rtc *rtc)
{
	uint64_t now = rtc_now(rtc);

	show_start(rtc);
	settle_periodic(rtc, now);
	settle_date(rtc, now);
	drive_irq(rtc);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When the next interrupt is due, by the divider; CLOCK_NEVER: none is. */
static uint64_t next_interrupt(const struct rtc *rtc)
{
	uint8_t wanted = rtc->cmos[REGISTER_B] & B_ENABLES;
	uint64_t next = CLOCK_NEVER;
	unsigned int every = period(rtc), alarm;

	/* The line is high, and stays so until the guest has looked. */
	if (rtc->cmos[REGISTER_C] & C_IRQF)
		return CLOCK_NEVER;
	if (wanted & B_PIE && every)
		next = time_of_tick((rtc->tick / every + 1) * every);
	if (!is_updating(rtc))
		return next;
	if (wanted & B_UIE)
		next = earlier(next, (rtc->second + 1) * NS_PER_SECOND);
	alarm = wanted & B_AIE ? until_alarm(rtc) : 0;
	return alarm ? earlier(next, (rtc->second + alarm) * NS_PER_SECOND) : next;
}

static void set_alarm(struct rtc *rtc)
{
	uint64_t next = next_interrupt(rtc);

	if (next == CLOCK_NEVER)
		alarm_cancel(rtc->clock, &rtc->alarm);
	else
		alarm_set(rtc->clock, &rtc->alarm, next - rtc->phase);
}

static void rtc_alarm(void *self)
{
	settle(self);
	set_alarm(self);
}

static void rtc_taken(void *self)
{
	struct rtc *rtc = self;

	rtc->taking = true;
}

/* --- registers that do something --- */

/* Out of its reset the divider needs half a second to the first update. */
static void start_divider(struct rtc *rtc)
{
	uint64_t now = rtc_now(rtc);

	rtc->phase += (NS_PER_SECOND + NS_PER_SECOND / 2 - now % NS_PER_SECOND) % NS_PER_SECOND;
	now = rtc_now(rtc);
	rtc->second = now / NS_PER_SECOND;
	rtc->tick = tick_at(now);
}

/* The periodic interrupts are others from now on. */
static void forget_owed(struct rtc *rtc)
{
	rtc->owed = 0;
	rtc->taking = false;
}

static void write_a(struct rtc *rtc, uint8_t value)
{
	bool stood = (rtc->cmos[REGISTER_A] & A_DIVIDER) > A_DIVIDER_RUNS;

	if ((rtc->cmos[REGISTER_A] ^ value) & A_RATE)
		forget_owed(rtc);
	rtc->cmos[REGISTER_A] = value & ~A_UIP;
	if (stood && (value & A_DIVIDER) <= A_DIVIDER_RUNS)
		start_divider(rtc);
}

static void write_b(struct rtc *rtc, uint8_t value)
{
	struct tm date = read_date(rtc);
	uint8_t changed = rtc->cmos[REGISTER_B] ^ value;

	if (changed & B_PIE)
		forget_owed(rtc);
	rtc->cmos[REGISTER_B] = value & B_SET ? value & ~B_UIE : value;
	if (changed & B_FORMAT)
		show_date(rtc, &date);
}

static uint8_t read_a(const struct rtc *rtc)
{
	uint64_t into_second = rtc_now(rtc) % NS_PER_SECOND;
	bool update = is_updating(rtc) && into_second >= NS_PER_SECOND - UPDATE_TIME;

	return rtc->cmos[REGISTER_A] | (update ? A_UIP : 0);
}

/* Flags are cleared by being read; a periodic interrupt that is owed comes next. */
static uint8_t read_c(struct rtc *rtc)
{
	uint8_t value = rtc->cmos[REGISTER_C];

	rtc->cmos[REGISTER_C] = 0;
	drive_irq(rtc);
	if (rtc->owed) {
		rtc->owed--;
		rtc->cmos[REGISTER_C] = C_PF;
		drive_irq(rtc);
	}
	return value;
}

/* --- ports --- */

static uint8_t read_register(struct rtc *rtc, unsigned int index)
{
	settle(rtc);
	switch (index) {
	case REGISTER_A:
		return read_a(rtc);
	case REGISTER_C:
		return read_c(rtc);
	default:
		return rtc->cmos[index];
	}
}

static void write_register(struct rtc *rtc, unsigned int index, uint8_t value)
{
	settle(rtc);
	switch (index) {
	case REGISTER_A:
		write_a(rtc, value);
		break;
	case REGISTER_B:
		write_b(rtc, value);
		break;
	case REGISTER_C:
	case REGISTER_D:
		return;
	default:
		rtc->cmos[index] = value;
	}
	drive_irq(rtc);
}

/* The index cannot be read back. */
static uint64_t rtc_read(void *self, uint64_t offset, unsigned int size)
{
	struct rtc *rtc = self;
	uint8_t value;

	if (offset == PORT_INDEX)
		return 0xFF;
	value = read_register(rtc, rtc->index & INDEX);
	set_alarm(rtc);
	return value;
}

static void rtc_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct rtc *rtc = self;

	if (offset == PORT_INDEX) {
		rtc->index = (uint8_t)value;
		return;
	}
	write_register(rtc, rtc->index & INDEX, (uint8_t)value);
	set_alarm(rtc);
}

const struct bus_ops rtc_ops = {
	.sizes = BUS_SIZE_1,
	.read = rtc_read,
	.write = rtc_write,
};

/* --- life --- */

static void rtc_reset(void *self)
{
	struct rtc *rtc = self;

	/* A machine that starts is reset too, and has not been touched. */
	if (!rtc->unset)
		settle(rtc);
	rtc->index = 0;
	rtc->cmos[REGISTER_B] &= ~(B_ENABLES | B_SQWE);
	rtc->cmos[REGISTER_C] = 0;
	forget_owed(rtc);
	alarm_cancel(rtc->clock, &rtc->alarm);
	irq_set(rtc->irq, false);
}

/* Low byte first; what does not fit is as much as does. */
static void put_size(struct rtc *rtc, unsigned int index, unsigned int bytes, uint64_t value)
{
	uint64_t most = (UINT64_C(1) << 8 * bytes) - 1;

	value = value < most ? value : most;
	for (unsigned int i = 0; i < bytes; i++)
		rtc->cmos[index + i] = (uint8_t)(value >> 8 * i);
}

/* What a PC's firmware puts into the memory. */
static void fill_memory(struct rtc *rtc, const struct rtc_memory *memory)
{
	uint64_t above_15m = memory->extended > 15 * MIB ? memory->extended - 15 * MIB : 0;
	unsigned int sum = 0;

	rtc->cmos[EQUIPMENT] = EQUIPMENT_FPU | EQUIPMENT_MOUSE;
	put_size(rtc, BASE_MEMORY, 2, memory->base / KIB);
	put_size(rtc, EXTENDED_MEMORY, 2, memory->extended / KIB);
	put_size(rtc, EXTENDED_FOUND, 2, memory->extended / KIB);
	put_size(rtc, ABOVE_16M, 2, above_15m / (64 * KIB));
	put_size(rtc, ABOVE_4G, 3, memory->high / (64 * KIB));
	for (unsigned int i = CHECKSUM_FIRST; i <= CHECKSUM_LAST; i++)
		sum += rtc->cmos[i];
	rtc->cmos[CHECKSUM] = (uint8_t)(sum >> 8);
	rtc->cmos[CHECKSUM + 1] = (uint8_t)sum;
}

static void set_start(struct rtc *rtc)
{
	struct timespec host = { .tv_sec = RTC_VIRTUAL_START };

	if (!clock_is_virtual(rtc->clock))
		clock_gettime(CLOCK_REALTIME, &host);
	rtc->unset = true;
	rtc->start = host.tv_sec;
	rtc->phase = (uint64_t)host.tv_nsec + NS_PER_SECOND -
		     clock_now(rtc->clock) % NS_PER_SECOND;
	rtc->second = rtc_now(rtc) / NS_PER_SECOND;
	rtc->tick = tick_at(rtc_now(rtc));
}

int rtc_create(struct rtc **out, struct clock *clock, struct irq_line *irq,
	       const struct rtc_memory *memory)
{
	struct rtc *rtc = calloc(1, sizeof(*rtc));

	if (!rtc)
		return -ENOMEM;
	rtc->clock = clock;
	rtc->irq = irq;
	rtc->alarm = (struct alarm){ .fn = rtc_alarm, .self = rtc };
	rtc->cmos[REGISTER_A] = A_START;
	rtc->cmos[REGISTER_B] = B_24H;
	rtc->cmos[REGISTER_D] = D_VRT;
	fill_memory(rtc, memory);
	set_start(rtc);
	irq_on_taken(irq, rtc_taken, rtc);
	*out = rtc;
	return 0;
}

static void rtc_destroy(void *self)
{
	struct rtc *rtc = self;

	alarm_cancel(rtc->clock, &rtc->alarm);
	free(rtc);
}

const struct device_ops rtc_device = {
	.name = "rtc",
	.reset = rtc_reset,
	.fini = rtc_destroy,
};
