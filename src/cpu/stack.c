/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stack.c - PUSH, POP and their relatives, ENTER, LEAVE (SDM vol. 2, by their
 * names; vol. 1, 6.2).
 */
#include "cpu/stack.h"

/* By operand size: nothing for bytes. */
#define STACK_ROW(name) { [1] = name##16, name##32, name##64 }

/* --- PUSH --- */

#define DEFINE_PUSH(name, bits)								\
static void name##_reg##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	push##bits(cpu, REG(src, bits));						\
	proceed(cpu, insn);								\
}											\
DEFINE_LOADING(name##_mem##bits, bits, value, push##bits(cpu, value))			\
static void name##_imm##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	push##bits(cpu, (uint##bits##_t)insn->imm);					\
	proceed(cpu, insn);								\
}											\
static void name##_segment##bits(struct cpu *cpu, const struct insn *insn)		\
{											\
	push##bits(cpu, cpu->segment[insn->detail].selector);				\
}

WIDE_SIZES(DEFINE_PUSH, push)

bool bind_push(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[][4] = {
		[OPERAND_REG] = STACK_ROW(push_reg), [OPERAND_MEM] = STACK_ROW(push_mem),
		[OPERAND_IMM] = STACK_ROW(push_imm), [OPERAND_SEG] = STACK_ROW(push_segment),
	};
	const struct operand *operand = &decoded->operand[0];

	insn->src = reg_offset(operand);
	insn->imm = operand->imm;
	insn->detail = operand->reg;
	insn->execute = functions[operand->kind][size_index(decoded->operand_size)];
	return true;
}

/* --- POP --- */

/*
 * An address with RSP in it is that after the pop; but RSP may change only when
 * the write has succeeded.
 */
static uint64_t popped_address(struct cpu *cpu, const struct insn *insn, unsigned int size)
{
	uint64_t rsp = cpu->gpr[GPR_RSP], offset;

	cpu->gpr[GPR_RSP] = stack_moved(cpu, size, size);
	offset = effective_address(cpu, insn);
	cpu->gpr[GPR_RSP] = rsp;
	return linear_at(cpu, insn->segment, offset, size, ACCESS_WRITE);
}

/* RSP, set by the size of the stack before: SS may be what is loaded. */
static void pop_segment(struct cpu *cpu, const struct insn *insn, uint16_t selector,
			uint64_t rsp)
{
	load_segment(cpu, insn->detail, selector);
	cpu->gpr[GPR_RSP] = rsp;
	if (insn->detail == SEG_SS)
		stack_segment_shadow(cpu);
}

#define POPPED(bits) stack_moved(cpu, bits / 8, bits / 8)

/* To a register RSP comes first: it may be RSP. */
#define DEFINE_POP(name, bits)								\
DEFINE_POPPING(name##_reg##bits, bits, value,						\
	       cpu->gpr[GPR_RSP] = POPPED(bits); STORE_REG_##bits(value))		\
DEFINE_POPPING(name##_mem##bits, bits, value,						\
	       write##bits(cpu, popped_address(cpu, insn, bits / 8), value);		\
	       cpu->gpr[GPR_RSP] = POPPED(bits))					\
DEFINE_POPPING(name##_segment##bits, bits, selector,					\
	       pop_segment(cpu, insn, (uint16_t)selector, POPPED(bits)))

WIDE_SIZES(DEFINE_POP, pop)

bool bind_pop(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[][4] = {
		[OPERAND_REG] = STACK_ROW(pop_reg), [OPERAND_MEM] = STACK_ROW(pop_mem),
		[OPERAND_SEG] = STACK_ROW(pop_segment),
	};
	const struct operand *operand = &decoded->operand[0];

	insn->dst = reg_offset(operand);
	insn->detail = operand->reg;
	insn->execute = functions[operand->kind][size_index(decoded->operand_size)];
	*ends_block = operand->kind == OPERAND_SEG && operand->reg == SEG_SS;
	return true;
}

/* --- PUSHA, POPA --- */

/* In the order of their numbers; the value of RSP is that before the first push. */
#define DEFINE_ALL(unused, bits)								\
static void push_all##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	for (unsigned int i = 0; i < 8; i++)						\
		stack_write##bits(cpu, stack_offset(cpu, 0, -(uint64_t)(i + 1) * (bits / 8)), \
				  (uint##bits##_t)cpu->gpr[i]);				\
	cpu->gpr[GPR_RSP] = stack_moved(cpu, 0, -(uint64_t)bits);			\
}											\
static void pop_all##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	uint##bits##_t value[8];							\
											\
	for (unsigned int i = 8; i--;)							\
		value[i] = stack_read##bits(cpu, stack_offset(cpu, 0, (7 - i) * (bits / 8))); \
	for (unsigned int i = 0; i < 8; i++)						\
		if (i != GPR_RSP)							\
			reg_write(cpu, i, bits / 8, value[i]);				\
	cpu->gpr[GPR_RSP] = stack_moved(cpu, 0, bits);					\
}

DEFINE_ALL(, 16)
DEFINE_ALL(, 32)

bool bind_push_all(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = decoded->op == OP_PUSHA ? push_all16 : push_all32;
	return true;
}

bool bind_pop_all(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	insn->execute = decoded->op == OP_POPA ? pop_all16 : pop_all32;
	return true;
}

