/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * multiboot2.c - the loader of multiboot kernels, version 2 (Multiboot2
 * Specification 2.0). Where it leaves a choice, the kernel gets what GRUB gives
 * it: strings are without the files' names.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "boot/boot.h"
#include "boot/mbimage.h"
#include "boot/memmap.h"
#include "core/array.h"

#define SEARCHED	32768u		/* the header lies within that much of the file */
#define HEADER_MAGIC	0xE85250D6u
#define LOADER_MAGIC	0x36D76289u	/* for EAX */
#define I386		0u		/* architecture */
#define TAG_ALIGN	8u

struct header {
	uint32_t magic, architecture, length, checksum;
};

/* What each tag of the header begins with (3.1.3). */
struct header_tag {
	uint16_t type, flags;
	uint32_t size;		/* with this, without padding */
};

#define OPTIONAL	(1u << 0)
#define TAG_END		0u

#define LOAD_FROM_START	UINT32_MAX	/* in load_addr */
#define CONSOLE_REQUIRED (1u << 0)
#define CONSOLE_TEXT	(1u << 1)	/* EGA text will do */

/* Tags of the information (3.6). */
enum info_tag {
	INFO_END = 0,
	INFO_CMDLINE = 1,
	INFO_LOADER_NAME = 2,
	INFO_MODULE = 3,
	INFO_MEMORY = 4,
	INFO_MEMORY_MAP = 6,
	INFO_FRAMEBUFFER = 8,
	INFO_ELF_SECTIONS = 9,
	INFO_ACPI_OLD = 14,
	INFO_ACPI_NEW = 15,
	INFO_LOAD_BASE = 21,
	INFO_TAGS = 22,		/* those that the specification has */
};

#define FRAMEBUFFER_TEXT 2u	/* EGA text mode */

struct info_header {
	uint32_t type, size;
};

struct module_tag {
	struct info_header tag;
	uint32_t start, end;
};

struct memory_tag {
	struct info_header tag;
	uint32_t lower, upper;	/* KiB */
};

struct map_tag {
	struct info_header tag;
	uint32_t entry_size, entry_version;
};

struct map_entry {
	uint64_t base, length;
	uint32_t type, reserved;
};

struct framebuffer_tag {
	struct info_header tag;
	uint64_t addr;
	uint32_t pitch, width, height;
	uint8_t bpp, type;
	uint16_t reserved;
};

struct sections_tag {
	struct info_header tag;
	uint32_t count, entry_size, names;
};

struct base_tag {
	struct info_header tag;
	uint32_t base;
};

/* --- the header --- */

/* Where the header lies in the image; SIZE_MAX: nowhere. */
static size_t find_header(const struct boot_image *image, struct header *header)
{
	size_t end = image->size < SEARCHED ? image->size : SEARCHED;

	for (size_t at = 0; at + sizeof(*header) <= end; at += TAG_ALIGN) {
		memcpy(header, image->data + at, sizeof(*header));
		if (header->magic == HEADER_MAGIC &&
		    header->magic + header->architecture + header->length + header->checksum == 0)
			return at;
	}
	return SIZE_MAX;
}

static bool recognizes(const struct boot_image *image)
{
	struct header header;

	return find_header(image, &header) != SIZE_MAX;
}

/* A tag of the header, while it is read. */
struct reader {
	const struct boot_request *request;
	const struct boot_image *image;
	struct header_tag tag;
	const uint8_t *body;	/* behind struct header_tag */
	struct mb_image *out;
};

static uint32_t field(const struct reader *reader, size_t index)
{
	uint32_t value;

	memcpy(&value, reader->body + index * sizeof(value), sizeof(value));
	return value;
}

/* Information that this machine does not have is not missing: no tag says so. */
static int read_request(const struct reader *reader)
{
	size_t count = (reader->tag.size - sizeof(reader->tag)) / sizeof(uint32_t);

	if (reader->tag.flags & OPTIONAL)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (field(reader, i) >= INFO_TAGS)
			return boot_refuse(reader->request, reader->image, "the information "
					   "request in the multiboot2 header requires tag %u, "
					   "which vmm does not know", field(reader, i));
	return 0;
}

static int read_addresses(const struct reader *reader)
{
	struct mb_image *out = reader->out;

	out->has_addresses = true;
	out->header_addr = field(reader, 0);
	out->load_addr = field(reader, 1);
	out->load_end_addr = field(reader, 2);
	out->bss_end_addr = field(reader, 3);
	out->from_start = out->load_addr == LOAD_FROM_START;
	return 0;
}

static int read_entry(const struct reader *reader)
{
	reader->out->has_entry = true;
	reader->out->entry_addr = field(reader, 0);
	return 0;
}

