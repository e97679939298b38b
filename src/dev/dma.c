/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dma.c - two idle DMA controllers, see dma.h. */
#include "dev/dma.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define CHANNELS	4u	/* of a controller */
#define CONTROLLERS	2u
#define PAGES		16u

/* Registers from 8 on; 0 to 7 are address and count of each channel. */
#define REG_STATUS	0x8u	/* read; written: command */
#define REG_REQUEST	0x9u
#define REG_MASK_ONE	0xAu
#define REG_MODE	0xBu
#define REG_CLEAR_FLIP_FLOP 0xCu
#define REG_MASTER_CLEAR 0xDu	/* read: temporary register */
#define REG_CLEAR_MASKS	0xEu
#define REG_MASKS	0xFu

#define CHANNEL(value)	((value) & 3u)
#define SET_BIT		(1u << 2)	/* of REQUEST and MASK_ONE: set it, or clear it */
#define ALL_CHANNELS	0x0Fu
#define STATUS_REQUESTS(requests) ((requests) << 4)
#define NOTHING		0xFFu		/* what cannot be read */

struct channel {
	uint16_t address;
	uint16_t count;
	uint8_t mode;
};

struct controller {
	struct channel channel[CHANNELS];
	bool high;			/* the flip-flop: which byte comes next */
	uint8_t command;
	uint8_t requests;		/* a bit a channel, likewise */
	uint8_t masks;
};

struct dma {
	struct controller controller[CONTROLLERS];
	uint8_t page[PAGES];
};

static void master_clear(struct controller *controller)
{
	controller->high = false;
	controller->command = 0;
	controller->requests = 0;
	controller->masks = ALL_CHANNELS;
}

static uint16_t *word_of(struct controller *controller, unsigned int reg)
{
	struct channel *channel = &controller->channel[reg / 2];

	return reg % 2 ? &channel->count : &channel->address;
}

/* Which byte of a word it is this time; the flip-flop turns over. */
static unsigned int shift(struct controller *controller)
{
	controller->high = !controller->high;
	return controller->high ? 0 : 8;
}

static uint8_t set_bit(uint8_t bits, uint8_t value)
{
	uint8_t bit = (uint8_t)(1u << CHANNEL(value));

	return value & SET_BIT ? bits | bit : bits & ~bit;
}

static uint8_t controller_read(struct controller *controller, unsigned int reg)
{
	if (reg < REG_STATUS)
		return (uint8_t)(*word_of(controller, reg) >> shift(controller));
	switch (reg) {
	case REG_STATUS:
		return (uint8_t)STATUS_REQUESTS(controller->requests);
	case REG_MASTER_CLEAR:
		return 0;
	case REG_MASKS:
		return controller->masks;
	default:
		return NOTHING;
	}
}

static void controller_write(struct controller *controller, unsigned int reg, uint8_t value)
{
	unsigned int low;
	uint16_t *word;

	switch (reg) {
	case REG_STATUS:
		controller->command = value;
		break;
	case REG_REQUEST:
		controller->requests = set_bit(controller->requests, value);
		break;
	case REG_MASK_ONE:
		controller->masks = set_bit(controller->masks, value);
		break;
	case REG_MODE:
		controller->channel[CHANNEL(value)].mode = value;
		break;
	case REG_CLEAR_FLIP_FLOP:
		controller->high = false;
		break;
	case REG_MASTER_CLEAR:
		master_clear(controller);
		break;
	case REG_CLEAR_MASKS:
		controller->masks = 0;
		break;
	case REG_MASKS:
		controller->masks = value & ALL_CHANNELS;
		break;
	default:
		word = word_of(controller, reg);
		low = shift(controller);
		*word = (uint16_t)((*word & 0xFF00u >> low) | (unsigned int)value << low);
		break;
	}
}

/* --- ports --- */

static uint64_t first_read(void *self, uint64_t offset, unsigned int size)
{
	struct dma *dma = self;

	return controller_read(&dma->controller[0], (unsigned int)offset);
}

static void first_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct dma *dma = self;

	controller_write(&dma->controller[0], (unsigned int)offset, (uint8_t)value);
}

static uint64_t second_read(void *self, uint64_t offset, unsigned int size)
{
	struct dma *dma = self;

	return controller_read(&dma->controller[1], (unsigned int)offset / 2);
}

static void second_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct dma *dma = self;

	controller_write(&dma->controller[1], (unsigned int)offset / 2, (uint8_t)value);
}

static uint64_t page_read(void *self, uint64_t offset, unsigned int size)
{
	const struct dma *dma = self;

	return dma->page[offset];
}

static void page_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct dma *dma = self;

	dma->page[offset] = (uint8_t)value;
}

const struct bus_ops dma_first_ops = {
	.sizes = BUS_SIZE_1,
	.read = first_read,
	.write = first_write,
};

const struct bus_ops dma_second_ops = {
	.sizes = BUS_SIZE_1,
	.read = second_read,
	.write = second_write,
};

const struct bus_ops dma_page_ops = {
	.sizes = BUS_SIZE_1,
	.read = page_read,
	.write = page_write,
};

/* --- life --- */

static void dma_reset(void *self)
{
	struct dma *dma = self;

	*dma = (struct dma){ 0 };
	for (unsigned int i = 0; i < CONTROLLERS; i++)
		master_clear(&dma->controller[i]);
}

int dma_create(struct dma **dma)
{
	*dma = calloc(1, sizeof(**dma));
	if (!*dma)
		return -ENOMEM;
	dma_reset(*dma);
	return 0;
}

const struct device_ops dma_device = {
	.name = "dma",
	.reset = dma_reset,
	.fini = free,
};
