/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-diff-rules.c - what of an instruction can be compared: which belong to
 * the CPU model (x86-64-v3), which cannot be run in user mode of the host, and
 * what manuals leave undefined.
 */
#include <string.h>

#include "cpu-diff.h"
#include "cpu/internal.h"
#include "cpu/ops.h"

/* --- groups --- */

#define IN_GROUP(name, bind) [ZYDIS_MNEMONIC_##name] = GROUP_NOW + 1,

/* Less 1; 0: not one of ops.h's. */
static const uint8_t group_of_mnemonic[ZYDIS_MNEMONIC_MAX_VALUE + 1] = {
#define GROUP_NOW GROUP_INTEGER
	OPS_INTEGER(IN_GROUP)
#undef GROUP_NOW
#define GROUP_NOW GROUP_BITS
	OPS_BITS(IN_GROUP)
#undef GROUP_NOW
#define GROUP_NOW GROUP_MOVE
	OPS_MOVE(IN_GROUP)
#undef GROUP_NOW
#define GROUP_NOW GROUP_BRANCH
	OPS_BRANCH(IN_GROUP)
#undef GROUP_NOW
#define GROUP_NOW GROUP_STRING
	OPS_STRING(IN_GROUP)
#undef GROUP_NOW
#define GROUP_NOW GROUP_SEGMENT
	OPS_SEGMENT(IN_GROUP)
#undef GROUP_NOW
#define GROUP_NOW GROUP_INTERRUPT
	OPS_INTERRUPT(IN_GROUP)
#undef GROUP_NOW
#define GROUP_NOW GROUP_SYSTEM
	OPS_SYSTEM(IN_GROUP)
#undef GROUP_NOW
};

static const uint8_t group_of_set[ZYDIS_ISA_SET_MAX_VALUE + 1] = {
	[ZYDIS_ISA_SET_X87] = GROUP_X87, [ZYDIS_ISA_SET_FCMOV] = GROUP_X87,
	[ZYDIS_ISA_SET_SSE3X87] = GROUP_X87, [ZYDIS_ISA_SET_FXSAVE] = GROUP_X87,
	[ZYDIS_ISA_SET_FXSAVE64] = GROUP_X87, [ZYDIS_ISA_SET_XSAVE] = GROUP_X87,
	[ZYDIS_ISA_SET_PENTIUMMMX] = GROUP_MMX, [ZYDIS_ISA_SET_SSE2MMX] = GROUP_MMX,
	[ZYDIS_ISA_SET_SSSE3MMX] = GROUP_MMX,
	[ZYDIS_ISA_SET_SSE] = GROUP_SSE, [ZYDIS_ISA_SET_SSEMXCSR] = GROUP_SSE,
	[ZYDIS_ISA_SET_SSE2] = GROUP_SSE, [ZYDIS_ISA_SET_SSE3] = GROUP_SSE,
	[ZYDIS_ISA_SET_SSSE3] = GROUP_SSE, [ZYDIS_ISA_SET_SSE4] = GROUP_SSE,
	[ZYDIS_ISA_SET_SSE42] = GROUP_SSE, [ZYDIS_ISA_SET_PCLMULQDQ] = GROUP_SSE,
	[ZYDIS_ISA_SET_AVX] = GROUP_AVX, [ZYDIS_ISA_SET_AVX2] = GROUP_AVX,
	[ZYDIS_ISA_SET_AVX2GATHER] = GROUP_AVX, [ZYDIS_ISA_SET_F16C] = GROUP_AVX,
	[ZYDIS_ISA_SET_FMA] = GROUP_FMA,
};

static const char *const group_names[GROUPS] = {
	[GROUP_INTEGER] = "integer", [GROUP_BITS] = "bit", [GROUP_MOVE] = "move",
	[GROUP_BRANCH] = "branch", [GROUP_STRING] = "string and port",
	[GROUP_SEGMENT] = "segment", [GROUP_INTERRUPT] = "interrupt",
	[GROUP_SYSTEM] = "system", [GROUP_X87] = "x87", [GROUP_MMX] = "MMX",
	[GROUP_SSE] = "SSE", [GROUP_AVX] = "AVX", [GROUP_FMA] = "FMA",
	[GROUP_UNDEFINED] = "undefined",
};

const char *group_name(enum diff_group group)
{
	return group_names[group];
}

