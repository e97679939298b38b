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
#include "core/symbols.h"
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

struct boot_loads {
	struct boot_load *load;
	size_t count;
};

/* A file beside the kernel. */
struct boot_module {
	const char *line;		/* as the user gave it: "FILE ARGS" */
	const char *path;		/* FILE */
	const char *arguments;		/* ARGS, in line; may be "" */
};

struct boot_modules {
	struct boot_module *module;
	size_t count;
};

struct boot_request {
	const char *path;
	enum boot_format format;
	enum boot_mode mode;		/* of a flat image */
	bool placed;			/* base or entry were asked for */
	uint64_t base;			/* of a flat image */
	uint64_t entry;			/* of a flat image */
	struct boot_loads loads;	/* in order, after the image */
	const char *append;		/* the kernel's command line; NULL: none */
	const char *initrd;		/* a file; NULL: none */
	struct boot_modules modules;	/* in order */
	struct mem *mem;		/* RAM is there; loaders may add to it */
	uint64_t ram;			/* bytes of guest memory */
	const struct log *log;
};

struct boot_result {
	enum boot_format format;	/* what the image is: never BOOT_AUTO */
	struct vcpu_state state;	/* where the vCPU starts */
	struct symbols *symbols;	/* of the image, the caller's; NULL: none */
};

/*
 * Loads the guest. Returns 0, or -errno with a message that names the file and
 * what is wrong with it in the log. It can be called again for the same memory,
 * for a machine that was reset; symbols of the last time are to be freed before.
 */
int boot_guest(const struct boot_request *request, struct boot_result *result);

/* What the loaders work on. */
struct boot_image {
	const char *path;
	uint8_t *data;
	size_t size;			/* at least 1 */
};

/* What else than the image a loader hands to its kernel. */
#define BOOT_TAKES_APPEND	(1u << 0)
#define BOOT_TAKES_INITRD	(1u << 1)
#define BOOT_TAKES_MODULES	(1u << 2)
/* --mode, --base and --entry: the image itself does not say how it starts. */
#define BOOT_TAKES_START	(1u << 3)

/* A loader, each in a file of its own; boot.c has the table of them. */
struct boot_loader {
	enum boot_format format;
	const char *is;			/* what its images are, in words: "a flat image" */
	unsigned int takes;		/* BOOT_TAKES_... */
	/* Whether the image shows by its contents that it is meant for this loader. */
	bool (*recognizes)(const struct boot_image *image);
	/*
	 * Puts the image into memory and fills in the start state. Returns 0,
	 * or -errno with a message in the log.
	 */
	int (*load)(const struct boot_request *request, const struct boot_image *image,
		    struct boot_result *result);
};

extern const struct boot_loader boot_elf;
extern const struct boot_loader boot_flat;
extern const struct boot_loader boot_linux;
extern const struct boot_loader boot_multiboot;
extern const struct boot_loader boot_multiboot2;

/*
 * Recognizes an image and has it loaded. Returns 0, or -errno with a message in the
 * log; result->symbols is the caller's whatever it returns.
 */
int boot_load(const struct boot_request *request, const struct boot_image *image,
	      struct boot_result *result);

/* Says in the log what is wrong with an image: always -ENOEXEC. */
int boot_refuse(const struct boot_request *request, const struct boot_image *image,
		const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Reads a file that is to lie in guest memory. Returns 0, or -errno with a message in the log;
 * on success the data are the caller's, to be freed.
 */
int boot_read(const struct boot_request *request, const char *path, struct boot_image *image);

/*
 * Puts bytes into guest memory. Returns 0, or with a message: -ENOSPC where
 * memory is missing, -EINVAL where the bytes would lie over vmm's own tables.
 */
int boot_place(const struct boot_request *request, const char *path, uint64_t gpa,
	       const void *data, uint64_t size);

#endif
