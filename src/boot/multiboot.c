/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * multiboot.c - the loader of multiboot kernels, version 1 (Multiboot
 * Specification 0.6.96). Where it leaves a choice, the kernel gets what QEMU's
 * -kernel gives: the command line begins with the image's name, modules lie
 * behind the kernel.
 */
#include <stddef.h>
#include <string.h>

#include "boot/boot.h"
#include "boot/mbimage.h"
#include "boot/mbinfo.h"

#define SEARCHED	8192u		/* the header lies within that much of the file */
#define HEADER_MAGIC	0x1BADB002u
#define LOADER_MAGIC	0x2BADB002u	/* for EAX */

/* Bits of the header's flags (3.1.2); what of the low half is not here is refused. */
#define WANTS_ALIGNED	(1u << 0)	/* modules; they always are */
#define WANTS_MEMORY	(1u << 1)
#define WANTS_VIDEO	(1u << 2)
#define HAS_ADDRESSES	(1u << 16)
#define REQUIRED	0xFFFFu
#define KNOWN		(WANTS_ALIGNED | WANTS_MEMORY | WANTS_VIDEO)

/* The header (3.1.1); what the flags do not announce may be missing. */
struct header {
	uint32_t magic, flags, checksum;
	uint32_t header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr;
};

#define SHORT_HEADER offsetof(struct header, header_addr)

#define BOOT_DEVICE	0x8000FFFFu	/* as QEMU: first disk, first partition */
#define FRAMEBUFFER_TEXT 2u		/* EGA text mode */

struct module {
	uint32_t start, end, string, reserved;
};

/* --- the header --- */

/* Where the header lies in the image; SIZE_MAX: nowhere. */
static size_t find_header(const struct boot_image *image)
{
	size_t end = image->size < SEARCHED ? image->size : SEARCHED;

	for (size_t at = 0; at + SHORT_HEADER <= end; at += 4) {
		uint32_t field[3];

		memcpy(field, image->data + at, sizeof(field));
		if (field[0] == HEADER_MAGIC && field[0] + field[1] + field[2] == 0)
			return at;
	}
	return SIZE_MAX;
}

static bool recognizes(const struct boot_image *image)
{
	return find_header(image) != SIZE_MAX;
}

static int read_header(const struct boot_request *request, const struct boot_image *image,
		       struct mb_image *out)
{
	struct header header = { 0 };
	size_t size = SHORT_HEADER, at = find_header(image);

	if (at == SIZE_MAX)
		return boot_refuse(request, image, "no multiboot header in its first %u bytes",
				   SEARCHED);
	memcpy(&header, image->data + at, size);
	if (header.flags & REQUIRED & ~KNOWN)
		return boot_refuse(request, image, "flags in the multiboot header: bits 0x%x "
				   "require what vmm does not know",
				   header.flags & REQUIRED & ~KNOWN);
	if (header.flags & HAS_ADDRESSES)
		size = sizeof(header);
	if (at + size > SEARCHED || at + size > image->size)
		return boot_refuse(request, image, "the multiboot header at 0x%zx is cut off", at);
	memcpy(&header, image->data + at, size);
	log_verbose(request->log, "%s: multiboot header at 0x%zx, flags 0x%x", image->path, at,
		    header.flags);
	*out = (struct mb_image){
		.at = at, .has_addresses = header.flags & HAS_ADDRESSES,
		.header_addr = header.header_addr, .load_addr = header.load_addr,
		.load_end_addr = header.load_end_addr, .bss_end_addr = header.bss_end_addr,
		.has_entry = header.flags & HAS_ADDRESSES, .entry_addr = header.entry_addr,
	};
	return 0;
}

/* --- what the kernel is told --- */

static void add_memory(const struct mb_handover *handover, struct handover_info *out,
		       struct mbinfo *info)
{
	struct mbinfo_entry entries[MEMMAP_MAX];
	size_t size = mbinfo_entries(handover->request->mem, entries) * sizeof(entries[0]);

