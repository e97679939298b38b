/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pci.c - PCI bus 0 and the 440FX's host bridge, see pci.h. */
#include "dev/pci.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_SIZE	256u

/* CONFIG_ADDRESS */
#define ADDRESS_ENABLE		(1u << 31)
#define ADDRESS_BUS(a)		((a) >> 16 & 0xFFu)
#define ADDRESS_DEVFN(a)	((a) >> 8 & 0xFFu)
#define ADDRESS_REGISTER(a)	((a) & 0xFCu)
#define ADDRESS_STORED		0x80FFFFFCu

#define DEVFN(slot, number)	((slot) * PCI_FUNCTIONS + (number))
#define SLOT(devfn)		((devfn) / PCI_FUNCTIONS)

#define COMMAND_WRITABLE	0x0547u	/* I/O, memory, master, parity, SERR#, INTx */
#define STATUS_CLEARED		0xF900u
#define STATUS_MEDIUM		0x0200u	/* DEVSEL# timing */
#define STATUS_FAST_B2B		0x0080u
#define CACHE_LINE_SIZE		0x0Cu
#define LATENCY_TIMER		0x0Du
#define SUBSYSTEM_VENDOR	0x2Cu
#define SUBSYSTEM		0x2Eu
#define CLASS_CODE		0x08u	/* with the revision */
#define HEADER_MULTI		0x80u

#define BAR_IO_MASK		0xFFFFFFFCu
#define BAR_MEMORY_MASK		0xFFFFFFF0u

/* 82441FX (290549), table 6. */
#define I440FX_SLOT		0u
#define I440FX_PAM		0x59u	/* 7 bytes */
#define I440FX_SMRAM		0x72u
#define I440FX_SMRAM_RESET	0x02u

struct pci_function {
	struct pci_function *next;
	struct pci *pci;
	const struct pci_function_ops *ops;
	void *self;
	unsigned int devfn;
	bool pin;			/* as the function drives it */
	bool asserted;			/* as the bus has it */
	uint8_t config[CONFIG_SIZE];
	uint8_t reset[CONFIG_SIZE];
	uint8_t writable[CONFIG_SIZE];
	uint8_t cleared[CONFIG_SIZE];	/* bits cleared by ones */
};

struct pci {
	uint32_t address;
	struct pci_function *functions;
	unsigned int asserting[PCI_PIRQS];	/* functions that pull the line */
	pci_route_fn *route;			/* NULL: no router */
	void *route_self;
};

/* --- functions --- */

/* A little-endian number of size bytes at bytes. */
static uint32_t get_bytes(const uint8_t *bytes, unsigned int size)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < size; i++)
		value |= (uint32_t)bytes[i] << 8 * i;
	return value;
}

