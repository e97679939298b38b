/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * system.c - the rest of what kernels do: the interrupt flag, HLT, INVLPG, the
 * time-stamp counter, CPUID, VMCALL, CLAC and STAC (SDM vol. 2).
 */
#include "cpu/bind.h"
#include "cpu/descriptor.h"
#include "cpu/system.h"

#define LEAF_XSAVE		0xDu
#define LEAF_HYPERVISOR		0x40000000u
#define LEAF_EXTENDED		0x80000000u
#define LEAF_CLASS		0xF0000000u
#define VENDOR_AMD_EBX		0x68747541u	/* "Auth" */
#define APIC_BASE_ENABLE	(1u << 11)

/* --- CPUID --- */

void cpu_set_cpuid(struct cpu *cpu, const struct cpuid_config *config)
{
	cpu->cpuid_config = *config;
	cpu->cpuid_count = 0;
	/* What was decoded knew other features. */
	blocks_forget(cpu);
}

/* Made when it is first asked for: it costs some exits where the host is a guest. */
static void identify(struct cpu *cpu)
{
	if (cpu->cpuid_count)
		return;
	cpu->cpuid_count = (uint8_t)cpuid_model(&cpu->cpuid_config, cpu->cpuid);
	cpu->features = cpuid_features(cpu->cpuid, cpu->cpuid_count);
}

bool cpu_is_amd(struct cpu *cpu)
{
	identify(cpu);
	return cpu->cpuid[0].ebx == VENDOR_AMD_EBX;
}

static const struct cpuid_leaf *find_leaf(struct cpu *cpu, uint32_t leaf, uint32_t subleaf)
{
	identify(cpu);
	for (unsigned int i = 0; i < cpu->cpuid_count; i++) {
		const struct cpuid_leaf *row = &cpu->cpuid[i];

		if (row->leaf == leaf && (!row->by_subleaf || row->subleaf == subleaf))
			return row;
	}
	return NULL;
}

bool cpu_has(struct cpu *cpu, enum cpu_feature feature)
{
	identify(cpu);
	return cpu->features >> feature & 1;
}

uint64_t cpu_xsave_components(struct cpu *cpu)
{
	const struct cpuid_leaf *row = find_leaf(cpu, LEAF_XSAVE, 0);

	return row ? row->eax : 0;
}

/* Whether a leaf lies in the range of its class; each one's first leaf says how far it goes. */
static bool in_range(struct cpu *cpu, uint32_t leaf)
{
	uint32_t class = leaf & LEAF_CLASS;
	const struct cpuid_leaf *first;

	if (class != LEAF_HYPERVISOR && class != LEAF_EXTENDED)
		class = 0;
	first = find_leaf(cpu, class, 0);
	return first && leaf <= first->eax;
}

static void execute_cpuid(struct cpu *cpu, const struct insn *insn)
{
	uint32_t leaf = (uint32_t)cpu->gpr[GPR_RAX], subleaf = (uint32_t)cpu->gpr[GPR_RCX];
	const struct cpuid_leaf *found;
	struct cpuid_leaf row = { 0 };

	/* Beyond the last leaf Intel's answer is that of the last basic one, AMD's is 0. */
	if (!in_range(cpu, leaf) && !cpu_is_amd(cpu))
		leaf = cpu->cpuid[0].eax;
	found = find_leaf(cpu, leaf, subleaf);
	if (found) {
		row = *found;
		cpuid_update(&row, cpu->cr4, cpu->xcr0, cpu->msr.apic_base & APIC_BASE_ENABLE);
	}
	cpu->gpr[GPR_RAX] = row.eax;
	cpu->gpr[GPR_RBX] = row.ebx;
	cpu->gpr[GPR_RCX] = row.ecx;
	cpu->gpr[GPR_RDX] = row.edx;
}

bool bind_cpuid(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = execute_cpuid;
	return true;
}

/* --- CLI, STI, HLT --- */

static void require_iopl(struct cpu *cpu)
{
	if (cpu->cpl > cpu_iopl(cpu))
		raise_error(cpu, VECTOR_GP, 0);
}

