/* SPDX-License-Identifier: 0BSD */
/*
 * pv.h - the hypercalls as functions. Those that return int give 0 or an error
 * of error.h, negated.
 */
#ifndef VMM_PV_H
#define VMM_PV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PV_SECTOR_SIZE	512u

/* Whether the machine has the hypercall. */
bool pv_query(uint32_t number);

/* Ends the run with this status, as the debug-exit port does. */
_Noreturn void pv_exit(uint32_t status);

/* Output on the console, whatever the length one hypercall. */
int pv_print(const char *text, size_t length);

/* See format.h for what it knows. Returns how many characters were printed. */
int pv_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The screen's size in cells. */
int pv_screen_size(unsigned int *columns, unsigned int *rows);

/* One cell, and a run of cells that may go on in the next row; a cell as in vga.h. */
int pv_screen_put(unsigned int column, unsigned int row, uint16_t cell);
int pv_screen_write(unsigned int column, unsigned int row, const uint16_t *cells,
		    unsigned int count);

/* How many sectors the disk has, or an error, negated. */
int64_t pv_disk_sectors(void);

/* count sectors from lba on, straight between the disk and memory. */
int pv_disk_read(uint64_t lba, uint32_t count, void *sectors);
int pv_disk_write(uint64_t lba, uint32_t count, const void *sectors);

/* What was written survives the host's power failure when this returns 0. */
int pv_disk_flush(void);

#endif
