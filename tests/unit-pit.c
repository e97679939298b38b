/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-pit.c - the interval timer driven through its ports, with a virtual clock
 * that stands in the middle between two pulses of the 8254's. The wave forms
 * are those of the 8254's data sheet, figures 15 to 20.
 */
#include "dev/pit.h"

#include <stdlib.h>
#include <string.h>

#include "dev/pic.h"
#include "unit.h"

#define PORT 0x40u
#define CONTROL 0x43u
#define PORT_B 0x61u
#define LINE 0u

#define HZ 1193182u
#define NS UINT64_C(1000000000)

/* Control words: channel, bytes, mode. */
#define CHANNEL(i) ((i) << 6)
#define LSB 0x10u
#define MSB 0x20u
#define BOTH 0x30u
#define MODE(m) ((m) << 1)
#define BCD 0x01u
#define LATCH(i) CHANNEL(i)
#define LATCH_COUNT_OF(i) (0xD0u | 2u << (i))
#define LATCH_STATUS_OF(i) (0xE0u | 2u << (i))
#define LATCH_BOTH_OF(i) (0xC0u | 2u << (i))

#define OUT_HIGH 0x80u
#define NULL_COUNT 0x40u

struct fixture {
	struct unit unit;
	struct clock *clock;
	struct irqs *irqs;
	struct bus *bus;
	struct pit *pit;
	uint64_t pulse;		/* the last one that has been */
	uint64_t rises;		/* of the line */
	uint64_t risen_at;	/* nanoseconds */
};

static void count_rises(void *self, unsigned int number, bool level)
{
	struct fixture *f = self;

	f->rises += level;
	f->risen_at = clock_now(f->clock);
}

static bool claim(struct fixture *f, uint64_t base, uint64_t length, const struct bus_ops *ops)
{
	struct bus_range range = { base, length, ops, f->pit, "pit" };

	return bus_claim(f->bus, BUS_PIO, &range) == 0;
}

static bool set_up(struct fixture *f)
{
	if (clock_create(&f->clock, true) < 0 || irqs_create(&f->irqs) < 0 ||
	    bus_create(&f->bus) < 0 ||
	    pit_create(&f->pit, f->clock, irq_line(f->irqs, LINE)) < 0 ||
	    irq_listen(irq_line(f->irqs, LINE), count_rises, f) < 0)
		return false;
	return claim(f, PORT, 4, &pit_ops) && claim(f, PORT_B, 1, &port_b_ops);
}

static void tear_down(struct fixture *f)
{
	pit_device.fini(f->pit);
	bus_destroy(f->bus);
	irqs_destroy(f->irqs);
	clock_destroy(f->clock);
}

static void out(struct fixture *f, unsigned int port, unsigned int value)
{
	bus_write(f->bus, BUS_PIO, port, 1, value);
}

static unsigned int in(struct fixture *f, unsigned int port)
{
	return (unsigned int)bus_read(f->bus, BUS_PIO, port, 1);
}

static void is(struct fixture *f, uint64_t value, uint64_t wanted, const char *what)
{
	unit_equal(&f->unit, value, wanted, what);
}

static unsigned int read_word(struct fixture *f, unsigned int channel)
{
	unsigned int low = in(f, PORT + channel);

	return low | in(f, PORT + channel) << 8;
}

static void write_word(struct fixture *f, unsigned int channel, unsigned int value)
{
	out(f, PORT + channel, value & 0xFF);
	out(f, PORT + channel, value >> 8);
}

static unsigned int status(struct fixture *f, unsigned int channel)
{
	out(f, CONTROL, LATCH_STATUS_OF(channel));
	return in(f, PORT + channel);
}

/* The nanosecond of a pulse, rounded up, by another way than the chip's. */
static uint64_t nanosecond(uint64_t pulse)
{
	return (uint64_t)(((unsigned __int128)pulse * NS + HZ - 1) / HZ);
}

/* Without the alarms' being looked at: the processor is late. */
static void pass(struct fixture *f, uint64_t pulses)
{
	f->pulse += pulses;
	clock_advance_to(f->clock, nanosecond(f->pulse) + NS / HZ / 2);
}

static void step(struct fixture *f, uint64_t pulses)
{
	pass(f, pulses);
	clock_run_alarms(f->clock);
}

/*
 * A wave form of channel 2, in words. What the guest does: "c4" is a control
 * word for mode 4 and the least significant byte alone, "b4" for both bytes,
 * "d4" for both in BCD; "w3" writes a count of one byte, "W3" one of two, "p34"
 * the next byte of one; "g0" and "g1" set the gate. What comes of it: "H3" and
 * "L3" after one more pulse, with OUT high or low and a count of 3 ("-": not
 * known); "=H3" after no more. "*9" lets 9 pulses pass. But for those, numbers
 * are hexadecimal.
 */
