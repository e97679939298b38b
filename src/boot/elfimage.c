/* SPDX-License-Identifier: GPL-3.0-or-later */
/* elfimage.c - reading and loading ELF files, see elfimage.h. */
#include "boot/elfimage.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "boot/handover.h"

/* More than linkers make; it bounds what a malformed file can cost. */
#define SEGMENTS_MAX 1024u

/* The fields of the ELF header that are used, as in ELFCLASS64. */
struct header {
	uint16_t type, machine, phentsize, phnum, shentsize, shnum, shstrndx;
	uint32_t version;
	uint64_t entry, phoff, shoff;
};

/* The same from either class. */
#define HEADER(from) { \
	.type = (from).e_type, .machine = (from).e_machine, .version = (from).e_version, \
	.entry = (from).e_entry, .phoff = (from).e_phoff, .shoff = (from).e_shoff, \
	.phentsize = (from).e_phentsize, .phnum = (from).e_phnum, \
	.shentsize = (from).e_shentsize, .shnum = (from).e_shnum, .shstrndx = (from).e_shstrndx, \
}
#define SEGMENT(from) { \
	.type = (from).p_type, .flags = (from).p_flags, .offset = (from).p_offset, \
	.vaddr = (from).p_vaddr, .paddr = (from).p_paddr, .filesz = (from).p_filesz, \
	.memsz = (from).p_memsz, \
}
#define SECTION(from) { \
	.name = (from).sh_name, .type = (from).sh_type, .flags = (from).sh_flags, \
	.addr = (from).sh_addr, .offset = (from).sh_offset, .size = (from).sh_size, \
	.link = (from).sh_link, .addralign = (from).sh_addralign, .entsize = (from).sh_entsize, \
}

bool elf_is(const struct boot_image *image)
{
	return image->size >= SELFMAG && !memcmp(image->data, ELFMAG, SELFMAG);
}

static bool in_file(const struct boot_image *image, uint64_t offset, uint64_t size)
{
	return offset <= image->size && size <= image->size - offset;
}

/* --- the ELF header --- */

static int check_ident(const struct boot_request *request, const struct boot_image *image)
{
	const uint8_t *ident = image->data;

	if (!elf_is(image))
		return boot_refuse(request, image, "not an ELF file (see --format)");
	if (image->size < EI_NIDENT || image->size < (ident[EI_CLASS] == ELFCLASS64 ?
						      sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)))
		return boot_refuse(request, image, "the ELF header is cut off after %zu bytes",
				   image->size);
	if (ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64)
		return boot_refuse(request, image, "EI_CLASS in the ELF header is %u, neither 1 "
				   "(32 bits) nor 2 (64 bits)", ident[EI_CLASS]);
	if (ident[EI_DATA] != ELFDATA2LSB)
		return boot_refuse(request, image, "EI_DATA in the ELF header is %u, not 1 "
				   "(little-endian)", ident[EI_DATA]);
	return 0;
}

static struct header read_header(const struct elf *elf)
{
	if (elf->wide) {
		Elf64_Ehdr raw;

		memcpy(&raw, elf->image->data, sizeof(raw));
		return (struct header)HEADER(raw);
	} else {
		Elf32_Ehdr raw;

		memcpy(&raw, elf->image->data, sizeof(raw));
		return (struct header)HEADER(raw);
	}
}

/* What types there are, and what to do about those that are no kernels. */
static const char *const type_remedies[] = {
	[ET_NONE] = "no type",
	[ET_REL] = "an object file: link it",
	[ET_CORE] = "a core dump",
};

static int check_header(const struct boot_request *request, const struct elf *elf,
			const struct header *header)
{
	const struct boot_image *image = elf->image;

	if (header->version != EV_CURRENT)
		return boot_refuse(request, image, "e_version in the ELF header is %u, not 1",
				   header->version);
	if (header->type != ET_EXEC && header->type != ET_DYN)
		return boot_refuse(request, image, "e_type in the ELF header is %u (%s), not 2 "
				   "(executable)", header->type, header->type <= ET_CORE ?
				   type_remedies[header->type] : "unknown");
	if (header->machine != (elf->wide ? EM_X86_64 : EM_386))
		return boot_refuse(request, image, "e_machine in the ELF header is %u, not %u (%s)",
				   header->machine, elf->wide ? EM_X86_64 : EM_386, elf->wide ?
				   "x86-64, in a file of 64 bits" : "i386, in a file of 32 bits");
	return 0;
}

