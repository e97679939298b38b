/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-rtc.c - the real-time clock driven through its ports, with a virtual
 * clock: what the MC146818A's data sheet says about it.
 */
#include "dev/rtc.h"

#include <string.h>
#include <time.h>

#include "unit-chip.h"

#define PORT 0x70u
#define LINE 8u

#define SECOND UINT64_C(1000000000)
#define MS UINT64_C(1000000)
#define US UINT64_C(1000)
#define MIB(n) (UINT64_C(n) << 20)

#define UIP 0x80u
#define SET 0x80u
#define PIE 0x40u
#define AIE 0x20u
#define UIE 0x10u
#define SQWE 0x08u
#define BINARY 0x04u
#define H24 0x02u
#define DSE 0x01u
#define IRQF 0x80u
#define PF 0x40u
#define AF 0x20u
#define UF 0x10u

struct fixture {
	struct unit_chip chip;
	struct rtc *rtc;
};

static bool set_up(struct fixture *f)
{
	const struct rtc_memory memory = {
		.base = MIB(1) * 10 / 16, .extended = MIB(63), .high = MIB(1024),
	};

	return chip_set_up(&f->chip) &&
	       rtc_create(&f->rtc, f->chip.clock, irq_line(f->chip.irqs, LINE), &memory) == 0 &&
	       chip_claim(&f->chip, PORT, 2, &rtc_ops, f->rtc);
}

static void tear_down(struct fixture *f)
{
	rtc_device.fini(f->rtc);
	chip_tear_down(&f->chip);
}

static unsigned int get(struct fixture *f, unsigned int index)
{
	out(&f->chip, PORT, index);
	return in(&f->chip, PORT + 1);
}

static void put(struct fixture *f, unsigned int index, unsigned int value)
{
	out(&f->chip, PORT, index);
	out(&f->chip, PORT + 1, value);
}

static void check(struct fixture *f, uint64_t value, uint64_t wanted, const char *what)
{
	is(&f->chip, value, wanted, what);
}

/* "century year-month-day weekday hours:minutes:seconds", as the registers have them. */
static void shows(struct fixture *f, const char *wanted, const char *what)
{
	char text[64];

	snprintf(text, sizeof(text), "%02X%02X-%02X-%02X %X %02X:%02X:%02X", get(f, 0x32),
		 get(f, 9), get(f, 8), get(f, 7), get(f, 6), get(f, 4), get(f, 2), get(f, 0));
	if (!unit_check(&f->chip.unit, strcmp(text, wanted) == 0, what))
		printf("  is %s, should be %s\n", text, wanted);
}

/* Writes the date with updates stopped, as guests do. */
static void set_date(struct fixture *f, const unsigned int date[8])
{
	static const unsigned int registers[] = { 0x32, 9, 8, 7, 6, 4, 2, 0 };
	unsigned int b = get(f, 0x0B);

	put(f, 0x0B, b | SET);
	for (unsigned int i = 0; i < 8; i++)
		put(f, registers[i], date[i]);
	put(f, 0x0B, b & ~SET);
}

static void test_power_on(struct fixture *f)
{
	check(f, get(f, 0x0A), 0x26, "rtc: start: 32,768 Hz, rate 1024 Hz");
	check(f, get(f, 0x0B), H24, "rtc: start: 24 hours, BCD, nothing enabled");
	check(f, get(f, 0x0C), 0x00, "rtc: start: no flags");
	check(f, get(f, 0x0D), 0x80, "rtc: start: the battery is good");
	shows(f, "2000-01-01 7 00:00:00", "rtc: start: the virtual clock's date, a Saturday");
	check(f, in(&f->chip, PORT), 0xFF, "rtc: the index cannot be read");
	check(f, clock_next_alarm(f->chip.clock), CLOCK_NEVER, "rtc: start: no alarm is set");
}

static unsigned int sum_of_memory(struct fixture *f)
{
	unsigned int sum = 0;

	for (unsigned int i = 0x10; i <= 0x2D; i++)
		sum += get(f, i);
	return sum;
}