/* --- PUSHF, POPF --- */

/* In virtual-8086 mode they need IOPL 3. */
static void check_flags_access(struct cpu *cpu)
{
	if (cpu_v8086(cpu) && cpu_iopl(cpu) < 3)
		raise_error(cpu, VECTOR_GP, 0);
}

/*
 * SDM vol. 2, POPF, table 4-16: IOPL only at CPL 0, IF only where CPL is at most
 * IOPL. POPF clears RF besides; VM, VIF and VIP stay.
 */
uint64_t changeable_flags(const struct cpu *cpu, unsigned int size)
{
	uint64_t flags = RFLAGS_ARITH | RFLAGS_TF | RFLAGS_DF | RFLAGS_NT;

	if (size > 2)
		flags |= RFLAGS_AC | RFLAGS_ID;
	if (cpu->cpl == 0)
		flags |= RFLAGS_IOPL;
	if (cpu->cpl <= cpu_iopl(cpu))
		flags |= RFLAGS_IF;
	return flags;
}

static void set_popped_flags(struct cpu *cpu, unsigned int size, uint64_t value)
{
	uint64_t changeable = changeable_flags(cpu, size), old = flags_get(cpu);
	uint64_t flags = (old & ~changeable) | (value & changeable);

	flags_set(cpu, flags & ~(uint64_t)RFLAGS_RF);
	if ((flags ^ old) & RFLAGS_AC)
		cpu_mode_changed(cpu);
}

#define DEFINE_FLAGS(unused, bits)							\
static void push_flags##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	check_flags_access(cpu);							\
	push##bits(cpu, (uint##bits##_t)(flags_get(cpu) &				\
					 ~(uint64_t)(RFLAGS_RF | RFLAGS_VM)));		\
}											\
static void pop_flags##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	uint##bits##_t value;								\
											\
	check_flags_access(cpu);							\
	value = stack_read##bits(cpu, stack_offset(cpu, bits / 8, 0));			\
	cpu->gpr[GPR_RSP] = POPPED(bits);						\
	set_popped_flags(cpu, bits / 8, value);						\
}

WIDE_SIZES(DEFINE_FLAGS, )

bool bind_push_flags(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[4] = STACK_ROW(push_flags);

	insn->execute = functions[size_index(decoded->operand_size)];
	return true;
}

bool bind_pop_flags(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[4] = STACK_ROW(pop_flags);

	insn->execute = functions[size_index(decoded->operand_size)];
	*ends_block = true;
	return true;
}

/* --- ENTER, LEAVE --- */

/*
 * The frame pointers of the enclosing procedures, from the old frame, and the
 * new one. frame: offset of the saved rBP below RSP.
 */
#define DEFINE_FRAME(unused, bits)							\
static void copy_frames##bits(struct cpu *cpu, unsigned int level)			\
{											\
	const uint64_t size = bits / 8;							\
	uint64_t below = size, from = cpu->gpr[GPR_RBP];				\
	uint64_t frame = stack_moved(cpu, bits / 8, -size);				\
											\
	for (unsigned int i = 1; i < level; i++) {					\
		from -= size;								\
		below += size;								\
		stack_write##bits(cpu, stack_offset(cpu, bits / 8, -below),		\
				  stack_read##bits(cpu, from & stack_mask(cpu)));	\
	}										\
	below += size;									\
	stack_write##bits(cpu, stack_offset(cpu, bits / 8, -below), (uint##bits##_t)frame); \
}											\
/* imm: bytes of local variables; detail: nesting level */				\
static void enter##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	const uint64_t size = bits / 8;							\
	uint64_t frame = stack_moved(cpu, bits / 8, -size);				\
	uint64_t below = size * (insn->detail + 1u) + insn->imm;			\
	uint##bits##_t probe;								\
											\
	stack_write##bits(cpu, stack_offset(cpu, bits / 8, -size),			\
			  (uint##bits##_t)cpu->gpr[GPR_RBP]);				\
	if (insn->detail)								\
		copy_frames##bits(cpu, insn->detail);					\
	/* The new top of the stack must be writable. */				\
	mmu_read_for_write(cpu, linear_at(cpu, SEG_SS, stack_offset(cpu, bits / 8, -below), \
					  bits / 8, ACCESS_WRITE), &probe, sizeof(probe)); \
	cpu->gpr[GPR_RSP] = stack_moved(cpu, bits / 8, -below);				\
	reg_write(cpu, GPR_RBP, bits / 8, frame);					\
}											\
DEFINE_LOADING_AT(leave##bits, bits, SEG_SS, cpu->gpr[GPR_RBP] & stack_mask(cpu), value, \
		  cpu->gpr[GPR_RSP] = stack_pointer(cpu, cpu->gpr[GPR_RBP] + bits / 8);	\
		  reg_write(cpu, GPR_RBP, bits / 8, value))

WIDE_SIZES(DEFINE_FRAME, )

bool bind_enter(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[4] = STACK_ROW(enter);

	insn->imm = (uint16_t)decoded->operand[0].imm;
	insn->detail = decoded->operand[1].imm & 31;
	insn->execute = functions[size_index(decoded->operand_size)];
	return true;
}

bool bind_leave(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[4] = STACK_ROW(leave);

	insn->execute = functions[size_index(decoded->operand_size)];
	return true;
}
