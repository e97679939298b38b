/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-fwcfg.c - QEMU's firmware configuration device through its ports, as
 * docs/specs/fw_cfg.rst has it.
 */
#include "dev/fwcfg.h"

#include <errno.h>
#include <string.h>

#include "unit-chip.h"

#define SELECTOR 0x510u
#define DATA 0x511u
#define DMA 0x514u

#define MEMORY 0x4000u
#define REQUEST 0x100u		/* where the tests have theirs */
#define BUFFER 0x1000u

#define DMA_ERROR 1u
#define DMA_READ 2u
#define DMA_SKIP 4u
#define DMA_SELECT(key) (8u | (uint32_t)(key) << 16)
#define DMA_WRITE 16u

struct fixture {
	struct unit_chip chip;
	struct mem *mem;
	uint8_t *host;
	struct fwcfg *fwcfg;
};

static bool set_up(struct fixture *f)
{
	struct mem_region region = { .size = MEMORY, .flags = MEM_RW, .name = "RAM" };

	if (!chip_set_up(&f->chip) || mem_create(&f->mem))
		return false;
	f->host = region.host = mem_backing(f->mem, MEMORY, false);
	return region.host && mem_add(f->mem, &region, false) == 0 &&
	       fwcfg_create(&f->fwcfg, f->mem) == 0 &&
	       chip_claim(&f->chip, SELECTOR, 2, &fwcfg_ops, f->fwcfg) &&
	       chip_claim(&f->chip, DMA, 8, &fwcfg_dma_ops, f->fwcfg) &&
	       fwcfg_add_item(f->fwcfg, FWCFG_CPUS, "\x01\x00", 2) == 0 &&
	       fwcfg_add_file(f->fwcfg, "opt/zebra", "stripes", 7) == 0 &&
	       fwcfg_add_file(f->fwcfg, "etc/e820", "0123456789", 10) == 0;
}

static void tear_down(struct fixture *f)
{
	fwcfg_device.fini(f->fwcfg);
	mem_destroy(f->mem);
	chip_tear_down(&f->chip);
}

static void check(struct fixture *f, uint64_t value, uint64_t wanted, const char *what)
{
	is(&f->chip, value, wanted, what);
}

static void choose(struct fixture *f, unsigned int key)
{
	bus_write(f->chip.bus, BUS_PIO, SELECTOR, 2, key);
}

static void reads(struct fixture *f, const void *wanted, size_t size, const char *what)
{
	uint8_t bytes[128];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)in(&f->chip, DATA);
	unit_check(&f->chip.unit, memcmp(bytes, wanted, size) == 0, what);
}

static void test_items(struct fixture *f)
{
	reads(f, "QEMU", 4, "fw_cfg: the signature is selected at first");
	choose(f, 0);
	reads(f, "QEMU\0\0", 6, "fw_cfg: signature, then zeros");
	choose(f, 1);
	reads(f, "\x03\0\0\0\0", 5, "fw_cfg: ports and DMA");
	choose(f, 5);
	reads(f, "\x01\0", 2, "fw_cfg: one processor");
	choose(f, 5);
	reads(f, "\x01\0", 2, "fw_cfg: selecting begins again");
	choose(f, 0x1234);
	reads(f, "\0\0\0\0", 4, "fw_cfg: no such item");
	choose(f, 0);
	out(&f->chip, SELECTOR, 5);
	out(&f->chip, DATA, 'x');
	reads(f, "QEMU", 4, "fw_cfg: bytes select and write nothing");
	choose(f, 0);
	in(&f->chip, DATA);
	fwcfg_device.reset(f->fwcfg);
	reads(f, "QEMU", 4, "fw_cfg: and after a reset");
}

static void test_string(struct fixture *f)
{
	char text[8] = "";

	choose(f, 0x20);
	bus_read_string(f->chip.bus, DATA, 1, text, 7);
	unit_check(&f->chip.unit, strcmp(text, "stripes") == 0, "fw_cfg: by string input");
}

/* Big-endian: number of files, then size, key and name of each, in order of name. */
static void test_directory(struct fixture *f)
{
	static const char wanted[4 + 2 * 64] =
		"\0\0\0\2"
		"\0\0\0\x0A" "\0\x21" "\0\0" "etc/e820";
	char expected[sizeof(wanted)];

	memcpy(expected, wanted, sizeof(wanted));
	memcpy(expected + 4 + 64, "\0\0\0\7\0\x20\0\0opt/zebra", 17);
	choose(f, 0x19);
	reads(f, expected, 128, "fw_cfg: directory");
	choose(f, 0x21);
	reads(f, "0123456789\0", 11, "fw_cfg: a file");
	check(f, fwcfg_add_file(f->fwcfg, "opt/zebra", "", 0) == -EEXIST, 1, "fw_cfg: name taken");
	check(f, fwcfg_add_item(f->fwcfg, 5, "", 0) == -EEXIST, 1, "fw_cfg: key taken");
	check(f, fwcfg_add_file(f->fwcfg, "", "", 0) == -EINVAL, 1, "fw_cfg: no name");
	check(f, fwcfg_add_file(f->fwcfg, "0123456789012345678901234567890123456789"
				"012345678901234", "", 0) == 0, 1, "fw_cfg: 55 characters");
	check(f, fwcfg_add_file(f->fwcfg, "x0123456789012345678901234567890123456789"
				"012345678901234", "", 0) == -EINVAL, 1, "fw_cfg: 56 are too many");
}

