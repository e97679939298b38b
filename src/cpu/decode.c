/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decode.c - instructions as bytes to struct decoded, by Zydis. Nothing else
 * of vmm knows Zydis.
 */
#include <Zydis/Zydis.h>
#include <errno.h>

#include "cpu/internal.h"
#include "cpu/ops.h"

#define OPS_MNEMONIC(name, bind) [ZYDIS_MNEMONIC_##name] = OP_##name,

static const uint16_t op_of_mnemonic[ZYDIS_MNEMONIC_MAX_VALUE + 1] = { OPS_ALL(OPS_MNEMONIC) };

/* What the CPU model has (cpuid.c), besides the rows of ops.h: all of these sets. */
static const uint8_t fpu_sets[ZYDIS_ISA_SET_MAX_VALUE + 1] = {
	[ZYDIS_ISA_SET_X87] = FPU_SET_X87, [ZYDIS_ISA_SET_FCMOV] = FPU_SET_X87,
	[ZYDIS_ISA_SET_SSE3X87] = FPU_SET_SSE3, [ZYDIS_ISA_SET_PENTIUMMMX] = FPU_SET_MMX,
	[ZYDIS_ISA_SET_SSE2MMX] = FPU_SET_SSE2, [ZYDIS_ISA_SET_SSSE3MMX] = FPU_SET_SSSE3,
	[ZYDIS_ISA_SET_SSE] = FPU_SET_SSE, [ZYDIS_ISA_SET_SSEMXCSR] = FPU_SET_SSE,
	[ZYDIS_ISA_SET_SSE2] = FPU_SET_SSE2, [ZYDIS_ISA_SET_SSE3] = FPU_SET_SSE3,
	[ZYDIS_ISA_SET_SSSE3] = FPU_SET_SSSE3, [ZYDIS_ISA_SET_SSE4] = FPU_SET_SSE41,
	[ZYDIS_ISA_SET_SSE42] = FPU_SET_SSE42, [ZYDIS_ISA_SET_PCLMULQDQ] = FPU_SET_PCLMULQDQ,
	[ZYDIS_ISA_SET_AVX] = FPU_SET_AVX, [ZYDIS_ISA_SET_AVX2] = FPU_SET_AVX2,
	[ZYDIS_ISA_SET_AVX2GATHER] = FPU_SET_AVX2, [ZYDIS_ISA_SET_FMA] = FPU_SET_FMA,
	[ZYDIS_ISA_SET_F16C] = FPU_SET_F16C, [ZYDIS_ISA_SET_FXSAVE] = FPU_SET_FXSAVE,
	[ZYDIS_ISA_SET_FXSAVE64] = FPU_SET_FXSAVE, [ZYDIS_ISA_SET_XSAVE] = FPU_SET_XSAVE,
};

static const ZydisMachineMode machine_modes[2][3] = {
	{ ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_MACHINE_MODE_LONG_64 },
	/* Real mode keeps a 32-bit code segment of protected mode until the next far jump. */
	{ ZYDIS_MACHINE_MODE_REAL_16, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_MACHINE_MODE_LONG_64 },
};

static const ZydisStackWidth stack_widths[3] = {
	ZYDIS_STACK_WIDTH_16, ZYDIS_STACK_WIDTH_32, ZYDIS_STACK_WIDTH_64,
};

/* 0, 1, 2 for 16, 32, 64 bits. */
static unsigned int width_index(unsigned int bits)
{
	return bits >> 5;
}

static enum fpu_set find_fpu_set(const ZydisDecodedInstruction *instruction)
{
	enum fpu_set set = fpu_sets[instruction->meta.isa_set];

	/* FCOMI and its like came with CMOV, in a set with much else. */
	if (set == FPU_SET_NONE && instruction->meta.category == ZYDIS_CATEGORY_X87_ALU)
		return FPU_SET_X87;
	return set;
}

