/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * branch.c - near jumps, calls and returns, and instructions that depend on a
 * condition (SDM vol. 2, by their names; conditions: vol. 1, B.1).
 *
 * RIP is behind the block until a jump changes it; a jump is always the last
 * instruction of its block.
 */
#include "cpu/stack.h"

/* --- conditions --- */

#define FLAG(name) (cpu->arith & AF_##name)
#define LESS ((cpu->arith ^ cpu->arith >> 15) & 1)	/* SF is not OF */

_Static_assert(AF_SF == 1u << 15 && AF_OF == 1, "LESS");

/* In the order of the condition codes, as in ops.h. */
#define CONDITIONS(X) \
	X(o, FLAG(OF)) X(no, !FLAG(OF)) X(b, FLAG(CF)) X(nb, !FLAG(CF)) \
	X(z, FLAG(ZF)) X(nz, !FLAG(ZF)) \
	X(be, cpu->arith & (AF_CF | AF_ZF)) X(nbe, !(cpu->arith & (AF_CF | AF_ZF))) \
	X(s, FLAG(SF)) X(ns, !FLAG(SF)) X(p, FLAG(PF)) X(np, !FLAG(PF)) \
	X(l, LESS) X(nl, !LESS) X(le, LESS || FLAG(ZF)) X(nle, !LESS && !FLAG(ZF))

/* --- near jumps by operand size --- */

static inline bool canonical(uint64_t address)
{
	return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

#define TARGET_VALID_16 (target <= cpu->segment[SEG_CS].limit)
#define TARGET_VALID_32 TARGET_VALID_16
#define TARGET_VALID_64 canonical(target)

/*
 * check_target: raises #GP(0) where RIP cannot become target; to be called
 * before anything changes. jump_relative: to insn->imm.
 */
#define DEFINE_JUMP(unused, bits)								\
static inline void check_target##bits(struct cpu *cpu, uint##bits##_t target)		\
{											\
	if (unlikely(!TARGET_VALID_##bits))						\
		raise_error(cpu, VECTOR_GP, 0);						\
}											\
static inline uint##bits##_t relative_target##bits(const struct cpu *cpu,		\
						   const struct insn *insn)		\
{											\
	return (uint##bits##_t)(cpu->gpr[REG_RIP] + insn->imm);				\
}											\
static inline void jump_relative##bits(struct cpu *cpu, const struct insn *insn)	\
{											\
	uint##bits##_t target = relative_target##bits(cpu, insn);			\
											\
	check_target##bits(cpu, target);						\
	cpu->rip = target;								\
}

WIDE_SIZES(DEFINE_JUMP, )

/* imm: the target relative to the block, see relative_target. */
static void bind_relative(const struct decoded *decoded, struct insn *insn)
{
	insn->imm = decoded->operand[0].imm + insn->next;
}

#define JUMP_ROW(name) { [1] = name##16, name##32, name##64 }

/* --- Jcc --- */

#define DEFINE_JCC_SIZE(name, condition, bits)						\
static void j##name##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	if (condition)									\
		jump_relative##bits(cpu, insn);						\
	block_follow(cpu);								\
}

#define DEFINE_JCC(name, condition)							\
	DEFINE_JCC_SIZE(name, condition, 16)						\
	DEFINE_JCC_SIZE(name, condition, 32)						\
	DEFINE_JCC_SIZE(name, condition, 64)

#define JCC_ROW(name, condition) JUMP_ROW(j##name),

CONDITIONS(DEFINE_JCC)

bool bind_jcc(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[][4] = { CONDITIONS(JCC_ROW) };

	bind_relative(decoded, insn);
	insn->execute = functions[decoded->op - OP_JO][size_index(decoded->operand_size)];
	*ends_block = true;
	return true;
}

/* --- SETcc --- */

#define DEFINE_SETCC(name, condition)							\
static void set##name##_reg(struct cpu *cpu, const struct insn *insn)			\
{											\
	REG(dst, 8) = !!(condition);							\
	proceed(cpu, insn);								\
}											\
static void set##name##_mem(struct cpu *cpu, const struct insn *insn)			\
{											\
	store8(cpu, insn, !!(condition));						\
}

#define SETCC_ROW(name, condition) { set##name##_reg, set##name##_mem },

CONDITIONS(DEFINE_SETCC)

bool bind_setcc(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[][2] = { CONDITIONS(SETCC_ROW) };

	insn->dst = reg_offset(&decoded->operand[0]);
	insn->execute = functions[decoded->op - OP_SETO][is_memory(&decoded->operand[0])];
	return true;
}

/* --- CMOVcc: memory is read in any case, a 32-bit register written --- */

#define DEFINE_CMOV_SIZE(name, condition, bits)						\
static void cmov##name##bits##_reg(struct cpu *cpu, const struct insn *insn)		\
{											\
	STORE_REG_##bits((condition) ? REG(src, bits) : REG(dst, bits));		\
	proceed(cpu, insn);								\
}											\
DEFINE_LOADING(cmov##name##bits##_mem, bits, value,					\
	       STORE_REG_##bits((condition) ? value : REG(dst, bits)))

#define DEFINE_CMOV(name, condition)							\
	DEFINE_CMOV_SIZE(name, condition, 16)						\
	DEFINE_CMOV_SIZE(name, condition, 32)						\
	DEFINE_CMOV_SIZE(name, condition, 64)

#define CMOV_ROW(name, condition) ROW_BY_WIDE_SIZE(cmov##name),

CONDITIONS(DEFINE_CMOV)

bool bind_cmov(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[][4][2] = { CONDITIONS(CMOV_ROW) };

	bind_operands(decoded, insn);
	insn->execute = functions[decoded->op - OP_CMOVO][size_index(insn->size)]
				 [is_memory(&decoded->operand[1])];
	return true;
}

/* --- JMP, CALL, RET near --- */

#define DEFINE_NEAR(unused, bits)								\
static inline void jump##bits(struct cpu *cpu, uint##bits##_t target)			\
{											\
	check_target##bits(cpu, target);						\
	cpu->rip = target;								\
}											\
static inline void call##bits(struct cpu *cpu, const struct insn *insn, uint##bits##_t target) \
{											\
	check_target##bits(cpu, target);						\
	cpu->rip = target;								\
	/* A write to the page of this block must not set RIP again. */			\
	cpu->end = NULL;								\
	push##bits(cpu, (uint##bits##_t)next_rip(cpu, insn));				\
}											\
static void jmp_rel##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	jump_relative##bits(cpu, insn);							\
	block_follow(cpu);								\
}											\
static void jmp_reg##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	jump##bits(cpu, REG(src, bits));						\
	block_follow(cpu);								\
}											\
DEFINE_LOADING(jmp_mem##bits, bits, target,						\
	       jump##bits(cpu, target);							\
	       block_follow(cpu); return)						\
static void call_rel##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	call##bits(cpu, insn, relative_target##bits(cpu, insn));			\
	block_follow(cpu);								\
}											\
static void call_reg##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	call##bits(cpu, insn, REG(src, bits));						\
	block_follow(cpu);								\
}											\
DEFINE_LOADING(call_mem##bits, bits, target,						\
	       call##bits(cpu, insn, target);						\
	       block_follow(cpu); return)						\