static void test_memory(struct fixture *f)
{
	check(f, get(f, 0x15) | get(f, 0x16) << 8, 640, "rtc: memory: KiB below 640 KiB");
	check(f, get(f, 0x17) | get(f, 0x18) << 8, 63 * 1024, "rtc: memory: KiB above 1 MiB");
	check(f, get(f, 0x30) | get(f, 0x31) << 8, 63 * 1024, "rtc: memory: the same, as found");
	check(f, get(f, 0x34) | get(f, 0x35) << 8, 48 * 16, "rtc: memory: 64 KiB above 16 MiB");
	check(f, get(f, 0x5B) | get(f, 0x5C) << 8 | get(f, 0x5D) << 16, 1024 * 16,
	      "rtc: memory: 64 KiB above 4 GiB");
	check(f, get(f, 0x14), 0x06, "rtc: memory: equipment: FPU, mouse, VGA, no floppy");
	check(f, get(f, 0x2E) << 8 | get(f, 0x2F), sum_of_memory(f), "rtc: memory: checksum");
	check(f, get(f, 0x0F), 0x00, "rtc: memory: shutdown status");
	put(f, 0x0F, 0x0A);
	put(f, 0x7F, 0x5A);
	check(f, get(f, 0x0F), 0x0A, "rtc: memory: shutdown status is kept");
	check(f, get(f, 0x7F), 0x5A, "rtc: memory: so is the last byte");
	check(f, get(f, 0x8F), 0x0A, "rtc: bit 7 of the index is not the index's");
}

/* Sizes that the bytes have no room for. */
static void test_large_memory(struct fixture *f)
{
	const struct rtc_memory memory = { .base = MIB(1) / 2, .extended = MIB(3071) };
	struct rtc *other;

	if (rtc_create(&other, f->chip.clock, NULL, &memory))
		return;
	rtc_device.fini(f->rtc);
	f->rtc = other;
	bus_destroy(f->chip.bus);
	bus_create(&f->chip.bus);
	chip_claim(&f->chip, PORT, 2, &rtc_ops, f->rtc);
	check(f, get(f, 0x15) | get(f, 0x16) << 8, 512, "rtc: memory: less of base memory");
	check(f, get(f, 0x17) | get(f, 0x18) << 8, 0xFFFF, "rtc: memory: as many KiB as fit");
	check(f, get(f, 0x34) | get(f, 0x35) << 8, 3056 * 16, "rtc: memory: 3 GiB in 64 KiB");
	check(f, get(f, 0x5B) | get(f, 0x5C) | get(f, 0x5D), 0, "rtc: memory: none above 4 GiB");
}

static void test_date(struct fixture *f)
{
	set_date(f, (const unsigned int[]){ 0x20, 0x24, 0x02, 0x28, 4, 0x23, 0x59, 0x58 });
	shows(f, "2024-02-28 4 23:59:58", "rtc: date: as it was set");
	step(&f->chip, SECOND);
	shows(f, "2024-02-28 4 23:59:59", "rtc: date: a second");
	step(&f->chip, SECOND);
	shows(f, "2024-02-29 5 00:00:00", "rtc: date: a leap day");
	step(&f->chip, 86400 * SECOND);
	shows(f, "2024-03-01 6 00:00:00", "rtc: date: the day after it");
	step(&f->chip, 7 * 365 * UINT64_C(86400) * SECOND);
	shows(f, "2031-02-28 6 00:00:00", "rtc: date: seven years, and a leap day");
	set_date(f, (const unsigned int[]){ 0x19, 0x99, 0x12, 0x31, 7, 0x23, 0x59, 0x59 });
	step(&f->chip, SECOND);
	shows(f, "2000-01-01 1 00:00:00", "rtc: date: the century; the weekday counts for itself");
	pass(&f->chip, 3600 * SECOND);
	shows(f, "2000-01-01 1 01:00:00", "rtc: date: nobody has looked for an hour");
	set_date(f, (const unsigned int[]){ 0x20, 0x23, 0x02, 0x30, 5, 0x10, 0x00, 0x00 });
	shows(f, "2023-02-30 5 10:00:00", "rtc: date: one that does not exist stays");
	step(&f->chip, SECOND);
	shows(f, "2023-03-02 5 10:00:01", "rtc: date: until the next second");
	set_date(f, (const unsigned int[]){ 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF });
	step(&f->chip, SECOND);
	get(f, 0);
	set_date(f, (const unsigned int[]){ 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF });
	step(&f->chip, SECOND);
	check(f, get(f, 0x0D), 0x80, "rtc: date: nonsense ends nothing");
}