static int check_segment_table(const struct boot_request *request, const struct elf *elf,
			       const struct header *header)
{
	const struct boot_image *image = elf->image;
	size_t wanted = elf->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

	if (!header->phnum)
		return boot_refuse(request, image,
				   "e_phnum in the ELF header is 0: nothing to load");
	if (header->phnum > SEGMENTS_MAX)
		return boot_refuse(request, image, "e_phnum in the ELF header is %u, more than %u",
				   header->phnum, SEGMENTS_MAX);
	if (header->phentsize < wanted)
		return boot_refuse(request, image,
				   "e_phentsize in the ELF header is %u, less than %zu",
				   header->phentsize, wanted);
	if (!in_file(image, header->phoff, (uint64_t)header->phnum * header->phentsize))
		return boot_refuse(request, image, "e_phoff in the ELF header: %u program headers "
				   "at 0x%" PRIx64 " end behind the file's %zu bytes",
				   header->phnum, header->phoff, image->size);
	return 0;
}

/* A kernel can do without its sections: they are dropped where the table is not right. */
static void open_sections(struct elf *elf, const struct header *header)
{
	if (!header->shoff || !header->shnum)
		return;
	if (header->shentsize < (elf->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)))
		elf->sections_wrong = "e_shentsize is too small";
	else if (!in_file(elf->image, header->shoff, (uint64_t)header->shnum * header->shentsize))
		elf->sections_wrong = "e_shoff and e_shnum lead behind the file's end";
	else
		elf->sections = (struct elf_table){
			.offset = header->shoff, .count = header->shnum,
			.entry_size = header->shentsize,
		};
}

int elf_open(const struct boot_request *request, const struct boot_image *image,
	     struct elf *elf)
{
	struct header header;
	int error = check_ident(request, image);

	if (error)
		return error;
	*elf = (struct elf){ .image = image, .wide = image->data[EI_CLASS] == ELFCLASS64 };
	header = read_header(elf);
	error = check_header(request, elf, &header);
	if (!error)
		error = check_segment_table(request, elf, &header);
	if (error)
		return error;
	elf->machine = header.machine;
	elf->entry = header.entry;
	elf->names = header.shstrndx;
	elf->segments = (struct elf_table){
		.offset = header.phoff, .count = header.phnum, .entry_size = header.phentsize,
	};
	open_sections(elf, &header);
	return 0;
}

static const uint8_t *entry_at(const struct elf *elf, const struct elf_table *table,
			       uint32_t index)
{
	return elf->image->data + table->offset + (uint64_t)index * table->entry_size;
}

void elf_segment(const struct elf *elf, uint32_t index, struct elf_segment *segment)
{
	const uint8_t *at = entry_at(elf, &elf->segments, index);

	if (elf->wide) {
		Elf64_Phdr raw;

		memcpy(&raw, at, sizeof(raw));
		*segment = (struct elf_segment)SEGMENT(raw);
	} else {
		Elf32_Phdr raw;

		memcpy(&raw, at, sizeof(raw));
		*segment = (struct elf_segment)SEGMENT(raw);
	}
}

void elf_section(const struct elf *elf, uint32_t index, struct elf_section *section)
{
	const uint8_t *at = entry_at(elf, &elf->sections, index);

	if (elf->wide) {
		Elf64_Shdr raw;

		memcpy(&raw, at, sizeof(raw));
		*section = (struct elf_section)SECTION(raw);
	} else {
		Elf32_Shdr raw;

		memcpy(&raw, at, sizeof(raw));
		*section = (struct elf_section)SECTION(raw);
	}
}

/* --- segments --- */

/* The next segment from *index on that is to be loaded; false: there is none. */
static bool next_load(const struct elf *elf, uint32_t *index, struct elf_segment *segment)
{
	for (; *index < elf->segments.count; ++*index) {
		elf_segment(elf, *index, segment);
		if (segment->type == PT_LOAD && segment->memsz)
			return true;
	}
	return false;
}

