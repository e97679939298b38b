/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-uart.c - the UART driven through its ports, as a guest does it, and
 * what the PC16550D's data sheet says about it.
 */
#include "dev/uart.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define BASE 0x3F8u
#define LINE 4u

/* Registers and what is in them, in the tests' own words. */
enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR, FCR = IIR };

#define NO_INTERRUPT 0x01u
#define THR_EMPTY 0x02u
#define RECEIVED 0x04u
#define LINE_STATUS 0x06u
#define TIMEOUT 0x0Cu
#define FIFOS 0xC0u

#define DLAB 0x80u
#define OUT2 0x08u
#define LOOP 0x10u

struct fixture {
	struct unit unit;
	const struct log log;
	struct capture *capture;
	struct outputs *outputs;
	struct output *output;
	struct clock *clock;
	struct irqs *irqs;
	struct uart *uart;
	struct bus *bus;
	unsigned int edges;	/* how often the line rose */
};

static void count_edges(void *self, unsigned int number, bool level)
{
	struct fixture *f = self;

	f->edges += number == LINE && level;
}

static bool set_up(struct fixture *f)
{
	struct bus_range range = { .base = BASE, .length = 8, .ops = &uart_ops, .name = "uart" };
	struct outputs_config config = { .log = &f->log };

	if (capture_create(&f->capture) < 0)
		return false;
	config.capture = f->capture;
	if (irqs_create(&f->irqs) < 0 || bus_create(&f->bus) < 0 ||
	    outputs_create(&f->outputs, &config) < 0 ||
	    output_open_fn(&f->output, NULL, NULL, "output", f->outputs) < 0 ||
	    clock_create(&f->clock, true) < 0 ||
	    uart_create(&f->uart, f->output, f->clock, irq_line(f->irqs, LINE)) < 0 ||
	    irq_listen(irq_line(f->irqs, LINE), count_edges, f) < 0)
		return false;
	range.self = f->uart;
	return bus_claim(f->bus, BUS_PIO, &range) == 0;
}

static void tear_down(struct fixture *f)
{
	uart_device.fini(f->uart);
	clock_destroy(f->clock);
	output_close(f->output);
	outputs_destroy(f->outputs);
	bus_destroy(f->bus);
	irqs_destroy(f->irqs);
	capture_destroy(f->capture);
}

static unsigned int in(struct fixture *f, unsigned int offset)
{
	return (unsigned int)bus_read(f->bus, BUS_PIO, BASE + offset, 1);
}

static void out(struct fixture *f, unsigned int offset, unsigned int value)
{
	bus_write(f->bus, BUS_PIO, BASE + offset, 1, value);
}

static bool line(const struct fixture *f)
{
	return irq_level(irq_line(f->irqs, LINE));
}

static void reads(struct fixture *f, unsigned int offset, unsigned int wanted, const char *what)
{
	unit_equal(&f->unit, in(f, offset), wanted, what);
}

static void line_is(struct fixture *f, bool wanted, const char *what)
{
	unit_equal(&f->unit, line(f), wanted, what);
}

static void pass_time(struct fixture *f, uint64_t ns)
{
	clock_advance_to(f->clock, clock_now(f->clock) + ns);
	clock_run_alarms(f->clock);
}

/* Polls until the receiver is open. */
static void listen(struct fixture *f)
{
	for (unsigned int n = 0; n < 4; n++)
		in(f, LSR);
	pass_time(f, 2000000);
}

static size_t receive(struct fixture *f, const char *text)
{
	return uart_receive(f->uart, (const uint8_t *)text, strlen(text));
}

static void printed(struct fixture *f, const char *wanted, const char *what)
{
	size_t len;
	const char *bytes = capture_bytes(f->capture, &len);

	unit_check(&f->unit, len == strlen(wanted) && !memcmp(bytes, wanted, len), what);
}

/* The registers after power-on or a reset; when: which of them, for the lines. */
static void check_reset_state(struct fixture *f, const char *when)
{
	static const struct {
		const char *name;
		unsigned int offset;
		unsigned int value;
	} registers[] = {
		{ "IER", IER, 0x00 }, { "IIR", IIR, NO_INTERRUPT }, { "LCR", LCR, 0x00 },
		{ "MCR", MCR, 0x00 }, { "LSR, transmitter empty", LSR, 0x60 },
		{ "MSR, DCD, DSR and CTS", MSR, 0xB0 },
	};
	char what[80];

	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		snprintf(what, sizeof(what), "uart: %s: %s", when, registers[i].name);
		reads(f, registers[i].offset, registers[i].value, what);
	}
	snprintf(what, sizeof(what), "uart: %s: line low", when);
	line_is(f, false, what);
}

