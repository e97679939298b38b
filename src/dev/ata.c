/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ata.c - an ATA channel with one disk (ATA/ATAPI-6, T13 1410D; CHS addressing
 * and the older opcodes from ATA-1 to ATA-3), PIO data transfer only.
 *
 * A command is done when the OUT that started it returns, so that BSY is seen
 * only while SRST is held. Where vmm departs from the standard, it is so that
 * no guest can get stuck:
 * - a command may be written while DRQ is set: it drops the pending transfer,
 *   of which no incomplete DRQ block has reached the disk;
 * - the sector count register keeps what the guest wrote, and the address
 *   registers change only to show the sector that failed;
 * - multiple mode is on after a reset, as a PC's firmware leaves it.
 */
#include "config.h"

#include "core/array.h"
#include "dev/ata.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Registers of the command block, by their distance from the data port. */
enum ata_register {
	ATA_ERROR = 1,		/* read */
	ATA_FEATURES = 1,	/* written */
	ATA_COUNT = 2,
	ATA_LBA_LOW = 3,	/* CHS: sector, from 1 */
	ATA_LBA_MID = 4,	/* CHS: cylinder, low byte */
	ATA_LBA_HIGH = 5,	/* CHS: cylinder, high byte */
	ATA_DEVICE = 6,
	ATA_STATUS = 7,		/* read */
	ATA_COMMAND = 7,	/* written */
	ATA_REGISTERS = 8,
};

#define STATUS_ERR	0x01u
#define STATUS_DRQ	0x08u
#define STATUS_DSC	0x10u	/* ATA-3: seek complete */
#define STATUS_DRDY	0x40u
#define STATUS_BSY	0x80u
#define STATUS_READY	(STATUS_DRDY | STATUS_DSC)

#define ERROR_ABRT	0x04u
#define ERROR_IDNF	0x10u
#define ERROR_UNC	0x40u
#define DIAGNOSTIC_PASSED 0x01u	/* in the error register after a reset */

#define DEVICE_ADDRESS	0x0Fu	/* LBA bits 24-27, or the head */
#define DEVICE_DEV	0x10u	/* selects device 1 */
#define DEVICE_LBA	0x40u
#define DEVICE_FIXED	0xA0u	/* obsolete bits that disks read as ones */

#define CONTROL_NIEN	0x02u
#define CONTROL_SRST	0x04u

#define LBA28_SECTORS	0x0FFFFFFFu	/* the most that IDENTIFY can state */
#define MAX_MULTIPLE	16u		/* sectors in a DRQ block */
#define POWER_ACTIVE	0xFFu
#define MODE_PIO	1u		/* SET FEATURES 03h: up to this, shifted */

/* The geometry that PC disks of all makes report. */
#define NATIVE_HEADS	16u
#define NATIVE_SECTORS	63u
#define MAX_CYLINDERS	16383u

enum opcode {
	CMD_RECALIBRATE			= 0x10,
	CMD_READ_SECTORS		= 0x20,
	CMD_READ_SECTORS_ONCE		= 0x21,	/* without retries */
	CMD_WRITE_SECTORS		= 0x30,
	CMD_WRITE_SECTORS_ONCE		= 0x31,
	CMD_READ_VERIFY			= 0x40,
	CMD_READ_VERIFY_ONCE		= 0x41,
	CMD_SEEK			= 0x70,
	CMD_EXECUTE_DIAGNOSTIC		= 0x90,
	CMD_INITIALIZE_PARAMETERS	= 0x91,
	CMD_STANDBY_IMMEDIATE_OLD	= 0x94,
	CMD_IDLE_IMMEDIATE_OLD		= 0x95,
	CMD_STANDBY_OLD			= 0x96,
	CMD_IDLE_OLD			= 0x97,
	CMD_CHECK_POWER_OLD		= 0x98,
	CMD_SLEEP_OLD			= 0x99,
	CMD_READ_MULTIPLE		= 0xC4,
	CMD_WRITE_MULTIPLE		= 0xC5,
	CMD_SET_MULTIPLE		= 0xC6,
	CMD_STANDBY_IMMEDIATE		= 0xE0,
	CMD_IDLE_IMMEDIATE		= 0xE1,
	CMD_STANDBY			= 0xE2,
	CMD_IDLE			= 0xE3,
	CMD_CHECK_POWER			= 0xE5,
	CMD_SLEEP			= 0xE6,
	CMD_FLUSH_CACHE			= 0xE7,
	CMD_IDENTIFY			= 0xEC,
	CMD_SET_FEATURES		= 0xEF,
};

