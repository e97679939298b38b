/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpuid.c - the CPU model, see cpuid.h. Bits as in the Intel SDM vol. 2 and the
 * AMD APM vol. 3, appendix E. Not asked of KVM (KVM_GET_SUPPORTED_CPUID): that
 * costs a third of a millisecond, and gives every host another guest.
 */
#include "cpu/cpuid.h"

#include <cpuid.h>
#include <string.h>

#include "core/vcpu.h"

#define LEAF_FEATURES		0x1u
#define LEAF_POWER		0x6u
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
#define ADDRESS_SIZES		(48u << 8 | CPUID_PHYSICAL_BITS)	/* linear, physical */

/* Leaf 1: EBX's initial APIC ID, ECX's hypervisor, OSXSAVE and x2APIC, EDX's APIC; leaf 6: ARAT. */
#define OSXSAVE_BIT		(1u << 27)
#define APIC_BIT		(1u << 9)
#define APIC_ID_BITS		0xFF000000u
#define HYPERVISOR_BIT		(1u << 31)
#define X2APIC_BIT		(1u << 21)
#define ARAT_BIT		(1u << 2)

/* XSAVE components x87, SSE and AVX: SDM vol. 1, 13.1 and 13.4. */
#define XSAVE_COMPONENTS	0x7u
#define XSAVE_AVX_COMPONENT	2u
#define XSAVE_LEGACY_SIZE	576u	/* with the header */
#define XSAVE_AVX_SIZE		256u

/* The leaves with features, and which register is which word. */
static const struct {
	uint32_t leaf;
	enum cpuid_register reg;
} words[CPUID_WORDS] = {
	[CPUID_1_ECX] = { LEAF_FEATURES, CPUID_ECX },
	[CPUID_1_EDX] = { LEAF_FEATURES, CPUID_EDX },
	[CPUID_7_EBX] = { LEAF_STRUCTURED, CPUID_EBX },
	[CPUID_EXT_ECX] = { LEAF_EXTENDED_FEATURES, CPUID_ECX },
	[CPUID_EXT_EDX] = { LEAF_EXTENDED_FEATURES, CPUID_EDX },
};

#define FEATURE_ROW(name, text, word, bit) [FEATURE_##name] = { text, word, 1u << (bit) },

static const struct {
	const char *name;
	enum cpuid_word word;
	uint32_t bit;
} features[FEATURE_COUNT] = { CPUID_FEATURES(FEATURE_ROW) };

/* What is of no use without something else; those come first. */
static const struct {
	uint8_t feature, needs;
} needs[] = {
	{ FEATURE_MMX, FEATURE_FPU }, { FEATURE_FXSR, FEATURE_FPU },
	{ FEATURE_SSE, FEATURE_FXSR }, { FEATURE_SSE2, FEATURE_SSE },
	{ FEATURE_SSE3, FEATURE_SSE2 }, { FEATURE_SSSE3, FEATURE_SSE3 },
	{ FEATURE_SSE41, FEATURE_SSSE3 }, { FEATURE_SSE42, FEATURE_SSE41 },
	{ FEATURE_PCLMULQDQ, FEATURE_SSE2 }, { FEATURE_XSAVE, FEATURE_FXSR },
	{ FEATURE_AVX, FEATURE_XSAVE }, { FEATURE_AVX2, FEATURE_AVX },
	{ FEATURE_FMA, FEATURE_AVX }, { FEATURE_F16C, FEATURE_AVX },
	{ FEATURE_PSE36, FEATURE_PSE }, { FEATURE_NX, FEATURE_PAE },
	{ FEATURE_LM, FEATURE_PAE }, { FEATURE_LM, FEATURE_MSR },
	{ FEATURE_PAGE1GB, FEATURE_LM }, { FEATURE_CX16, FEATURE_LM },
	{ FEATURE_LAHF, FEATURE_LM }, { FEATURE_FSGSBASE, FEATURE_LM },
	{ FEATURE_RDTSCP, FEATURE_TSC }, { FEATURE_MCA, FEATURE_MCE },
	{ FEATURE_MCA, FEATURE_MSR },
};

void cpuid_leave_out(struct cpuid_config *config, enum cpu_feature feature)
{
	config->removed[features[feature].word] |= features[feature].bit;
}

bool cpuid_leaves_out(const struct cpuid_config *config, enum cpu_feature feature)
{
	return config->removed[features[feature].word] & features[feature].bit;
}

