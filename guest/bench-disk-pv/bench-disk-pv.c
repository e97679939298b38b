/* SPDX-License-Identifier: 0BSD */
/*
 * bench-disk-pv.c - 10,000 sectors through the paravirtual disk, a hypercall
 * each, one after another, from the start again where the disk ends.
 */
#include <vmm/pv.h>

#define WRITES 10000u

int main(void)
{
	static const uint16_t sector[PV_SECTOR_SIZE / 2] = { 0x1234 };
	int64_t sectors = pv_disk_sectors();

	if (sectors <= 0)
		return 1;
	for (uint32_t i = 0; i < WRITES; i++) {
		if (pv_disk_write(i % (uint32_t)sectors, 1, sector))
			return 2;
	}
	return 0;
}