enum feature {
	FEATURE_WRITE_CACHE		= 0x02,
	FEATURE_TRANSFER_MODE		= 0x03,
	FEATURE_NO_LOOK_AHEAD		= 0x55,
	FEATURE_KEEP_SETTINGS		= 0x66,
	FEATURE_NO_WRITE_CACHE		= 0x82,
	FEATURE_LOOK_AHEAD		= 0xAA,
	FEATURE_REVERT_SETTINGS		= 0xCC,
};

enum protocol {
	NON_DATA,
	PIO_IN,
	PIO_OUT,
};

struct geometry {
	uint32_t cylinders;
	uint32_t heads;
	uint32_t sectors;	/* per track */
};

struct ata {
	struct disk *disk;
	struct irq_line *irq;
	uint32_t sectors;		/* of the disk, as far as LBA28 goes */
	struct geometry geometry;	/* for CHS addresses */

	uint8_t task[ATA_REGISTERS];	/* what reads of the command block give */
	uint8_t features;
	uint8_t control;
	uint8_t status;
	bool pending;			/* an interrupt, whether or not INTRQ shows it */
	bool write_cache;		/* off: every write is flushed */
	unsigned int multiple;		/* sectors; 0: multiple mode is off */

	/* The command's transfer. DRQ: it wants data of the DRQ block in the buffer. */
	enum protocol protocol;
	uint32_t lba;			/* next sector to read from or write to the disk */
	uint32_t left;			/* sectors, from lba on */
	uint32_t per_block;		/* sectors in a DRQ block */
	uint32_t position;		/* in the buffer, bytes */
	uint32_t end;
	uint8_t buffer[MAX_MULTIPLE * DISK_SECTOR_SIZE];
};

struct command {
	/* Returns bits for the error register. NULL: an opcode to be aborted. */
	uint8_t (*run)(struct ata *ata);
	enum protocol protocol;
	unsigned int flags;
};

#define HAS_ADDRESS	(1u << 0)	/* sector count and address are meant */
#define IS_MULTIPLE	(1u << 1)	/* DRQ blocks of the SET MULTIPLE size */

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static bool device_1(const struct ata *ata)
{
	return ata->task[ATA_DEVICE] & DEVICE_DEV;
}

/* INTRQ is driven by the selected device, where the host lets it. */
static void update_intrq(struct ata *ata)
{
	irq_set(ata->irq, ata->pending && !device_1(ata) && !(ata->control & CONTROL_NIEN));
}

static void interrupt(struct ata *ata)
{
	ata->pending = true;
	update_intrq(ata);
}

static struct geometry geometry_of(uint32_t total, uint32_t heads, uint32_t sectors)
{
	uint32_t cylinders = least(total / (heads * sectors), MAX_CYLINDERS);

	return (struct geometry){ cylinders ? cylinders : 1, heads, sectors };
}

/* --- addresses --- */

/* Takes address and sector count from the registers. Returns error bits. */
static uint8_t locate(struct ata *ata)
{
	const struct geometry *geometry = &ata->geometry;
	const uint8_t *task = ata->task;
	uint32_t top = task[ATA_DEVICE] & DEVICE_ADDRESS;
	uint32_t middle = task[ATA_LBA_MID] | (uint32_t)task[ATA_LBA_HIGH] << 8;
	uint32_t low = task[ATA_LBA_LOW];

	ata->left = task[ATA_COUNT] ? task[ATA_COUNT] : 256;
	if (task[ATA_DEVICE] & DEVICE_LBA) {
		ata->lba = top << 24 | middle << 8 | low;
		return 0;
	}
	if (!low || low > geometry->sectors || top >= geometry->heads)
		return ERROR_IDNF;
	ata->lba = (middle * geometry->heads + top) * geometry->sectors + low - 1;
	return 0;
}

