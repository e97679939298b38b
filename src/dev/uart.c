/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * uart.c - a 16550A UART, see uart.h. Manual: National Semiconductor PC16550D.
 *
 * What is sent is gone at once, so that the transmitter is always empty, and
 * what arrives comes as fast as the guest reads it, but for a breathing space;
 * only the character timeout goes by the programmed speed. There are no parity
 * or framing errors. The modem at the other end is always ready; it honours RTS
 * once the guest has set it.
 */
#include "dev/uart.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define FIFO_SIZE 16u

/* Registers by offset; the first two are the divisor while LCR.DLAB is set. */
enum uart_offset {
	UART_DATA,		/* RBR, THR */
	UART_IER,
	UART_IIR,		/* reads */
	UART_FCR = UART_IIR,	/* writes */
	UART_LCR,
	UART_MCR,
	UART_LSR,
	UART_MSR,
	UART_SCR,
	UART_REGISTERS,
};

#define UART_DIVISOR_REGISTERS 2u

#define IER_RECEIVED	(1u << 0)
#define IER_THR_EMPTY	(1u << 1)
#define IER_LINE	(1u << 2)
#define IER_MODEM	(1u << 3)
#define IER_STORED	0x0Fu

#define IIR_MODEM	0x00u
#define IIR_NONE	0x01u
#define IIR_THR_EMPTY	0x02u
#define IIR_RECEIVED	0x04u
#define IIR_LINE	0x06u
#define IIR_TIMEOUT	0x0Cu
#define IIR_FIFOS	0xC0u	/* FIFOs enabled */

#define FCR_ENABLE	(1u << 0)
#define FCR_CLEAR_RX	(1u << 1)
#define FCR_TRIGGER	0xC0u
#define FCR_TRIGGER_SHIFT 6

#define LCR_WORD_LENGTH	3u	/* 5 bits and this */
#define LCR_STOP_BITS	(1u << 2)
#define LCR_PARITY	(1u << 3)
#define LCR_BREAK	(1u << 6)
#define LCR_DLAB	(1u << 7)

#define MCR_DTR		(1u << 0)
#define MCR_RTS		(1u << 1)
#define MCR_OUT1	(1u << 2)
#define MCR_OUT2	(1u << 3)
#define MCR_LOOP	(1u << 4)
#define MCR_STORED	0x1Fu

#define LSR_DR		(1u << 0)
#define LSR_OE		(1u << 1)
#define LSR_BI		(1u << 4)
#define LSR_THRE	(1u << 5)
#define LSR_TEMT	(1u << 6)
#define LSR_FIFO_ERROR	(1u << 7)

#define MSR_TERI	(1u << 2)
#define MSR_CTS		(1u << 4)
#define MSR_DSR		(1u << 5)
#define MSR_RI		(1u << 6)
#define MSR_DCD		(1u << 7)
#define MSR_READY	(MSR_CTS | MSR_DSR | MSR_DCD)
#define MSR_DELTA_SHIFT	4	/* from a line's bit to its delta bit */

#define DIVISOR_9600	12u	/* as a PC's firmware leaves it */
#define CLOCK_HZ	UINT64_C(1843200)
#define CLOCKS_PER_BIT	16u	/* times the divisor */
#define TIMEOUT_CHARACTERS 4u

/* Between one filling of the FIFO and the next. */
#define REFILL_NS	(NS_PER_SECOND / 10000)
/* From where the guest begins to listen: drivers first empty the receiver. */
#define LISTEN_NS	(NS_PER_SECOND / 1000)
/* So many looks at an empty receiver, with nothing else between, are listening too. */
#define LISTEN_POLLS	4u

