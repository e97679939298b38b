/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ipcdisk.h - the requests of the block service (vmm-services(7), BLOCK SERVICE): the value
 * of a message, whose page has the sectors of a write; the answer's value is 0 or more, or an
 * error: minus a Linux errno, and its page has the sectors of a read.
 */
#ifndef VMM_HOST_IPCDISK_H
#define VMM_HOST_IPCDISK_H

#include "host/disk.h"
#include "host/ipcframe.h"

/* Bits 56-63 of the value. */
enum ipcdisk_operation {
	IPCDISK_INFO,		/* -> the number of sectors */
	IPCDISK_READ,		/* -> 0, with a page */
	IPCDISK_WRITE,		/* with a page -> 0 */
	IPCDISK_FLUSH,		/* -> 0 */
};

#define IPCDISK_OPERATION_SHIFT 56
#define IPCDISK_COUNT_SHIFT 48		/* bits 48-55: how many sectors, 1 to 8 */
#define IPCDISK_LBA_MASK ((UINT64_C(1) << IPCDISK_COUNT_SHIFT) - 1)
#define IPCDISK_SECTORS_MAX (IPC_PAGE_SIZE / DISK_SECTOR_SIZE)

#endif
