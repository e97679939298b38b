/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * firmware.h - what a PC's firmware finds out of the machine's memory and
 * processors, and leaves to the guest in chips.
 */
#ifndef VMM_FIRMWARE_H
#define VMM_FIRMWARE_H

#include "core/mem.h"
#include "dev/fwcfg.h"
#include "dev/rtc.h"

/* mem is complete, here and below: its pieces of RAM, for the RTC's memory. */
struct rtc_memory firmware_rtc_memory(const struct mem *mem);

/*
 * Adds what QEMU has there: sizes, numbers of processors, and the file etc/e820,
 * the map of memory. Returns 0 or -errno.
 */
int firmware_fill_fwcfg(struct fwcfg *fwcfg, const struct mem *mem);

#endif
