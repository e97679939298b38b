/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * disk.h - a raw disk image as sectors of 512 bytes.
 *
 * Used by the ATA disk and by the paravirtual one. What disk_write() was given
 * is in the image when it returns. Calls are made by one thread at a time.
 */
#ifndef VMM_HOST_DISK_H
#define VMM_HOST_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/log.h"

#define DISK_SECTOR_SIZE 512u

enum disk_mode {
	DISK_RW,
	DISK_RO,		/* writes fail with -EROFS */
	DISK_SNAPSHOT,		/* writes vanish at the end */
};

struct disk;

/*
 * Opens an image and locks it (fcntl(2), open file description lock: shared
 * for DISK_RO and DISK_SNAPSHOT, exclusive for DISK_RW). Refuses what is not a
 * regular file or block device, is empty, or is no multiple of 512 bytes long.
 * Returns 0, or -errno with a message that names the file and the remedy in
 * the log. The caller owns *disk; path and log must outlive it.
 */
int disk_open(struct disk **disk, const char *path, enum disk_mode mode, const struct log *log);

/* Flushes, unlocks and closes. NULL is fine. */
void disk_close(struct disk *disk);

uint64_t disk_sectors(const struct disk *disk);
bool disk_read_only(const struct disk *disk);

/*
 * count sectors from lba on, between the image and buffer. Returns 0;
 * -ERANGE where they do not all lie on the disk, with nothing transferred;
 * -EROFS; or the host's error (-ENOSPC, -EIO ...), which is told to the user
 * once and kept for disk_error().
 */
int disk_read(struct disk *disk, uint64_t lba, uint32_t count, void *buffer);
int disk_write(struct disk *disk, uint64_t lba, uint32_t count, const void *buffer);

/*
 * As above, at any byte offset: for transfers that are cut at the borders of
 * guest memory regions.
 */
int disk_read_bytes(struct disk *disk, uint64_t offset, uint64_t len, void *buffer);
int disk_write_bytes(struct disk *disk, uint64_t offset, uint64_t len, const void *buffer);

/* fdatasync(2). Returns 0 or -errno, kept for disk_error(). */
int disk_flush(struct disk *disk);

/* The first error of the host since disk_open(), as -errno; 0: none. */
int disk_error(const struct disk *disk);

/*
 * Opens an image to compare with. Returns the descriptor, the caller's to close, or -errno
 * with a message in the log.
 */
int disk_reference_open(const char *path, const struct log *log);

/*
 * Compares the disk as the guest sees it (snapshot: with its writes) with such
 * a file; path: for messages. Prints the differing sectors to the log's stream (the first
 * ten, then how many). Returns 0 where equal, 1 where they differ, -errno with a message
 * where the file cannot be read.
 */
int disk_compare(struct disk *disk, int reference, const char *path, const struct log *log);

#endif
