/* SPDX-License-Identifier: 0BSD */
/* parts.c - what both versions of multiboot hand over: modules and ELF sections. */
#include <vmm/console.h>
#include <vmm/string.h>

#include "kernel/kernel.h"

#define SYMBOL_TABLE	2u	/* sh_type */
#define NO_BITS		8u
#define ALLOCATED	2u	/* sh_flags */

/* Both classes of ELF, as far as they are needed. */
struct section32 {
	uint32_t name, type, flags, addr, offset, size, link, info, align, entry_size;
};

struct section64 {
	uint32_t name, type;
	uint64_t flags, addr, offset, size;
	uint32_t link, info;
	uint64_t align, entry_size;
};

struct section {
	uint32_t name, type, flags, addr, size, link;
};

struct symbol32 {
	uint32_t name, value, size;
	uint8_t info, other;
	uint16_t section;
};

struct symbol64 {
	uint32_t name;
	uint8_t info, other;
	uint16_t section;
	uint64_t value, size;
};

static struct section read_section(const void *headers, uint32_t index, uint32_t entry_size)
{
	const uint8_t *header = (const uint8_t *)headers + index * entry_size;

	if (entry_size == sizeof(struct section64)) {
		const struct section64 *wide = (const struct section64 *)header;

		return (struct section){ wide->name, wide->type, (uint32_t)wide->flags,
					 (uint32_t)wide->addr, (uint32_t)wide->size, wide->link };
	} else {
		const struct section32 *narrow = (const struct section32 *)header;

		return (struct section){ narrow->name, narrow->type, narrow->flags, narrow->addr,
					 narrow->size, narrow->link };
	}
}

/* Whether the symbol table in memory has kernel_main where it is. */
static bool finds_itself(const struct section *table, const struct section *strings, bool wide)
{
	uint32_t size = wide ? sizeof(struct symbol64) : sizeof(struct symbol32);
	const uint8_t *symbols = at(table->addr);
	const char *names = at(strings->addr);

	for (uint32_t i = 0; i < table->size / size; i++) {
		const void *symbol = symbols + i * size;
		uint32_t name = *(const uint32_t *)symbol;
		uint64_t value = wide ? ((const struct symbol64 *)symbol)->value :
					((const struct symbol32 *)symbol)->value;

		if (!memcmp(names + name, "kernel_main", sizeof("kernel_main")))
			return value == (uintptr_t)kernel_main;
	}
	return false;
}

void report_sections(uint32_t count, uint32_t entry_size, uint32_t names, const void *headers)
{
	bool wide = entry_size == sizeof(struct section64);
	struct section strings = read_section(headers, names, entry_size);

	console_printf("sections %u of %u names %u\n", (unsigned int)count,
		       (unsigned int)entry_size, (unsigned int)names);
	for (uint32_t i = 1; i < count; i++) {
		struct section section = read_section(headers, i, entry_size);

		console_printf("section %s type %u size 0x%x", (const char *)at(strings.addr) +
			       section.name, (unsigned int)section.type,
			       (unsigned int)section.size);
		if (section.flags & ALLOCATED)
			console_printf(" at 0x%x", (unsigned int)section.addr);
		else
			console_printf(section.addr ? " loaded" : " nowhere");
		console_printf("\n");
		if (section.type == SYMBOL_TABLE) {
			struct section link = read_section(headers, section.link, entry_size);

			console_printf("symbol kernel_main %s\n",
				       finds_itself(&section, &link, wide) ? "found" : "missing");
		}
	}
}

void report_module(uint32_t start, uint32_t end, const char *string)
{
	const uint8_t *bytes = at(start);
	uint32_t sum = 0;

	for (uint32_t i = 0; i < end - start; i++)
		sum = sum * 31 + bytes[i];
	console_printf("module of %u bytes sum 0x%x %s: %s\n", (unsigned int)(end - start),
		       (unsigned int)sum, start % 4096 ? "not aligned" : "aligned", string);
}
