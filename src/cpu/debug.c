/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * debug.c - single steps and the breakpoints of DR0 to DR3 (SDM vol. 3,
 * chapter 17). While DR7 enables any, blocks are one instruction each; for data
 * breakpoints no translation comes from the TLB.
 */
#include "cpu/internal.h"

#define BREAKPOINTS 4u

/* DR7's fields for breakpoint i. */
#define DR7_ENABLED(dr7, i)	((dr7) >> (2 * (i)) & 3)
#define DR7_CONDITION(dr7, i)	((dr7) >> (16 + 4 * (i)) & 3)
#define DR7_LENGTH(dr7, i)	((dr7) >> (18 + 4 * (i)) & 3)

enum condition { ON_FETCH, ON_WRITE, ON_IO, ON_READ_OR_WRITE };

static const uint8_t lengths[] = { 1, 2, 8, 4 };

void debug_changed(struct cpu *cpu)
{
	static const uint8_t kinds[] = {
		[ON_FETCH] = BREAK_FETCH, [ON_WRITE] = BREAK_DATA,
		[ON_IO] = BREAK_IO, [ON_READ_OR_WRITE] = BREAK_DATA,
	};
	uint64_t dr7 = cpu->dr[7];

	cpu->breakpoints = 0;
	for (unsigned int i = 0; i < BREAKPOINTS; i++)
		if (DR7_ENABLED(dr7, i))
			cpu->breakpoints |= kinds[DR7_CONDITION(dr7, i)];
	/* Without debugging extensions the condition is undefined: none. */
	if (!(cpu->cr4 & CR4_DE))
		cpu->breakpoints &= (uint8_t)~BREAK_IO;
	mmu_select_tlb(cpu);
}

/* Which breakpoints of the conditions (a bit each) an access touches: bits of DR6. */
static uint64_t matches(const struct cpu *cpu, uint64_t address, unsigned int size,
			unsigned int conditions)
{
	uint64_t dr7 = cpu->dr[7], found = 0;

	for (unsigned int i = 0; i < BREAKPOINTS; i++) {
		uint64_t length = lengths[DR7_LENGTH(dr7, i)];
		uint64_t start = cpu->dr[i] & ~(length - 1);

		if (DR7_ENABLED(dr7, i) && conditions >> DR7_CONDITION(dr7, i) & 1 &&
		    address < start + length && start < address + size)
			found |= UINT64_C(1) << i;
	}
	return found;
}

void debug_access(struct cpu *cpu, uint64_t address, unsigned int size, bool write, bool io)
{
	unsigned int conditions = io ? 1u << ON_IO :
				  write ? 1u << ON_WRITE | 1u << ON_READ_OR_WRITE :
				  1u << ON_READ_OR_WRITE;

	cpu->debug_pending |= matches(cpu, address, size, conditions);
}

/* What #DB leaves in DR6: breakpoints are replaced, the rest adds up. */
static void set_status(struct cpu *cpu, uint64_t found)
{
	if (found & DR6_BREAKPOINTS)
		cpu->dr[6] &= ~(uint64_t)DR6_BREAKPOINTS;
	cpu->dr[6] |= found;
	cpu->dr[7] &= ~(uint64_t)DR7_GD;
}

void debug_fault(struct cpu *cpu, uint64_t found)
{
	set_status(cpu, found);
	raise_exception(cpu, VECTOR_DB);
}

void debug_begin(struct cpu *cpu)
{
	uint64_t la = cpu->segment[SEG_CS].base + cpu->rip, found = 0;

	if (cpu->breakpoints & BREAK_FETCH && !cpu->debug_shadow && !(cpu->rflags & RFLAGS_RF))
		found = matches(cpu, cpu->code_bits == 64 ? cpu->rip : (uint32_t)la, 1,
				1u << ON_FETCH);
	cpu->debug_shadow = false;
	if (found)
		debug_fault(cpu, found);
	/* For one instruction only; one that fails sets it in the flags it pushes. */
	cpu->rflags &= ~(uint64_t)RFLAGS_RF;
	if (cpu->rflags & RFLAGS_TF)
		cpu->debug_pending |= DR6_BS;
}

void debug_trap(struct cpu *cpu)
{
	set_status(cpu, cpu->debug_pending);
	cpu->debug_pending = 0;
	deliver(cpu, &(struct exception){ .vector = VECTOR_DB }, false, false);
}
