/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpuid.c - the CPU model, see cpuid.h. Bits as in the Intel SDM vol. 2 and the
 * AMD APM vol. 3, appendix E. Not asked of KVM (KVM_GET_SUPPORTED_CPUID): that
 * costs a third of a millisecond, and gives every host another guest.
 */
#include "cpu/cpuid.h"

#include <cpuid.h>
#include <string.h>

#define LEAF_FEATURES		0x1u
#define LEAF_STRUCTURED		0x7u
#define LEAF_XSAVE		0xDu
#define LEAF_HYPERVISOR		0x40000000u
#define LEAF_EXTENDED		0x80000000u
#define LEAF_EXTENDED_FEATURES	0x80000001u
#define LEAF_BRAND		0x80000002u
#define LEAF_BRAND_END		0x80000004u
#define LEAF_ADDRESS_SIZES	0x80000008u

/* Family 6, as every x86-64-v3 processor of Intel's; model and stepping are vmm's own. */
#define SIGNATURE		0x00000601u
#define CLFLUSH_LINE_SIZE	(8u << 8)	/* in units of 8 bytes */
#define ADDRESS_SIZES		0x3028u		/* 48 bits linear, 40 physical */

/* Leaf 1, ECX. */
#define F1C_SSE3		(1u << 0)
#define F1C_PCLMULQDQ		(1u << 1)
#define F1C_SSSE3		(1u << 9)
#define F1C_FMA			(1u << 12)
#define F1C_CMPXCHG16B		(1u << 13)
#define F1C_SSE41		(1u << 19)
#define F1C_SSE42		(1u << 20)
#define F1C_MOVBE		(1u << 22)
#define F1C_POPCNT		(1u << 23)
#define F1C_XSAVE		(1u << 26)
#define F1C_AVX			(1u << 28)
#define F1C_F16C		(1u << 29)
#define F1C_RDRAND		(1u << 30)
#define F1C_HYPERVISOR		(1u << 31)

/* Leaf 1, EDX; those that AMD repeats in leaf 0x80000001 are the same bits there. */
#define F1D_FPU			(1u << 0)
#define F1D_DE			(1u << 2)
#define F1D_PSE			(1u << 3)
#define F1D_TSC			(1u << 4)
#define F1D_MSR			(1u << 5)
#define F1D_PAE			(1u << 6)
#define F1D_CX8			(1u << 8)
#define F1D_SEP			(1u << 11)
#define F1D_PGE			(1u << 13)
#define F1D_CMOV		(1u << 15)
#define F1D_PAT			(1u << 16)
#define F1D_PSE36		(1u << 17)
#define F1D_CLFSH		(1u << 19)
#define F1D_MMX			(1u << 23)
#define F1D_FXSR		(1u << 24)
#define F1D_SSE			(1u << 25)
#define F1D_SSE2		(1u << 26)

/* Leaf 7, subleaf 0, EBX. */
#define F7B_FSGSBASE		(1u << 0)
#define F7B_BMI1		(1u << 3)
#define F7B_AVX2		(1u << 5)
#define F7B_SMEP		(1u << 7)
#define F7B_BMI2		(1u << 8)
#define F7B_ERMS		(1u << 9)
#define F7B_RDSEED		(1u << 18)
#define F7B_ADX			(1u << 19)
#define F7B_SMAP		(1u << 20)

/* Leaf 0x80000001. */
#define FXC_LAHF		(1u << 0)
#define FXC_LZCNT		(1u << 5)
#define FXD_SYSCALL		(1u << 11)
#define FXD_NX			(1u << 20)
#define FXD_PAGE1GB		(1u << 26)
#define FXD_RDTSCP		(1u << 27)
#define FXD_LM			(1u << 29)

/* XSAVE components x87, SSE and AVX: SDM vol. 1, 13.1 and 13.4. */
#define XSAVE_COMPONENTS	0x7u
#define XSAVE_AVX_COMPONENT	2u
#define XSAVE_LEGACY_SIZE	576u	/* with the header */
#define XSAVE_AVX_SIZE		256u

/* What the model has where the host has it too. */
static const struct cpuid_leaf features[] = {
	{ .leaf = LEAF_FEATURES,
	  .ecx = F1C_SSE3 | F1C_PCLMULQDQ | F1C_SSSE3 | F1C_FMA | F1C_CMPXCHG16B | F1C_SSE41 |
		 F1C_SSE42 | F1C_MOVBE | F1C_POPCNT | F1C_XSAVE | F1C_AVX | F1C_F16C | F1C_RDRAND,
	  .edx = F1D_FPU | F1D_DE | F1D_PSE | F1D_TSC | F1D_MSR | F1D_PAE | F1D_CX8 | F1D_SEP |
		 F1D_PGE | F1D_CMOV | F1D_PAT | F1D_PSE36 | F1D_CLFSH | F1D_MMX | F1D_FXSR |
		 F1D_SSE | F1D_SSE2 },
	{ .leaf = LEAF_STRUCTURED, .by_subleaf = true,
	  .ebx = F7B_FSGSBASE | F7B_BMI1 | F7B_AVX2 | F7B_SMEP | F7B_BMI2 | F7B_ERMS |
		 F7B_RDSEED | F7B_ADX | F7B_SMAP },
	{ .leaf = LEAF_EXTENDED_FEATURES,
	  .ecx = FXC_LAHF | FXC_LZCNT,
	  .edx = FXD_SYSCALL | FXD_NX | FXD_PAGE1GB | FXD_RDTSCP | FXD_LM },
};

