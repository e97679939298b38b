/* SPDX-License-Identifier: 0BSD */
/*
 * badcall.c - hypercalls as they should not be made: each must give its error,
 * change nothing, and leave vmm as it was. The disk, where there is one, is not
 * written.
 */
#include <vmm/error.h>
#include <vmm/hypercall.h>
#include <vmm/io.h>
#include <vmm/pv.h>
#include <vmm/string.h>
#include <vmm/vga.h>

#include "shared/check.h"

#define NOWHERE		0xFFFFFFF0ull		/* no memory, where firmware is on a PC */
#define WRAPS		UINT64_MAX		/* address plus length is past 2^64 */
#define HOLE		0xA0000ull		/* no memory: the VGA's graphics window */
#define UNTOUCHED	0x5EED5EED5EED5EED

struct bad_call {
	const char *what;
	int64_t expected;
	struct vmm_request request;
};

#define BAD_CALL(what_, expected_, number_, ...)				\
	{ .what = (what_), .expected = (expected_),				\
	  .request = { .number = (number_), .argument = { __VA_ARGS__ } } }

static const struct bad_call bad_calls[] = {
	BAD_CALL("unknown number", -VMM_ENOSYS, 0x7FFF),
	BAD_CALL("highest number", -VMM_ENOSYS, UINT32_MAX),
	BAD_CALL("query of an unknown number", 0, VMM_QUERY, 0x7FFF),
	BAD_CALL("query of a number past 32 bits", 0, VMM_QUERY, 1ull << 32),
	BAD_CALL("print from nowhere", -VMM_EFAULT, VMM_PRINT, NOWHERE, 4),
	BAD_CALL("print across the hole", -VMM_EFAULT, VMM_PRINT, HOLE - 2, 4),
	BAD_CALL("print that wraps around", -VMM_EFAULT, VMM_PRINT, WRAPS, 4),
	BAD_CALL("print of too much", -VMM_EFAULT, VMM_PRINT, 0x1000, UINT64_MAX),
	BAD_CALL("cell right of the screen", -VMM_EINVAL, VMM_SCREEN_PUT, VGA_COLUMNS, 0, 0x741),
	BAD_CALL("cell below the screen", -VMM_EINVAL, VMM_SCREEN_PUT, 0, VGA_ROWS, 0x741),
	BAD_CALL("cell far off the screen", -VMM_EINVAL, VMM_SCREEN_PUT, UINT64_MAX, UINT64_MAX, 0),
	BAD_CALL("a cell of more than 16 bits", -VMM_EINVAL, VMM_SCREEN_PUT, 0, 0, 0x10000),
	BAD_CALL("run past the screen's end", -VMM_EINVAL, VMM_SCREEN_WRITE, 79, 24, 0x1000, 2),
	BAD_CALL("endless run", -VMM_EINVAL, VMM_SCREEN_WRITE, 0, 0, 0x1000, UINT64_MAX),
	BAD_CALL("run from nowhere", -VMM_EFAULT, VMM_SCREEN_WRITE, 0, 0, NOWHERE, 1),
	BAD_CALL("run that wraps around", -VMM_EFAULT, VMM_SCREEN_WRITE, 0, 0, WRAPS, 1),
	BAD_CALL("map between pages", -VMM_EINVAL, VMM_MEMORY_MAP, 0x1008),
	BAD_CALL("map above 4 GiB", -VMM_EINVAL, VMM_MEMORY_MAP, 1ull << 32),
	BAD_CALL("map at the highest page", -VMM_EINVAL, VMM_MEMORY_MAP, UINT64_MAX - 4095),
	BAD_CALL("areas to nowhere", -VMM_EFAULT, VMM_MEMORY_LIST, NOWHERE, 1),
	BAD_CALL("areas without end", -VMM_EFAULT, VMM_MEMORY_LIST, 0x1000, UINT64_MAX),
	BAD_CALL("areas that wrap around", -VMM_EFAULT, VMM_MEMORY_LIST, 0x1000, 1ull << 58),
	BAD_CALL("map in the hole", -VMM_EFAULT, VMM_MEMORY_MAP, HOLE),
};

