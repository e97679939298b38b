/* SPDX-License-Identifier: GPL-3.0-or-later */
/* postmortem.c - descriptor tables as they are in memory, see postmortem.h. */
#include "observe/postmortem.h"

#include <inttypes.h>
#include <string.h>

#include "core/array.h"
#include "cpu/pagewalk.h"

#define DESCRIPTOR_SIZE 8u
#define GATE_SIZE_LONG 16u

/* Of a descriptor's 8 bytes. */
#define RAW_TYPE(raw)		((unsigned int)((raw) >> 40 & 0xF))
#define RAW_SEGMENT(raw)	((raw) >> 44 & 1)	/* S: code or data */
#define RAW_DPL(raw)		((unsigned int)((raw) >> 45 & 3))
#define RAW_PRESENT(raw)	((raw) >> 47 & 1)
#define RAW_LONG(raw)		((raw) >> 53 & 1)
#define RAW_DB(raw)		((raw) >> 54 & 1)
#define RAW_GRANULAR(raw)	((raw) >> 55 & 1)

/* Types of system descriptors (SDM vol. 3, table 3-2). */
static const char *const system_types[16] = {
	[1] = "16-bit TSS, available", [2] = "LDT", [3] = "16-bit TSS, busy",
	[4] = "16-bit call gate", [5] = "task gate", [6] = "16-bit interrupt gate",
	[7] = "16-bit trap gate", [9] = "TSS, available", [11] = "TSS, busy",
	[12] = "call gate", [14] = "interrupt gate", [15] = "trap gate",
};

/* Types that the IDT may have: task, interrupt and trap gates. */
#define GATE_TYPES	(1u << 5 | 1u << 6 | 1u << 7 | 1u << 14 | 1u << 15)
#define GATE_TYPES_LONG	(1u << 14 | 1u << 15)

static const char *const problems[ENTRY_PROBLEMS] = {
	[ENTRY_NULL] = "the null selector",
	[ENTRY_BEYOND] = "beyond the table's limit",
	[ENTRY_UNREADABLE] = "no memory there",
	[ENTRY_EMPTY] = "empty: all zero",
	[ENTRY_NO_GATE] = "no gate",
	[ENTRY_NOT_PRESENT] = "not present",
};

static bool is_long(const struct postmortem *pm)
{
	return pm->state->efer & EFER_LMA;
}

/* Reads size bytes at offset of a table, where the entry's linear address is to be. */
static void read_entry(const struct postmortem *pm, uint64_t base, uint32_t offset, size_t size,
		       struct table_entry *entry)
{
	uint64_t raw[2] = { 0 };

	entry->linear = base + offset;
	if (!is_long(pm))
		entry->linear = (uint32_t)entry->linear;
	if (offset + size - 1 > entry->limit) {
		entry->problem = ENTRY_BEYOND;
	} else if (pagewalk_read(pm->mem, pm->state, entry->linear, raw, size) < size) {
		entry->problem = ENTRY_UNREADABLE;
	} else {
		entry->raw = raw[0];
		entry->raw_high = raw[1];
		if (!raw[0] && !raw[1])
			entry->problem = ENTRY_EMPTY;
	}
}

void postmortem_gate(const struct postmortem *pm, uint8_t vector, struct table_entry *entry)
{
	size_t size = is_long(pm) ? GATE_SIZE_LONG : DESCRIPTOR_SIZE;
	unsigned int types = is_long(pm) ? GATE_TYPES_LONG : GATE_TYPES;

	*entry = (struct table_entry){
		.table = "IDT", .index = vector, .limit = pm->state->idtr.limit,
	};
	if (!(pm->state->cr0 & CR0_PE))
		return;
	read_entry(pm, pm->state->idtr.base, vector * (uint32_t)size, size, entry);
	if (entry->problem)
		return;
	if (RAW_SEGMENT(entry->raw) || !(types >> RAW_TYPE(entry->raw) & 1))
		entry->problem = ENTRY_NO_GATE;
	else if (!RAW_PRESENT(entry->raw))
		entry->problem = ENTRY_NOT_PRESENT;
}