/* Leaves the address of a failed sector in the registers. Returns error. */
static uint8_t failed_at(struct ata *ata, uint32_t lba, uint8_t error)
{
	const struct geometry *geometry = &ata->geometry;
	uint32_t low = lba, middle = lba >> 8, top = lba >> 24;

	if (!(ata->task[ATA_DEVICE] & DEVICE_LBA)) {
		uint32_t track = lba / geometry->sectors;

		low = lba % geometry->sectors + 1;
		middle = track / geometry->heads;
		top = track % geometry->heads;
	}
	ata->task[ATA_LBA_LOW] = (uint8_t)low;
	ata->task[ATA_LBA_MID] = (uint8_t)middle;
	ata->task[ATA_LBA_HIGH] = (uint8_t)(middle >> 8);
	ata->task[ATA_DEVICE] &= (uint8_t)~DEVICE_ADDRESS;
	ata->task[ATA_DEVICE] |= top & DEVICE_ADDRESS;
	return error;
}

/* --- data transfer --- */

static int move_sectors(struct ata *ata, uint32_t count, void *data)
{
	int err;

	if (ata->protocol != PIO_OUT)
		return disk_read(ata->disk, ata->lba, count, data);
	err = disk_write(ata->disk, ata->lba, count, data);
	return err || ata->write_cache ? err : disk_flush(ata->disk);
}

/*
 * Moves a DRQ block between buffer and disk. Returns error bits, with the
 * sectors before the failed one moved.
 */
static uint8_t move_block(struct ata *ata)
{
	uint32_t count = ata->end / DISK_SECTOR_SIZE, step = count;
	uint32_t done = 0;

	while (done < count) {
		if (move_sectors(ata, step, ata->buffer + done * DISK_SECTOR_SIZE) == 0) {
			done += step;
			ata->lba += step;
			ata->left -= step;
		} else if (step > 1) {
			step = 1;	/* to find out which one it is */
		} else {
			return failed_at(ata, ata->lba,
					 ata->protocol == PIO_OUT ? ERROR_ABRT : ERROR_UNC);
		}
	}
	return 0;
}

/* Sets up the next DRQ block, up to the end of the disk. Returns error bits. */
static uint8_t next_block(struct ata *ata)
{
	uint32_t count = least(ata->left, ata->per_block);

	if (ata->lba >= ata->sectors)
		return failed_at(ata, ata->lba, ERROR_IDNF);
	ata->position = 0;
	ata->end = least(count, ata->sectors - ata->lba) * DISK_SECTOR_SIZE;
	return ata->protocol == PIO_OUT ? 0 : move_block(ata);
}

/* The command is over, or wants the next DRQ block to be moved. */
static void conclude(struct ata *ata, uint8_t error)
{
	if (error) {
		ata->task[ATA_ERROR] = error;
		ata->status |= STATUS_ERR;
	}
	interrupt(ata);
}

/* The host has moved the whole DRQ block. */
static void block_done(struct ata *ata)
{
	uint8_t error = 0;

	ata->status &= ~STATUS_DRQ;
	if (ata->protocol == PIO_OUT)
		error = move_block(ata);
	else if (!ata->left)
		return;		/* data-in ends without an interrupt */
	if (!error && ata->left) {
		error = next_block(ata);
		if (!error)
			ata->status |= STATUS_DRQ;
	}
	conclude(ata, error);
}

static bool transfers(const struct ata *ata, enum protocol protocol)
{
	return ata->status & STATUS_DRQ && ata->protocol == protocol && !device_1(ata);
}

static void advance(struct ata *ata, uint32_t bytes)
{
	ata->position += bytes;
	if (ata->position == ata->end)
		block_done(ata);
}

static uint16_t data_read_word(struct ata *ata)
{
	uint16_t word = UINT16_MAX;

	if (!transfers(ata, PIO_IN))
		return word;
	memcpy(&word, ata->buffer + ata->position, sizeof(word));
	advance(ata, sizeof(word));
	return word;
}

/*
 * The port is 16 bits wide. 32 bits are two words, which may lie in two DRQ
 * blocks; a byte uses up a word, as on QEMU, where boot loaders rely on it.
 */
static uint64_t data_read(void *self, uint64_t offset, unsigned int size)
{
	uint32_t value = data_read_word(self);

	if (size == 4)
		value |= (uint32_t)data_read_word(self) << 16;
	return value;
}

