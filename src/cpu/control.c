/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * control.c - MOV to and from control and debug registers, LMSW, SMSW, CLTS, XCR0
 * (SDM vol. 2, these instructions; vol. 3, 2.5 and 17.2). Modes begin and end
 * here.
 */
#include "cpu/bind.h"
#include "cpu/descriptor.h"
#include "cpu/system.h"

#define CR0_BITS	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | \
			 CR0_NW | CR0_CD | CR0_PG)
#define CR0_PDPTES	(CR0_CD | CR0_NW | CR0_PG)	/* changes of these load the PDPTEs */
#define CR0_MAPPING	(CR0_PG | CR0_WP | CR0_PE)	/* and of these make the TLB invalid */
#define CR4_PDPTES	(CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP)
#define CR4_MAPPING	(CR4_PDPTES | CR4_SMAP)
#define CR3_RESERVED	(~UINT64_C(0) << 40)		/* by the width of physical addresses */
#define CR8_BITS	0xFu
#define MSW_BITS	(CR0_PE | CR0_MP | CR0_EM | CR0_TS)

#define DR6_WRITABLE	(DR6_BREAKPOINTS | DR6_BD | DR6_BS | DR6_BT)
#define DR7_FIXED	0x400u
#define DR7_WRITABLE	0xFFFF23FFu

/* --- control registers --- */

/*
 * What CR4 may have, by the feature that brings it. Not there are VME and PVI (which
 * the model lacks, as it lacks UMIP and what came later): reserved bits.
 */
static const struct {
	uint32_t bits;
	enum cpu_feature feature;
} cr4_features[] = {
	{ CR4_TSD, FEATURE_TSC }, { CR4_DE, FEATURE_DE }, { CR4_PSE, FEATURE_PSE },
	{ CR4_PAE, FEATURE_PAE }, { CR4_MCE, FEATURE_MCE }, { CR4_PGE, FEATURE_PGE }, { CR4_OSFXSR, FEATURE_FXSR },
	{ CR4_OSXMMEXCPT, FEATURE_SSE }, { CR4_FSGSBASE, FEATURE_FSGSBASE },
	{ CR4_OSXSAVE, FEATURE_XSAVE }, { CR4_SMEP, FEATURE_SMEP }, { CR4_SMAP, FEATURE_SMAP },
};

static uint64_t cr4_allowed(struct cpu *cpu)
{
	uint64_t allowed = CR4_PCE;

	for (unsigned int i = 0; i < sizeof(cr4_features) / sizeof(cr4_features[0]); i++)
		if (cpu_has(cpu, cr4_features[i].feature))
			allowed |= cr4_features[i].bits;
	return allowed;
}

static bool pae_paging(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
	return cr0 & CR0_PG && cr4 & CR4_PAE && !(efer & EFER_LMA);
}

/* Whether paging may begin: in long mode by way of PAE, from code that is not 64-bit yet. */
static bool paging_allowed(const struct cpu *cpu)
{
	return !(cpu->efer & EFER_LME) ||
	       (cpu->cr4 & CR4_PAE && !cpu->segment[SEG_CS].l);
}

static void check_cr0(struct cpu *cpu, uint64_t value)
{
	bool begins = value & CR0_PG && !cpu_paging(cpu);
	bool ends = !(value & CR0_PG) && cpu_paging(cpu);

	if (value >> 32 || (value & CR0_PG && !(value & CR0_PE)) ||
	    (value & CR0_NW && !(value & CR0_CD)) ||
	    (begins && !paging_allowed(cpu)) || (ends && code_is_64(cpu)))
		raise_error(cpu, VECTOR_GP, 0);
}

