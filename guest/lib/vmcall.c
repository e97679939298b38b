/* SPDX-License-Identifier: 0BSD */
/*
 * vmcall.c - hypercalls by instruction. A file of its own: the engine direct emulates all of
 * a page of code that has such an instruction in it, so that only guests that want it have it.
 */
#include <vmm/hypercall.h>

/* By EAX and EBX; other registers stay as they are. */
static void vmcall(struct vmm_request *request)
{
	uint32_t answer = VMM_HYPERCALL_MAGIC | VMM_HYPERCALL_VERSION;

	__asm__ volatile ("vmcall" : "+a"(answer) : "b"((uint32_t)vmm_address(request)) : "memory");
}

int64_t vmm_call_instruction(struct vmm_request *request)
{
	static enum { UNKNOWN, BY_PORT, BY_INSTRUCTION } way;

	if (way == UNKNOWN)
		way = vmm_hypercall_version() == VMM_HYPERCALL_VERSION &&
		      vmm_hypercall(VMM_INSTRUCTION) == 1 ? BY_INSTRUCTION : BY_PORT;
	if (way == BY_PORT)
		return vmm_call(request);
	vmcall(request);
	return request->result;
}
