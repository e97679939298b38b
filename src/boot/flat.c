/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flat.c - the loader of flat images: bytes at the base, a jump to the entry
 * (vmm-machine(7), START).
 */
#include <errno.h>
#include <inttypes.h>

#include "boot/boot.h"
#include "boot/start.h"

#define REAL_MODE_END	UINT64_C(0x100000)
#define PROTECTED_END	UINT64_C(0x100000000)
#define SMALL_STACK	UINT64_C(0x40000)	/* where the course's guests have it */
#define LONG_STACK	UINT64_C(0x100000)
#define HOLE_START	UINT64_C(0xA0000)	/* no RAM up to HOLE_END */
#define HOLE_END	UINT64_C(0xC0000)

/* The top of the stack: wanted, or the end of RAM where there is less. */
static uint64_t stack_top(uint64_t ram, uint64_t wanted)
{
	uint64_t top = ram < wanted ? ram : wanted;

	return top > HOLE_START && top <= HOLE_END ? HOLE_START : top;
}

/* What each mode starts with. */
static const struct {
	const char *name;
	uint64_t end;		/* the entry lies below it */
	uint64_t stack;
} modes[] = {
	[BOOT_REAL] = { "real", REAL_MODE_END, SMALL_STACK },
	[BOOT_PROTECTED] = { "protected", PROTECTED_END, SMALL_STACK },
	[BOOT_LONG] = { "long", PROTECTED_END, LONG_STACK },
};

static int start(const struct boot_request *request, struct vcpu_state *state)
{
	uint64_t stack = stack_top(request->ram, modes[request->mode].stack);

	switch (request->mode) {
	case BOOT_PROTECTED:
		return start_protected(state, request->mem, (uint32_t)request->entry,
				       (uint32_t)stack);
	case BOOT_LONG:
		return start_long(state, request->mem, request->entry, stack);
	case BOOT_REAL:
		break;
	}
	start_real(state, (uint32_t)request->entry, (uint32_t)stack);
	return 0;
}

static int load(const struct boot_request *request, const struct boot_image *image,
		struct boot_result *result)
{
	int error;

	if (request->entry >= modes[request->mode].end) {
		log_error(request->log, "%s: entry 0x%" PRIx64 " is not below 0x%" PRIx64
			  " as --mode=%s needs it (see --entry and --base)", image->path,
			  request->entry, modes[request->mode].end, modes[request->mode].name);
		return -EINVAL;
	}
	error = boot_place(request, image->path, request->base, image->data, image->size);
	if (error)
		return error;
	error = start(request, &result->state);
	if (error)
		log_error(request->log, "%s: no memory for the start tables at 0x%x",
			  image->path, START_TABLES_GPA);
	return error;
}

/* Any file is one: the loader of what no other one recognizes. */
static bool recognizes(const struct boot_image *image)
{
	return true;
}

const struct boot_loader boot_flat = {
	.format = BOOT_FLAT,
	.is = "a flat image",
	.takes = BOOT_TAKES_START,
	.recognizes = recognizes,
	.load = load,
};