void postmortem_descriptor(const struct postmortem *pm, uint16_t selector,
			   struct table_entry *entry)
{
	bool local = selector & ERROR_TI;

	*entry = (struct table_entry){
		.table = local ? "LDT" : "GDT", .index = selector & ERROR_SELECTOR,
		.limit = local ? (uint16_t)pm->state->ldtr.limit : pm->state->gdtr.limit,
	};
	if (!local && !entry->index) {
		entry->problem = ENTRY_NULL;
		return;
	}
	read_entry(pm, local ? pm->state->ldtr.base : pm->state->gdtr.base, entry->index,
		   DESCRIPTOR_SIZE, entry);
	if (!entry->problem && !RAW_PRESENT(entry->raw))
		entry->problem = ENTRY_NOT_PRESENT;
}

bool entry_is_code(const struct table_entry *entry)
{
	return RAW_SEGMENT(entry->raw) && RAW_TYPE(entry->raw) & 8;
}

uint16_t gate_code(const struct table_entry *gate)
{
	return (uint16_t)(gate->raw >> 16);
}

uint64_t gate_handler(const struct table_entry *gate)
{
	return (gate->raw & 0xFFFF) | (gate->raw >> 32 & 0xFFFF0000) | gate->raw_high << 32;
}

static void print_segment(FILE *out, uint64_t raw)
{
	uint32_t base = (uint32_t)(raw >> 16 & 0xFFFFFF) | (uint32_t)(raw >> 56) << 24;
	uint32_t limit = (uint32_t)(raw & 0xFFFF) | (uint32_t)(raw >> 32 & 0xF0000);
	bool code = RAW_TYPE(raw) & 8, more = RAW_TYPE(raw) & 2;

	if (RAW_GRANULAR(raw))
		limit = limit << 12 | 0xFFF;
	fprintf(out, "%s, %s, %u-bit, base 0x%" PRIx32 ", limit 0x%" PRIx32 ", DPL %u",
		code ? "code" : "data", code ? (more ? "readable" : "execute-only") :
		more ? "writable" : "read-only",
		code && RAW_LONG(raw) ? 64u : RAW_DB(raw) ? 32u : 16u, base, limit, RAW_DPL(raw));
}

void entry_print(FILE *out, const struct table_entry *entry)
{
	const char *type = system_types[RAW_TYPE(entry->raw)];

	fprintf(out, "%s entry 0x%02x", entry->table, entry->index);
	if (entry->problem != ENTRY_NULL)
		fprintf(out, " at 0x%" PRIx64, entry->linear);
	if (entry->problem == ENTRY_BEYOND)
		fprintf(out, ": beyond the table's limit 0x%x", entry->limit);
	else if (entry->problem && !entry->raw)
		fprintf(out, ": %s", problems[entry->problem]);
	if (entry->raw) {
		fprintf(out, " is %016" PRIx64 ": ", entry->raw);
		if (RAW_SEGMENT(entry->raw))
			print_segment(out, entry->raw);
		else if (strcmp(entry->table, "IDT") || entry->problem == ENTRY_NO_GATE)
			fputs(type ? type : "reserved type", out);
		else
			fprintf(out, "%s, handler 0x%x:0x%" PRIx64 ", DPL %u", type,
				gate_code(entry), gate_handler(entry), RAW_DPL(entry->raw));
		if (entry->problem)
			fprintf(out, ", %s", problems[entry->problem]);
	}
	fputc('\n', out);
}

const char *vector_name(uint8_t vector, char *text, size_t size)
{
	/* SDM vol. 3, table 6-1. */
	static const char *const names[] = {
		"#DE divide error", "#DB debug", "NMI", "#BP breakpoint", "#OF overflow",
		"#BR bound range exceeded", "#UD invalid opcode", "#NM device not available",
		"#DF double fault", NULL, "#TS invalid TSS", "#NP segment not present",
		"#SS stack fault", "#GP general protection", "#PF page fault", NULL,
		"#MF x87 floating-point error", "#AC alignment check", "#MC machine check",
		"#XM SIMD floating-point error",
	};

	if (vector < ARRAY_SIZE(names) && names[vector])
		return names[vector];
	snprintf(text, size, "interrupt 0x%02x", vector);
	return text;
}