struct wave {
	const char *what;
	const char *words;
};

static const struct wave waves[] = {
	{ "mode 0: OUT rises at the end of the count",
	  "c0 g1 w4 L4 L3 L2 L1 H0 HFF HFE" },
	{ "mode 0: the gate suspends counting",
	  "c0 g1 w3 L3 L2 g0 L2 L2 g1 L1 H0 HFF" },
	{ "mode 0: a new count starts anew",
	  "c0 g1 w3 L3 L2 L1 w2 L2 L1 H0 HFF" },
	{ "mode 0: loaded although the gate is low",
	  "c0 g0 w2 L2 L2 g1 L1 H0 HFF" },
	{ "mode 0: a new count after the end takes OUT low",
	  "c0 g1 w1 L1 H0 HFF w2 L2 L1 H0" },
	{ "mode 0: of two bytes the first one stops counting",
	  "b0 g1 W5 L5 L4 p03 L4 L4 p00 L3 L2 L1 H0 HFFFF" },
	{ "mode 0: the first of two bytes takes OUT low",
	  "b0 g1 W1 L1 H0 p02 L0 L0 p00 L2 L1 H0" },
	{ "mode 1: a trigger starts a pulse of OUT",
	  "c1 g0 w3 H- H- g1 L3 L2 L1 H0 g0 HFF g1 L3 L2" },
	{ "mode 1: a trigger starts it anew",
	  "c1 g0 w3 H- g1 L3 L2 g0 L1 g1 L3 L2 L1 H0" },
	{ "mode 1: a new count waits for a trigger",
	  "c1 g0 w2 H- g1 L2 w4 L1 H0 HFF g0 HFE g1 L4 L3" },
	{ "mode 1: no trigger before a count",
	  "c1 g0 g1 H- H- w2 H- H- g0 g1 L2 L1 H0" },
	{ "mode 2: OUT is low for the last pulse of each cycle",
	  "c2 g1 w3 H3 H2 L1 H3 H2 L1 H3" },
	{ "mode 2: the gate suspends counting, a trigger starts anew",
	  "c2 g1 w3 H3 H2 g0 H2 H2 g1 H3 H2 L1 H3" },
	{ "mode 2: the gate takes OUT high",
	  "c2 g1 w3 H3 H2 L1 g0 H1 H1 g1 H3 H2 L1 H3" },
	{ "mode 2: a new count comes in after the cycle",
	  "c2 g1 w4 H4 H3 w5 H2 L1 H5 H4 H3 H2 L1 H5" },
	{ "mode 2: a trigger brings a new count in at once",
	  "c2 g1 w5 H5 H4 w3 g0 H4 g1 H3 H2 L1 H3" },
	{ "mode 2: no new count comes in while the gate is low",
	  "c2 g1 w3 H3 w5 g0 H3 H3 H3 H3 g1 H5 H4" },
	{ "mode 2: with the gate low the count is loaded and waits",
	  "c2 g0 w3 H3 H3 g1 H3 H2 L1 H3" },
	{ "mode 2: a count of 1 changes nothing",
	  "c2 g1 w1 H1 H1 H1" },
	{ "mode 3: even counts",
	  "c3 g1 w4 H4 H2 L4 L2 H4 H2 L4 L2 H4 H2" },
	{ "mode 3: odd counts",
	  "c3 g1 w5 H4 H2 H0 L4 L2 H4 H2 H0 L4 L2 H4" },
	{ "mode 3: the smallest odd count",
	  "c3 g1 w3 H2 H0 L2 H2 H0 L2 H2" },
	{ "mode 3: the gate suspends counting, a trigger starts anew",
	  "c3 g1 w4 H4 H2 L4 L2 H4 H2 g0 H2 H2 g1 H4 H2 L4 L2 H4" },
	{ "mode 3: the gate takes OUT high",
	  "c3 g1 w4 H4 H2 L4 g0 H4 H4 g1 H4 H2 L4 L2 H4" },
	{ "mode 3: a new count comes in after the high half",
	  "c3 g1 w4 H4 w6 H2 L6 L4 L2 H6 H4 H2 L6" },
	{ "mode 3: a new count comes in after the low half",
	  "c3 g1 w4 H4 H2 L4 w5 L2 H4 H2 H0 L4 L2 H4" },
	{ "mode 3: a new count comes in after the low half, from its first pulse on",
	  "c3 g1 w8 H8 H6 H4 H2 L8 w4 L6 L4 L2 H4 H2 L4 L2 H4" },
	{ "mode 3: a new count comes in after the low half, in a later cycle",
	  "c3 g1 w6 H6 *8 L6 L4 w4 L2 H4 H2 L4 L2 H4" },
	{ "mode 3: a new count comes in after an odd one's high half",
	  "c3 g1 w5 H4 H2 w4 H0 L4 L2 H4 H2 L4" },
	{ "mode 3: a new odd count comes in after the high half",
	  "c3 g1 w6 H6 H4 w5 H2 L4 L2 H4 H2 H0 L4 L2 H4" },
	{ "mode 3: a trigger brings a new count in at once",
	  "c3 g1 w8 H8 H6 w4 g0 H6 g1 H4 H2 L4 L2 H4" },
	{ "mode 3: a count of 1 changes nothing",
	  "c3 g1 w1 H0 H0 H0" },
	{ "mode 4: OUT is low for a pulse at the end of the count",
	  "c4 g1 w3 H3 H2 H1 L0 HFF HFE HFD" },
	{ "mode 4: the gate suspends counting",
	  "c4 g0 w3 H3 H3 g1 H2 H1 L0 HFF" },
	{ "mode 4: the strobe ends although the gate is low, and is not given twice",
	  "c4 g1 w3 H3 H2 H1 L0 g0 =L0 g1 =L0 g0 H0 H0 g1 =H0 HFF HFE" },
	{ "mode 4: a new count starts anew",
	  "c4 g1 w3 H3 H2 H1 w2 H2 H1 L0 HFF" },
	{ "mode 4: of two bytes the first one does nothing",
	  "b4 g1 W5 H5 H4 p03 H3 H2 p00 H3 H2 H1 L0 HFFFF" },
	{ "mode 5: a trigger starts the count to a low pulse of OUT",
	  "c5 g0 w3 H- H- g1 H3 H2 H1 L0 g0 HFF g1 H3" },
	{ "mode 5: a trigger starts it anew",
	  "c5 g0 w3 H- g1 H3 g0 H2 g1 H3 H2 H1 L0 HFF HFE" },
	{ "mode 5: a new count waits for a trigger",
	  "c5 g0 w3 H- g1 H3 H2 w5 H1 L0 HFF HFE g0 g1 H5 H4" },
	{ "mode 6 is mode 2",
	  "c6 g1 w3 H3 H2 L1 H3 H2 L1 H3" },
	{ "mode 7 is mode 3",
	  "c7 g1 w4 H4 H2 L4 L2 H4" },
	{ "a control word stops everything: mode 0, OUT low",
	  "c2 g1 w9 H9 H8 c0 L8 L8 w2 L2 L1 H0" },
	{ "a control word stops everything: mode 2, OUT high",
	  "c0 g1 w9 L9 L8 c2 H8 H8 w2 H2 L1 H2" },
	{ "a control word drops half a count",
	  "b0 g1 p07 b0 W3 L3 L2 L1 H0" },
	{ "a count of 0 is 65536",
	  "b0 g1 W0 L0 LFFFF LFFFE *65532 L1 H0 HFFFF" },
	{ "a count of 0 is 65536 in mode 2",
	  "b2 g1 W0 H0 HFFFF *65532 H2 L1 H0 HFFFF" },
	{ "a count of 0 is 65536 in mode 3",
	  "b3 g1 W0 H0 HFFFE *32765 H2 *1 LFFFE *32764 L4 L2 H0" },
	{ "in mode 0 the count goes round and OUT stays",
	  "b0 g1 W2 L2 L1 H0 *65535 H0 HFFFF *65533 H1 H0" },
	{ "in mode 4 the count goes round and OUT strobes once",
	  "b4 g1 W2 H2 H1 L0 *65535 H0 HFFFF" },
	{ "BCD: decades",
	  "d0 g1 W1001 L1001 L1000 L999 L998 *988 L9 *8 H0 H9999 H9998" },
	{ "BCD: a count of 0 is 10000",
	  "d0 g1 W0 L0 L9999 L9998 *9996 L1 H0 H9999 *9998 H0 H9999" },
	{ "BCD: all four digits",
	  "d2 g1 W1234 H1234 H1233" },
	{ "BCD: mode 2",
	  "d2 g1 W12 H12 H11 H10 H9 *6 H2 L1 H12" },
	{ "BCD: mode 3",
	  "d3 g1 W13 H12 H10 H8 *3 H0 L12 L10" },
	{ "BCD: what is no decimal digit does no harm",
	  "d2 g1 WF H15 H14" },
};

