/* SPDX-License-Identifier: 0BSD */
/*
 * disk-emul.c - the disk test through ATA ports: six passes over eight sectors,
 * of which five do something that a careless emulation gets wrong. Only what
 * the correct writes wrote may be on the disk afterwards.
 *
 * The writing is done by hand, not by the library's driver, which makes no such
 * mistakes.
 */
#include <stdbool.h>

#include <vmm/ata.h>
#include <vmm/io.h>

#include "shared/disk-test.h"

#define STRAY_PORT 0x50		/* nobody's, and no business of the disk */

struct pass {
	unsigned int words;	/* transferred of each sector */
	uint8_t command;
	uint16_t count_port;	/* where the sector count of 1 goes */
	bool stray_write;	/* to another port, just before the data */
	bool read_data;		/* a byte from the data port in place of the status */
};

static const struct pass passes[] = {
	{ 120, ATA_WRITE_SECTORS, ATA_SECTOR_COUNT, false, false },
	{ 256, 0x60, ATA_SECTOR_COUNT, false, false },
	{ 256, ATA_WRITE_SECTORS, ATA_SECTOR_COUNT, false, false },
	{ 256, ATA_WRITE_SECTORS, ATA_SECTOR_COUNT, true, false },
	{ 256, ATA_WRITE_SECTORS, ATA_FEATURES, false, false },
	{ 256, ATA_WRITE_SECTORS, ATA_SECTOR_COUNT, false, true },
};

static void poll(const struct pass *pass)
{
	if (pass->read_data) {
		inb(ATA_DATA);
		return;
	}
	while ((inb(ATA_STATUS) & (ATA_STATUS_BSY | ATA_STATUS_DRDY)) != ATA_STATUS_DRDY)
		cpu_relax();
}

static void write_sector(const struct pass *pass, uint32_t lba, const uint16_t *words)
{
	poll(pass);
	outb(1, pass->count_port);
	outb((uint8_t)lba, ATA_LBA_LOW);
	outb((uint8_t)(lba >> 8), ATA_LBA_MID);
	outb((uint8_t)(lba >> 16), ATA_LBA_HIGH);
	outb((uint8_t)(ATA_DEVICE_LBA | lba >> 24), ATA_DEVICE);
	outb(pass->command, ATA_COMMAND);
	poll(pass);
	if (pass->stray_write)
		outb(0, STRAY_PORT);
	for (unsigned int i = 0; i < pass->words; i++)
		outw(words[i], ATA_DATA);
}

int main(void)
{
	uint16_t words[DISK_TEST_SECTOR_WORDS];

	if (ata_wait() < 0)
		return 1;
	disk_test_fill(words);
	for (unsigned int i = 0; i < sizeof(passes) / sizeof(passes[0]); i++) {
		for (unsigned int s = 0; s < DISK_TEST_SECTORS; s++)
			write_sector(&passes[i], disk_test_lba[s], words);
	}
	return 0;
}
