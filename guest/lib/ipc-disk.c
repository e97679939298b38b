/* SPDX-License-Identifier: 0BSD */
/*
 * ipc-disk.c - the block service by IPC: as many sectors in a message as a page holds.
 */
#include <stddef.h>

#include <vmm/ipc.h>
#include <vmm/string.h>

/* A request and its answer. Returns the answer's value or an error of the call, negated. */
static int64_t request(uint32_t endpoint, enum vmm_ipc_disk_operation operation, uint64_t lba,
		       uint32_t count, void *page, uint32_t rights)
{
	uint64_t value = (uint64_t)operation << VMM_IPC_DISK_OPERATION_SHIFT |
			 (uint64_t)count << VMM_IPC_DISK_COUNT_SHIFT | lba;
	struct vmm_ipc_message answer;
	int error = ipc_call(endpoint, value, page, rights, &answer);

	return error ? error : (int64_t)answer.value;
}

int64_t ipc_disk_sectors(uint32_t endpoint)
{
	return request(endpoint, VMM_IPC_DISK_INFO, 0, 0, NULL, 0);
}

static uint32_t in_one_message(uint32_t count)
{
	return count < VMM_IPC_DISK_SECTORS_MAX ? count : VMM_IPC_DISK_SECTORS_MAX;
}

int ipc_disk_read(uint32_t endpoint, uint64_t lba, uint32_t count, void *sectors, void *page)
{
	uint8_t *at = sectors;

	while (count) {
		uint32_t now = in_one_message(count);
		int64_t result = request(endpoint, VMM_IPC_DISK_READ, lba, now, page, 0);

		if (result)
			return (int)result;
		if (at != page)
			memcpy(at, page, now * IPC_SECTOR_SIZE);
		at += now * IPC_SECTOR_SIZE;
		lba += now;
		count -= now;
	}
	return 0;
}

int ipc_disk_write(uint32_t endpoint, uint64_t lba, uint32_t count, const void *sectors,
		   void *page)
{
	const uint8_t *at = sectors;

	while (count) {
		uint32_t now = in_one_message(count);
		int64_t result;

		if (at != page)
			memcpy(page, at, now * IPC_SECTOR_SIZE);
		result = request(endpoint, VMM_IPC_DISK_WRITE, lba, now, page, VMM_IPC_READ);
		if (result)
			return (int)result;
		at += now * IPC_SECTOR_SIZE;
		lba += now;
		count -= now;
	}
	return 0;
}

int ipc_disk_flush(uint32_t endpoint)
{
	return (int)request(endpoint, VMM_IPC_DISK_FLUSH, 0, 0, NULL, 0);
}