static void put_bytes(uint8_t *bytes, unsigned int size, uint32_t value)
{
	for (unsigned int i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

uint32_t pci_get(const struct pci_function *function, unsigned int offset, unsigned int size)
{
	return get_bytes(&function->config[offset], size);
}

void pci_define(struct pci_function *function, unsigned int offset, unsigned int size,
		uint32_t value, uint32_t writable, uint32_t cleared_by_ones)
{
	put_bytes(&function->reset[offset], size, value);
	put_bytes(&function->config[offset], size, value);
	put_bytes(&function->writable[offset], size, writable);
	put_bytes(&function->cleared[offset], size, cleared_by_ones);
}

void pci_define_bar(struct pci_function *function, unsigned int index, unsigned int kind,
		    uint64_t size)
{
	uint64_t writable = ~(size - 1);

	pci_define(function, PCI_BAR(index), 4, kind, (uint32_t)writable, 0);
	if (kind & PCI_BAR_MEMORY_64)
		pci_define(function, PCI_BAR(index + 1), 4, 0, (uint32_t)(writable >> 32), 0);
}

uint64_t pci_bar(const struct pci_function *function, unsigned int index)
{
	uint32_t command = pci_get(function, PCI_COMMAND, 2);
	uint32_t low = pci_get(function, PCI_BAR(index), 4);

	if (low & PCI_BAR_IO)
		return command & PCI_COMMAND_IO ? low & BAR_IO_MASK : PCI_NOWHERE;
	if (!(command & PCI_COMMAND_MEMORY))
		return PCI_NOWHERE;
	if (!(low & PCI_BAR_MEMORY_64))
		return low & BAR_MEMORY_MASK;
	return (uint64_t)pci_get(function, PCI_BAR(index + 1), 4) << 32 | (low & BAR_MEMORY_MASK);
}

static struct pci_function *find(const struct pci *pci, unsigned int devfn)
{
	struct pci_function *function = pci->functions;

	while (function && function->devfn != devfn)
		function = function->next;
	return function;
}

/* A slot with more than one function says so in the header of its first. */
static void mark_multifunction(struct pci *pci, unsigned int slot)
{
	struct pci_function *first = find(pci, DEVFN(slot, 0));
	bool more = false;

	for (unsigned int i = 1; i < PCI_FUNCTIONS; i++)
		more |= find(pci, DEVFN(slot, i)) != NULL;
	if (first)
		pci_define(first, PCI_HEADER_TYPE, 1, more ? HEADER_MULTI : 0, 0, 0);
}

static void define_header(struct pci_function *function, const struct pci_id *id)
{
	pci_define(function, 0x00, 4, (uint32_t)id->device << 16 | id->vendor, 0, 0);
	pci_define(function, PCI_COMMAND, 2, 0, COMMAND_WRITABLE, 0);
	pci_define(function, PCI_STATUS, 2, STATUS_MEDIUM, 0, STATUS_CLEARED);
	pci_define(function, CLASS_CODE, 4, id->class_code << 8 | id->revision, 0, 0);
	pci_define(function, CACHE_LINE_SIZE, 1, 0, 0xFF, 0);
	pci_define(function, LATENCY_TIMER, 1, 0, 0xF8, 0);
	pci_define(function, SUBSYSTEM_VENDOR, 2, id->subsystem_vendor, 0, 0);
	pci_define(function, SUBSYSTEM, 2, id->subsystem, 0, 0);
	pci_define(function, PCI_INTERRUPT_LINE, 1, 0, id->interrupt_pin ? 0xFF : 0, 0);
	pci_define(function, PCI_INTERRUPT_PIN, 1, id->interrupt_pin, 0, 0);
}

int pci_add(struct pci *pci, unsigned int slot, unsigned int number, const struct pci_id *id,
	    const struct pci_function_ops *ops, void *self, struct pci_function **out)
{
	struct pci_function *function;

	if (slot >= PCI_SLOTS || number >= PCI_FUNCTIONS)
		return -EINVAL;
	if (find(pci, DEVFN(slot, number)))
		return -EEXIST;
	function = calloc(1, sizeof(*function));
	if (!function)
		return -ENOMEM;
	function->pci = pci;
	function->ops = ops;
	function->self = self;
	function->devfn = DEVFN(slot, number);
	define_header(function, id);
	function->next = pci->functions;
	pci->functions = function;
	mark_multifunction(pci, slot);
	if (out)
		*out = function;
	return 0;
}

/* --- interrupts --- */

void pci_set_router(struct pci *pci, pci_route_fn *fn, void *self)
{
	pci->route = fn;
	pci->route_self = self;
}

/* Pins are rotated by slot, so that those of several cards do not all meet. */
static unsigned int pirq_of(const struct pci_function *function)
{
	return (SLOT(function->devfn) + PCI_PIRQS - 1 +
		function->config[PCI_INTERRUPT_PIN] - 1u) % PCI_PIRQS;
}

static void drive_intx(struct pci_function *function)
{
	struct pci *pci = function->pci;
	unsigned int pirq = pirq_of(function);
	bool off = pci_get(function, PCI_COMMAND, 2) & PCI_COMMAND_INTX_OFF;
	bool asserted = function->pin && !off;

	if (asserted == function->asserted)
		return;
	function->asserted = asserted;
	pci->asserting[pirq] += asserted ? 1u : -1u;
	if (pci->asserting[pirq] == asserted && pci->route)
		pci->route(pci->route_self, pirq, asserted);
}

void pci_intx(struct pci_function *function, bool level)
{
	if (!function->config[PCI_INTERRUPT_PIN])
		return;
	function->pin = level;
	function->config[PCI_STATUS] &= ~PCI_STATUS_INTX;
	function->config[PCI_STATUS] |= level ? PCI_STATUS_INTX : 0;
	drive_intx(function);
}

/* --- configuration accesses --- */

/* The function that the address register names, or NULL. */
static struct pci_function *addressed(const struct pci *pci)
{
	if (!(pci->address & ADDRESS_ENABLE) || ADDRESS_BUS(pci->address))
		return NULL;
	return find(pci, ADDRESS_DEVFN(pci->address));
}

/* Of an access at a byte of the data register, what lies within it. */
static unsigned int within_register(uint64_t offset, unsigned int size)
{
	return size < 4 - offset ? size : 4 - (unsigned int)offset;
}

static uint64_t data_read(void *self, uint64_t offset, unsigned int size)
{
	const struct pci *pci = self;
	const struct pci_function *function = addressed(pci);
	unsigned int within = within_register(offset, size);
	uint64_t beyond = UINT64_MAX << 8 * within;

	if (!function)
		return UINT64_MAX;
	return beyond | pci_get(function, ADDRESS_REGISTER(pci->address) + (unsigned int)offset,
				within);
}

static void data_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	const struct pci *pci = self;
	struct pci_function *function = addressed(pci);
	unsigned int first = ADDRESS_REGISTER(pci->address) + (unsigned int)offset;
	unsigned int within = within_register(offset, size);

	if (!function)
		return;
	for (unsigned int i = first; i < first + within; i++, value >>= 8) {
		uint8_t written = (uint8_t)value;
		uint8_t *byte = &function->config[i];

		*byte = (*byte & ~function->writable[i]) | (written & function->writable[i]);
		*byte &= ~(written & function->cleared[i]);
	}
	drive_intx(function);
	if (function->ops && function->ops->written)
		function->ops->written(function->self, first, within);
}

static uint64_t address_read(void *self, uint64_t offset, unsigned int size)
{
	const struct pci *pci = self;

	return size == 4 ? pci->address : UINT64_MAX;
}

static void address_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct pci *pci = self;

	if (size == 4)
		pci->address = (uint32_t)value & ADDRESS_STORED;
}

