/* SPDX-License-Identifier: 0BSD */
/*
 * fs.c - a small file system in the blocks of cache.h, see fs.h.
 */
#include "blockfs/fs.h"

#include <stddef.h>

#include <vmm/error.h>
#include <vmm/string.h>

#include "blockfs/cache.h"

#define SUPERBLOCK	0u
#define BITMAP		1u
#define DIRECTORY	2u
#define FIRST_FREE	3u

struct superblock {
	uint8_t magic[8];
	uint32_t blocks;
};

struct entry {
	char name[FS_NAME_SIZE];
	uint32_t length;
	uint32_t blocks[FS_FILE_BLOCKS];
};

_Static_assert(sizeof(struct entry) * FS_FILES == BLOCK_SIZE, "the directory is a block");

static const uint8_t magic[8] = "VMMFS1\n";

static struct superblock *superblock(void)
{
	return cache_block(SUPERBLOCK);
}

bool fs_mount(uint32_t blocks)
{
	return !memcmp(superblock()->magic, magic, sizeof(magic)) &&
	       superblock()->blocks == blocks;
}

static void set_used(uint32_t block, bool used)
{
	uint8_t *bitmap = cache_block(BITMAP);

	bitmap[block / 8] = (uint8_t)((bitmap[block / 8] & ~(1u << block % 8)) |
				      (unsigned int)used << block % 8);
}

void fs_format(uint32_t blocks)
{
	memset(cache_block(SUPERBLOCK), 0, BLOCK_SIZE);
	memset(cache_block(BITMAP), 0, BLOCK_SIZE);
	memset(cache_block(DIRECTORY), 0, BLOCK_SIZE);
	memcpy(superblock()->magic, magic, sizeof(magic));
	superblock()->blocks = blocks;
	for (uint32_t block = 0; block < FIRST_FREE; block++)
		set_used(block, true);
}

/* A free block, now used; 0: there is none. */
static uint32_t allocate(void)
{
	const uint8_t *bitmap = cache_block(BITMAP);
	uint32_t blocks = superblock()->blocks;

	for (uint32_t block = FIRST_FREE; block < blocks; block++) {
		if (bitmap[block / 8] >> block % 8 & 1)
			continue;
		set_used(block, true);
		return block;
	}
	return 0;
}

static bool has_name(const struct entry *entry, const char *name)
{
	size_t length = strlen(name);

	return length < FS_NAME_SIZE && !memcmp(entry->name, name, length + 1);
}

/* The entry of a file; name "": an unused one. NULL: there is none. */
static struct entry *find(const char *name)
{
	struct entry *entries = cache_block(DIRECTORY);

	for (unsigned int i = 0; i < FS_FILES; i++)
		if (has_name(&entries[i], name))
			return &entries[i];
	return NULL;
}

int fs_create(const char *name)
{
	struct entry *entry = find("");

	if (find(name))
		return -VMM_EBUSY;
	if (!entry || strlen(name) >= FS_NAME_SIZE)
		return -VMM_ENOSPC;
	memset(entry, 0, sizeof(*entry));
	memcpy(entry->name, name, strlen(name));
	return 0;
}

bool fs_exists(const char *name, uint32_t *length)
{
	const struct entry *entry = find(name);

	if (entry && length)
		*length = entry->length;
	return entry != NULL;
}

static uint32_t blocks_of(uint32_t length)
{
	return (length + BLOCK_SIZE - 1) / BLOCK_SIZE;
}

/* Blocks for a file that is to have this length. */
static int reserve(struct entry *entry, uint32_t length)
{
	if (length > FS_FILE_BLOCKS * BLOCK_SIZE)
		return -VMM_ENOSPC;
	for (uint32_t i = 0; i < blocks_of(length); i++) {
		if (!entry->blocks[i])
			entry->blocks[i] = allocate();
		if (!entry->blocks[i])
			return -VMM_ENOSPC;
	}
	return 0;
}

/* Copies between a file's blocks and data. */
static void move(const struct entry *entry, uint32_t offset, uint8_t *data, uint32_t length,
		 bool write)
{
	while (length) {
		uint32_t inside = offset % BLOCK_SIZE, now = BLOCK_SIZE - inside;
		uint8_t *at = (uint8_t *)cache_block(entry->blocks[offset / BLOCK_SIZE]) + inside;

		if (now > length)
			now = length;
		if (write)
			memcpy(at, data, now);
		else
			memcpy(data, at, now);
		offset += now;
		data += now;
		length -= now;
	}
}

int fs_append(const char *name, const void *data, uint32_t length)
{
	struct entry *entry = find(name);
	int error;

	if (!entry)
		return -VMM_ENOENT;
	error = reserve(entry, entry->length + length);
	if (error)
		return error;
	move(entry, entry->length, (uint8_t *)data, length, true);
	entry->length += length;
	return 0;
}

int fs_read(const char *name, uint32_t offset, void *data, uint32_t length)
{
	const struct entry *entry = find(name);

	if (!entry)
		return -VMM_ENOENT;
	if (offset > entry->length || length > entry->length - offset)
		return -VMM_ERANGE;
	move(entry, offset, data, length, false);
	return 0;
}

int fs_remove(const char *name)
{
	struct entry *entry = find(name);

	if (!entry)
		return -VMM_ENOENT;
	for (unsigned int i = 0; i < FS_FILE_BLOCKS; i++)
		if (entry->blocks[i])
			set_used(entry->blocks[i], false);
	memset(entry, 0, sizeof(*entry));
	return 0;
}
