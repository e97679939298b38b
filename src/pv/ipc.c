/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ipc.c - the hypercalls of IPC, see vmm-services(7). One that has to wait does so in the
 * middle of the guest's OUT: the vCPU's thread sleeps, and tries again whenever something
 * has happened, until the run ends.
 */
#include "pv/pv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "host/ipcdisk.h"
#include "vmm/ipc-message.h"

#define FLAGS (VMM_IPC_TRY | VMM_IPC_INTERRUPTIBLE)

_Static_assert(sizeof(struct vmm_ipc_message) == 16, "the ABI's size");

/* The guest's header says the same. */
#define SAME(host, guest) _Static_assert((uint64_t)(host) == (uint64_t)(guest), #host)

SAME(IPC_PAGE_SIZE, VMM_IPC_PAGE_SIZE);
SAME(IPC_PAGE_SIZE, MEM_PAGE_SIZE);
SAME(IPC_ANY, VMM_IPC_ANY);
SAME(IPC_READ, VMM_IPC_READ);
SAME(IPC_WRITE, VMM_IPC_WRITE);
SAME(IPCDISK_OPERATION_SHIFT, VMM_IPC_DISK_OPERATION_SHIFT);
SAME(IPCDISK_COUNT_SHIFT, VMM_IPC_DISK_COUNT_SHIFT);
SAME(IPCDISK_SECTORS_MAX, VMM_IPC_DISK_SECTORS_MAX);
SAME(IPCDISK_INFO, VMM_IPC_DISK_INFO);
SAME(IPCDISK_READ, VMM_IPC_DISK_READ);
SAME(IPCDISK_WRITE, VMM_IPC_DISK_WRITE);
SAME(IPCDISK_FLUSH, VMM_IPC_DISK_FLUSH);

struct pv_ipc {
	struct pv_ipc_config config;
};

/* What one hypercall wants. Addresses have been checked. */
struct transfer {
	struct ipc *ipc;
	struct mem *mem;
	uint32_t endpoint;
	struct ipc_message out;
	uint64_t page;			/* guest-physical, or VMM_IPC_NO_PAGE */
	uint64_t message;		/* guest-physical: where what has come in is described */
};

/* One try: 0 or -errno, -EAGAIN to wait. */
typedef int transfer_fn(const struct transfer *transfer);

static void *page_pointer(const struct transfer *transfer, unsigned int rights)
{
	return transfer->page == VMM_IPC_NO_PAGE ? NULL :
	       mem_ptr(transfer->mem, transfer->page, IPC_PAGE_SIZE, rights);
}

static int try_send(const struct transfer *transfer)
{
	const uint8_t *page = transfer->out.rights ? page_pointer(transfer, MEM_READ) : NULL;

	return ipc_send(transfer->ipc, transfer->endpoint, &transfer->out, page);
}

/* A message that is there, or that there will be no more of them: the guest is told of whom. */
static int try_receive(const struct transfer *transfer)
{
	struct vmm_ipc_message told = { .from = transfer->endpoint };
	struct ipc_message message = { 0 };
	int error = ipc_receive(transfer->ipc, &told.from, &message,
				page_pointer(transfer, MEM_WRITE));

	if (error && error != -EPIPE && error != -EPROTO)
		return error;
	if (!error) {
		told.value = message.value;
		told.rights = message.rights;
	}
	mem_write(transfer->mem, transfer->message, &told, sizeof(told));
	return error;
}

/* Sleeps until another try is worth it. Returns 0, or -errno in place of one. */
static int wait_for(const struct pv_ipc *self, const struct transfer *transfer, bool send,
		    uint64_t flags)
{
	struct pollfd fds[IPC_ENDPOINTS_MAX];
	size_t count;

	if (flags & VMM_IPC_TRY)
		return -EAGAIN;
	count = ipc_waits_for(transfer->ipc, transfer->endpoint, send, fds);
	if (!count)
		return -EDEADLK;
	if (flags & VMM_IPC_INTERRUPTIBLE && intr_wakes(self->config.intr))
		return -EINTR;
	self->config.sleep(self->config.sleeper, fds, count);
	return run_ended(self->config.run) ? -EINTR : 0;
}

static int carry_out(const struct pv_ipc *self, const struct transfer *transfer, bool send,
		     uint64_t flags)
{
	int error, waited = 0;

	do {
		error = send ? try_send(transfer) : try_receive(transfer);
		if (error == -EAGAIN)
			waited = wait_for(self, transfer, send, flags);
	} while (error == -EAGAIN && !waited);
	return waited ? waited : error;
}

/* --- arguments --- */

/* Where a page may come from or go to. */
static int check_page(const struct mem *mem, uint64_t page, unsigned int rights)
{
	if (page % IPC_PAGE_SIZE)
		return -EINVAL;
	return mem_valid(mem, page, IPC_PAGE_SIZE, rights) ? 0 : -EFAULT;
}

