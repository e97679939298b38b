/* SPDX-License-Identifier: 0BSD */
/*
 * disk-test.c - sectors and contents of the disk tests.
 */
#include "shared/disk-test.h"

const uint16_t disk_test_lba[DISK_TEST_SECTORS] = { 307, 71, 511, 17, 147, 31, 219, 0 };

void disk_test_fill(uint16_t words[DISK_TEST_SECTOR_WORDS])
{
	for (unsigned int i = 0; i < DISK_TEST_SECTOR_WORDS; i++) {
		unsigned int low = 2 * i % 256;

		words[i] = (uint16_t)(low | (low + 1) << 8);
	}
}