/* In the sets above, but not in the model. */
static bool other_generation(const ZydisDecodedInstruction *insn)
{
	return insn->mnemonic == ZYDIS_MNEMONIC_XGETBV || insn->mnemonic == ZYDIS_MNEMONIC_XSETBV;
}

static enum diff_group find_group(const ZydisDecodedInstruction *insn)
{
	unsigned int general = group_of_mnemonic[insn->mnemonic];

	if (group_of_set[insn->meta.isa_set] && !other_generation(insn))
		return group_of_set[insn->meta.isa_set];
	if (insn->meta.category == ZYDIS_CATEGORY_X87_ALU)
		return GROUP_X87;
	if (insn->encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX ||
	    insn->meta.isa_set == ZYDIS_ISA_SET_KNCV)
		return GROUP_UNDEFINED;
	return general ? (enum diff_group)(general - 1) : GROUP_UNDEFINED;
}

void case_decode(struct diff_case *c)
{
	bool wide = c->bits == 64;
	ZydisDecoder decoder;

	ZydisDecoderInit(&decoder,
			 wide ? ZYDIS_MACHINE_MODE_LONG_64 : ZYDIS_MACHINE_MODE_LONG_COMPAT_32,
			 wide ? ZYDIS_STACK_WIDTH_64 : ZYDIS_STACK_WIDTH_32);
	/* Which x86-64-v3 has not: their opcodes are NOPs. */
	ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_MPX, ZYAN_FALSE);
	ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_CET, ZYAN_FALSE);
	ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_CLDEMOTE, ZYAN_FALSE);
	c->decoded = ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, c->bytes, c->length, &c->insn,
							 c->operands));
	c->group = GROUP_UNDEFINED;
	if (!c->decoded) {
		c->insn = (ZydisDecodedInstruction){ 0 };
		return;
	}
	c->length = c->insn.length;
	c->group = find_group(&c->insn);
}

/* --- addresses --- */

static uint64_t register_value(const struct diff_case *c, ZydisRegister reg)
{
	ZydisRegisterClass class = ZydisRegisterGetClass(reg);
	ZyanI8 id = ZydisRegisterGetId(reg);
	uint64_t value;

	if (reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP)
		return case_rip(c) + c->length;
	if (id < 0 || id >= GPR_COUNT)
		return 0;
	value = c->start.gpr[id];
	if (class == ZYDIS_REGCLASS_GPR64)
		return value;
	return class == ZYDIS_REGCLASS_GPR16 ? (uint16_t)value : (uint32_t)value;
}

uint64_t operand_address(const struct diff_case *c, const ZydisDecodedOperand *operand)
{
	const ZydisDecodedOperandMem *mem = &operand->mem;
	uint64_t offset = mem->disp.has_displacement ? (uint64_t)mem->disp.value : 0;

	offset += register_value(c, mem->base);
	if (ZydisRegisterGetClass(mem->index) <= ZYDIS_REGCLASS_GPR64)
		offset += register_value(c, mem->index) * mem->scale;
	if (c->insn.address_width == 32)
		offset = (uint32_t)offset;
	else if (c->insn.address_width == 16)
		offset = (uint16_t)offset;
	if (mem->segment == ZYDIS_REGISTER_GS)
		offset += c->start.gs_base;
	return c->bits == 32 ? (uint32_t)offset : offset;
}

/* --- what is not run --- */

struct skip {
	uint16_t mnemonic;
	const char *reason;
};

