/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mbimage.h - what the kernels of both multiboot versions have in common: where
 * the image goes, by its ELF headers or by addresses in the multiboot header.
 */
#ifndef VMM_BOOT_MBIMAGE_H
#define VMM_BOOT_MBIMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot/boot.h"
#include "boot/elfimage.h"
#include "boot/handover.h"

/* What a kernel that can be relocated prefers (Multiboot2 3.1.14). */
enum mb_preference {
	MB_PREFER_NOTHING,
	MB_PREFER_LOW,
	MB_PREFER_HIGH,
};

/* The image, as the multiboot header describes it; addresses are physical. */
struct mb_image {
	size_t at;		/* of the header in the file */

	bool has_addresses;	/* in place of an ELF header's; then has_entry too */
	uint32_t header_addr, load_addr, load_end_addr, bss_end_addr;
	bool from_start;	/* the image begins with the file; load_addr is not used */

	bool has_entry;
	uint32_t entry_addr;

	bool relocatable;
	uint32_t min_addr, max_addr, align;
	uint32_t preference;	/* enum mb_preference; others are none */
};

/* What has become of it. */
struct mb_kernel {
	uint32_t entry;
	uint32_t base;		/* where its lowest part is */
	struct elf_loaded_sections sections;	/* none with has_addresses */
	struct symbols *symbols;		/* NULL: none */
};

/* What both versions tell the kernel, each in its form. */
struct mb_handover {
	const struct boot_request *request;
	const struct boot_image *image;
	struct mb_kernel kernel;
	struct handover_modules modules;
	uint32_t mem_lower, mem_upper;	/* KiB from 0 and from 1 MiB on, up to a hole */
	bool relocatable;		/* the kernel could be moved */
};

/*
 * Loads a kernel and its modules, has make() write the boot information of a struct mb_handover,
 * and fills in the start state, with magic in EAX. Returns 0, or -errno with a message in the log.
 */
int mb_boot(const struct boot_request *request, const struct boot_image *image,
	    const struct mb_image *header, handover_make_fn *make, uint32_t magic,
	    struct boot_result *result);

#endif
