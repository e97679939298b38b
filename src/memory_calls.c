/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memory_calls.c - the hypercalls that tell a guest of its memory, see memory_calls.h. */
#include "memory_calls.h"

#include <errno.h>

#include "boot/mbinfo.h"
#include "boot/start.h"
#include "core/array.h"

_Static_assert(sizeof(struct mbinfo_map) <= MEM_PAGE_SIZE, "the answer is a page");

/* (gpa of a page; 0: vmm's own) -> gpa of the multiboot information there */
static int64_t memory_map(void *self, struct mem *mem, const uint64_t argument[HYPERCALL_ARGS])
{
	uint64_t gpa = argument[0] ? argument[0] : START_MAP_GPA;
	struct mbinfo_map map;
	size_t size;

	if (gpa % MEM_PAGE_SIZE || gpa > UINT32_MAX)
		return -EINVAL;
	if (!mem_valid(mem, gpa, MEM_PAGE_SIZE, MEM_RW))
		return argument[0] ? -EFAULT : -ENOMEM;
	size = mbinfo_make_map(mem, (uint32_t)gpa, &map);
	mem_write(mem, gpa, &map, size);
	return (int64_t)gpa;
}

int memory_calls_register(struct hypercalls *hypercalls)
{
	static const struct hypercall calls[] = {
		{ HYPERCALL_MEMORY_MAP, memory_map },
	};

	return hypercall_register_all(hypercalls, calls, ARRAY_SIZE(calls), NULL);
}