static void test_formats(struct fixture *f)
{
	set_date(f, (const unsigned int[]){ 0x20, 0x19, 0x11, 0x23, 7, 0x00, 0x59, 0x58 });
	put(f, 0x0B, 0);
	shows(f, "2019-11-23 7 12:59:58", "rtc: format: 12 hours, midnight is 12 AM");
	step(&f->chip, 2 * SECOND);
	shows(f, "2019-11-23 7 01:00:00", "rtc: format: 1 AM");
	step(&f->chip, 11 * 3600 * SECOND);
	shows(f, "2019-11-23 7 92:00:00", "rtc: format: noon is 12 PM");
	step(&f->chip, 11 * 3600 * SECOND);
	shows(f, "2019-11-23 7 91:00:00", "rtc: format: 11 PM");
	step(&f->chip, 3600 * SECOND);
	shows(f, "2019-11-24 1 12:00:00", "rtc: format: midnight again, and Sunday");
	put(f, 0x0B, BINARY | H24);
	shows(f, "1413-0B-18 1 00:00:00", "rtc: format: binary");
	step(&f->chip, 13 * 3600 * SECOND + 47 * SECOND);
	shows(f, "1413-0B-18 1 0D:00:2F", "rtc: format: binary, 13:00:47");
	put(f, 0x0B, BINARY);
	shows(f, "1413-0B-18 1 81:00:2F", "rtc: format: binary, 1 PM");
	set_date(f, (const unsigned int[]){ 20, 21, 12, 31, 6, 0x80 | 11, 59, 59 });
	step(&f->chip, SECOND);
	shows(f, "1416-01-01 7 0C:00:00", "rtc: format: binary, a new year at 12 AM");
}

static void test_set(struct fixture *f)
{
	step(&f->chip, 300 * MS);
	put(f, 0x0B, H24 | SET | UIE);
	check(f, get(f, 0x0B), H24 | SET, "rtc: SET clears UIE");
	step(&f->chip, 10 * SECOND);
	shows(f, "2000-01-01 7 00:00:00", "rtc: SET stops updates");
	check(f, get(f, 0x0C) & UF, 0, "rtc: SET: no update has ended");
	put(f, 0, 0x30);
	put(f, 0x0B, H24);
	step(&f->chip, 699 * MS);
	shows(f, "2000-01-01 7 00:00:30", "rtc: SET: the divider goes on");
	step(&f->chip, 1 * MS);
	shows(f, "2000-01-01 7 00:00:31", "rtc: SET: so the next second is in time");
	put(f, 2, 0x15);
	shows(f, "2000-01-01 7 00:15:31", "rtc: a register written without SET");
	step(&f->chip, SECOND);
	shows(f, "2000-01-01 7 00:15:32", "rtc: and the time goes on from there");
}

static void test_divider(struct fixture *f)
{
	step(&f->chip, 123 * MS);
	put(f, 0x0A, 0x76);
	get(f, 0x0C);
	step(&f->chip, 5 * SECOND);
	shows(f, "2000-01-01 7 00:00:00", "rtc: divider: reset, it stands");
	check(f, get(f, 0x0C), 0, "rtc: divider: no periodic events either");
	put(f, 0x0A, 0x26);
	step(&f->chip, 499 * MS);
	shows(f, "2000-01-01 7 00:00:00", "rtc: divider: started");
	step(&f->chip, 1 * MS);
	shows(f, "2000-01-01 7 00:00:01", "rtc: divider: the first update after 500 ms");
	step(&f->chip, 999 * MS);
	shows(f, "2000-01-01 7 00:00:01", "rtc: divider: then each second");
	step(&f->chip, 1 * MS);
	shows(f, "2000-01-01 7 00:00:02", "rtc: divider: exactly");
	put(f, 0x0A, 0xA6);
	check(f, get(f, 0x0A), 0x26, "rtc: UIP cannot be written");
}