struct uart {
	struct output *output;
	struct clock *clock;
	struct irq_line *irq;
	void (*on_room)(void *self);	/* NULL: nobody waits for it */
	void *on_room_self;
	struct alarm refill;		/* on_room may be called again */
	struct alarm timeout;		/* a character timeout may be due */
	uint8_t divisor[UART_DIVISOR_REGISTERS];
	uint8_t ier;
	uint8_t fcr;			/* FCR_ENABLE and FCR_TRIGGER */
	uint8_t lcr;
	uint8_t mcr;
	uint8_t scr;
	uint8_t modem_deltas;		/* MSR bits 0-3 */
	bool overrun;			/* LSR.OE */
	bool break_told;		/* LSR.BI of the byte at the FIFO's top has been read */
	bool thr_emptied;		/* the interrupt: not yet seen in IIR */
	bool timed_out;			/* the character timeout */
	bool rts_used;			/* the guest has set RTS */
	bool listening;			/* the guest has a use for what comes in */
	unsigned int polls;		/* of LSR, since the last write */
	uint64_t touched;		/* when the FIFO was last read or filled */
	uint64_t refilled;		/* when on_room was last called */
	uint8_t fifo[FIFO_SIZE];	/* a ring; without FIFOs only one byte is used */
	bool breaks[FIFO_SIZE];		/* the byte stands for a break */
	unsigned int first;
	unsigned int count;
};

static bool fifos_enabled(const struct uart *uart)
{
	return uart->fcr & FCR_ENABLE;
}

static unsigned int fifo_room(const struct uart *uart)
{
	return (fifos_enabled(uart) ? FIFO_SIZE : 1) - uart->count;
}

static unsigned int trigger_level(const struct uart *uart)
{
	static const uint8_t levels[] = { 1, 4, 8, 14 };

	return levels[(uart->fcr & FCR_TRIGGER) >> FCR_TRIGGER_SHIFT];
}

/* What the byte at the FIFO's top is, unless that has been told. */
static bool has_break(const struct uart *uart)
{
	return uart->count && uart->breaks[uart->first] && !uart->break_told;
}

/* Whether a break waits in the FIFO, untold. */
static bool holds_break(const struct uart *uart)
{
	for (unsigned int i = uart->break_told ? 1 : 0; i < uart->count; i++)
		if (uart->breaks[(uart->first + i) % FIFO_SIZE])
			return true;
	return false;
}

/* The causes of an interrupt, the most urgent one first (PC16550D, table IV). */
static uint8_t interrupt_cause(const struct uart *uart)
{
	if (uart->ier & IER_LINE && (uart->overrun || has_break(uart)))
		return IIR_LINE;
	if (uart->ier & IER_RECEIVED && uart->count >= trigger_level(uart))
		return IIR_RECEIVED;
	if (uart->ier & IER_RECEIVED && uart->timed_out)
		return IIR_TIMEOUT;
	if (uart->ier & IER_THR_EMPTY && uart->thr_emptied)
		return IIR_THR_EMPTY;
	if (uart->ier & IER_MODEM && uart->modem_deltas)
		return IIR_MODEM;
	return IIR_NONE;
}

/*
 * OUT2 does not gate the line, as in QEMU's PC: kernels that were written on
 * QEMU (xv6) leave it clear.
 */
static void update_irq(struct uart *uart)
{
	irq_set(uart->irq, interrupt_cause(uart) != IIR_NONE);
}

/* Start, data, parity and stop bits of four characters (PC16550D, "FIFO interrupt mode"). */
static uint64_t timeout_ns(const struct uart *uart)
{
	unsigned int divisor = uart->divisor[0] | (unsigned int)uart->divisor[1] << 8;
	unsigned int bits = 1 + 5 + (uart->lcr & LCR_WORD_LENGTH) +
			    (uart->lcr & LCR_PARITY ? 1 : 0) + (uart->lcr & LCR_STOP_BITS ? 2 : 1);
	uint64_t clocks = (uint64_t)TIMEOUT_CHARACTERS * bits * CLOCKS_PER_BIT * divisor;

	return clocks * NS_PER_SECOND / CLOCK_HZ;
}