/* Programs channel 2; bytes is 'c', 'b' or 'd' as above. */
static void control_word(struct fixture *f, char bytes, unsigned int mode)
{
	unsigned int rw = bytes == 'c' ? LSB : BOTH;

	out(f, CONTROL, CHANNEL(2u) | rw | MODE(mode) | (bytes == 'd' ? BCD : 0));
}

/* Whether count and OUT, by the status too, are as they should be. */
static bool counter_is(struct fixture *f, bool high, const char *count, bool both)
{
	unsigned int is_count;

	if (!(in(f, PORT_B) & 0x20) == high || !(status(f, 2) & OUT_HIGH) == high)
		return false;
	is_count = both ? read_word(f, 2) : in(f, PORT + 2);
	return *count == '-' || is_count == strtoul(count, NULL, 16);
}

/* Returns false where a word's expectation is not met. */
static bool wave_word(struct fixture *f, const char *word, bool *both)
{
	unsigned int number = (unsigned int)strtoul(word + 1, NULL, *word == '*' ? 10 : 16);

	switch (*word) {
	case 'c':
	case 'b':
	case 'd':
		*both = *word != 'c';
		control_word(f, *word, number);
		break;
	case 'w':
	case 'p':
		out(f, PORT + 2, number);
		break;
	case 'W':
		write_word(f, 2, number);
		break;
	case 'g':
		out(f, PORT_B, number);
		break;
	case '*':
		step(f, number);
		break;
	case '=':
		return counter_is(f, word[1] == 'H', word + 2, *both);
	default:
		step(f, 1);
		return counter_is(f, *word == 'H', word + 1, *both);
	}
	return true;
}