static const struct skip skips[] = {
	{ ZYDIS_MNEMONIC_SYSCALL, "a system call of the host" },
	{ ZYDIS_MNEMONIC_SYSENTER, "a system call of the host" },
	{ ZYDIS_MNEMONIC_CPUID, "the model is not the host" },
	{ ZYDIS_MNEMONIC_XGETBV, "XCR0 is the host's" },
	{ ZYDIS_MNEMONIC_RDTSC, "time" },
	{ ZYDIS_MNEMONIC_RDTSCP, "time" },
	{ ZYDIS_MNEMONIC_RDPMC, "counters are the host's" },
	{ ZYDIS_MNEMONIC_RDRAND, "random numbers" },
	{ ZYDIS_MNEMONIC_RDSEED, "random numbers" },
	{ ZYDIS_MNEMONIC_SGDT, "the host's tables, or what Linux makes of UMIP" },
	{ ZYDIS_MNEMONIC_SIDT, "the host's tables, or what Linux makes of UMIP" },
	{ ZYDIS_MNEMONIC_SLDT, "the host's tables, or what Linux makes of UMIP" },
	{ ZYDIS_MNEMONIC_STR, "the host's tables, or what Linux makes of UMIP" },
	{ ZYDIS_MNEMONIC_SMSW, "the host's CR0, or what Linux makes of UMIP" },
	{ ZYDIS_MNEMONIC_RDFSBASE, "FS is the C library's" },
	{ ZYDIS_MNEMONIC_WRFSBASE, "FS is the C library's" },
	{ ZYDIS_MNEMONIC_LFS, "FS is the C library's" },
	{ ZYDIS_MNEMONIC_MONITOR, "not in the model" },
	{ ZYDIS_MNEMONIC_MWAIT, "not in the model" },
	{ ZYDIS_MNEMONIC_VMCALL, "a call of the hypervisor that the host may run on" },
	{ ZYDIS_MNEMONIC_VMMCALL, "a call of the hypervisor that the host may run on" },
	{ ZYDIS_MNEMONIC_INT1, "hypervisors deliver it with another RIP" },
};

static const char *skip_mnemonic(ZydisMnemonic mnemonic)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(skips); i++)
		if (skips[i].mnemonic == mnemonic)
			return skips[i].reason;
	return NULL;
}

static bool uses_fs(const struct diff_case *c)
{
	for (unsigned int i = 0; i < c->insn.operand_count; i++) {
		const ZydisDecodedOperand *operand = &c->operands[i];

		if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    operand->reg.value == ZYDIS_REGISTER_FS)
			return true;
		if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY && c->bits == 64 &&
		    operand->mem.segment == ZYDIS_REGISTER_FS &&
		    operand->mem.type != ZYDIS_MEMOP_TYPE_AGEN)
			return true;
	}
	return false;
}

static bool has_repeat(const struct diff_case *c)
{
	return memchr(c->bytes, 0xF2, c->insn.raw.prefix_count) ||
	       memchr(c->bytes, 0xF3, c->insn.raw.prefix_count);
}

/* LSS and its like, far JMP and CALL, with REX.W. */
static bool far_pointer_of_64(const struct diff_case *c)
{
	for (unsigned int i = 0; i < c->insn.operand_count_visible; i++)
		if (c->operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    c->operands[i].size == 80 && c->group < GROUP_X87)
			return true;
	return false;
}

/* What AMD's processors do otherwise; the emulator does as Intel's. */
static const char *skip_on_amd(const struct diff_case *c)
{
	if (far_pointer_of_64(c))
		return "AMD's processors have no far pointers of 64 bits";
	if (c->bits == 64 && c->group == GROUP_BRANCH &&
	    c->insn.attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE)
		return "AMD's processors have branches of 16 bits";
	if (c->insn.mnemonic == ZYDIS_MNEMONIC_UD0 || c->insn.mnemonic == ZYDIS_MNEMONIC_UD1)
		return "AMD's processors have no operands of UD0 and UD1";
	if (c->insn.opcode_map == ZYDIS_OPCODE_MAP_0F && c->insn.opcode == 0x0D &&
	    c->insn.raw.modrm.mod == 3)
		return "AMD's processors have no NOP there";
	if (c->insn.meta.category == ZYDIS_CATEGORY_IOSTRINGOP && has_repeat(c) &&
	    !(c->start.gpr[GPR_RCX] & UINT64_MAX >> (64 - c->insn.address_width)))
		return "AMD's processors check ports that are not accessed";
	if (c->insn.mnemonic == ZYDIS_MNEMONIC_SYSEXIT)
		return "AMD's processors have no SYSEXIT in long mode";
	return NULL;
}

static bool loads_ss(const struct diff_case *c)
{
	return c->insn.mnemonic == ZYDIS_MNEMONIC_LSS ||
	       (c->operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		c->operands[0].reg.value == ZYDIS_REGISTER_SS &&
		c->insn.mnemonic != ZYDIS_MNEMONIC_PUSH);
}

static bool is_loop(const struct diff_case *c)
{
	return c->insn.mnemonic == ZYDIS_MNEMONIC_LOOP ||
	       c->insn.mnemonic == ZYDIS_MNEMONIC_LOOPE ||
	       c->insn.mnemonic == ZYDIS_MNEMONIC_LOOPNE;
}

