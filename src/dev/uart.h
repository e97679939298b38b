/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * uart.h - a 16550A UART (National Semiconductor PC16550D): 8 ports and a line.
 */
#ifndef VMM_DEV_UART_H
#define VMM_DEV_UART_H

#include <stddef.h>
#include <stdint.h>

#include "core/bus.h"
#include "core/device.h"
#include "core/irq.h"
#include "host/output.h"

struct uart;

/* output: gets what is sent; not owned. irq may be NULL. Returns 0 or -ENOMEM. */
int uart_create(struct uart **uart, struct output *output, struct irq_line *irq);

/*
 * Bytes that arrive on the line, as many as the receiver has room for; returns
 * how many. By the vCPU's thread.
 */
size_t uart_receive(struct uart *uart, const uint8_t *data, size_t len);

extern const struct bus_ops uart_ops;		/* 8 ports */
extern const struct device_ops uart_device;

#endif
