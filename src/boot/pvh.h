/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pvh.h - the start of a kernel by its PVH entry (Xen, docs/misc/pvh.pandoc, and
 * xen/include/public/arch-x86/hvm/start_info.h).
 */
#ifndef VMM_BOOT_PVH_H
#define VMM_BOOT_PVH_H

#include "boot/boot.h"
#include "boot/layout.h"
#include "boot/zeropage.h"

/*
 * Hands over the command line, memory and the initrd, and makes the start state,
 * for a kernel that lies in memory and has its place in the layout. Returns 0, or
 * -errno with a message in the log.
 */
int pvh_start(const struct boot_request *request, const struct boot_image *image,
	      uint32_t entry, const struct linux_blob *initrd, struct layout *layout,
	      struct vcpu_state *state);

#endif