static void test_update_in_progress(struct fixture *f)
{
	step(&f->chip, SECOND - 2228 * US - 1);
	check(f, get(f, 0x0A) & UIP, 0, "rtc: UIP: more than 2228 us before the update's end");
	step(&f->chip, 1);
	check(f, get(f, 0x0A) & UIP, UIP, "rtc: UIP: 2228 us before it");
	shows(f, "2000-01-01 7 00:00:00", "rtc: UIP: the date is the old one");
	step(&f->chip, 2228 * US - 1);
	check(f, get(f, 0x0A) & UIP, UIP, "rtc: UIP: until it");
	step(&f->chip, 1);
	check(f, get(f, 0x0A) & UIP, 0, "rtc: UIP: then no more");
	shows(f, "2000-01-01 7 00:00:01", "rtc: UIP: the date is the new one");
	put(f, 0x0B, H24 | SET);
	step(&f->chip, SECOND - 1000 * US);
	check(f, get(f, 0x0A) & UIP, 0, "rtc: UIP: not with SET");
}

static void test_update_interrupt(struct fixture *f)
{
	put(f, 0x0B, H24 | UIE);
	step(&f->chip, SECOND - 1);
	check(f, line(&f->chip, LINE), 0, "rtc: update: not yet");
	step(&f->chip, 1);
	check(f, line(&f->chip, LINE), 1, "rtc: update: the line is high");
	check(f, f->chip.risen_at[LINE], SECOND, "rtc: update: in time");
	step(&f->chip, 5 * SECOND);
	check(f, f->chip.rises[LINE], 1, "rtc: update: it stays so until C has been read");
	check(f, get(f, 0x0C), IRQF | UF | PF, "rtc: update: C: IRQF and UF (and PF)");
	check(f, line(&f->chip, LINE), 0, "rtc: update: low then");
	check(f, get(f, 0x0C) & ~PF, 0, "rtc: update: flags are cleared by being read");
	step(&f->chip, SECOND);
	check(f, f->chip.rises[LINE], 2, "rtc: update: the next one");
	put(f, 0x0B, H24);
	check(f, line(&f->chip, LINE), 0, "rtc: update: disabled, the line is low");
	check(f, get(f, 0x0C), UF | PF, "rtc: update: the flag is there, IRQF is not");
	step(&f->chip, SECOND);
	check(f, f->chip.rises[LINE], 2, "rtc: update: disabled");
	put(f, 0x0B, H24 | UIE);
	check(f, f->chip.rises[LINE], 3, "rtc: update: enabled with the flag set");
}

/* The data sheet's table 5, in ticks of 32,768 Hz. */
static void test_periodic(struct fixture *f)
{
	static const unsigned int hertz[] = {
		0, 256, 128, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 2,
	};

	for (unsigned int rate = 0; rate < 16; rate++) {
		char what[64];
		uint64_t before;

		put(f, 0x0A, 0x20 | rate);
		get(f, 0x0C);
		put(f, 0x0B, H24 | PIE);
		before = f->chip.rises[LINE];
		for (unsigned int i = 0; i < 40000; i++) {
			step(&f->chip, SECOND / 40000);
			if (line(&f->chip, LINE))
				get(f, 0x0C);
		}
		snprintf(what, sizeof(what), "rtc: periodic: rate %u", rate);
		check(f, f->chip.rises[LINE] - before, hertz[rate], what);
		put(f, 0x0B, H24);
	}
	put(f, 0x0A, 0x2F);
	get(f, 0x0C);
	step(&f->chip, SECOND);
	check(f, get(f, 0x0C) & (PF | IRQF), PF, "rtc: periodic: PF without PIE, no interrupt");
	put(f, 0x0B, H24 | SET | PIE);
	step(&f->chip, SECOND / 2);
	check(f, get(f, 0x0C), IRQF | PF, "rtc: periodic: SET does not stop it");
}

