/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tables.c - instructions on descriptor tables and selectors: LDS and its like,
 * LGDT, LLDT, LTR, LAR, VERR, ARPL and theirs (SDM vol. 2).
 */
#include "cpu/bind.h"
#include "cpu/descriptor.h"
#include "cpu/system.h"

/* The bits of a descriptor's upper half that LAR shows. */
#define LAR_MASK 0x00F0FF00u

void require_privilege(struct cpu *cpu)
{
	if (cpu->cpl)
		raise_error(cpu, VECTOR_GP, 0);
}

/* User code may not look at the system's tables where CR4 says so. */
void check_umip(struct cpu *cpu)
{
	if (cpu->cpl && cpu->cr4 & CR4_UMIP)
		raise_error(cpu, VECTOR_GP, 0);
}

/* --- LDS, LES, LFS, LGS, LSS --- */

static void load_far(struct cpu *cpu, const struct insn *insn)
{
	unsigned int size = insn->size;
	uint64_t offset = effective_address(cpu, insn);
	uint64_t la = linear_at(cpu, insn->segment, offset, size, ACCESS_READ);
	uint64_t behind = linear_at(cpu, insn->segment,
				    (offset + size) & address_mask(insn->address_size), 2,
				    ACCESS_READ);
	uint64_t value = read_sized(cpu, la, size);

	load_segment(cpu, insn->detail, read16(cpu, behind));
	memcpy(reg_at(cpu, insn->dst), &value, size == 2 ? 2 : 8);
}

bool bind_load_far(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static const uint8_t segments[] = {
		[OP_LDS - OP_LDS] = SEG_DS, [OP_LES - OP_LDS] = SEG_ES,
		[OP_LFS - OP_LDS] = SEG_FS, [OP_LGS - OP_LDS] = SEG_GS,
		[OP_LSS - OP_LDS] = SEG_SS,
	};

	insn->execute = load_far;
	insn->dst = reg_offset(&decoded->operand[0]);
	insn->detail = segments[decoded->op - OP_LDS];
	return true;
}

/* --- LGDT, LIDT, SGDT, SIDT --- */

/* The limit's two bytes and the base behind them. */
#define TABLE_BASE 2u

static void load_table(struct cpu *cpu, const struct insn *insn, struct vcpu_table *table)
{
	uint64_t offset = effective_address(cpu, insn), base = 0;
	unsigned int base_size = code_is_64(cpu) ? 8 : 4;
	uint64_t la = linear_at(cpu, insn->segment, offset, TABLE_BASE + base_size, ACCESS_READ);
	uint16_t limit = read16(cpu, la);

	mmu_read(cpu, la + TABLE_BASE, &base, base_size);
	if (insn->size == 2)
		base &= 0xFFFFFF;
	if (!canonical(base))
		raise_error(cpu, VECTOR_GP, 0);
	*table = (struct vcpu_table){ .base = base, .limit = limit };
}

static void store_table(struct cpu *cpu, const struct insn *insn, const struct vcpu_table *table)
{
	unsigned int base_size = code_is_64(cpu) ? 8 : 4;
	uint8_t image[TABLE_BASE + sizeof(table->base)];
	uint64_t la;

	check_umip(cpu);
	la = linear_at(cpu, insn->segment, effective_address(cpu, insn), TABLE_BASE + base_size,
		       ACCESS_WRITE);
	memcpy(image, &table->limit, TABLE_BASE);
	memcpy(image + TABLE_BASE, &table->base, sizeof(table->base));
	mmu_write(cpu, la, image, TABLE_BASE + base_size);
}

static void execute_lgdt(struct cpu *cpu, const struct insn *insn)
{
	require_privilege(cpu);
	load_table(cpu, insn, &cpu->gdtr);
}

static void execute_lidt(struct cpu *cpu, const struct insn *insn)
{
	require_privilege(cpu);
	load_table(cpu, insn, &cpu->idtr);
}

static void execute_sgdt(struct cpu *cpu, const struct insn *insn)
{
	store_table(cpu, insn, &cpu->gdtr);
}

static void execute_sidt(struct cpu *cpu, const struct insn *insn)
{
	store_table(cpu, insn, &cpu->idtr);
}

