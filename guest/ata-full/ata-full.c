/* SPDX-License-Identifier: 0BSD */
/*
 * ata-full.c - the ATA channel as ATA/ATAPI-6 and QEMU have it: registers,
 * IDENTIFY, transfers of one and of many sectors in every width, multiple mode,
 * errors, reset. Overwrites the disk, which must have 300 sectors or more.
 */
#include <stddef.h>

#include <vmm/ata.h>
#include <vmm/console.h>
#include <vmm/io.h>
#include <vmm/string.h>

#include "shared/check.h"

#define SECTOR_WORDS	(ATA_SECTOR_SIZE / 2)
#define MANY		256u		/* as many as a command can move */
#define FEWEST_SECTORS	300u

#define STATUS_READY	(ATA_STATUS_DRDY | ATA_STATUS_DSC)
#define NO_COMMAND	0x60		/* reserved in ATA/ATAPI-6 */
#define FEATURE_PIO_DEFAULT 0x03	/* SET FEATURES: transfer mode; 0 in the count: default */
#define DIAGNOSTIC_PASSED 0x01

/* Words of IDENTIFY DEVICE (ATA/ATAPI-6, 8.15). */
#define IDENTIFY_CONFIGURATION	0
#define IDENTIFY_MODEL		27
#define IDENTIFY_MULTIPLE	47
#define IDENTIFY_CAPABILITIES	49
#define IDENTIFY_SECTORS	60
#define CAPABILITY_LBA		(1u << 9)
#define CONFIGURATION_NOT_ATA	(1u << 15)

static uint16_t pattern[MANY * SECTOR_WORDS];
static uint16_t data[MANY * SECTOR_WORDS];

/* Another pattern for each seed; 0x0102 steps so that no two near words are alike. */
static void fill_pattern(unsigned int sectors, uint16_t seed)
{
	for (unsigned int i = 0; i < sectors * SECTOR_WORDS; i++)
		pattern[i] = (uint16_t)(seed + i * 0x0102u);
}

static uint8_t wait_idle(void)
{
	uint8_t status;

	do
		status = inb(ATA_STATUS);
	while (status & ATA_STATUS_BSY);
	return status;
}

/* Status after a command: these bits, and no others but DSC. */
static bool status_is(uint8_t expected)
{
	return (wait_idle() & ~ATA_STATUS_DSC) == expected;
}

/* The command has failed with this error, and wants no data. */
static void check_fails(struct checks *checks, enum ata_command command, uint32_t lba,
			uint8_t error, const char *what)
{
	ata_command(command, lba, 1);
	check(checks, status_is(ATA_STATUS_DRDY | ATA_STATUS_ERR), "%s: status %02x", what,
	      inb(ATA_STATUS));
	check(checks, inb(ATA_ERROR) & error, "%s: error %02x, not %02x", what, inb(ATA_ERROR),
	      error);
}

/* --- ways to move data --- */

typedef void move_fn(uint16_t *words, size_t count);

static void write_words(uint16_t *words, size_t count)
{
	while (count--)
		outw(*words++, ATA_DATA);
}

static void read_words(uint16_t *words, size_t count)
{
	while (count--)
		*words++ = inw(ATA_DATA);
}

static void write_string(uint16_t *words, size_t count)
{
	outsw(ATA_DATA, words, count);
}

static void read_string(uint16_t *words, size_t count)
{
	insw(ATA_DATA, words, count);
}

static void write_longs(uint16_t *words, size_t count)
{
	outsl(ATA_DATA, words, count / 2);
}

static void read_longs(uint16_t *words, size_t count)
{
	insl(ATA_DATA, words, count / 2);
}

