/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * msr.c - model-specific registers (SDM vol. 4): a table of those that there
 * are; all others raise #GP.
 */
#include "cpu/bind.h"
#include "cpu/descriptor.h"
#include "cpu/msr.h"
#include "cpu/system.h"

/* Address, enable and bootstrap processor bits. */
#define APIC_BASE_ALLOWED	(((UINT64_C(1) << 40) - 1) & ~UINT64_C(0x6FF))

/* Memory types 0 to 7 less the reserved ones, 2 and 3. */
#define PAT_TYPES		0xF3u

#define DEBUGCTL_LBR		1u

#define MCG_STATUS_BITS		7u	/* RIPV, EIPV, MCIP */

struct msr {
	uint32_t number;
	/* Where it is stored: offset in struct cpu, for those without functions of their own. */
	size_t offset;
	uint64_t (*read)(struct cpu *cpu);
	/* Returns false for a value that raises #GP. */
	bool (*write)(struct cpu *cpu, const struct msr *msr, uint64_t value);
	uint64_t allowed;		/* bits that may be set: for write_masked() */
	enum cpu_feature feature;	/* that it came with */
	enum cpuid_vendor vendor;	/* whose processors have it; VENDOR_OF_HOST: all */
	bool of_chip;			/* the machine has it (cpu_ops.read_msr) */
};

static uint64_t *stored(struct cpu *cpu, const struct msr *msr)
{
	return (uint64_t *)(void *)((uint8_t *)cpu + msr->offset);
}

static bool write_any(struct cpu *cpu, const struct msr *msr, uint64_t value)
{
	*stored(cpu, msr) = value;
	return true;
}

static bool write_masked(struct cpu *cpu, const struct msr *msr, uint64_t value)
{
	if (value & ~msr->allowed)
		return false;
	*stored(cpu, msr) = value;
	return true;
}

static bool write_canonical(struct cpu *cpu, const struct msr *msr, uint64_t value)
{
	if (!canonical(value))
		return false;
	*stored(cpu, msr) = value;
	return true;
}

/* A base of FS or GS decides whether the segment is flat. */
static bool write_base(struct cpu *cpu, const struct msr *msr, uint64_t value)
{
	if (!write_canonical(cpu, msr, value))
		return false;
	cpu_mode_changed(cpu);
	return true;
}

/* Accepted and forgotten. */
static bool write_nothing(struct cpu *cpu, const struct msr *msr, uint64_t value)
{
	return true;
}

/* What logs errors is cleared by writing 0 (SDM vol. 3, 16.3.2.2 to 16.3.2.4). */
static bool write_zero(struct cpu *cpu, const struct msr *msr, uint64_t value)
{
	return !value;
}

/* All that can be reported, or nothing (SDM vol. 3, 16.3.2.1; KVM takes nothing else). */
static bool write_enables(struct cpu *cpu, const struct msr *msr, uint64_t value)
{
	if (value && value != UINT64_MAX)
		return false;
	*stored(cpu, msr) = value;
	return true;
}

static bool write_pat(struct cpu *cpu, const struct msr *msr, uint64_t value)
{
	for (unsigned int i = 0; i < 8; i++) {
		uint8_t type = (uint8_t)(value >> (8 * i));

		if (type > 7 || !(PAT_TYPES >> type & 1))
			return false;
	}
	cpu->msr.pat = value;
	return true;
}

static uint64_t efer_allowed(struct cpu *cpu)
{
	static const struct {
		uint64_t bits;
		enum cpu_feature feature;
	} rows[] = {
		{ EFER_SCE, FEATURE_SYSCALL }, { EFER_LME | EFER_LMA, FEATURE_LM },
		{ EFER_NXE, FEATURE_NX },
	};
	uint64_t allowed = 0;

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (cpu_has(cpu, rows[i].feature))
			allowed |= rows[i].bits;
	return allowed;
}

static bool write_efer(struct cpu *cpu, const struct msr *msr, uint64_t value)
{
	uint64_t changed;

	if (value & ~efer_allowed(cpu))
		return false;
	/* LMA is the processor's own. */
	value = (value & ~(uint64_t)EFER_LMA) | (cpu->efer & EFER_LMA);
	changed = value ^ cpu->efer;
	if (changed & EFER_LME && cpu_paging(cpu))
		return false;
	cpu->efer = value;
	if (changed & EFER_NXE)
		mmu_flush(cpu, true);
	return true;
}