static uint16_t find_op(const ZydisDecodedInstruction *instruction)
{
	uint16_t op = op_of_mnemonic[instruction->mnemonic];

	/* Xeon Phi's processors had TZCNT and its like with VEX. */
	if (instruction->meta.isa_set == ZYDIS_ISA_SET_KNCV)
		return OP_UNDEFINED;
	if (op == OP_XGETBV || op == OP_XSETBV || !find_fpu_set(instruction))
		return op;
	/* Fences, prefetches and the like are no matter of the FPU's. */
	switch (op) {
	case OP_LFENCE: case OP_SFENCE: case OP_MFENCE: case OP_MOVNTI: case OP_CRC32:
	case OP_POPCNT: case OP_PAUSE:
		return op;
	default:
		return OP_FPU;
	}
}

static void set_register(struct operand *operand, ZydisRegister reg)
{
	ZyanI8 id = ZydisRegisterGetId(reg);

	operand->reg = (uint8_t)id;
	switch (ZydisRegisterGetClass(reg)) {
	case ZYDIS_REGCLASS_GPR8:
		/* AL CL DL BL AH CH DH BH SPL BPL SIL DIL R8B ... */
		operand->kind = OPERAND_REG;
		operand->high = id >= 4 && id < 8;
		operand->reg = (uint8_t)(id < 4 ? id : id - 4);
		break;
	case ZYDIS_REGCLASS_GPR16:
	case ZYDIS_REGCLASS_GPR32:
	case ZYDIS_REGCLASS_GPR64:
		operand->kind = OPERAND_REG;
		break;
	case ZYDIS_REGCLASS_SEGMENT:
		operand->kind = OPERAND_SEG;
		break;
	case ZYDIS_REGCLASS_CONTROL:
		operand->kind = OPERAND_CR;
		break;
	case ZYDIS_REGCLASS_DEBUG:
		operand->kind = OPERAND_DR;
		break;
	case ZYDIS_REGCLASS_X87:
		operand->kind = OPERAND_X87;
		break;
	case ZYDIS_REGCLASS_MMX:
		operand->kind = OPERAND_MMX;
		break;
	case ZYDIS_REGCLASS_XMM:
		operand->kind = OPERAND_XMM;
		break;
	case ZYDIS_REGCLASS_YMM:
		operand->kind = OPERAND_YMM;
		break;
	default:
		break;
	}
}

/* The number of an address's register; REG_ZERO where there is none. */
static uint8_t address_register(ZydisRegister reg)
{
	switch (reg) {
	case ZYDIS_REGISTER_NONE:
		return REG_ZERO;
	case ZYDIS_REGISTER_RIP:
	case ZYDIS_REGISTER_EIP:
		return REG_RIP;
	default:
		return (uint8_t)ZydisRegisterGetId(reg);
	}
}

static void set_memory(struct decoded *decoded, const ZydisDecodedOperandMem *mem)
{
	static const uint8_t shifts[] = { 0, 0, 1, 0, 2, 0, 0, 0, 3 };

	decoded->base = address_register(mem->base);
	/* A vector index (gathers) is the FPU's business. */
	decoded->index = ZydisRegisterGetClass(mem->index) > ZYDIS_REGCLASS_GPR64 ?
			 REG_ZERO : address_register(mem->index);
	decoded->scale = decoded->index == REG_ZERO ? 0 : shifts[mem->scale];
	decoded->disp = mem->disp.has_displacement ? mem->disp.value : 0;
	decoded->segment = (uint8_t)ZydisRegisterGetId(mem->segment);
}

static void set_operand(struct decoded *decoded, struct operand *operand,
			const ZydisDecodedOperand *from)
{
	operand->size = (uint8_t)(from->size / 8);
	operand->written = from->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
	switch (from->type) {
	case ZYDIS_OPERAND_TYPE_REGISTER:
		set_register(operand, from->reg.value);
		break;
	case ZYDIS_OPERAND_TYPE_MEMORY:
		operand->kind = OPERAND_MEM;
		set_memory(decoded, &from->mem);
		break;
	case ZYDIS_OPERAND_TYPE_POINTER:
		operand->kind = OPERAND_FAR;
		operand->imm = from->ptr.offset;
		decoded->far_selector = from->ptr.segment;
		break;
	case ZYDIS_OPERAND_TYPE_IMMEDIATE:
		operand->kind = from->imm.is_relative ? OPERAND_REL : OPERAND_IMM;
		operand->imm = from->imm.value.u;
		break;
	default:
		break;
	}
}

