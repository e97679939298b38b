/* SPDX-License-Identifier: 0BSD */
/*
 * disk-pv.c - the disk test through the paravirtual disk: the same eight
 * sectors, a hypercall each.
 */
#include <vmm/pv.h>

#include "shared/disk-test.h"

int main(void)
{
	uint16_t words[DISK_TEST_SECTOR_WORDS];

	disk_test_fill(words);
	for (unsigned int s = 0; s < DISK_TEST_SECTORS; s++) {
		int error = pv_disk_write(disk_test_lba[s], 1, words);

		if (error)
			return -error;
	}
	return -pv_disk_flush();
}