bool bind_table(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[] = {
		[OP_LGDT - OP_LGDT] = execute_lgdt, [OP_LIDT - OP_LGDT] = execute_lidt,
		[OP_SGDT - OP_LGDT] = execute_sgdt, [OP_SIDT - OP_LGDT] = execute_sidt,
	};

	insn->execute = functions[decoded->op - OP_LGDT];
	insn->size = decoded->operand_size;
	return decoded->operand[0].kind == OPERAND_MEM;
}

/* --- LLDT, LTR, SLDT, STR; operands of LMSW, SMSW and of VERR and its like --- */

uint16_t read_word(struct cpu *cpu, const struct insn *insn)
{
	uint16_t value;

	if (insn->detail != OPERAND_MEM) {
		memcpy(&value, reg_at(cpu, insn->src), sizeof(value));
		return value;
	}
	return read16(cpu, linear(cpu, insn, 2, ACCESS_READ));
}

void store_word(struct cpu *cpu, const struct insn *insn, uint64_t value)
{
	if (insn->detail == OPERAND_MEM)
		write16(cpu, linear(cpu, insn, 2, ACCESS_WRITE), (uint16_t)value);
	else
		reg_write(cpu, insn->src / 8, insn->size, value);
}

void bind_word(const struct operand *operand, struct insn *insn)
{
	insn->detail = (uint8_t)operand->kind;
	insn->size = operand->size;
	if (operand->kind == OPERAND_REG)
		insn->src = reg_offset(operand);
}

/* These are not known where segments are real mode's. */
static void require_protected(struct cpu *cpu)
{
	if (cpu_real(cpu))
		raise_exception(cpu, VECTOR_UD);
}

/* What LLDT and LTR load: of the GDT, of one of the types (a bit each). */
static void system_segment(struct cpu *cpu, uint16_t selector, uint32_t types,
			   struct descriptor *descriptor)
{
	if (selector & SELECTOR_LDT)
		raise_error(cpu, VECTOR_GP, selector_error(selector));
	descriptor_require(cpu, selector, descriptor, true, VECTOR_GP);
	if (descriptor->segment.s || !(types >> descriptor->segment.type & 1))
		raise_error(cpu, VECTOR_GP, selector_error(selector));
	if (!descriptor->segment.present)
		raise_error(cpu, VECTOR_NP, selector_error(selector));
	if (!canonical(descriptor->segment.base))
		raise_error(cpu, VECTOR_GP, selector_error(selector));
}

static void execute_lldt(struct cpu *cpu, const struct insn *insn)
{
	struct descriptor descriptor;
	uint16_t selector;

	require_protected(cpu);
	require_privilege(cpu);
	selector = read_word(cpu, insn);
	if (selector_null(selector)) {
		cpu->ldtr = (struct vcpu_segment){ .selector = selector, .type = SEG_TYPE_LDT };
		return;
	}
	system_segment(cpu, selector, 1u << SYSTEM_LDT, &descriptor);
	cpu->ldtr = descriptor.segment;
}

static void execute_ltr(struct cpu *cpu, const struct insn *insn)
{
	struct descriptor descriptor;
	uint16_t selector;

	require_protected(cpu);
	require_privilege(cpu);
	selector = read_word(cpu, insn);
	if (selector_null(selector))
		raise_error(cpu, VECTOR_GP, 0);
	system_segment(cpu, selector,
		       1u << SYSTEM_TSS32 | (cpu_long(cpu) ? 0 : 1u << SYSTEM_TSS16),
		       &descriptor);
	descriptor_set_type(cpu, &descriptor, descriptor.segment.type | TSS_BUSY);
	cpu->tr = descriptor.segment;
}

static void execute_sldt(struct cpu *cpu, const struct insn *insn)
{
	require_protected(cpu);
	check_umip(cpu);
	store_word(cpu, insn, cpu->ldtr.selector);
}

static void execute_str(struct cpu *cpu, const struct insn *insn)
{
	require_protected(cpu);
	check_umip(cpu);
	store_word(cpu, insn, cpu->tr.selector);
}

bool bind_system_segment(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[] = {
		[OP_LLDT - OP_LLDT] = execute_lldt, [OP_LTR - OP_LLDT] = execute_ltr,
		[OP_SLDT - OP_LLDT] = execute_sldt, [OP_STR - OP_LLDT] = execute_str,
	};

	bind_word(&decoded->operand[0], insn);
	insn->execute = functions[decoded->op - OP_LLDT];
	return true;
}

