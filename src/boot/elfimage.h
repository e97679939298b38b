/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * elfimage.h - ELF files of 32 and 64 bits: what their tables say, their segments in
 * guest memory, their symbols (System V ABI, chapters 4 and 5; its supplements
 * for i386 and AMD64).
 */
#ifndef VMM_BOOT_ELFIMAGE_H
#define VMM_BOOT_ELFIMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "boot/boot.h"
#include "boot/layout.h"
#include "core/symbols.h"

/* A table of the file, which lies in it as a whole. */
struct elf_table {
	uint64_t offset;	/* in the file */
	uint32_t count;
	uint32_t entry_size;	/* at least the structure's */
};

struct elf {
	const struct boot_image *image;
	bool wide;		/* ELFCLASS64 */
	uint16_t machine;	/* EM_... */
	uint64_t entry;		/* e_entry */
	struct elf_table segments;
	struct elf_table sections;	/* count 0: none that can be used */
	const char *sections_wrong;	/* why not: a field's name; NULL: there are none */
	uint32_t names;		/* the section with the sections' names */
};

/* Program and section headers, as in ELFCLASS64. */
struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz;
};

struct elf_section {
	uint32_t name, type;
	uint64_t flags, addr, offset, size;
	uint32_t link;
	uint64_t addralign, entsize;
};

bool elf_is(const struct boot_image *image);

/*
 * Reads the ELF header. Returns 0, or -ENOEXEC with a message in the log where it is
 * none of an x86 executable or its program headers lie outside of the file.
 * image must outlive elf.
 */
int elf_open(const struct boot_request *request, const struct boot_image *image,
	     struct elf *elf);

/* index is below the table's count. */
void elf_segment(const struct elf *elf, uint32_t index, struct elf_segment *segment);
void elf_section(const struct elf *elf, uint32_t index, struct elf_section *section);

/* Where the segments lie in physical memory, by their headers. */
struct elf_extent {
	uint64_t low;
	uint64_t high;		/* behind the last byte */
};

/*
 * Checks what the program headers of all PT_LOAD segments say by themselves:
 * that the bytes are in the file, and addresses do not wrap. Returns 0, or
 * -ENOEXEC with a message in the log.
 */
int elf_measure(const struct boot_request *request, const struct elf *elf,
		struct elf_extent *extent);

/*
 * Puts the segments into guest memory, at their physical addresses plus slide
 * (modulo 2^64), takes them in the layout, and zeroes what of them is not in
 * the file. elf_measure() must have been content with them. Returns 0, or -errno
 * with a message in the log.
 */
int elf_load(const struct boot_request *request, const struct elf *elf, uint64_t slide,
	     struct layout *layout);

/*
 * The physical address of e_entry, without slide: what corresponds to it where
 * a segment has it among its virtual addresses, itself where one has it among
 * its physical ones. Returns 0, or -ENOEXEC with a message in the log where no
 * segment has it.
 */
int elf_entry(const struct boot_request *request, const struct elf *elf, uint64_t *entry);

/*
 * The symbols of the file's code, for the caller; they do not need the image any
 * more. slide: as for elf_load(). NULL where there are none, or no memory; where the
 * file is malformed the log says so.
 */
struct symbols *elf_symbols(const struct boot_request *request, const struct elf *elf,
			    uint64_t slide);

/* The section headers with the addresses where the sections are in guest memory. */
struct elf_loaded_sections {
	uint8_t *headers;	/* count of entry_size each; NULL: none */
	uint32_t count, entry_size, names;
};

/*
 * Copies the section headers, and loads those sections that no segment has
 * loaded (symbols, strings, debugging information; see handover_find()). Where
 * there is no room for them, there are no headers, and the log says so. The
 * caller frees sections->headers. Returns 0, or -ENOMEM with a message in the log.
 */
int elf_load_sections(const struct boot_request *request, const struct elf *elf, uint64_t slide,
		      struct layout *layout, struct elf_loaded_sections *sections);

#endif