static enum cpu_feature find_feature(const char *name, size_t length)
{
	for (unsigned int i = FEATURE_NONE + 1; i < FEATURE_COUNT; i++)
		if (strlen(features[i].name) == length && !memcmp(features[i].name, name, length))
			return i;
	return FEATURE_NONE;
}

static uint32_t *leaf_register(struct cpuid_leaf *leaf, enum cpuid_register reg)
{
	uint32_t *const registers[] = {
		[CPUID_EAX] = &leaf->eax, [CPUID_EBX] = &leaf->ebx,
		[CPUID_ECX] = &leaf->ecx, [CPUID_EDX] = &leaf->edx,
	};

	return registers[reg];
}

/* --- --cpu --- */

/* One item behind the model's name. Returns what is wrong with it, or NULL. */
static const char *parse_item(const char *item, size_t length, struct cpuid_config *config)
{
	static const struct {
		const char *text;
		enum cpuid_vendor vendor;
	} vendors[] = { { "vendor=intel", VENDOR_INTEL }, { "vendor=amd", VENDOR_AMD } };
	enum cpu_feature feature;

	for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++) {
		if (strlen(vendors[i].text) != length || memcmp(vendors[i].text, item, length))
			continue;
		config->vendor = vendors[i].vendor;
		return NULL;
	}
	if (!length || (*item != '+' && *item != '-'))
		return "features follow as ,-NAME or ,+NAME, the vendor as ,vendor=intel or "
		       ",vendor=amd";
	feature = find_feature(item + 1, length - 1);
	if (feature == FEATURE_NONE)
		return "no feature of the model has that name; vmm(1) lists them under --cpu";
	if (*item == '-')
		cpuid_leave_out(config, feature);
	else
		config->removed[features[feature].word] &= ~features[feature].bit;
	return NULL;
}

const char *cpuid_parse(const char *text, struct cpuid_config *config)
{
	size_t length = strcspn(text, ",");
	const char *wrong = NULL;

	*config = (struct cpuid_config){ .host = length == 4 && !memcmp(text, "host", 4) };
	if (!config->host && (length != 8 || memcmp(text, "baseline", 8)))
		return "must begin with baseline or host";
	for (text += length; *text && !wrong; text += length) {
		length = strcspn(++text, ",");
		wrong = parse_item(text, length, config);
	}
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (cpuid_leaves_out(config, needs[i].needs))
			cpuid_leave_out(config, needs[i].feature);
	return wrong;
}

/* EBX, EDX and ECX of leaf 0: SYSENTER and SYSCALL differ between them. */
static void set_vendor(enum cpuid_vendor vendor, struct cpuid_leaf *leaf)
{
	static const char names[][13] = {
		[VENDOR_INTEL] = "GenuineIntel", [VENDOR_AMD] = "AuthenticAMD",
	};

	if (vendor == VENDOR_OF_HOST)
		return;
	memcpy(&leaf->ebx, names[vendor], 4);
	memcpy(&leaf->edx, names[vendor] + 4, 4);
	memcpy(&leaf->ecx, names[vendor] + 8, 4);
}

/* The state that XSAVE saves, without those parts whose feature is left out. */
static void mask_xsave(const struct cpuid_config *config, struct cpuid_leaf *leaf)
{
	if (cpuid_leaves_out(config, FEATURE_XSAVE)) {
		leaf->eax = leaf->ebx = leaf->ecx = leaf->edx = 0;
	} else if (cpuid_leaves_out(config, FEATURE_AVX) && leaf->subleaf == 0) {
		leaf->eax &= ~(1u << XSAVE_AVX_COMPONENT);
		leaf->ebx = leaf->ecx = XSAVE_LEGACY_SIZE;
	} else if (cpuid_leaves_out(config, FEATURE_AVX) && leaf->subleaf == XSAVE_AVX_COMPONENT) {
		leaf->eax = leaf->ebx = 0;
	}
}

void cpuid_mask(const struct cpuid_config *config, struct cpuid_leaf *leaf)
{
	for (unsigned int i = 0; i < CPUID_WORDS; i++)
		if (words[i].leaf == leaf->leaf && !leaf->subleaf)
			*leaf_register(leaf, words[i].reg) &= ~config->removed[i];
	if (leaf->leaf == 0 || leaf->leaf == LEAF_EXTENDED)
		set_vendor(config->vendor, leaf);
	if (leaf->leaf == LEAF_XSAVE)
		mask_xsave(config, leaf);
}

/* --- the model --- */

