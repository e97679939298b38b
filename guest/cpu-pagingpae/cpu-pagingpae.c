/* SPDX-License-Identifier: 0BSD */
/*
 * cpu-pagingpae.c - PAE paging with pages of 4 KiB and 2 MiB: rights, NX, marks,
 * error codes, reserved bits (Intel SDM vol. 3, 4.4, 4.6, 4.7).
 */
#include "cpu/paging.h"

#define DIRECTORY_POINTERS	0	/* levels */
#define PAGE_DIRECTORY		1
#define PAGE_TABLE		2

static struct paging paging = {
	.levels = 3, .entry_bytes = 8, .index_bits = 9,
	.test_address = 0x40800000, .user_address = 0x80000000,
	.first_rights = PAGE_DIRECTORY, .first_large = PAGE_DIRECTORY,
};

static void check_reserved(struct checks *checks)
{
	uint64_t table = paging_entry(&paging, paging.test_address, PAGE_DIRECTORY);

	paging_check_reserved(&paging, checks, PAGE_TABLE, 52);
	paging_check_reserved(&paging, checks, PAGE_TABLE, 62);
	paging_check_reserved(&paging, checks, PAGE_DIRECTORY, 62);
	paging_set(&paging, paging.test_address, PAGE_DIRECTORY, 0x800000 | PTE_PS | PTE_ALL);
	paging_check_reserved(&paging, checks, PAGE_DIRECTORY, 13);
	paging_check_reserved(&paging, checks, PAGE_DIRECTORY, 20);
	paging_set(&paging, paging.test_address, PAGE_DIRECTORY, table);
	invlpg((uintptr_t)paging.test_address);
}

/* The four pointers are read, and refused, when CR3 is written. */
static void check_pointers(struct checks *checks)
{
	uint64_t pointer = paging_entry(&paging, paging.test_address, DIRECTORY_POINTERS);
	static const uint8_t reserved[] = { 1, 2, 5, 8 };

	test_lenient("pdpte");
	for (unsigned int i = 0; i < sizeof(reserved); i++) {
		paging_set(&paging, paging.test_address, DIRECTORY_POINTERS,
			   pointer | 1u << reserved[i]);
		TRY("mov %0, %%cr3", : "r"((uintptr_t)paging.root) : "memory");
		expect_trap(checks, VECTOR_GP, 0, 0, "a pointer with a reserved bit");
	}
	test_lenient(NULL);
	paging_set(&paging, paging.test_address, DIRECTORY_POINTERS, 0);
	write_cr3((uintptr_t)paging.root);
	paging_probe(&paging, PROBE_READ, false, paging.test_address, FLAG_FIXED);
	expect_page_fault(checks, 0, (uintptr_t)paging.test_address, ANYWHERE, "no pointer");
	paging_set(&paging, paging.test_address, DIRECTORY_POINTERS, pointer);
	write_cr3((uintptr_t)paging.root);
	paging_probe(&paging, PROBE_READ, false, paging.test_address, FLAG_FIXED);
	expect_done(checks, "the pointer again");
}

int main(void)
{
	struct checks checks = { 0 };

	trap_init();
	if (!(cpuid(1, 0).edx & CPUID_1_EDX_PAE)) {
		test_skip("PAE", "CPUID");
		return test_result(&checks, "cpu-pagingpae");
	}
	paging.nx = cpuid_81_edx() & CPUID_81_EDX_NX;
	paging_start(&paging, CR4_PAE);
	paging_check(&paging, &checks);
	check_reserved(&checks);
	check_pointers(&checks);
	return test_result(&checks, "cpu-pagingpae");
}