static void test_power_on(struct fixture *f)
{
	check_reset_state(f, "power-on");
}

/* What Linux's 8250 driver looks at to tell a 16550A from its relatives. */
static void test_identity(struct fixture *f)
{
	out(f, IER, 0xFF);
	reads(f, IER, 0x0F, "uart: identity: four bits in IER");
	out(f, IER, 0);
	out(f, MCR, LOOP | 0x0A);
	unit_equal(&f->unit, in(f, MSR) & 0xF0, 0x90, "uart: identity: loopback, RTS and OUT2");
	out(f, MCR, 0xFF);
	reads(f, MCR, 0x1F, "uart: identity: no automatic flow control");
	out(f, MCR, 0);
	out(f, FCR, 0x01);
	reads(f, IIR, FIFOS | NO_INTERRUPT, "uart: identity: FIFOs on");
	out(f, LCR, DLAB);
	out(f, FCR, 0x21);
	reads(f, IIR, FIFOS | NO_INTERRUPT, "uart: identity: no FIFOs of 64 bytes");
	out(f, LCR, 0xBF);
	reads(f, IIR, FIFOS | NO_INTERRUPT, "uart: identity: no EFR");
	out(f, LCR, 0);
	out(f, FCR, 0x00);
	reads(f, IIR, NO_INTERRUPT, "uart: identity: FIFOs off");
	out(f, SCR, 0xA5);
	reads(f, SCR, 0xA5, "uart: identity: scratch register");
}

static void test_divisor(struct fixture *f)
{
	out(f, LCR, DLAB | 0x03);
	out(f, DATA, 0x34);
	out(f, IER, 0x12);
	reads(f, DATA, 0x34, "uart: divisor: low byte");
	reads(f, IER, 0x12, "uart: divisor: high byte");
	out(f, LCR, 0x03);
	reads(f, IER, 0x00, "uart: divisor: IER is another register");
	reads(f, LCR, 0x03, "uart: divisor: LCR");
	printed(f, "", "uart: divisor: nothing is sent");
}

static void test_transmit(struct fixture *f)
{
	out(f, DATA, 'a');
	bus_write_string(f->bus, BASE, 1, "bcd", 3);
	printed(f, "abcd", "uart: transmit: bytes arrive in order");
	reads(f, LSR, 0x60, "uart: transmit: empty at once");
	out(f, LCR, DLAB);
	bus_write_string(f->bus, BASE, 1, "xyz", 3);
	reads(f, DATA, 'z', "uart: transmit: a string goes to the divisor too");
	printed(f, "abcd", "uart: transmit: and not to the line");
	bus_write_string(f->bus, BASE + SCR, 1, "xyz", 3);
	reads(f, SCR, 'z', "uart: transmit: a string to another register");
	printed(f, "abcd", "uart: transmit: which does not send it");
	bus_write(f->bus, BUS_PIO, BASE + LCR, 2, 0x0803);
	reads(f, LCR, 0x03, "uart: transmit: 16 bits, first register");
	reads(f, MCR, 0x08, "uart: transmit: 16 bits, second register");
}

static void test_thr_empty(struct fixture *f)
{
	unsigned int edges;

	out(f, MCR, OUT2);
	out(f, IER, 0x02);
	line_is(f, true, "uart: THRE: enabling it raises the line");
	reads(f, IIR, THR_EMPTY, "uart: THRE: cause");
	line_is(f, false, "uart: THRE: reading the cause lowers the line");
	reads(f, IIR, NO_INTERRUPT, "uart: THRE: told once");
	out(f, IER, 0x02);
	line_is(f, false, "uart: THRE: enabling it again does nothing");
	out(f, DATA, 'a');
	line_is(f, true, "uart: THRE: after a byte");
	edges = f->edges;
	out(f, DATA, 'b');
	unit_equal(&f->unit, f->edges, edges + 1, "uart: THRE: each byte makes an edge");
	out(f, IER, 0x00);
	line_is(f, false, "uart: THRE: disabled");
	out(f, IER, 0x02);
	line_is(f, true, "uart: THRE: enabled anew");
}