static int read_console(const struct reader *reader)
{
	if ((field(reader, 0) & (CONSOLE_REQUIRED | CONSOLE_TEXT)) == CONSOLE_REQUIRED)
		return boot_refuse(reader->request, reader->image, "console_flags 0x%x in the "
				   "multiboot2 header require a console that is not text; vmm has "
				   "none", field(reader, 0));
	return 0;
}

static int read_relocatable(const struct reader *reader)
{
	struct mb_image *out = reader->out;

	out->relocatable = true;
	out->min_addr = field(reader, 0);
	out->max_addr = field(reader, 1);
	out->align = field(reader, 2);
	out->preference = field(reader, 3);
	return 0;
}

/* Modules are always aligned; text is the only mode; there is no EFI. */
static int read_nothing(const struct reader *reader)
{
	return 0;
}

/* By type (3.1.4 and up). */
static const struct {
	const char *name;
	uint32_t size;		/* at least */
	int (*read)(const struct reader *reader);
} header_tags[] = {
	[1] = { "information request", 8, read_request },
	[2] = { "address", 24, read_addresses },
	[3] = { "entry address", 12, read_entry },
	[4] = { "console flags", 12, read_console },
	[5] = { "framebuffer", 20, read_nothing },
	[6] = { "module alignment", 8, read_nothing },
	[7] = { "EFI boot services", 8, read_nothing },
	[8] = { "EFI i386 entry address", 12, read_nothing },
	[9] = { "EFI amd64 entry address", 12, read_nothing },
	[10] = { "relocatable", 24, read_relocatable },
};

#define HEADER_TAGS ARRAY_SIZE(header_tags)

static int read_tag(const struct reader *reader)
{
	uint32_t type = reader->tag.type;

	if (type >= HEADER_TAGS)
		return reader->tag.flags & OPTIONAL ? 0 :
		       boot_refuse(reader->request, reader->image, "the multiboot2 header "
				   "requires tag %u, which vmm does not know", type);
	if (reader->tag.size < header_tags[type].size)
		return boot_refuse(reader->request, reader->image, "size %u of tag %u (%s) in the "
				   "multiboot2 header is less than %u", reader->tag.size, type,
				   header_tags[type].name, header_tags[type].size);
	return header_tags[type].read(reader);
}

/* Goes through the tags of a header that lies in the file as a whole. */
static int read_tags(struct reader *reader, size_t at, uint32_t length)
{
	const uint8_t *header = reader->image->data + at;
	uint32_t next = sizeof(struct header);

	while (next <= length && length - next >= sizeof(reader->tag)) {
		int error;

		memcpy(&reader->tag, header + next, sizeof(reader->tag));
		reader->body = header + next + sizeof(reader->tag);
		if (reader->tag.size < sizeof(reader->tag) || reader->tag.size > length - next)
			return boot_refuse(reader->request, reader->image, "size %u of tag %u at "
					   "0x%x in the multiboot2 header does not fit into its "
					   "header_length %u", reader->tag.size, reader->tag.type,
					   next, length);
		if (reader->tag.type == TAG_END)
			return 0;
		error = read_tag(reader);
		if (error)
			return error;
		next += (reader->tag.size + (TAG_ALIGN - 1)) & ~(TAG_ALIGN - 1);
	}
	return boot_refuse(reader->request, reader->image, "no end tag in the multiboot2 header's "
			   "header_length of %u bytes", length);
}

static int read_header(const struct boot_request *request, const struct boot_image *image,
		       struct mb_image *out)
{
	struct header header;
	size_t at = find_header(image, &header);
	struct reader reader = { .request = request, .image = image, .out = out };
	int error;

	*out = (struct mb_image){ .at = at };
	if (at == SIZE_MAX)
		return boot_refuse(request, image, "no multiboot2 header in its first %u bytes",
				   SEARCHED);
	if (header.architecture != I386)
		return boot_refuse(request, image, "architecture %u in the multiboot2 header is "
				   "not 0 (i386)", header.architecture);
	if (header.length > image->size - at || header.length > SEARCHED - at)
		return boot_refuse(request, image, "header_length %u of the multiboot2 header at "
				   "0x%zx does not fit into the file's first %u bytes",
				   header.length, at, SEARCHED);
	error = read_tags(&reader, at, header.length);
	if (!error && out->has_addresses && !out->has_entry)
		error = boot_refuse(request, image, "the multiboot2 header has an address tag but "
				    "no entry address tag");
	log_verbose(request->log, "%s: multiboot2 header of %u bytes at 0x%zx", image->path,
		    header.length, at);
	return error;
}

/* --- what the kernel is told --- */

/* A tag, and what follows its structure; its header is filled in here. */
static void add_tag_with(struct handover_info *out, uint32_t type, void *tag, size_t tag_size,
			 const void *more, size_t more_size)
{
	const struct info_header header = {
		.type = type, .size = (uint32_t)(tag_size + more_size),
	};

	memcpy(tag, &header, sizeof(header));
	handover_add(out, tag, tag_size, TAG_ALIGN);
	handover_add(out, more, more_size, 1);
}

