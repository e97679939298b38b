/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * segment.c - segment registers: how they are loaded, what follows from them
 * for the mode, and the accesses and stacks that go through them (SDM vol. 3,
 * chapters 3 and 5).
 */
#include "cpu/descriptor.h"

#define REAL_LIMIT 0xFFFFu
#define READ_AND_WRITE (1u << ACCESS_READ | 1u << ACCESS_WRITE)

static bool expands_down(const struct vcpu_segment *segment)
{
	return segment->s && (segment->type & (TYPE_CODE | TYPE_EXPAND_DOWN)) == TYPE_EXPAND_DOWN;
}

/* --- what follows from the segment registers --- */

/* The accesses that a segment allows, a bit each by enum access; limits apart. */
static uint8_t allowed_accesses(const struct cpu *cpu, const struct vcpu_segment *segment)
{
	if (cpu_real(cpu))
		return READ_AND_WRITE;
	if (!segment->present)
		return 0;
	if (is_writable_data(segment))
		return READ_AND_WRITE;
	return is_readable(segment) ? 1u << ACCESS_READ : 0;
}

/* The offset below which accesses to a segment that allows them need no check. */
static uint64_t unchecked_offsets(const struct cpu *cpu, enum vcpu_segment_name name)
{
	const struct vcpu_segment *segment = &cpu->segment[name];

	if (code_is_64(cpu))
		return name >= SEG_FS || !segment->base ? UINT64_MAX : 0;
	/* In long mode only linear_checked() cuts addresses to 32 bits. */
	if (expands_down(segment) || (cpu_long(cpu) && segment->base))
		return 0;
	if (segment->limit == UINT32_MAX)
		return UINT64_MAX;
	return segment->limit < ACCESS_SIZE_MAX ? 0 : segment->limit - (ACCESS_SIZE_MAX - 2);
}

static void segment_changed(struct cpu *cpu, enum vcpu_segment_name name)
{
	uint8_t allowed = code_is_64(cpu) ? READ_AND_WRITE :
			  allowed_accesses(cpu, &cpu->segment[name]);

	for (unsigned int access = ACCESS_READ; access <= ACCESS_WRITE; access++)
		cpu->unchecked[name][access] =
			allowed >> access & 1 ? unchecked_offsets(cpu, name) : 0;
}

static void stack_size_changed(struct cpu *cpu)
{
	cpu->stack_bits = code_is_64(cpu) ? 64 : cpu->segment[SEG_SS].db ? 32 : 16;
	cpu->stack_mask = address_mask(cpu->stack_bits / 8);
}

void cpu_mode_changed(struct cpu *cpu)
{
	const struct vcpu_segment *cs = &cpu->segment[SEG_CS];

	cpu->code_bits = cpu_long(cpu) && cs->l ? 64 : cs->db ? 32 : 16;
	/* IP of 16-bit code is cut by the jumps: it runs into its limit, not around. */
	cpu->rip_mask = code_is_64(cpu) ? UINT64_MAX : UINT32_MAX;
	cpu->rip_last = code_is_64(cpu) ? UINT64_MAX : cs->limit;
	cpu->code_mode = (uint8_t)(cpu->code_bits | (cpu_real(cpu) ? CODE_REAL : 0) |
				   (cpu->cpl == 3 ? CODE_USER : 0));
	stack_size_changed(cpu);
	for (unsigned int i = 0; i < SEG_COUNT; i++)
		segment_changed(cpu, i);
	mmu_select_tlb(cpu);
}

/* --- loading --- */

void segment_set(struct cpu *cpu, enum vcpu_segment_name name,
		 const struct vcpu_segment *segment)
{
	cpu->segment[name] = *segment;
	segment_changed(cpu, name);
	if (name == SEG_SS)
		stack_size_changed(cpu);
}

