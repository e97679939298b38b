/* SPDX-License-Identifier: 0BSD */
/* multiboot2.c - prints a Multiboot2 information structure (3.4 and 3.6 there). */
#include <vmm/console.h>

#include "kernel/kernel.h"

struct tag {
	uint32_t type, size;
};

struct string_tag {
	struct tag tag;
	char string[];
};

struct module_tag {
	struct tag tag;
	uint32_t start, end;
	char string[];
};

struct memory_tag {
	struct tag tag;
	uint32_t lower, upper;
};

struct map_tag {
	struct tag tag;
	uint32_t entry_size, entry_version;
	uint8_t entries[];
};

struct map_entry {
	uint64_t base, length;
	uint32_t type, reserved;
};

struct framebuffer_tag {
	struct tag tag;
	uint64_t addr;
	uint32_t pitch, width, height;
	uint8_t bpp, type;
	uint16_t reserved;
};

struct sections_tag {
	struct tag tag;
	uint32_t count, entry_size, names;
	uint8_t headers[];
};

struct base_tag {
	struct tag tag;
	uint32_t base;
};

/* A copy of ACPI's root pointer: of its first version 20 bytes, else all of it. */
struct rsdp_tag {
	struct tag tag;
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
};

static void report_line(const struct tag *tag)
{
	console_printf("command line: %s.\n", ((const struct string_tag *)tag)->string);
}

static void report_loader(const struct tag *tag)
{
	console_printf("loader: %s\n", ((const struct string_tag *)tag)->string);
}

static void report_one_module(const struct tag *tag)
{
	const struct module_tag *module = (const struct module_tag *)tag;

	report_module(module->start, module->end, module->string);
}

static void report_memory(const struct tag *tag)
{
	const struct memory_tag *memory = (const struct memory_tag *)tag;

	console_printf("memory lower %u upper %u\n", (unsigned int)memory->lower,
		       (unsigned int)memory->upper);
}

static void report_map(const struct tag *tag)
{
	const struct map_tag *map = (const struct map_tag *)tag;

	console_printf("map entries of %u version %u\n", (unsigned int)map->entry_size,
		       (unsigned int)map->entry_version);
	for (uint32_t i = sizeof(*map); i < tag->size; i += map->entry_size) {
		const struct map_entry *entry =
			(const struct map_entry *)((const uint8_t *)tag + i);

		console_printf("map 0x%016llx 0x%016llx type %u\n",
			       (unsigned long long)entry->base, (unsigned long long)entry->length,
			       (unsigned int)entry->type);
	}
}

static void report_framebuffer(const struct tag *tag)
{
	const struct framebuffer_tag *frame = (const struct framebuffer_tag *)tag;

	console_printf("framebuffer 0x%llx pitch %u %u x %u bpp %u type %u\n",
		       (unsigned long long)frame->addr, (unsigned int)frame->pitch,
		       (unsigned int)frame->width, (unsigned int)frame->height, frame->bpp,
		       frame->type);
}

static void report_elf(const struct tag *tag)
{
	const struct sections_tag *sections = (const struct sections_tag *)tag;

	report_sections(sections->count, sections->entry_size, sections->names,
			sections->headers);
}

static void report_base(const struct tag *tag)
{
	console_printf("load base 0x%x\n", (unsigned int)((const struct base_tag *)tag)->base);
}

/* That it is whole, and leads to a table. */
static void report_rsdp(const struct tag *tag)
{
	const struct rsdp_tag *rsdp = (const struct rsdp_tag *)tag;
	const uint8_t *bytes = (const uint8_t *)rsdp->signature;
	uint8_t sum = 0;

	for (uint32_t i = 0; i < tag->size - sizeof(*tag); i++)
		sum += bytes[i];
	console_printf("rsdp %.8s of %u bytes sum %u revision %u to %.4s\n", rsdp->signature,
		       (unsigned int)(tag->size - sizeof(*tag)), sum, rsdp->revision,
		       (const char *)at(rsdp->rsdt));
}

static void report_tag(const struct tag *tag)
{
	switch (tag->type) {
	case 1: report_line(tag); break;
	case 2: report_loader(tag); break;
	case 3: report_one_module(tag); break;
	case 4: report_memory(tag); break;
	case 6: report_map(tag); break;
	case 8: report_framebuffer(tag); break;
	case 9: report_elf(tag); break;
	case 14: report_rsdp(tag); break;
	case 15: report_rsdp(tag); break;
	case 21: report_base(tag); break;
	default: console_printf("tag %u\n", (unsigned int)tag->type); break;
	}
}

const char *report_multiboot2(uint32_t address)
{
	const uint32_t *info = at(address);
	const uint8_t *next = (const uint8_t *)(info + 2), *end = (const uint8_t *)info + info[0];
	const char *line = "";

	console_printf("information %s, reserved %u\n", address % 8 ? "not aligned" : "aligned",
		       (unsigned int)info[1]);
	while (next < end) {
		const struct tag *tag = (const struct tag *)next;

		report_tag(tag);
		if (tag->type == 1)
			line = ((const struct string_tag *)tag)->string;
		next += (tag->size + 7) & ~7u;
		if (!tag->type)
			break;
	}
	console_printf("tags end %s\n", next == end ? "with the information" : "elsewhere");
	return line;
}