static void check_wave(struct fixture *f, const struct wave *wave)
{
	char what[100], words[200], *rest = NULL, *word;
	bool both = false, passed = true;

	snprintf(what, sizeof(what), "pit: %s", wave->what);
	snprintf(words, sizeof(words), "%s", wave->words);
	for (word = strtok_r(words, " ", &rest); word && passed; word = strtok_r(NULL, " ", &rest)) {
		passed = wave_word(f, word, &both);
		if (!passed)
			printf("  at \"%s\" of \"%s\"\n", word, wave->words);
	}
	unit_check(&f->unit, passed, what);
}

static void test_waves(struct fixture *f)
{
	for (size_t i = 0; i < sizeof(waves) / sizeof(waves[0]); i++)
		check_wave(f, &waves[i]);
}

static void check_reset_state(struct fixture *f)
{
	is(f, clock_next_alarm(f->clock), CLOCK_NEVER, "pit: reset: no alarm");
	for (unsigned int i = 0; i < 3; i++) {
		is(f, status(f, i), OUT_HIGH | NULL_COUNT | BOTH | MODE(3), "pit: reset: status");
		is(f, read_word(f, i), 0, "pit: reset: count");
	}
	step(f, 1000);
	is(f, read_word(f, 0), 0, "pit: reset: not counting");
	is(f, in(f, PORT_B) & ~0x10u, 0x20, "pit: reset: port 0x61");
	is(f, irq_level(irq_line(f->irqs, LINE)), 0, "pit: reset: line low");
}

static void test_power_on(struct fixture *f)
{
	check_reset_state(f);
	is(f, f->rises, 0, "pit: reset: no tick");
}

static void test_device_reset(struct fixture *f)
{
	uint64_t rises;

	for (unsigned int i = 0; i < 3; i++) {
		out(f, CONTROL, CHANNEL(i) | LSB | MODE(2));
		out(f, PORT + i, 0x20);
		out(f, CONTROL, LATCH_BOTH_OF(i));
	}
	out(f, PORT_B, 0x03);
	step(f, 1 + 0x20);
	irq_taken(irq_line(f->irqs, LINE));
	step(f, 0x20 * 3);
	rises = f->rises;
	pit_device.reset(f->pit);
	check_reset_state(f);
	irq_taken(irq_line(f->irqs, LINE));
	is(f, f->rises, rises, "pit: reset: no tick from before");
}

