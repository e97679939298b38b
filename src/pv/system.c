/* SPDX-License-Identifier: GPL-3.0-or-later */
/* system.c - the hypercalls that need no device: EXIT, PRINT and INSTRUCTION, see vmm-hypercall(7). */
#include "pv/pv.h"

#include <errno.h>
#include <inttypes.h>

/* (status) */
static int64_t system_exit(void *self, struct mem *mem, const uint64_t argument[HYPERCALL_ARGS])
{
	run_end(self, ENDING_EXIT, run_guest_status(argument[0]),
		"guest called EXIT with %" PRIu64, argument[0]);
	return 0;
}

/* (gpa, length) */
static int64_t system_print(void *self, struct mem *mem, const uint64_t argument[HYPERCALL_ARGS])
{
	uint64_t gpa = argument[0], rest = argument[1];

	if (!mem_valid(mem, gpa, rest, MEM_READ))
		return -EFAULT;
	while (rest) {
		uint64_t span = rest;
		const void *piece = mem_span(mem, gpa, &span, MEM_READ);

		output_write(self, piece, span);
		gpa += span;
		rest -= span;
	}
	return 0;
}

/* () -> whether VMCALL and VMMCALL are hypercalls */
static int64_t system_has_instruction(void *self, struct mem *mem,
				      const uint64_t argument[HYPERCALL_ARGS])
{
	return 1;
}

static int64_t system_has_no_instruction(void *self, struct mem *mem,
					 const uint64_t argument[HYPERCALL_ARGS])
{
	return 0;
}

int pv_system_register(struct hypercalls *hypercalls, struct run *run, struct output *output,
		       bool by_instruction)
{
	hypercall_fn *instruction = by_instruction ? system_has_instruction :
				    system_has_no_instruction;
	int error = hypercall_register(hypercalls, HYPERCALL_EXIT, system_exit, run);

	error = error ?: hypercall_register(hypercalls, HYPERCALL_PRINT, system_print, output);
	return error ?: hypercall_register(hypercalls, HYPERCALL_INSTRUCTION, instruction, NULL);
}
