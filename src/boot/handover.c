/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handover.c - memory, modules and information for kernels, see handover.h. */
#include "boot/handover.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "boot/start.h"

#define STACK_SIZE 0x4000u
#define STACK_LIMIT 0xA0000u	/* the end of low memory */

int handover_take(const struct boot_request *request, const struct boot_image *image,
		  const char *what, uint64_t gpa, uint64_t size, struct layout *layout)
{
	int error = layout_take(layout, gpa, size);

	if (error == -ENOSPC)
		log_error(request->log, "%s: %s: 0x%" PRIx64 " bytes at 0x%" PRIx64
			  " do not all lie in RAM where a kernel may be (guest memory is %" PRIu64
			  "K, see -m)", image->path, what, size, gpa, request->ram / 1024);
	else if (error == -EEXIST)
		log_error(request->log, "%s: %s: 0x%" PRIx64 " bytes at 0x%" PRIx64
			  " overlap another part of the kernel", image->path, what, size, gpa);
	else if (error)
		log_error(request->log, "%s: %s", image->path, strerror(-error));
	return error;
}

uint64_t handover_find(struct layout *layout, uint64_t size, uint64_t align)
{
	struct layout_wish wish = {
		.size = size, .align = align, .low = layout_end(layout), .limit = HANDOVER_LIMIT,
	};
	uint64_t gpa = layout_find_low(layout, &wish);

	if (!gpa) {
		wish.low = MEM_PAGE_SIZE;
		gpa = layout_find_high(layout, &wish);
	}
	return gpa && !layout_take(layout, gpa, size) ? gpa : 0;
}

/* --- modules --- */

static int load_module(const struct boot_request *request, const struct boot_module *from,
		       struct layout *layout, struct handover_module *module)
{
	struct boot_image file;
	int error = boot_read(request, from->path, &file);

	if (error)
		return error;
	module->start = handover_find(layout, file.size, MEM_PAGE_SIZE);
	module->end = module->start + file.size;
	module->line = from->line;
	module->arguments = from->arguments;
	if (module->start) {
		error = boot_place(request, from->path, module->start, file.data, file.size);
		log_verbose(request->log, "%s: a module of %zu bytes at 0x%" PRIx64,
			    from->path, file.size, module->start);
	} else {
		log_error(request->log, "%s: no room for its %zu bytes beside the kernel (guest "
			  "memory is %" PRIu64 "K, see -m)", from->path, file.size,
			  request->ram / 1024);
		error = -ENOSPC;
	}
	free(file.data);
	return error;
}

int handover_modules_load(const struct boot_request *request, struct layout *layout,
			  struct handover_modules *modules)
{
	const struct boot_module initrd = {
		.line = request->initrd, .path = request->initrd, .arguments = "",
	};
	size_t wanted = request->modules.count + (request->initrd ? 1 : 0);
	int error = 0;

	*modules = (struct handover_modules){ 0 };
	if (!wanted)
		return 0;
	modules->module = calloc(wanted, sizeof(*modules->module));
	if (!modules->module) {
		log_error(request->log, "out of memory");
		return -ENOMEM;
	}
	if (request->initrd)
		error = load_module(request, &initrd, layout, &modules->module[modules->count++]);
	for (size_t i = 0; i < request->modules.count && !error; i++)
		error = load_module(request, &request->modules.module[i], layout,
				    &modules->module[modules->count++]);
	return error;
}

void handover_modules_free(struct handover_modules *modules)
{
	free(modules->module);
	modules->module = NULL;
}

/* --- boot information --- */

uint64_t handover_add(struct handover_info *info, const void *data, size_t size, size_t align)
{
	size_t at = (info->size + (align - 1)) & ~(align - 1);

	if (info->failed)
		return info->gpa;
	if (at + size > info->capacity) {
		size_t capacity = (at + size) * 2;
		uint8_t *grown = realloc(info->data, capacity);

		if (!grown) {
			info->failed = true;
			return info->gpa;
		}
		info->data = grown;
		info->capacity = capacity;
	}
	memset(info->data + info->size, 0, at - info->size);
	if (data)
		memcpy(info->data + at, data, size);
	else
		memset(info->data + at, 0, size);
	info->size = at + size;
	return info->gpa + at;
}