void segment_set_null(struct cpu *cpu, enum vcpu_segment_name name, uint16_t selector)
{
	segment_set(cpu, name, &(struct vcpu_segment){
		.selector = selector, .dpl = name == SEG_SS ? selector & SELECTOR_RPL : 0 });
}

void segment_set_real(struct cpu *cpu, enum vcpu_segment_name name, uint16_t selector)
{
	struct vcpu_segment segment = cpu->segment[name];

	/*
	 * Real mode leaves limit and attributes as protected mode has set them
	 * ("unreal mode"), unless that was a null selector.
	 */
	if (cpu_v8086(cpu) || !segment.present)
		segment = (struct vcpu_segment){
			.limit = REAL_LIMIT, .type = SEG_TYPE_DATA, .s = true, .present = true,
			.dpl = cpu_v8086(cpu) ? 3 : 0,
		};
	segment.selector = selector;
	segment.base = (uint32_t)selector << 4;
	segment_set(cpu, name, &segment);
}

void code_segment_set(struct cpu *cpu, struct descriptor *descriptor, unsigned int cpl)
{
	struct vcpu_segment *cs = &descriptor->segment;

	descriptor_accessed(cpu, descriptor);
	cs->selector = (uint16_t)((cs->selector & ~SELECTOR_RPL) | cpl);
	cpu->segment[SEG_CS] = *cs;
	cpu->cpl = (uint8_t)cpl;
	cpu_mode_changed(cpu);
}

void segments_drop(struct cpu *cpu)
{
	static const enum vcpu_segment_name names[] = { SEG_ES, SEG_FS, SEG_GS, SEG_DS };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct vcpu_segment *segment = &cpu->segment[names[i]];

		if (!segment->present || is_conforming(segment) || segment->dpl >= cpu->cpl)
			continue;
		/* FS and GS keep their base, which 64-bit code uses all the same. */
		segment->selector = 0;
		segment->present = false;
		segment_changed(cpu, names[i]);
	}
}

static bool null_stack_allowed(const struct cpu *cpu, uint16_t selector)
{
	return code_is_64(cpu) && cpu->cpl < 3 && selector == cpu->cpl;
}

void load_segment(struct cpu *cpu, enum vcpu_segment_name name, uint16_t selector)
{
	struct descriptor descriptor;

	if (cpu_real(cpu)) {
		segment_set_real(cpu, name, selector);
		return;
	}
	if (name == SEG_SS ? null_stack_allowed(cpu, selector) : selector_null(selector)) {
		segment_set_null(cpu, name, selector);
		return;
	}
	if (name == SEG_SS)
		stack_segment_check(cpu, selector, cpu->cpl, VECTOR_GP, &descriptor);
	else
		data_segment_check(cpu, selector, VECTOR_GP, &descriptor);
	descriptor_accessed(cpu, &descriptor);
	segment_set(cpu, name, &descriptor.segment);
}

/* --- accesses --- */

/* Whether size bytes at offset lie in the segment (SDM vol. 3, 5.3). */
static bool within(const struct vcpu_segment *segment, uint64_t offset, unsigned int size)
{
	uint64_t last = offset + size - 1;

	if (!expands_down(segment))
		return last <= segment->limit && last >= offset;
	return offset > segment->limit && last <= (segment->db ? UINT32_MAX : REAL_LIMIT);
}

static enum vector segment_vector(unsigned int segment)
{
	return segment == SEG_SS ? VECTOR_SS : VECTOR_GP;
}

uint64_t linear_checked(struct cpu *cpu, unsigned int name, uint64_t offset, unsigned int size,
			enum access access)
{
	const struct vcpu_segment *segment = &cpu->segment[name];

	if (code_is_64(cpu)) {
		uint64_t la = name >= SEG_FS ? segment->base + offset : offset;

		if (!canonical(la) || !canonical(la + size - 1))
			raise_error(cpu, segment_vector(name), 0);
		return la;
	}
	if (!(allowed_accesses(cpu, segment) >> access & 1) || !within(segment, offset, size))
		raise_error(cpu, segment_vector(name), 0);
	return (uint32_t)(segment->base + offset);
}