	info->flags |= MBINFO_MEMORY | MBINFO_MEMORY_MAP;
	info->mem_lower = handover->mem_lower;
	info->mem_upper = handover->mem_upper;
	info->mmap_addr = (uint32_t)handover_add(out, entries, size, 4);
	info->mmap_length = (uint32_t)size;
}

static void add_command_line(const struct mb_handover *handover, struct handover_info *out,
			     struct mbinfo *info)
{
	const char *append = handover->request->append, *path = handover->image->path;

	info->flags |= MBINFO_CMDLINE | MBINFO_LOADER_NAME | MBINFO_BOOT_DEVICE;
	info->boot_device = BOOT_DEVICE;
	info->boot_loader_name = (uint32_t)handover_add_string(out, HANDOVER_LOADER_NAME);
	info->cmdline = (uint32_t)handover_add(out, path, strlen(path), 1);
	handover_add(out, " ", 1, 1);
	handover_add_string(out, append ? append : "");
}

/* Strings first: the table must lie in one piece. */
static void add_modules(const struct mb_handover *handover, struct handover_info *out,
			struct mbinfo *info)
{
	const struct handover_modules *modules = &handover->modules;
	uint64_t string = 0;

	for (size_t i = 0; i < modules->count; i++) {
		uint64_t gpa = handover_add_string(out, modules->module[i].line);

		if (!i)
			string = gpa;
	}
	info->flags |= MBINFO_MODULES;
	info->mods_count = (uint32_t)modules->count;
	info->mods_addr = (uint32_t)handover_add(out, NULL, 0, 4);
	for (size_t i = 0; i < modules->count; i++) {
		const struct handover_module *from = &modules->module[i];
		struct module module = {
			.start = (uint32_t)from->start, .end = (uint32_t)from->end,
			.string = (uint32_t)string,
		};

		handover_add(out, &module, sizeof(module), 4);
		string += strlen(from->line) + 1;
	}
}

static void add_sections(const struct mb_handover *handover, struct handover_info *out,
			 struct mbinfo *info)
{
	const struct elf_loaded_sections *sections = &handover->kernel.sections;

	if (!sections->headers)
		return;
	info->flags |= MBINFO_ELF_SECTIONS;
	info->elf_num = sections->count;
	info->elf_size = sections->entry_size;
	info->elf_shndx = sections->names;
	info->elf_addr = (uint32_t)handover_add(out, sections->headers,
						(size_t)sections->count * sections->entry_size, 8);
}

static void add_framebuffer(struct mbinfo *info)
{
	info->flags |= MBINFO_FRAMEBUFFER;
	info->framebuffer_addr_low = HANDOVER_TEXT_GPA;
	info->framebuffer_pitch = 2 * HANDOVER_TEXT_COLUMNS;
	info->framebuffer_width = HANDOVER_TEXT_COLUMNS;
	info->framebuffer_height = HANDOVER_TEXT_ROWS;
	info->framebuffer_bpp = 16;
	info->framebuffer_type = FRAMEBUFFER_TEXT;
}

static void make_info(const void *self, struct handover_info *out)
{
	const struct mb_handover *handover = self;
	struct mbinfo info = { 0 };

	/* The structure comes first; what is in it is known last. */
	handover_add(out, &info, sizeof(info), 4);
	add_memory(handover, out, &info);
	add_command_line(handover, out, &info);
	add_modules(handover, out, &info);
	add_sections(handover, out, &info);
	add_framebuffer(&info);
	if (!out->failed)
		memcpy(out->data, &info, sizeof(info));
}

static int load(const struct boot_request *request, const struct boot_image *image,
		struct boot_result *result)
{
	struct mb_image header;
	int error = read_header(request, image, &header);

	return error ? error : mb_boot(request, image, &header, make_info, LOADER_MAGIC, result);
}

const struct boot_loader boot_multiboot = {
	.format = BOOT_MULTIBOOT,
	.is = "a multiboot kernel",
	.takes = BOOT_TAKES_APPEND | BOOT_TAKES_INITRD | BOOT_TAKES_MODULES,
	.recognizes = recognizes,
	.load = load,
};
