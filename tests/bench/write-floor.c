// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * write-floor - the least that writing sectors can take: one pwrite(2) of them
 * all from fresh memory, and an fdatasync(2), as vmm does it at its end.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECTOR_SIZE 512u
#define FAILED 1	/* exit statuses */
#define USAGE 2

static void write_sectors(int disk, size_t sectors)
{
	size_t len = sectors * SECTOR_SIZE;
	void *data = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (data == MAP_FAILED)
		err(FAILED, "memory");
	if (pwrite(disk, data, len, 0) != (ssize_t)len)
		err(FAILED, "pwrite");
}

int main(int argc, char **argv)
{
	size_t sectors;
	int disk;

	if (argc != 3) {
		fputs("usage: write-floor DISK SECTORS\n", stderr);
		return USAGE;
	}
	disk = open(argv[1], O_WRONLY);
	if (disk < 0)
		err(FAILED, "%s", argv[1]);
	sectors = strtoul(argv[2], NULL, 10);
	if (sectors)
		write_sectors(disk, sectors);
	if (fdatasync(disk) < 0)
		err(FAILED, "fdatasync");
	return 0;
}
