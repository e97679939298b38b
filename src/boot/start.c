/* SPDX-License-Identifier: GPL-3.0-or-later */
/* start.c - start states, see start.h (Intel SDM vol. 3, 3.4.5 and 4.5). */
#include "boot/start.h"

#include <errno.h>

#define PAGE_PRESENT	(1u << 0)
#define PAGE_WRITE	(1u << 1)
#define PAGE_ACCESSED	(1u << 5)
#define PAGE_DIRTY	(1u << 6)
#define PAGE_LARGE	(1u << 7)
#define LARGE_PAGE_SIZE	UINT64_C(0x200000)
#define ENTRIES		512u

#define MAPPED_GIB	4u	/* one page directory each */

/* Layout of the tables, from START_TABLES_GPA on. */
#define PML4_GPA	(START_TABLES_GPA)
#define PDPT_GPA	(START_TABLES_GPA + 0x1000u)
#define PD_GPA		(START_TABLES_GPA + 0x2000u)
#define GDT_GPA		(START_TABLES_GPA + 0x6000u)

/* Flat segments: base 0, limit 4 GiB, accessed. */
#define FLAT_CODE32	UINT64_C(0x00CF9B000000FFFF)
#define FLAT_DATA	UINT64_C(0x00CF93000000FFFF)
#define FLAT_CODE64	UINT64_C(0x00AF9B000000FFFF)

#define GDT_ENTRIES	4u

static const uint64_t gdt[GDT_ENTRIES] = {
	[START_CODE32 / 8] = FLAT_CODE32,
	[START_DATA / 8] = FLAT_DATA,
	[START_CODE64 / 8] = FLAT_CODE64,
};

static const struct vcpu_segment flat_data = {
	.selector = START_DATA, .limit = UINT32_MAX, .type = SEG_TYPE_DATA,
	.s = true, .present = true, .db = true, .g = true,
};

int start_reserve(struct mem *mem, struct mem_region *region)
{
	if (mem_valid(mem, region->gpa, region->size, MEM_RW))
		return 0;
	region->host = mem_backing(mem, region->size, false);
	if (!region->host)
		return -ENOMEM;
	return mem_add(mem, region, true);
}

static int add_tables(struct mem *mem)
{
	struct mem_region region = {
		.gpa = START_TABLES_GPA, .size = START_TABLES_SIZE,
		.flags = MEM_RW | MEM_RESERVED, .name = "start tables",
	};

	return start_reserve(mem, &region);
}

static int write_gdt(struct vcpu_state *state, struct mem *mem)
{
	int error = add_tables(mem);

	if (error)
		return error;
	state->gdtr = (struct vcpu_table){ .base = GDT_GPA, .limit = sizeof(gdt) - 1 };
	return mem_write(mem, GDT_GPA, gdt, sizeof(gdt));
}

static int write_page_tables(struct mem *mem)
{
	uint64_t pml4[ENTRIES] = { PDPT_GPA | PAGE_PRESENT | PAGE_WRITE | PAGE_ACCESSED };
	uint64_t pdpt[ENTRIES] = { 0 }, pd[ENTRIES];
	int error = mem_write(mem, PML4_GPA, pml4, sizeof(pml4));

	for (unsigned int i = 0; i < MAPPED_GIB && !error; i++) {
		uint64_t table = PD_GPA + i * sizeof(pd);

		pdpt[i] = table | PAGE_PRESENT | PAGE_WRITE | PAGE_ACCESSED;
		for (unsigned int j = 0; j < ENTRIES; j++)
			pd[j] = (i * ENTRIES + j) * LARGE_PAGE_SIZE | PAGE_PRESENT | PAGE_WRITE |
				PAGE_ACCESSED | PAGE_DIRTY | PAGE_LARGE;
		error = mem_write(mem, table, pd, sizeof(pd));
	}
	return error ? error : mem_write(mem, PDPT_GPA, pdpt, sizeof(pdpt));
}

static void set_flat(struct vcpu_state *state, uint16_t code)
{
	struct vcpu_segment *cs = &state->segment[SEG_CS];

	for (unsigned int i = 0; i < SEG_COUNT; i++)
		state->segment[i] = flat_data;
	cs->selector = code;
	cs->type = SEG_TYPE_CODE;
	cs->l = code == START_CODE64;
	cs->db = !cs->l;
}

void start_real(struct vcpu_state *state, uint32_t entry, uint32_t stack)
{
	struct vcpu_segment *cs = &state->segment[SEG_CS];

	vcpu_state_reset(state);
	cs->base = entry & 0xF0000;
	cs->selector = (uint16_t)(cs->base >> 4);
	state->rip = entry & 0xFFFF;
	state->gpr[GPR_RSP] = stack;
}

int start_protected(struct vcpu_state *state, struct mem *mem, uint32_t entry, uint32_t stack)
{
	vcpu_state_reset(state);
	set_flat(state, START_CODE32);
	state->cr0 = CR0_PE | CR0_ET | CR0_NE;
	state->rip = entry;
	state->gpr[GPR_RSP] = stack;
	return write_gdt(state, mem);
}

int start_long(struct vcpu_state *state, struct mem *mem, uint64_t entry, uint64_t stack)
{
	int error;

	vcpu_state_reset(state);
	set_flat(state, START_CODE64);
	state->cr0 = CR0_PG | CR0_PE | CR0_MP | CR0_ET | CR0_NE;
	state->cr3 = PML4_GPA;
	state->cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
	state->efer = EFER_LME | EFER_LMA;
	state->rip = entry;
	state->gpr[GPR_RSP] = stack;
	error = write_gdt(state, mem);
	return error ? error : write_page_tables(mem);
}

int start_linux_segments(struct vcpu_state *state, struct mem *mem)
{
	bool long_mode = state->segment[SEG_CS].l;
	const uint64_t linux_gdt[GDT_ENTRIES] = {
		[START_LINUX_CODE / 8] = long_mode ? FLAT_CODE64 : FLAT_CODE32,
		[START_LINUX_DATA / 8] = FLAT_DATA,
	};

	for (unsigned int i = 0; i < SEG_COUNT; i++)
		state->segment[i].selector = START_LINUX_DATA;
	state->segment[SEG_CS].selector = START_LINUX_CODE;
	return mem_write(mem, GDT_GPA, linux_gdt, sizeof(linux_gdt));
}