/* Features by the names that --cpu takes. */
static const struct {
	const char *name;
	enum cpuid_word word;
	uint32_t bit;
} feature_names[] = {
	{ "sse3", CPUID_1_ECX, F1C_SSE3 },
	{ "pclmulqdq", CPUID_1_ECX, F1C_PCLMULQDQ },
	{ "ssse3", CPUID_1_ECX, F1C_SSSE3 },
	{ "fma", CPUID_1_ECX, F1C_FMA },
	{ "cx16", CPUID_1_ECX, F1C_CMPXCHG16B },
	{ "sse4.1", CPUID_1_ECX, F1C_SSE41 },
	{ "sse4.2", CPUID_1_ECX, F1C_SSE42 },
	{ "movbe", CPUID_1_ECX, F1C_MOVBE },
	{ "popcnt", CPUID_1_ECX, F1C_POPCNT },
	{ "xsave", CPUID_1_ECX, F1C_XSAVE },
	{ "avx", CPUID_1_ECX, F1C_AVX },
	{ "f16c", CPUID_1_ECX, F1C_F16C },
	{ "rdrand", CPUID_1_ECX, F1C_RDRAND },
	{ "fpu", CPUID_1_EDX, F1D_FPU },
	{ "de", CPUID_1_EDX, F1D_DE },
	{ "pse", CPUID_1_EDX, F1D_PSE },
	{ "tsc", CPUID_1_EDX, F1D_TSC },
	{ "msr", CPUID_1_EDX, F1D_MSR },
	{ "pae", CPUID_1_EDX, F1D_PAE },
	{ "cx8", CPUID_1_EDX, F1D_CX8 },
	{ "sep", CPUID_1_EDX, F1D_SEP },
	{ "pge", CPUID_1_EDX, F1D_PGE },
	{ "cmov", CPUID_1_EDX, F1D_CMOV },
	{ "pat", CPUID_1_EDX, F1D_PAT },
	{ "pse36", CPUID_1_EDX, F1D_PSE36 },
	{ "clflush", CPUID_1_EDX, F1D_CLFSH },
	{ "mmx", CPUID_1_EDX, F1D_MMX },
	{ "fxsr", CPUID_1_EDX, F1D_FXSR },
	{ "sse", CPUID_1_EDX, F1D_SSE },
	{ "sse2", CPUID_1_EDX, F1D_SSE2 },
	{ "fsgsbase", CPUID_7_EBX, F7B_FSGSBASE },
	{ "bmi1", CPUID_7_EBX, F7B_BMI1 },
	{ "avx2", CPUID_7_EBX, F7B_AVX2 },
	{ "smep", CPUID_7_EBX, F7B_SMEP },
	{ "bmi2", CPUID_7_EBX, F7B_BMI2 },
	{ "erms", CPUID_7_EBX, F7B_ERMS },
	{ "rdseed", CPUID_7_EBX, F7B_RDSEED },
	{ "adx", CPUID_7_EBX, F7B_ADX },
	{ "smap", CPUID_7_EBX, F7B_SMAP },
	{ "lahf", CPUID_EXT_ECX, FXC_LAHF },
	{ "lzcnt", CPUID_EXT_ECX, FXC_LZCNT },
	{ "syscall", CPUID_EXT_EDX, FXD_SYSCALL },
	{ "nx", CPUID_EXT_EDX, FXD_NX },
	{ "page1gb", CPUID_EXT_EDX, FXD_PAGE1GB },
	{ "rdtscp", CPUID_EXT_EDX, FXD_RDTSCP },
	{ "lm", CPUID_EXT_EDX, FXD_LM },
};

static bool find_feature(const char *name, size_t length, enum cpuid_word *word, uint32_t *bit)
{
	for (size_t i = 0; i < sizeof(feature_names) / sizeof(feature_names[0]); i++) {
		if (strlen(feature_names[i].name) != length ||
		    memcmp(feature_names[i].name, name, length))
			continue;
		*word = feature_names[i].word;
		*bit = feature_names[i].bit;
		return true;
	}
	return false;
}

const char *cpuid_parse(const char *text, struct cpuid_config *config)
{
	size_t length = strcspn(text, ",");
	enum cpuid_word word;
	uint32_t bit;

	*config = (struct cpuid_config){ .host = length == 4 && !memcmp(text, "host", 4) };
	if (!config->host && (length != 8 || memcmp(text, "baseline", 8)))
		return "must begin with baseline or host";
	for (text += length; *text; text += 2 + length) {
		char sign = text[1];

		if (sign != '+' && sign != '-')
			return "features follow as ,-NAME or ,+NAME";
		length = strcspn(text + 2, ",");
		if (!find_feature(text + 2, length, &word, &bit))
			return "no feature of the model has that name (see vmm(1), --cpu)";
		if (sign == '-')
			config->removed[word] |= bit;
		else
			config->removed[word] &= ~bit;
	}
	return NULL;
}

