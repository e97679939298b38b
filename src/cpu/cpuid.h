/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpuid.h - the CPU that guests see: the instruction set level x86-64-v3 less
 * what the host's processor lacks, and a hypervisor's leaf.
 */
#ifndef VMM_CPU_CPUID_H
#define VMM_CPU_CPUID_H

#include <stdbool.h>
#include <stdint.h>

#define CPUID_LEAVES 16u

enum cpuid_register { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX };

/* One row of the CPUID instruction's results (Intel SDM vol. 2, CPUID). */
struct cpuid_leaf {
	uint32_t leaf;
	uint32_t subleaf;
	bool by_subleaf;	/* ECX matters */
	uint32_t eax, ebx, ecx, edx;
};

/*
 * Fills in the leaves in rising order and returns how many there are. Runs
 * CPUID on the host a few times, each some microseconds where the host is
 * itself a virtual machine.
 */
unsigned int cpuid_model(struct cpuid_leaf leaves[CPUID_LEAVES]);

#endif
