/* SPDX-License-Identifier: GPL-3.0-or-later */
/* elfsections.c - symbols and sections of ELF files, see elfimage.h. */
#include "boot/elfimage.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "boot/handover.h"

/* A symbol of either class. */
struct elf_symbol {
	uint32_t name;
	uint8_t info;
	uint16_t section;
	uint64_t value, size;
};

#define SYMBOL(from) { \
	.name = (from).st_name, .info = (from).st_info, .section = (from).st_shndx, \
	.value = (from).st_value, .size = (from).st_size, \
}

/* Where code lies: symbols without a size end with their section. */
struct code {
	uint64_t start;
	uint64_t size;		/* 0: no code */
};

/* Copies of what names the code, until somebody asks for a name. */
struct elf_source {
	struct symbols_source source;
	uint64_t slide;
	bool wide;
	struct code *code;	/* by section */
	uint32_t section_count;
	uint8_t *table;
	size_t count;
	size_t entry_size;
	char *strings;		/* with a NUL at the end */
	size_t strings_size;
	struct elf_segment *segment;
	uint32_t segment_count;
};

/* --- sections --- */

/* The contents of a section in the file, or NULL where it has none there. */
static const uint8_t *contents(const struct elf *elf, const struct elf_section *section)
{
	const struct boot_image *image = elf->image;

	if (section->type == SHT_NULL || section->type == SHT_NOBITS || !section->size ||
	    section->offset > image->size || section->size > image->size - section->offset)
		return NULL;
	return image->data + section->offset;
}

/* Writes where a section lies into its header; both classes have the field for it. */
static void set_address(const struct elf *elf, uint8_t *header, uint64_t address)
{
	uint32_t narrow = (uint32_t)address;

	if (elf->wide)
		memcpy(header + offsetof(Elf64_Shdr, sh_addr), &address, sizeof(address));
	else
		memcpy(header + offsetof(Elf32_Shdr, sh_addr), &narrow, sizeof(narrow));
}

/* Loads a section that belongs to no segment. Returns 0, or -ENOSPC. */
static int load_section(const struct boot_request *request, const struct elf *elf,
			const struct elf_section *section, uint8_t *header,
			struct layout *layout)
{
	uint64_t align = section->addralign, gpa;
	const uint8_t *data = contents(elf, section);

	if (!data)
		return 0;
	if (!align || align & (align - 1) || align > MEM_PAGE_SIZE)
		align = sizeof(uint64_t);
	gpa = handover_find(layout, section->size, align);
	if (!gpa || mem_load(request->mem, gpa, data, section->size))
		return -ENOSPC;
	set_address(elf, header, gpa);
	return 0;
}

static int load_sections(const struct boot_request *request, const struct elf *elf,
			 uint64_t slide, uint8_t *headers, struct layout *layout)
{
	for (uint32_t i = 0; i < elf->sections.count; i++) {
		uint8_t *header = headers + (size_t)i * elf->sections.entry_size;
		struct elf_section section;
		int error = 0;

		elf_section(elf, i, &section);
		if (section.flags & SHF_ALLOC)
			set_address(elf, header, section.addr + slide);
		else
			error = load_section(request, elf, &section, header, layout);
		if (error)
			return error;
	}
	return 0;
}

int elf_load_sections(const struct boot_request *request, const struct elf *elf, uint64_t slide,
		      struct layout *layout, struct elf_loaded_sections *sections)
{
	const struct elf_table *table = &elf->sections;
	size_t size = (size_t)table->count * table->entry_size;

	*sections = (struct elf_loaded_sections){ 0 };
	if (!size)
		return 0;
	sections->headers = malloc(size);
	if (!sections->headers) {
		log_error(request->log, "out of memory");
		return -ENOMEM;
	}
	memcpy(sections->headers, elf->image->data + table->offset, size);
	if (load_sections(request, elf, slide, sections->headers, layout)) {
		log_notice(request->log, "%s: no room for its symbols and debugging sections: the "
			   "kernel is not told of its sections (guest memory is %" PRIu64
			   "K, see -m)", elf->image->path, request->ram / 1024);
		free(sections->headers);
		sections->headers = NULL;
		return 0;
	}
	sections->count = table->count;
	sections->entry_size = table->entry_size;
	sections->names = elf->names;
	return 0;
}

/* --- symbols --- */

static void source_destroy(struct symbols_source *source)
{
	struct elf_source *self = (struct elf_source *)source;

	free(self->code);
	free(self->table);
	free(self->strings);
	free(self->segment);
	free(self);
}

static struct elf_symbol read_symbol(const struct elf_source *source, size_t index)
{
	const uint8_t *at = source->table + index * source->entry_size;