const char *skip_reason(const struct diff_case *c)
{
	const char *reason;

	if (!c->decoded)
		return NULL;
	reason = skip_mnemonic(c->insn.mnemonic);
	if (reason)
		return reason;
	if (c->insn.mnemonic == ZYDIS_MNEMONIC_INT && c->operands[0].imm.value.u == 0x80)
		return "a system call of the host";
	if (loads_ss(c) && (c->start.rflags & RFLAGS_TF || needs_step(c)))
		return "a trap that waits for the next instruction";
	if (is_loop(c) && has_repeat(c))
		return "a repeat prefix that is reserved";
	if (uses_fs(c))
		return "FS is the C library's";
	if (c->insn.meta.category == ZYDIS_CATEGORY_XSAVEOPT)
		return "not in the model";
	return __builtin_cpu_is("amd") ? skip_on_amd(c) : NULL;
}

const char *skip_result(const struct diff_case *c, const struct diff_state *emulated)
{
	if (emulated->vector == VECTOR_PF && native_owns(emulated->address))
		return "memory of this process";
	/* What the model lacks, the host may have; but Xeon Phi's is gone. */
	if (c->group == GROUP_UNDEFINED && emulated->vector == VECTOR_UD &&
	    !(c->decoded && c->insn.meta.isa_set == ZYDIS_ISA_SET_KNCV))
		return "not in the model";
	return NULL;
}

/* The order in which a frame is read is the processor's own business. */
static bool reads_frame(const struct diff_case *c)
{
	return c->decoded && (c->insn.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR ||
			      c->insn.meta.category == ZYDIS_CATEGORY_RET);
}

/* Without an exception, or with the trap behind it. */
static bool completed(const struct diff_state *result)
{
	return result->vector == NO_EXCEPTION || result->vector == VECTOR_DB;
}

bool is_gather(const struct diff_case *c)
{
	return c->decoded && c->insn.meta.isa_set == ZYDIS_ISA_SET_AVX2GATHER;
}

static bool is_maskmov(const struct diff_case *c)
{
	return c->insn.mnemonic == ZYDIS_MNEMONIC_MASKMOVQ ||
	       c->insn.mnemonic == ZYDIS_MNEMONIC_MASKMOVDQU ||
	       c->insn.mnemonic == ZYDIS_MNEMONIC_VMASKMOVDQU;
}

/* And which of two operands in memory is read first. */
static bool reads_two(const struct diff_case *c)
{
	switch (c->insn.mnemonic) {
	case ZYDIS_MNEMONIC_CMPSB:
	case ZYDIS_MNEMONIC_CMPSW:
	case ZYDIS_MNEMONIC_CMPSD:
	case ZYDIS_MNEMONIC_CMPSQ:
		return c->insn.meta.category == ZYDIS_CATEGORY_STRINGOP;
	default:
		return false;
	}
}

/* So is the order in which an area of more than a register is. */
static bool accesses_area(const struct diff_case *c)
{
	if (!c->decoded || !c->insn.operand_count)
		return false;
	return is_maskmov(c) || (c->operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY &&
				 c->operands[0].size > (c->group == GROUP_X87 ? 80 : 256));
}

static bool is_fault(const struct diff_state *result)
{
	return result->vector >= VECTOR_TS && result->vector <= VECTOR_AC;
}

static bool has_wide_operand(const struct diff_case *c)
{
	for (unsigned int i = 0; i < c->insn.operand_count; i++)
		if (c->operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY && c->operands[i].size > 64)
			return true;
	return false;
}

#define LIMIT_NEAR	0x200u
#define LIMIT_EDGE	((UINT64_C(1) << 32) - LIMIT_NEAR)

static bool is_at_edge(const struct diff_case *c)
{
	for (unsigned int i = 0; c->decoded && i < c->insn.operand_count; i++)
		if (c->operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    (uint32_t)(operand_address(c, &c->operands[i]) - LIMIT_EDGE) < 2 * LIMIT_NEAR)
			return true;
	return false;
}

/* How two results can differ although neither is wrong. */
typedef bool difference_fn(const struct diff_case *c, const struct diff_state *native_result,
			   const struct diff_state *emulated_result);

