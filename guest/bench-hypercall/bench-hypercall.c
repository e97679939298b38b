/* SPDX-License-Identifier: 0BSD */
/*
 * bench-hypercall.c - 100,000 hypercalls that do nothing to speak of: how many sectors the
 * disk has.
 */
#include <vmm/pv.h>

#define CALLS 100000u

int main(void)
{
	for (uint32_t i = 0; i < CALLS; i++)
		if (pv_disk_sectors() < 0)
			return 1;
	return 0;
}
