/* SPDX-License-Identifier: 0BSD */
/*
 * bench-disk-out.c - each sector of the disk through the ATA ports as bench-disk-emul
 * writes them, but each word by an OUT of its own, in a loop: the least that a driver knows.
 */
#include <vmm/ata.h>
#include <vmm/io.h>

#define SECTOR_WORDS (ATA_SECTOR_SIZE / 2)

static int write_words(uint32_t lba, const uint16_t *words)
{
	if (ata_command(ATA_WRITE_SECTORS, lba, 1))
		return 1;
	if (!(ata_wait() & ATA_STATUS_DRQ))
		return 1;
	for (unsigned int i = 0; i < SECTOR_WORDS; i++)
		outw(words[i], ATA_DATA);
	return (ata_wait() & (ATA_STATUS_ERR | ATA_STATUS_DF | ATA_STATUS_DRQ)) != 0;
}

int main(void)
{
	static const uint16_t sector[SECTOR_WORDS] = { 0x1234 };
	uint32_t sectors = ata_sectors();

	if (sectors == 0)
		return 1;
	for (uint32_t i = 0; i < sectors; i++) {
		if (write_words(i, sector))
			return 2;
	}
	return 0;
}
