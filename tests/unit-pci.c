/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-pci.c - configuration mechanism 1, the bridges, and what later devices
 * need of the bus: write masks, base address registers and interrupt routing.
 */
#include "dev/pci.h"

#include <errno.h>

#include "dev/piix3.h"
#include "unit-chip.h"

#define ADDRESS 0xCF8u
#define DATA 0xCFCu
#define ONES 0xFFFFFFFFu

struct fixture {
	struct unit_chip chip;
	struct pci *pci;
	struct piix3 *piix3;
	struct pci_function *card;
	unsigned int written_at;
	unsigned int written_size;
};

static void note_write(void *self, unsigned int offset, unsigned int size)
{
	struct fixture *f = self;

	f->written_at = offset;
	f->written_size = size;
}

/* A card in slot 3, so that its INTA# is the third line. */
static bool add_card(struct fixture *f)
{
	static const struct pci_id id = {
		.vendor = 0x1234, .device = 0x5678, .subsystem_vendor = 0x9ABC, .subsystem = 0xDEF0,
		.class_code = 0x010203, .revision = 4, .interrupt_pin = 1,
	};
	static const struct pci_function_ops ops = { .written = note_write };

	return pci_add(f->pci, 3, 0, &id, &ops, f, &f->card) == 0;
}

static bool set_up(struct fixture *f)
{
	return chip_set_up(&f->chip) && pci_create(&f->pci) == 0 &&
	       piix3_create(&f->piix3, f->pci, f->chip.irqs) == 0 &&
	       chip_claim(&f->chip, ADDRESS, 1, &pci_address_ops, f->pci) &&
	       chip_claim(&f->chip, DATA, 4, &pci_data_ops, f->pci) && add_card(f);
}

static void tear_down(struct fixture *f)
{
	piix3_device.fini(f->piix3);
	pci_device.fini(f->pci);
	chip_tear_down(&f->chip);
}

static uint64_t get(struct fixture *f, unsigned int port, unsigned int size)
{
	return bus_read(f->chip.bus, BUS_PIO, port, size);
}

static void put(struct fixture *f, unsigned int port, unsigned int size, uint64_t value)
{
	bus_write(f->chip.bus, BUS_PIO, port, size, value);
}

static void address(struct fixture *f, unsigned int slot, unsigned int number, unsigned int reg)
{
	put(f, ADDRESS, 4, 0x80000000u | slot << 11 | number << 8 | (reg & 0xFC));
}

static uint64_t config(struct fixture *f, unsigned int slot, unsigned int reg, unsigned int size)
{
	address(f, slot, 0, reg);
	return get(f, DATA + reg % 4, size);
}

static void set_config(struct fixture *f, unsigned int slot, unsigned int reg, unsigned int size,
		       uint64_t value)
{
	address(f, slot, 0, reg);
	put(f, DATA + reg % 4, size, value);
}

static void check(struct fixture *f, uint64_t value, uint64_t wanted, const char *what)
{
	is(&f->chip, value, wanted, what);
}

static void test_mechanism(struct fixture *f)
{
	check(f, get(f, ADDRESS, 4), 0, "pci: address: 0 after reset");
	check(f, get(f, DATA, 4), ONES, "pci: data: all ones while disabled");
	put(f, ADDRESS, 4, ONES);
	check(f, get(f, ADDRESS, 4), 0x80FFFFFC, "pci: address: reserved bits are 0");
	put(f, ADDRESS, 4, 0x80000000);
	put(f, ADDRESS, 1, 0x12);
	put(f, ADDRESS, 2, 0x1234);
	check(f, get(f, ADDRESS, 4), 0x80000000, "pci: address: 8 and 16 bits are not for it");
	check(f, get(f, ADDRESS, 1), 0xFF, "pci: address: nor read it");
	check(f, get(f, DATA, 4), 0x12378086, "pci: host bridge: 8086:1237");
	check(f, get(f, DATA, 2), 0x8086, "pci: data: 16 bits");
	check(f, get(f, DATA + 2, 2), 0x1237, "pci: data: the upper 16 bits");
	check(f, get(f, DATA + 3, 1), 0x12, "pci: data: a byte");
	check(f, get(f, DATA + 1, 2), 0x3780, "pci: data: 16 bits in the middle");
	check(f, get(f, DATA + 2, 4), 0xFFFF1237, "pci: data: nothing beyond the register");
	put(f, ADDRESS, 4, 0x00000000);
	check(f, get(f, DATA, 4), ONES, "pci: data: disabled again");
	put(f, ADDRESS, 4, 0x80010000);
	check(f, get(f, DATA, 4), ONES, "pci: bus 1: nobody");
	put(f, DATA, 4, 0);
	address(f, 31, 7, 0);
	check(f, get(f, DATA, 4), ONES, "pci: slot 31: nobody");
	put(f, DATA, 4, 0);
	address(f, 0, 1, 0);
	check(f, get(f, DATA, 2), 0xFFFF, "pci: host bridge: one function");
}