const struct bus_ops pci_address_ops = {
	.sizes = BUS_SIZE_1 | BUS_SIZE_2 | BUS_SIZE_4,
	.read = address_read,
	.write = address_write,
};

const struct bus_ops pci_data_ops = {
	.sizes = BUS_SIZE_1 | BUS_SIZE_2 | BUS_SIZE_4,
	.read = data_read,
	.write = data_write,
};

/* --- life --- */

static void reset_function(struct pci_function *function)
{
	memcpy(function->config, function->reset, sizeof(function->config));
	function->pin = false;
	drive_intx(function);
	if (function->ops && function->ops->written)
		function->ops->written(function->self, 0, CONFIG_SIZE);
}

static void pci_reset(void *self)
{
	struct pci *pci = self;

	pci->address = 0;
	for (struct pci_function *i = pci->functions; i; i = i->next)
		reset_function(i);
}

static void pci_destroy(void *self)
{
	struct pci *pci = self;

	while (pci->functions) {
		struct pci_function *function = pci->functions;

		pci->functions = function->next;
		free(function);
	}
	free(pci);
}

/*
 * The host bridge. What it would do to accesses of memory below 1 MiB (PAM,
 * SMRAM) firmware asks for; it is stored, and RAM is there in any case.
 */
static int add_host_bridge(struct pci *pci)
{
	static const struct pci_id id = {
		.vendor = 0x8086, .device = 0x1237, .class_code = 0x060000, .revision = 0x02,
	};
	struct pci_function *bridge;
	int error = pci_add(pci, I440FX_SLOT, 0, &id, NULL, NULL, &bridge);

	if (error)
		return error;
	pci_define(bridge, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0x0140, 0);
	pci_define(bridge, PCI_STATUS, 2, STATUS_MEDIUM | STATUS_FAST_B2B, 0, STATUS_CLEARED);
	pci_define(bridge, I440FX_PAM, 1, 0, 0x33, 0);
	for (unsigned int i = 1; i < 7; i++)
		pci_define(bridge, I440FX_PAM + i, 1, 0, 0x33, 0);
	pci_define(bridge, I440FX_SMRAM, 1, I440FX_SMRAM_RESET, 0x78, 0);
	return 0;
}

int pci_create(struct pci **out)
{
	struct pci *pci = calloc(1, sizeof(*pci));
	int error = pci ? add_host_bridge(pci) : -ENOMEM;

	if (error) {
		free(pci);
		return error;
	}
	*out = pci;
	return 0;
}

const struct device_ops pci_device = {
	.name = "pci",
	.reset = pci_reset,
	.fini = pci_destroy,
};
