/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * boot.h - from an image file to memory and a start state.
 *
 * boot.c reads the file and recognizes its format; a loader (a file each) does
 * the rest.
 */
#ifndef VMM_BOOT_BOOT_H
#define VMM_BOOT_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/log.h"
#include "core/mem.h"
#include "core/vcpu.h"

enum boot_format {
	BOOT_AUTO,
	BOOT_FLAT,
	BOOT_ELF,
	BOOT_MULTIBOOT,
	BOOT_MULTIBOOT2,
	BOOT_LINUX,
	BOOT_FORMATS,
};

/* The names that --format takes, by enum boot_format; ends with NULL. */
extern const char *const boot_format_names[];

/* In which mode a flat image starts. */
enum boot_mode {
	BOOT_REAL,
	BOOT_PROTECTED,
	BOOT_LONG,
};

/* --load: bytes of a file at a guest-physical address. */
struct boot_load {
	const char *path;
	uint64_t gpa;
};

struct boot_request {
	const char *path;
	enum boot_format format;
	enum boot_mode mode;		/* of a flat image */
	uint64_t base;			/* of a flat image */
	uint64_t entry;			/* of a flat image */
	const struct boot_load *loads;	/* in order, after the image */
	size_t load_count;
	struct mem *mem;		/* RAM is there; loaders may add to it */
	uint64_t ram;			/* bytes of guest memory */
	const struct log *log;
};

struct boot_result {
	enum boot_format format;	/* what the image is: never BOOT_AUTO */
	struct vcpu_state state;	/* where the vCPU starts */
};

/*
 * Loads the guest. Returns 0, or -errno with a message that names the file and
 * what is wrong with it in the log.
 */
int boot_guest(const struct boot_request *request, struct boot_result *result);

/* What the loaders work on. */
struct boot_image {
	const char *path;
	uint8_t *data;
	size_t size;			/* at least 1 */
};

/* boot/flat.c */
int boot_flat(const struct boot_request *request, const struct boot_image *image,
	      struct boot_result *result);

/*
 * Puts bytes into guest memory. Returns 0, or with a message: -ENOSPC where
 * memory is missing, -EINVAL where the bytes would lie over vmm's own tables.
 */
int boot_place(const struct boot_request *request, const char *path, uint64_t gpa,
	       const void *data, uint64_t size);

#endif
