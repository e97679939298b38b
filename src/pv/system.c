/* SPDX-License-Identifier: GPL-3.0-or-later */
/* system.c - the hypercalls that need no device: EXIT and PRINT, see vmm-hypercall(7). */
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

int pv_system_register(struct hypercalls *hypercalls, struct run *run, struct output *output)
{
	int error = hypercall_register(hypercalls, HYPERCALL_EXIT, system_exit, run);

	if (!error)
		error = hypercall_register(hypercalls, HYPERCALL_PRINT, system_print, output);
	return error;
}
