/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * descriptor.c - descriptors are read and checked, see descriptor.h. The checks
 * are those of the SDM's instruction reference (MOV, RET, IRET, INT) and of
 * vol. 3, 5.5 to 5.8.
 */
#include "cpu/descriptor.h"

#define RAW_BASE_HIGH(raw)	((raw) >> 32 & 0xFF000000)
#define RAW_LIMIT_HIGH(raw)	((raw) >> 32 & 0x000F0000)
#define ACCESS_BYTE		5		/* its offset in a descriptor */
#define TYPE_SHIFT		40		/* of the raw descriptor */
#define HIGH_TYPE		(UINT64_C(0x1F) << TYPE_SHIFT)	/* has to be 0 in the second half */

/* System descriptors that are 16 bytes in long mode, by type. */
#define WIDE_TYPES	(1u << SYSTEM_LDT | 1u << SYSTEM_TSS32 | 1u << SYSTEM_TSS32_BUSY | \
			 1u << SYSTEM_CALL_GATE32)

void descriptor_parse(struct descriptor *descriptor, uint16_t selector)
{
	uint64_t raw = descriptor->raw;
	uint32_t limit = (uint32_t)((raw & 0xFFFF) | RAW_LIMIT_HIGH(raw));
	bool g = raw >> 55 & 1;

	descriptor->segment = (struct vcpu_segment){
		.base = (raw >> 16 & 0xFFFFFF) | RAW_BASE_HIGH(raw) | descriptor->raw_high << 32,
		.limit = g ? limit << 12 | 0xFFF : limit, .selector = selector,
		.type = raw >> TYPE_SHIFT & 0xF, .s = raw >> 44 & 1, .dpl = raw >> 45 & 3,
		.present = raw >> 47 & 1, .avl = raw >> 52 & 1, .l = raw >> 53 & 1,
		.db = raw >> 54 & 1, .g = g,
	};
}

/* The table that a selector is for; false: there is no LDT. */
static bool table_of(const struct cpu *cpu, uint16_t selector, uint64_t *base, uint32_t *limit)
{
	if (!(selector & SELECTOR_LDT)) {
		*base = cpu->gdtr.base;
		*limit = cpu->gdtr.limit;
		return true;
	}
	*base = cpu->ldtr.base;
	*limit = cpu->ldtr.limit;
	return cpu->ldtr.present;
}

bool descriptor_read(struct cpu *cpu, uint16_t selector, struct descriptor *descriptor,
		     bool full)
{
	uint32_t index = selector & SELECTOR_INDEX, limit;
	uint64_t base;

	if (!table_of(cpu, selector, &base, &limit) || index + 7 > limit)
		return false;
	descriptor->address = base + index;
	descriptor->raw_high = 0;
	mmu_system_read(cpu, descriptor->address, &descriptor->raw, 8);
	descriptor_parse(descriptor, selector);
	if (!full || !cpu_long(cpu) || descriptor->segment.s ||
	    !(WIDE_TYPES >> descriptor->segment.type & 1))
		return true;
	if (index + 15 > limit)
		return false;
	mmu_system_read(cpu, descriptor->address + 8, &descriptor->raw_high, 8);
	descriptor_parse(descriptor, selector);
	return !(descriptor->raw_high & HIGH_TYPE);
}

void descriptor_require(struct cpu *cpu, uint16_t selector, struct descriptor *descriptor,
			bool full, enum vector vector)
{
	if (!descriptor_read(cpu, selector, descriptor, full))
		raise_error(cpu, vector, selector_error(selector));
}

void descriptor_set_type(struct cpu *cpu, struct descriptor *descriptor, unsigned int type)
{
	uint8_t access;

	descriptor->segment.type = (uint8_t)type;
	descriptor->raw = (descriptor->raw & ~(UINT64_C(0xF) << TYPE_SHIFT)) |
			  (uint64_t)type << TYPE_SHIFT;
	access = (uint8_t)(descriptor->raw >> TYPE_SHIFT);
	mmu_system_write(cpu, descriptor->address + ACCESS_BYTE, &access, 1);
}

