/* SPDX-License-Identifier: 0BSD */
/*
 * bench-disk-emul.c - each sector of the disk through the ATA ports, one after another.
 */
#include <vmm/ata.h>

int main(void)
{
	static const uint16_t sector[ATA_SECTOR_SIZE / 2] = { 0x1234 };
	uint32_t sectors = ata_sectors();

	if (sectors == 0)
		return 1;
	for (uint32_t i = 0; i < sectors; i++) {
		if (ata_write(i, sector))
			return 2;
	}
	return 0;
}
