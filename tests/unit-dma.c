/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-dma.c - the DMA controllers' registers, as the 8237A's data sheet has them,
 * and the page registers.
 */
#include "dev/dma.h"

#include "unit-chip.h"

#define SECOND 0xC0u
#define PAGE 0x80u

struct fixture {
	struct unit_chip chip;
	struct dma *dma;
};

static bool set_up(struct fixture *f)
{
	return chip_set_up(&f->chip) && dma_create(&f->dma) == 0 &&
	       chip_claim(&f->chip, 0, 16, &dma_first_ops, f->dma) &&
	       chip_claim(&f->chip, SECOND, 32, &dma_second_ops, f->dma) &&
	       chip_claim(&f->chip, PAGE, 16, &dma_page_ops, f->dma);
}

static void tear_down(struct fixture *f)
{
	dma_device.fini(f->dma);
	chip_tear_down(&f->chip);
}

static unsigned int word(struct fixture *f, unsigned int port)
{
	unsigned int low = in(&f->chip, port);

	return low | in(&f->chip, port) << 8;
}

static void set_word(struct fixture *f, unsigned int port, unsigned int value)
{
	out(&f->chip, port, value & 0xFF);
	out(&f->chip, port, value >> 8);
}

static void test_words(struct fixture *f)
{
	for (unsigned int i = 0; i < 8; i++)
		set_word(f, i, 0x1234 + 0x1111 * i);
	for (unsigned int i = 0; i < 8; i++)
		is(&f->chip, word(f, i), 0x1234 + 0x1111 * i, "dma: address and count");
	for (unsigned int i = 0; i < 8; i++)
		set_word(f, SECOND + 2 * i, 0xFEDC - 0x1111 * i);
	for (unsigned int i = 0; i < 8; i++)
		is(&f->chip, word(f, SECOND + 2 * i), 0xFEDC - 0x1111 * i, "dma: of the second chip");
	is(&f->chip, word(f, SECOND + 3), 0xEDCB, "dma: the odd port is the same");
	is(&f->chip, word(f, 0), 0x1234, "dma: the first chip has its own");
	in(&f->chip, 0);
	out(&f->chip, 0x0C, 0);
	is(&f->chip, word(f, 0), 0x1234, "dma: the flip-flop can be cleared");
	in(&f->chip, 0);
	is(&f->chip, in(&f->chip, 1), 0x23, "dma: it is one for all channels");
	out(&f->chip, 0x0C, 0);
	out(&f->chip, 0, 0x99);
	out(&f->chip, 0x0C, 0);
	is(&f->chip, word(f, 0), 0x1299, "dma: the low byte alone");
}

static void test_masks(struct fixture *f)
{
	is(&f->chip, in(&f->chip, 0x0F) & 0x0F, 0x0F, "dma: reset: all masked");
	is(&f->chip, in(&f->chip, 0x08), 0x00, "dma: reset: status");
	out(&f->chip, 0x0A, 0x02);
	is(&f->chip, in(&f->chip, 0x0F) & 0x0F, 0x0B, "dma: channel 2 unmasked");
	out(&f->chip, 0x0A, 0x06);
	is(&f->chip, in(&f->chip, 0x0F) & 0x0F, 0x0F, "dma: channel 2 masked");
	out(&f->chip, 0x0E, 0);
	is(&f->chip, in(&f->chip, 0x0F) & 0x0F, 0x00, "dma: all unmasked");
	out(&f->chip, 0x0F, 0x05);
	is(&f->chip, in(&f->chip, 0x0F) & 0x0F, 0x05, "dma: masks as written");
	is(&f->chip, in(&f->chip, SECOND + 0x1E) & 0x0F, 0x0F, "dma: the second chip's are its own");
	out(&f->chip, 0x09, 0x07);
	is(&f->chip, in(&f->chip, 0x08), 0x80, "dma: a request by software, never served");
	out(&f->chip, 0x0B, 0x46);
	in(&f->chip, 0x00);
	out(&f->chip, 0x0D, 0);
	is(&f->chip, in(&f->chip, 0x0F) & 0x0F, 0x0F, "dma: master clear: masks");
	is(&f->chip, in(&f->chip, 0x08), 0x00, "dma: master clear: requests");
	set_word(f, 0, 0x5678);
	is(&f->chip, word(f, 0), 0x5678, "dma: master clear: flip-flop");
	is(&f->chip, in(&f->chip, 0x0D), 0x00, "dma: temporary register");
}

static void test_pages(struct fixture *f)
{
	for (unsigned int i = 0; i < 16; i++)
		out(&f->chip, PAGE + i, 0xA0 + i);
	for (unsigned int i = 0; i < 16; i++)
		is(&f->chip, in(&f->chip, PAGE + i), 0xA0 + i, "dma: page registers");
	dma_device.reset(f->dma);
	is(&f->chip, in(&f->chip, PAGE), 0, "dma: reset: page registers");
}

UNIT_MAIN_WITH(chip.unit, test_words, test_masks, test_pages)