static void data_write_word(struct ata *ata, uint16_t word)
{
	if (!transfers(ata, PIO_OUT))
		return;
	memcpy(ata->buffer + ata->position, &word, sizeof(word));
	advance(ata, sizeof(word));
}

/* A byte is half a word: dropped. */
static void data_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	if (size >= 2)
		data_write_word(self, (uint16_t)value);
	if (size == 4)
		data_write_word(self, (uint16_t)(value >> 16));
}

/* How many of len bytes, in whole elements, can be copied in one go. */
static size_t copyable(const struct ata *ata, enum protocol protocol, unsigned int size, size_t len)
{
	size_t rest = ata->end - ata->position;

	if (size == 1 || !transfers(ata, protocol))
		return 0;
	rest -= rest % size;
	return rest < len ? rest : len;
}

static size_t data_read_block(void *self, uint64_t offset, unsigned int size,
			      void *data, size_t count)
{
	struct ata *ata = self;
	uint8_t *to = data;
	size_t left = count * size, n;

	while ((n = copyable(ata, PIO_IN, size, left))) {
		memcpy(to, ata->buffer + ata->position, n);
		advance(ata, (uint32_t)n);
		to += n;
		left -= n;
	}
	return count - left / size;
}

static size_t data_write_block(void *self, uint64_t offset, unsigned int size,
			       const void *data, size_t count)
{
	struct ata *ata = self;
	const uint8_t *from = data;
	size_t left = count * size, n;

	while ((n = copyable(ata, PIO_OUT, size, left))) {
		memcpy(ata->buffer + ata->position, from, n);
		advance(ata, (uint32_t)n);
		from += n;
		left -= n;
	}
	return count - left / size;
}

/* --- IDENTIFY DEVICE --- */

struct identify_word {
	unsigned int word;
	uint16_t value;
};

#define WRITE_CACHE 0x0020u	/* in words 82 and 85 */

/* ATA/ATAPI-6, table 27. No DMA: words 62, 63 and 88 stay 0, and 53 says so. */
static const struct identify_word identify_fixed[] = {
	{ 0, 0x0040 },			/* ATA, fixed */
	{ 2, 0xC837 },			/* needs no spin-up, response complete */
	{ 47, 0x8000 | MAX_MULTIPLE },
	{ 48, 0x0001 },			/* ATA-1: 32-bit data port */
	{ 49, 0x0A00 },			/* IORDY, LBA */
	{ 50, 0x4000 },
	{ 51, 0x0200 },			/* ATA-3: PIO mode 2 */
	{ 53, 0x0003 },			/* words 54-58 and 64-70 are valid */
	{ 64, 0x0003 },			/* PIO modes 3 and 4 */
	{ 67, 120 },			/* PIO cycle time in ns, without and */
	{ 68, 120 },			/* with IORDY */
	{ 80, 0x0070 },			/* ATA/ATAPI-4, 5 and 6 */
	{ 82, 0x4008 | WRITE_CACHE },	/* NOP, power management */
	{ 83, 0x5000 },			/* FLUSH CACHE */
	{ 84, 0x4000 },
	{ 85, 0x4008 },			/* 85-87: what of 82-84 is on */
	{ 86, 0x1000 },
	{ 87, 0x4000 },
	{ 93, 0x400B },			/* device 0, by jumper, passed diagnostics */
};

/* Two characters a word, the first one in the high byte, padded with blanks. */
static void identify_string(uint16_t *words, size_t count, const char *text)
{
	for (size_t i = 0; i < 2 * count; i++) {
		uint16_t c = *text ? (uint8_t)*text++ : ' ';

		words[i / 2] |= i % 2 ? c : c << 8;
	}
}

static void identify_long(uint16_t *words, uint32_t value)
{
	words[0] = (uint16_t)value;
	words[1] = (uint16_t)(value >> 16);
}