static void test_bytes(struct fixture *f)
{
	out(f, CONTROL, CHANNEL(1u) | LSB | MODE(2));
	out(f, PORT + 1, 0x34);
	step(f, 1);
	is(f, in(f, PORT + 1), 0x34, "pit: bytes: least significant alone");
	is(f, in(f, PORT + 1), 0x34, "pit: bytes: again and again");
	out(f, CONTROL, CHANNEL(1u) | MSB | MODE(2));
	out(f, PORT + 1, 0x12);
	step(f, 2);
	is(f, in(f, PORT + 1), 0x11, "pit: bytes: most significant alone");
	out(f, CONTROL, LATCH(1));
	is(f, in(f, PORT + 1), 0x11, "pit: bytes: latched");
	out(f, CONTROL, CHANNEL(1u) | BOTH | MODE(2));
	out(f, PORT + 1, 0x34);
	is(f, status(f, 1), OUT_HIGH | NULL_COUNT | BOTH | MODE(2), "pit: bytes: half a count");
	step(f, 5);
	is(f, status(f, 1), OUT_HIGH | NULL_COUNT | BOTH | MODE(2), "pit: bytes: starts nothing");
	out(f, PORT + 1, 0x12);
	step(f, 1);
	is(f, read_word(f, 1), 0x1234, "pit: bytes: both");
	step(f, 0x34);
	is(f, in(f, PORT + 1), 0x00, "pit: bytes: not latched, low");
	step(f, 1);
	is(f, in(f, PORT + 1), 0x11, "pit: bytes: not latched, high a pulse later");
	is(f, in(f, PORT + 1), 0xFF, "pit: bytes: low");
	out(f, CONTROL, CHANNEL(1u) | BOTH | MODE(2));
	write_word(f, 1, 0x5678);
	step(f, 1);
	is(f, read_word(f, 1), 0x5678, "pit: bytes: a control word begins with the low one");
	is(f, in(f, CONTROL), 0xFF, "pit: bytes: the control word is not read");
}

static void test_latches(struct fixture *f)
{
	out(f, CONTROL, CHANNEL(0u) | BOTH | MODE(2));
	write_word(f, 0, 0x1000);
	step(f, 2);
	out(f, CONTROL, LATCH(0));
	step(f, 0x200);
	out(f, CONTROL, LATCH(0));
	is(f, read_word(f, 0), 0x0FFF, "pit: latch: the first one holds");
	is(f, read_word(f, 0), 0x0DFF, "pit: latch: then the counter again");
	out(f, CONTROL, LATCH(0));
	is(f, in(f, PORT), 0xFF, "pit: latch: half of it");
	step(f, 0x100);
	out(f, CONTROL, LATCH(0));
	is(f, in(f, PORT), 0x0D, "pit: latch: the other half, still");
	is(f, read_word(f, 0), 0x0CFF, "pit: latch: read");
	out(f, CONTROL, LATCH_BOTH_OF(0));
	step(f, 0x100);
	out(f, CONTROL, LATCH_STATUS_OF(0));
	is(f, in(f, PORT), OUT_HIGH | BOTH | MODE(2), "pit: read back: status first");
	is(f, read_word(f, 0), 0x0CFF, "pit: read back: then the count");
	is(f, read_word(f, 0), 0x0BFF, "pit: read back: then the counter");
	out(f, CONTROL, LATCH_COUNT_OF(0));
	step(f, 1);
	is(f, read_word(f, 0), 0x0BFF, "pit: read back: count alone");
	out(f, CONTROL, 0xF0 | 0x0E);
	is(f, read_word(f, 0), 0x0BFE, "pit: read back: of nothing");
	out(f, CONTROL, LATCH_BOTH_OF(0));
	out(f, CONTROL, CHANNEL(0u) | BOTH | MODE(2));
	write_word(f, 0, 0x80);
	step(f, 1);
	is(f, read_word(f, 0), 0x80, "pit: latch: ended by a control word");
}

/* The command for all channels, at one time. */
static void test_read_back_all(struct fixture *f)
{
	for (unsigned int i = 0; i < 3; i++) {
		out(f, CONTROL, CHANNEL(i) | BOTH | MODE(2));
		write_word(f, i, 0x100 * (i + 1));
	}
	out(f, PORT_B, 0x01);
	step(f, 3);
	out(f, CONTROL, 0xC0 | 0x0E);
	step(f, 10);
	for (unsigned int i = 0; i < 3; i++) {
		is(f, in(f, PORT + i), OUT_HIGH | BOTH | MODE(2), "pit: read back all: status");
		is(f, read_word(f, i), 0x100 * (i + 1) - 2, "pit: read back all: count");
	}
}

