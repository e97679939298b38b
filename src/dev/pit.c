/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pit.c - an 8254 interval timer, see pit.h. Manual: Intel 8254 (231164); port
 * 0x61: Intel 82371SB (PIIX3), NMI status and control register.
 *
 * Nothing ticks. Time is counted in pulses of the 8254's clock since the guest's
 * clock was made, and a channel remembers the pulse at which it was loaded:
 * count, OUT and the times of OUT's rises follow from that. Every access brings
 * the channel that it is about up to date first.
 */
#include "dev/pit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define CHANNELS	3u
#define PORT_CONTROL	3u

#define CONTROL_BCD	(1u << 0)
#define CONTROL_MODE(v)	((v) >> 1 & 7u)
#define CONTROL_RW(v)	((v) >> 4 & 3u)
#define CONTROL_SC(v)	((v) >> 6)
#define CONTROL_STORED	0x3Fu
#define SC_READ_BACK	3u
#define READ_BACK_CHANNEL(i) (2u << (i))
#define READ_BACK_NO_STATUS (1u << 4)
#define READ_BACK_NO_COUNT (1u << 5)
#define STATUS_NULL	(1u << 6)
#define STATUS_OUT	(1u << 7)

enum {
	RW_LATCH,	/* a counter latch command */
	RW_LSB,
	RW_MSB,
	RW_BOTH,	/* LSB first */
};

#define CONTROL_RESET	(RW_BOTH << 4 | 3u << 1)

#define PORT_B_GATE2	(1u << 0)
#define PORT_B_STORED	0x0Fu	/* gate, speaker, and the enables of two NMI sources */
#define PORT_B_REFRESH	(1u << 4)
#define PORT_B_OUT2	(1u << 5)
#define REFRESH_PERIOD	18u	/* clock pulses, as a PC's firmware sets channel 1 */

#define NEVER		UINT64_MAX

struct channel {
	uint8_t control;	/* as written */
	bool gate;

	/* Reading and writing */
	bool write_msb;		/* RW_BOTH: the LSB has been written */
	bool read_msb;		/* RW_BOTH: the LSB has been read */
	uint8_t written_lsb;
	unsigned int latched;	/* bytes of the latched count that are left to read */
	uint16_t latch;
	bool status_latched;
	uint8_t status;

	/* The count register */
	uint16_t reload;	/* as written */
	bool armed;		/* written since the control word */
	bool null_count;	/* not loaded since then */
	uint64_t load_at;	/* the pulse at which it will be loaded, or NEVER */
	bool load_low;		/* then: for the half of mode 3 in which OUT is low */

	/* The counting element */
	bool counting;		/* loaded since the control word */
	bool stopped;		/* by the gate */
	uint16_t idle;		/* what it shows while not counting */
	uint32_t count;		/* what was loaded */
	uint64_t start;		/* the pulse that loaded it */
	uint64_t elapsed;	/* pulses since then; only while stopped */
	uint64_t risen;		/* rises of OUT since then that have been told */
};

struct pit {
	struct clock *clock;
	struct irq_line *irq;
	struct alarm alarm;	/* when OUT0 rises next, or something changes */
	struct channel channel[CHANNELS];
	uint8_t port_b;
	unsigned int owed;	/* ticks that the processor has not taken */
	bool taking;		/* it has taken one since the control word */
};

/* --- time --- */

static uint64_t pulse_at(uint64_t ns)
{
	return ns / NS_PER_SECOND * PIT_HZ + ns % NS_PER_SECOND * PIT_HZ / NS_PER_SECOND;
}

/* The first nanosecond at which the pulse has been. */
static uint64_t time_of(uint64_t pulse)
{
	return pulse / PIT_HZ * NS_PER_SECOND +
	       (pulse % PIT_HZ * NS_PER_SECOND + PIT_HZ - 1) / PIT_HZ;
}

static uint64_t pit_now(const struct pit *pit)
{
	return pulse_at(clock_now(pit->clock));
}

/* --- modes: what count and elapsed pulses make of OUT and the count --- */

static bool out_at_end(uint64_t count, uint64_t elapsed)
{
	return elapsed >= count;
}

/* A count of 1 is illegal here and in mode 3: OUT stays high. */
static bool out_rate(uint64_t count, uint64_t elapsed)
{
	return count == 1 || elapsed % count != count - 1;
}

static bool out_square(uint64_t count, uint64_t elapsed)
{
	return elapsed % count < (count + 1) / 2;
}

