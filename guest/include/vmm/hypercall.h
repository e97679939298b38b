/* SPDX-License-Identifier: 0BSD */
/*
 * hypercall.h - how a guest calls vmm (vmm-hypercall(7)).
 *
 * A request is a struct in guest memory; a 32-bit OUT of its physical address
 * to VMM_HYPERCALL_PORT hands it over, and when the instruction is done the
 * result is in it. What a call means is its number's business alone: a new
 * hypercall is a number, a wrapper in pv.h, and nothing here.
 *
 * The library's guests have memory mapped one-to-one, so that a pointer is a
 * physical address.
 */
#ifndef VMM_HYPERCALL_H
#define VMM_HYPERCALL_H

#include <stdint.h>

#define VMM_HYPERCALL_PORT	0xABBA
#define VMM_HYPERCALL_MAGIC	0x564D4D00u	/* "VMM"; the low byte is the version */
#define VMM_HYPERCALL_VERSION	1u
#define VMM_HYPERCALL_ARGUMENTS	6

enum vmm_hypercall_number {
	VMM_QUERY = 0,		/* (number) -> 1 where it exists, else 0 */
	VMM_EXIT = 1,		/* (status) */
	VMM_PRINT = 2,		/* (address, length) */
	VMM_INSTRUCTION = 3,	/* () -> 1 where VMCALL does it too, else 0 */
	VMM_SCREEN_INFO = 16,	/* () -> columns | rows << 16 */
	VMM_SCREEN_PUT = 17,	/* (column, row, cell) */
	VMM_SCREEN_WRITE = 18,	/* (column, row, address of cells, count) */
	VMM_DISK_INFO = 32,	/* () -> sectors */
	VMM_DISK_READ = 33,	/* (lba, count, address) */
	VMM_DISK_WRITE = 34,	/* (lba, count, address) */
	VMM_DISK_FLUSH = 35,	/* () */
	VMM_MEMORY_MAP = 48,	/* (address of a page, or 0) -> address of the map */
	VMM_MEMORY_LIST = 49,	/* (address, areas there is room for) -> areas */
	VMM_IPC_FIND = 64,	/* (address of a name, length) -> endpoint */
	VMM_IPC_NAME = 65,	/* (endpoint, address, size) -> length */
	VMM_IPC_SEND = 66,	/* (endpoint, value, page, rights, flags) */
	VMM_IPC_RECEIVE = 67,	/* (endpoint, address of a message, page, flags) */
	VMM_IPC_CALL = 68,	/* (endpoint, value, page, rights, address of a message) */
};

struct vmm_request {
	uint32_t number;
	uint32_t reserved;	/* 0 */
	int64_t result;		/* 0 or more; an error: minus a number of error.h */
	uint64_t argument[VMM_HYPERCALL_ARGUMENTS];
};

/* Hands the request over. Returns its result; -VMM_ENOSYS on another machine than vmm. */
int64_t vmm_call(struct vmm_request *request);

/*
 * The same by the instruction VMCALL where the machine has it for vmm's hypercalls, else by
 * the port; at the first call it finds out which. In privilege 0 only.
 */
int64_t vmm_call_instruction(struct vmm_request *request);

/*
 * The generic hypercall: vmm_hypercall(number, up to six arguments), each an
 * integer of any width; pointers through vmm_address(). The arguments that are
 * left out are 0.
 */
#define vmm_hypercall(call, ...) \
	vmm_call(&(struct vmm_request){ .number = (call), .argument = { __VA_ARGS__ } })

static inline uint64_t vmm_address(const volatile void *pointer)
{
	return (uintptr_t)pointer;
}

/* The version of the ABI that the machine speaks; 0: it knows no hypercalls. */
unsigned int vmm_hypercall_version(void);

#endif
