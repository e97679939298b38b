/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memory_calls.c - the hypercalls that tell a guest of its memory, see memory_calls.h. */
#include "memory_calls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "boot/mbinfo.h"
#include "boot/start.h"
#include "core/array.h"
#include "memory_list.h"
#include "vmm/memory.h"

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

/* An area, as the guest gets it. */
struct area {
	uint64_t gpa, size;
	uint32_t kind, rights;
	char name[40];		/* ends with a NUL, and is cut off for it */
};

/* Bits of the rights. */
#define RIGHT_READ	(1u << 0)
#define RIGHT_WRITE	(1u << 1)
#define RIGHT_TRAP	(1u << 2)
#define RIGHT_SHARED	(1u << 3)

_Static_assert(sizeof(struct area) == VMM_MEMORY_AREA_SIZE, "the ABI's size");
_Static_assert(RIGHT_SHARED == VMM_MEMORY_SHARED && RIGHT_TRAP == VMM_MEMORY_TRAPPED, "the ABI");

/* Where a file is on the host is not the guest's business: its name alone. */
static struct area describe(const struct memory_area *from)
{
	static const struct {
		unsigned int flag, right;
	} rights[] = {
		{ MEM_READ, RIGHT_READ }, { MEM_WRITE, RIGHT_WRITE },
		{ MEM_TRAP, RIGHT_TRAP }, { MEM_SHARED, RIGHT_SHARED },
	};
	struct area area = { .gpa = from->gpa, .size = from->size, .kind = from->kind };
	const char *slash = from->kind == MEMORY_FILE ? strrchr(from->name, '/') : NULL;

	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		if (from->flags & rights[i].flag)
			area.rights |= rights[i].right;
	snprintf(area.name, sizeof(area.name), "%s", slash ? slash + 1 : from->name);
	return area;
}

/* (gpa, how many areas there is room for) -> how many there are */
static int64_t memory_list(void *self, struct mem *mem, const uint64_t argument[HYPERCALL_ARGS])
{
	uint64_t gpa = argument[0], room = argument[1];
	struct memory_area area;
	int64_t count = 0;

	if (room > UINT64_MAX / sizeof(struct area) ||
	    !mem_valid(mem, gpa, room * sizeof(struct area), MEM_WRITE))
		return -EFAULT;
	for (uint64_t at = 0; memory_list_next(mem, self, at, &area); at = area.gpa + 1) {
		struct area out = describe(&area);

		if ((uint64_t)count < room)
			mem_write(mem, gpa + (uint64_t)count * sizeof(out), &out, sizeof(out));
		count++;
	}
	return count;
}

int memory_calls_register(struct hypercalls *hypercalls, struct bus *bus)
{
	static const struct hypercall calls[] = {
		{ HYPERCALL_MEMORY_MAP, memory_map },
		{ HYPERCALL_MEMORY_LIST, memory_list },
	};

	return hypercall_register_all(hypercalls, calls, ARRAY_SIZE(calls), bus);
}