static bool out_strobe(uint64_t count, uint64_t elapsed)
{
	return elapsed != count;
}

/* Values are modulo the range of the counter, and not reduced. */
static uint64_t value_once(uint64_t count, uint64_t elapsed, uint64_t range)
{
	return count + range - elapsed % range;
}

static uint64_t value_rate(uint64_t count, uint64_t elapsed, uint64_t range)
{
	return count - elapsed % count;
}

/* Two at a time in each half; odd counts are loaded less one. */
static uint64_t value_square(uint64_t count, uint64_t elapsed, uint64_t range)
{
	uint64_t high = (count + 1) / 2, phase = elapsed % count;

	return (count & ~UINT64_C(1)) - 2 * (phase < high ? phase : phase - high);
}

#define OUT_STARTS_LOW	(1u << 0)	/* after the control word */
#define WRITE_LOADS	(1u << 1)	/* a new count, at once */
#define WRITE_STARTS	(1u << 2)	/* the first count; else the gate does */
#define GATE_STOPS	(1u << 3)	/* while low */
#define GATE_LOADS	(1u << 4)	/* when rising; until then OUT stays high */
#define PERIODIC	(1u << 5)	/* with count as the period */
#define STROBE		(1u << 6)	/* OUT rises a pulse after the end of the count */

static const struct mode {
	unsigned int flags;
	bool (*out)(uint64_t count, uint64_t elapsed);
	uint64_t (*value)(uint64_t count, uint64_t elapsed, uint64_t range);
} modes[] = {
	/* 0: interrupt on terminal count */
	{ OUT_STARTS_LOW | WRITE_LOADS | WRITE_STARTS | GATE_STOPS, out_at_end, value_once },
	/* 1: hardware retriggerable one-shot */
	{ GATE_LOADS, out_at_end, value_once },
	/* 2: rate generator */
	{ PERIODIC | WRITE_STARTS | GATE_STOPS | GATE_LOADS, out_rate, value_rate },
	/* 3: square wave */
	{ PERIODIC | WRITE_STARTS | GATE_STOPS | GATE_LOADS, out_square, value_square },
	/* 4: software triggered strobe */
	{ STROBE | WRITE_LOADS | WRITE_STARTS | GATE_STOPS, out_strobe, value_once },
	/* 5: hardware triggered strobe */
	{ STROBE | GATE_LOADS, out_strobe, value_once },
};

static const struct mode *mode_of(const struct channel *channel)
{
	unsigned int number = CONTROL_MODE(channel->control);

	/* The upper bit of modes 2 and 3 is not looked at. */
	return &modes[number > 5 ? number & 3 : number];
}

/* --- the counting element; now: a pulse, with the channel up to date --- */

static uint64_t elapsed_at(const struct channel *channel, uint64_t now)
{
	return channel->stopped ? channel->elapsed : now - channel->start;
}

static bool channel_out(const struct channel *channel, uint64_t now)
{
	const struct mode *mode = mode_of(channel);

	if (!channel->counting)
		return !(mode->flags & OUT_STARTS_LOW);
	if (channel->stopped && mode->flags & GATE_LOADS)
		return true;
	/* A strobe lasts for one pulse, whatever the gate does meanwhile. */
	if (mode->flags & STROBE && now - channel->start > elapsed_at(channel, now))
		return true;
	return mode->out(channel->count, elapsed_at(channel, now));
}

static uint16_t to_bcd(uint64_t value)
{
	return (uint16_t)(value % 10 | value / 10 % 10 << 4 | value / 100 % 10 << 8 |
			  value / 1000 % 10 << 12);
}

static uint32_t from_bcd(uint16_t digits)
{
	return (digits >> 12) * 1000u + (digits >> 8 & 15u) * 100u + (digits >> 4 & 15u) * 10u +
	       (digits & 15u);
}

static bool is_bcd(const struct channel *channel)
{
	return channel->control & CONTROL_BCD;
}

static uint32_t range_of(const struct channel *channel)
{
	return is_bcd(channel) ? 10000 : 0x10000;
}

static uint16_t channel_value(const struct channel *channel, uint64_t now)
{
	uint64_t value;

	if (!channel->counting)
		return channel->idle;
	value = mode_of(channel)->value(channel->count, elapsed_at(channel, now),
					range_of(channel));
	return is_bcd(channel) ? to_bcd(value) : (uint16_t)value;
}

