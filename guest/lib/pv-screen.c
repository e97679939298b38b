/* SPDX-License-Identifier: 0BSD */
/*
 * pv-screen.c - the hypercalls of the paravirtual screen.
 */
#include <vmm/hypercall.h>
#include <vmm/pv.h>

int pv_screen_size(unsigned int *columns, unsigned int *rows)
{
	int64_t size = vmm_hypercall(VMM_SCREEN_INFO);

	if (size < 0)
		return (int)size;
	*columns = (uint16_t)size;
	*rows = (uint16_t)(size >> 16);
	return 0;
}

int pv_screen_put(unsigned int column, unsigned int row, uint16_t cell)
{
	return (int)vmm_hypercall(VMM_SCREEN_PUT, column, row, cell);
}

int pv_screen_write(unsigned int column, unsigned int row, const uint16_t *cells,
		    unsigned int count)
{
	return (int)vmm_hypercall(VMM_SCREEN_WRITE, column, row, vmm_address(cells), count);
}