/* The alarm stands where it was first set: it moves itself on when it comes too early. */
static void watch_timeout(struct uart *uart)
{
	if (uart->count && fifos_enabled(uart) && uart->ier & IER_RECEIVED &&
	    !uart->timed_out && !uart->timeout.armed)
		alarm_set(uart->clock, &uart->timeout, uart->touched + timeout_ns(uart));
}

static void on_timeout(void *self)
{
	struct uart *uart = self;

	if (!uart->count || !fifos_enabled(uart))
		return;
	if (clock_now(uart->clock) >= uart->touched + timeout_ns(uart))
		uart->timed_out = true;
	else
		watch_timeout(uart);
	update_irq(uart);
}

/* The FIFO has been read or filled. */
static void touch(struct uart *uart)
{
	if (!fifos_enabled(uart))
		return;
	uart->touched = clock_now(uart->clock);
	watch_timeout(uart);
}

/* The receiver may have room: tells so, at once or as soon as it may. */
static void tell_room(struct uart *uart)
{
	uint64_t now;

	if (!uart->on_room || !uart->listening || uart->count || uart->refill.armed)
		return;
	now = clock_now(uart->clock);
	if (now < uart->refilled + REFILL_NS) {
		alarm_set(uart->clock, &uart->refill, uart->refilled + REFILL_NS);
		return;
	}
	uart->refilled = now;
	uart->on_room(uart->on_room_self);
}

static void on_refill(void *self)
{
	tell_room(self);
}

/*
 * What comes in before the guest listens would be lost when it sets the chip up:
 * it waits at the other end.
 */
static void listen(struct uart *uart)
{
	if (uart->listening)
		return;
	uart->listening = true;
	alarm_set(uart->clock, &uart->refill, clock_now(uart->clock) + LISTEN_NS);
}

static void clear_fifo(struct uart *uart)
{
	uart->count = 0;
	uart->timed_out = false;
	uart->break_told = false;
}

/* The modem's lines as MSR shows them: in loopback mode they are MCR's. */
static uint8_t modem_lines(uint8_t mcr)
{
	if (!(mcr & MCR_LOOP))
		return MSR_READY;
	return (mcr & MCR_RTS ? MSR_CTS : 0) | (mcr & MCR_DTR ? MSR_DSR : 0) |
	       (mcr & MCR_OUT1 ? MSR_RI : 0) | (mcr & MCR_OUT2 ? MSR_DCD : 0);
}

/* A byte from the line. The one that finds no room is lost (FIFOs) or replaces the last one. */
static void receive_byte(struct uart *uart, uint8_t byte, bool is_break)
{
	unsigned int at = (uart->first + uart->count) % FIFO_SIZE;

	if (!fifo_room(uart)) {
		uart->overrun = true;
		if (fifos_enabled(uart))
			return;
		at = uart->first;
		uart->count = 0;
		uart->break_told = false;
	}
	uart->fifo[at] = byte;
	uart->breaks[at] = is_break;
	uart->count++;
}

static void transmit(struct uart *uart, const uint8_t *data, size_t len)
{
	/* The line drops while the bytes are on their way: the next edge is a new interrupt. */
	uart->thr_emptied = false;
	update_irq(uart);
	if (!(uart->mcr & MCR_LOOP))
		output_write(uart->output, data, len);
	else
		for (size_t i = 0; i < len; i++)
			receive_byte(uart, data[i], false);
	uart->thr_emptied = true;
	if (uart->mcr & MCR_LOOP)
		touch(uart);
	update_irq(uart);
}

static uint8_t data_read(struct uart *uart)
{
	uint8_t byte;

	if (!uart->count)
		return 0;
	byte = uart->fifo[uart->first];
	uart->first = (uart->first + 1) % FIFO_SIZE;
	uart->count--;
	uart->break_told = false;
	uart->timed_out = false;
	touch(uart);
	tell_room(uart);
	update_irq(uart);
	return byte;
}

