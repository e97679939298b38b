/* SPDX-License-Identifier: 0BSD */
/*
 * cpu-paging32.c - 32-bit paging, with pages of 4 KiB only and with pages of
 * 4 MiB too: rights, marks, error codes, reserved bits (Intel SDM vol. 3, 4.3,
 * 4.6, 4.7).
 */
#include "cpu/paging.h"

#define PAGE_DIRECTORY	0	/* levels */
#define PAGE_TABLE	1

static struct paging paging = {
	.levels = 2, .entry_bytes = 4, .index_bits = 10,
	.test_address = 0x40800000, .user_address = 0x80000000,
	.first_rights = PAGE_DIRECTORY, .first_large = PAGE_TABLE,
};

/* Without CR4.PSE a directory's entry is a table, whatever its bit 7 says. */
static void check_without_pse(struct checks *checks)
{
	uint64_t table = paging_entry(&paging, paging.test_address, PAGE_DIRECTORY);

	paging_set(&paging, paging.test_address, PAGE_DIRECTORY, table | PTE_PS);
	invlpg((uintptr_t)paging.test_address);
	paging_probe(&paging, PROBE_FETCH, false, paging.test_address, FLAG_FIXED);
	expect_trap(checks, USER_DONE, 0, ANYWHERE, "PS without CR4.PSE");
	paging_set(&paging, paging.test_address, PAGE_DIRECTORY, table);
	invlpg((uintptr_t)paging.test_address);
}

static void check_large_pages(struct checks *checks)
{
	uint64_t table = paging_entry(&paging, paging.test_address, PAGE_DIRECTORY);

	write_cr4(read_cr4() | CR4_PSE);
	paging.first_large = PAGE_DIRECTORY;
	paging_check(&paging, checks);
	paging_set(&paging, paging.test_address, PAGE_DIRECTORY, 0x800000 | PTE_PS | PTE_ALL);
	paging_check_reserved(&paging, checks, PAGE_DIRECTORY, 21);
	paging_set(&paging, paging.test_address, PAGE_DIRECTORY, table);
	invlpg((uintptr_t)paging.test_address);
}

int main(void)
{
	struct checks checks = { 0 };

	trap_init();
	paging_start(&paging, 0);
	paging_check(&paging, &checks);
	check_without_pse(&checks);
	if (cpuid(1, 0).edx & CPUID_1_EDX_PSE)
		check_large_pages(&checks);
	else
		test_skip("pages of 4 MiB", "CPUID");
	return test_result(&checks, "cpu-paging32");
}