/* imm: bytes of parameters to release */						\
DEFINE_POPPING(ret##bits, bits, target, jump##bits(cpu, target);			\
	       cpu->gpr[GPR_RSP] = stack_moved(cpu, bits / 8, bits / 8 + insn->imm);	\
	       block_follow(cpu); return)

WIDE_SIZES(DEFINE_NEAR, )

/* --- far forms: what they do is in far.c; size: of the offset, bytes --- */

static void jmp_far_imm(struct cpu *cpu, const struct insn *insn)
{
	far_jump(cpu, insn, insn->src, insn->imm);
}

static void call_far_imm(struct cpu *cpu, const struct insn *insn)
{
	far_call(cpu, insn, insn->src, insn->imm, insn->size);
}

/* The pointer in memory: offset, then selector. */
static uint16_t far_pointer(struct cpu *cpu, const struct insn *insn, uint64_t *target)
{
	uint64_t offset = effective_address(cpu, insn);
	uint64_t above = (offset + insn->size) & insn->address_mask;

	*target = read_sized(cpu, linear_at(cpu, insn->segment, offset, insn->size,
					    ACCESS_READ), insn->size);
	return read16(cpu, linear_at(cpu, insn->segment, above, 2, ACCESS_READ));
}

static void jmp_far_mem(struct cpu *cpu, const struct insn *insn)
{
	uint64_t target;
	uint16_t selector = far_pointer(cpu, insn, &target);

	far_jump(cpu, insn, selector, target);
}

static void call_far_mem(struct cpu *cpu, const struct insn *insn)
{
	uint64_t target;
	uint16_t selector = far_pointer(cpu, insn, &target);

	far_call(cpu, insn, selector, target, insn->size);
}

static void ret_far(struct cpu *cpu, const struct insn *insn)
{
	far_return(cpu, insn, insn->size, (uint16_t)insn->imm);
}

