/* SPDX-License-Identifier: 0BSD */
/*
 * cpuid.c - prints what the processor says of itself: each row of CPUID that is not all
 * zeros, as vmm --show-cpuid does, and whether there is a long mode to go to.
 */
#include <stdbool.h>
#include <stdint.h>

#include <vmm/console.h>
#include <vmm/string.h>

#define LEAF_HYPERVISOR	0x40000000u
#define LEAF_EXTENDED	0x80000000u
#define LEAF_XSAVE	0x0000000Du
#define XSAVE_SUBLEAVES	3u
#define LEAF_CLASS	0xF0000000u
#define LEAVES_MAX	0x100u		/* more than any class has */
#define LONG_MODE	(1u << 29)	/* leaf 0x80000001, EDX */

struct row {
	uint32_t eax, ebx, ecx, edx;
};

static struct row cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct row row;

	__asm__ volatile ("cpuid" : "=a"(row.eax), "=b"(row.ebx), "=c"(row.ecx), "=d"(row.edx)
			  : "0"(leaf), "2"(subleaf));
	return row;
}

static void print_row(uint32_t leaf, uint32_t subleaf)
{
	struct row row = cpuid(leaf, subleaf);

	if (row.eax | row.ebx | row.ecx | row.edx)
		console_printf("0x%08x 0x%08x 0x%08x 0x%08x 0x%08x 0x%08x\n", (unsigned int)leaf,
			       (unsigned int)subleaf, (unsigned int)row.eax, (unsigned int)row.ebx,
			       (unsigned int)row.ecx, (unsigned int)row.edx);
}

/* Each class of leaves begins with one that says how far it goes. */
static bool has_leaf(uint32_t leaf)
{
	uint32_t first = leaf & LEAF_CLASS, last = cpuid(first, 0).eax;

	return leaf <= last && last - first < LEAVES_MAX;
}

static void print_class(uint32_t first)
{
	for (uint32_t leaf = first; has_leaf(leaf); leaf++) {
		uint32_t subleaves = leaf == LEAF_XSAVE ? XSAVE_SUBLEAVES : 1;

		for (uint32_t subleaf = 0; subleaf < subleaves; subleaf++)
			print_row(leaf, subleaf);
	}
}

static void print_vendor(void)
{
	struct row row = cpuid(0, 0);
	char vendor[13] = { 0 };

	memcpy(vendor, &row.ebx, 4);
	memcpy(vendor + 4, &row.edx, 4);
	memcpy(vendor + 8, &row.ecx, 4);
	console_printf("vendor: %s\n", vendor);
}

int main(void)
{
	bool long_mode = has_leaf(LEAF_EXTENDED + 1) && cpuid(LEAF_EXTENDED + 1, 0).edx & LONG_MODE;

	console_printf("leaf       subleaf    eax        ebx        ecx        edx\n");
	print_class(0);
	print_class(LEAF_HYPERVISOR);
	print_class(LEAF_EXTENDED);
	print_vendor();
	console_printf("long mode: %s\n", long_mode ? "yes" : "no");
	return 0;
}