static bool write_chip(struct cpu *cpu, const struct msr *msr, uint64_t value)
{
	return cpu->ops->write_msr && cpu->ops->write_msr(cpu->self, msr->number, value);
}

/* The local APIC has to know, and may refuse; CPUID looks at it here. */
static bool write_apic_base(struct cpu *cpu, const struct msr *msr, uint64_t value)
{
	if (value & ~APIC_BASE_ALLOWED || (cpu->ops->write_msr && !write_chip(cpu, msr, value)))
		return false;
	cpu->msr.apic_base = value;
	return true;
}

static uint64_t read_zero(struct cpu *cpu)
{
	return 0;
}

static uint64_t read_banks(struct cpu *cpu)
{
	return cpu_has(cpu, FEATURE_MCA) ? MCG_CAP_BANKS : 0;
}

static uint64_t read_tsc(struct cpu *cpu)
{
	return tsc_now(cpu);
}

static bool write_tsc(struct cpu *cpu, const struct msr *msr, uint64_t value)
{
	cpu->msr.tsc_offset += value - tsc_now(cpu);
	return true;
}

/*
 * Registers that no CPUID bit announces, and which kernels therefore use unasked: they
 * are there, and nothing is behind them.
 */
#define IDLE(number, of_vendor) \
	{ (number), .read = read_zero, .write = write_nothing, .vendor = (of_vendor) }

#define STORED(field) .offset = offsetof(struct cpu, field)

static const struct msr msrs[] = {
	{ MSR_TSC, .read = read_tsc, .write = write_tsc, .feature = FEATURE_TSC },
	{ MSR_PLATFORM_ID, .read = read_zero, .vendor = VENDOR_INTEL },
	{ MSR_APIC_BASE, STORED(msr.apic_base), .write = write_apic_base,
	  .feature = FEATURE_APIC },
	{ MSR_BIOS_SIGN_ID, .read = read_zero, .write = write_nothing },
	{ MSR_MTRR_CAP, .read = read_zero },
	{ MSR_SYSENTER_CS, STORED(msr.sysenter_cs), .write = write_any,
	  .feature = FEATURE_SEP },
	{ MSR_SYSENTER_ESP, STORED(msr.sysenter_esp), .write = write_canonical,
	  .feature = FEATURE_SEP },
	{ MSR_SYSENTER_EIP, STORED(msr.sysenter_eip), .write = write_canonical,
	  .feature = FEATURE_SEP },
	{ MSR_MCG_CAP, .read = read_banks },
	{ MSR_MCG_STATUS, STORED(msr.mcg_status), .write = write_masked,
	  .allowed = MCG_STATUS_BITS, .feature = FEATURE_MCA },
	{ MSR_MISC_ENABLE, STORED(msr.misc_enable), .write = write_any },
	{ MSR_DEBUGCTL, STORED(msr.debugctl), .write = write_masked, .allowed = DEBUGCTL_LBR },
	{ MSR_PAT, STORED(msr.pat), .write = write_pat, .feature = FEATURE_PAT },
	{ MSR_MTRR_DEF_TYPE, .read = read_zero, .write = write_nothing },
	{ MSR_MC0_CTL, STORED(msr.mc0_ctl), .write = write_enables, .feature = FEATURE_MCA },
	{ MSR_MC0_STATUS, .read = read_zero, .write = write_zero, .feature = FEATURE_MCA },
	{ MSR_MC0_ADDR, .read = read_zero, .write = write_zero, .feature = FEATURE_MCA },
	{ MSR_MC0_MISC, .read = read_zero, .write = write_zero, .feature = FEATURE_MCA },
	{ MSR_TSC_DEADLINE, .of_chip = true, .write = write_chip,
	  .feature = FEATURE_TSC_DEADLINE },
	{ MSR_EFER, STORED(efer), .write = write_efer },
	{ MSR_STAR, STORED(msr.star), .write = write_any, .feature = FEATURE_SYSCALL },
	{ MSR_LSTAR, STORED(msr.lstar), .write = write_canonical,
	  .feature = FEATURE_LM },
	{ MSR_CSTAR, STORED(msr.cstar), .write = write_canonical,
	  .feature = FEATURE_LM },
	{ MSR_FMASK, STORED(msr.sfmask), .write = write_masked, .allowed = UINT32_MAX,
	  .feature = FEATURE_LM },
	{ MSR_FS_BASE, STORED(segment[SEG_FS].base), .write = write_base,
	  .feature = FEATURE_LM },
	{ MSR_GS_BASE, STORED(segment[SEG_GS].base), .write = write_base,
	  .feature = FEATURE_LM },
	{ MSR_KERNEL_GS_BASE, STORED(msr.kernel_gs_base), .write = write_canonical,
	  .feature = FEATURE_LM },
	{ MSR_TSC_AUX, STORED(msr.tsc_aux), .write = write_masked, .allowed = UINT32_MAX,
	  .feature = FEATURE_RDTSCP },
	IDLE(MSR_PERF_EVENT, VENDOR_AMD), IDLE(MSR_PERF_EVENT + 1, VENDOR_AMD),
	IDLE(MSR_PERF_EVENT + 2, VENDOR_AMD), IDLE(MSR_PERF_EVENT + 3, VENDOR_AMD),
	IDLE(MSR_PERF_COUNTER, VENDOR_AMD), IDLE(MSR_PERF_COUNTER + 1, VENDOR_AMD),
	IDLE(MSR_PERF_COUNTER + 2, VENDOR_AMD), IDLE(MSR_PERF_COUNTER + 3, VENDOR_AMD),
	IDLE(MSR_SYSCFG, VENDOR_AMD), IDLE(MSR_HWCR, VENDOR_AMD),
};

