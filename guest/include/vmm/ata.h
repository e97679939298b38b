/* SPDX-License-Identifier: 0BSD */
/*
 * ata.h - the disk on the primary ATA channel, polled, PIO, LBA28
 * (ATA/ATAPI-6: 7 registers, 8 commands, 9.5 and 9.6 PIO data protocols).
 */
#ifndef VMM_ATA_H
#define VMM_ATA_H

#include <stdint.h>

#define ATA_SECTOR_SIZE	512u

enum ata_port {
	ATA_DATA = 0x1F0,		/* 16 bits */
	ATA_ERROR = 0x1F1,		/* read */
	ATA_FEATURES = 0x1F1,		/* write */
	ATA_SECTOR_COUNT = 0x1F2,	/* 0 means 256 */
	ATA_LBA_LOW = 0x1F3,
	ATA_LBA_MID = 0x1F4,
	ATA_LBA_HIGH = 0x1F5,
	ATA_DEVICE = 0x1F6,
	ATA_STATUS = 0x1F7,		/* read */
	ATA_COMMAND = 0x1F7,		/* write */
	ATA_ALTERNATE_STATUS = 0x3F6,	/* read */
	ATA_DEVICE_CONTROL = 0x3F6,	/* write */
};

enum ata_status_bit {
	ATA_STATUS_ERR = 0x01,
	ATA_STATUS_DRQ = 0x08,
	ATA_STATUS_DSC = 0x10,
	ATA_STATUS_DF = 0x20,
	ATA_STATUS_DRDY = 0x40,
	ATA_STATUS_BSY = 0x80,
};

enum ata_error_bit {
	ATA_ERROR_ABRT = 0x04,
	ATA_ERROR_IDNF = 0x10,
	ATA_ERROR_UNC = 0x40,
};

enum ata_device_bit {
	ATA_DEVICE_1 = 0x10,		/* the second device */
	ATA_DEVICE_LBA = 0xE0,		/* LBA, and two bits that are always set */
};

enum ata_control_bit {
	ATA_CONTROL_NIEN = 0x02,
	ATA_CONTROL_SRST = 0x04,
};

enum ata_command {
	ATA_READ_SECTORS = 0x20,
	ATA_WRITE_SECTORS = 0x30,
	ATA_READ_VERIFY_SECTORS = 0x40,
	ATA_EXECUTE_DEVICE_DIAGNOSTIC = 0x90,
	ATA_READ_MULTIPLE = 0xC4,
	ATA_WRITE_MULTIPLE = 0xC5,
	ATA_SET_MULTIPLE_MODE = 0xC6,
	ATA_FLUSH_CACHE = 0xE7,
	ATA_IDENTIFY_DEVICE = 0xEC,
	ATA_SET_FEATURES = 0xEF,
};

/*
 * Waits until the device takes a command. Returns the status register, or
 * -VMM_ENODEV where there is no device.
 */
int ata_wait(void);

/*
 * Waits for a device, then gives it a command for count (1 to 256) sectors
 * from lba on. Returns 0 or -VMM_ENODEV.
 */
int ata_command(enum ata_command command, uint32_t lba, unsigned int count);

/*
 * One sector between the disk and a buffer of ATA_SECTOR_SIZE bytes. They
 * return 0, -VMM_ENODEV, or -VMM_EIO where the device reports an error
 * (ATA_ERROR says which).
 */
int ata_read(uint32_t lba, void *sector);
int ata_write(uint32_t lba, const void *sector);

/* IDENTIFY DEVICE into 256 words. Returns as ata_read(). */
int ata_identify(uint16_t *words);

/* How many sectors the disk has; 0 where there is none. */
uint32_t ata_sectors(void);

#endif
