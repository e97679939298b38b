/* SPDX-License-Identifier: 0BSD */
/*
 * bench-disk-emul.c - 10,000 sectors through the ATA ports, one after another,
 * from the start again where the disk ends.
 */
#include <vmm/ata.h>

#define WRITES 10000u

int main(void)
{
	static const uint16_t sector[ATA_SECTOR_SIZE / 2] = { 0x1234 };
	uint32_t sectors = ata_sectors();

	if (sectors == 0)
		return 1;
	for (uint32_t i = 0; i < WRITES; i++) {
		if (ata_write(i % sectors, sector))
			return 2;
	}
	return 0;
}