/* The rises of OUT up to a number of pulses after loading. */
static uint64_t rises(const struct channel *channel, uint64_t elapsed)
{
	unsigned int flags = mode_of(channel)->flags;

	if (!channel->counting)
		return 0;
	if (flags & PERIODIC)
		return channel->count > 1 ? elapsed / channel->count : 0;
	return elapsed >= channel->count + (flags & STROBE ? 1u : 0u);
}

/* The pulse of the next rise, or NEVER. */
static uint64_t next_rise(const struct channel *channel)
{
	unsigned int flags = mode_of(channel)->flags;

	if (!channel->counting || channel->stopped)
		return NEVER;
	if (flags & PERIODIC)
		return channel->count > 1 ?
		       channel->start + (channel->risen + 1) * channel->count : NEVER;
	return channel->risen ? NEVER :
	       channel->start + channel->count + (flags & STROBE ? 1u : 0u);
}

static void load(struct channel *channel)
{
	uint32_t count = is_bcd(channel) ? from_bcd(channel->reload) : channel->reload;

	channel->count = count ? count : range_of(channel);
	channel->start = channel->load_at;
	/* As if the high half were over. */
	if (channel->load_low)
		channel->start -= (channel->count + 1) / 2;
	channel->elapsed = 0;
	channel->risen = 0;
	channel->counting = true;
	channel->stopped = mode_of(channel)->flags & GATE_STOPS && !channel->gate;
	channel->null_count = false;
	channel->load_at = NEVER;
}

/* Brings the channel up to date. Returns how often OUT has risen meanwhile. */
static uint64_t settle(struct channel *channel, uint64_t now)
{
	uint64_t risen = 0, up_to_now;

	if (channel->load_at <= now) {
		risen = rises(channel, elapsed_at(channel, channel->load_at)) - channel->risen;
		load(channel);
	}
	up_to_now = rises(channel, elapsed_at(channel, now));
	risen += up_to_now - channel->risen;
	channel->risen = up_to_now;
	return risen;
}

/*
 * Until it is loaded, the counting element shows anything (the data sheet's N). On
 * hardware a port access takes longer than the pulse that is awaited; guests rely on
 * that, and read the new count at once.
 */
static void load_next(struct channel *channel, uint64_t now)
{
	if (!channel->counting)
		channel->idle = channel->reload;
	channel->load_at = now + 1;
	channel->load_low = false;
}

/* At the end of the cycle, in mode 3 of the half cycle. */
static void load_at_end(struct channel *channel, uint64_t now)
{
	uint64_t elapsed = elapsed_at(channel, now);
	uint64_t cycle = channel->start + elapsed / channel->count * channel->count;
	uint64_t high = (channel->count + 1) / 2;

	channel->load_low = mode_of(channel)->out == out_square && elapsed % channel->count < high;
	channel->load_at = cycle + (channel->load_low ? high : channel->count);
}

/* A count has been written whole. */
static void take_count(struct channel *channel, uint64_t now, uint16_t count)
{
	unsigned int flags = mode_of(channel)->flags;

	channel->reload = count;
	channel->armed = true;
	channel->null_count = true;
	if (flags & WRITE_LOADS || (flags & WRITE_STARTS && !channel->counting))
		load_next(channel, now);
	else if (flags & PERIODIC && !channel->stopped && channel->load_at == NEVER)
		load_at_end(channel, now);
}

static void set_gate(struct channel *channel, uint64_t now, bool gate)
{
	unsigned int flags = mode_of(channel)->flags;

	if (gate == channel->gate)
		return;
	channel->gate = gate;
	if (!gate && flags & GATE_STOPS && channel->counting) {
		channel->elapsed = elapsed_at(channel, now);
		channel->stopped = true;
		if (flags & GATE_LOADS)
			channel->load_at = NEVER;
	} else if (gate && flags & GATE_LOADS && channel->armed) {
		load_next(channel, now);
	} else if (gate && channel->stopped) {
		/* Once round, so that what happened at the end of the count is past. */
		if (channel->elapsed == channel->count && now - channel->start > channel->elapsed)
			channel->elapsed += range_of(channel);
		channel->start = now - channel->elapsed;
		channel->stopped = false;
	}
}

/* --- reading and writing a channel --- */

static uint8_t byte_of(uint16_t value, bool msb)
{
	return (uint8_t)(msb ? value >> 8 : value);
}

