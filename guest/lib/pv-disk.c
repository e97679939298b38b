/* SPDX-License-Identifier: 0BSD */
/*
 * pv-disk.c - the hypercalls of the paravirtual disk.
 */
#include <vmm/hypercall.h>
#include <vmm/pv.h>

int64_t pv_disk_sectors(void)
{
	return vmm_hypercall(VMM_DISK_INFO);
}

int pv_disk_read(uint64_t lba, uint32_t count, void *sectors)
{
	return (int)vmm_hypercall(VMM_DISK_READ, lba, count, vmm_address(sectors));
}

int pv_disk_write(uint64_t lba, uint32_t count, const void *sectors)
{
	return (int)vmm_hypercall(VMM_DISK_WRITE, lba, count, vmm_address(sectors));
}

int pv_disk_flush(void)
{
	return (int)vmm_hypercall(VMM_DISK_FLUSH);
}