/* Far forms of FF: /3 CALL, /5 JMP; near ones: /2, /4. */
static bool is_far_memory(const struct decoded *decoded)
{
	return is_memory(&decoded->operand[0]) &&
	       decoded->bytes[decoded->modrm_offset] >> 3 & 1;
}

/* By how the target is given. */
enum target { TARGET_RELATIVE, TARGET_REGISTER, TARGET_MEMORY, TARGETS };

static enum target target_kind(const struct decoded *decoded)
{
	switch (decoded->operand[0].kind) {
	case OPERAND_REL:
		return TARGET_RELATIVE;
	case OPERAND_REG:
		return TARGET_REGISTER;
	default:
		return TARGET_MEMORY;
	}
}

struct jump_functions {
	insn_fn *far_imm, *far_mem;
	insn_fn *near[TARGETS][4];
};

static bool bind_jump(const struct decoded *decoded, struct insn *insn,
		      const struct jump_functions *functions)
{
	insn->size = decoded->operand_size;
	if (decoded->operand[0].kind == OPERAND_FAR) {
		insn->src = decoded->far_selector;
		insn->imm = decoded->operand[0].imm & address_mask(insn->size);
		insn->execute = functions->far_imm;
	} else if (is_far_memory(decoded)) {
		insn->execute = functions->far_mem;
	} else {
		bind_relative(decoded, insn);
		insn->src = reg_offset(&decoded->operand[0]);
		insn->execute = functions->near[target_kind(decoded)][size_index(insn->size)];
	}
	return true;
}

bool bind_jmp(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static const struct jump_functions functions = { jmp_far_imm, jmp_far_mem, {
		JUMP_ROW(jmp_rel), JUMP_ROW(jmp_reg), JUMP_ROW(jmp_mem),
	} };

	*ends_block = true;
	return bind_jump(decoded, insn, &functions);
}

bool bind_call(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static const struct jump_functions functions = { call_far_imm, call_far_mem, {
		JUMP_ROW(call_rel), JUMP_ROW(call_reg), JUMP_ROW(call_mem),
	} };

	*ends_block = true;
	return bind_jump(decoded, insn, &functions);
}

#define OPCODE_RET_FAR_BIT 0x8	/* CA, CB; near: C2, C3 */

bool bind_ret(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[4] = JUMP_ROW(ret);
	bool far = decoded->bytes[decoded->opcode_offset] & OPCODE_RET_FAR_BIT;

	insn->size = decoded->operand_size;
	insn->imm = (uint16_t)decoded->operand[0].imm;
	insn->execute = far ? ret_far : functions[size_index(insn->size)];
	*ends_block = true;
	return true;
}

/* --- LOOP, LOOPE, LOOPNE, JCXZ: the counter has the address size --- */

#define DEFINE_LOOP(unused, bits)								\
static inline void loop_if##bits(struct cpu *cpu, const struct insn *insn, bool condition) \
{											\
	unsigned int size = insn->address_size;						\
	uint64_t count = (cpu->gpr[GPR_RCX] - 1) & address_mask(size);			\
											\
	if (count && condition)								\
		jump_relative##bits(cpu, insn);						\
	reg_write(cpu, GPR_RCX, size, count);						\
}											\
static void loop##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	loop_if##bits(cpu, insn, true);							\
	block_follow(cpu);								\
}											\
static void loope##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	loop_if##bits(cpu, insn, FLAG(ZF));						\
	block_follow(cpu);								\
}											\
static void loopne##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	loop_if##bits(cpu, insn, !FLAG(ZF));						\
	block_follow(cpu);								\
}											\
static void jcxz##bits(struct cpu *cpu, const struct insn *insn)			\
{											\
	if (!reg_read(cpu, GPR_RCX, insn->address_size))				\
		jump_relative##bits(cpu, insn);						\
	block_follow(cpu);								\
}

WIDE_SIZES(DEFINE_LOOP, )

bool bind_loop(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[][4] = {
		[OP_LOOP - OP_LOOP] = JUMP_ROW(loop), [OP_LOOPE - OP_LOOP] = JUMP_ROW(loope),
		[OP_LOOPNE - OP_LOOP] = JUMP_ROW(loopne), [OP_JCXZ - OP_LOOP] = JUMP_ROW(jcxz),
		[OP_JECXZ - OP_LOOP] = JUMP_ROW(jcxz), [OP_JRCXZ - OP_LOOP] = JUMP_ROW(jcxz),
	};

	bind_relative(decoded, insn);
	insn->execute = functions[decoded->op - OP_LOOP][size_index(decoded->operand_size)];
	*ends_block = true;
	return true;
}
