/* SPDX-License-Identifier: 0BSD */
/* ipc-message.h - what the hypercalls of IPC take and give (vmm-services(7), IPC). */
#ifndef VMM_IPC_MESSAGE_H
#define VMM_IPC_MESSAGE_H

#include <stdint.h>

#define VMM_IPC_PAGE_SIZE	4096u
#define VMM_IPC_ANY		0xFFFFFFFFu	/* whichever endpoint has a message */
#define VMM_IPC_NO_PAGE		UINT64_MAX	/* in place of a page's address */

/* What the receiver of a page may do with it; a copy in any case. */
#define VMM_IPC_READ		1u
#define VMM_IPC_WRITE		2u	/* with VMM_IPC_READ only */

/* Flags of VMM_IPC_SEND and VMM_IPC_RECEIVE. */
#define VMM_IPC_TRY		1u	/* does not wait: -VMM_EAGAIN */
#define VMM_IPC_INTERRUPTIBLE	2u	/* nor when an interrupt is there: -VMM_EINTR */

/* What vmm writes when a message is received. */
struct vmm_ipc_message {
	uint64_t value;
	uint32_t from;		/* endpoint */
	uint32_t rights;	/* of its page; 0: it has none */
};

/* The value of a request to the block service: an operation, a count and a sector. */
#define VMM_IPC_DISK_OPERATION_SHIFT	56
#define VMM_IPC_DISK_COUNT_SHIFT	48
#define VMM_IPC_DISK_SECTORS_MAX	8u	/* in one message */

enum vmm_ipc_disk_operation {
	VMM_IPC_DISK_INFO,
	VMM_IPC_DISK_READ,
	VMM_IPC_DISK_WRITE,
	VMM_IPC_DISK_FLUSH,
};

#endif
