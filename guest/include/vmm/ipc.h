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

#include <vmm/hypercall.h>
#include <vmm/ipc-message.h>

/* The endpoint with a name, or an error, negated: -VMM_ENOENT, there is none. */
int ipc_find(const char *name);

/* The name of an endpoint into name, which has room for size bytes, its end among them. */
int ipc_name(uint32_t endpoint, char *name, uint32_t size);

/*
 * --- messages ---
 * Written out where they are called: a hypercall costs little more than its arguments.
 */
static inline uint64_t ipc_page_address(const void *page)
{
	return page ? vmm_address(page) : VMM_IPC_NO_PAGE;
}

/* Sends a message; waits where the other end is slow, unless it only tries. */
static inline int ipc_send(uint32_t endpoint, uint64_t value, const void *page, uint32_t rights)
{
	return (int)vmm_hypercall(VMM_IPC_SEND, endpoint, value, ipc_page_address(page), rights);
}

static inline int ipc_try_send(uint32_t endpoint, uint64_t value, const void *page,
			       uint32_t rights)
{
	return (int)vmm_hypercall(VMM_IPC_SEND, endpoint, value, ipc_page_address(page), rights,
				  VMM_IPC_TRY);
}

/*
 * Receives a message of one endpoint, or of VMM_IPC_ANY; waits for one, unless it only
 * tries. A page that is not wanted is lost.
 */
static inline int ipc_receive(uint32_t endpoint, struct vmm_ipc_message *message, void *page)
{
	return (int)vmm_hypercall(VMM_IPC_RECEIVE, endpoint, vmm_address(message),
				  ipc_page_address(page));
}

static inline int ipc_try_receive(uint32_t endpoint, struct vmm_ipc_message *message, void *page)
{
	return (int)vmm_hypercall(VMM_IPC_RECEIVE, endpoint, vmm_address(message),
				  ipc_page_address(page), VMM_IPC_TRY);
}

/*
 * ipc_send(), then ipc_receive() of the answer into the same page, in one hypercall;
 * rights 0: the page is for the answer alone.
 */
static inline int ipc_call(uint32_t endpoint, uint64_t value, void *page, uint32_t rights,
			   struct vmm_ipc_message *answer)
{
	return (int)vmm_hypercall(VMM_IPC_CALL, endpoint, value, ipc_page_address(page), rights,
				  vmm_address(answer));
}

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