static void data_write(struct uart *uart, uint8_t value)
{
	transmit(uart, &value, sizeof(value));
}

static uint8_t ier_read(struct uart *uart)
{
	return uart->ier;
}

/* Enabling the THRE interrupt raises it, as the transmitter is empty. */
static void ier_write(struct uart *uart, uint8_t value)
{
	if (value & ~uart->ier & IER_THR_EMPTY)
		uart->thr_emptied = true;
	uart->ier = value & IER_STORED;
	if (value & IER_RECEIVED)
		listen(uart);
	watch_timeout(uart);
	update_irq(uart);
}

static uint8_t iir_read(struct uart *uart)
{
	uint8_t cause = interrupt_cause(uart);

	if (cause == IIR_THR_EMPTY) {
		uart->thr_emptied = false;
		update_irq(uart);
	}
	return cause | (fifos_enabled(uart) ? IIR_FIFOS : 0);
}

static void fcr_write(struct uart *uart, uint8_t value)
{
	bool toggles = (value ^ uart->fcr) & FCR_ENABLE;

	if (toggles || (value & FCR_ENABLE && value & FCR_CLEAR_RX))
		clear_fifo(uart);
	/* Without bit 0 the others are not taken. */
	uart->fcr = value & FCR_ENABLE ? value & (FCR_ENABLE | FCR_TRIGGER) : 0;
	tell_room(uart);
	update_irq(uart);
}

static uint8_t lcr_read(struct uart *uart)
{
	return uart->lcr;
}

/* A break is heard in loopback mode alone: the line has no place for it. */
static void lcr_write(struct uart *uart, uint8_t value)
{
	bool begins = value & ~uart->lcr & LCR_BREAK;

	uart->lcr = value;
	if (begins && uart->mcr & MCR_LOOP) {
		receive_byte(uart, 0, true);
		touch(uart);
		update_irq(uart);
	}
}

static uint8_t mcr_read(struct uart *uart)
{
	return uart->mcr;
}

static void mcr_write(struct uart *uart, uint8_t value)
{
	uint8_t before = modem_lines(uart->mcr), after = modem_lines(value);
	uint8_t deltas = (before ^ after) >> MSR_DELTA_SHIFT;

	/* Of the ring indicator only the end is told. */
	if (after & MSR_RI)
		deltas &= ~MSR_TERI;
	uart->mcr = value & MCR_STORED;
	uart->modem_deltas |= deltas;
	if (value & MCR_RTS && !(value & MCR_LOOP))
		uart->rts_used = true;
	tell_room(uart);
	update_irq(uart);
}

static uint8_t lsr_read(struct uart *uart)
{
	uint8_t value = LSR_THRE | LSR_TEMT;

	if (++uart->polls == LISTEN_POLLS)
		listen(uart);
	value |= uart->count ? LSR_DR : 0;
	value |= uart->overrun ? LSR_OE : 0;
	value |= has_break(uart) ? LSR_BI : 0;
	value |= fifos_enabled(uart) && holds_break(uart) ? LSR_FIFO_ERROR : 0;
	uart->overrun = false;
	uart->break_told = uart->count && uart->breaks[uart->first];
	update_irq(uart);
	return value;
}

static uint8_t msr_read(struct uart *uart)
{
	uint8_t value = modem_lines(uart->mcr) | uart->modem_deltas;

	uart->modem_deltas = 0;
	update_irq(uart);
	return value;
}

static uint8_t scr_read(struct uart *uart)
{
	return uart->scr;
}

static void scr_write(struct uart *uart, uint8_t value)
{
	uart->scr = value;
}

