/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handover.h - what loaders of more than one format hand to a kernel: its own
 * memory, modules, and the place of the boot information.
 */
#ifndef VMM_BOOT_HANDOVER_H
#define VMM_BOOT_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/boot.h"
#include "boot/layout.h"
#include "config.h"

/* What a 32-bit kernel can reach. */
#define HANDOVER_LIMIT UINT64_C(0x100000000)

#define HANDOVER_LOADER_NAME "vmm " VERSION

/* The screen, as kernels are told of it. */
#define HANDOVER_TEXT_GPA	0xB8000u
#define HANDOVER_TEXT_COLUMNS	80u
#define HANDOVER_TEXT_ROWS	25u

/*
 * Takes memory for a part of the kernel. what: names the part in messages
 * ("program header 1"). Returns 0, or -errno with a message in the log.
 */
int handover_take(const struct boot_request *request, const struct boot_image *image,
		  const char *what, uint64_t gpa, uint64_t size, struct layout *layout);

/*
 * Finds and takes room for what comes with a kernel, below 4 GiB: behind all
 * that the layout has taken so far, or where that does not fit, anywhere. size
 * is not 0, align a power of two. Returns 0 where there is no room (or no memory).
 */
uint64_t handover_find(struct layout *layout, uint64_t size, uint64_t align);

/* A module in guest memory. */
struct handover_module {
	uint64_t start, end;	/* end is behind the last byte */
	const char *line;	/* as the user gave it: "FILE ARGS" */
	const char *arguments;	/* what of it comes behind the file; may be "" */
};

struct handover_modules {
	struct handover_module *module;
	size_t count;
};

/*
 * Loads the modules, the one of --initrd first, each at a page boundary (see
 * handover_find()). Call handover_modules_free() whatever it returns: 0, or
 * -errno with a message in the log.
 */
int handover_modules_load(const struct boot_request *request, struct layout *layout,
			  struct handover_modules *modules);
void handover_modules_free(struct handover_modules *modules);

/*
 * Boot information as it grows: a buffer, and where in guest memory it will
 * lie. Where memory is short, failed is set, and the rest is left out.
 */
struct handover_info {
	uint64_t gpa;
	uint8_t *data;
	size_t size, capacity;
	bool failed;
};

/*
 * Adds bytes at the next multiple of align (a power of two, at most 4096); data
 * NULL: zeros. Returns their address in guest memory.
 */
uint64_t handover_add(struct handover_info *info, const void *data, size_t size, size_t align);

/* The same for a string with its NUL. */
uint64_t handover_add_string(struct handover_info *info, const char *string);

/* Writes the boot information of a loader; the result depends on info->gpa alone. */
typedef void handover_make_fn(const void *self, struct handover_info *info);

/*
 * Has the boot information made and puts it into guest memory: where
 * vmm-machine(7) says, or if it is too large for that, where handover_find()
 * says. *gpa: its address. Returns 0, or -errno with a message in the log.
 */
int handover_place(const struct boot_request *request, const struct boot_image *image,
		   handover_make_fn *make, const void *self, struct layout *layout,
		   uint64_t *gpa);

/* A copy of the ACPI root pointer (ACPI 6.5, 5.2.5.3). */
#define HANDOVER_RSDP_MAX 64u

struct handover_rsdp {
	uint8_t bytes[HANDOVER_RSDP_MAX];
	uint32_t size_old;	/* of ACPI 1.0's part; 0: there is no ACPI */
	uint32_t size_new;	/* of all; 0: there is only ACPI 1.0's part */
};

/* Looks for it in guest memory from 0xF0000 on, as a kernel would (5.2.5.1). */
struct handover_rsdp handover_find_rsdp(const struct mem *mem);

/* Tells of what start_protected() or start_long() returned, if it is an error; returns it. */
int handover_started(const struct boot_request *request, const struct boot_image *image,
		     int error);

/*
 * A stack for kernels that use one before they make their own: its top, in RAM
 * that nothing has taken, below 640 KiB if it fits there; 0: there is no room.
 */
uint64_t handover_stack(const struct layout *layout);

#endif
