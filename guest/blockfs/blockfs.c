/* SPDX-License-Identifier: 0BSD */
/*
 * blockfs.c - a file system on the block service (endpoint "disk"), through a block cache. On a
 * disk that has none it makes one and writes files; the next time it reads them all and
 * adds one; from then on it reads only, and nothing is written.
 *
 * File i, "file-i", has i * 3001 bytes, byte n being (n * 7 + i) mod 256; file 5 is removed
 * again. The one that is added, "second", is like file 4. tests/check-blockfs knows that too.
 */
#include <vmm/console.h>
#include <vmm/format.h>
#include <vmm/ipc.h>

#include "blockfs/cache.h"
#include "blockfs/fs.h"
#include "shared/check.h"

#define FILES		11u
#define REMOVED		5u
#define SECOND		"second"
#define LIKE_SECOND	4u
#define PIECE		1000u		/* of no use to blocks */

static uint8_t byte_of(unsigned int file, uint32_t at)
{
	return (uint8_t)(at * 7 + file);
}

static uint32_t length_of(unsigned int file)
{
	return file * 3001;
}

static uint32_t piece_at(unsigned int file, uint32_t at)
{
	uint32_t rest = length_of(file) - at;

	return rest < PIECE ? rest : PIECE;
}

static void write_file(struct checks *checks, const char *name, unsigned int file)
{
	uint8_t data[PIECE];
	int error = fs_create(name);

	for (uint32_t at = 0; at < length_of(file) && !error; at += PIECE) {
		uint32_t length = piece_at(file, at);

		for (uint32_t i = 0; i < length; i++)
			data[i] = byte_of(file, at + i);
		error = fs_append(name, data, length);
	}
	check(checks, !error, "%s cannot be written: %d", name, error);
}

static void read_file(struct checks *checks, const char *name, unsigned int file)
{
	uint8_t data[PIECE];
	uint32_t length = 0, wrong = 0;
	int error = 0;

	check(checks, fs_exists(name, &length) && length == length_of(file),
	      "%s has %u bytes", name, (unsigned int)length);
	for (uint32_t at = 0; at < length_of(file) && !error; at += PIECE) {
		error = fs_read(name, at, data, piece_at(file, at));
		for (uint32_t i = 0; i < piece_at(file, at); i++)
			wrong += data[i] != byte_of(file, at + i);
	}
	check(checks, !error && !wrong, "%s: error %d, %u bytes are wrong", name, error,
	      (unsigned int)wrong);
}

/* Each file but the removed one. */
static void for_files(struct checks *checks,
		      void (*fn)(struct checks *checks, const char *name, unsigned int file))
{
	char name[FS_NAME_SIZE];

	for (unsigned int file = 0; file < FILES; file++) {
		format_buffer(name, sizeof(name), "file-%u", file);
		if (file != REMOVED)
			fn(checks, name, file);
	}
}

/* The disk is new. */
static void fill(struct checks *checks, uint32_t blocks)
{
	fs_format(blocks);
	for_files(checks, write_file);
	write_file(checks, "file-5", REMOVED);
	check(checks, fs_create("file-5") != 0, "a file can be made twice");
	check(checks, !fs_remove("file-5"), "file-5 cannot be removed");
	check(checks, !fs_exists("file-5", NULL), "file-5 is there still");
}

int main(void)
{
	struct checks checks = { 0 };
	int endpoint = ipc_find("disk");
	int64_t blocks = endpoint < 0 ? endpoint : cache_start((uint32_t)endpoint);

	if (!check(&checks, blocks > 0, "no disk: %d", (int)blocks))
		return checks_result(&checks);
	if (!fs_mount((uint32_t)blocks))
		fill(&checks, (uint32_t)blocks);
	else if (!fs_exists(SECOND, NULL))
		write_file(&checks, SECOND, LIKE_SECOND);
	for_files(&checks, read_file);
	if (fs_exists(SECOND, NULL))
		read_file(&checks, SECOND, LIKE_SECOND);
	cache_sync();
	console_printf("%u blocks read, %u written\n", cache_counts.read, cache_counts.written);
	return checks_result(&checks);
}
