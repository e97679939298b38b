/* SPDX-License-Identifier: 0BSD */
/* timer.c - a timer that interrupts, see timer.h. */
#include "cpu/timer.h"

#include <stdint.h>

#include <vmm/io.h>

#define PIC1_COMMAND	0x20
#define PIC1_DATA	0x21
#define PIC2_COMMAND	0xA0
#define PIC2_DATA	0xA1
#define PIC_EOI		0x20
#define PIT_CHANNEL0	0x40
#define PIT_COMMAND	0x43
#define PIT_RATE	0x34

void timer_start(unsigned int divisor)
{
	const struct {
		uint16_t port;
		uint8_t value;
	} setup[] = {
		{ PIC1_COMMAND, 0x11 }, { PIC1_DATA, TIMER_VECTOR }, { PIC1_DATA, 4 },
		{ PIC1_DATA, 1 }, { PIC2_COMMAND, 0x11 }, { PIC2_DATA, TIMER_VECTOR + 8 },
		{ PIC2_DATA, 2 }, { PIC2_DATA, 1 }, { PIC1_DATA, 0xFE }, { PIC2_DATA, 0xFF },
		{ PIT_COMMAND, PIT_RATE }, { PIT_CHANNEL0, divisor & 0xFF },
		{ PIT_CHANNEL0, (uint8_t)(divisor >> 8) },
	};

	for (unsigned int i = 0; i < sizeof(setup) / sizeof(setup[0]); i++)
		outb(setup[i].value, setup[i].port);
}

void timer_acknowledge(void)
{
	outb(PIC_EOI, PIC1_COMMAND);
}

void timer_stop(void)
{
	outb(0xFF, PIC1_DATA);
}