/* What is sent: the arguments 1 to 3 of IPC_SEND and IPC_CALL. */
static int set_outgoing(struct transfer *transfer, const uint64_t argument[HYPERCALL_ARGS])
{
	uint64_t rights = argument[3];

	if (!ipc_rights_valid(rights))
		return -EINVAL;
	transfer->out = (struct ipc_message){ .value = argument[1], .rights = (uint32_t)rights };
	transfer->page = argument[2];
	return rights ? check_page(transfer->mem, transfer->page, MEM_READ) : 0;
}

/* Where what comes in goes. */
static int set_incoming(struct transfer *transfer, uint64_t message, uint64_t page)
{
	transfer->message = message;
	transfer->page = page;
	if (!mem_valid(transfer->mem, message, sizeof(struct vmm_ipc_message), MEM_WRITE))
		return -EFAULT;
	return page == VMM_IPC_NO_PAGE ? 0 : check_page(transfer->mem, page, MEM_WRITE);
}

/* The endpoint of argument 0. */
static int begin(struct transfer *transfer, const struct pv_ipc *self, struct mem *mem,
		 uint64_t endpoint)
{
	*transfer = (struct transfer){
		.ipc = self->config.ipc, .mem = mem, .endpoint = (uint32_t)endpoint,
	};
	return self->config.ipc && endpoint <= IPC_ANY ? 0 : -ENOENT;
}

/* --- the hypercalls --- */

/* (gpa of a name, length) -> endpoint */
static int64_t find(void *self, struct mem *mem, const uint64_t argument[HYPERCALL_ARGS])
{
	const struct pv_ipc *ipc = self;
	char name[IPC_NAME_MAX];
	int error;

	if (argument[1] > sizeof(name))
		return -ENOENT;
	error = mem_read(mem, argument[0], name, argument[1]);
	if (error)
		return error;
	return ipc->config.ipc ? ipc_find(ipc->config.ipc, name, argument[1]) : -ENOENT;
}

/* (endpoint, gpa, size) -> length */
static int64_t name(void *self, struct mem *mem, const uint64_t argument[HYPERCALL_ARGS])
{
	const struct pv_ipc *ipc = self;
	const char *text = NULL;
	size_t length;
	int error;

	if (ipc->config.ipc && argument[0] < IPC_ANY)
		text = ipc_name(ipc->config.ipc, (uint32_t)argument[0]);
	if (!text)
		return -ENOENT;
	length = strlen(text);
	if (argument[2] < length)
		return -ERANGE;
	error = mem_write(mem, argument[1], text, length);
	return error ? error : (int64_t)length;
}

/* (endpoint, value, page, rights, flags) */
static int64_t send(void *self, struct mem *mem, const uint64_t argument[HYPERCALL_ARGS])
{
	struct transfer transfer;
	int error = begin(&transfer, self, mem, argument[0]);

	if (argument[4] & ~(uint64_t)FLAGS)
		return -EINVAL;
	if (!error)
		error = set_outgoing(&transfer, argument);
	return error ? error : carry_out(self, &transfer, true, argument[4]);
}

/* (endpoint or IPC_ANY, gpa of a message, page, flags) */
static int64_t receive(void *self, struct mem *mem, const uint64_t argument[HYPERCALL_ARGS])
{
	struct transfer transfer;
	int error = begin(&transfer, self, mem, argument[0]);

	if (argument[3] & ~(uint64_t)FLAGS)
		return -EINVAL;
	if (!error)
		error = set_incoming(&transfer, argument[1], argument[2]);
	return error ? error : carry_out(self, &transfer, false, argument[3]);
}

/* (endpoint, value, page, rights, gpa of a message) */
static int64_t call(void *self, struct mem *mem, const uint64_t argument[HYPERCALL_ARGS])
{
	struct transfer transfer;
	int error = begin(&transfer, self, mem, argument[0]);

	if (!error)
		error = set_outgoing(&transfer, argument);
	if (!error)
		error = set_incoming(&transfer, argument[4], argument[2]);
	if (!error)
		error = carry_out(self, &transfer, true, 0);
	return error ? error : carry_out(self, &transfer, false, 0);
}

int pv_ipc_create(struct pv_ipc **out, const struct pv_ipc_config *config)
{
	struct pv_ipc *ipc = malloc(sizeof(*ipc));

	if (!ipc)
		return -ENOMEM;
	ipc->config = *config;
	*out = ipc;
	return 0;
}

int pv_ipc_register(struct hypercalls *hypercalls, struct pv_ipc *ipc)
{
	static const struct hypercall calls[] = {
		{ HYPERCALL_IPC_FIND, find },
		{ HYPERCALL_IPC_NAME, name },
		{ HYPERCALL_IPC_SEND, send },
		{ HYPERCALL_IPC_RECEIVE, receive },
		{ HYPERCALL_IPC_CALL, call },
	};

	return hypercall_register_all(hypercalls, calls, ARRAY_SIZE(calls), ipc);
}

static void reset(void *self)
{
	const struct pv_ipc *ipc = self;

	if (ipc->config.ipc)
		ipc_reset(ipc->config.ipc);
}

const struct device_ops pv_ipc_device = {
	.name = "IPC",
	.reset = reset,
	.fini = free,
};