static bool has_msr(struct cpu *cpu, const struct msr *msr)
{
	enum cpuid_vendor vendor = cpu_is_amd(cpu) ? VENDOR_AMD : VENDOR_INTEL;

	return cpu_has(cpu, msr->feature) &&
	       (msr->vendor == VENDOR_OF_HOST || msr->vendor == vendor);
}

static const struct msr *find_msr(struct cpu *cpu)
{
	uint32_t number = (uint32_t)cpu->gpr[GPR_RCX];

	require_privilege(cpu);
	for (unsigned int i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++)
		if (msrs[i].number == number && has_msr(cpu, &msrs[i]))
			return &msrs[i];
	raise_error(cpu, VECTOR_GP, 0);
}

static void execute_rdmsr(struct cpu *cpu, const struct insn *insn)
{
	const struct msr *msr = find_msr(cpu);
	uint64_t value;

	if (!msr->of_chip)
		value = msr->read ? msr->read(cpu) : *stored(cpu, msr);
	else if (!cpu->ops->read_msr || !cpu->ops->read_msr(cpu->self, msr->number, &value))
		raise_error(cpu, VECTOR_GP, 0);
	set_pair(cpu, value);
}

static void execute_wrmsr(struct cpu *cpu, const struct insn *insn)
{
	const struct msr *msr = find_msr(cpu);

	if (!msr->write || !msr->write(cpu, msr, get_pair(cpu)))
		raise_error(cpu, VECTOR_GP, 0);
}

bool bind_msr(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = decoded->op == OP_RDMSR ? execute_rdmsr : execute_wrmsr;
	*ends_block = true;
	return true;
}

/* --- bases of FS and GS --- */

static struct vcpu_segment *fsgs(struct cpu *cpu, const struct insn *insn)
{
	if (!code_is_64(cpu) || !(cpu->cr4 & CR4_FSGSBASE))
		raise_exception(cpu, VECTOR_UD);
	return &cpu->segment[insn->detail];
}

static void read_fsgs(struct cpu *cpu, const struct insn *insn)
{
	reg_write(cpu, insn->dst / 8, insn->size, fsgs(cpu, insn)->base);
}

static void write_fsgs(struct cpu *cpu, const struct insn *insn)
{
	struct vcpu_segment *segment = fsgs(cpu, insn);
	uint64_t base = reg_read(cpu, insn->dst / 8, insn->size);

	if (!canonical(base))
		raise_error(cpu, VECTOR_GP, 0);
	segment->base = base;
}

bool bind_fsgsbase(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = decoded->op == OP_RDFSBASE || decoded->op == OP_RDGSBASE ?
			read_fsgs : write_fsgs;
	insn->detail = decoded->op == OP_RDFSBASE || decoded->op == OP_WRFSBASE ? SEG_FS : SEG_GS;
	insn->dst = reg_offset(&decoded->operand[0]);
	return true;
}

static void execute_swapgs(struct cpu *cpu, const struct insn *insn)
{
	uint64_t base = cpu->segment[SEG_GS].base;

	if (!code_is_64(cpu))
		raise_exception(cpu, VECTOR_UD);
	require_privilege(cpu);
	cpu->segment[SEG_GS].base = cpu->msr.kernel_gs_base;
	cpu->msr.kernel_gs_base = base;
}

bool bind_swapgs(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = execute_swapgs;
	return true;
}
