/* SPDX-License-Identifier: 0BSD */
/*
 * simvirtio.c - the course's third guest: it sends a message over SIMVIRTIO.
 *
 * vmm --simvirtio --mode=long --expect-output="Ana are mere" --expect-rax=42
 */
#include <vmm/simvirtio.h>

int main(void)
{
	static uint8_t tx[SIMVIRTIO_LENGTH], rx[SIMVIRTIO_LENGTH];
	static const char message[] = "Ana are mere";
	struct simvirtio device;

	if (simvirtio_open(&device, SIMVIRTIO_ADDRESS, tx, rx))
		return 1;
	simvirtio_write(&device, message, sizeof(message) - 1);
	return 0;
}
