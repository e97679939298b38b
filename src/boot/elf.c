/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * elf.c - the loader of ELF kernels without another boot protocol: segments at
 * their physical addresses, a jump to the entry in 32-bit protected mode or
 * 64-bit mode.
 */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>

#include "boot/bda.h"
#include "boot/boot.h"
#include "boot/elfimage.h"
#include "boot/handover.h"
#include "boot/start.h"

static bool recognizes(const struct boot_image *image)
{
	return elf_is(image);
}

/* Nothing says that a plain ELF file is a kernel, but this says that it is none. */
static int refuse_program(const struct boot_request *request, const struct elf *elf)
{
	struct elf_segment segment;

	for (uint32_t i = 0; i < elf->segments.count; i++) {
		elf_segment(elf, i, &segment);
		if (segment.type == PT_INTERP)
			return boot_refuse(request, elf->image, "program header %u: PT_INTERP: a "
					   "program for a dynamic linker, not a kernel", i);
	}
	return 0;
}

static int start(const struct boot_request *request, const struct elf *elf, uint64_t entry,
		 const struct layout *layout, struct vcpu_state *state)
{
	uint64_t stack = handover_stack(layout);

	log_verbose(request->log, "%s: entered at 0x%" PRIx64 " in %s mode%s", elf->image->path,
		    entry, elf->wide ? "long" : "protected",
		    entry == elf->entry ? "" : ", where its segment lies");
	if (entry >= HANDOVER_LIMIT)
		return boot_refuse(request, elf->image, "e_entry in the ELF header: it lies at 0x%"
				   PRIx64 " in physical memory, of which 4 GiB are mapped", entry);
	return handover_started(request, elf->image, elf->wide ?
				start_long(state, request->mem, entry, stack) :
				start_protected(state, request->mem, (uint32_t)entry,
						(uint32_t)stack));
}

static int load(const struct boot_request *request, const struct boot_image *image,
		struct boot_result *result)
{
	struct elf_extent extent;
	struct layout layout;
	struct elf elf;
	uint64_t entry;
	int error = elf_open(request, image, &elf);

	if (!error)
		error = refuse_program(request, &elf);
	if (!error)
		error = elf_measure(request, &elf, &extent);
	if (!error)
		error = elf_entry(request, &elf, &entry);
	if (error)
		return error;
	layout_init(&layout, request->mem);
	error = elf_load(request, &elf, 0, &layout);
	if (!error)
		bda_write(request->mem, &layout);
	if (!error)
		error = start(request, &elf, entry, &layout, &result->state);
	if (!error)
		result->symbols = elf_symbols(request, &elf, 0);
	layout_fini(&layout);
	return error;
}

const struct boot_loader boot_elf = {
	.format = BOOT_ELF,
	.is = "an ELF kernel",
	.recognizes = recognizes,
	.load = load,
};
