/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pvh.c - the PVH entry, see pvh.h. */
#include "boot/pvh.h"

#include <string.h>

#include "boot/handover.h"
#include "boot/memmap.h"
#include "boot/start.h"

#define START_MAGIC	0x336EC578u
#define START_VERSION	1u	/* with a memory map */
#define TSS_LIMIT	0x67u	/* of the smallest 32-bit TSS */

struct start_info {
	uint32_t magic, version, flags, nr_modules;
	uint64_t modlist_paddr, cmdline_paddr, rsdp_paddr;
	uint64_t memmap_paddr;
	uint32_t memmap_entries, reserved;
};

_Static_assert(sizeof(struct start_info) == 56, "as Xen has it");

struct module {
	uint64_t paddr, size, cmdline_paddr, reserved;
};

struct map_entry {
	uint64_t addr, size;
	uint32_t type, reserved;
};

struct handover {
	const struct boot_request *request;
	const struct linux_blob *initrd;
};

static void add_modules(const struct handover *handover, struct handover_info *out,
			struct start_info *info)
{
	struct module module = {
		.paddr = handover->initrd->gpa, .size = handover->initrd->size,
	};

	if (!module.size)
		return;
	info->nr_modules = 1;
	info->modlist_paddr = handover_add(out, &module, sizeof(module), 8);
}

static void add_memory(const struct handover *handover, struct handover_info *out,
		       struct start_info *info)
{
	struct memmap_entry entries[MEMMAP_MAX];
	size_t count = memmap_make(handover->request->mem, entries);

	info->memmap_entries = (uint32_t)count;
	info->memmap_paddr = handover_add(out, NULL, 0, 8);
	for (size_t i = 0; i < count; i++) {
		/* The types are those of E820. */
		struct map_entry entry = {
			.addr = entries[i].gpa, .size = entries[i].size, .type = entries[i].type,
		};

		handover_add(out, &entry, sizeof(entry), 8);
	}
}

static void add_rsdp(const struct handover *handover, struct handover_info *out,
		     struct start_info *info)
{
	struct handover_rsdp rsdp = handover_find_rsdp(handover->request->mem);
	uint32_t size = rsdp.size_new ? rsdp.size_new : rsdp.size_old;

	if (size)
		info->rsdp_paddr = handover_add(out, rsdp.bytes, size, 16);
}

static void make_info(const void *self, struct handover_info *out)
{
	const struct handover *handover = self;
	const char *append = handover->request->append;
	struct start_info info = { .magic = START_MAGIC, .version = START_VERSION };

	/* The structure comes first; what is in it is known last. */
	handover_add(out, &info, sizeof(info), 8);
	add_modules(handover, out, &info);
	add_memory(handover, out, &info);
	add_rsdp(handover, out, &info);
	info.cmdline_paddr = handover_add_string(out, append ? append : "");
	if (!out->failed)
		memcpy(out->data, &info, sizeof(info));
}

int pvh_start(const struct boot_request *request, const struct boot_image *image,
	      uint32_t entry, const struct linux_blob *initrd, struct layout *layout,
	      struct vcpu_state *state)
{
	const struct handover handover = { request, initrd };
	uint64_t info;
	int error = handover_place(request, image, make_info, &handover, layout, &info);

	if (!error)
		error = start_protected(state, request->mem, entry, 0);
	if (error)
		return error;
	/* All but protection is off, and the task has a TSS. */
	state->cr0 = CR0_PE | CR0_ET;
	state->tr.limit = TSS_LIMIT;
	state->gpr[GPR_RBX] = info;
	return 0;
}