static void identify_geometry(uint16_t *words, const struct ata *ata)
{
	struct geometry native = geometry_of(ata->sectors, NATIVE_HEADS, NATIVE_SECTORS);
	struct geometry now = ata->geometry;

	words[1] = (uint16_t)native.cylinders;
	words[3] = (uint16_t)native.heads;
	words[6] = (uint16_t)native.sectors;
	words[54] = (uint16_t)now.cylinders;
	words[55] = (uint16_t)now.heads;
	words[56] = (uint16_t)now.sectors;
	identify_long(words + 57, least(now.cylinders * now.heads * now.sectors, ata->sectors));
	identify_long(words + 60, ata->sectors);
}

/* The last word: a signature, and what makes the sum of all bytes 0. */
static uint16_t identify_integrity(const uint16_t *words)
{
	unsigned int sum = 0xA5;

	for (size_t i = 0; i < 255; i++)
		sum += (words[i] & 0xFF) + (words[i] >> 8);
	return (uint16_t)((0x100 - sum % 0x100) % 0x100 << 8 | 0xA5);
}

static uint8_t cmd_identify(struct ata *ata)
{
	uint16_t words[256] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(identify_fixed); i++)
		words[identify_fixed[i].word] = identify_fixed[i].value;
	identify_geometry(words, ata);
	identify_string(words + 10, 10, "VMM00000001");
	identify_string(words + 23, 4, PACKAGE_VERSION);
	identify_string(words + 27, 20, "VMM HARDDISK");
	words[59] = (uint16_t)(ata->multiple ? 0x0100 | ata->multiple : 0);
	words[85] |= ata->write_cache ? WRITE_CACHE : 0;
	words[255] = identify_integrity(words);

	memcpy(ata->buffer, words, sizeof(words));
	ata->position = 0;
	ata->end = sizeof(words);
	ata->left = 0;
	ata->status |= STATUS_DRQ;
	return 0;
}

/* --- the other commands --- */

static uint8_t cmd_transfer(struct ata *ata)
{
	uint8_t error = next_block(ata);

	if (!error)
		ata->status |= STATUS_DRQ;
	return error;
}

static uint8_t cmd_write(struct ata *ata)
{
	return disk_read_only(ata->disk) ? ERROR_ABRT : cmd_transfer(ata);
}

static uint8_t cmd_verify(struct ata *ata)
{
	uint8_t error = 0;

	ata->per_block = MAX_MULTIPLE;
	while (!error && ata->left)
		error = next_block(ata);
	return error;
}

static uint8_t cmd_seek(struct ata *ata)
{
	return ata->lba < ata->sectors ? 0 : ERROR_IDNF;
}

static uint8_t cmd_set_multiple(struct ata *ata)
{
	unsigned int count = ata->task[ATA_COUNT];
	bool valid = count <= MAX_MULTIPLE && !(count & (count - 1));

	/* What is not a power of two turns multiple mode off, as 0 does. */
	ata->multiple = valid ? count : 0;
	return valid ? 0 : ERROR_ABRT;
}

static uint8_t cmd_initialize_parameters(struct ata *ata)
{
	uint32_t sectors = ata->task[ATA_COUNT];
	uint32_t heads = (ata->task[ATA_DEVICE] & DEVICE_ADDRESS) + 1u;

	if (!sectors)
		return ERROR_ABRT;
	ata->geometry = geometry_of(ata->sectors, heads, sectors);
	return 0;
}

static uint8_t cmd_flush(struct ata *ata)
{
	return disk_flush(ata->disk) ? ERROR_ABRT : 0;
}

static uint8_t cmd_check_power(struct ata *ata)
{
	ata->task[ATA_COUNT] = POWER_ACTIVE;
	return 0;
}

/* What a disk without heads, motor and sleep has done at once. */
static uint8_t cmd_nothing(struct ata *ata)
{
	return 0;
}

static uint8_t set_write_cache(struct ata *ata, bool on)
{
	ata->write_cache = on;
	return on ? 0 : cmd_flush(ata);
}

static uint8_t cmd_set_features(struct ata *ata)
{
	switch (ata->features) {
	case FEATURE_WRITE_CACHE:
	case FEATURE_NO_WRITE_CACHE:
		return set_write_cache(ata, ata->features == FEATURE_WRITE_CACHE);
	case FEATURE_TRANSFER_MODE:
		return ata->task[ATA_COUNT] >> 3 <= MODE_PIO ? 0 : ERROR_ABRT;
	case FEATURE_LOOK_AHEAD:
	case FEATURE_NO_LOOK_AHEAD:
	case FEATURE_KEEP_SETTINGS:
	case FEATURE_REVERT_SETTINGS:
		return 0;
	default:
		return ERROR_ABRT;
	}
}

