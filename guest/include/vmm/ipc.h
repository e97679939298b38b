/* SPDX-License-Identifier: 0BSD */
/*
 * ipc.h - messages between a guest and services or other guests (vmm-services(7), IPC): a
 * value and a page each. Functions that return int give 0 or an error of error.h, negated.
 *
 * Pages are VMM_IPC_PAGE_SIZE bytes, aligned to as many; NULL: no page. What is sent
 * and what is received is a copy.
 */
#ifndef VMM_IPC_H
#define VMM_IPC_H

#include <stdint.h>

#include <vmm/ipc-message.h>

/* The endpoint with a name, or an error, negated: -VMM_ENOENT, there is none. */
int ipc_find(const char *name);

/* The name of an endpoint into name, which has room for size bytes, its end among them. */
int ipc_name(uint32_t endpoint, char *name, uint32_t size);

/* Sends a message; waits where the other end is slow, unless it only tries. */
int ipc_send(uint32_t endpoint, uint64_t value, const void *page, uint32_t rights);
int ipc_try_send(uint32_t endpoint, uint64_t value, const void *page, uint32_t rights);

/*
 * Receives a message of one endpoint, or of VMM_IPC_ANY; waits for one, unless it only
 * tries. A page that is not wanted is lost.
 */
int ipc_receive(uint32_t endpoint, struct vmm_ipc_message *message, void *page);
int ipc_try_receive(uint32_t endpoint, struct vmm_ipc_message *message, void *page);

/*
 * ipc_send(), then ipc_receive() of the answer into the same page, in one hypercall;
 * rights 0: the page is for the answer alone.
 */
int ipc_call(uint32_t endpoint, uint64_t value, void *page, uint32_t rights,
	     struct vmm_ipc_message *answer);

/* --- the block service: BLOCK SERVICE there --- */

#define IPC_SECTOR_SIZE	512u

/* How many sectors there are, or an error, negated. */
int64_t ipc_disk_sectors(uint32_t endpoint);

/* count sectors from lba on, any number; page: one to work with. */
int ipc_disk_read(uint32_t endpoint, uint64_t lba, uint32_t count, void *sectors, void *page);
int ipc_disk_write(uint32_t endpoint, uint64_t lba, uint32_t count, const void *sectors,
		   void *page);

/* What was written survives the host's power failure when this returns 0. */
int ipc_disk_flush(uint32_t endpoint);

#endif