static const struct way {
	const char *name;
	move_fn *write;
	move_fn *read;
} ways[] = {
	{ "single words", write_words, read_words },
	{ "strings of words", write_string, read_string },
	{ "strings of double words", write_longs, read_longs },
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* A transfer of sectors, in DRQ blocks of per_block sectors. */
struct transfer {
	uint32_t lba;
	unsigned int sectors;
	unsigned int per_block;
	const struct way *way;
};

static bool run_transfer(const struct transfer *transfer, enum ata_command command,
			 move_fn *move, uint16_t *words)
{
	unsigned int count;

	ata_command(command, transfer->lba, transfer->sectors);
	for (unsigned int left = transfer->sectors; left; left -= count) {
		if (!status_is(ATA_STATUS_DRDY | ATA_STATUS_DRQ))
			return false;
		count = left < transfer->per_block ? left : transfer->per_block;
		move(words, count * SECTOR_WORDS);
		words += count * SECTOR_WORDS;
	}
	return status_is(ATA_STATUS_DRDY);
}

/* Writes the pattern, and reads it back into the data. */
static void check_transfer(struct checks *checks, const struct transfer *transfer, bool multiple)
{
	const struct way *way = transfer->way;
	size_t bytes = transfer->sectors * ATA_SECTOR_SIZE;

	fill_pattern(transfer->sectors, (uint16_t)(transfer->lba * 31 + transfer->sectors));
	memset(data, 0xEE, bytes);
	check(checks, run_transfer(transfer, multiple ? ATA_WRITE_MULTIPLE : ATA_WRITE_SECTORS,
				   way->write, pattern),
	      "write of %u sectors as %s", transfer->sectors, way->name);
	check(checks, run_transfer(transfer, multiple ? ATA_READ_MULTIPLE : ATA_READ_SECTORS,
				   way->read, data),
	      "read of %u sectors as %s", transfer->sectors, way->name);
	check(checks, !memcmp(data, pattern, bytes),
	      "%u sectors as %s: read is not what was written", transfer->sectors, way->name);
}

/* --- the checks --- */

static void check_start(struct checks *checks)
{
	check(checks, inb(ATA_STATUS) == STATUS_READY, "status at the start: %02x",
	      inb(ATA_STATUS));
	check(checks, inb(ATA_ALTERNATE_STATUS) == STATUS_READY,
	      "alternate status at the start: %02x", inb(ATA_ALTERNATE_STATUS));
}

/* What was written to a register is read back, before and after other devices. */
static void check_registers(struct checks *checks)
{
	static const uint16_t ports[] = {
		ATA_SECTOR_COUNT, ATA_LBA_LOW, ATA_LBA_MID, ATA_LBA_HIGH,
	};

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		outb((uint8_t)(0x51 + i), ports[i]);
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		check(checks, inb(ports[i]) == 0x51 + i, "port %x: %02x, not %02x", ports[i],
		      inb(ports[i]), (unsigned int)(0x51 + i));
	outb(ATA_DEVICE_LBA | 0x05, ATA_DEVICE);
	check(checks, inb(ATA_DEVICE) == (ATA_DEVICE_LBA | 0x05), "device register: %02x",
	      inb(ATA_DEVICE));
}

static uint32_t check_identify(struct checks *checks)
{
	uint32_t sectors;

	check(checks, ata_identify(data) == 0, "IDENTIFY DEVICE fails");
	sectors = data[IDENTIFY_SECTORS] | (uint32_t)data[IDENTIFY_SECTORS + 1] << 16;
	check(checks, !(data[IDENTIFY_CONFIGURATION] & CONFIGURATION_NOT_ATA), "not an ATA device");
	check(checks, data[IDENTIFY_CAPABILITIES] & CAPABILITY_LBA, "no LBA");
	check(checks, (data[IDENTIFY_MULTIPLE] & 0xFF) >= 16, "multiple mode of %u sectors only",
	      data[IDENTIFY_MULTIPLE] & 0xFF);
	check(checks, data[IDENTIFY_MODEL] >> 8 > ' ' && data[IDENTIFY_MODEL] >> 8 < 0x7F,
	      "model's first character: %02x", data[IDENTIFY_MODEL] >> 8);
	check(checks, status_is(ATA_STATUS_DRDY), "IDENTIFY DEVICE does not end: %02x",
	      inb(ATA_STATUS));
	return sectors;
}

static void check_transfers(struct checks *checks, uint32_t sectors)
{
	for (size_t i = 0; i < WAYS; i++) {
		const struct transfer one = { 11 + (uint32_t)i, 1, 1, &ways[i] };
		const struct transfer three = { 40 + (uint32_t)i * 3, 3, 1, &ways[i] };

		check_transfer(checks, &one, false);
		check_transfer(checks, &three, false);
	}
	check_transfer(checks, &(struct transfer){ 20, MANY, 1, &ways[1] }, false);
	check_transfer(checks, &(struct transfer){ sectors - 1, 1, 1, &ways[1] }, false);
}

static void set_multiple(unsigned int per_block)
{
	ata_command(ATA_SET_MULTIPLE_MODE, 0, per_block);
}

static void check_multiple(struct checks *checks)
{
	set_multiple(4);
	check(checks, status_is(ATA_STATUS_DRDY), "SET MULTIPLE MODE 4 fails");
	check_transfer(checks, &(struct transfer){ 100, 8, 4, &ways[1] }, true);
	check_transfer(checks, &(struct transfer){ 110, 10, 4, &ways[0] }, true);
	check_transfer(checks, &(struct transfer){ 120, 3, 4, &ways[2] }, true);
	set_multiple(16);
	check(checks, status_is(ATA_STATUS_DRDY), "SET MULTIPLE MODE 16 fails");
	check_transfer(checks, &(struct transfer){ 130, 33, 16, &ways[1] }, true);
	set_multiple(3);
	check(checks, status_is(ATA_STATUS_DRDY | ATA_STATUS_ERR) &&
	      inb(ATA_ERROR) & ATA_ERROR_ABRT, "SET MULTIPLE MODE 3 is not aborted");
}

static void check_other_commands(struct checks *checks)
{
	ata_command(ATA_FLUSH_CACHE, 0, 0);
	check(checks, status_is(ATA_STATUS_DRDY), "FLUSH CACHE fails");
	ata_command(ATA_READ_VERIFY_SECTORS, 10, 20);
	check(checks, status_is(ATA_STATUS_DRDY), "READ VERIFY fails");
	ata_wait();
	outb(FEATURE_PIO_DEFAULT, ATA_FEATURES);
	ata_command(ATA_SET_FEATURES, 0, 0);
	check(checks, status_is(ATA_STATUS_DRDY), "SET FEATURES fails");
}

static void check_errors(struct checks *checks, uint32_t sectors)
{
	check_fails(checks, NO_COMMAND, 0, ATA_ERROR_ABRT, "an unknown command");
	check_fails(checks, ATA_READ_SECTORS, sectors, ATA_ERROR_IDNF, "read past the end");
	check_fails(checks, ATA_WRITE_SECTORS, UINT32_MAX >> 4, ATA_ERROR_IDNF,
		    "write far past the end");
	check_fails(checks, ATA_READ_VERIFY_SECTORS, sectors, ATA_ERROR_IDNF,
		    "verify past the end");
	/* Data nobody asked for: no harm in either direction. */
	read_words(data, 4);
	write_words(data, 4);
	check(checks, ata_read(sectors - 1, data) == 0, "no read after errors");
}

/* A part of a sector, then a reset: the sector is as it was. */
static void check_dropped_write(struct checks *checks)
{
	const struct transfer one = { 5, 1, 1, &ways[1] };

	check_transfer(checks, &one, false);
	ata_command(ATA_WRITE_SECTORS, one.lba, 1);
	wait_idle();
	for (unsigned int i = 0; i < SECTOR_WORDS - 1; i++)
		outw(0, ATA_DATA);
	outb(ATA_CONTROL_SRST, ATA_DEVICE_CONTROL);
	outb(0, ATA_DEVICE_CONTROL);
	check(checks, ata_read(one.lba, data) == 0 &&
	      !memcmp(data, pattern, ATA_SECTOR_SIZE), "a part of a sector was written");
}

/* What the registers hold after a reset or a diagnostic (ATA/ATAPI-6, 9.12). */
static void check_signature(struct checks *checks, const char *after)
{
	check(checks, wait_idle() == STATUS_READY || inb(ATA_STATUS) == ATA_STATUS_DRDY,
	      "status after %s: %02x", after, inb(ATA_STATUS));
	check(checks, inb(ATA_ERROR) == DIAGNOSTIC_PASSED, "diagnostic code after %s: %02x", after,
	      inb(ATA_ERROR));
	check(checks, inb(ATA_SECTOR_COUNT) == 1 && inb(ATA_LBA_LOW) == 1 &&
	      inb(ATA_LBA_MID) == 0 && inb(ATA_LBA_HIGH) == 0, "signature after %s", after);
}

static void check_reset(struct checks *checks)
{
	outb(ATA_CONTROL_SRST | ATA_CONTROL_NIEN, ATA_DEVICE_CONTROL);
	outb(ATA_CONTROL_NIEN, ATA_DEVICE_CONTROL);
	check_signature(checks, "a reset");
	ata_command(ATA_EXECUTE_DEVICE_DIAGNOSTIC, 0, 9);
	check_signature(checks, "a diagnostic");
	check(checks, ata_read(0, data) == 0, "no read after a reset");
	check(checks, inb(ATA_ALTERNATE_STATUS) == inb(ATA_STATUS), "alternate status is another");
}

static void check_absent_device(struct checks *checks)
{
	outb(ATA_DEVICE_LBA | ATA_DEVICE_1, ATA_DEVICE);
	check(checks, inb(ATA_STATUS) == 0, "status of an absent device: %02x", inb(ATA_STATUS));
	outb(ATA_IDENTIFY_DEVICE, ATA_COMMAND);
	check(checks, !(inb(ATA_STATUS) & (ATA_STATUS_DRQ | ATA_STATUS_BSY)),
	      "an absent device does something: %02x", inb(ATA_STATUS));
	outb(ATA_DEVICE_LBA, ATA_DEVICE);
	check(checks, ata_identify(data) == 0, "device 0 is not there again");
}

int main(void)
{
	struct checks checks = { 0 };
	uint32_t sectors;

	check_start(&checks);
	check_registers(&checks);
	sectors = check_identify(&checks);
	console_printf("%u sectors\n", sectors);
	if (!check(&checks, sectors >= FEWEST_SECTORS, "the disk is too small"))
		return checks_result(&checks);
	check_transfers(&checks, sectors);
	check_multiple(&checks);
	check_other_commands(&checks);
	check_errors(&checks, sectors);
	check_dropped_write(&checks);
	check_reset(&checks);
	check_absent_device(&checks);
	return checks_result(&checks);
}