uint64_t handover_add_string(struct handover_info *info, const char *string)
{
	return handover_add(info, string, strlen(string) + 1, 1);
}

/* Reserved memory for it: RAM where the guest has that much, else some of its own. */
static int reserve_usual_place(struct mem *mem)
{
	struct mem_region region = {
		.gpa = START_INFO_GPA, .size = START_INFO_SIZE, .flags = MEM_RW | MEM_RESERVED,
		.name = "boot information",
	};

	return start_reserve(mem, &region);
}

int handover_place(const struct boot_request *request, const struct boot_image *image,
		   handover_make_fn *make, const void *self, struct layout *layout,
		   uint64_t *gpa)
{
	struct handover_info info = { .gpa = START_INFO_GPA };
	int error;

	make(self, &info);
	if (info.size > START_INFO_SIZE && !info.failed) {
		info.gpa = handover_find(layout, info.size, MEM_PAGE_SIZE);
		info.size = 0;
		make(self, &info);
	}
	error = info.failed ? -ENOMEM : !info.gpa ? -ENOSPC : reserve_usual_place(request->mem);
	if (!error)
		error = mem_load(request->mem, info.gpa, info.data, info.size);
	if (error)
		log_error(request->log, "%s: no room for %zu bytes of boot information: %s",
			  image->path, info.size, strerror(-error));
	else
		log_verbose(request->log, "%s: %zu bytes of boot information at 0x%" PRIx64,
			    image->path, info.size, info.gpa);
	*gpa = info.gpa;
	free(info.data);
	return error;
}

/* --- ACPI --- */

/* The part of the BIOS's read-only memory where vmm's tables are. */
#define RSDP_AREA	0xF0000u
#define RSDP_AREA_SIZE	0x10000u
#define RSDP_ALIGN	16u
#define RSDP_OLD_SIZE	20u
#define RSDP_NEW_SIZE	36u
#define RSDP_REVISION	15u	/* offset */
#define RSDP_LENGTH	20u	/* offset; from revision 2 on */

static uint8_t sum_of(const uint8_t *bytes, uint32_t size)
{
	uint8_t sum = 0;

	for (uint32_t i = 0; i < size; i++)
		sum += bytes[i];
	return sum;
}

/* The size of a root pointer of revision 2 or more; 0: it is none. */
static uint32_t new_size(const struct handover_rsdp *rsdp)
{
	uint32_t size;

	memcpy(&size, rsdp->bytes + RSDP_LENGTH, sizeof(size));
	if (rsdp->bytes[RSDP_REVISION] < 2 || size < RSDP_NEW_SIZE || size > HANDOVER_RSDP_MAX ||
	    sum_of(rsdp->bytes, size))
		return 0;
	return size;
}

struct handover_rsdp handover_find_rsdp(const struct mem *mem)
{
	const uint8_t *area = mem_ptr(mem, RSDP_AREA, RSDP_AREA_SIZE, MEM_READ);
	struct handover_rsdp rsdp = { 0 };

	/* None begins so late that a whole one would not fit. */
	for (uint32_t at = 0; area && at <= RSDP_AREA_SIZE - HANDOVER_RSDP_MAX; at += RSDP_ALIGN) {
		if (memcmp(area + at, "RSD PTR ", 8) || sum_of(area + at, RSDP_OLD_SIZE))
			continue;
		memcpy(rsdp.bytes, area + at, sizeof(rsdp.bytes));
		rsdp.size_old = RSDP_OLD_SIZE;
		rsdp.size_new = new_size(&rsdp);
		break;
	}
	return rsdp;
}

int handover_started(const struct boot_request *request, const struct boot_image *image,
		     int error)
{
	if (error)
		log_error(request->log, "%s: no memory for the start tables at 0x%x: %s",
			  image->path, START_TABLES_GPA, strerror(-error));
	return error;
}

uint64_t handover_stack(const struct layout *layout)
{
	struct layout_wish wish = {
		.size = STACK_SIZE, .align = 16, .low = MEM_PAGE_SIZE, .limit = STACK_LIMIT,
	};
	uint64_t gpa = layout_find_high(layout, &wish);

	if (!gpa) {
		wish.limit = HANDOVER_LIMIT;
		gpa = layout_find_high(layout, &wish);
	}
	return gpa ? gpa + STACK_SIZE : 0;
}