/* A leaf with all of the model's features in it. */
static struct cpuid_leaf model_leaf(uint32_t leaf)
{
	struct cpuid_leaf row = { .leaf = leaf, .by_subleaf = leaf == LEAF_STRUCTURED };

	for (unsigned int i = FEATURE_NONE + 1; i < FEATURE_COUNT; i++)
		if (words[features[i].word].leaf == leaf)
			*leaf_register(&row, words[features[i].word].reg) |= features[i].bit;
	return row;
}

uint64_t cpuid_features(const struct cpuid_leaf *leaves, unsigned int count)
{
	uint64_t found = UINT64_C(1) << FEATURE_NONE;

	for (unsigned int i = 0; i < count; i++) {
		struct cpuid_leaf leaf = leaves[i];

		for (unsigned int j = FEATURE_NONE + 1; j < FEATURE_COUNT; j++)
			if (words[features[j].word].leaf == leaf.leaf && !leaf.subleaf &&
			    *leaf_register(&leaf, words[features[j].word].reg) & features[j].bit)
				found |= UINT64_C(1) << j;
	}
	return found;
}

void cpuid_set_apic(struct cpuid_leaf *leaf)
{
	if (leaf->leaf == LEAF_FEATURES) {
		leaf->ebx &= ~APIC_ID_BITS;
		leaf->ecx = (leaf->ecx & ~X2APIC_BIT) | features[FEATURE_TSC_DEADLINE].bit;
		leaf->edx |= features[FEATURE_APIC].bit;
	} else if (leaf->leaf == LEAF_POWER) {
		leaf->eax |= ARAT_BIT;
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
static struct cpuid_leaf common(uint32_t number, uint32_t last)
{
	struct cpuid_leaf host = host_leaf(number, last), leaf = model_leaf(number);

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
 * The host's vendor, from its leaf 0, unless another was asked for: KVM runs SYSENTER and
 * SYSCALL on the host's processor.
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
	struct cpuid_leaf basic = common(LEAF_FEATURES, host.eax);
	unsigned int count = 0;

	basic.eax = SIGNATURE;
	basic.ebx = CLFLUSH_LINE_SIZE;
	basic.ecx |= HYPERVISOR_BIT;
	leaves[count++] = vendor(&host, 0, LEAF_XSAVE);
	leaves[count++] = basic;
	leaves[count++] = common(LEAF_STRUCTURED, host.eax);
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
	leaves[count++] = common(LEAF_EXTENDED_FEATURES, host.eax);
	for (uint32_t part = 0; part <= LEAF_BRAND_END - LEAF_BRAND; part++)
		leaves[count++] = brand(part);
	leaves[count++] = (struct cpuid_leaf){ .leaf = LEAF_ADDRESS_SIZES, .eax = ADDRESS_SIZES };
	for (unsigned int i = 0; i < count; i++) {
		cpuid_set_apic(&leaves[i]);
		cpuid_mask(config, &leaves[i]);
	}
	return count;
}

void cpuid_update(struct cpuid_leaf *leaf, uint64_t cr4, uint64_t xcr0, bool apic_enabled)
{
	if (leaf->leaf == LEAF_FEATURES) {
		if (cr4 & CR4_OSXSAVE)
			leaf->ecx |= OSXSAVE_BIT;
		if (!apic_enabled)
			leaf->edx &= ~APIC_BIT;
	}
	if (leaf->leaf == LEAF_XSAVE && !leaf->subleaf && !(xcr0 & XCR0_AVX))
		leaf->ebx = XSAVE_LEGACY_SIZE;
}

void cpuid_print(const struct cpuid_config *config, FILE *to)
{
	struct cpuid_leaf leaves[CPUID_LEAVES];
	unsigned int count = cpuid_model(config, leaves);
	uint64_t shown = cpuid_features(leaves, count);

	fputs("leaf       subleaf    eax        ebx        ecx        edx\n", to);
	for (unsigned int i = 0; i < count; i++) {
		struct cpuid_leaf *row = &leaves[i];

		cpuid_update(row, 0, XCR0_X87, true);
		if (row->eax | row->ebx | row->ecx | row->edx)
			fprintf(to, "0x%08x 0x%08x 0x%08x 0x%08x 0x%08x 0x%08x\n", row->leaf,
				row->subleaf, row->eax, row->ebx, row->ecx, row->edx);
	}
	fputs("features:", to);
	for (unsigned int i = FEATURE_NONE + 1; i < FEATURE_COUNT; i++)
		if (shown >> i & 1)
			fprintf(to, " %s", features[i].name);
	fputc('\n', to);
}