/* The signature of a disk (9.12) and the result of its self-test. */
static void set_signature(struct ata *ata)
{
	static const uint8_t signature[ATA_REGISTERS] = {
		[ATA_ERROR] = DIAGNOSTIC_PASSED,
		[ATA_COUNT] = 1,
		[ATA_LBA_LOW] = 1,
		[ATA_DEVICE] = DEVICE_FIXED,
	};

	memcpy(ata->task, signature, sizeof(signature));
}

static uint8_t cmd_diagnostic(struct ata *ata)
{
	set_signature(ata);
	return 0;
}

/* NOP is among those that are not here: it aborts by definition. */
static const struct command commands[256] = {
	[CMD_RECALIBRATE]		= { cmd_nothing, NON_DATA, 0 },
	[CMD_READ_SECTORS]		= { cmd_transfer, PIO_IN, HAS_ADDRESS },
	[CMD_READ_SECTORS_ONCE]		= { cmd_transfer, PIO_IN, HAS_ADDRESS },
	[CMD_WRITE_SECTORS]		= { cmd_write, PIO_OUT, HAS_ADDRESS },
	[CMD_WRITE_SECTORS_ONCE]	= { cmd_write, PIO_OUT, HAS_ADDRESS },
	[CMD_READ_VERIFY]		= { cmd_verify, NON_DATA, HAS_ADDRESS },
	[CMD_READ_VERIFY_ONCE]		= { cmd_verify, NON_DATA, HAS_ADDRESS },
	[CMD_SEEK]			= { cmd_seek, NON_DATA, HAS_ADDRESS },
	[CMD_EXECUTE_DIAGNOSTIC]	= { cmd_diagnostic, NON_DATA, 0 },
	[CMD_INITIALIZE_PARAMETERS]	= { cmd_initialize_parameters, NON_DATA, 0 },
	[CMD_STANDBY_IMMEDIATE_OLD]	= { cmd_nothing, NON_DATA, 0 },
	[CMD_IDLE_IMMEDIATE_OLD]	= { cmd_nothing, NON_DATA, 0 },
	[CMD_STANDBY_OLD]		= { cmd_nothing, NON_DATA, 0 },
	[CMD_IDLE_OLD]			= { cmd_nothing, NON_DATA, 0 },
	[CMD_CHECK_POWER_OLD]		= { cmd_check_power, NON_DATA, 0 },
	[CMD_SLEEP_OLD]			= { cmd_nothing, NON_DATA, 0 },
	[CMD_READ_MULTIPLE]		= { cmd_transfer, PIO_IN, HAS_ADDRESS | IS_MULTIPLE },
	[CMD_WRITE_MULTIPLE]		= { cmd_write, PIO_OUT, HAS_ADDRESS | IS_MULTIPLE },
	[CMD_SET_MULTIPLE]		= { cmd_set_multiple, NON_DATA, 0 },
	[CMD_STANDBY_IMMEDIATE]		= { cmd_nothing, NON_DATA, 0 },
	[CMD_IDLE_IMMEDIATE]		= { cmd_nothing, NON_DATA, 0 },
	[CMD_STANDBY]			= { cmd_nothing, NON_DATA, 0 },
	[CMD_IDLE]			= { cmd_nothing, NON_DATA, 0 },
	[CMD_CHECK_POWER]		= { cmd_check_power, NON_DATA, 0 },
	[CMD_SLEEP]			= { cmd_nothing, NON_DATA, 0 },
	[CMD_FLUSH_CACHE]		= { cmd_flush, NON_DATA, 0 },
	[CMD_IDENTIFY]			= { cmd_identify, PIO_IN, 0 },
	[CMD_SET_FEATURES]		= { cmd_set_features, NON_DATA, 0 },
};

static uint8_t run_command(struct ata *ata, const struct command *command)
{
	uint8_t error = 0;

	if (!command->run || (command->flags & IS_MULTIPLE && !ata->multiple))
		return ERROR_ABRT;
	ata->protocol = command->protocol;
	ata->per_block = command->flags & IS_MULTIPLE ? ata->multiple : 1;
	if (command->flags & HAS_ADDRESS)
		error = locate(ata);
	return error ? error : command->run(ata);
}