void cpuid_mask(const struct cpuid_config *config, struct cpuid_leaf *leaf)
{
	switch (leaf->leaf) {
	case LEAF_FEATURES:
		leaf->ecx &= ~config->removed[CPUID_1_ECX];
		leaf->edx &= ~config->removed[CPUID_1_EDX];
		break;
	case LEAF_STRUCTURED:
		if (leaf->subleaf == 0)
			leaf->ebx &= ~config->removed[CPUID_7_EBX];
		break;
	case LEAF_EXTENDED_FEATURES:
		leaf->ecx &= ~config->removed[CPUID_EXT_ECX];
		leaf->edx &= ~config->removed[CPUID_EXT_EDX];
		break;
	}
}

/*
 * The host's row. Leaves that the host lacks give no features: those that
 * are asked for are there on every x86-64 processor, but for leaf 7.
 */
static struct cpuid_leaf host_leaf(uint32_t leaf, uint32_t last)
{
	struct cpuid_leaf host = { .leaf = leaf };

	if (leaf <= last || leaf >= LEAF_EXTENDED)
		__cpuid_count(leaf, 0, host.eax, host.ebx, host.ecx, host.edx);
	return host;
}

/* The features that both the host and the model have. */
static struct cpuid_leaf common(const struct cpuid_leaf *model, uint32_t last)
{
	struct cpuid_leaf host = host_leaf(model->leaf, last), leaf = *model;

	leaf.ebx &= host.ebx;
	leaf.ecx &= host.ecx;
	leaf.edx &= host.edx;
	return leaf;
}

/* Twelve characters in EBX, ECX, EDX, for hypervisors; others have EBX, EDX, ECX. */
static struct cpuid_leaf hypervisor(void)
{
	static const char signature[12] = "vmm vmm vmm ";
	struct cpuid_leaf leaf = { .leaf = LEAF_HYPERVISOR, .eax = LEAF_HYPERVISOR };

	memcpy(&leaf.ebx, signature, 4);
	memcpy(&leaf.ecx, signature + 4, 4);
	memcpy(&leaf.edx, signature + 8, 4);
	return leaf;
}

/*
 * The host's vendor, from its leaf 0: SYSENTER and SYSCALL differ between them,
 * and KVM runs them on the host's processor.
 */
static struct cpuid_leaf vendor(const struct cpuid_leaf *host, uint32_t leaf, uint32_t last)
{
	struct cpuid_leaf result = *host;

	result.leaf = leaf;
	result.eax = last;
	return result;
}

static struct cpuid_leaf brand(uint32_t part)
{
	static const char name[48] = "vmm virtual x86-64-v3 processor";
	const char *text = name + 16 * part;
	struct cpuid_leaf leaf = { .leaf = LEAF_BRAND + part };

	memcpy(&leaf.eax, text, 4);
	memcpy(&leaf.ebx, text + 4, 4);
	memcpy(&leaf.ecx, text + 8, 4);
	memcpy(&leaf.edx, text + 12, 4);
	return leaf;
}

unsigned int cpuid_model(const struct cpuid_config *config,
			 struct cpuid_leaf leaves[CPUID_LEAVES])
{
	struct cpuid_leaf host = host_leaf(0, 0);
	struct cpuid_leaf basic = common(&features[0], host.eax);
	unsigned int count = 0;

	basic.eax = SIGNATURE;
	basic.ebx = CLFLUSH_LINE_SIZE;
	basic.ecx |= F1C_HYPERVISOR;
	leaves[count++] = vendor(&host, 0, LEAF_XSAVE);
	leaves[count++] = basic;
	leaves[count++] = common(&features[1], host.eax);
	leaves[count++] = (struct cpuid_leaf){
		.leaf = LEAF_XSAVE, .by_subleaf = true, .eax = XSAVE_COMPONENTS,
		.ebx = XSAVE_LEGACY_SIZE + XSAVE_AVX_SIZE,
		.ecx = XSAVE_LEGACY_SIZE + XSAVE_AVX_SIZE,
	};
	leaves[count++] = (struct cpuid_leaf){
		.leaf = LEAF_XSAVE, .subleaf = XSAVE_AVX_COMPONENT, .by_subleaf = true,
		.eax = XSAVE_AVX_SIZE, .ebx = XSAVE_LEGACY_SIZE,
	};
	leaves[count++] = hypervisor();
	leaves[count++] = vendor(&host, LEAF_EXTENDED, LEAF_ADDRESS_SIZES);
	leaves[count++] = common(&features[2], host.eax);
	for (uint32_t part = 0; part <= LEAF_BRAND_END - LEAF_BRAND; part++)
		leaves[count++] = brand(part);
	leaves[count++] = (struct cpuid_leaf){ .leaf = LEAF_ADDRESS_SIZES, .eax = ADDRESS_SIZES };
	for (unsigned int i = 0; i < count; i++)
		cpuid_mask(config, &leaves[i]);
	return count;
}
