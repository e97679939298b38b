/* SPDX-License-Identifier: 0BSD */
/*
 * ipc.c - endpoints and their names.
 */
#include <vmm/error.h>
#include <vmm/hypercall.h>
#include <vmm/ipc.h>
#include <vmm/string.h>

int ipc_find(const char *name)
{
	return (int)vmm_hypercall(VMM_IPC_FIND, vmm_address(name), strlen(name));
}

int ipc_name(uint32_t endpoint, char *name, uint32_t size)
{
	int64_t length = -VMM_ERANGE;

	/* Its end takes one. */
	if (size)
		length = vmm_hypercall(VMM_IPC_NAME, endpoint, vmm_address(name), size - 1);
	if (length < 0)
		return (int)length;
	name[length] = 0;
	return 0;
}
