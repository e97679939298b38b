/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bda.h - the BIOS data area. No BIOS is there, but the multiboot specifications
 * promise a machine as the BIOS left it, and kernels look there for the size of
 * low memory, the serial ports and the text mode.
 */
#ifndef VMM_BOOT_BDA_H
#define VMM_BOOT_BDA_H

#include "boot/layout.h"
#include "core/mem.h"

/*
 * Writes it at 0x400, and takes its memory in the layout; where the kernel lies
 * there, does nothing.
 */
void bda_write(struct mem *mem, struct layout *layout);

#endif