static void test_late(struct fixture *f)
{
	put(f, 0x0A, 0x2A);
	put(f, 0x0B, H24 | PIE);
	pass(&f->chip, SECOND);
	get(f, 0x0C);
	check(f, line(&f->chip, LINE), 0, "rtc: late: none is owed to who takes none");
	step(&f->chip, SECOND / 64);
	irq_taken(irq_line(f->chip.irqs, LINE));
	get(f, 0x0C);
	f->chip.rises[LINE] = 0;
	pass(&f->chip, SECOND);
	for (unsigned int i = 0; i < 64; i++) {
		clock_run_alarms(f->chip.clock);
		check(f, line(&f->chip, LINE), 1, "rtc: late: one that was missed");
		check(f, get(f, 0x0C) & (IRQF | PF), IRQF | PF, "rtc: late: IRQF and PF");
	}
	check(f, line(&f->chip, LINE), 0, "rtc: late: those were all");
	check(f, f->chip.rises[LINE], 64, "rtc: late: an edge for each");
	pass(&f->chip, SECOND);
	put(f, 0x0A, 0x2B);
	get(f, 0x0C);
	check(f, line(&f->chip, LINE), 0, "rtc: late: another rate, none is owed");
	irq_taken(irq_line(f->chip.irqs, LINE));
	pass(&f->chip, 86400 * SECOND);
	get(f, 0x0C);
	for (unsigned int i = 0; line(&f->chip, LINE) && i < 20000; i++)
		get(f, 0x0C);
	check(f, line(&f->chip, LINE), 0, "rtc: late: a day is not made up for");
}

static uint64_t alarm_after(struct fixture *f, unsigned int hours, unsigned int minutes,
			    unsigned int seconds)
{
	uint64_t start = clock_now(f->chip.clock);

	put(f, 0x0B, get(f, 0x0B) & ~AIE);
	put(f, 1, seconds);
	put(f, 3, minutes);
	put(f, 5, hours);
	get(f, 0x0C);
	put(f, 0x0B, get(f, 0x0B) | AIE);
	f->chip.rises[LINE] = 0;
	step(&f->chip, 86401 * SECOND);
	return f->chip.rises[LINE] ? (f->chip.risen_at[LINE] - start) / SECOND : 0;
}

static void test_alarm(struct fixture *f)
{
	static const unsigned int date[] = { 0x20, 0x24, 0x06, 0x15, 7, 0x13, 0x14, 0x15 };

	set_date(f, date);
	check(f, alarm_after(f, 0x13, 0x14, 0x20), 5, "rtc: alarm: in five seconds");
	check(f, get(f, 0x0C) & (IRQF | AF), IRQF | AF, "rtc: alarm: IRQF and AF");
	check(f, line(&f->chip, LINE), 0, "rtc: alarm: C has been read");
	set_date(f, date);
	check(f, alarm_after(f, 0x13, 0x14, 0x15), 86400, "rtc: alarm: this very second, tomorrow");
	set_date(f, date);
	check(f, alarm_after(f, 0x13, 0x14, 0x14), 86399, "rtc: alarm: the one before");
	set_date(f, date);
	check(f, alarm_after(f, 0xC0, 0x20, 0x00), 345, "rtc: alarm: any hour");
	set_date(f, date);
	check(f, alarm_after(f, 0xC0, 0x10, 0x00), 3345, "rtc: alarm: any hour, the next one");
	set_date(f, date);
	check(f, alarm_after(f, 0xFF, 0xFF, 0x00), 45, "rtc: alarm: any minute");
	set_date(f, date);
	check(f, alarm_after(f, 0xFF, 0xFF, 0xFF), 1, "rtc: alarm: any second");
	set_date(f, date);
	check(f, alarm_after(f, 0x14, 0xC7, 0xD0), 2745, "rtc: alarm: all of an hour, from its start");
	set_date(f, date);
	check(f, alarm_after(f, 0x24, 0x00, 0x00), 0, "rtc: alarm: an hour that there is not");
	put(f, 0x0B, BINARY);
	set_date(f, (const unsigned int[]){ 20, 24, 6, 15, 7, 11, 59, 50 });
	check(f, alarm_after(f, 0x8C, 0, 1), 11, "rtc: alarm: 12 PM, binary");
}