static uint8_t channel_read(struct channel *channel, uint64_t now)
{
	unsigned int rw = CONTROL_RW(channel->control);
	bool msb = rw == RW_MSB;

	if (channel->status_latched) {
		channel->status_latched = false;
		return channel->status;
	}
	if (channel->latched) {
		msb |= rw == RW_BOTH && channel->latched == 1;
		channel->latched--;
		return byte_of(channel->latch, msb);
	}
	if (rw == RW_BOTH) {
		msb = channel->read_msb;
		channel->read_msb = !msb;
	}
	return byte_of(channel_value(channel, now), msb);
}

/* Counting stops, and shows where. */
static void halt(struct channel *channel, uint64_t now)
{
	channel->idle = channel_value(channel, now);
	channel->counting = false;
	channel->risen = 0;
	channel->load_at = NEVER;
}

static void channel_write(struct channel *channel, uint64_t now, uint8_t value)
{
	unsigned int rw = CONTROL_RW(channel->control);

	/* Mode 0: the first byte ends the old count and takes OUT low. */
	if (mode_of(channel)->flags & OUT_STARTS_LOW)
		halt(channel, now);
	if (rw == RW_BOTH && !channel->write_msb) {
		channel->written_lsb = value;
		channel->write_msb = true;
		return;
	}
	if (rw == RW_BOTH)
		take_count(channel, now, (uint16_t)(value << 8 | channel->written_lsb));
	else
		take_count(channel, now, (uint16_t)(rw == RW_MSB ? value << 8 : value));
	channel->write_msb = false;
}

static void latch_count(struct channel *channel, uint64_t now)
{
	if (channel->latched)
		return;
	channel->latch = channel_value(channel, now);
	channel->latched = CONTROL_RW(channel->control) == RW_BOTH ? 2 : 1;
}

static void latch_status(struct channel *channel, uint64_t now)
{
	if (channel->status_latched)
		return;
	channel->status = channel->control | (channel->null_count ? STATUS_NULL : 0) |
			  (channel_out(channel, now) ? STATUS_OUT : 0);
	channel->status_latched = true;
}

static void program(struct channel *channel, uint64_t now, uint8_t control)
{
	halt(channel, now);
	channel->control = control & CONTROL_STORED;
	channel->armed = false;
	channel->null_count = true;
	channel->write_msb = false;
	channel->read_msb = false;
	channel->latched = 0;
	channel->status_latched = false;
}

/* --- channel 0's interrupts --- */

static void raise_irq(struct pit *pit)
{
	irq_set(pit->irq, false);
	irq_set(pit->irq, true);
}

/* OUT0 has risen. Of periodic ticks more than one can be owed. */
static void tick(struct pit *pit, uint64_t times)
{
	bool periodic = mode_of(&pit->channel[0])->flags & PERIODIC;
	uint64_t owed = pit->taking && periodic ? pit->owed + times : 1;

	if (!times)
		return;
	pit->owed = owed < PIT_OWED_MAX ? (unsigned int)owed : PIT_OWED_MAX;
	raise_irq(pit);
}

static void pit_taken(void *self)
{
	struct pit *pit = self;

	pit->taking = true;
	if (pit->owed && --pit->owed)
		raise_irq(pit);
}

static struct channel *up_to_date(struct pit *pit, unsigned int which, uint64_t now)
{
	struct channel *channel = &pit->channel[which];
	uint64_t risen = settle(channel, now);

	if (which == 0)
		tick(pit, risen);
	return channel;
}

static void set_alarm(struct pit *pit)
{
	const struct channel *channel = &pit->channel[0];
	uint64_t pulse = next_rise(channel);

	if (channel->load_at < pulse)
		pulse = channel->load_at;
	if (pulse == NEVER)
		alarm_cancel(pit->clock, &pit->alarm);
	else
		alarm_set(pit->clock, &pit->alarm, time_of(pulse));
}

static void pit_alarm(void *self)
{
	struct pit *pit = self;

	up_to_date(pit, 0, pit_now(pit));
	set_alarm(pit);
}

/* The guest has written to channel 0, where OUT was at a level before. */
static void after_write(struct pit *pit, uint64_t now, bool was)
{
	bool is = channel_out(&pit->channel[0], now);

	if (is && !was)
		tick(pit, 1);
	else if (was && !is)
		irq_set(pit->irq, false);
	set_alarm(pit);
}

/* --- ports --- */

