/* SPDX-License-Identifier: GPL-3.0-or-later */
/* piix3.c - the ISA bridge and its interrupt routing, see piix3.h. */
#include "dev/piix3.h"

#include <errno.h>
#include <stdlib.h>

#define SLOT		1u
#define XBCS		0x4Eu		/* X-bus chip selects, 2 bytes */
#define XBCS_RESET	0x0003u
#define PIRQRC		0x60u		/* 4 bytes */
#define PIRQRC_OFF	0x80u
#define PIRQRC_LINE	0x0Fu
#define PIRQRC_WRITABLE	0x8Fu
#define PIRQRC_LINES	0xDEF8u		/* those that a PIRQ can be routed to */
#define ISA_LINES	16u

struct piix3 {
	struct irqs *irqs;
	struct pci_function *function;
	bool pirq[PCI_PIRQS];
	uint16_t driven;		/* ISA lines that are high for a PIRQ */
};

/* The bit of the ISA line that the PIRQ goes to; 0: none. */
static uint16_t route_of(const struct piix3 *piix3, unsigned int pirq)
{
	uint32_t route = pci_get(piix3->function, PIRQRC + pirq, 1);

	return route & PIRQRC_OFF ? 0 : (uint16_t)(1u << (route & PIRQRC_LINE)) & PIRQRC_LINES;
}

/* Only lines that change are driven: a line with no PIRQ belongs to its chip. */
static void drive_lines(struct piix3 *piix3)
{
	uint16_t wanted = 0, changed;

	for (unsigned int i = 0; i < PCI_PIRQS; i++)
		wanted |= piix3->pirq[i] ? route_of(piix3, i) : 0;
	changed = wanted ^ piix3->driven;
	piix3->driven = wanted;
	for (unsigned int i = 0; i < ISA_LINES; i++)
		if (changed >> i & 1)
			irq_set(irq_line(piix3->irqs, i), wanted >> i & 1);
}

static void piix3_route(void *self, unsigned int pirq, bool level)
{
	struct piix3 *piix3 = self;

	piix3->pirq[pirq] = level;
	drive_lines(piix3);
}

static void piix3_written(void *self, unsigned int offset, unsigned int size)
{
	drive_lines(self);
}

int piix3_create(struct piix3 **out, struct pci *pci, struct irqs *irqs)
{
	static const struct pci_id id = {
		.vendor = 0x8086, .device = 0x7000, .class_code = 0x060100,
	};
	static const struct pci_function_ops ops = { .written = piix3_written };
	struct piix3 *piix3 = calloc(1, sizeof(*piix3));
	int error;

	if (!piix3)
		return -ENOMEM;
	piix3->irqs = irqs;
	error = pci_add(pci, SLOT, 0, &id, &ops, piix3, &piix3->function);
	if (error) {
		free(piix3);
		return error;
	}
	pci_define(piix3->function, PCI_COMMAND, 2,
		   PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0, 0);
	pci_define(piix3->function, XBCS, 2, XBCS_RESET, 0xFFFF, 0);
	for (unsigned int i = 0; i < PCI_PIRQS; i++)
		pci_define(piix3->function, PIRQRC + i, 1, PIRQRC_OFF, PIRQRC_WRITABLE, 0);
	pci_set_router(pci, piix3_route, piix3);
	*out = piix3;
	return 0;
}

const struct device_ops piix3_device = {
	.name = "piix3",
	.fini = free,
};
