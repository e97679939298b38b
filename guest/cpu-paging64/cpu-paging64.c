/* SPDX-License-Identifier: 0BSD */
/*
 * cpu-paging64.c - 4-level paging with pages of 4 KiB, 2 MiB and 1 GiB: rights,
 * marks, error codes, reserved bits (Intel SDM vol. 3, 4.5 to 4.7).
 */
#include "cpu/paging.h"

#define PAGE_DIRECTORY	2	/* levels */
#define PAGE_TABLE	3

static struct paging paging = {
	.levels = 4, .entry_bytes = 8, .index_bits = 9,
	.test_address = 0x400040800000, .user_address = 0x8000000000,
	.first_rights = 0, .first_large = PAGE_DIRECTORY,
};

/* Bits of physical addresses that the processor does not have. */
static void check_address_bits(struct checks *checks)
{
	unsigned int width = cpuid(0x80000000, 0).eax >= 0x80000008 ?
			     cpuid(0x80000008, 0).eax & 0xFF : 36;

	if (width >= 52) {
		test_skip("reserved address bits", "all 52 are there");
		return;
	}
	for (unsigned int level = 0; level <= PAGE_TABLE; level++) {
		paging_check_reserved(&paging, checks, level, 51);
		paging_check_reserved(&paging, checks, level, width);
	}
}

static void check_large_pages(struct checks *checks)
{
	uint64_t table = paging_entry(&paging, paging.test_address, PAGE_DIRECTORY);

	paging_set(&paging, paging.test_address, PAGE_DIRECTORY, 0x800000 | PTE_PS | PTE_ALL);
	paging_check_reserved(&paging, checks, PAGE_DIRECTORY, 13);
	paging_check_reserved(&paging, checks, PAGE_DIRECTORY, 20);
	paging_set(&paging, paging.test_address, PAGE_DIRECTORY, table);
	paging_check_reserved(&paging, checks, 0, 7);
	if (paging.first_large == PAGE_DIRECTORY) {
		test_skip("pages of 1 GiB", "CPUID");
		return;
	}
	table = paging_entry(&paging, paging.test_address, 1);
	paging_set(&paging, paging.test_address, 1, PTE_PS | PTE_ALL);
	paging_check_reserved(&paging, checks, 1, 13);
	paging_check_reserved(&paging, checks, 1, 29);
	paging_set(&paging, paging.test_address, 1, table);
	invlpg((uintptr_t)paging.test_address);
}

/* The upper half of linear addresses, and the hole between. */
static void check_canonical(struct checks *checks)
{
	const uint64_t top = 0xFFFFFFFFFFFFF000, hole = 0x0000800000000000;
	uint64_t frame = frame_allocate();

	paging_map(&paging, top, frame, PTE_P | PTE_RW);
	TRY("movq %1, 0xFF8(%0)", : "b"(top), "a"(0x1234ul) : "memory");
	expect_done(checks, "the last eight bytes");
	expect_equal(checks, *(volatile uint64_t *)(frame + 0xFF8), 0x1234, "the last eight bytes");
	paging_map(&paging, hole - PAGE_SIZE, frame, PTE_P | PTE_RW);
	TRY("movq -8(%0), %%rax", : "b"(hole) : "rax");
	expect_done(checks, "the eight bytes before the hole");
	TRY("movq -7(%0), %%rax", : "b"(hole) : "rax");
	expect_trap(checks, VECTOR_GP, 0, 0, "a read that reaches into the hole");
	TRY("movb %%al, (%0)", : "b"(hole) : "memory");
	expect_trap(checks, VECTOR_GP, 0, 0, "a write to the hole");
	TRY("movb (%0), %%al", : "b"(0xFFFF7FFFFFFFFFFF) : "rax");
	expect_trap(checks, VECTOR_GP, 0, 0, "the end of the hole");
	TRY("movb (%0), %%al", : "b"(0xFFFF800000000000) : "rax");
	expect_page_fault(checks, 0, 0xFFFF800000000000, 0, "behind the hole");
	invlpg(hole);
	TRY("jmp *%0", : "b"(hole) : "memory");
	expect_trap(checks, VECTOR_GP, 0, ANYWHERE, "a jump into the hole");
}

int main(void)
{
	struct checks checks = { 0 };

	trap_init();
	paging.nx = cpuid_81_edx() & CPUID_81_EDX_NX;
	if (cpuid_81_edx() & CPUID_81_EDX_PAGE1GB)
		paging.first_large = 1;
	paging_start(&paging, 0);
	paging_check(&paging, &checks);
	check_address_bits(&checks);
	check_large_pages(&checks);
	check_canonical(&checks);
	return test_result(&checks, "cpu-paging64");
}