static void set_cr0(struct cpu *cpu, uint64_t value)
{
	uint64_t efer = cpu->efer, changed;

	check_cr0(cpu, value);
	value = (value & CR0_BITS) | CR0_ET;
	changed = value ^ cpu->cr0;
	if (changed & CR0_PG)
		efer = value & CR0_PG && efer & EFER_LME ? efer | EFER_LMA :
		       efer & ~(uint64_t)EFER_LMA;
	if (changed & CR0_PDPTES && pae_paging(value, cpu->cr4, efer))
		mmu_load_pdptes(cpu, cpu->cr3);
	cpu->cr0 = value;
	cpu->efer = efer;
	if (changed & CR0_PE)
		cpu->cpl = 0;
	if (changed & CR0_MAPPING)
		mmu_flush(cpu, true);
	cpu_mode_changed(cpu);
}

static void set_cr2(struct cpu *cpu, uint64_t value)
{
	cpu->cr2 = value;
}

void cr3_loaded(struct cpu *cpu)
{
	if (cpu->ops->event)
		cpu->ops->event(cpu->self, &(struct cpu_event){
			.kind = CPU_EVENT_CR3, .address = cpu->cr3,
		});
}

static void set_cr3(struct cpu *cpu, uint64_t value)
{
	if (cpu_long(cpu) && value & CR3_RESERVED)
		raise_error(cpu, VECTOR_GP, 0);
	if (pae_paging(cpu->cr0, cpu->cr4, cpu->efer))
		mmu_load_pdptes(cpu, value);
	cpu->cr3 = value;
	mmu_flush(cpu, false);
	cr3_loaded(cpu);
}

static void set_cr4(struct cpu *cpu, uint64_t value)
{
	uint64_t changed = value ^ cpu->cr4;

	if (value & ~cr4_allowed(cpu) || (cpu_long(cpu) && !(value & CR4_PAE)))
		raise_error(cpu, VECTOR_GP, 0);
	if (changed & CR4_PDPTES && pae_paging(cpu->cr0, value, cpu->efer))
		mmu_load_pdptes(cpu, cpu->cr3);
	cpu->cr4 = value;
	if (changed & CR4_MAPPING)
		mmu_flush(cpu, true);
	debug_changed(cpu);
	cpu_mode_changed(cpu);
}

static void set_cr8(struct cpu *cpu, uint64_t value)
{
	if (value & ~(uint64_t)CR8_BITS)
		raise_error(cpu, VECTOR_GP, 0);
	cpu->cr8 = value;
	if (cpu->ops->write_cr8)
		cpu->ops->write_cr8(cpu->self, (uint8_t)value);
}

struct control {
	size_t offset;				/* in struct cpu */
	void (*set)(struct cpu *cpu, uint64_t value);	/* NULL: no such register */
};

static const struct control controls[16] = {
	[0] = { offsetof(struct cpu, cr0), set_cr0 },
	[2] = { offsetof(struct cpu, cr2), set_cr2 },
	[3] = { offsetof(struct cpu, cr3), set_cr3 },
	[4] = { offsetof(struct cpu, cr4), set_cr4 },
	[8] = { offsetof(struct cpu, cr8), set_cr8 },
};

static void store_register(struct cpu *cpu, const struct insn *insn, uint64_t value)
{
	memcpy(reg_at(cpu, insn->dst), &value, sizeof(value));
}

static uint64_t load_register(const struct cpu *cpu, const struct insn *insn)
{
	return reg_read(cpu, insn->src / 8, insn->size);
}

static void read_control(struct cpu *cpu, const struct insn *insn)
{
	uint64_t value;

	require_privilege(cpu);
	memcpy(&value, (uint8_t *)cpu + controls[insn->detail].offset, sizeof(value));
	store_register(cpu, insn, insn->size == 4 ? (uint32_t)value : value);
}

static void write_control(struct cpu *cpu, const struct insn *insn)
{
	require_privilege(cpu);
	controls[insn->detail].set(cpu, load_register(cpu, insn));
}

/* --- debug registers --- */

