/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pci.h - PCI bus 0 with its host bridge, an Intel 82441FX (PMC of the 440FX;
 * data sheet 290549), reached by configuration mechanism 1 (PCI Local Bus
 * Specification 2.1, 3.7.4.1) at ports 0xCF8 and 0xCFC.
 *
 * Functions are added when the board is built. Each has 256 bytes of
 * configuration space with a mask of the bits that the guest can write, so that
 * base addresses can be sized; what is written beyond that is the function's
 * business. Interrupt pins go to a router, which the ISA bridge has.
 */
#ifndef VMM_DEV_PCI_H
#define VMM_DEV_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "core/bus.h"
#include "core/device.h"

#define PCI_SLOTS	32u
#define PCI_FUNCTIONS	8u	/* of a slot */
#define PCI_PIRQS	4u	/* interrupt lines of the board, INTA# to INTD# of slot 1 */
#define PCI_BARS	6u

/* Registers of the header (PCI 2.1, 6.1). */
#define PCI_COMMAND		0x04u	/* 2 bytes */
#define PCI_STATUS		0x06u	/* 2 bytes */
#define PCI_HEADER_TYPE		0x0Eu
#define PCI_BAR(index)		(0x10u + 4 * (index))
#define PCI_INTERRUPT_LINE	0x3Cu
#define PCI_INTERRUPT_PIN	0x3Du

#define PCI_COMMAND_IO		(1u << 0)
#define PCI_COMMAND_MEMORY	(1u << 1)
#define PCI_COMMAND_MASTER	(1u << 2)
#define PCI_COMMAND_INTX_OFF	(1u << 10)
#define PCI_STATUS_INTX		(1u << 3)

struct pci;
struct pci_function;

struct pci_id {
	uint16_t vendor;
	uint16_t device;
	uint16_t subsystem_vendor;
	uint16_t subsystem;
	uint32_t class_code;	/* class, subclass, interface: 24 bits */
	uint8_t revision;
	uint8_t interrupt_pin;	/* 1: INTA# to 4: INTD#; 0: none */
};

struct pci_function_ops {
	/* The guest has written these bytes of the configuration space; NULL: no matter. */
	void (*written)(void *self, unsigned int offset, unsigned int size);
};

/* Where a function's base address register puts it. */
enum pci_bar_kind {
	PCI_BAR_IO = 1,		/* bits of the register, as it is read */
	PCI_BAR_MEMORY = 0,
	PCI_BAR_MEMORY_64 = 4,	/* takes the next register too */
	PCI_BAR_PREFETCHABLE = 8,	/* with one of the two */
};

#define PCI_NOWHERE UINT64_MAX

/* Returns 0 or -ENOMEM. The host bridge is at slot 0. */
int pci_create(struct pci **pci);

/*
 * Adds a function, which belongs to the bus. slot: 0 to 31, number: 0 to 7.
 * *function may be NULL where nobody wants it. Returns 0; -EEXIST where there
 * is one already; -EINVAL for a number that there is not; -ENOMEM.
 */
int pci_add(struct pci *pci, unsigned int slot, unsigned int number, const struct pci_id *id,
	    const struct pci_function_ops *ops, void *self, struct pci_function **function);

/*
 * Describes size bytes (1, 2, 4) at offset of the configuration space: what they
 * are after a reset, the bits that the guest can write, and those that it
 * clears by writing ones.
 */
void pci_define(struct pci_function *function, unsigned int offset, unsigned int size,
		uint32_t value, uint32_t writable, uint32_t cleared_by_ones);

/* A base address register: index 0 to 5, size in bytes, a power of two, at least 16. */
void pci_define_bar(struct pci_function *function, unsigned int index, unsigned int kind,
		    uint64_t size);

/* Where the guest has put it; PCI_NOWHERE while decoding is off. */
uint64_t pci_bar(const struct pci_function *function, unsigned int index);

/* The register as it is now; size: 1, 2, 4. */
uint32_t pci_get(const struct pci_function *function, unsigned int offset, unsigned int size);

/* The level of the function's interrupt pin; it is shared by or. */
void pci_intx(struct pci_function *function, bool level);

/* Who is told of the board's interrupt lines, 0 to 3. */
typedef void pci_route_fn(void *self, unsigned int pirq, bool level);
void pci_set_router(struct pci *pci, pci_route_fn *fn, void *self);

/*
 * For port 0xCF8. Only 32 bits are the address register; other accesses end here
 * as well and do not reach 0xCF9 byte by byte, where they would reset the machine.
 */
extern const struct bus_ops pci_address_ops;	/* 1 port, 1, 2 or 4 bytes */
extern const struct bus_ops pci_data_ops;	/* 4 ports */
extern const struct device_ops pci_device;

#endif
