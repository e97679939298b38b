/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * uart.c - a 16550A UART, see uart.h. Manual: National Semiconductor PC16550D.
 *
 * The line is infinitely fast: what is sent is gone at once, so that the
 * transmitter is always empty, and a character timeout is due as soon as fewer
 * bytes than the trigger level wait. There are no parity or framing errors
 * and no breaks. The modem at the other end is always ready.
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

#define LCR_DLAB	(1u << 7)

#define MCR_DTR		(1u << 0)
#define MCR_RTS		(1u << 1)
#define MCR_OUT1	(1u << 2)
#define MCR_OUT2	(1u << 3)
#define MCR_LOOP	(1u << 4)
#define MCR_STORED	0x1Fu

#define LSR_DR		(1u << 0)
#define LSR_OE		(1u << 1)
#define LSR_THRE	(1u << 5)
#define LSR_TEMT	(1u << 6)

#define MSR_TERI	(1u << 2)
#define MSR_CTS		(1u << 4)
#define MSR_DSR		(1u << 5)
#define MSR_RI		(1u << 6)
#define MSR_DCD		(1u << 7)
#define MSR_READY	(MSR_CTS | MSR_DSR | MSR_DCD)
#define MSR_DELTA_SHIFT	4	/* from a line's bit to its delta bit */

#define DIVISOR_9600	12u	/* as a PC's firmware leaves it */

struct uart {
	struct output *output;
	struct irq_line *irq;
	uint8_t divisor[UART_DIVISOR_REGISTERS];
	uint8_t ier;
	uint8_t fcr;			/* FCR_ENABLE and FCR_TRIGGER */
	uint8_t lcr;
	uint8_t mcr;
	uint8_t scr;
	uint8_t modem_deltas;		/* MSR bits 0-3 */
	bool overrun;			/* LSR.OE */
	bool thr_emptied;		/* the interrupt: not yet seen in IIR */
	uint8_t fifo[FIFO_SIZE];	/* a ring; without FIFOs only one byte is used */
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

/* The causes of an interrupt, the most urgent one first (PC16550D, table IV). */
static uint8_t interrupt_cause(const struct uart *uart)
{
	if (uart->ier & IER_LINE && uart->overrun)
		return IIR_LINE;
	if (uart->ier & IER_RECEIVED && uart->count)
		return uart->count >= trigger_level(uart) ? IIR_RECEIVED : IIR_TIMEOUT;
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

/* The modem's lines as MSR shows them: in loopback mode they are MCR's. */
static uint8_t modem_lines(uint8_t mcr)
{
	if (!(mcr & MCR_LOOP))
		return MSR_READY;
	return (mcr & MCR_RTS ? MSR_CTS : 0) | (mcr & MCR_DTR ? MSR_DSR : 0) |
	       (mcr & MCR_OUT1 ? MSR_RI : 0) | (mcr & MCR_OUT2 ? MSR_DCD : 0);
}

/* A byte from the line. The one that finds no room is lost (FIFOs) or replaces the last one. */
static void receive_byte(struct uart *uart, uint8_t byte)
{
	if (fifo_room(uart)) {
		uart->fifo[(uart->first + uart->count) % FIFO_SIZE] = byte;
		uart->count++;
		return;
	}
	uart->overrun = true;
	if (!fifos_enabled(uart))
		uart->fifo[uart->first] = byte;
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
			receive_byte(uart, data[i]);
	uart->thr_emptied = true;
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
		uart->count = 0;
	/* Without bit 0 the others are not taken. */
	uart->fcr = value & FCR_ENABLE ? value & (FCR_ENABLE | FCR_TRIGGER) : 0;
	update_irq(uart);
}

static uint8_t lcr_read(struct uart *uart)
{
	return uart->lcr;
}

static void lcr_write(struct uart *uart, uint8_t value)
{
	uart->lcr = value;
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
	update_irq(uart);
}

static uint8_t lsr_read(struct uart *uart)
{
	uint8_t value = LSR_THRE | LSR_TEMT;

	value |= uart->count ? LSR_DR : 0;
	value |= uart->overrun ? LSR_OE : 0;
	uart->overrun = false;
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

	*uart = (struct uart){
		.output = uart->output,
		.irq = uart->irq,
		.divisor = { DIVISOR_9600 },
	};
	update_irq(uart);
}

int uart_create(struct uart **uart, struct output *output, struct irq_line *irq)
{
	*uart = calloc(1, sizeof(**uart));
	if (!*uart)
		return -ENOMEM;
	(*uart)->output = output;
	(*uart)->irq = irq;
	uart_reset(*uart);
	return 0;
}

/* In loopback mode the receiver does not hear the line. */
size_t uart_receive(struct uart *uart, const uint8_t *data, size_t len)
{
	size_t room = uart->mcr & MCR_LOOP ? 0 : fifo_room(uart);

	if (len > room)
		len = room;
	for (size_t i = 0; i < len; i++)
		receive_byte(uart, data[i]);
	update_irq(uart);
	return len;
}

const struct device_ops uart_device = {
	.name = "uart",
	.reset = uart_reset,
	.fini = free,
};
