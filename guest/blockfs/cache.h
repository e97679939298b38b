/* SPDX-License-Identifier: 0BSD */
/*
 * cache.h - the blocks of a disk as memory: a window of addresses, a page a block. A block
 * is read from the block service when it is first touched, and written back where the
 * processor has marked its page as dirty; there are fewer pages than blocks.
 */
#ifndef GUEST_BLOCKFS_CACHE_H
#define GUEST_BLOCKFS_CACHE_H

#include <stdint.h>

#define BLOCK_SIZE	4096u

/* What has moved since the start. */
struct cache_counts {
	unsigned int read;
	unsigned int written;
};

extern struct cache_counts cache_counts;

/*
 * Switches paging on, and has page faults bring in blocks of this endpoint of the block
 * service. Returns how many blocks the disk has, or an error, negated. A transfer that fails
 * later ends the run.
 */
int64_t cache_start(uint32_t endpoint);

/* Where a block is, whether it has been read or not. */
void *cache_block(uint32_t block);

/* Writes back what is dirty, and flushes the disk. */
void cache_sync(void);

#endif