static void test_bridges(struct fixture *f)
{
	check(f, config(f, 0, 0x08, 4), 0x06000002, "pci: host bridge: class and revision");
	check(f, config(f, 0, 0x0C, 4), 0, "pci: host bridge: header type 0");
	check(f, config(f, 0, 0x04, 4), 0x02800006, "pci: host bridge: command and status");
	set_config(f, 0, 0x04, 2, 0);
	check(f, config(f, 0, 0x04, 2), 0x0006, "pci: host bridge: decodes memory, always");
	set_config(f, 0, 0x10, 4, ONES);
	check(f, config(f, 0, 0x10, 4), 0, "pci: host bridge: no base address");
	set_config(f, 0, 0x00, 4, 0);
	check(f, config(f, 0, 0x00, 4), 0x12378086, "pci: host bridge: IDs cannot be written");
	set_config(f, 0, 0x59, 1, 0x30);
	check(f, config(f, 0, 0x58, 4), 0x3000, "pci: host bridge: PAM0 is stored");
	check(f, config(f, 1, 0x00, 4), 0x70008086, "pci: ISA bridge: 8086:7000");
	check(f, config(f, 1, 0x08, 4), 0x06010000, "pci: ISA bridge: class");
	check(f, config(f, 1, 0x0E, 1), 0, "pci: ISA bridge: one function");
	check(f, config(f, 1, 0x60, 4), 0x80808080, "pci: ISA bridge: nothing routed");
	set_config(f, 1, 0x60, 4, ONES);
	check(f, config(f, 1, 0x60, 4), 0x8F8F8F8F, "pci: ISA bridge: PIRQRC's bits");
	check(f, config(f, 1, 0x3D, 1), 0, "pci: ISA bridge: no interrupt pin");
}

static void test_card(struct fixture *f)
{
	check(f, config(f, 3, 0x00, 4), 0x56781234, "pci: card: IDs");
	check(f, config(f, 3, 0x2C, 4), 0xDEF09ABC, "pci: card: subsystem");
	check(f, config(f, 3, 0x08, 4), 0x01020304, "pci: card: class and revision");
	check(f, config(f, 3, 0x3C, 2), 0x0100, "pci: card: INTA#");
	set_config(f, 3, 0x3C, 2, 0xFFFF);
	check(f, config(f, 3, 0x3C, 2), 0x01FF, "pci: card: interrupt line, but not pin");
	check(f, f->written_at << 8 | f->written_size, 0x3C02, "pci: card: is told of writes");
	pci_define(f->card, 0x40, 4, 0x000000F0, 0x0000000F, 0x000000F0);
	set_config(f, 3, 0x40, 4, 0x00FFFF35);
	check(f, config(f, 3, 0x40, 4), 0xC5, "pci: card: writable, and cleared by ones");
	pci_device.reset(f->pci);
	check(f, config(f, 3, 0x40, 4), 0xF0, "pci: card: after a reset");
	check(f, config(f, 3, 0x3C, 1), 0, "pci: card: the line too");
}

static void test_adding(struct fixture *f)
{
	static const struct pci_id id = { .vendor = 0x1234 };

	check(f, pci_add(f->pci, 3, 0, &id, NULL, NULL, NULL) == -EEXIST, 1, "pci: add: taken");
	check(f, pci_add(f->pci, 32, 0, &id, NULL, NULL, NULL) == -EINVAL, 1, "pci: add: no slot");
	check(f, pci_add(f->pci, 4, 8, &id, NULL, NULL, NULL) == -EINVAL, 1, "pci: add: no number");
	check(f, config(f, 3, 0x0E, 1), 0, "pci: add: one function");
	check(f, pci_add(f->pci, 3, 5, &id, NULL, NULL, NULL) == 0, 1, "pci: add: another function");
	check(f, config(f, 3, 0x0E, 1), 0x80, "pci: add: more than one");
	address(f, 3, 5, 0);
	check(f, get(f, DATA, 2), 0x1234, "pci: add: it answers");
}

