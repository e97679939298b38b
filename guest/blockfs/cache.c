/* SPDX-License-Identifier: 0BSD */
/*
 * cache.c - the blocks of a disk as memory, see cache.h.
 */
#include "blockfs/cache.h"

#include <vmm/console.h>
#include <vmm/ipc.h>
#include <vmm/machine.h>

#include "cpu/paging.h"

#define WINDOW		0x10000000u
#define SLOTS		8u		/* pages that blocks have to share */
#define NO_BLOCK	UINT32_MAX
#define BLOCK_SECTORS	(BLOCK_SIZE / IPC_SECTOR_SIZE)

/* A page, and the block that is in it. */
struct slot {
	uint8_t *page;
	uint32_t block;
};

struct cache {
	uint32_t endpoint;
	uint32_t blocks;
	struct slot slots[SLOTS];
	unsigned int next;		/* who has to make room */
	struct paging paging;
};

struct cache_counts cache_counts;
static struct cache cache = {
	.paging = {
		.levels = 2, .entry_bytes = 4, .index_bits = 10, .test_address = 0x40800000,
		.user_address = 0x80000000, .first_rights = 0, .first_large = 1,
	},
};

void *cache_block(uint32_t block)
{
	return (void *)(uintptr_t)(WINDOW + block * BLOCK_SIZE);
}

static void insist(int error, const char *what, uint32_t block)
{
	if (!error)
		return;
	console_printf("FAIL: cannot %s block %u: error %d\n", what, (unsigned int)block, error);
	machine_exit(1);
}

/* The page's table entry: the last level. */
static uint64_t entry_of(uint32_t block)
{
	return paging_entry(&cache.paging, (uintptr_t)cache_block(block), 1);
}

static void set_entry(uint32_t block, uint64_t entry)
{
	paging_set(&cache.paging, (uintptr_t)cache_block(block), 1, entry);
	invlpg((uintptr_t)cache_block(block));
}

static void write_back(const struct slot *slot)
{
	uint64_t entry;

	if (slot->block == NO_BLOCK)
		return;
	entry = entry_of(slot->block);
	if (!(entry & PTE_D))
		return;
	insist(ipc_disk_write(cache.endpoint, (uint64_t)slot->block * BLOCK_SECTORS, BLOCK_SECTORS,
			      slot->page, slot->page), "write", slot->block);
	set_entry(slot->block, entry & ~(uint64_t)PTE_D);
	cache_counts.written++;
}

static struct slot *make_room(void)
{
	struct slot *slot = &cache.slots[cache.next++ % SLOTS];

	write_back(slot);
	if (slot->block != NO_BLOCK)
		set_entry(slot->block, 0);
	return slot;
}

static bool on_page_fault(struct trap_frame *frame)
{
	uint32_t block = (uint32_t)(read_cr2() - WINDOW) / BLOCK_SIZE;
	struct slot *slot;

	/* Not there, and in the window: a block that has not been touched. */
	if (frame->error & PF_P || block >= cache.blocks)
		return false;
	slot = make_room();
	insist(ipc_disk_read(cache.endpoint, (uint64_t)block * BLOCK_SECTORS, BLOCK_SECTORS,
			     slot->page, slot->page), "read", block);
	slot->block = block;
	paging_map(&cache.paging, (uintptr_t)cache_block(block), (uintptr_t)slot->page,
		   PTE_P | PTE_RW);
	cache_counts.read++;
	return true;
}

int64_t cache_start(uint32_t endpoint)
{
	int64_t sectors = ipc_disk_sectors(endpoint);

	if (sectors < 0)
		return sectors;
	cache.endpoint = endpoint;
	cache.blocks = (uint32_t)sectors / BLOCK_SECTORS;
	trap_init();
	paging_start(&cache.paging, 0);
	for (unsigned int i = 0; i < SLOTS; i++)
		cache.slots[i] = (struct slot){
			.page = (uint8_t *)(uintptr_t)frame_allocate(), .block = NO_BLOCK,
		};
	/* Its table, so that entries can be looked at. */
	for (uint32_t block = 0; block < cache.blocks; block += 1024)
		paging_map(&cache.paging, (uintptr_t)cache_block(block), 0, 0);
	trap_handler[VECTOR_PF] = on_page_fault;
	return cache.blocks;
}

void cache_sync(void)
{
	for (unsigned int i = 0; i < SLOTS; i++)
		write_back(&cache.slots[i]);
	insist(ipc_disk_flush(cache.endpoint), "flush", 0);
}