static void put_be(uint8_t *to, unsigned int size, uint64_t value)
{
	for (unsigned int i = 0; i < size; i++)
		to[i] = (uint8_t)(value >> 8 * (size - 1 - i));
}

/* A request at REQUEST; gives its control field afterwards. */
static unsigned int dma(struct fixture *f, uint32_t control, uint32_t length, uint64_t address)
{
	uint8_t *request = f->host + REQUEST;

	put_be(request, 4, control);
	put_be(request + 4, 4, length);
	put_be(request + 8, 8, address);
	bus_write(f->chip.bus, BUS_PIO, DMA, 4, 0);
	bus_write(f->chip.bus, BUS_PIO, DMA + 4, 4, __builtin_bswap32(REQUEST));
	return (unsigned int)request[0] << 24 | (unsigned int)request[1] << 16 |
	       (unsigned int)request[2] << 8 | request[3];
}

static void holds(struct fixture *f, const char *wanted, size_t size, const char *what)
{
	unit_check(&f->chip.unit, memcmp(f->host + BUFFER, wanted, size) == 0, what);
}

static void test_dma(struct fixture *f)
{
	check(f, bus_read(f->chip.bus, BUS_PIO, DMA, 4), 0x554D4551, "fw_cfg: DMA: QEMU");
	check(f, bus_read(f->chip.bus, BUS_PIO, DMA + 4, 4), 0x47464320, "fw_cfg: DMA: _CFG");
	memset(f->host + BUFFER, 'x', 32);
	check(f, dma(f, DMA_SELECT(0x21) | DMA_READ, 4, BUFFER), 0, "fw_cfg: DMA: done");
	holds(f, "0123xxx", 7, "fw_cfg: DMA: four bytes");
	check(f, dma(f, DMA_SKIP, 3, 0), 0, "fw_cfg: DMA: skip");
	check(f, dma(f, DMA_READ, 6, BUFFER), 0, "fw_cfg: DMA: past the end");
	holds(f, "789\0\0\0x", 7, "fw_cfg: DMA: zeros there");
	reads(f, "\0", 1, "fw_cfg: DMA: ports go on where it ended");
	check(f, dma(f, DMA_SELECT(5), 0, 0), 0, "fw_cfg: DMA: select only");
	reads(f, "\x01", 1, "fw_cfg: DMA: by ports then");
	check(f, dma(f, DMA_WRITE, 1, BUFFER), DMA_ERROR, "fw_cfg: DMA: nothing can be written");
}

/* Nothing that a guest asks for reaches beyond its memory, or takes long. */
static void test_bad_dma(struct fixture *f)
{
	check(f, dma(f, DMA_SELECT(0x21) | DMA_READ, 4, MEMORY - 2), DMA_ERROR,
	      "fw_cfg: bad DMA: across the end of memory");
	check(f, f->host[MEMORY - 1] | f->host[MEMORY - 2], 0, "fw_cfg: bad DMA: nothing was written");
	check(f, dma(f, DMA_SELECT(0x21) | DMA_READ, 4, UINT64_MAX - 1), DMA_ERROR,
	      "fw_cfg: bad DMA: across the end of addresses");
	check(f, dma(f, DMA_SELECT(0x21) | DMA_READ, UINT32_MAX, 0), DMA_ERROR,
	      "fw_cfg: bad DMA: more than there is");
	check(f, dma(f, DMA_SELECT(0x1234) | DMA_READ, 3, BUFFER), 0, "fw_cfg: bad DMA: no item");
	check(f, dma(f, DMA_SELECT(0x21) | DMA_SKIP, UINT32_MAX, 0), 0, "fw_cfg: bad DMA: far skip");
	reads(f, "\0", 1, "fw_cfg: bad DMA: the end");
	bus_write(f->chip.bus, BUS_PIO, DMA, 4, UINT32_MAX);
	bus_write(f->chip.bus, BUS_PIO, DMA + 4, 4, UINT32_MAX);
	bus_write(f->chip.bus, BUS_PIO, DMA + 4, 4, __builtin_bswap32(MEMORY - 4));
	bus_write(f->chip.bus, BUS_PIO, DMA + 4, 2, 0);
	choose(f, 0);
	reads(f, "QEMU", 4, "fw_cfg: bad DMA: a request outside of memory");
}

UNIT_MAIN_WITH(chip.unit, test_items, test_string, test_directory, test_dma, test_bad_dma)