/* As in QEMU's PC: kernels that were written there leave OUT2 clear. */
static void test_out2(struct fixture *f)
{
	out(f, IER, 0x02);
	line_is(f, true, "uart: OUT2: without it the interrupt comes out too");
	out(f, MCR, OUT2);
	line_is(f, true, "uart: OUT2: with it as well");
}

static void test_receive(struct fixture *f)
{
	out(f, MCR, OUT2);
	out(f, IER, 0x01);
	unit_equal(&f->unit, receive(f, "ab"), 1, "uart: receive: one byte without FIFOs");
	reads(f, LSR, 0x61, "uart: receive: data ready");
	reads(f, IIR, RECEIVED, "uart: receive: cause");
	reads(f, IIR, RECEIVED, "uart: receive: reading the cause does not clear it");
	line_is(f, true, "uart: receive: line");
	unit_equal(&f->unit, receive(f, "b"), 0, "uart: receive: no room");
	reads(f, DATA, 'a', "uart: receive: the byte");
	reads(f, LSR, 0x60, "uart: receive: nothing left");
	line_is(f, false, "uart: receive: line lowered");
}

static void test_trigger_levels(struct fixture *f)
{
	static const struct {
		unsigned int fcr;
		unsigned int level;
		const char *below;
		const char *at;
	} triggers[] = {
		{ 0x01, 1, "uart: FIFO: empty", "uart: FIFO: trigger level 1" },
		{ 0x41, 4, "uart: FIFO: below level 4", "uart: FIFO: trigger level 4" },
		{ 0x81, 8, "uart: FIFO: below level 8", "uart: FIFO: trigger level 8" },
		{ 0xC1, 14, "uart: FIFO: below level 14", "uart: FIFO: trigger level 14" },
	};

	out(f, IER, 0x01);
	for (size_t i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++) {
		out(f, FCR, triggers[i].fcr | 0x02);
		for (unsigned int n = 1; n < triggers[i].level; n++)
			receive(f, "x");
		reads(f, IIR, FIFOS | NO_INTERRUPT, triggers[i].below);
		receive(f, "x");
		reads(f, IIR, FIFOS | RECEIVED, triggers[i].at);
	}
}

/* Four characters of 10 bits at 9600 bits a second. */
#define TIMEOUT_NS (40 * NS_PER_SECOND / 9600)

static void test_timeout(struct fixture *f)
{
	out(f, LCR, 0x03);
	out(f, FCR, 0xC1);
	out(f, IER, 0x01);
	receive(f, "ab");
	pass_time(f, TIMEOUT_NS - 10000);
	line_is(f, false, "uart: timeout: not before four characters' time");
	pass_time(f, 20000);
	reads(f, IIR, FIFOS | TIMEOUT, "uart: timeout: cause");
	line_is(f, true, "uart: timeout: line");
	reads(f, DATA, 'a', "uart: timeout: the byte");
	reads(f, IIR, FIFOS | NO_INTERRUPT, "uart: timeout: a read clears it");
	pass_time(f, TIMEOUT_NS - 10000);
	receive(f, "c");
	pass_time(f, TIMEOUT_NS - 10000);
	reads(f, IIR, FIFOS | NO_INTERRUPT, "uart: timeout: from the last byte on");
	pass_time(f, 20000);
	reads(f, IIR, FIFOS | TIMEOUT, "uart: timeout: again");
	out(f, FCR, 0xC3);
	reads(f, IIR, FIFOS | NO_INTERRUPT, "uart: timeout: clearing the FIFO clears it");
	pass_time(f, 2 * TIMEOUT_NS);
	line_is(f, false, "uart: timeout: none of an empty FIFO");
	out(f, LCR, DLAB);
	out(f, DATA, 0x01);
	out(f, LCR, 0x03);
	receive(f, "d");
	pass_time(f, TIMEOUT_NS / 12 + 1000);
	reads(f, IIR, FIFOS | TIMEOUT, "uart: timeout: by the programmed speed");
}

static void test_break(struct fixture *f)
{
	out(f, FCR, 0xC1);
	out(f, IER, 0x04);
	receive(f, "a");
	uart_receive_break(f->uart);
	receive(f, "b");
	reads(f, LSR, 0xE1, "uart: break: an error is in the FIFO");
	line_is(f, false, "uart: break: told when the break is at the top");
	reads(f, DATA, 'a', "uart: break: the byte before it");
	reads(f, IIR, FIFOS | LINE_STATUS, "uart: break: cause");
	reads(f, LSR, 0xF1, "uart: break: status");
	reads(f, LSR, 0x61, "uart: break: told once");
	reads(f, DATA, 0x00, "uart: break: a byte of zeros");
	reads(f, DATA, 'b', "uart: break: the byte behind it");
	out(f, FCR, 0x00);
	uart_receive_break(f->uart);
	reads(f, LSR, 0x71, "uart: break: without FIFOs no FIFO error");
	in(f, DATA);
	out(f, MCR, LOOP);
	out(f, LCR, 0x43);
	reads(f, LSR, 0x71, "uart: break: in loopback mode");
}

