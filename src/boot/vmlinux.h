/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vmlinux.h - Linux as an ELF file, and kernels with a PVH entry. */
#ifndef VMM_BOOT_VMLINUX_H
#define VMM_BOOT_VMLINUX_H

#include "boot/boot.h"

/* Whether it is an ELF file with a note of Linux's, or one that names a PVH entry. */
bool vmlinux_recognizes(const struct boot_image *image);

/* As struct boot_loader's load; image is an ELF file, with such notes or without. */
int vmlinux_load(const struct boot_request *request, const struct boot_image *image,
		 struct boot_result *result);

#endif