/*
 * A SIB byte without a base (mod 0, base 101) has none with REX.B either; Zydis
 * 4.0 takes R13 where addresses have 32 bits.
 */
static void drop_false_base(struct decoded *decoded, const ZydisDecodedInstruction *instruction)
{
	const ZydisDecodedInstructionRaw *raw = &instruction->raw;

	if (instruction->attributes & ZYDIS_ATTRIB_HAS_SIB && raw->modrm.mod == 0 &&
	    raw->sib.base == 5) {
		decoded->base = REG_ZERO;
		decoded->disp = raw->disp.value;
	}
}

/* The segment of a string instruction's source, which is no visible operand. */
static uint8_t override(const ZydisDecodedInstruction *instruction)
{
	static const struct {
		ZydisInstructionAttributes attribute;
		uint8_t segment;
	} overrides[] = {
		{ ZYDIS_ATTRIB_HAS_SEGMENT_ES, SEG_ES }, { ZYDIS_ATTRIB_HAS_SEGMENT_CS, SEG_CS },
		{ ZYDIS_ATTRIB_HAS_SEGMENT_SS, SEG_SS }, { ZYDIS_ATTRIB_HAS_SEGMENT_FS, SEG_FS },
		{ ZYDIS_ATTRIB_HAS_SEGMENT_GS, SEG_GS },
	};

	for (unsigned int i = 0; i < sizeof(overrides) / sizeof(overrides[0]); i++)
		if (instruction->attributes & overrides[i].attribute)
			return overrides[i].segment;
	return SEG_DS;
}

static uint8_t prefixes(const ZydisDecodedInstruction *instruction)
{
	uint8_t found = 0;

	if (instruction->attributes & ZYDIS_ATTRIB_HAS_LOCK)
		found |= INSN_LOCK;
	if (instruction->attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE))
		found |= INSN_REP;
	if (instruction->attributes & ZYDIS_ATTRIB_HAS_REPNE)
		found |= INSN_REPNE;
	return found;
}

static void set_raw(struct decoded *decoded, const ZydisDecodedInstruction *instruction,
		    const uint8_t *bytes)
{
	const ZydisDecodedInstructionRaw *raw = &instruction->raw;

	memcpy(decoded->bytes, bytes, instruction->length);
	decoded->prefix_length = raw->prefix_count;
	if (instruction->attributes & ZYDIS_ATTRIB_HAS_REX) {
		decoded->rex = bytes[raw->rex.offset];
		decoded->prefix_length = raw->rex.offset;
	}
	if (instruction->encoding == ZYDIS_INSTRUCTION_ENCODING_VEX) {
		decoded->vex_length = raw->vex.size;
		decoded->prefix_length = raw->vex.offset;
	}
	if (instruction->attributes & ZYDIS_ATTRIB_HAS_MODRM)
		decoded->modrm_offset = raw->modrm.offset;
	decoded->imm_offset = raw->imm[0].size ? raw->imm[0].offset : 0;
	decoded->imm_length = raw->imm[0].size / 8;
	if (decoded->modrm_offset)
		decoded->opcode_offset = (uint8_t)(decoded->modrm_offset - 1);
	else
		decoded->opcode_offset = (uint8_t)(decoded->imm_offset ? decoded->imm_offset - 1 :
						   instruction->length - 1);
}

