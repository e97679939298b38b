/* SPDX-License-Identifier: 0BSD */
/*
 * hypercall.c - the transport of hypercalls: the same for all of them.
 */
#include <vmm/error.h>
#include <vmm/hypercall.h>
#include <vmm/io.h>

int64_t vmm_call(struct vmm_request *request)
{
	/* What stays there where nobody listens on the port. */
	request->result = -VMM_ENOSYS;
	outl((uint32_t)vmm_address(request), VMM_HYPERCALL_PORT);
	return request->result;
}

unsigned int vmm_hypercall_version(void)
{
	uint32_t magic = inl(VMM_HYPERCALL_PORT);

	return (magic & 0xFFFFFF00u) == VMM_HYPERCALL_MAGIC ? magic & 0xFF : 0;
}
