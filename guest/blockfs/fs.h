/* SPDX-License-Identifier: 0BSD */
/*
 * fs.h - a small file system in the blocks of cache.h. Little endian; blocks of 4096 bytes:
 *
 *   0   the superblock: "VMMFS1\n" and a 0, then 32 bits: how many blocks there are
 *   1   a bit a block, from bit 0 of byte 0 on: 1 where it is used (at most 32768 blocks)
 *   2   the directory: 64 entries of 64 bytes, unused ones zero. A name of up to 27 bytes and
 *       a 0, 32 bits of length in bytes, 8 times 32 bits: the file's blocks in order
 *   3-  the files' contents
 *
 * Functions that return int give 0 or an error of error.h, negated.
 */
#ifndef GUEST_BLOCKFS_FS_H
#define GUEST_BLOCKFS_FS_H

#include <stdbool.h>
#include <stdint.h>

#define FS_FILES	64u
#define FS_FILE_BLOCKS	8u
#define FS_NAME_SIZE	28u

/* Whether the disk of so many blocks has such a file system. */
bool fs_mount(uint32_t blocks);

/* Makes an empty one. */
void fs_format(uint32_t blocks);

/* Makes an empty file. -VMM_EBUSY: there is one; -VMM_ENOSPC. */
int fs_create(const char *name);

/* Whether there is such a file; its length, if that is wanted. */
bool fs_exists(const char *name, uint32_t *length);

/* Appends. -VMM_ENOENT; -VMM_ENOSPC, with nothing changed but blocks taken. */
int fs_append(const char *name, const void *data, uint32_t length);

/* Reads bytes from offset on. -VMM_ENOENT; -VMM_ERANGE: they are not all there. */
int fs_read(const char *name, uint32_t offset, void *data, uint32_t length);

/* Removes a file. -VMM_ENOENT. */
int fs_remove(const char *name);

#endif
