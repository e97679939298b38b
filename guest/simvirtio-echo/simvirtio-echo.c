/* SPDX-License-Identifier: 0BSD */
/*
 * simvirtio-echo.c - sends back over SIMVIRTIO what comes in there, until Ctrl-D.
 *
 * vmm --simvirtio --simvirtio-io=stdio
 */
#include <vmm/io.h>
#include <vmm/simvirtio.h>

#define END 0x04

int main(void)
{
	static uint8_t tx[SIMVIRTIO_LENGTH], rx[SIMVIRTIO_LENGTH], bytes[512];
	struct simvirtio device;
	size_t len, end;

	if (simvirtio_open(&device, SIMVIRTIO_ADDRESS, tx, rx))
		return 1;
	for (;;) {
		len = simvirtio_read(&device, bytes, sizeof(bytes));
		for (end = 0; end < len && bytes[end] != END; end++)
			;
		simvirtio_write(&device, bytes, end);
		if (end < len)
			return 0;
		if (!len)
			cpu_relax();
	}
}
