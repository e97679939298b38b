/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * disk.c - the hypercalls of the paravirtual disk, see vmm-hypercall(7).
 *
 * Sectors move between the image and guest memory directly, any number in one
 * call. A request that does not fit disk and memory moves nothing.
 */
#include "pv/pv.h"

#include <errno.h>
#include <stdbool.h>

/* The arguments of DISK_READ and DISK_WRITE. */
enum { ARG_LBA, ARG_COUNT, ARG_GPA };

typedef int move_bytes_fn(struct disk *disk, uint64_t offset, uint64_t len, void *buffer);

static int write_bytes(struct disk *disk, uint64_t offset, uint64_t len, void *buffer)
{
	return disk_write_bytes(disk, offset, len, buffer);
}

/* Of the host's errors the ABI knows two: no room, and all else. */
static int guest_error(int error)
{
	bool full = error == -ENOSPC || error == -EFBIG || error == -EDQUOT;

	return full ? -ENOSPC : -EIO;
}

/* Whether the sectors are on the disk and their bytes in memory. */
static int check_request(const struct disk *disk, const struct mem *mem,
			 const uint64_t argument[HYPERCALL_ARGS], unsigned int rights)
{
	uint64_t lba = argument[ARG_LBA], count = argument[ARG_COUNT];
	uint64_t sectors = disk_sectors(disk);

	if (lba > sectors || count > sectors - lba)
		return -ERANGE;
	/* No overflow: so many bytes are on the disk. */
	return mem_valid(mem, argument[ARG_GPA], count * DISK_SECTOR_SIZE, rights) ? 0 : -EFAULT;
}

/* rights: what the guest's memory must allow. */
static int64_t transfer(struct disk *disk, const struct mem *mem,
			const uint64_t argument[HYPERCALL_ARGS], unsigned int rights,
			move_bytes_fn *move_bytes)
{
	uint64_t offset = argument[ARG_LBA] * DISK_SECTOR_SIZE;
	uint64_t rest = argument[ARG_COUNT] * DISK_SECTOR_SIZE;
	uint64_t gpa = argument[ARG_GPA];
	int error;

	if (argument[ARG_COUNT] == 0)
		return 0;
	error = check_request(disk, mem, argument, rights);
	if (error)
		return error;
	while (rest) {
		uint64_t span = rest;
		void *host = mem_span(mem, gpa, &span, rights);

		error = move_bytes(disk, offset, span, host);
		if (error)
			return guest_error(error);
		gpa += span;
		offset += span;
		rest -= span;
	}
	return 0;
}

/* () -> sectors */
static int64_t pv_disk_info(void *self, struct mem *mem, const uint64_t argument[HYPERCALL_ARGS])
{
	return self ? (int64_t)disk_sectors(self) : -ENODEV;
}

/* (lba, count, gpa) */
static int64_t pv_disk_read(void *self, struct mem *mem, const uint64_t argument[HYPERCALL_ARGS])
{
	return self ? transfer(self, mem, argument, MEM_WRITE, disk_read_bytes) : -ENODEV;
}

/* (lba, count, gpa) */
static int64_t pv_disk_write(void *self, struct mem *mem, const uint64_t argument[HYPERCALL_ARGS])
{
	if (!self)
		return -ENODEV;
	if (disk_read_only(self))
		return -EROFS;
	return transfer(self, mem, argument, MEM_READ, write_bytes);
}

/* () */
static int64_t pv_disk_flush(void *self, struct mem *mem, const uint64_t argument[HYPERCALL_ARGS])
{
	if (!self)
		return -ENODEV;
	return disk_flush(self) ? -EIO : 0;
}

int pv_disk_register(struct hypercalls *hypercalls, struct disk *disk)
{
	static const struct hypercall calls[] = {
		{ HYPERCALL_DISK_INFO, pv_disk_info },
		{ HYPERCALL_DISK_READ, pv_disk_read },
		{ HYPERCALL_DISK_WRITE, pv_disk_write },
		{ HYPERCALL_DISK_FLUSH, pv_disk_flush },
	};

	return hypercall_register_all(hypercalls, calls, sizeof(calls) / sizeof(calls[0]),
				      disk);
}
