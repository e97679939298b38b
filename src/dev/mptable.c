/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mptable.c - the table of processors, APICs and interrupts for kernels that do
 * without ACPI (Intel MultiProcessor Specification 1.4, chapter 4).
 */
#include <string.h>

#include "dev/platform.h"
#include "dev/tables.h"

#define PACKED __attribute__((packed))
#define REVISION 4		/* 1.4 */

struct PACKED floating_pointer {
	char signature[4];
	uint32_t configuration;
	uint8_t length;		/* in units of 16 bytes */
	uint8_t revision;
	uint8_t checksum;
	uint8_t features[5];	/* 0: there is a table, and no PIC mode */
};

struct PACKED configuration {
	char signature[4];
	uint16_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem[8];
	char product[12];
	uint32_t oem_table;
	uint16_t oem_table_size;
	uint16_t entries;
	uint32_t lapic;
	uint16_t extended_length;
	uint8_t extended_checksum;
	uint8_t reserved;
};

enum { PROCESSOR = 0, BUS = 1, IO_APIC = 2, IO_INTERRUPT = 3, LOCAL_INTERRUPT = 4 };

struct PACKED processor {
	uint8_t type, id, version, flags;
	uint32_t signature, features;
	uint32_t reserved[2];
};

#define PROCESSOR_ENABLED	(1u << 0)
#define PROCESSOR_BOOTSTRAP	(1u << 1)
#define PROCESSOR_FAMILY_6	0x600u
#define PROCESSOR_FPU_APIC	0x201u	/* CPUID says the rest */
#define LAPIC_VERSION		0x14

struct PACKED bus {
	uint8_t type, id;
	char name[6];
};

enum { PCI_BUS, ISA_BUS };	/* PCI's number is the bus's own */

struct PACKED ioapic {
	uint8_t type, id, version, flags;
	uint32_t address;
};

#define IOAPIC_VERSION	0x20
#define IOAPIC_ENABLED	1

/* Of both kinds. */
struct PACKED interrupt {
	uint8_t type, kind;
	uint16_t flags;
	uint8_t bus, line, apic, input;
};

enum { KIND_INT = 0, KIND_NMI = 1, KIND_EXTINT = 3 };

#define AS_THE_BUS	0
#define HIGH_LEVEL	0x0D		/* polarity and trigger mode */
#define ALL_APICS	0xFF

static void add(struct tables *tables, struct configuration *table, const void *entry,
		uint32_t size)
{
	memcpy(tables_take(tables, size, 1), entry, size);
	table->entries++;
}

#define ADD(tables, table, entry) add(tables, table, entry, sizeof(*(entry)))

static void add_processors(struct tables *tables, struct configuration *table)
{
	for (uint8_t i = 0; i < PROCESSORS; i++) {
		const struct processor processor = {
			.type = PROCESSOR, .id = i, .version = LAPIC_VERSION,
			.flags = PROCESSOR_ENABLED | (i ? 0 : PROCESSOR_BOOTSTRAP),
			.signature = PROCESSOR_FAMILY_6, .features = PROCESSOR_FPU_APIC,
		};

		ADD(tables, table, &processor);
	}
}

/* An interrupt that comes to the I/O APIC, or to all local ones. */
static void add_interrupt(struct tables *tables, struct configuration *table, uint8_t type,
			  uint8_t kind, uint8_t line, uint8_t input)
{
	const struct interrupt interrupt = {
		.type = type, .kind = kind, .bus = ISA_BUS, .line = line, .input = input,
		.flags = kind == KIND_INT && LEVEL_LINES >> line & 1 ? HIGH_LEVEL : AS_THE_BUS,
		.apic = type == LOCAL_INTERRUPT ? ALL_APICS : IOAPIC_ID,
	};

	ADD(tables, table, &interrupt);
}

static void add_interrupts(struct tables *tables, struct configuration *table)
{
	add_interrupt(tables, table, IO_INTERRUPT, KIND_EXTINT, 0, IOAPIC_EXTINT_INPUT);
	for (uint8_t line = 0; line < ISA_LINES; line++)
		if (line != CASCADE_LINE)
			add_interrupt(tables, table, IO_INTERRUPT, KIND_INT, line,
				      line == TIMER_LINE ? IOAPIC_TIMER_INPUT : line);
	add_interrupt(tables, table, LOCAL_INTERRUPT, KIND_EXTINT, 0, 0);
	add_interrupt(tables, table, LOCAL_INTERRUPT, KIND_NMI, 0, 1);
}

static struct configuration *make_configuration(struct tables *tables)
{
	static const struct bus pci = { BUS, PCI_BUS, "PCI   " }, isa = { BUS, ISA_BUS, "ISA   " };
	static const struct ioapic ioapic = {
		IO_APIC, IOAPIC_ID, IOAPIC_VERSION, IOAPIC_ENABLED, IOAPIC_ADDRESS,
	};
	struct configuration *table = tables_take(tables, sizeof(*table), 16);

	*table = (struct configuration){
		.signature = "PCMP", .revision = REVISION, .oem = "VMM     ",
		.product = "VMM         ", .lapic = LAPIC_ADDRESS,
	};
	add_processors(tables, table);
	ADD(tables, table, &pci);
	ADD(tables, table, &isa);
	ADD(tables, table, &ioapic);
	add_interrupts(tables, table);
	table->length = (uint16_t)(tables->bytes + tables->size - (uint8_t *)table);
	table->checksum = tables_checksum(table, table->length);
	return table;
}

void mptable_make(struct tables *tables)
{
	struct floating_pointer *pointer = tables_take(tables, sizeof(*pointer), 16);

	*pointer = (struct floating_pointer){
		.signature = "_MP_",
		.configuration = tables_address(tables, make_configuration(tables)),
		.length = sizeof(*pointer) / 16, .revision = REVISION,
	};
	pointer->checksum = tables_checksum(pointer, sizeof(*pointer));
}