static void test_rts(struct fixture *f)
{
	unit_equal(&f->unit, receive(f, "a"), 1, "uart: RTS: not used, not minded");
	in(f, DATA);
	out(f, MCR, 0x0B);
	unit_equal(&f->unit, receive(f, "a"), 1, "uart: RTS: set");
	in(f, DATA);
	out(f, MCR, 0x09);
	unit_equal(&f->unit, receive(f, "a"), 0, "uart: RTS: held back");
	out(f, MCR, 0x0B);
	unit_equal(&f->unit, receive(f, "a"), 1, "uart: RTS: set again");
}

/* Sends four bytes whenever there is room for more. */
static void send_more(void *self)
{
	receive(self, "1234");
}

static unsigned int read_all(struct fixture *f)
{
	unsigned int count = 0;

	for (; in(f, LSR) & 0x01; count++)
		in(f, DATA);
	return count;
}

/* What comes before the guest is ready is not lost: it waits at the other end. */
static void test_listening(struct fixture *f)
{
	unit_equal(&f->unit, receive(f, "a"), 0, "uart: listening: not at power-on");
	for (unsigned int n = 0; n < 20; n++) {
		in(f, LSR);
		out(f, DATA, 'x');
	}
	pass_time(f, 2000000);
	unit_equal(&f->unit, receive(f, "a"), 0, "uart: listening: a guest that sends does not");
	out(f, IER, 0x01);
	unit_equal(&f->unit, receive(f, "a"), 0, "uart: listening: time for a last clean-up");
	pass_time(f, 2000000);
	unit_equal(&f->unit, receive(f, "a"), 1, "uart: listening: with the interrupt enabled");
	uart_device.reset(f->uart);
	unit_equal(&f->unit, receive(f, "a"), 0, "uart: listening: not after a reset");
	listen(f);
	unit_equal(&f->unit, receive(f, "a"), 1, "uart: listening: polling is");
}

static void test_room(struct fixture *f)
{
	pass_time(f, NS_PER_SECOND);
	uart_on_room(f->uart, send_more, f);
	out(f, FCR, 0x01);
	unit_equal(&f->unit, read_all(f), 4, "uart: room: a FIFO that is switched on");
	unit_equal(&f->unit, read_all(f), 0, "uart: room: no more for a while");
	unit_equal(&f->unit, receive(f, "x"), 0, "uart: room: from nobody");
	pass_time(f, 110000);
	unit_equal(&f->unit, read_all(f), 4, "uart: room: then more comes");
	pass_time(f, 110000);
	out(f, MCR, LOOP);
	read_all(f);
	pass_time(f, 1000000);
	unit_equal(&f->unit, read_all(f), 0, "uart: room: not in loopback mode");
	out(f, MCR, 0);
	pass_time(f, 110000);
	unit_equal(&f->unit, read_all(f), 4, "uart: room: but after it");
}

static void test_fifo(struct fixture *f)
{
	char got[11] = "";

	receive(f, "x");
	out(f, FCR, 0x02);
	reads(f, LSR, 0x61, "uart: FIFO: nothing is cleared that is not enabled");
	out(f, FCR, 0xC1);
	reads(f, LSR, 0x60, "uart: FIFO: switching it on clears the receiver");
	receive(f, "x");
	out(f, FCR, 0x41);
	reads(f, LSR, 0x61, "uart: FIFO: another trigger level clears nothing");
	out(f, FCR, 0xC3);
	reads(f, LSR, 0x60, "uart: FIFO: cleared");
	unit_equal(&f->unit, receive(f, "0123456789abcdefgh"), 16, "uart: FIFO: 16 bytes");
	reads(f, LSR, 0x61, "uart: FIFO: full is not overrun");
	for (unsigned int n = 0; n < 10; n++)
		got[n] = (char)in(f, DATA);
	unit_check(&f->unit, !strcmp(got, "0123456789"), "uart: FIFO: first in, first out");
	unit_equal(&f->unit, receive(f, "ghij"), 4, "uart: FIFO: room again");
	for (unsigned int n = 0; n < 10; n++)
		got[n] = (char)in(f, DATA);
	unit_check(&f->unit, !strcmp(got, "abcdefghij"), "uart: FIFO: around the ring's end");
	receive(f, "x");
	out(f, FCR, 0x00);
	reads(f, LSR, 0x60, "uart: FIFO: switching it off clears it");
}