/* The data sheet's table of when null count is set and cleared. */
static void test_null_count(struct fixture *f)
{
	out(f, CONTROL, CHANNEL(0u) | LSB | MODE(2));
	is(f, status(f, 0) & NULL_COUNT, NULL_COUNT, "pit: null count: control word");
	out(f, PORT, 10);
	is(f, status(f, 0) & NULL_COUNT, NULL_COUNT, "pit: null count: count written");
	is(f, in(f, PORT), 10, "pit: a count that is not loaded yet reads as it was written");
	step(f, 1);
	is(f, status(f, 0) & NULL_COUNT, 0, "pit: null count: loaded");
	out(f, PORT, 20);
	step(f, 9);
	is(f, status(f, 0) & NULL_COUNT, NULL_COUNT, "pit: null count: a new one waits");
	step(f, 1);
	is(f, status(f, 0) & NULL_COUNT, 0, "pit: null count: loaded at the end of the cycle");
	out(f, CONTROL, CHANNEL(2u) | LSB | MODE(1));
	out(f, PORT + 2, 10);
	step(f, 50);
	is(f, status(f, 2) & NULL_COUNT, NULL_COUNT, "pit: null count: waits for a trigger");
	out(f, PORT_B, 0x01);
	step(f, 1);
	is(f, status(f, 2) & NULL_COUNT, 0, "pit: null count: triggered");
}

static void test_port_b(struct fixture *f)
{
	unsigned int toggles = 0, before;

	out(f, PORT_B, 0xFE);
	is(f, in(f, PORT_B) & 0xCF, 0x0E, "pit: port 0x61: what is kept");
	before = in(f, PORT_B) & 0x10;
	for (unsigned int i = 0; i < 1800; i++) {
		step(f, 1);
		toggles += (in(f, PORT_B) & 0x10) != before;
		before = in(f, PORT_B) & 0x10;
	}
	is(f, toggles, 100, "pit: port 0x61: refresh toggles each 15 microseconds");
	out(f, CONTROL, CHANNEL(2u) | LSB | MODE(0));
	out(f, PORT_B, 0x00);
	out(f, PORT + 2, 3);
	step(f, 100);
	is(f, in(f, PORT_B) & 0x20, 0x00, "pit: port 0x61: OUT2 low, the gate is");
	out(f, PORT_B, 0x01);
	step(f, 3);
	is(f, in(f, PORT_B) & 0x21, 0x21, "pit: port 0x61: OUT2 high");
	is(f, f->rises, 0, "pit: port 0x61: channel 2 interrupts nobody");
	is(f, clock_next_alarm(f->clock), CLOCK_NEVER, "pit: port 0x61: and needs no alarm");
}

/* Runs to the next alarm, as an engine does that has nothing else to do. */
static void to_next_alarm(struct fixture *f)
{
	clock_advance_to(f->clock, clock_next_alarm(f->clock));
	clock_run_alarms(f->clock);
}

/* The line rises in the very nanosecond of the pulse, the first time and ever after. */
static void check_period(struct fixture *f, unsigned int mode, unsigned int count)
{
	uint64_t loaded = f->pulse + 1, rises;
	unsigned int n;
	char what[80];

	out(f, CONTROL, CHANNEL(0u) | BOTH | MODE(mode));
	write_word(f, 0, count & 0xFFFF);
	rises = f->rises;
	for (n = 1; n <= 20000; n++) {
		while (f->rises == rises)
			to_next_alarm(f);
		rises = f->rises;
		if (f->risen_at != nanosecond(loaded + (uint64_t)n * count))
			break;
		irq_taken(irq_line(f->irqs, LINE));
	}
	snprintf(what, sizeof(what), "pit: ticks: mode %u, count %u: no drift", mode, count);
	is(f, n, 20001, what);
	f->pulse = (uint64_t)((unsigned __int128)clock_now(f->clock) * HZ / NS);
}

static void test_ticks(struct fixture *f)
{
	check_period(f, 2, 11932);
	check_period(f, 3, 11931);
	check_period(f, 3, 1193);
	check_period(f, 2, 65536);
	check_period(f, 2, 2);
	/* A year later: nanoseconds times HZ no longer fit into 64 bits. */
	pass(f, UINT64_C(3600) * 24 * 365 * HZ);
	clock_run_alarms(f->clock);
	check_period(f, 3, 65535);
}