static void execute(struct ata *ata, uint8_t opcode)
{
	uint8_t error;

	/* There is no device 1 to take a command; the diagnostic is for both. */
	if (device_1(ata) && opcode != CMD_EXECUTE_DIAGNOSTIC)
		return;
	ata->status = STATUS_READY;
	ata->task[ATA_ERROR] = 0;
	ata->pending = false;
	update_intrq(ata);
	error = run_command(ata, &commands[opcode]);
	/* Data-out: no interrupt asks for the first DRQ block. */
	if (error || commands[opcode].protocol != PIO_OUT)
		conclude(ata, error);
}

/* --- registers and resets --- */

static uint8_t visible_status(const struct ata *ata)
{
	return device_1(ata) ? 0 : ata->status;
}

/* Device 0 answers for the absent device 1, but for its status (9.16.1). */
static uint64_t command_read(void *self, uint64_t offset, unsigned int size)
{
	struct ata *ata = self;
	unsigned int reg = (unsigned int)offset + ATA_ERROR;

	if (reg != ATA_STATUS)
		return ata->task[reg];
	if (!device_1(ata)) {
		ata->pending = false;
		update_intrq(ata);
	}
	return visible_status(ata);
}

static void command_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct ata *ata = self;
	unsigned int reg = (unsigned int)offset + ATA_FEATURES;

	if (ata->status & STATUS_BSY)
		return;
	if (reg == ATA_COMMAND) {
		execute(ata, (uint8_t)value);
	} else if (reg == ATA_FEATURES) {
		ata->features = (uint8_t)value;
	} else if (reg == ATA_DEVICE) {
		ata->task[reg] = (uint8_t)value | DEVICE_FIXED;
		update_intrq(ata);
	} else {
		ata->task[reg] = (uint8_t)value;
	}
}

/* The alternate status: as the status, but an interrupt stays pending. */
static uint64_t control_read(void *self, uint64_t offset, unsigned int size)
{
	return visible_status(self);
}

/* To the state after power-on, in which a transfer and an interrupt are lost. */
static void reset_device(struct ata *ata)
{
	set_signature(ata);
	ata->features = 0;
	ata->status = STATUS_READY;
	ata->pending = false;
	ata->write_cache = true;
	ata->multiple = MAX_MULTIPLE;
	ata->geometry = geometry_of(ata->sectors, NATIVE_HEADS, NATIVE_SECTORS);
	update_intrq(ata);
}

static void control_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct ata *ata = self;

	ata->control = value & (CONTROL_NIEN | CONTROL_SRST);
	if (ata->control & CONTROL_SRST) {
		reset_device(ata);
		ata->status = STATUS_BSY;
	} else if (ata->status & STATUS_BSY) {
		ata->status = STATUS_READY;
	}
	update_intrq(ata);
}

static void ata_reset(void *self)
{
	struct ata *ata = self;

	ata->control = 0;
	reset_device(ata);
}

int ata_create(struct ata **result, struct disk *disk, struct irq_line *irq)
{
	struct ata *ata = calloc(1, sizeof(*ata));
	uint64_t sectors = disk_sectors(disk);

	*result = ata;
	if (!ata)
		return -ENOMEM;
	ata->disk = disk;
	ata->irq = irq;
	ata->sectors = sectors < LBA28_SECTORS ? (uint32_t)sectors : LBA28_SECTORS;
	ata_reset(ata);
	return 0;
}

const struct bus_ops ata_data_ops = {
	.sizes = BUS_SIZE_1 | BUS_SIZE_2 | BUS_SIZE_4,
	.read = data_read,
	.write = data_write,
	.read_block = data_read_block,
	.write_block = data_write_block,
};

const struct bus_ops ata_command_ops = {
	.sizes = BUS_SIZE_1,
	.read = command_read,
	.write = command_write,
};

const struct bus_ops ata_control_ops = {
	.sizes = BUS_SIZE_1,
	.read = control_read,
	.write = control_write,
};

const struct device_ops ata_device = {
	.name = "ata",
	.reset = ata_reset,
	.fini = free,
};