static void add_tag(struct handover_info *out, uint32_t type, void *tag, size_t size)
{
	add_tag_with(out, type, tag, size, NULL, 0);
}

static void add_string(struct handover_info *out, uint32_t type, const char *string)
{
	struct info_header tag;

	add_tag_with(out, type, &tag, sizeof(tag), string, strlen(string) + 1);
}

static void add_modules(const struct mb_handover *handover, struct handover_info *out)
{
	for (size_t i = 0; i < handover->modules.count; i++) {
		const struct handover_module *from = &handover->modules.module[i];
		struct module_tag tag = {
			.start = (uint32_t)from->start, .end = (uint32_t)from->end,
		};

		add_tag_with(out, INFO_MODULE, &tag, sizeof(tag), from->arguments,
			     strlen(from->arguments) + 1);
	}
}

static void add_memory(const struct mb_handover *handover, struct handover_info *out)
{
	struct memmap_entry map[MEMMAP_MAX];
	struct map_entry entries[MEMMAP_MAX];
	size_t count = memmap_make(handover->request->mem, map);
	struct map_tag tag = { .entry_size = sizeof(entries[0]) };
	struct memory_tag memory = {
		.lower = handover->mem_lower, .upper = handover->mem_upper,
	};

	for (size_t i = 0; i < count; i++)
		entries[i] = (struct map_entry){
			.base = map[i].gpa, .length = map[i].size, .type = map[i].type,
		};
	add_tag_with(out, INFO_MEMORY_MAP, &tag, sizeof(tag), entries, count * sizeof(entries[0]));
	add_tag(out, INFO_MEMORY, &memory, sizeof(memory));
}

static void add_sections(const struct mb_handover *handover, struct handover_info *out)
{
	const struct elf_loaded_sections *sections = &handover->kernel.sections;
	struct sections_tag tag = {
		.count = sections->count, .entry_size = sections->entry_size,
		.names = sections->names,
	};

	if (sections->headers)
		add_tag_with(out, INFO_ELF_SECTIONS, &tag, sizeof(tag), sections->headers,
			     (size_t)sections->count * sections->entry_size);
}

static void add_framebuffer(struct handover_info *out)
{
	struct framebuffer_tag tag = {
		.addr = HANDOVER_TEXT_GPA, .pitch = 2 * HANDOVER_TEXT_COLUMNS,
		.width = HANDOVER_TEXT_COLUMNS, .height = HANDOVER_TEXT_ROWS, .bpp = 16,
		.type = FRAMEBUFFER_TEXT,
	};

	add_tag(out, INFO_FRAMEBUFFER, &tag, sizeof(tag));
}

/* Copies of the machine's ACPI root pointer, in the forms of both versions. */
static void add_acpi(const struct mb_handover *handover, struct handover_info *out)
{
	struct handover_rsdp rsdp = handover_find_rsdp(handover->request->mem);
	struct info_header tag;

	if (rsdp.size_old)
		add_tag_with(out, INFO_ACPI_OLD, &tag, sizeof(tag), rsdp.bytes, rsdp.size_old);
	if (rsdp.size_new)
		add_tag_with(out, INFO_ACPI_NEW, &tag, sizeof(tag), rsdp.bytes, rsdp.size_new);
}

static void make_info(const void *self, struct handover_info *out)
{
	const struct mb_handover *handover = self;
	const char *append = handover->request->append;
	struct base_tag base = { .base = handover->kernel.base };
	struct info_header end;
	uint32_t fixed[2] = { 0 };

	handover_add(out, fixed, sizeof(fixed), TAG_ALIGN);
	if (handover->relocatable)
		add_tag(out, INFO_LOAD_BASE, &base, sizeof(base));
	add_string(out, INFO_CMDLINE, append ? append : "");
	add_string(out, INFO_LOADER_NAME, HANDOVER_LOADER_NAME);
	add_modules(handover, out);
	add_memory(handover, out);
	add_sections(handover, out);
	add_framebuffer(out);
	add_acpi(handover, out);
	add_tag(out, INFO_END, &end, sizeof(end));
	fixed[0] = (uint32_t)out->size;
	if (!out->failed)
		memcpy(out->data, fixed, sizeof(fixed));
}

static int load(const struct boot_request *request, const struct boot_image *image,
		struct boot_result *result)
{
	struct mb_image header;
	int error = read_header(request, image, &header);

	return error ? error : mb_boot(request, image, &header, make_info, LOADER_MAGIC, result);
}

const struct boot_loader boot_multiboot2 = {
	.format = BOOT_MULTIBOOT2,
	.is = "a multiboot2 kernel",
	.takes = BOOT_TAKES_APPEND | BOOT_TAKES_INITRD | BOOT_TAKES_MODULES,
	.recognizes = recognizes,
	.load = load,
};