/* What the line does in the modes that end. */
static void test_one_shots(struct fixture *f)
{
	static const struct {
		unsigned int mode;
		unsigned int pulses;	/* from the write of a count of 50 to the rise */
		const char *what;
	} shots[] = {
		{ 0, 51, "pit: one shot: mode 0" }, { 4, 52, "pit: one shot: mode 4" },
	};

	for (size_t i = 0; i < sizeof(shots) / sizeof(shots[0]); i++) {
		uint64_t rises;

		out(f, CONTROL, CHANNEL(0u) | LSB | MODE(shots[i].mode));
		out(f, PORT, 50);
		rises = f->rises;
		step(f, shots[i].pulses - 1);
		is(f, f->rises, rises, shots[i].what);
		step(f, 1);
		is(f, f->rises, rises + 1, "pit: one shot: rises");
		step(f, 200000);
		is(f, f->rises, rises + 1, "pit: one shot: once");
		is(f, clock_next_alarm(f->clock), CLOCK_NEVER, "pit: one shot: no alarm left");
		irq_taken(irq_line(f->irqs, LINE));
		is(f, f->rises, rises + 1, "pit: one shot: nothing is owed");
		out(f, PORT, 50);
		step(f, shots[i].pulses);
		is(f, f->rises, rises + 2, "pit: one shot: again");
		irq_taken(irq_line(f->irqs, LINE));
	}
	out(f, CONTROL, CHANNEL(0u) | LSB | MODE(0));
	is(f, irq_level(irq_line(f->irqs, LINE)), 0, "pit: one shot: mode 0 takes the line low");
	out(f, PORT, 50);
	step(f, 60);
	is(f, irq_level(irq_line(f->irqs, LINE)), 1, "pit: one shot: high at the end");
	out(f, PORT, 50);
	is(f, irq_level(irq_line(f->irqs, LINE)), 0, "pit: one shot: a new count takes it low");
	out(f, CONTROL, CHANNEL(0u) | LSB | MODE(1));
	is(f, irq_level(irq_line(f->irqs, LINE)), 1, "pit: one shot: a mode with OUT high");
	out(f, PORT, 50);
	is(f, clock_next_alarm(f->clock), CLOCK_NEVER, "pit: one shot: mode 1 is never triggered");
}

/* A control word whose mode begins with OUT high, while it is low, is a rise too. */
static void test_programming_edges(struct fixture *f)
{
	out(f, CONTROL, CHANNEL(0u) | BOTH | MODE(3));
	is(f, f->rises, 0, "pit: programming: OUT was high and is");
	write_word(f, 0, 1000);
	step(f, 1 + 400);
	out(f, CONTROL, CHANNEL(0u) | BOTH | MODE(3));
	is(f, f->rises, 0, "pit: programming: in the high half");
	write_word(f, 0, 1000);
	step(f, 1 + 600);
	out(f, CONTROL, CHANNEL(0u) | BOTH | MODE(3));
	is(f, f->rises, 1, "pit: programming: in the low half");
	step(f, 100000);
	is(f, f->rises, 1, "pit: programming: then nothing without a count");
	write_word(f, 0, 1000);
	step(f, 1 + 1000);
	is(f, f->rises, 2, "pit: programming: a tick");
	step(f, 600);
	out(f, CONTROL, CHANNEL(0u) | BOTH | MODE(0));
	is(f, irq_level(irq_line(f->irqs, LINE)), 0, "pit: programming: mode 0 in the low half");
	is(f, f->rises, 2, "pit: programming: is no tick");
	write_word(f, 0, 1000);
	step(f, 10);
	out(f, CONTROL, CHANNEL(0u) | BOTH | MODE(2));
	is(f, f->rises, 3, "pit: programming: from mode 0 to mode 2");
	write_word(f, 0, 1000);
	pass(f, 1 + 1000);
	out(f, CONTROL, LATCH(0));
	is(f, f->rises, 4, "pit: programming: an access sees the tick before the alarm does");
	clock_run_alarms(f->clock);
	is(f, f->rises, 4, "pit: programming: which it is not told twice");
}

/* A new count, with the old one's ticks before and the new one's after it. */
static void test_new_rate(struct fixture *f)
{
	out(f, CONTROL, CHANNEL(0u) | BOTH | MODE(2));
	write_word(f, 0, 1000);
	step(f, 1 + 1000);
	irq_taken(irq_line(f->irqs, LINE));
	is(f, f->rises, 1, "pit: new rate: before");
	step(f, 500);
	write_word(f, 0, 100);
	is(f, irq_level(irq_line(f->irqs, LINE)), 1, "pit: new rate: the line stays");
	step(f, 499);
	is(f, f->rises, 1, "pit: new rate: the old cycle goes on");
	step(f, 1);
	irq_taken(irq_line(f->irqs, LINE));
	is(f, f->rises, 2, "pit: new rate: to its end");
	step(f, 100);
	irq_taken(irq_line(f->irqs, LINE));
	is(f, f->rises, 3, "pit: new rate: the new one");
	write_word(f, 0, 1000);
	pass(f, 100 + 3000);
	clock_run_alarms(f->clock);
	for (unsigned int i = 0; i < 10; i++)
		irq_taken(irq_line(f->irqs, LINE));
	is(f, f->rises, 3 + 1 + 3, "pit: new rate: ticks of both while the processor was late");
}