static void test_alarm_flag(struct fixture *f)
{
	put(f, 5, 0xFF);
	put(f, 3, 0xFF);
	put(f, 1, 0x05);
	get(f, 0x0C);
	step(&f->chip, 4 * SECOND);
	check(f, get(f, 0x0C) & AF, 0, "rtc: alarm flag: not yet");
	step(&f->chip, SECOND);
	check(f, get(f, 0x0C) & (AF | IRQF), AF, "rtc: alarm flag: set without AIE");
	put(f, 0x0B, H24 | AIE | SET);
	step(&f->chip, 120 * SECOND);
	check(f, f->chip.rises[LINE], 0, "rtc: alarm: none while updates are stopped");
}

static void test_reset(struct fixture *f)
{
	put(f, 0x0B, H24 | BINARY | DSE | PIE | AIE | UIE | SQWE);
	put(f, 0x40, 0x77);
	step(&f->chip, 3 * SECOND);
	rtc_device.reset(f->rtc);
	check(f, line(&f->chip, LINE), 0, "rtc: reset: the line is low");
	check(f, get(f, 0x0B), H24 | BINARY | DSE, "rtc: reset: enables and SQWE are clear, no more");
	check(f, get(f, 0x0C), 0, "rtc: reset: no flags");
	check(f, get(f, 0x40), 0x77, "rtc: reset: memory is kept");
	shows(f, "1400-01-01 7 00:00:03", "rtc: reset: so is the date");
	check(f, clock_next_alarm(f->chip.clock), CLOCK_NEVER, "rtc: reset: no alarm is set");
	put(f, 0x0C, 0xFF);
	put(f, 0x0D, 0x00);
	check(f, get(f, 0x0C) << 8 | get(f, 0x0D), 0x80, "rtc: C and D cannot be written");
}

/* With the real clock the date is the host's, UTC. */
static void test_host_date(struct fixture *f)
{
	const struct rtc_memory memory = { 0 };
	struct clock *clock;
	struct rtc *rtc;
	char text[32], wanted[2][32];
	time_t now = time(NULL);

	if (clock_create(&clock, false) || rtc_create(&rtc, clock, NULL, &memory))
		return;
	bus_destroy(f->chip.bus);
	bus_create(&f->chip.bus);
	chip_claim(&f->chip, PORT, 2, &rtc_ops, rtc);
	strftime(wanted[0], sizeof(wanted[0]), "%Y%m%d%H%M%S", gmtime(&now));
	snprintf(text, sizeof(text), "%02X%02X%02X%02X%02X%02X%02X", get(f, 0x32), get(f, 9),
		 get(f, 8), get(f, 7), get(f, 4), get(f, 2), get(f, 0));
	now++;
	strftime(wanted[1], sizeof(wanted[1]), "%Y%m%d%H%M%S", gmtime(&now));
	if (!unit_check(&f->chip.unit, !strcmp(text, wanted[0]) || !strcmp(text, wanted[1]),
			"rtc: the host's date"))
		printf("  is %s, should be %s\n", text, wanted[0]);
	rtc_device.fini(rtc);
	clock_destroy(clock);
}

UNIT_MAIN_WITH(chip.unit, test_power_on, test_memory, test_large_memory, test_date, test_formats,
	       test_set, test_divider, test_update_in_progress, test_update_interrupt,
	       test_periodic, test_late, test_alarm, test_alarm_flag, test_reset,
	       test_host_date)