static void write_count(struct pit *pit, unsigned int which, uint8_t value)
{
	uint64_t now = pit_now(pit);
	struct channel *channel = up_to_date(pit, which, now);
	bool was = channel_out(channel, now);

	channel_write(channel, now, value);
	if (which == 0)
		after_write(pit, now, was);
}

static void write_control_word(struct pit *pit, uint64_t now, unsigned int which, uint8_t value)
{
	struct channel *channel = up_to_date(pit, which, now);
	bool was = channel_out(channel, now);

	program(channel, now, value);
	if (which != 0)
		return;
	pit->owed = 0;
	pit->taking = false;
	/* A fall that has not been shown. */
	if (!was)
		irq_set(pit->irq, false);
	after_write(pit, now, was);
}

static void read_back(struct pit *pit, uint64_t now, uint8_t command)
{
	for (unsigned int i = 0; i < CHANNELS; i++) {
		struct channel *channel = up_to_date(pit, i, now);

		if (!(command & READ_BACK_CHANNEL(i)))
			continue;
		if (!(command & READ_BACK_NO_COUNT))
			latch_count(channel, now);
		if (!(command & READ_BACK_NO_STATUS))
			latch_status(channel, now);
	}
}

static void write_control(struct pit *pit, uint8_t value)
{
	unsigned int which = CONTROL_SC(value);
	uint64_t now = pit_now(pit);

	if (which == SC_READ_BACK)
		read_back(pit, now, value);
	else if (CONTROL_RW(value) == RW_LATCH)
		latch_count(up_to_date(pit, which, now), now);
	else
		write_control_word(pit, now, which, value);
}

static void pit_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	if (offset == PORT_CONTROL)
		write_control(self, (uint8_t)value);
	else
		write_count(self, (unsigned int)offset, (uint8_t)value);
}

/* The control word cannot be read back: nobody drives the bus. */
static uint64_t pit_read(void *self, uint64_t offset, unsigned int size)
{
	uint64_t now = pit_now(self);

	if (offset == PORT_CONTROL)
		return 0xFF;
	return channel_read(up_to_date(self, (unsigned int)offset, now), now);
}

const struct bus_ops pit_ops = {
	.sizes = BUS_SIZE_1,
	.read = pit_read,
	.write = pit_write,
};

static uint64_t port_b_read(void *self, uint64_t offset, unsigned int size)
{
	struct pit *pit = self;
	uint64_t now = pit_now(pit);
	const struct channel *channel = up_to_date(pit, 2, now);

	return pit->port_b | (now / REFRESH_PERIOD % 2 ? PORT_B_REFRESH : 0) |
	       (channel_out(channel, now) ? PORT_B_OUT2 : 0);
}

static void port_b_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct pit *pit = self;
	uint64_t now = pit_now(pit);
	struct channel *channel = up_to_date(pit, 2, now);

	pit->port_b = value & PORT_B_STORED;
	set_gate(channel, now, value & PORT_B_GATE2);
}

const struct bus_ops port_b_ops = {
	.sizes = BUS_SIZE_1,
	.read = port_b_read,
	.write = port_b_write,
};

/* --- life --- */

/* The line falls; OUT0's being high afterwards is no rise that anyone should see. */
static void pit_reset(void *self)
{
	struct pit *pit = self;

	alarm_cancel(pit->clock, &pit->alarm);
	irq_set(pit->irq, false);
	*pit = (struct pit){ .clock = pit->clock, .irq = pit->irq, .alarm = pit->alarm };
	for (unsigned int i = 0; i < CHANNELS; i++) {
		pit->channel[i] = (struct channel){
			.control = CONTROL_RESET, .gate = i != 2, .null_count = true,
			.load_at = NEVER,
		};
	}
}

int pit_create(struct pit **pit, struct clock *clock, struct irq_line *irq)
{
	*pit = calloc(1, sizeof(**pit));
	if (!*pit)
		return -ENOMEM;
	(*pit)->clock = clock;
	(*pit)->irq = irq;
	(*pit)->alarm = (struct alarm){ .fn = pit_alarm, .self = *pit };
	irq_on_taken(irq, pit_taken, *pit);
	pit_reset(*pit);
	return 0;
}

static void pit_destroy(void *self)
{
	struct pit *pit = self;

	alarm_cancel(pit->clock, &pit->alarm);
	free(pit);
}

const struct device_ops pit_device = {
	.name = "pit",
	.reset = pit_reset,
	.fini = pit_destroy,
};