static int check_segment(const struct boot_request *request, const struct elf *elf,
			 uint32_t index, const struct elf_segment *segment)
{
	const struct boot_image *image = elf->image;

	if (segment->filesz > segment->memsz)
		return boot_refuse(request, image, "program header %u: p_filesz 0x%" PRIx64
				   " is more than p_memsz 0x%" PRIx64, index, segment->filesz,
				   segment->memsz);
	/* Without bytes in the file the offset means nothing: it may be behind the end. */
	if (segment->filesz && !in_file(image, segment->offset, segment->filesz))
		return boot_refuse(request, image, "program header %u: p_offset 0x%" PRIx64
				   " and p_filesz 0x%" PRIx64 " end behind the file's %zu bytes "
				   "(is it cut off?)", index, segment->offset, segment->filesz,
				   image->size);
	if (segment->paddr + segment->memsz < segment->paddr)
		return boot_refuse(request, image, "program header %u: p_paddr 0x%" PRIx64
				   " and p_memsz 0x%" PRIx64 " wrap around", index,
				   segment->paddr, segment->memsz);
	return 0;
}

int elf_measure(const struct boot_request *request, const struct elf *elf,
		struct elf_extent *extent)
{
	struct elf_segment segment;

	*extent = (struct elf_extent){ .low = UINT64_MAX };
	for (uint32_t i = 0; next_load(elf, &i, &segment); i++) {
		int error = check_segment(request, elf, i, &segment);

		if (error)
			return error;
		if (segment.paddr < extent->low)
			extent->low = segment.paddr;
		if (segment.paddr + segment.memsz > extent->high)
			extent->high = segment.paddr + segment.memsz;
	}
	if (!extent->high)
		return boot_refuse(request, elf->image,
				   "no program header is PT_LOAD: nothing to load");
	return 0;
}

static int load_segment(const struct boot_request *request, const struct elf *elf, uint32_t index,
			const struct elf_segment *segment, uint64_t gpa, struct layout *layout)
{
	char what[40];
	int error;

	snprintf(what, sizeof(what), "program header %u", index);
	error = handover_take(request, elf->image, what, gpa, segment->memsz, layout);
	if (error)
		return error;
	log_verbose(request->log, "%s: %s: 0x%" PRIx64 " bytes at 0x%" PRIx64 ", 0x%" PRIx64
		    " of them from the file, %c%c%c", elf->image->path, what, segment->memsz, gpa,
		    segment->filesz, segment->flags & PF_R ? 'r' : '-',
		    segment->flags & PF_W ? 'w' : '-', segment->flags & PF_X ? 'x' : '-');
	if (segment->filesz)
		error = mem_load(request->mem, gpa, elf->image->data + segment->offset,
				 segment->filesz);
	return error ? error : mem_zero(request->mem, gpa + segment->filesz,
					segment->memsz - segment->filesz);
}

int elf_load(const struct boot_request *request, const struct elf *elf, uint64_t slide,
	     struct layout *layout)
{
	struct elf_segment segment;

	for (uint32_t i = 0; next_load(elf, &i, &segment); i++) {
		int error = load_segment(request, elf, i, &segment, segment.paddr + slide,
					 layout);

		if (error)
			return error;
	}
	return 0;
}

int elf_entry(const struct boot_request *request, const struct elf *elf, uint64_t *entry)
{
	struct elf_segment segment;

	for (uint32_t i = 0; next_load(elf, &i, &segment); i++) {
		if (elf->entry - segment.vaddr >= segment.memsz)
			continue;
		*entry = segment.paddr + (elf->entry - segment.vaddr);
		return 0;
	}
	for (uint32_t i = 0; next_load(elf, &i, &segment); i++) {
		if (elf->entry - segment.paddr >= segment.memsz)
			continue;
		*entry = elf->entry;
		return 0;
	}
	return boot_refuse(request, elf->image, "e_entry in the ELF header: 0x%" PRIx64
			   " lies in no segment", elf->entry);
}
