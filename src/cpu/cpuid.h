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

/* Registers of leaves that hold features. */
enum cpuid_word {
	CPUID_1_ECX, CPUID_1_EDX, CPUID_7_EBX, CPUID_EXT_ECX, CPUID_EXT_EDX,
	CPUID_WORDS,
};

/* Which CPU the guest sees (--cpu). All zero: the baseline. */
struct cpuid_config {
	bool host;			/* all that the engine can show of the host's */
	uint32_t removed[CPUID_WORDS];
};

/*
 * Reads "baseline" or "host", followed by ",-NAME" and ",+NAME" for features to
 * leave out and to leave in after all, by the manuals' names in small letters.
 * Returns NULL, or what is wrong with the text.
 */
const char *cpuid_parse(const char *text, struct cpuid_config *config);

/* Takes out of a leaf's row what the configuration leaves out. */
void cpuid_mask(const struct cpuid_config *config, struct cpuid_leaf *leaf);

/*
 * Fills in the leaves in rising order and returns how many there are. Runs
 * CPUID on the host a few times, each some microseconds where the host is
 * itself a virtual machine.
 */
unsigned int cpuid_model(const struct cpuid_config *config,
			 struct cpuid_leaf leaves[CPUID_LEAVES]);

#endif
