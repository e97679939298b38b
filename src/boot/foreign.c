/* SPDX-License-Identifier: GPL-3.0-or-later */
/* foreign.c - the signs of files that are no kernels, see foreign.h. */
#include "boot/foreign.h"

#include <string.h>

#include "core/array.h"

#define SECTOR 512u

/* Bytes at a place by which a file shows what it is. */
struct signature {
	size_t offset;
	const char *bytes;
	size_t length;
	struct foreign foreign;
};

#define DISK_REMEDY "pass a kernel; disks are raw: qemu-img convert -O raw, then --disk"

static const struct signature signatures[] = {
	{ 0x8001, "CD001", 5, { "an ISO image", "pass the kernel in it: "
				"bsdtar -xf or 7z x unpacks it" } },
	{ 0, "QFI\373", 4, { "a qcow2 disk image", DISK_REMEDY } },
	{ 0, "KDMV", 4, { "a VMDK disk image", DISK_REMEDY } },
	{ 0, "# Disk Desc", 11, { "a VMDK disk description", DISK_REMEDY } },
	{ 0x40, "\177\020\332\276", 4, { "a VDI disk image", DISK_REMEDY } },
	{ 0, "conectix", 8, { "a VHD disk image", DISK_REMEDY } },
	{ 0, "vhdxfile", 8, { "a VHDX disk image", DISK_REMEDY } },
	{ 0, "\037\213", 2, { "compressed with gzip", "gunzip it first" } },
	{ 0, "\3757zXZ", 6, { "compressed with xz", "unxz it first" } },
	{ 0, "BZh", 3, { "compressed with bzip2", "bunzip2 it first" } },
	{ 0, "(\265/\375", 4, { "compressed with zstd", "unzstd it first" } },
	{ 0, "\004\"M\030", 4, { "compressed with lz4", "unlz4 it first" } },
};

static const struct foreign pe_file = {
	"a PE file (an EFI application, say)", "EFI is not there: pass a kernel",
};

static const struct foreign boot_sector = {
	"a boot sector or a disk image", "--base=0x7c00 starts a boot sector as a PC's firmware "
	"does, but no firmware is there; a disk is for --disk",
};

static bool matches(const struct boot_image *image, size_t offset, const char *bytes,
		    size_t length)
{
	return image->size >= length && offset <= image->size - length &&
	       !memcmp(image->data + offset, bytes, length);
}

/* The PE header's place is at 0x3C of the DOS header (PE format, "MS-DOS stub"). */
static bool is_pe(const struct boot_image *image)
{
	uint32_t offset;

	if (image->size < 0x40 || !matches(image, 0, "MZ", 2))
		return false;
	memcpy(&offset, image->data + 0x3C, sizeof(offset));
	return matches(image, offset, "PE\0", 4);
}

static bool is_boot_sector(const struct boot_image *image)
{
	return image->size % SECTOR == 0 && matches(image, SECTOR - 2, "\125\252", 2);
}

const struct foreign *foreign_find(const struct boot_image *image)
{
	for (size_t i = 0; i < ARRAY_SIZE(signatures); i++) {
		const struct signature *sign = &signatures[i];

		if (matches(image, sign->offset, sign->bytes, sign->length))
			return &sign->foreign;
	}
	if (is_pe(image))
		return &pe_file;
	return is_boot_sector(image) ? &boot_sector : NULL;
}