void descriptor_accessed(struct cpu *cpu, struct descriptor *descriptor)
{
	if (!(descriptor->segment.type & TYPE_ACCESSED))
		descriptor_set_type(cpu, descriptor, descriptor->segment.type | TYPE_ACCESSED);
}

void stack_segment_check(struct cpu *cpu, uint16_t selector, unsigned int cpl,
			 enum vector vector, struct descriptor *descriptor)
{
	const struct vcpu_segment *segment = &descriptor->segment;

	if (selector_null(selector))
		raise_error(cpu, vector, 0);
	descriptor_require(cpu, selector, descriptor, false, vector);
	if ((selector & SELECTOR_RPL) != cpl || segment->dpl != cpl || !is_writable_data(segment))
		raise_error(cpu, vector, selector_error(selector));
	if (!segment->present)
		raise_error(cpu, VECTOR_SS, selector_error(selector));
}

void data_segment_check(struct cpu *cpu, uint16_t selector, enum vector vector,
			struct descriptor *descriptor)
{
	const struct vcpu_segment *segment = &descriptor->segment;
	unsigned int rpl = selector & SELECTOR_RPL;

	descriptor_require(cpu, selector, descriptor, false, vector);
	if (!is_readable(segment) ||
	    (!is_conforming(segment) && (rpl > segment->dpl || cpu->cpl > segment->dpl)))
		raise_error(cpu, vector, selector_error(selector));
	if (!segment->present)
		raise_error(cpu, VECTOR_NP, selector_error(selector));
}

/* What code of every way of getting there has to be: 64 bits and 32 exclude each other. */
static void code_segment_check(struct cpu *cpu, const struct vcpu_segment *segment, bool allowed,
			       enum vector vector)
{
	if (!is_code(segment) || !allowed || (cpu_long(cpu) && segment->l && segment->db))
		raise_error(cpu, vector, selector_error(segment->selector));
	if (!segment->present)
		raise_error(cpu, VECTOR_NP, selector_error(segment->selector));
}

void jump_segment_check(struct cpu *cpu, const struct vcpu_segment *segment)
{
	unsigned int rpl = segment->selector & SELECTOR_RPL;

	code_segment_check(cpu, segment,
			   is_conforming(segment) ? segment->dpl <= cpu->cpl :
			   rpl <= cpu->cpl && segment->dpl == cpu->cpl, VECTOR_GP);
}

void return_segment_check(struct cpu *cpu, uint16_t selector, enum vector vector,
			  struct descriptor *descriptor)
{
	const struct vcpu_segment *segment = &descriptor->segment;
	unsigned int rpl = selector & SELECTOR_RPL;

	if (selector_null(selector))
		raise_error(cpu, vector, 0);
	descriptor_require(cpu, selector, descriptor, false, vector);
	code_segment_check(cpu, segment,
			   is_conforming(segment) ? segment->dpl <= rpl : segment->dpl == rpl,
			   vector);
}

void gate_segment_check(struct cpu *cpu, uint16_t selector, struct descriptor *descriptor)
{
	const struct vcpu_segment *segment = &descriptor->segment;

	if (selector_null(selector))
		raise_error(cpu, VECTOR_GP, 0);
	descriptor_require(cpu, selector, descriptor, false, VECTOR_GP);
	/* Gates of long mode lead to 64-bit code only. */
	code_segment_check(cpu, segment,
			   segment->dpl <= cpu->cpl && (!cpu_long(cpu) || segment->l), VECTOR_GP);
}

void check_target(struct cpu *cpu, const struct vcpu_segment *cs, uint64_t offset)
{
	if (cpu_long(cpu) && cs->l ? !canonical(offset) : offset > cs->limit)
		raise_error(cpu, VECTOR_GP, 0);
}
