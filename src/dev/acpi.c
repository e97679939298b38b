/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * acpi.c - the ACPI tables (ACPI 6.5; the sections that are named are its). The
 * FADT is that of ACPI 2.0, which has all that there is to say here.
 */
#include <string.h>

#include "dev/platform.h"
#include "dev/tables.h"

#define PACKED __attribute__((packed))

/* dsdt.asl, compiled. */
static const uint8_t dsdt[] = {
#include "dev/dsdt.inc"
};

/* Generic address structure (5.2.3.2). */
struct PACKED address {
	uint8_t space;		/* 1: ports */
	uint8_t bits;
	uint8_t offset;
	uint8_t access;		/* 1, 2, 3: 1, 2, 4 bytes */
	uint64_t address;
};

#define PORT(at, bytes) \
	{ .space = 1, .bits = 8 * (bytes), .access = (bytes) == 4 ? 3 : (bytes), .address = (at) }

/* Root pointer (5.2.5.3). */
struct PACKED rsdp {
	char signature[8];
	uint8_t checksum;	/* of the first 20 bytes */
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t whole_checksum;
	uint8_t reserved[3];
};

#define RSDP_OLD_SIZE 20

/* What all tables begin with (5.2.6). */
struct PACKED header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem[6];
	char oem_table[8];
	uint32_t oem_revision;
	char creator[4];
	uint32_t creator_revision;
};

#define TABLES 2		/* that the root tables name: FADT and MADT */

struct PACKED rsdt {
	struct header header;
	uint32_t tables[TABLES];
};

struct PACKED xsdt {
	struct header header;
	uint64_t tables[TABLES];
};

/* Firmware control structure (5.2.10). */
struct PACKED facs {
	char signature[4];
	uint32_t length;
	uint32_t hardware_signature, waking_vector, global_lock, flags;
	uint64_t x_waking_vector;
	uint8_t version;
	uint8_t reserved[31];
};

/* Fixed description table (5.2.9), as of ACPI 2.0. */
struct PACKED fadt {
	struct header header;
	uint32_t facs, dsdt;
	uint8_t reserved1;
	uint8_t profile;
	uint16_t sci;
	uint32_t smi_command;
	uint8_t acpi_enable, acpi_disable, s4bios, pstate;
	uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm2_control, pm_timer;
	uint32_t gpe0, gpe1;
	uint8_t pm1_event_length, pm1_control_length, pm2_control_length, pm_timer_length;
	uint8_t gpe0_length, gpe1_length, gpe1_base, cst;
	uint16_t c2_latency, c3_latency, flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
	uint16_t boot_flags;
	uint8_t reserved2;
	uint32_t flags;
	struct address reset;
	uint8_t reset_value;
	uint8_t reserved3[3];
	uint64_t x_facs, x_dsdt;
	struct address x_pm1a_event, x_pm1b_event, x_pm1a_control, x_pm1b_control, x_pm2_control;
	struct address x_pm_timer, x_gpe0, x_gpe1;
};

_Static_assert(sizeof(struct fadt) == 244, "the FADT of ACPI 2.0");

#define FADT_DESKTOP		1
#define FADT_NO_C2		0x65	/* microseconds: more than a C2 state may take */
#define FADT_NO_C3		0x3E9
#define FADT_BOOT_LEGACY	(1u << 0)	/* ISA devices */
#define FADT_BOOT_8042		(1u << 1)
#define FADT_WBINVD		(1u << 0)
#define FADT_C1			(1u << 2)
#define FADT_NO_SLEEP_BUTTON	(1u << 5)
#define FADT_NO_RTC_WAKE	(1u << 6)
#define FADT_TIMER_32		(1u << 8)
#define FADT_RESET		(1u << 10)

/* Multiple APIC description table (5.2.12). */
struct PACKED madt {
	struct header header;
	uint32_t lapic;
	uint32_t flags;
};

#define MADT_8259 (1u << 0)

struct PACKED madt_processor {
	uint8_t type, length, uid, id;
	uint32_t flags;
};

struct PACKED madt_ioapic {
	uint8_t type, length, id, reserved;
	uint32_t address, first_input;
};

struct PACKED madt_override {
	uint8_t type, length, bus, line;
	uint32_t input;
	uint16_t flags;
};

struct PACKED madt_nmi {
	uint8_t type, length, uid;
	uint16_t flags;
	uint8_t lint;
};

enum { MADT_PROCESSOR = 0, MADT_IOAPIC = 1, MADT_OVERRIDE = 2, MADT_NMI = 4 };

#define MADT_ENABLED	1u
#define MADT_ALL	0xFFu
#define MADT_HIGH_LEVEL	0x0Du		/* polarity and trigger mode (table 5.26) */

/* Takes room for a table that begins with a header, and fills that in but for its end. */
static void *begin(struct tables *tables, const char *signature, uint8_t revision, uint32_t size)
{
	struct header *header = tables_take(tables, size, 16);

	*header = (struct header){
		.length = size, .revision = revision, .oem = "VMM   ", .oem_table = "VMM     ",
		.oem_revision = 1, .creator = "VMM ", .creator_revision = 1,
	};
	memcpy(header->signature, signature, sizeof(header->signature));
	return header;
}

/* The table is complete up to here. */
static void end(const struct tables *tables, struct header *header)
{
	header->length = (uint32_t)(tables->bytes + tables->size - (uint8_t *)header);
	header->checksum = tables_checksum(header, header->length);
}