/* The processor takes ticks until none comes any more. Returns how many it took. */
static unsigned int take_all(struct fixture *f)
{
	unsigned int taken = 0;
	uint64_t rises;

	do {
		rises = f->rises;
		irq_taken(irq_line(f->irqs, LINE));
		taken++;
	} while (f->rises != rises);
	return taken;
}

static void test_late(struct fixture *f)
{
	out(f, CONTROL, CHANNEL(0u) | BOTH | MODE(2));
	write_word(f, 0, 1000);
	step(f, 1 + 5500);
	is(f, f->rises, 1, "pit: late: before the first tick is taken, one");
	is(f, take_all(f), 1, "pit: late: nor more afterwards");
	step(f, 7000);
	is(f, f->rises, 2, "pit: late: one rise of the line");
	is(f, take_all(f), 7, "pit: late: each of seven ticks is taken");
	step(f, 499);
	is(f, f->rises, 8, "pit: late: the next one is in its time");
	step(f, 1);
	is(f, f->rises, 9, "pit: late: exactly");
	step(f, 1000);
	is(f, take_all(f), 2, "pit: late: not taken, then late");
	for (unsigned int i = 0; i < 5; i++)
		step(f, 1000);
	is(f, take_all(f), 5, "pit: late: with alarms in time, not taken");
	step(f, UINT64_C(1000) * 3 * PIT_OWED_MAX);
	is(f, take_all(f), PIT_OWED_MAX, "pit: late: as many as are kept");
	irq_taken(irq_line(f->irqs, LINE));
	step(f, 3000);
	is(f, take_all(f), 3, "pit: late: taken once too often, none is lost");
	step(f, 9000);
	out(f, CONTROL, CHANNEL(0u) | BOTH | MODE(2));
	write_word(f, 0, 1000);
	is(f, take_all(f), 1, "pit: late: a control word ends the debt");
	out(f, CONTROL, CHANNEL(0u) | BOTH | MODE(2));
	write_word(f, 0, 1000);
	step(f, 1 + 9000);
	is(f, take_all(f), 1, "pit: late: and owes nothing before its first tick is taken");
}

/* What no alarm may be set for, or be left behind. */
static void test_alarms(struct fixture *f)
{
	struct pit *other;

	out(f, CONTROL, CHANNEL(0u) | LSB | MODE(2));
	is(f, clock_next_alarm(f->clock), CLOCK_NEVER, "pit: alarms: not by a control word");
	out(f, PORT, 1);
	step(f, 10);
	is(f, clock_next_alarm(f->clock), CLOCK_NEVER, "pit: alarms: not for a count of 1");
	is(f, f->rises, 0, "pit: alarms: which makes no ticks");
	if (pit_create(&other, f->clock, NULL) < 0) {
		unit_check(&f->unit, false, "pit: alarms: made");
		return;
	}
	pit_ops.write(other, 3, 1, LSB | MODE(2));
	pit_ops.write(other, 0, 1, 10);
	step(f, 100);
	unit_check(&f->unit, clock_next_alarm(f->clock) != CLOCK_NEVER, "pit: alarms: counting");
	pit_device.fini(other);
	is(f, clock_next_alarm(f->clock), CLOCK_NEVER, "pit: alarms: none left behind");
}

/* With the interrupt controller: a handler that ends each tick's service. */
static void test_late_with_pic(struct fixture *f)
{
	struct intr *intr;
	struct pic *pic;
	unsigned int taken = 0;

	if (intr_create(&intr) < 0 || pic_create(&pic, f->irqs, intr) < 0) {
		unit_check(&f->unit, false, "pit: with PIC: made");
		return;
	}
	pic_master_ops.write(pic, 1, 1, 0xFE);
	out(f, CONTROL, CHANNEL(0u) | BOTH | MODE(3));
	write_word(f, 0, 1000);
	step(f, 1);
	for (unsigned int periods = 1; periods < 20; periods++) {
		step(f, 1000 * periods);
		while (intr_level(intr)) {
			is(f, intr_acknowledge(intr), 0x08, "pit: with PIC: vector");
			taken++;
			pic_master_ops.write(pic, 0, 1, 0x20);
		}
	}
	is(f, taken, 19 * 20 / 2, "pit: with PIC: every tick");
	pic_device.fini(pic);
	intr_destroy(intr);
}

UNIT_MAIN(
	test_waves, test_power_on, test_device_reset, test_bytes, test_latches,
	test_read_back_all, test_null_count, test_port_b, test_ticks, test_one_shots,
	test_programming_edges, test_new_rate, test_late, test_alarms, test_late_with_pic
)