static bool fetched_less(const struct diff_case *c, const struct diff_state *native_result,
			 const struct diff_state *emulated_result)
{
	return c->group == GROUP_UNDEFINED && c->offset > DIFF_PAGE &&
	       ((native_result->vector == VECTOR_UD && emulated_result->vector == VECTOR_PF) ||
		(native_result->vector == VECTOR_PF && emulated_result->vector == VECTOR_UD));
}

/* SDM vol. 3, 6.9, leaves their order to the processor. */
static bool aligned_first(const struct diff_case *c, const struct diff_state *native_result,
			  const struct diff_state *emulated_result)
{
	return native_result->vector == VECTOR_AC && emulated_result->vector == VECTOR_PF;
}

static bool aligned_vector(const struct diff_case *c, const struct diff_state *native_result,
			   const struct diff_state *emulated_result)
{
	return native_result->vector == VECTOR_AC && has_wide_operand(c);
}

/* SDM vol. 2, VGATHERDPS: traps that wait come in lieu of a later element's fault. */
static bool trap_first(const struct diff_case *c, const struct diff_state *native_result,
		       const struct diff_state *emulated_result)
{
	return is_gather(c) && native_result->vector == VECTOR_DB && is_fault(emulated_result);
}

/* SDM vol. 2, MASKMOVDQU: with a mask of zeros it is the processor's choice. */
static bool fault_for_nothing(const struct diff_case *c, const struct diff_state *native_result,
			      const struct diff_state *emulated_result)
{
	return is_maskmov(c) && is_fault(native_result) && completed(emulated_result);
}

/* SDM vol. 3, 5.3: what a limit of 4 GiB does there is the processor's choice. */
static bool across_limit(const struct diff_case *c, const struct diff_state *native_result,
			 const struct diff_state *emulated_result)
{
	return c->bits == 32 &&
	       (native_result->vector == VECTOR_SS || native_result->vector == VECTOR_GP) &&
	       (is_at_edge(c) || emulated_result->vector == VECTOR_AC ||
		emulated_result->address >= LIMIT_EDGE);
}

#define XSAVE_MXCSR_MM	26u		/* the byte of MXCSR with bits 16 to 23 */
#define MXCSR_MM_BYTE	0x02u		/* misaligned mode, AMD's */

static bool other_mxcsr(const struct diff_case *c, const struct diff_state *native_result,
			const struct diff_state *emulated_result)
{
	return emulated_result->vector == VECTOR_GP && completed(native_result) &&
	       native_result->xsave[XSAVE_MXCSR_MM] & MXCSR_MM_BYTE;
}

/* Seen on an EPYC: only where the stack pointer has more than 32 bits. */
static bool pushed_by_new_mode(const struct diff_case *c, const struct diff_state *native_result,
			       const struct diff_state *emulated_result)
{
	return c->bits == 64 && c->insn.meta.category == ZYDIS_CATEGORY_CALL &&
	       c->insn.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR &&
	       c->start.gpr[GPR_RSP] >> 32 &&
	       is_fault(emulated_result) && completed(native_result);
}

static bool faults_differ(const struct diff_case *c, const struct diff_state *native_result,
			  const struct diff_state *emulated_result)
{
	uint64_t between = native_result->address ^ emulated_result->address;

	return (reads_frame(c) || reads_two(c) || accesses_area(c) || c->group == GROUP_BRANCH) &&
	       is_fault(native_result) && is_fault(emulated_result) &&
	       (native_result->vector != emulated_result->vector ||
		native_result->error != emulated_result->error ||
		(native_result->vector == VECTOR_PF && between >= (reads_two(c) ? 1 : DIFF_PAGE)));
}

static const struct {
	difference_fn *applies;
	const char *reason;
} differences[] = {
	{ fetched_less, "how far an undefined instruction is fetched" },
	{ aligned_first, "alignment checked before paging" },
	{ aligned_vector, "alignment of vectors is checked by AMD's processors only" },
	{ trap_first, "a trap in lieu of a gather's fault" },
	{ fault_for_nothing, "a fault for nothing" },
	{ across_limit, "an access across 4 GiB" },
	{ other_mxcsr, "a bit of MXCSR that the model lacks" },
	{ pushed_by_new_mode, "a far call that pushes by the stack size of its target" },
	{ faults_differ, "more than one exception, whose order is the processor's" },
};

