/* SPDX-License-Identifier: 0BSD */
/*
 * elf.c - an ELF program of 32 bits into an environment, region by region and page by page
 * (ELF specification 1.2, figures 1-3 and 2-1).
 */
#include <vmm/string.h>

#include "env/env.h"

#define MAGIC		0x464C457Fu
#define CLASS_32	1u
#define MACHINE_386	3u
#define LOAD		1u
#define WRITABLE	2u
#define PAGES_MAX	64u	/* of a region */

struct header {
	uint32_t magic;
	uint8_t class, rest[11];
	uint16_t type, machine;
	uint32_t version, entry, regions, sections, flags;
	uint16_t size, region_size, region_count;
};

struct region {
	uint32_t type, offset, address, physical, file_size, memory_size, flags, align;
};

static const char *check_header(const struct header *header, size_t size)
{
	if (size < sizeof(*header) || header->magic != MAGIC || header->class != CLASS_32 ||
	    header->machine != MACHINE_386)
		return "not an ELF program of 32 bits";
	if (header->region_size != sizeof(struct region) || header->regions > size ||
	    header->region_count > (size - header->regions) / sizeof(struct region))
		return "its program headers are not in the file";
	return NULL;
}

static const char *check_region(const struct region *region, size_t size)
{
	if (region->offset > size || region->file_size > size - region->offset)
		return "a region is not in the file";
	if (region->address < USER_LOW || region->address >= USER_HIGH ||
	    region->memory_size > PAGES_MAX * PAGE_SIZE ||
	    region->memory_size > USER_HIGH - region->address ||
	    region->file_size > region->memory_size)
		return "a region is too large, or in a wrong place";
	return NULL;
}

/* What of the file belongs to the page goes there; the page may have a part of another region. */
static bool load_page(struct env *env, const struct region *region, const uint8_t *file,
		      uint32_t page)
{
	uint32_t start = page < region->address ? region->address : page;
	uint32_t file_end = region->address + region->file_size;
	uint32_t end = page + PAGE_SIZE < file_end ? page + PAGE_SIZE : file_end;

	if (!env_frame(env, page) && !env_allocate(env, page, region->flags & WRITABLE))
		return false;
	if (start < end)
		memcpy((uint8_t *)(uintptr_t)env_frame(env, page) + (start - page),
		       file + region->offset + (start - region->address), end - start);
	return true;
}

static const char *load_region(struct env *env, const struct region *region, const uint8_t *file,
			       size_t size)
{
	const char *wrong = check_region(region, size);
	uint32_t page = region->address & ~(PAGE_SIZE - 1);

	for (; !wrong && page < region->address + region->memory_size; page += PAGE_SIZE)
		if (!load_page(env, region, file, page))
			wrong = "a region has no memory";
	return wrong;
}

const char *elf_load(struct env *env, const uint8_t *file, size_t size)
{
	const struct header *header = (const struct header *)file;
	const char *wrong = check_header(header, size);
	const struct region *regions;

	if (wrong)
		return wrong;
	regions = (const struct region *)(file + header->regions);
	for (uint32_t i = 0; i < header->region_count && !wrong; i++)
		if (regions[i].type == LOAD && regions[i].memory_size)
			wrong = load_region(env, &regions[i], file, size);
	env->frame.ip = header->entry;
	return wrong;
}