static void execute_cli(struct cpu *cpu, const struct insn *insn)
{
	require_iopl(cpu);
	cpu->rflags &= ~(uint64_t)RFLAGS_IF;
}

static void execute_sti(struct cpu *cpu, const struct insn *insn)
{
	require_iopl(cpu);
	if (cpu->rflags & RFLAGS_IF)
		return;
	cpu->rflags |= RFLAGS_IF;
	cpu->shadow = true;
}

bool bind_interrupt_flag(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = decoded->op == OP_CLI ? execute_cli : execute_sti;
	*ends_block = decoded->op == OP_STI;
	return true;
}

static void execute_hlt(struct cpu *cpu, const struct insn *insn)
{
	require_privilege(cpu);
	cpu->halted = true;
}

bool bind_hlt(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = execute_hlt;
	*ends_block = true;
	return true;
}

/* --- INVLPG, INVD, WBINVD --- */

static void execute_invlpg(struct cpu *cpu, const struct insn *insn)
{
	uint64_t offset = effective_address(cpu, insn);

	require_privilege(cpu);
	mmu_flush_page(cpu, cpu->segment[insn->segment].base + offset);
}

/* There are no caches to be seen. */
static void execute_invd(struct cpu *cpu, const struct insn *insn)
{
	require_privilege(cpu);
}

bool bind_invalidate(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = decoded->op == OP_INVLPG ? execute_invlpg : execute_invd;
	*ends_block = true;
	return true;
}

/* --- VMCALL, VMMCALL --- */

static void vmcall(struct cpu *cpu, const struct insn *insn)
{
	if (cpu->cpl || (uint32_t)cpu->gpr[GPR_RAX] != CPU_CALL_MAGIC)
		raise_exception(cpu, VECTOR_UD);
	cpu->ops->write(cpu->self, BUS_PIO, CPU_CALL_PORT, 4, (uint32_t)cpu->gpr[GPR_RBX]);
	cpu->gpr[GPR_RAX] = 0;
}

bool bind_vmcall(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = vmcall;
	*ends_block = true;
	return true;
}

/* --- RDTSC, RDTSCP, RDPMC --- */

static void check_tsc(struct cpu *cpu)
{
	if (cpu->cpl && cpu->cr4 & CR4_TSD)
		raise_error(cpu, VECTOR_GP, 0);
}

static void execute_rdtsc(struct cpu *cpu, const struct insn *insn)
{
	check_tsc(cpu);
	set_pair(cpu, tsc_now(cpu));
}

static void execute_rdtscp(struct cpu *cpu, const struct insn *insn)
{
	execute_rdtsc(cpu, insn);
	cpu->gpr[GPR_RCX] = (uint32_t)cpu->msr.tsc_aux;
}

bool bind_tsc(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = decoded->op == OP_RDTSC ? execute_rdtsc : execute_rdtscp;
	return true;
}

/* There are no counters. */
static void execute_rdpmc(struct cpu *cpu, const struct insn *insn)
{
	raise_error(cpu, VECTOR_GP, 0);
}

bool bind_rdpmc(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = execute_rdpmc;
	*ends_block = true;
	return true;
}

/* --- CLAC, STAC; MONITOR, MWAIT --- */

static void set_ac(struct cpu *cpu, bool on)
{
	if (cpu->cpl)
		raise_exception(cpu, VECTOR_UD);
	cpu->rflags = on ? cpu->rflags | RFLAGS_AC : cpu->rflags & ~(uint64_t)RFLAGS_AC;
	mmu_select_tlb(cpu);
}

static void execute_clac(struct cpu *cpu, const struct insn *insn)
{
	set_ac(cpu, false);
}

static void execute_stac(struct cpu *cpu, const struct insn *insn)
{
	set_ac(cpu, true);
}

bool bind_ac(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = decoded->op == OP_CLAC ? execute_clac : execute_stac;
	return true;
}

/* The CPU model has neither. */
bool bind_monitor(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	return false;
}
