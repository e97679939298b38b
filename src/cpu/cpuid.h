/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpuid.h - the CPU that guests see: the instruction set level x86-64-v3 less
 * what the host's processor lacks, and a hypervisor's leaf.
 */
#ifndef VMM_CPU_CPUID_H
#define VMM_CPU_CPUID_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

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

/*
 * All features that the model can have: names here and as --cpu takes them, and
 * where CPUID shows them.
 */
#define CPUID_FEATURES(X)							\
	X(SSE3, "sse3", CPUID_1_ECX, 0)						\
	X(PCLMULQDQ, "pclmulqdq", CPUID_1_ECX, 1)				\
	X(SSSE3, "ssse3", CPUID_1_ECX, 9)					\
	X(FMA, "fma", CPUID_1_ECX, 12)						\
	X(CX16, "cx16", CPUID_1_ECX, 13)					\
	X(SSE41, "sse4.1", CPUID_1_ECX, 19)					\
	X(SSE42, "sse4.2", CPUID_1_ECX, 20)					\
	X(MOVBE, "movbe", CPUID_1_ECX, 22)					\
	X(POPCNT, "popcnt", CPUID_1_ECX, 23)					\
	X(TSC_DEADLINE, "tsc-deadline", CPUID_1_ECX, 24)			\
	X(XSAVE, "xsave", CPUID_1_ECX, 26)					\
	X(AVX, "avx", CPUID_1_ECX, 28)						\
	X(F16C, "f16c", CPUID_1_ECX, 29)					\
	X(RDRAND, "rdrand", CPUID_1_ECX, 30)					\
	X(FPU, "fpu", CPUID_1_EDX, 0)						\
	X(DE, "de", CPUID_1_EDX, 2)						\
	X(PSE, "pse", CPUID_1_EDX, 3)						\
	X(TSC, "tsc", CPUID_1_EDX, 4)						\
	X(MSR, "msr", CPUID_1_EDX, 5)						\
	X(PAE, "pae", CPUID_1_EDX, 6)						\
	X(MCE, "mce", CPUID_1_EDX, 7)						\
	X(CX8, "cx8", CPUID_1_EDX, 8)						\
	X(APIC, "apic", CPUID_1_EDX, 9)						\
	X(SEP, "sep", CPUID_1_EDX, 11)						\
	X(PGE, "pge", CPUID_1_EDX, 13)						\
	X(MCA, "mca", CPUID_1_EDX, 14)						\
	X(CMOV, "cmov", CPUID_1_EDX, 15)					\
	X(PAT, "pat", CPUID_1_EDX, 16)						\
	X(PSE36, "pse36", CPUID_1_EDX, 17)					\
	X(CLFLUSH, "clflush", CPUID_1_EDX, 19)					\
	X(MMX, "mmx", CPUID_1_EDX, 23)						\
	X(FXSR, "fxsr", CPUID_1_EDX, 24)					\
	X(SSE, "sse", CPUID_1_EDX, 25)						\
	X(SSE2, "sse2", CPUID_1_EDX, 26)					\
	X(FSGSBASE, "fsgsbase", CPUID_7_EBX, 0)					\
	X(BMI1, "bmi1", CPUID_7_EBX, 3)						\
	X(AVX2, "avx2", CPUID_7_EBX, 5)						\
	X(SMEP, "smep", CPUID_7_EBX, 7)						\
	X(BMI2, "bmi2", CPUID_7_EBX, 8)						\
	X(ERMS, "erms", CPUID_7_EBX, 9)						\
	X(RDSEED, "rdseed", CPUID_7_EBX, 18)					\
	X(ADX, "adx", CPUID_7_EBX, 19)						\
	X(SMAP, "smap", CPUID_7_EBX, 20)					\
	X(LAHF, "lahf", CPUID_EXT_ECX, 0)	/* LAHF and SAHF in 64-bit mode */ \
	X(LZCNT, "lzcnt", CPUID_EXT_ECX, 5)					\
	X(SYSCALL, "syscall", CPUID_EXT_EDX, 11)				\
	X(NX, "nx", CPUID_EXT_EDX, 20)						\
	X(PAGE1GB, "page1gb", CPUID_EXT_EDX, 26)				\
	X(RDTSCP, "rdtscp", CPUID_EXT_EDX, 27)					\
	X(LM, "lm", CPUID_EXT_EDX, 29)

#define CPUID_FEATURE_ENUM(name, text, word, bit) FEATURE_##name,

enum cpu_feature {
	FEATURE_NONE,		/* what every processor has */
	CPUID_FEATURES(CPUID_FEATURE_ENUM)
	FEATURE_COUNT,		/* at most 64: sets of them are bits of a word */
};

#undef CPUID_FEATURE_ENUM

/* Where processors differ by who makes them: SYSENTER, SYSCALL and some more. */
enum cpuid_vendor { VENDOR_OF_HOST, VENDOR_INTEL, VENDOR_AMD };

/* Which CPU the guest sees (--cpu). All zero: the baseline. */
struct cpuid_config {
	bool host;			/* all that the engine can show of the host's */
	enum cpuid_vendor vendor;
	uint32_t removed[CPUID_WORDS];
};

/*
 * Reads "baseline" or "host", followed by ",-NAME" and ",+NAME" for features to
 * leave out and to leave in after all, by the manuals' names in small letters,
 * and by ",vendor=intel" or ",vendor=amd". What needs a feature that is left out
 * is left out too. Returns NULL, or what is wrong with the text.
 */
const char *cpuid_parse(const char *text, struct cpuid_config *config);

/* As ",-NAME" does, for an engine that cannot have it. */
void cpuid_leave_out(struct cpuid_config *config, enum cpu_feature feature);
bool cpuid_leaves_out(const struct cpuid_config *config, enum cpu_feature feature);

/* Takes out of a leaf's row what the configuration leaves out. */
void cpuid_mask(const struct cpuid_config *config, struct cpuid_leaf *leaf);

/*
 * Puts into a leaf's row what the machine's own local APIC has, whatever the host's
 * has: that it is there, no x2APIC mode, a timer that goes by the TSC if it is told
 * to, and that does not stop.
 */
void cpuid_set_apic(struct cpuid_leaf *leaf);

/*
 * Fills in the leaves in rising order and returns how many there are. Runs
 * CPUID on the host a few times, each some microseconds where the host is
 * itself a virtual machine.
 */
unsigned int cpuid_model(const struct cpuid_config *config,
			 struct cpuid_leaf leaves[CPUID_LEAVES]);

/* Puts into a leaf's row what depends on how CR4, XCR0 and the APIC's MSR are set. */
void cpuid_update(struct cpuid_leaf *leaf, uint64_t cr4, uint64_t xcr0, bool apic_enabled);

/*
 * Prints the table as a guest finds it at the start, a line for each row that is not all
 * zeros, and the names of the features.
 */
void cpuid_print(const struct cpuid_config *config, FILE *to);

/* How many bits a physical address of the baseline has. */
#define CPUID_PHYSICAL_BITS 40u

/* The features that the leaves show: a bit each, by enum cpu_feature; FEATURE_NONE too. */
uint64_t cpuid_features(const struct cpuid_leaf *leaves, unsigned int count);

#endif
