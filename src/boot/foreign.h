/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * foreign.h - files that are no kernels, but would run as garbage if they were
 * taken for flat images.
 */
#ifndef VMM_BOOT_FOREIGN_H
#define VMM_BOOT_FOREIGN_H

#include "boot/boot.h"

/* What a file is, and what to do about it, in words. */
struct foreign {
	const char *is;		/* "an ISO image" */
	const char *remedy;
};

/*
 * NULL: the image shows no sign of being one. Its first 64 KiB are enough.
 */
const struct foreign *foreign_find(const struct boot_image *image);

#endif