/* --- the stack --- */

static uint64_t stack_linear(struct cpu *cpu, uint64_t offset, unsigned int size,
			     enum access access)
{
	if (cpu->stack_bits != 64)
		return linear_at(cpu, SEG_SS, offset, size, access);
	if (unlikely(!canonical(offset)))
		raise_error(cpu, VECTOR_SS, 0);
	return offset;
}

void push(struct cpu *cpu, unsigned int size, uint64_t value)
{
	uint64_t offset = (cpu->gpr[GPR_RSP] - size) & stack_mask(cpu);
	uint64_t la = stack_linear(cpu, offset, size, ACCESS_WRITE);

	if (size == 8)
		write64(cpu, la, value);
	else if (size == 4)
		write32(cpu, la, (uint32_t)value);
	else
		write16(cpu, la, (uint16_t)value);
	stack_set(cpu, offset);
}

uint64_t pop(struct cpu *cpu, unsigned int size)
{
	uint64_t offset = cpu->gpr[GPR_RSP] & stack_mask(cpu);
	uint64_t la = stack_linear(cpu, offset, size, ACCESS_READ);
	uint64_t value;

	if (size == 8)
		value = read64(cpu, la);
	else if (size == 4)
		value = read32(cpu, la);
	else
		value = read16(cpu, la);
	stack_set(cpu, offset + size);
	return value;
}

void stack_current(const struct cpu *cpu, struct stack *stack)
{
	*stack = (struct stack){
		.segment = cpu->segment[SEG_SS], .rsp = cpu->gpr[GPR_RSP],
		.mask = stack_mask(cpu), .cpl = cpu->cpl,
	};
}

void stack_other(struct stack *stack, const struct vcpu_segment *segment, uint64_t rsp,
		 unsigned int cpl)
{
	*stack = (struct stack){
		.segment = *segment, .rsp = rsp, .mask = segment->db ? UINT32_MAX : REAL_LIMIT,
		.cpl = (uint8_t)cpl, .error = selector_error(segment->selector),
	};
}

void stack_long(struct stack *stack, uint64_t rsp, unsigned int cpl)
{
	*stack = (struct stack){ .rsp = rsp, .mask = UINT64_MAX, .cpl = (uint8_t)cpl };
}

static uint64_t stack_address(struct cpu *cpu, const struct stack *stack, uint64_t offset,
			      unsigned int size)
{
	bool wide = stack->mask == UINT64_MAX;

	if (wide ? !canonical(offset) : !within(&stack->segment, offset, size))
		raise_error(cpu, VECTOR_SS, stack->error);
	return wide ? offset : (uint32_t)(stack->segment.base + offset);
}

void stack_push(struct cpu *cpu, struct stack *stack, unsigned int size, uint64_t value)
{
	uint64_t offset = (stack->rsp - size) & stack->mask;
	uint64_t la = stack_address(cpu, stack, offset, size);

	if (stack->cpl == 3)
		mmu_write(cpu, la, &value, size);
	else
		mmu_system_write(cpu, la, &value, size);
	stack->rsp = (stack->rsp & ~stack->mask) | offset;
}

uint64_t stack_pop(struct cpu *cpu, struct stack *stack, unsigned int size)
{
	uint64_t offset = stack->rsp & stack->mask, value = 0;
	uint64_t la = stack_address(cpu, stack, offset, size);

	mmu_read(cpu, la, &value, size);
	stack->rsp = (stack->rsp & ~stack->mask) | ((offset + size) & stack->mask);
	return value;
}

void jump_near(struct cpu *cpu, uint64_t target)
{
	if (code_is_64(cpu) ? !canonical(target) : target > cpu->segment[SEG_CS].limit)
		raise_error(cpu, VECTOR_GP, 0);
	cpu->rip = target;
	cpu->end = NULL;
}
