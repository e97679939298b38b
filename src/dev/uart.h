/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * uart.h - a 16550A UART (National Semiconductor PC16550D): 8 ports and a line.
 */
#ifndef VMM_DEV_UART_H
#define VMM_DEV_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bus.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/irq.h"
#include "host/output.h"

struct uart;

/*
 * output: gets what is sent; not owned. clock: by which a character timeout
 * comes. irq may be NULL. Returns 0 or -ENOMEM.
 */
int uart_create(struct uart **uart, struct output *output, struct clock *clock,
		struct irq_line *irq);

/*
 * Bytes that arrive on the line, as many as the receiver has room for; returns
 * how many. There is no room until the guest listens (it enables the interrupt,
 * or polls), and while it holds RTS back, having set it before. By the vCPU's
 * thread, as the others.
 */
size_t uart_receive(struct uart *uart, const uint8_t *data, size_t len);

/* A break on the line. */
void uart_receive_break(struct uart *uart);

/*
 * fn is called when the guest has read all that has arrived, or has made room
 * in another way: not more often than every 0.1 ms of the guest's time, so that
 * it has time for other things while there is much to read. It may call
 * uart_receive(). One at most.
 */
void uart_on_room(struct uart *uart, void (*fn)(void *self), void *self);

extern const struct bus_ops uart_ops;		/* 8 ports */
extern const struct device_ops uart_device;

#endif