const char *skip_pair(const struct diff_case *c, const struct diff_state *native_result,
		      const struct diff_state *emulated_result)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(differences); i++)
		if (differences[i].applies(c, native_result, emulated_result))
			return differences[i].reason;
	return NULL;
}

bool needs_step(const struct diff_case *c)
{
	if (c->offset + c->length + 7 > CODE_SIZE)
		return true;
	/* What the host may know, and how long it is, is not to be seen. */
	if (!c->decoded)
		return true;
	switch (c->insn.meta.category) {
	case ZYDIS_CATEGORY_CALL:
	case ZYDIS_CATEGORY_COND_BR:
	case ZYDIS_CATEGORY_RET:
	case ZYDIS_CATEGORY_SYSRET:
	case ZYDIS_CATEGORY_UNCOND_BR:
		return true;
	default:
		return c->insn.mnemonic == ZYDIS_MNEMONIC_INT ||
		       c->insn.mnemonic == ZYDIS_MNEMONIC_POPF ||
		       c->insn.mnemonic == ZYDIS_MNEMONIC_POPFD ||
		       c->insn.mnemonic == ZYDIS_MNEMONIC_POPFQ;
	}
}

/* --- what is not compared --- */

#define FLAGS_COMPARED	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_TF | \
			 RFLAGS_IF | RFLAGS_DF | RFLAGS_OF | RFLAGS_IOPL | RFLAGS_NT | \
			 RFLAGS_RF | RFLAGS_AC | RFLAGS_ID)
#define MXCSR_FLAGS	0x3Fu
#define MXCSR_PE	0x20u
#define MXCSR_OE_UE	0x18u
#define TASK_END	UINT64_C(0x00007FFFFFFFF000)

/* Leaves out what a memory operand got. */
static void forget(const struct diff_case *c, struct diff_state *result, unsigned int from,
		   unsigned int length)
{
	uint64_t at = operand_address(c, &c->operands[0]) + from - DATA_ADDRESS;

	for (unsigned int i = 0; i < length; i++)
		if (at + i < DATA_SIZE)
			result->data[at + i] = 0;
}

#define POINTERS	0, XSAVE_MXCSR - XSAVE_POINTERS, XSAVE_POINTERS
#define MASK		0, 4, XSAVE_MXCSR_MASK
#define IN_USE		0, 8, XSAVE_HEADER

/*
 * FOP, FIP and FDP are not kept by all processors for all instructions, and the
 * emulator's own; XSTATE_BV says what the processor thinks is in use.
 */
static void forget_pointers(const struct diff_case *c, struct diff_state *result)
{
	static const struct {
		uint16_t mnemonic;
		uint8_t width;		/* of the operation, bits; 0: any */
		uint8_t length;
		uint16_t from;
	} pieces[] = {
		{ ZYDIS_MNEMONIC_FNSTENV, 16, 8, 6 }, { ZYDIS_MNEMONIC_FNSTENV, 32, 16, 12 },
		{ ZYDIS_MNEMONIC_FNSAVE, 16, 8, 6 }, { ZYDIS_MNEMONIC_FNSAVE, 32, 16, 12 },
		{ ZYDIS_MNEMONIC_FXSAVE, POINTERS }, { ZYDIS_MNEMONIC_FXSAVE, MASK },
		{ ZYDIS_MNEMONIC_FXSAVE64, POINTERS }, { ZYDIS_MNEMONIC_FXSAVE64, MASK },
		{ ZYDIS_MNEMONIC_XSAVE, POINTERS }, { ZYDIS_MNEMONIC_XSAVE, MASK },
		{ ZYDIS_MNEMONIC_XSAVE, IN_USE }, { ZYDIS_MNEMONIC_XSAVE64, POINTERS },
		{ ZYDIS_MNEMONIC_XSAVE64, MASK }, { ZYDIS_MNEMONIC_XSAVE64, IN_USE },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(pieces); i++)
		if (pieces[i].mnemonic == c->insn.mnemonic &&
		    (!pieces[i].width || (pieces[i].width == 16) == (c->insn.operand_width == 16)))
			forget(c, result, pieces[i].from, pieces[i].length);
}

