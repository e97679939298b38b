/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zeropage.h - what Linux is handed besides itself: the command line, the
 * initial RAM disk, and the "zero page" (struct boot_params) that says where
 * they and memory are (Linux, Documentation/arch/x86/boot.rst, zero-page.rst).
 */
#ifndef VMM_BOOT_ZEROPAGE_H
#define VMM_BOOT_ZEROPAGE_H

#include <asm/bootparam.h>
#include <stdint.h>

#include "boot/boot.h"

/*
 * Where protocols before 2.02 look for it, and the others as well; the command
 * line follows. vmm-machine(7) names both.
 */
#define ZEROPAGE_GPA	0x90000u
#define CMDLINE_GPA	0x91000u
#define CMDLINE_SPACE	0x9000u		/* bytes, with the NUL */

/* What a kernel can take, and where. */
struct linux_limits {
	uint64_t kernel_end;	/* the initrd lies at or above it */
	uint64_t initrd_max;	/* the highest address of a byte of the initrd */
	uint32_t cmdline_size;	/* bytes of the command line, without the NUL */
};

/* Where bytes are in guest memory; size 0: there are none. */
struct linux_blob {
	uint64_t gpa;
	uint64_t size;
};

/*
 * Puts request->append to CMDLINE_GPA, "" where there is none. Returns 0, or
 * -errno with a message in the log.
 */
int linux_place_cmdline(const struct boot_request *request, uint32_t cmdline_size);

/*
 * Puts request->initrd, if there is one, as high as the kernel can take it
 * and "mem=" of the command line allows, on a page of its own. Returns 0, or
 * -errno with a message in the log.
 */
int linux_place_initrd(const struct boot_request *request, const struct linux_limits *limits,
		       struct linux_blob *initrd);

/*
 * Hands all of it over by the zero page, which goes to ZEROPAGE_GPA: params
 * has the kernel's setup header (with its version) and zeros else. Returns 0,
 * or -errno with a message in the log.
 */
int linux_place_zeropage(const struct boot_request *request, const struct linux_limits *limits,
			 struct boot_params *params);

#endif