/* Where there is no disk, all of these give -VMM_ENODEV. */
static const struct bad_call bad_disk_calls[] = {
	BAD_CALL("read past the disk", -VMM_ERANGE, VMM_DISK_READ, 1ull << 40, 1, 0x1000),
	BAD_CALL("read at the last address", -VMM_ERANGE, VMM_DISK_READ, UINT64_MAX, 1, 0x1000),
	BAD_CALL("read of too much", -VMM_ERANGE, VMM_DISK_READ, 0, UINT64_MAX, 0x1000),
	BAD_CALL("read to nowhere", -VMM_EFAULT, VMM_DISK_READ, 0, 1, NOWHERE),
	BAD_CALL("read into the hole", -VMM_EFAULT, VMM_DISK_READ, 0, 1, HOLE - 256),
	BAD_CALL("write past the disk", -VMM_ERANGE, VMM_DISK_WRITE, 1ull << 40, 1, 0x1000),
	BAD_CALL("write of too much", -VMM_ERANGE, VMM_DISK_WRITE, 1, UINT64_MAX, 0x1000),
	BAD_CALL("write from nowhere", -VMM_EFAULT, VMM_DISK_WRITE, 0, 1, NOWHERE),
	BAD_CALL("write that wraps around", -VMM_EFAULT, VMM_DISK_WRITE, 0, 1, WRAPS),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void check_calls(struct checks *checks, const struct bad_call *calls, size_t count,
			bool there)
{
	for (size_t i = 0; i < count; i++) {
		struct vmm_request request = calls[i].request;
		int64_t expected = there ? calls[i].expected : -VMM_ENODEV;
		int64_t result = vmm_call(&request);

		check(checks, result == expected, "%s: %lld, not %lld", calls[i].what,
		      (long long)result, (long long)expected);
		request.result = calls[i].request.result;
		check(checks, !memcmp(&request, &calls[i].request, sizeof(request)),
		      "%s: the request has changed", calls[i].what);
	}
}

static void check_reserved(struct checks *checks)
{
	struct vmm_request request = { .number = VMM_SCREEN_INFO, .reserved = 1 };

	check(checks, vmm_call(&request) == -VMM_EINVAL, "reserved field that is not 0");
}

/* Requests where no result can be left; vmm is still there afterwards. */
static void check_lost_requests(struct checks *checks)
{
	static const uint32_t addresses[] = {
		UINT32_MAX, UINT32_MAX - 62, (uint32_t)NOWHERE, (uint32_t)HOLE, (uint32_t)HOLE - 32,
	};

	for (size_t i = 0; i < COUNT(addresses); i++)
		outl(addresses[i], VMM_HYPERCALL_PORT);
	check(checks, vmm_hypercall(VMM_SCREEN_INFO) == (VGA_COLUMNS | VGA_ROWS << 16),
	      "no more answers after requests outside memory");
}

/* The port takes 32 bits, nothing less. */
static void check_narrow_access(struct checks *checks)
{
	static struct vmm_request request __attribute__((aligned(0x100)));

	request = (struct vmm_request){ .number = VMM_SCREEN_INFO, .result = UNTOUCHED };
	outw((uint16_t)vmm_address(&request), VMM_HYPERCALL_PORT);
	outb((uint8_t)vmm_address(&request), VMM_HYPERCALL_PORT);
	check(checks, *(volatile int64_t *)&request.result == UNTOUCHED,
	      "a narrow write counts as a request");
	check(checks, inw(VMM_HYPERCALL_PORT) == 0xFFFF && inb(VMM_HYPERCALL_PORT) == 0xFF,
	      "a narrow read gives something");
}

/* A request may lie at any address. */
static void check_alignment(struct checks *checks)
{
	static uint8_t space[2 * sizeof(struct vmm_request)];
	const struct vmm_request request = { .number = VMM_SCREEN_INFO, .result = UNTOUCHED };

	for (unsigned int at = 1; at < 8; at++) {
		struct vmm_request copy;

		memcpy(space + at, &request, sizeof(request));
		outl((uint32_t)vmm_address(space + at), VMM_HYPERCALL_PORT);
		memcpy(&copy, space + at, sizeof(copy));
		check(checks, copy.result == (VGA_COLUMNS | VGA_ROWS << 16),
		      "request at an odd address, offset %u", at);
	}
}

int main(void)
{
	struct checks checks = { 0 };
	bool disk = pv_disk_sectors() > 0;

	vga_put16(0, 0, VGA_CELL('A', 0x1F));
	vga_put16(79, 24, VGA_CELL('Z', 0x1F));
	check(&checks, vmm_hypercall_version() == 1, "version %u, not 1", vmm_hypercall_version());
	check_calls(&checks, bad_calls, COUNT(bad_calls), true);
	check_calls(&checks, bad_disk_calls, COUNT(bad_disk_calls), disk);
	check_reserved(&checks);
	check_lost_requests(&checks);
	check_narrow_access(&checks);
	check_alignment(&checks);
	check(&checks, vga_get16(0, 0) == VGA_CELL('A', 0x1F) &&
	      vga_get16(79, 24) == VGA_CELL('Z', 0x1F), "the screen has changed");
	return checks_result(&checks);
}