/* DR4 and DR5 are DR6 and DR7, unless the debugging extensions are on. */
static unsigned int debug_register(struct cpu *cpu, const struct insn *insn)
{
	unsigned int number = insn->detail;

	if (number == 4 || number == 5) {
		if (cpu->cr4 & CR4_DE)
			raise_exception(cpu, VECTOR_UD);
		number += 2;
	}
	require_privilege(cpu);
	if (cpu->dr[7] & DR7_GD)
		debug_fault(cpu, DR6_BD);
	return number;
}

static void read_debug(struct cpu *cpu, const struct insn *insn)
{
	store_register(cpu, insn, cpu->dr[debug_register(cpu, insn)]);
}

static void write_debug(struct cpu *cpu, const struct insn *insn)
{
	unsigned int number = debug_register(cpu, insn);
	uint64_t value = load_register(cpu, insn);

	if (number >= 6) {
		if (value >> 32)
			raise_error(cpu, VECTOR_GP, 0);
		value = number == 6 ? (value & DR6_WRITABLE) | DR6_RESET :
			(value & DR7_WRITABLE) | DR7_FIXED;
	}
	cpu->dr[number] = value;
	debug_changed(cpu);
}

bool bind_mov_special(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[2][2] = {
		{ read_control, write_control }, { read_debug, write_debug },
	};
	bool write = decoded->operand[0].kind != OPERAND_REG;
	const struct operand *special = &decoded->operand[write ? 0 : 1];
	const struct operand *general = &decoded->operand[write ? 1 : 0];
	bool debug = special->kind == OPERAND_DR;

	insn->detail = special->reg;
	insn->size = general->size;
	insn->dst = insn->src = reg_offset(general);
	insn->execute = functions[debug][write];
	*ends_block = true;
	return debug ? special->reg < 8 : special->reg < 16 && controls[special->reg].set;
}

/* --- LMSW, SMSW, CLTS --- */

static void execute_lmsw(struct cpu *cpu, const struct insn *insn)
{
	uint64_t value;

	require_privilege(cpu);
	/* PE can be set this way, but not cleared. */
	value = (cpu->cr0 & ~(uint64_t)(CR0_MP | CR0_EM | CR0_TS)) |
		(read_word(cpu, insn) & MSW_BITS);
	set_cr0(cpu, value);
}

static void execute_smsw(struct cpu *cpu, const struct insn *insn)
{
	check_umip(cpu);
	store_word(cpu, insn, cpu->cr0);
}

bool bind_msw(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	bind_word(&decoded->operand[0], insn);
	insn->execute = decoded->op == OP_LMSW ? execute_lmsw : execute_smsw;
	*ends_block = true;
	return true;
}

static void execute_clts(struct cpu *cpu, const struct insn *insn)
{
	require_privilege(cpu);
	cpu->cr0 &= ~(uint64_t)CR0_TS;
}

bool bind_clts(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = execute_clts;
	*ends_block = true;
	return true;
}

/* --- XCR0 --- */

static void require_xsave(struct cpu *cpu)
{
	if (!(cpu->cr4 & CR4_OSXSAVE))
		raise_exception(cpu, VECTOR_UD);
}

static void execute_xgetbv(struct cpu *cpu, const struct insn *insn)
{
	require_xsave(cpu);
	if ((uint32_t)cpu->gpr[GPR_RCX])
		raise_error(cpu, VECTOR_GP, 0);
	set_pair(cpu, cpu->xcr0);
}

static void execute_xsetbv(struct cpu *cpu, const struct insn *insn)
{
	uint64_t value = get_pair(cpu);

	require_xsave(cpu);
	require_privilege(cpu);
	if ((uint32_t)cpu->gpr[GPR_RCX] || !(value & XCR0_X87) ||
	    (value & XCR0_AVX && !(value & XCR0_SSE)) || value & ~cpu_xsave_components(cpu))
		raise_error(cpu, VECTOR_GP, 0);
	cpu->xcr0 = value;
}

bool bind_xcr(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = decoded->op == OP_XGETBV ? execute_xgetbv : execute_xsetbv;
	*ends_block = true;
	return true;
}
