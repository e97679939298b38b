/* SPDX-License-Identifier: 0BSD */
/*
 * bench-simvirtio.c - the bytes of 10,000 sectors over SIMVIRTIO, one after
 * another, as bench-disk-pv has them.
 */
#include <vmm/simvirtio.h>

#define WRITES 10000u
#define SECTOR_SIZE 512u

int main(void)
{
	static const uint16_t sector[SECTOR_SIZE / 2] = { 0x1234 };
	static uint8_t tx[SIMVIRTIO_LENGTH], rx[SIMVIRTIO_LENGTH];
	struct simvirtio device;

	if (simvirtio_open(&device, SIMVIRTIO_ADDRESS, tx, rx))
		return 1;
	for (uint32_t i = 0; i < WRITES; i++)
		simvirtio_write(&device, sector, sizeof(sector));
	return 0;
}