static void test_base_addresses(struct fixture *f)
{
	pci_define_bar(f->card, 0, PCI_BAR_IO, 0x20);
	pci_define_bar(f->card, 1, PCI_BAR_MEMORY, 0x1000);
	pci_define_bar(f->card, 2, PCI_BAR_MEMORY_64 | PCI_BAR_PREFETCHABLE, UINT64_C(1) << 33);
	set_config(f, 3, 0x10, 4, ONES);
	check(f, config(f, 3, 0x10, 4), 0xFFFFFFE1, "pci: bar: I/O, 32 ports");
	set_config(f, 3, 0x14, 4, ONES);
	check(f, config(f, 3, 0x14, 4), 0xFFFFF000, "pci: bar: memory, 4 KiB");
	set_config(f, 3, 0x18, 4, ONES);
	set_config(f, 3, 0x1C, 4, ONES);
	check(f, config(f, 3, 0x18, 4), 0x0000000C, "pci: bar: 64 bits, prefetchable");
	check(f, config(f, 3, 0x1C, 4), 0xFFFFFFFE, "pci: bar: 8 GiB");
	set_config(f, 3, 0x20, 4, ONES);
	check(f, config(f, 3, 0x20, 4), 0, "pci: bar: none");
	set_config(f, 3, 0x10, 4, 0xC020);
	set_config(f, 3, 0x14, 4, 0xFEB01000);
	set_config(f, 3, 0x18, 4, 0);
	set_config(f, 3, 0x1C, 4, 0x12);
	check(f, pci_bar(f->card, 0), PCI_NOWHERE, "pci: bar: not decoded yet");
	set_config(f, 3, 0x04, 2, 0x0001);
	check(f, pci_bar(f->card, 0), 0xC020, "pci: bar: I/O is decoded");
	check(f, pci_bar(f->card, 1), PCI_NOWHERE, "pci: bar: memory is not");
	set_config(f, 3, 0x04, 2, 0x0002);
	check(f, pci_bar(f->card, 0), PCI_NOWHERE, "pci: bar: I/O is not");
	check(f, pci_bar(f->card, 1), 0xFEB01000, "pci: bar: memory is decoded");
	check(f, pci_bar(f->card, 2), UINT64_C(0x1200000000), "pci: bar: 64 bits");
}

static void test_interrupts(struct fixture *f)
{
	pci_intx(f->card, true);
	check(f, config(f, 3, 0x06, 2) & 0x0008, 0x0008, "pci: INTx: status");
	check(f, line(&f->chip, 11), 0, "pci: INTx: not routed");
	set_config(f, 1, 0x62, 1, 0x0B);
	check(f, line(&f->chip, 11), 1, "pci: INTx: INTA# of slot 3 is PIRQC#");
	set_config(f, 3, 0x04, 2, 0x0400);
	check(f, line(&f->chip, 11), 0, "pci: INTx: disabled by the command register");
	set_config(f, 3, 0x04, 2, 0x0000);
	set_config(f, 1, 0x62, 1, 0x05);
	check(f, line(&f->chip, 11) << 1 | line(&f->chip, 5), 1, "pci: INTx: routed elsewhere");
	set_config(f, 1, 0x62, 1, 0x0D);
	check(f, line(&f->chip, 13) << 1 | line(&f->chip, 5), 0, "pci: INTx: line 13 is the FPU's");
	set_config(f, 1, 0x62, 1, 0x05);
	pci_intx(f->card, false);
	check(f, line(&f->chip, 5), 0, "pci: INTx: low");
	check(f, config(f, 3, 0x06, 2) & 0x0008, 0, "pci: INTx: status");
}

/* Slot 7's INTA# is the same line as slot 3's. */
static void test_shared_interrupts(struct fixture *f)
{
	static const struct pci_id id = { .vendor = 0x1234, .interrupt_pin = 1 };
	static const struct pci_id last = { .vendor = 0x1234, .interrupt_pin = 4 };
	struct pci_function *other, *third;

	if (pci_add(f->pci, 7, 0, &id, NULL, NULL, &other) ||
	    pci_add(f->pci, 4, 0, &last, NULL, NULL, &third))
		return;
	set_config(f, 1, 0x62, 1, 0x0A);
	pci_intx(f->card, true);
	pci_intx(f->card, true);
	pci_intx(other, true);
	check(f, f->chip.rises[10], 1, "pci: shared: one level");
	pci_intx(f->card, false);
	check(f, line(&f->chip, 10), 1, "pci: shared: one of two");
	pci_intx(other, false);
	check(f, line(&f->chip, 10), 0, "pci: shared: none");
	pci_intx(third, true);
	check(f, line(&f->chip, 10), 1, "pci: shared: INTD# of slot 4 is PIRQC# too");
	set_config(f, 1, 0x63, 1, 0x0A);
	pci_device.reset(f->pci);
	check(f, line(&f->chip, 10), 0, "pci: shared: low after a reset");
	set_config(f, 1, 0x62, 1, 0x0A);
	check(f, line(&f->chip, 10), 0, "pci: shared: and nothing is left of it");
}

UNIT_MAIN_WITH(chip.unit, test_mechanism, test_bridges, test_card, test_adding,
	       test_base_addresses, test_interrupts, test_shared_interrupts)