static void add_processors(struct tables *tables)
{
	for (uint8_t i = 0; i < PROCESSORS; i++) {
		struct madt_processor *entry = tables_take(tables, sizeof(*entry), 1);

		*entry = (struct madt_processor){
			.type = MADT_PROCESSOR, .length = sizeof(*entry), .uid = i, .id = i,
			.flags = MADT_ENABLED,
		};
	}
}

/* Lines that are not at the input of their number, or not as ISA has them. */
static void add_overrides(struct tables *tables)
{
	for (uint8_t line = 0; line < ISA_LINES; line++) {
		bool level = LEVEL_LINES >> line & 1;
		struct madt_override *entry;

		if (line != TIMER_LINE && !level)
			continue;
		entry = tables_take(tables, sizeof(*entry), 1);
		*entry = (struct madt_override){
			.type = MADT_OVERRIDE, .length = sizeof(*entry), .line = line,
			.input = line == TIMER_LINE ? IOAPIC_TIMER_INPUT : line,
			.flags = level ? MADT_HIGH_LEVEL : 0,
		};
	}
}

static struct madt *make_madt(struct tables *tables)
{
	struct madt *madt = begin(tables, "APIC", 1, sizeof(*madt));
	struct madt_ioapic *ioapic;
	struct madt_nmi *nmi;

	madt->lapic = LAPIC_ADDRESS;
	madt->flags = MADT_8259;
	add_processors(tables);
	ioapic = tables_take(tables, sizeof(*ioapic), 1);
	*ioapic = (struct madt_ioapic){
		.type = MADT_IOAPIC, .length = sizeof(*ioapic), .id = IOAPIC_ID,
		.address = IOAPIC_ADDRESS,
	};
	add_overrides(tables);
	nmi = tables_take(tables, sizeof(*nmi), 1);
	*nmi = (struct madt_nmi){
		.type = MADT_NMI, .length = sizeof(*nmi), .uid = MADT_ALL, .lint = 1,
	};
	end(tables, &madt->header);
	return madt;
}

static struct facs *make_facs(struct tables *tables)
{
	struct facs *facs = tables_take(tables, sizeof(*facs), 64);

	*facs = (struct facs){ .signature = "FACS", .length = sizeof(*facs), .version = 1 };
	return facs;
}

static void *make_dsdt(struct tables *tables)
{
	return memcpy(tables_take(tables, sizeof(dsdt), 16), dsdt, sizeof(dsdt));
}

static struct fadt *make_fadt(struct tables *tables)
{
	uint32_t facs = tables_address(tables, make_facs(tables));
	uint32_t dsdt_at = tables_address(tables, make_dsdt(tables));
	struct fadt *fadt = begin(tables, "FACP", 3, sizeof(*fadt));
	const struct header header = fadt->header;

	*fadt = (struct fadt){
		.header = header, .facs = facs, .dsdt = dsdt_at, .x_dsdt = dsdt_at,
		.profile = FADT_DESKTOP, .sci = SCI_LINE,
		.pm1a_event = PM1A_EVENT_PORT, .pm1_event_length = PM1A_EVENT_PORTS,
		.pm1a_control = PM1A_CONTROL_PORT, .pm1_control_length = PM1A_CONTROL_PORTS,
		.pm_timer = PM_TIMER_PORT, .pm_timer_length = PM_TIMER_PORTS,
		.c2_latency = FADT_NO_C2, .c3_latency = FADT_NO_C3, .century = RTC_CENTURY,
		.boot_flags = FADT_BOOT_LEGACY | FADT_BOOT_8042,
		.flags = FADT_WBINVD | FADT_C1 | FADT_NO_SLEEP_BUTTON | FADT_NO_RTC_WAKE |
			 FADT_TIMER_32 | FADT_RESET,
		.reset = PORT(RESET_CONTROL_PORT, 1), .reset_value = RESET_CONTROL_VALUE,
		.x_pm1a_event = PORT(PM1A_EVENT_PORT, PM1A_EVENT_PORTS),
		.x_pm1a_control = PORT(PM1A_CONTROL_PORT, PM1A_CONTROL_PORTS),
		.x_pm_timer = PORT(PM_TIMER_PORT, PM_TIMER_PORTS),
	};
	/* The register is two, of two bytes each. */
	fadt->x_pm1a_event.access = 2;
	end(tables, &fadt->header);
	return fadt;
}

static void finish_rsdp(struct rsdp *rsdp, uint32_t rsdt, uint32_t xsdt)
{
	*rsdp = (struct rsdp){
		.signature = "RSD PTR ", .oem = "VMM   ", .revision = 2, .rsdt = rsdt,
		.length = sizeof(*rsdp), .xsdt = xsdt,
	};
	rsdp->checksum = tables_checksum(rsdp, RSDP_OLD_SIZE);
	rsdp->whole_checksum = tables_checksum(rsdp, sizeof(*rsdp));
}

void acpi_make(struct tables *tables)
{
	struct rsdp *rsdp = tables_take(tables, sizeof(*rsdp), 16);
	uint32_t fadt = tables_address(tables, make_fadt(tables));
	uint32_t madt = tables_address(tables, make_madt(tables));
	struct rsdt *rsdt;
	struct xsdt *xsdt;

	rsdt = begin(tables, "RSDT", 1, sizeof(*rsdt));
	rsdt->tables[0] = fadt;
	rsdt->tables[1] = madt;
	end(tables, &rsdt->header);
	xsdt = begin(tables, "XSDT", 1, sizeof(*xsdt));
	xsdt->tables[0] = fadt;
	xsdt->tables[1] = madt;
	end(tables, &xsdt->header);
	finish_rsdp(rsdp, tables_address(tables, rsdt), tables_address(tables, xsdt));
}
