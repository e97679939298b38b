/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * floor-disk.h - the least that a disk can be for the benchmark's guests: takes
 * all that they ask for, checks nothing, and writes a sector behind the last
 * one with a pwrite(2) whenever the guest has handed one over.
 */
#ifndef BENCH_FLOOR_DISK_H
#define BENCH_FLOOR_DISK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct floor_disk {
	int fd;
	uint8_t *memory;	/* the guest's, memory_size bytes from 0 on */
	size_t memory_size;
	off_t end;		/* of what has been written */
	uint32_t pending;	/* bytes that the ATA data port still moves */
};

/* Ends the program where the image cannot be opened. */
void floor_disk_open(struct floor_disk *disk, const char *path, uint8_t *memory,
		     size_t memory_size);

/* OUT and IN of size bytes, for which there is room for 4 at data. */
void floor_disk_out(struct floor_disk *disk, uint16_t port, const void *data, size_t size);
void floor_disk_in(struct floor_disk *disk, uint16_t port, void *data, size_t size);

/* fdatasync(2), as vmm does it at its end. */
void floor_disk_close(struct floor_disk *disk);

#endif
