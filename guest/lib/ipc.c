/* SPDX-License-Identifier: 0BSD */
/*
 * ipc.c - the hypercalls of IPC.
 */
#include <stddef.h>

#include <vmm/hypercall.h>
#include <vmm/ipc.h>
#include <vmm/string.h>

static uint64_t page_address(const void *page)
{
	return page ? vmm_address(page) : VMM_IPC_NO_PAGE;
}

int ipc_find(const char *name)
{
	return (int)vmm_hypercall(VMM_IPC_FIND, vmm_address(name), strlen(name));
}

int ipc_name(uint32_t endpoint, char *name, uint32_t size)
{
	int64_t length = vmm_hypercall(VMM_IPC_NAME, endpoint, vmm_address(name), size - 1);

	if (length < 0)
		return (int)length;
	name[length] = 0;
	return 0;
}

static int send(uint32_t endpoint, uint64_t value, const void *page, uint32_t rights,
		uint32_t flags)
{
	return (int)vmm_hypercall(VMM_IPC_SEND, endpoint, value, page_address(page), rights, flags);
}

int ipc_send(uint32_t endpoint, uint64_t value, const void *page, uint32_t rights)
{
	return send(endpoint, value, page, rights, 0);
}

int ipc_try_send(uint32_t endpoint, uint64_t value, const void *page, uint32_t rights)
{
	return send(endpoint, value, page, rights, VMM_IPC_TRY);
}

static int receive(uint32_t endpoint, struct vmm_ipc_message *message, void *page, uint32_t flags)
{
	return (int)vmm_hypercall(VMM_IPC_RECEIVE, endpoint, vmm_address(message),
				  page_address(page), flags);
}

int ipc_receive(uint32_t endpoint, struct vmm_ipc_message *message, void *page)
{
	return receive(endpoint, message, page, 0);
}

int ipc_try_receive(uint32_t endpoint, struct vmm_ipc_message *message, void *page)
{
	return receive(endpoint, message, page, VMM_IPC_TRY);
}

int ipc_call(uint32_t endpoint, uint64_t value, void *page, uint32_t rights,
	     struct vmm_ipc_message *answer)
{
	return (int)vmm_hypercall(VMM_IPC_CALL, endpoint, value, page_address(page), rights,
				  vmm_address(answer));
}
