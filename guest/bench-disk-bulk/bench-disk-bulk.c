/* SPDX-License-Identifier: 0BSD */
/*
 * bench-disk-bulk.c - 10,000 sectors through the paravirtual disk in as few
 * hypercalls as the disk's size allows: one where it has so many sectors.
 */
#include <vmm/pv.h>

#define WRITES 10000u

/* Memory that belongs to nobody: 5 MB from the second MiB on. */
#define BUFFER ((const void *)0x200000)

int main(void)
{
	int64_t sectors = pv_disk_sectors();
	uint32_t count;

	if (sectors <= 0)
		return 1;
	for (uint32_t left = WRITES; left; left -= count) {
		count = left < sectors ? left : (uint32_t)sectors;
		if (pv_disk_write(0, count, BUFFER))
			return 2;
	}
	return 0;
}