static void test_overrun(struct fixture *f)
{
	out(f, MCR, LOOP);
	out(f, DATA, 'a');
	out(f, DATA, 'b');
	out(f, IER, 0x01);
	reads(f, IIR, RECEIVED, "uart: overrun: no interrupt unless it is enabled");
	reads(f, LSR, 0x63, "uart: overrun: without FIFOs");
	reads(f, LSR, 0x61, "uart: overrun: told once");
	reads(f, DATA, 'b', "uart: overrun: the newer byte stays");
	out(f, FCR, 0x01);
	bus_write_string(f->bus, BASE, 1, "0123456789abcdefg", 17);
	out(f, IER, 0x04);
	reads(f, IIR, FIFOS | LINE_STATUS, "uart: overrun: cause");
	reads(f, LSR, 0x63, "uart: overrun: with FIFOs");
	reads(f, IIR, FIFOS | NO_INTERRUPT, "uart: overrun: reading LSR clears it");
	reads(f, DATA, '0', "uart: overrun: the older bytes stay");
}

static void test_loopback(struct fixture *f)
{
	out(f, MCR, LOOP);
	reads(f, MSR, 0x0B, "uart: loopback: the modem's lines fall, with their deltas");
	reads(f, MSR, 0x00, "uart: loopback: the deltas are told once");
	out(f, MCR, LOOP | 0x04);
	reads(f, MSR, 0x40, "uart: loopback: ring begins, no delta");
	out(f, MCR, LOOP);
	reads(f, MSR, 0x04, "uart: loopback: ring ends, TERI");
	out(f, MCR, LOOP | 0x01);
	reads(f, MSR, 0x22, "uart: loopback: DTR is DSR");
	out(f, MCR, LOOP | 0x02);
	reads(f, MSR, 0x13, "uart: loopback: RTS is CTS");
	out(f, DATA, 0x5A);
	reads(f, DATA, 0x5A, "uart: loopback: what is sent is received");
	printed(f, "", "uart: loopback: and does not leave the chip");
	unit_equal(&f->unit, receive(f, "x"), 0, "uart: loopback: the line is not heard");
	out(f, MCR, 0);
	reads(f, MSR, 0xBA, "uart: loopback: the modem is back");
}

static void test_priorities(struct fixture *f)
{
	out(f, MCR, LOOP | OUT2);
	out(f, DATA, 'a');
	out(f, DATA, 'b');
	out(f, IER, 0x0F);
	reads(f, IIR, LINE_STATUS, "uart: priorities: line status");
	in(f, LSR);
	reads(f, IIR, RECEIVED, "uart: priorities: received data");
	in(f, DATA);
	reads(f, IIR, THR_EMPTY, "uart: priorities: transmitter empty");
	reads(f, IIR, 0x00, "uart: priorities: modem status");
	line_is(f, true, "uart: priorities: line until the last");
	in(f, MSR);
	reads(f, IIR, NO_INTERRUPT, "uart: priorities: none");
	line_is(f, false, "uart: priorities: line low");
}

static void test_device_reset(struct fixture *f)
{
	out(f, MCR, OUT2);
	out(f, FCR, 0x01);
	out(f, IER, 0x03);
	receive(f, "x");
	uart_device.reset(f->uart);
	check_reset_state(f, "reset");
}

int main(void)
{
	static void (*const tests[])(struct fixture *f) = {
		test_power_on, test_identity, test_divisor, test_transmit, test_thr_empty,
		test_out2, test_receive, test_trigger_levels, test_timeout, test_fifo, test_overrun,
		test_break, test_rts, test_listening, test_room, test_loopback, test_priorities, test_device_reset,
	};
	unsigned int failed = 0;

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		struct fixture f = { .unit = { 0 } };

		if (!set_up(&f))
			return EXIT_FAILURE;
		if (tests[i] != test_listening)
			listen(&f);
		tests[i](&f);
		tear_down(&f);
		failed += f.unit.failed;
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
