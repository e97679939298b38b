/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zeropage.c - what Linux is handed besides itself, see zeropage.h. */
#include "boot/zeropage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "boot/memmap.h"
#include "core/array.h"

/* Older protocols know of a command line by these, in their data at ZEROPAGE_GPA. */
#define OLD_CMDLINE_MAGIC	0xA33F
#define CMD_LINE_PTR_VERSION	0x0202

#define LOADER_UNDEFINED	0xFF	/* type_of_loader: none that has a number */
#define HEAP_END		0xFE00	/* of the 16-bit code, which does not run */

#define VIDEO_VGA		1	/* orig_video_isVGA of a VGA in a text mode */

#define MIB			UINT64_C(0x100000)
#define EXT_MEM_MAX_K		0xFC00u	/* 63 MiB: the most that INT 15h, AH=88h says */

_Static_assert(MEMMAP_MAX <= E820_MAX_ENTRIES_ZEROPAGE,
	       "more entries would need a setup_data of type SETUP_E820_EXT");

/* The value of the last word of the command line that begins with name; NULL: none. */
static const char *option_value(const char *cmdline, const char *name)
{
	const char *found = NULL;

	for (const char *at = cmdline; at && (at = strstr(at, name)); at++)
		if (at == cmdline || at[-1] == ' ')
			found = at + strlen(name);
	return found;
}

/* "mem=": memory that the kernel will not use, and loses an initrd in. */
static uint64_t memory_limit(const char *cmdline)
{
	const char *value = option_value(cmdline, "mem="), *suffix;
	static const char suffixes[] = "kmgt";
	uint64_t limit;
	char *end;

	if (!value)
		return UINT64_MAX;
	limit = strtoull(value, &end, 0);
	suffix = *end ? strchr(suffixes, *end | 0x20) : NULL;
	if (suffix)
		limit <<= 10 * (suffix - suffixes + 1);
	return limit ? limit : UINT64_MAX;
}

/* "vga=": a number, or one of three words (boot.rst, "Special Command Line Options"). */
static uint16_t video_mode(const char *cmdline)
{
	static const struct {
		const char *name;
		uint16_t mode;
	} modes[] = {
		{ "normal", 0xFFFF }, { "ext", 0xFFFE }, { "ask", 0xFFFD },
	};
	const char *value = option_value(cmdline, "vga=");

	if (!value)
		return modes[0].mode;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (!strncmp(value, modes[i].name, strlen(modes[i].name)))
			return modes[i].mode;
	return (uint16_t)strtoul(value, NULL, 0);
}

int linux_place_cmdline(const struct boot_request *request, uint32_t cmdline_size)
{
	const char *append = request->append ? request->append : "";
	size_t length = strlen(append);
	size_t limit = cmdline_size < CMDLINE_SPACE ? cmdline_size : CMDLINE_SPACE - 1;

	if (length > limit) {
		log_error(request->log, "%s: takes a command line of %zu bytes (cmdline_size), "
			  "--append has %zu", request->path, limit, length);
		return -E2BIG;
	}
	return boot_place(request, request->path, CMDLINE_GPA, append, length + 1);
}

static int place_initrd(const struct boot_request *request, const struct linux_limits *limits,
			const struct boot_image *image, struct linux_blob *initrd)
{
	uint64_t limit = memory_limit(request->append);
	uint64_t low = limits->kernel_end;

	if (low < CMDLINE_GPA + CMDLINE_SPACE)
		low = CMDLINE_GPA + CMDLINE_SPACE;
	if (limit > limits->initrd_max)
		limit = limits->initrd_max + 1;
	initrd->size = image->size;
	initrd->gpa = memmap_place_high(request->mem, image->size, MEM_PAGE_SIZE, low,
					limit);
	if (initrd->gpa)
		return boot_place(request, image->path, initrd->gpa, image->data, image->size);
	log_error(request->log, "%s: %zu bytes find no memory between the kernel's end at 0x%"
		  PRIx64 " and 0x%" PRIx64 " (initrd_addr_max, mem=; see -m)", image->path,
		  image->size, low, limit);
	return -ENOSPC;
}

int linux_place_initrd(const struct boot_request *request, const struct linux_limits *limits,
		       struct linux_blob *initrd)
{
	struct boot_image image;
	int error;

	*initrd = (struct linux_blob){ 0 };
	if (!request->initrd)
		return 0;
	error = boot_read(request, request->initrd, &image);
	if (error)
		return error;
	error = place_initrd(request, limits, &image, initrd);
	free(image.data);
	if (!error)
		log_verbose(request->log, "%s: %" PRIu64 " bytes at 0x%" PRIx64, request->initrd,
			    initrd->size, initrd->gpa);
	return error;
}

/* What a BIOS would say of the screen: text mode 3 of a VGA. */
static void describe_screen(struct screen_info *screen)
{
	screen->orig_video_mode = 3;
	screen->orig_video_cols = 80;
	screen->orig_video_lines = 25;
	screen->orig_video_ega_bx = 3;		/* 256K of video memory */
	screen->orig_video_isVGA = VIDEO_VGA;
	screen->orig_video_points = 16;
}

/* INT 15h, E820h; and E801h and 88h for those who read nothing else. */
static void describe_memory(const struct boot_request *request, struct boot_params *params)
{
	uint64_t above_1m_k = (memmap_ram_end(request->mem, MIB) - MIB) >> 10;
	struct memmap_entry entries[MEMMAP_MAX];
	size_t count = memmap_make(request->mem, entries);

	for (size_t i = 0; i < count; i++)
		params->e820_table[i] = (struct boot_e820_entry){
			.addr = entries[i].gpa, .size = entries[i].size, .type = entries[i].type,
		};
	params->e820_entries = (uint8_t)count;
	params->alt_mem_k = (uint32_t)above_1m_k;
	params->screen_info.ext_mem_k =
		(uint16_t)(above_1m_k < EXT_MEM_MAX_K ? above_1m_k : EXT_MEM_MAX_K);
}

static void describe_cmdline(const struct boot_request *request, struct boot_params *params)
{
	struct setup_header *header = &params->hdr;

	header->vid_mode = video_mode(request->append);
	if (header->version >= CMD_LINE_PTR_VERSION) {
		header->cmd_line_ptr = CMDLINE_GPA;
	} else {
		params->screen_info.cl_magic = OLD_CMDLINE_MAGIC;
		params->screen_info.cl_offset = CMDLINE_GPA - ZEROPAGE_GPA;
	}
}

int linux_place_zeropage(const struct boot_request *request, const struct linux_limits *limits,
			 struct boot_params *params)
{
	struct setup_header *header = &params->hdr;
	struct linux_blob initrd;
	int error = linux_place_cmdline(request, limits->cmdline_size);

	error = error ?: linux_place_initrd(request, limits, &initrd);
	if (error)
		return error;
	header->type_of_loader = LOADER_UNDEFINED;
	header->loadflags |= CAN_USE_HEAP;
	header->heap_end_ptr = HEAP_END;
	header->ramdisk_image = (uint32_t)initrd.gpa;
	header->ramdisk_size = (uint32_t)initrd.size;
	header->hardware_subarch = 0;		/* a PC */
	header->hardware_subarch_data = 0;
	header->setup_data = 0;
	describe_screen(&params->screen_info);
	describe_memory(request, params);
	describe_cmdline(request, params);
	return boot_place(request, request->path, ZEROPAGE_GPA, params, sizeof(*params));
}