/* POPA may have loaded some registers before a fault; it can be begun again. */
static void forget_popped(const struct diff_case *c, struct diff_state *result)
{
	bool popa = c->insn.mnemonic == ZYDIS_MNEMONIC_POPA ||
		    c->insn.mnemonic == ZYDIS_MNEMONIC_POPAD;

	for (unsigned int i = 0; popa && is_fault(result) && i < GPR_COUNT; i++)
		if (i != GPR_RSP)
			result->gpr[i] = 0;
}

/* LAR: what the limit's bits of the descriptor become differs by vendor. */
static void forget_limit(const struct diff_case *c, struct diff_state *result)
{
	if (c->insn.mnemonic == ZYDIS_MNEMONIC_LAR && completed(result))
		result->gpr[ZydisRegisterGetId(c->operands[0].reg.value)] &= ~UINT64_C(0xF0000);
}

/*
 * An unmasked exception's flags: PE with an overflow or underflow depends on
 * what the result would have been; DPPS and DPPD have several steps.
 */
static void normalize_mxcsr(const struct diff_case *c, struct diff_state *result)
{
	uint32_t mxcsr;

	if (result->vector != VECTOR_XM)
		return;
	memcpy(&mxcsr, result->xsave + XSAVE_MXCSR, sizeof(mxcsr));
	if (mxcsr & ~mxcsr >> 7 & MXCSR_OE_UE)
		mxcsr &= ~MXCSR_PE;
	switch (c->insn.mnemonic) {
	case ZYDIS_MNEMONIC_DPPS: case ZYDIS_MNEMONIC_DPPD:
	case ZYDIS_MNEMONIC_VDPPS: case ZYDIS_MNEMONIC_VDPPD:
		mxcsr &= ~MXCSR_FLAGS;
		break;
	default:
		break;
	}
	memcpy(result->xsave + XSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
}

static bool has_error(const struct diff_state *result)
{
	return is_fault(result) && result->vector != VECTOR_MF;
}

static void normalize_exception(const struct diff_case *c, struct diff_state *result)
{
	if (result->vector != VECTOR_PF || reads_frame(c))
		result->address = 0;
	if (accesses_area(c))
		result->address &= ~(uint64_t)(DIFF_PAGE - 1);
	if (!has_error(result))
		result->error = 0;
	/* Linux does not say which of its own pages are present. */
	if (result->vector == VECTOR_PF && result->address >= TASK_END)
		result->error |= 1;
}

void normalize(const struct diff_case *c, struct diff_state *result)
{
	/* Linux's IRETQ clears null selectors' privilege. */
	for (unsigned int i = 0; i < SEG_COUNT; i++)
		if (result->selector[i] <= 3)
			result->selector[i] = 0;
	normalize_exception(c, result);
	normalize_mxcsr(c, result);
	memset(result->xsave + XSAVE_POINTERS, 0, XSAVE_MXCSR - XSAVE_POINTERS);
	memset(result->xsave + XSAVE_MXCSR_MASK, 0, 4);
	memset(result->xsave + XSAVE_RESERVED, 0, XSAVE_YMM_HIGH - XSAVE_RESERVED);
	result->rflags &= FLAGS_COMPARED;
	if (c->decoded && completed(result) && c->insn.cpu_flags)
		result->rflags &= ~(uint64_t)c->insn.cpu_flags->undefined;
	if (c->decoded) {
		forget_pointers(c, result);
		forget_limit(c, result);
		forget_popped(c, result);
	}
	if (c->bits == 32) {
		for (unsigned int i = 0; i < 8; i++)
			result->gpr[i] = (uint32_t)result->gpr[i];
		memset(result->gpr + 8, 0, 8 * sizeof(result->gpr[0]));
		result->gs_base = 0;
		memset(result->xsave + XSAVE_XMM + 8 * 16, 0, 8 * 16);
		memset(result->xsave + XSAVE_YMM_HIGH + 8 * 16, 0, 8 * 16);
	}
}

bool state_equal(const struct diff_state *a, const struct diff_state *b)
{
	return !memcmp(a->gpr, b->gpr, sizeof(a->gpr)) && a->rip == b->rip &&
	       a->rflags == b->rflags && a->gs_base == b->gs_base &&
	       !memcmp(a->selector, b->selector, sizeof(a->selector)) &&
	       !memcmp(a->xsave, b->xsave, sizeof(a->xsave)) &&
	       !memcmp(a->data, b->data, sizeof(a->data)) && a->vector == b->vector &&
	       a->error == b->error && a->address == b->address;
}
