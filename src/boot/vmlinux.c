/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vmlinux.c - the loader of Linux as an ELF file. Where a note names a PVH entry,
 * that is taken, as by Xen and QEMU, for any kernel that has one; else the
 * kernel's own with the zero page (Linux, Documentation/arch/x86/boot.rst, "64-bit
 * Boot Protocol" and "32-bit Boot Protocol").
 */
#include "boot/vmlinux.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "boot/elfimage.h"
#include "boot/handover.h"
#include "boot/layout.h"
#include "boot/pvh.h"
#include "boot/start.h"
#include "boot/zeropage.h"

#define NOTE_PVH_ENTRY	18u	/* XEN_ELFNOTE_PHYS32_ENTRY, of "Xen" */

/* What such kernels say in a setup header, which an ELF file does not have. */
#define HEADER_MAGIC	0x53726448u	/* "HdrS" */
#define HEADER_VERSION	0x020Fu
#define BOOT_FLAG	0xAA55u
#define CMDLINE_SIZE	2047u
#define INITRD_MAX_32	0x37FFFFFFu
#define INITRD_MAX_64	0x7FFFFFFFu

/* --- notes --- */

struct notes {
	bool linux_own;		/* there is one of Linux's */
	bool pvh;
	uint64_t pvh_entry;	/* physical */
};

/* name and description are padded to 4 bytes each (System V ABI, "Note Section"). */
static uint64_t padded(uint64_t size)
{
	return (size + 3) & ~UINT64_C(3);
}

static bool is_named(const uint8_t *name, uint32_t size, const char *wanted)
{
	return size == strlen(wanted) + 1 && !memcmp(name, wanted, size);
}

static void take_note(const Elf64_Nhdr *note, const uint8_t *name, const uint8_t *description,
		      struct notes *notes)
{
	if (is_named(name, note->n_namesz, "Linux"))
		notes->linux_own = true;
	if (!is_named(name, note->n_namesz, "Xen") || note->n_type != NOTE_PVH_ENTRY ||
	    (note->n_descsz != 4 && note->n_descsz != 8))
		return;
	notes->pvh = true;
	memcpy(&notes->pvh_entry, description, note->n_descsz);
}

/* Notes that are cut off end the search. */
static void read_notes(const uint8_t *data, uint64_t size, struct notes *notes)
{
	while (size >= sizeof(Elf64_Nhdr)) {
		const uint8_t *name = data + sizeof(Elf64_Nhdr);
		uint64_t length;
		Elf64_Nhdr note;	/* the same as of 32 bits */

		memcpy(&note, data, sizeof(note));
		length = sizeof(note) + padded(note.n_namesz) + padded(note.n_descsz);
		if (length > size)
			return;
		take_note(&note, name, name + padded(note.n_namesz), notes);
		data += length;
		size -= length;
	}
}

static struct notes find_notes(const struct elf *elf)
{
	struct notes notes = { 0 };

	for (uint32_t i = 0; i < elf->segments.count; i++) {
		struct elf_segment segment;

		elf_segment(elf, i, &segment);
		if (segment.type == PT_NOTE && segment.offset <= elf->image->size &&
		    segment.filesz <= elf->image->size - segment.offset)
			read_notes(elf->image->data + segment.offset, segment.filesz, &notes);
	}
	return notes;
}

bool vmlinux_recognizes(const struct boot_image *image)
{
	static const struct log silent = { .level = LOG_SILENT };
	const struct boot_request quiet = { .path = image->path, .log = &silent };
	struct notes notes;
	struct elf elf;

	if (!elf_is(image) || elf_open(&quiet, image, &elf))
		return false;
	notes = find_notes(&elf);
	return notes.pvh || notes.linux_own;
}

/* --- start --- */

static int start_with_zeropage(const struct boot_request *request, const struct elf *elf,
			       const struct linux_limits *limits, struct vcpu_state *state)
{
	struct boot_params params = {
		.hdr = {
			.boot_flag = BOOT_FLAG, .header = HEADER_MAGIC, .version = HEADER_VERSION,
			.loadflags = LOADED_HIGH, .initrd_addr_max = (uint32_t)limits->initrd_max,
			.cmdline_size = limits->cmdline_size,
		},
	};
	uint64_t entry;
	int error = elf_entry(request, elf, &entry);

	error = error ?: linux_place_zeropage(request, limits, &params);
	if (error)
		return error;
	if (elf->wide)
		error = start_long(state, request->mem, entry, 0);
	else
		error = start_protected(state, request->mem, (uint32_t)entry, 0);
	error = error ?: start_linux_segments(state, request->mem);
	state->gpr[GPR_RSI] = ZEROPAGE_GPA;
	return error;
}

static int start_by_pvh(const struct boot_request *request, const struct elf *elf,
			const struct linux_limits *limits, uint64_t entry,
			struct layout *layout, struct vcpu_state *state)
{
	struct linux_blob initrd;
	int error;

	if (entry >= HANDOVER_LIMIT || !mem_valid(request->mem, entry, 1, MEM_READ))
		return boot_refuse(request, elf->image, "the PVH entry in its note: no memory at 0x%"
				   PRIx64 " below 4 GiB", entry);
	error = linux_place_initrd(request, limits, &initrd);
	return error ?: pvh_start(request, elf->image, (uint32_t)entry, &initrd, layout, state);
}

/* The kernel's segments, clear of what is handed to it. */
static int place(const struct boot_request *request, const struct elf *elf,
		 struct layout *layout)
{
	int error = elf_load(request, elf, 0, layout);

	return error ?: handover_take(request, elf->image, "the zero page", ZEROPAGE_GPA,
				      CMDLINE_GPA + CMDLINE_SPACE - ZEROPAGE_GPA, layout);
}

int vmlinux_load(const struct boot_request *request, const struct boot_image *image,
		 struct boot_result *result)
{
	struct elf_extent extent;
	struct linux_limits limits;
	struct layout layout;
	struct notes notes;
	struct elf elf;
	int error = elf_open(request, image, &elf);

	error = error ?: elf_measure(request, &elf, &extent);
	if (error)
		return error;
	notes = find_notes(&elf);
	limits = (struct linux_limits){
		.kernel_end = extent.high, .cmdline_size = CMDLINE_SIZE,
		.initrd_max = elf.wide ? INITRD_MAX_64 : INITRD_MAX_32,
	};
	log_verbose(request->log, "%s: Linux as an ELF file, %s", image->path,
		    notes.pvh ? "PVH entry" : elf.wide ? "64-bit entry" : "32-bit entry");
	layout_init(&layout, request->mem);
	error = place(request, &elf, &layout);
	if (!error && notes.pvh)
		error = start_by_pvh(request, &elf, &limits, notes.pvh_entry, &layout,
				     &result->state);
	else if (!error)
		error = start_with_zeropage(request, &elf, &limits, &result->state);
	if (!error)
		result->symbols = elf_symbols(request, &elf, 0);
	layout_fini(&layout);
	return error;
}
