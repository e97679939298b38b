/* SPDX-License-Identifier: 0BSD */
/*
 * disk-test.h - what the two disk tests write: the result is the same disk.
 */
#ifndef GUEST_SHARED_DISK_TEST_H
#define GUEST_SHARED_DISK_TEST_H

#include <stdint.h>

#define DISK_TEST_SECTORS 8
#define DISK_TEST_SECTOR_WORDS 256

/* The sectors, in the order in which they are written. */
extern const uint16_t disk_test_lba[DISK_TEST_SECTORS];

/* What goes into each: bytes that count up. */
void disk_test_fill(uint16_t words[DISK_TEST_SECTOR_WORDS]);

#endif