/* Where the model lacks these, their opcodes are NOPs (0F 18 to 0F 1F). */
static void disable_extensions(ZydisDecoder *decoder)
{
	static const ZydisDecoderMode modes[] = {
		ZYDIS_DECODER_MODE_MPX, ZYDIS_DECODER_MODE_CET, ZYDIS_DECODER_MODE_CLDEMOTE,
	};

	for (unsigned int i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		ZydisDecoderEnableMode(decoder, modes[i], ZYAN_FALSE);
}

/*
 * F3 90 with REX.B is XCHG with R8, and the F3 has no meaning; Zydis 4.0 takes it
 * for PAUSE. So: the same with another prefix that has none.
 */
static int decode_exchange(struct decoded *decoded, const uint8_t *bytes, size_t len)
{
	uint8_t plain[INSN_BYTES_MAX];

	memcpy(plain, bytes, len);
	for (uint8_t *prefix = plain; *prefix != 0x90; prefix++)
		if (*prefix == 0xF3)
			*prefix = 0x3E;
	return decode(decoded, plain, len, 64, false);
}

int decode(struct decoded *decoded, const uint8_t *bytes, size_t len, unsigned int code_bits,
	   bool real)
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction instruction;
	unsigned int width = width_index(code_bits);
	ZydisDecoder decoder;
	ZyanStatus status;

	*decoded = (struct decoded){ .code_bits = (uint8_t)code_bits, .base = REG_ZERO,
				     .index = REG_ZERO };
	ZydisDecoderInit(&decoder, machine_modes[real][width], stack_widths[width]);
	disable_extensions(&decoder);
	status = ZydisDecoderDecodeFull(&decoder, bytes, len, &instruction, operands);
	if (status == ZYDIS_STATUS_NO_MORE_DATA)
		return -ENODATA;
	if (status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG)
		return -E2BIG;
	if (!ZYAN_SUCCESS(status))
		return -EINVAL;
	if (instruction.mnemonic == ZYDIS_MNEMONIC_PAUSE && instruction.raw.rex.B)
		return decode_exchange(decoded, bytes, instruction.length);
	decoded->length = instruction.length;
	decoded->op = find_op(&instruction);
	decoded->fpu_set = find_fpu_set(&instruction);
	decoded->operand_size = (uint8_t)(instruction.operand_width / 8);
	decoded->address_size = (uint8_t)(instruction.address_width / 8);
	decoded->prefixes = prefixes(&instruction);
	decoded->far = instruction.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
	decoded->segment = override(&instruction);
	decoded->operands = instruction.operand_count_visible < OPERANDS_MAX ?
			    instruction.operand_count_visible : OPERANDS_MAX;
	for (unsigned int i = 0; i < decoded->operands; i++)
		set_operand(decoded, &decoded->operand[i], &operands[i]);
	drop_false_base(decoded, &instruction);
	set_raw(decoded, &instruction, bytes);
	return decoded->op == OP_UNDEFINED ? -EINVAL : 0;
}

/* Results that are no function of the guest's own state. */
static bool is_from_outside(ZydisMnemonic mnemonic)
{
	switch (mnemonic) {
	case ZYDIS_MNEMONIC_RDTSC: case ZYDIS_MNEMONIC_RDTSCP: case ZYDIS_MNEMONIC_RDPMC:
	case ZYDIS_MNEMONIC_RDRAND: case ZYDIS_MNEMONIC_RDSEED: case ZYDIS_MNEMONIC_CPUID:
	case ZYDIS_MNEMONIC_RDMSR:
		return true;
	default:
		return false;
	}
}

int cpu_disassemble(struct cpu_insn *insn, const uint8_t *bytes, size_t len, unsigned int bits,
		    bool real, uint64_t rip)
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction instruction;
	unsigned int width = width_index(bits);
	ZydisFormatter formatter;
	ZydisDecoder decoder;

	*insn = (struct cpu_insn){ 0 };
	ZydisDecoderInit(&decoder, machine_modes[real][width], stack_widths[width]);
	disable_extensions(&decoder);
	if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, len, &instruction, operands)))
		return -EINVAL;
	insn->length = instruction.length;
	insn->undefined_flags = instruction.cpu_flags ? instruction.cpu_flags->undefined : 0;
	insn->from_outside = is_from_outside(instruction.mnemonic);
	if (!ZYAN_SUCCESS(ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL)) ||
	    !ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter, &instruction, operands,
			instruction.operand_count_visible, insn->text, sizeof(insn->text), rip, NULL)))
		return -EINVAL;
	return 0;
}