/* --- LAR, LSL, VERR, VERW: what a selector may be used for, in ZF --- */

static void set_zero(struct cpu *cpu, bool zero)
{
	cpu->arith = (arith_flags)((cpu->arith & ~AF_ZF) | (zero ? AF_ZF : 0));
}

/*
 * Whether the selector names a code or data segment that the privilege may use,
 * or a system descriptor of one of the types.
 */
static bool visible(struct cpu *cpu, uint16_t selector, uint32_t types,
		    struct descriptor *descriptor)
{
	const struct vcpu_segment *segment = &descriptor->segment;

	if (selector_null(selector) || !descriptor_read(cpu, selector, descriptor, false))
		return false;
	if (!segment->s && !(types >> segment->type & 1))
		return false;
	return (segment->s && is_conforming(segment)) ||
	       (segment->dpl >= cpu->cpl && segment->dpl >= (selector & SELECTOR_RPL));
}

static uint32_t query_types(const struct cpu *cpu, bool gates)
{
	uint32_t types = 1u << SYSTEM_LDT | 1u << SYSTEM_TSS32 | 1u << SYSTEM_TSS32_BUSY;

	if (gates)
		types |= 1u << SYSTEM_CALL_GATE32;
	if (cpu_long(cpu))
		return types;
	types |= 1u << SYSTEM_TSS16 | 1u << SYSTEM_TSS16_BUSY;
	return gates ? types | 1u << SYSTEM_CALL_GATE16 | 1u << SYSTEM_TASK_GATE : types;
}

static void execute_lar(struct cpu *cpu, const struct insn *insn)
{
	struct descriptor descriptor;
	bool seen;

	require_protected(cpu);
	seen = visible(cpu, read_word(cpu, insn), query_types(cpu, true), &descriptor);
	if (seen)
		reg_write(cpu, insn->dst / 8, insn->size, descriptor.raw >> 32 & LAR_MASK);
	set_zero(cpu, seen);
}

static void execute_lsl(struct cpu *cpu, const struct insn *insn)
{
	struct descriptor descriptor;
	bool seen;

	require_protected(cpu);
	seen = visible(cpu, read_word(cpu, insn), query_types(cpu, false), &descriptor);
	if (seen)
		reg_write(cpu, insn->dst / 8, insn->size, descriptor.segment.limit);
	set_zero(cpu, seen);
}

static void execute_verr(struct cpu *cpu, const struct insn *insn)
{
	struct descriptor descriptor;

	require_protected(cpu);
	set_zero(cpu, visible(cpu, read_word(cpu, insn), 0, &descriptor) &&
		      is_readable(&descriptor.segment));
}

static void execute_verw(struct cpu *cpu, const struct insn *insn)
{
	struct descriptor descriptor;

	require_protected(cpu);
	set_zero(cpu, visible(cpu, read_word(cpu, insn), 0, &descriptor) &&
		      is_writable_data(&descriptor.segment));
}

bool bind_query(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[] = {
		[OP_LAR - OP_LAR] = execute_lar, [OP_LSL - OP_LAR] = execute_lsl,
		[OP_VERR - OP_LAR] = execute_verr, [OP_VERW - OP_LAR] = execute_verw,
	};

	bind_word(&decoded->operand[decoded->operands - 1], insn);
	insn->dst = decoded->operands > 1 ? reg_offset(&decoded->operand[0]) : 0;
	insn->size = decoded->operand_size;
	insn->execute = functions[decoded->op - OP_LAR];
	return true;
}

/* --- ARPL --- */

static void execute_arpl(struct cpu *cpu, const struct insn *insn)
{
	uint16_t selector, other;
	bool raised;

	require_protected(cpu);
	memcpy(&other, reg_at(cpu, insn->dst), sizeof(other));
	selector = read_word(cpu, insn);
	raised = (selector & SELECTOR_RPL) < (other & SELECTOR_RPL);
	if (raised)
		store_word(cpu, insn,
			   (selector & ~SELECTOR_RPL) | (other & SELECTOR_RPL));
	set_zero(cpu, raised);
}

bool bind_arpl(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	bind_word(&decoded->operand[0], insn);
	insn->dst = reg_offset(&decoded->operand[1]);
	insn->execute = execute_arpl;
	return true;
}
