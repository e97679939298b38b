// SPDX-License-Identifier: GPL-3.0-or-later
/* floor-disk.c - the least that a disk can be, see floor-disk.h. */
#include "floor-disk.h"

#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FAILED 1		/* exit status */

#define SECTOR_SIZE 512u
#define SECTORS 10000		/* that the guests write */

#define EXIT_PORT 0x80		/* a sector an OUT and nothing else, see exits.S */

/* ATA/ATAPI-6, 7: the primary channel. */
#define ATA_DATA 0x1F0
#define ATA_STATUS 0x1F7	/* IN */
#define ATA_COMMAND 0x1F7	/* OUT */
#define ATA_READY 0x50
#define ATA_DRQ 0x08
#define ANY_DATA 0x11		/* IDENTIFY DEVICE: makes a disk that is large enough */

#define HYPERCALL_PORT 0xABBA	/* vmm-hypercall(7) */
#define DISK_INFO 32

struct request {
	uint32_t number;
	uint32_t reserved;
	int64_t result;
};

void floor_disk_open(struct floor_disk *disk, const char *path, uint8_t *memory,
		     size_t memory_size)
{
	*disk = (struct floor_disk){
		.fd = open(path, O_WRONLY | O_CLOEXEC),
		.memory = memory,
		.memory_size = memory_size,
	};
	if (disk->fd < 0)
		err(FAILED, "%s", path);
}

static void write_sector(struct floor_disk *disk)
{
	if (pwrite(disk->fd, disk->memory, SECTOR_SIZE, disk->end) != SECTOR_SIZE)
		err(FAILED, "pwrite");
	disk->end += SECTOR_SIZE;
}

static void hypercall(struct floor_disk *disk, uint32_t address)
{
	void *place = disk->memory + address;
	struct request *request = place;

	if (address > disk->memory_size - sizeof(*request))
		errx(FAILED, "hypercall at 0x%x", address);
	if (request->number == DISK_INFO) {
		request->result = SECTORS;
		return;
	}
	write_sector(disk);
	request->result = 0;
}

static void ata_data(struct floor_disk *disk, size_t size)
{
	disk->pending -= size;
	if (!disk->pending)
		write_sector(disk);
}

void floor_disk_out(struct floor_disk *disk, uint16_t port, const void *data, size_t size)
{
	if (port == HYPERCALL_PORT)
		hypercall(disk, *(const uint32_t *)data);
	else if (port == ATA_DATA)
		ata_data(disk, size);
	else if (port == ATA_COMMAND)
		disk->pending = SECTOR_SIZE;
	else if (port == EXIT_PORT)
		write_sector(disk);
}

void floor_disk_in(struct floor_disk *disk, uint16_t port, void *data, size_t size)
{
	if (port == ATA_STATUS) {
		memset(data, disk->pending ? ATA_READY | ATA_DRQ : ATA_READY, size);
	} else if (port == ATA_DATA) {
		memset(data, ANY_DATA, size);
		disk->pending -= size;
	}
}

void floor_disk_close(struct floor_disk *disk)
{
	if (fdatasync(disk->fd) < 0)
		err(FAILED, "fdatasync");
	close(disk->fd);
}
