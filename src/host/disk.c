/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * disk.c - raw disk images, see disk.h.
 *
 * In snapshot mode what the guest writes goes to an overlay, a sparse file in
 * memory with the image's layout, and a bitmap says which sectors lie there.
 */
#include "host/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/array.h"
#include "host/disklock.h"

#define COMPARE_CHUNK (64 * DISK_SECTOR_SIZE)
#define COMPARE_SHOWN 10u

struct disk {
	int fd;
	const char *path;
	const struct log *log;
	enum disk_mode mode;
	uint64_t size;		/* bytes */
	bool dirty;		/* written to since the last flush */
	int error;		/* the first of the host's, as -errno */
	int overlay;		/* snapshot: a memfd; else -1 */
	uint8_t *overlaid;	/* a bit a sector */
};

static bool inside(uint64_t total, uint64_t first, uint64_t count)
{
	return first <= total && count <= total - first;
}

/*
 * All of len bytes, in as many pieces as the host makes of them. *offset is
 * moved to where it ended or failed.
 */
static int transfer(int fd, uint64_t *offset, uint64_t len, void *buffer, bool write)
{
	uint8_t *at = buffer;

	while (len) {
		ssize_t done = write ? pwrite(fd, at, len, (off_t)*offset) :
				       pread(fd, at, len, (off_t)*offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		/* Somebody has cut the image off. */
		if (done == 0)
			return -EIO;
		at += done;
		*offset += (uint64_t)done;
		len -= (uint64_t)done;
	}
	return 0;
}

/* Keeps the first error of the host. Returns whether this is it: to be told. */
static bool keep_error(struct disk *disk, int error)
{
	if (disk->error)
		return false;
	disk->error = error;
	return true;
}

static int transfer_failed(struct disk *disk, int error, const char *action, uint64_t offset)
{
	if (keep_error(disk, error))
		log_error(disk->log, "%s: cannot %s sector %" PRIu64 ": %s", disk->path,
			  action, offset / DISK_SECTOR_SIZE, strerror(-error));
	return error;
}

/* Refuses what can be no disk; to open it could block, or do worse. */
static int check_kind(const struct stat *file, const char *path, const struct log *log)
{
	static const struct {
		mode_t type;
		const char *name;
	} wrong[] = {
		{ S_IFDIR, "a directory" },
		{ S_IFIFO, "a FIFO" },
		{ S_IFCHR, "a character device" },
		{ S_IFSOCK, "a socket" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		if ((file->st_mode & S_IFMT) != wrong[i].type)
			continue;
		log_error(log, "%s: is %s, not a disk image", path, wrong[i].name);
		return wrong[i].type == S_IFDIR ? -EISDIR : -EINVAL;
	}
	return 0;
}

static int open_failed(const char *path, bool write, int error, const struct log *log)
{
	bool forbidden = error == EACCES || error == EPERM || error == EROFS;
	bool readable = write && forbidden && access(path, R_OK) == 0;

	log_error(log, "%s: %s%s", path, strerror(error),
		  readable ? " (it can be read: use --disk-mode=ro or snapshot)" : "");
	return -error;
}

/* Opens a regular file or block device. Returns the descriptor or -errno. */
static int open_file(const char *path, bool write, const struct log *log)
{
	struct stat file;
	int fd, error;

	if (stat(path, &file) < 0)
		return open_failed(path, write, errno, log);
	error = check_kind(&file, path, log);
	if (error)
		return error;
	/* Not to block, should it have become a FIFO by now. */
	fd = open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return open_failed(path, write, errno, log);
	error = fstat(fd, &file) < 0 ? -errno : check_kind(&file, path, log);
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

static int lock_image(const struct disk *disk)
{
	struct disklock_holder holder;
	int error = disklock_take(disk->fd, disk->mode == DISK_RW);

	if (!error)
		return 0;
	if (error != -EAGAIN) {
		log_notice(disk->log, "%s: cannot be locked against use by others: %s",
			   disk->path, strerror(-error));
		return 0;
	}
	if (disklock_find_holder(disk->fd, &holder))
		log_error(disk->log, "%s: in use by %s (pid %d)", disk->path,
			  holder.command, (int)holder.pid);
	else
		log_error(disk->log, "%s: in use by another process", disk->path);
	return error;
}

static int measure_image(struct disk *disk)
{
	/* Unlike st_size this works on block devices, too. */
	off_t size = lseek(disk->fd, 0, SEEK_END);
	uint64_t rounded;

	if (size < 0)
		return open_failed(disk->path, false, errno, disk->log);
	disk->size = (uint64_t)size;
	if (disk->size == 0) {
		log_error(disk->log, "%s: is empty (truncate -s SIZE %s makes it a disk)",
			  disk->path, disk->path);
		return -EINVAL;
	}
	if (disk->size % DISK_SECTOR_SIZE == 0)
		return 0;
	rounded = (disk->size / DISK_SECTOR_SIZE + 1) * DISK_SECTOR_SIZE;
	log_error(disk->log,
		  "%s: %" PRIu64 " bytes is not a multiple of %u (truncate -s %" PRIu64
		  " %s would make it one)",
		  disk->path, disk->size, DISK_SECTOR_SIZE, rounded, disk->path);
	return -EINVAL;
}

static int make_overlay(struct disk *disk)
{
	disk->overlaid = calloc(disk_sectors(disk) / 8 + 1, 1);
	disk->overlay = memfd_create("vmm-disk-snapshot", MFD_CLOEXEC);
	if (disk->overlaid && disk->overlay >= 0)
		return 0;
	log_error(disk->log, "%s: no memory for a snapshot", disk->path);
	return -ENOMEM;
}

int disk_open(struct disk **result, const char *path, enum disk_mode mode, const struct log *log)
{
	struct disk *disk = calloc(1, sizeof(*disk));
	int error;

	*result = NULL;
	if (!disk) {
		log_error(log, "%s: out of memory", path);
		return -ENOMEM;
	}
	disk->path = path;
	disk->log = log;
	disk->mode = mode;
	disk->overlay = -1;
	disk->fd = open_file(path, mode == DISK_RW, log);
	error = disk->fd < 0 ? disk->fd : lock_image(disk);
	if (!error)
		error = measure_image(disk);
	if (!error && mode == DISK_SNAPSHOT)
		error = make_overlay(disk);
	if (error) {
		disk_close(disk);
		return error;
	}
	*result = disk;
	return 0;
}

void disk_close(struct disk *disk)
{
	if (!disk)
		return;
	disk_flush(disk);
	if (disk->overlay >= 0)
		close(disk->overlay);
	if (disk->fd >= 0)
		close(disk->fd);
	free(disk->overlaid);
	free(disk);
}

uint64_t disk_sectors(const struct disk *disk)
{
	return disk->size / DISK_SECTOR_SIZE;
}

bool disk_read_only(const struct disk *disk)
{
	return disk->mode == DISK_RO;
}

int disk_error(const struct disk *disk)
{
	return disk->error;
}

static bool is_overlaid(const struct disk *disk, uint64_t sector)
{
	return disk->overlaid && disk->overlaid[sector / 8] >> sector % 8 & 1;
}

/* How many of len bytes lie in the same file, and in which. */
static uint64_t same_file(const struct disk *disk, uint64_t offset, uint64_t len, int *fd)
{
	uint64_t sector = offset / DISK_SECTOR_SIZE;
	bool overlaid = is_overlaid(disk, sector);
	uint64_t covered;

	*fd = overlaid ? disk->overlay : disk->fd;
	if (!disk->overlaid)
		return len;
	do {
		sector++;
		covered = sector * DISK_SECTOR_SIZE - offset;
	} while (covered < len && is_overlaid(disk, sector) == overlaid);
	return covered < len ? covered : len;
}

/* Like transfer() it moves *offset. */
static int read_all(const struct disk *disk, uint64_t *offset, uint64_t len, void *buffer)
{
	uint8_t *to = buffer;

	while (len) {
		int fd;
		uint64_t piece = same_file(disk, *offset, len, &fd);
		int error = transfer(fd, offset, piece, to, false);

		if (error)
			return error;
		to += piece;
		len -= piece;
	}
	return 0;
}

/* Brings a sector that is about to be overwritten in part into the overlay. */
static int overlay_sector(struct disk *disk, uint64_t sector)
{
	uint64_t from = sector * DISK_SECTOR_SIZE, to = from;
	uint8_t data[DISK_SECTOR_SIZE];
	int error;

	if (is_overlaid(disk, sector))
		return 0;
	error = transfer(disk->fd, &from, sizeof(data), data, false);
	if (!error)
		error = transfer(disk->overlay, &to, sizeof(data), data, true);
	if (!error)
		disk->overlaid[sector / 8] |= 1u << sector % 8;
	return error;
}

/* Like transfer() it moves *offset. */
static int write_overlay(struct disk *disk, uint64_t *offset, uint64_t len, const void *buffer)
{
	uint64_t sector = *offset / DISK_SECTOR_SIZE, end = *offset + len;
	int error = 0;

	if (*offset % DISK_SECTOR_SIZE)
		error = overlay_sector(disk, sector);
	if (!error && end % DISK_SECTOR_SIZE)
		error = overlay_sector(disk, end / DISK_SECTOR_SIZE);
	if (!error)
		error = transfer(disk->overlay, offset, len, (void *)buffer, true);
	if (error)
		return error;
	for (; sector * DISK_SECTOR_SIZE < end; sector++)
		disk->overlaid[sector / 8] |= 1u << sector % 8;
	return 0;
}

int disk_read_bytes(struct disk *disk, uint64_t offset, uint64_t len, void *buffer)
{
	int error;

	if (!inside(disk->size, offset, len))
		return -ERANGE;
	error = read_all(disk, &offset, len, buffer);
	return error ? transfer_failed(disk, error, "read", offset) : 0;
}

int disk_write_bytes(struct disk *disk, uint64_t offset, uint64_t len, const void *buffer)
{
	int error;

	if (!inside(disk->size, offset, len))
		return -ERANGE;
	if (disk->mode == DISK_RO)
		return -EROFS;
	if (disk->mode == DISK_SNAPSHOT) {
		error = write_overlay(disk, &offset, len, buffer);
	} else {
		disk->dirty = true;
		error = transfer(disk->fd, &offset, len, (void *)buffer, true);
	}
	return error ? transfer_failed(disk, error, "write", offset) : 0;
}

int disk_read(struct disk *disk, uint64_t lba, uint32_t count, void *buffer)
{
	if (!inside(disk_sectors(disk), lba, count))
		return -ERANGE;
	return disk_read_bytes(disk, lba * DISK_SECTOR_SIZE,
			       (uint64_t)count * DISK_SECTOR_SIZE, buffer);
}

int disk_write(struct disk *disk, uint64_t lba, uint32_t count, const void *buffer)
{
	if (!inside(disk_sectors(disk), lba, count))
		return -ERANGE;
	return disk_write_bytes(disk, lba * DISK_SECTOR_SIZE,
				(uint64_t)count * DISK_SECTOR_SIZE, buffer);
}

int disk_flush(struct disk *disk)
{
	int error;

	if (!disk->dirty)
		return 0;
	if (fdatasync(disk->fd) == 0) {
		disk->dirty = false;
		return 0;
	}
	error = -errno;
	if (keep_error(disk, error))
		log_error(disk->log, "%s: cannot flush: %s", disk->path, strerror(-error));
	return error;
}

static void show_difference(FILE *stream, const char *path, uint64_t sector,
			    const uint8_t *got, const uint8_t *expected)
{
	unsigned int i = 0;

	while (got[i] == expected[i])
		i++;
	fprintf(stream, "disk differs from %s in sector %" PRIu64
		" at byte %u: expected %02x, got %02x\n", path, sector, i, expected[i], got[i]);
}

/* Returns how many sectors of the first len bytes differ, or -errno. */
static int64_t compare_sectors(struct disk *disk, int reference, const char *path,
			       uint64_t len, FILE *stream)
{
	uint8_t got[COMPARE_CHUNK], expected[COMPARE_CHUNK];
	int64_t different = 0;

	for (uint64_t at = 0; at < len; at += COMPARE_CHUNK) {
		uint64_t piece = len - at < COMPARE_CHUNK ? len - at : COMPARE_CHUNK;
		uint64_t from = at;
		int error = disk_read_bytes(disk, at, piece, got);

		if (!error)
			error = transfer(reference, &from, piece, expected, false);
		if (error)
			return error;
		for (uint64_t i = 0; i < piece; i += DISK_SECTOR_SIZE) {
			uint64_t rest = piece - i;
			size_t n = rest < DISK_SECTOR_SIZE ? rest : DISK_SECTOR_SIZE;

			if (memcmp(got + i, expected + i, n) == 0)
				continue;
			if (different++ < COMPARE_SHOWN)
				show_difference(stream, path, (at + i) / DISK_SECTOR_SIZE,
						got + i, expected + i);
		}
	}
	return different;
}

int disk_reference_open(const char *path, const struct log *log)
{
	return open_file(path, false, log);
}

int disk_compare(struct disk *disk, int reference, const char *path, const struct log *log)
{
	FILE *stream = log_stream(log);
	uint64_t size, common;
	int64_t different;
	off_t end;

	end = lseek(reference, 0, SEEK_END);
	size = end < 0 ? 0 : (uint64_t)end;
	common = size < disk->size ? size : disk->size;
	different = end < 0 ? -errno : compare_sectors(disk, reference, path, common, stream);
	if (different < 0) {
		log_error(log, "%s: cannot be compared: %s", path, strerror((int)-different));
		return (int)different;
	}
	if (different > COMPARE_SHOWN)
		fprintf(stream, "disk differs from %s in %" PRId64 " more sectors\n", path,
			different - COMPARE_SHOWN);
	if (size != disk->size)
		fprintf(stream, "disk differs from %s in size: expected %" PRIu64
			" bytes, got %" PRIu64 "\n", path, size, disk->size);
	return different || size != disk->size;
}
