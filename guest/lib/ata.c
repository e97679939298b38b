/* SPDX-License-Identifier: 0BSD */
/*
 * ata.c - a polled driver for the first disk of the primary ATA channel.
 */
#include <vmm/ata.h>
#include <vmm/error.h>
#include <vmm/io.h>

#define SECTOR_WORDS (ATA_SECTOR_SIZE / 2)

/* IDENTIFY DEVICE, words 60 and 61 (ATA/ATAPI-6, 8.15.34). */
#define IDENTIFY_LBA_SECTORS 60

int ata_wait(void)
{
	for (;;) {
		uint8_t status = inb(ATA_STATUS);

		/* What a channel without a device gives: pulled down, or open. */
		if (status == 0 || status == 0xFF)
			return -VMM_ENODEV;
		if ((status & (ATA_STATUS_BSY | ATA_STATUS_DRDY)) == ATA_STATUS_DRDY)
			return status;
	}
}

int ata_command(enum ata_command command, uint32_t lba, unsigned int count)
{
	int status = ata_wait();

	if (status < 0)
		return status;
	outb((uint8_t)count, ATA_SECTOR_COUNT);
	outb((uint8_t)lba, ATA_LBA_LOW);
	outb((uint8_t)(lba >> 8), ATA_LBA_MID);
	outb((uint8_t)(lba >> 16), ATA_LBA_HIGH);
	outb((uint8_t)(ATA_DEVICE_LBA | (lba >> 24 & 0x0F)), ATA_DEVICE);
	outb((uint8_t)command, ATA_COMMAND);
	return 0;
}

/* Waits, and holds the status against what it should be. */
static int expect_status(uint8_t expected)
{
	int status = ata_wait();

	if (status < 0)
		return status;
	status &= ATA_STATUS_ERR | ATA_STATUS_DF | ATA_STATUS_DRQ;
	return status == expected ? 0 : -VMM_EIO;
}

static int read_data(enum ata_command command, uint32_t lba, void *data)
{
	int error = ata_command(command, lba, 1);

	if (!error)
		error = expect_status(ATA_STATUS_DRQ);
	if (!error)
		insw(ATA_DATA, data, SECTOR_WORDS);
	return error;
}

int ata_read(uint32_t lba, void *sector)
{
	return read_data(ATA_READ_SECTORS, lba, sector);
}

int ata_write(uint32_t lba, const void *sector)
{
	int error = ata_command(ATA_WRITE_SECTORS, lba, 1);

	if (!error)
		error = expect_status(ATA_STATUS_DRQ);
	if (error)
		return error;
	outsw(ATA_DATA, sector, SECTOR_WORDS);
	return expect_status(0);
}

int ata_identify(uint16_t *words)
{
	return read_data(ATA_IDENTIFY_DEVICE, 0, words);
}

uint32_t ata_sectors(void)
{
	uint16_t words[SECTOR_WORDS];

	if (ata_identify(words))
		return 0;
	return words[IDENTIFY_LBA_SECTORS] | (uint32_t)words[IDENTIFY_LBA_SECTORS + 1] << 16;
}