/* Writes to LSR and MSR are for factory tests only: none. */
static const struct {
	uint8_t (*read)(struct uart *uart);
	void (*write)(struct uart *uart, uint8_t value);
} registers[UART_REGISTERS] = {
	[UART_DATA] = { data_read, data_write },
	[UART_IER] = { ier_read, ier_write },
	[UART_IIR] = { iir_read, fcr_write },
	[UART_LCR] = { lcr_read, lcr_write },
	[UART_MCR] = { mcr_read, mcr_write },
	[UART_LSR] = { lsr_read, NULL },
	[UART_MSR] = { msr_read, NULL },
	[UART_SCR] = { scr_read, scr_write },
};

static bool is_divisor(const struct uart *uart, uint64_t offset)
{
	return uart->lcr & LCR_DLAB && offset < UART_DIVISOR_REGISTERS;
}

static uint64_t uart_read(void *self, uint64_t offset, unsigned int size)
{
	struct uart *uart = self;

	if (is_divisor(uart, offset))
		return uart->divisor[offset];
	return registers[offset % UART_REGISTERS].read(uart);
}

static void uart_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct uart *uart = self;
	uint8_t byte = (uint8_t)value;

	uart->polls = 0;
	if (is_divisor(uart, offset))
		uart->divisor[offset] = byte;
	else if (registers[offset % UART_REGISTERS].write)
		registers[offset % UART_REGISTERS].write(uart, byte);
}

static size_t uart_write_block(void *self, uint64_t offset, unsigned int size,
			       const void *data, size_t count)
{
	struct uart *uart = self;

	if (offset != UART_DATA || is_divisor(uart, offset) || !count)
		return 0;
	transmit(uart, data, count);
	return count;
}

const struct bus_ops uart_ops = {
	.sizes = BUS_SIZE_1,
	.read = uart_read,
	.write = uart_write,
	.write_block = uart_write_block,
};

static void uart_reset(void *self)
{
	struct uart *uart = self;

	alarm_cancel(uart->clock, &uart->refill);
	alarm_cancel(uart->clock, &uart->timeout);
	*uart = (struct uart){
		.output = uart->output,
		.clock = uart->clock,
		.irq = uart->irq,
		.on_room = uart->on_room,
		.on_room_self = uart->on_room_self,
		.refill = { .fn = on_refill, .self = uart },
		.timeout = { .fn = on_timeout, .self = uart },
		.divisor = { DIVISOR_9600 },
	};
	tell_room(uart);
	update_irq(uart);
}

static void uart_fini(void *self)
{
	struct uart *uart = self;

	alarm_cancel(uart->clock, &uart->refill);
	alarm_cancel(uart->clock, &uart->timeout);
	free(uart);
}

int uart_create(struct uart **uart, struct output *output, struct clock *clock,
		struct irq_line *irq)
{
	*uart = calloc(1, sizeof(**uart));
	if (!*uart)
		return -ENOMEM;
	(*uart)->output = output;
	(*uart)->clock = clock;
	(*uart)->irq = irq;
	uart_reset(*uart);
	return 0;
}

/* Whether the other end may send. */
static bool hears_line(const struct uart *uart)
{
	bool held_back = uart->rts_used && !(uart->mcr & MCR_RTS);

	return uart->listening && !uart->refill.armed && !(uart->mcr & MCR_LOOP) && !held_back;
}

size_t uart_receive(struct uart *uart, const uint8_t *data, size_t len)
{
	size_t room = hears_line(uart) ? fifo_room(uart) : 0;

	if (len > room)
		len = room;
	if (!len)
		return 0;
	for (size_t i = 0; i < len; i++)
		receive_byte(uart, data[i], false);
	touch(uart);
	update_irq(uart);
	return len;
}

void uart_receive_break(struct uart *uart)
{
	if (uart->mcr & MCR_LOOP)
		return;
	receive_byte(uart, 0, true);
	touch(uart);
	update_irq(uart);
}

void uart_on_room(struct uart *uart, void (*fn)(void *self), void *self)
{
	uart->on_room = fn;
	uart->on_room_self = self;
}

const struct device_ops uart_device = {
	.name = "uart",
	.reset = uart_reset,
	.fini = uart_fini,
};