	if (source->wide) {
		Elf64_Sym raw;

		memcpy(&raw, at, sizeof(raw));
		return (struct elf_symbol)SYMBOL(raw);
	} else {
		Elf32_Sym raw;

		memcpy(&raw, at, sizeof(raw));
		return (struct elf_symbol)SYMBOL(raw);
	}
}

/* Functions before labels, global ones before local ones; 0: no name of code. */
static unsigned int rank_of(const struct elf_symbol *symbol)
{
	unsigned int type = ELF64_ST_TYPE(symbol->info), bind = ELF64_ST_BIND(symbol->info);

	if (type != STT_FUNC && type != STT_NOTYPE)
		return 0;
	return (type == STT_FUNC ? 4 : 1) + (bind == STB_LOCAL ? 0 : 1);
}

static void add_symbol(const struct elf_source *source, const struct elf_symbol *symbol,
		       struct symbols *symbols)
{
	unsigned int rank = rank_of(symbol);
	const struct code *code;
	uint64_t offset, rest;

	if (!rank || symbol->section >= source->section_count ||
	    symbol->name >= source->strings_size)
		return;
	code = &source->code[symbol->section];
	offset = symbol->value - code->start;
	if (offset >= code->size)
		return;
	rest = code->size - offset;
	symbols_add(symbols, symbol->value + source->slide,
		    symbol->size && symbol->size < rest ? symbol->size : rest,
		    source->strings + symbol->name, rank);
}

static void fill(const struct symbols_source *source, struct symbols *symbols)
{
	const struct elf_source *self = (const struct elf_source *)source;

	for (size_t i = 0; i < self->count; i++) {
		struct elf_symbol symbol = read_symbol(self, i);

		add_symbol(self, &symbol, symbols);
	}
	for (uint32_t i = 0; i < self->segment_count; i++) {
		const struct elf_segment *segment = &self->segment[i];

		if (segment->type == PT_LOAD && segment->vaddr != segment->paddr)
			symbols_add_alias(symbols, segment->paddr + self->slide, segment->memsz,
					  segment->vaddr - segment->paddr);
	}
}

/* The symbol table and its strings; false where there is none. */
static bool find_tables(const struct elf *elf, struct elf_section *table,
			struct elf_section *strings)
{
	for (uint32_t i = 0; i < elf->sections.count; i++) {
		elf_section(elf, i, table);
		if (table->type != SHT_SYMTAB || table->link >= elf->sections.count)
			continue;
		elf_section(elf, table->link, strings);
		return contents(elf, table) && contents(elf, strings);
	}
	return false;
}

static void *copy(const void *from, size_t size)
{
	void *to = malloc(size);

	return to ? memcpy(to, from, size) : NULL;
}

static bool copy_headers(const struct elf *elf, struct elf_source *source)
{
	source->section_count = elf->sections.count;
	source->segment_count = elf->segments.count;
	source->code = calloc(source->section_count, sizeof(*source->code));
	source->segment = calloc(source->segment_count, sizeof(*source->segment));
	if (!source->code || !source->segment)
		return false;
	for (uint32_t i = 0; i < source->section_count; i++) {
		struct elf_section section;

		elf_section(elf, i, &section);
		if (section.flags & SHF_EXECINSTR)
			source->code[i] = (struct code){ section.addr, section.size };
	}
	for (uint32_t i = 0; i < source->segment_count; i++)
		elf_segment(elf, i, &source->segment[i]);
	return true;
}

static bool copy_tables(const struct elf *elf, const struct elf_section *table,
			const struct elf_section *strings, struct elf_source *source)
{
	size_t least = elf->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);

	source->entry_size = table->entsize > least && table->entsize <= table->size ?
			     table->entsize : least;
	source->count = table->size / source->entry_size;
	source->table = copy(contents(elf, table), table->size);
	source->strings_size = strings->size;
	source->strings = copy(contents(elf, strings), strings->size);
	if (!source->table || !source->strings)
		return false;
	source->strings[strings->size - 1] = '\0';
	return true;
}

struct symbols *elf_symbols(const struct boot_request *request, const struct elf *elf,
			    uint64_t slide)
{
	struct elf_section table, strings;
	struct symbols *symbols = NULL;
	struct elf_source *source;

	if (elf->sections_wrong)
		log_notice(request->log, "%s: %s in the ELF header: no sections, no symbols",
			   elf->image->path, elf->sections_wrong);
	if (!find_tables(elf, &table, &strings))
		return NULL;
	source = calloc(1, sizeof(*source));
	if (!source)
		return NULL;
	source->source = (struct symbols_source){ .fill = fill, .destroy = source_destroy };
	source->slide = slide;
	source->wide = elf->wide;
	if (copy_headers(elf, source) && copy_tables(elf, &table, &strings, source))
		return symbols_create(&symbols, &source->source) ? NULL : symbols;
	source_destroy(&source->source);
	return NULL;
}
