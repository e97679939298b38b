/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-diff-random.c - random states of the machine, in which an instruction
 * has something to do: addresses that mostly lead to the data, values near the
 * limits, numbers of all kinds, frames and areas that can be loaded.
 */
#include <string.h>

#include "cpu-diff.h"

/* --- numbers (xorshift64*) --- */

static uint64_t random_state = 1;

void random_seed(uint64_t seed)
{
	random_state = seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
}

uint64_t random64(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545F4914F6CDD1D);
}

unsigned int below(unsigned int n)
{
	return (unsigned int)((random64() >> 32) % n);
}

bool one_in(unsigned int n)
{
	return !below(n);
}

static uint64_t random_address(void)
{
	uint64_t at = DATA_ADDRESS + below(DATA_SIZE);

	if (one_in(2))
		return at & ~UINT64_C(31);
	/* Across pages, and the end of what can be written or of all. */
	if (one_in(8))
		return DATA_ADDRESS + DIFF_PAGE * below(4) - below(64) + 16;
	return at;
}

static uint64_t random_integer(void)
{
	static const uint64_t special[] = {
		0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF,
		0x80000000, 0xFFFFFFFF, UINT64_C(0x100000000), INT64_MAX,
		UINT64_C(0x8000000000000000), UINT64_MAX, UINT64_MAX - 1,
		UINT64_C(0xFFFFFFFF80000000), UINT64_C(0x00007FFFFFFFFFFF),
		UINT64_C(0x0000800000000000),
	};

	switch (below(6)) {
	case 0:
		return special[below(ARRAY_SIZE(special))];
	case 1:
		return below(70);
	case 2:
		return random_address();
	case 3:
		return (uint64_t)((int64_t)random64() >> below(64));
	default:
		return random64();
	}
}

/* Sign, exponent near one that is kept, and any fraction; special numbers too. */
static uint64_t random_double(void)
{
	static const uint64_t special[] = {
		0, 1, UINT64_C(0x000FFFFFFFFFFFFF), UINT64_C(0x0010000000000000),
		UINT64_C(0x3FF0000000000000), UINT64_C(0x3FE0000000000000),
		UINT64_C(0x7FEFFFFFFFFFFFFF), UINT64_C(0x7FF0000000000000),
		UINT64_C(0x7FF0000000000001), UINT64_C(0x7FF8000000000000),
		UINT64_C(0x43E0000000000000), UINT64_C(0x41DFFFFFFFC00000),
	};
	uint64_t sign = random64() & UINT64_C(1) << 63;

	if (one_in(3))
		return sign | special[below(ARRAY_SIZE(special))];
	return sign | (UINT64_C(1013) + below(24)) << 52 | random64() >> 12 >> below(50);
}

static uint64_t random_floats(void)
{
	static const uint32_t special[] = {
		0, 1, 0x7FFFFF, 0x800000, 0x3F800000, 0x7F7FFFFF, 0x7F800000, 0x7F800001,
		0x7FC00000, 0x4F000000, 0x5F000000, 0x477FE000, 0x38800000, 0x33000000,
	};
	uint64_t both = 0;

	for (unsigned int i = 0; i < 2; i++) {
		uint32_t value = (118 + below(20)) << 23 | (uint32_t)random64() >> 9 >> below(20);

		if (one_in(3))
			value = special[below(ARRAY_SIZE(special))];
		both = both << 32 | value | ((uint32_t)random64() & 1u << 31);
	}
	return both;
}

typedef uint64_t random_fn(void);

/* Elements of one kind. */
static void random_vector(uint8_t *at, unsigned int size)
{
	static random_fn *const kinds[] = { random64, random_integer, random_double,
					    random_floats };
	random_fn *kind = kinds[below(ARRAY_SIZE(kinds))];

	for (unsigned int i = 0; i < size; i += 8) {
		uint64_t value = kind();

		memcpy(at + i, &value, sizeof(value));
	}
}

static void put16(uint8_t *at, uint16_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void put64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void random_extended(uint8_t st[10])
{
	static const uint64_t significands[] = {
		0, 1, UINT64_C(1) << 63, UINT64_C(3) << 62, UINT64_C(0xC000000000000001),
		UINT64_C(0x8000000000000001), UINT64_MAX, UINT64_C(1) << 62,
	};
	static const uint16_t exponents[] = {
		0, 1, 0x3C00, 0x3F6A, 0x3F80, 0x3FFE, 0x3FFF, 0x4000, 0x403E, 0x407E, 0x43FE,
		0x7FFE, 0x7FFF,
	};
	uint64_t significand = random64();
	uint16_t exponent = (uint16_t)(0x3FF0 + below(0x50));

	if (!one_in(16))
		significand |= UINT64_C(1) << 63;
	if (one_in(3))
		significand = significands[below(ARRAY_SIZE(significands))];
	if (one_in(3))
		exponent = exponents[below(ARRAY_SIZE(exponents))];
	put64(st, significand);
	put16(st + 8, exponent | (one_in(2) ? 0x8000 : 0));
}

/* --- the FPU --- */

#define FCW_MASKS	0x3Fu
#define FCW_FIXED	0x40u
#define FCW_CONTROL	0xF00u		/* precision and rounding */
#define FSW_TOP_AND_CC	0x7F00u
#define FSW_FLAGS	0x7Fu
#define FSW_ES_B	0x8080u
#define MXCSR_KEPT	0xE07Fu		/* all but the masks */
#define MXCSR_MASKS	0x1F80u
#define MXCSR_FZ_DAZ	0x8040u
#define MXCSR_ALL	0xFFFFu
#define MXCSR_MM_BYTE	0x02u		/* of bits 16 to 23 */

static void random_x87(uint8_t *xsave)
{
	uint16_t fcw = (uint16_t)(FCW_FIXED | (random64() & FCW_CONTROL));
	uint16_t fsw = (uint16_t)(random64() & FSW_TOP_AND_CC);

	fcw |= (uint16_t)(one_in(4) ? random64() & FCW_MASKS : FCW_MASKS);
	/* An unmasked exception that waits already is met now and then. */
	fsw |= (uint16_t)(random64() & FSW_FLAGS & (one_in(8) ? FSW_FLAGS : fcw | FCW_FIXED));
	if (fsw & ~fcw & FCW_MASKS)
		fsw |= FSW_ES_B;
	put16(xsave + XSAVE_FCW, fcw);
	put16(xsave + XSAVE_FSW, fsw);
	xsave[XSAVE_FTW] = one_in(3) ? (uint8_t)random64() : one_in(4) ? 0 : 0xFF;
	for (unsigned int i = 0; i < 8; i++)
		random_extended(xsave + XSAVE_ST + i * 16);
}

static void random_xsave(uint8_t *xsave)
{
	uint32_t mxcsr = (uint32_t)random64() & MXCSR_KEPT;

	memset(xsave, 0, VCPU_XSAVE_SIZE);
	random_x87(xsave);
	if (!one_in(4))
		mxcsr &= ~MXCSR_FZ_DAZ;
	mxcsr |= one_in(4) ? (uint32_t)random64() & MXCSR_MASKS : MXCSR_MASKS;
	put32(xsave + XSAVE_MXCSR, mxcsr);
	put32(xsave + XSAVE_MXCSR_MASK, MXCSR_ALL);
	for (unsigned int i = 0; i < 16; i++) {
		random_vector(xsave + XSAVE_XMM + i * 16, 16);
		random_vector(xsave + XSAVE_YMM_HIGH + i * 16, 16);
	}
	xsave[XSAVE_HEADER] = XCR0_X87 | XCR0_SSE | XCR0_AVX;
}

/* --- operands --- */

static uint8_t *data_at(struct diff_case *c, uint64_t address, unsigned int length)
{
	uint64_t at = address - DATA_ADDRESS;

	return at < DATA_SIZE && DATA_SIZE - at >= length ? c->start.data + at : NULL;
}

static int gpr_of(ZydisRegister reg)
{
	ZydisRegisterClass class = ZydisRegisterGetClass(reg);

	if (class != ZYDIS_REGCLASS_GPR64 && class != ZYDIS_REGCLASS_GPR32 &&
	    class != ZYDIS_REGCLASS_GPR16)
		return -1;
	return ZydisRegisterGetId(reg);
}

/* Where the address is all displacement, the instruction gets another one. */
static void set_displacement(struct diff_case *c, const ZydisDecodedOperandMem *mem,
			     uint64_t target)
{
	uint64_t value = target;
	unsigned int size = c->insn.raw.disp.size / 8;

	if (gpr_of(mem->base) >= 0 || gpr_of(mem->index) >= 0 || size < 4)
		return;
	if (mem->base == ZYDIS_REGISTER_RIP || mem->base == ZYDIS_REGISTER_EIP)
		value -= case_rip(c) + c->length;
	memcpy(c->bytes + c->insn.raw.disp.offset, &value, size);
	case_decode(c);
}

/* Sets registers such that the operand is at the target, or near. */
static void aim(struct diff_case *c, const ZydisDecodedOperand *operand, uint64_t target)
{
	const ZydisDecodedOperandMem *mem = &operand->mem;
	int base = gpr_of(mem->base), index = gpr_of(mem->index);
	unsigned int scale = index < 0 ? 1 : mem->scale;
	uint64_t rest;

	if (mem->segment == ZYDIS_REGISTER_GS)
		target -= c->start.gs_base;
	if (base < 0 && index < 0) {
		set_displacement(c, mem, target);
		return;
	}
	rest = target - (uint64_t)(mem->disp.has_displacement ? mem->disp.value : 0);
	if (base == index)
		c->start.gpr[base] = rest / (scale + 1);
	else if (base < 0)
		c->start.gpr[index] = rest / scale;
	else if (index < 0)
		c->start.gpr[base] = rest;
	else
		c->start.gpr[base] = rest - (c->start.gpr[index] =
					     (uint64_t)(int64_t)(int8_t)random64()) * scale;
	/* What an address of 32 bits leaves out. */
	if (base >= 0 && c->insn.address_width == 32 && c->bits == 64 && one_in(4))
		c->start.gpr[base] |= random64() << 32;
}

static bool is_memory(const ZydisDecodedOperand *operand)
{
	return operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
	       operand->mem.type != ZYDIS_MEMOP_TYPE_AGEN;
}

/* Indices near the base; the masks' signs are random. */
static void prepare_gather(struct diff_case *c)
{
	for (unsigned int i = 0; i < 16 * 16; i += 4) {
		uint32_t index = (uint32_t)random64() & (one_in(40) ? 0x3FFF : 0x1FF);

		put32(c->start.xsave + XSAVE_XMM + i, index);
		put32(c->start.xsave + XSAVE_YMM_HIGH + i, index ^ 0x1B);
		if (i % 8 == 4 && one_in(2)) {
			put32(c->start.xsave + XSAVE_XMM + i, one_in(2) ? 1u << 31 : 0);
			put32(c->start.xsave + XSAVE_YMM_HIGH + i, one_in(2) ? 1u << 31 : 0);
		}
	}
}

/* --- instructions that need more --- */

typedef void prepare_fn(struct diff_case *c, uint64_t operand);

/* An address that can be jumped to, and some that cannot. */
static uint64_t random_target(void)
{
	return one_in(8) ? random64() : one_in(2) ? random_address() :
						    CODE_ADDRESS + below(CODE_SIZE);
}

static void prepare_jump(struct diff_case *c, uint64_t operand)
{
	static const uint16_t selectors[] = { SELECTOR_CODE32, SELECTOR_CODE64, SELECTOR_DATA, 0,
					      0x10, 0x20, 0x30, 0x1000 };
	unsigned int size = c->insn.operand_width / 8;
	uint8_t *at = data_at(c, operand, 40);
	uint16_t selector = selectors[below(one_in(4) ? ARRAY_SIZE(selectors) : 2)];

	for (unsigned int i = 0; i < c->insn.operand_count_visible; i++) {
		int reg = c->operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER ?
			  gpr_of(c->operands[i].reg.value) : -1;

		if (reg >= 0)
			c->start.gpr[reg] = random_target();
	}
	if (!at)
		return;
	/* RIP and a selector, as for far returns; IRET's RFLAGS, RSP, SS. */
	put64(at, random_target());
	if (c->insn.meta.branch_type != ZYDIS_BRANCH_TYPE_FAR &&
	    c->insn.meta.category != ZYDIS_CATEGORY_RET)
		return;
	put64(at + size, selector);
	put64(at + 2 * size, (random64() & 0x254DD5) | RFLAGS_FIXED | RFLAGS_IF);
	if (size == 8) {
		put64(at + 24, random_address());
		put64(at + 32, one_in(8) ? random64() : SELECTOR_DATA);
	}
}

static void prepare_count(struct diff_case *c, uint64_t operand)
{
	if (!one_in(16))
		c->start.gpr[GPR_RCX] = below(one_in(2) ? 4 : 50);
}

/* Bit offsets that stay near. */
static void prepare_bit_test(struct diff_case *c, uint64_t operand)
{
	int reg = c->operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER ?
		  gpr_of(c->operands[1].reg.value) : -1;

	if (reg >= 0 && !one_in(8) && operand)
		c->start.gpr[reg] = (uint64_t)(int64_t)(int16_t)random64() >> below(8);
}

/* Quotients that fit. */
static void prepare_divide(struct diff_case *c, uint64_t operand)
{
	if (one_in(2))
		c->start.gpr[GPR_RDX] = c->insn.mnemonic == ZYDIS_MNEMONIC_IDIV && one_in(2) ?
					UINT64_MAX : below(3);
	if (one_in(2))
		c->start.gpr[GPR_RAX] &= 0xFFFF >> below(16);
}

/* Values that are equal. */
static void prepare_compare(struct diff_case *c, uint64_t operand)
{
	const uint8_t *at = data_at(c, operand, 16);

	if (!at || one_in(2))
		return;
	memcpy(&c->start.gpr[GPR_RAX], at, 8);
	memcpy(&c->start.gpr[GPR_RDX], at + (c->insn.mnemonic == ZYDIS_MNEMONIC_CMPXCHG8B ? 4 : 8),
	       8);
}

static void prepare_mxcsr(struct diff_case *c, uint64_t operand)
{
	uint8_t *at = data_at(c, operand, 4);

	if (at)
		put32(at, (uint32_t)random64() & (one_in(8) ? 0x1FFFF : MXCSR_ALL));
}

/* MXCSR.MM is AMD's only: in the area to be loaded. */
static void forget_misaligned_mask(struct diff_case *c, uint64_t area)
{
	uint8_t *mxcsr = data_at(c, area + XSAVE_MXCSR, 4);

	if (mxcsr)
		mxcsr[2] &= (uint8_t)~MXCSR_MM_BYTE;
}

/* The host's XCR0 may have more components. */
static void prepare_xsave(struct diff_case *c, uint64_t operand)
{
	uint8_t *at = data_at(c, operand, VCPU_XSAVE_SIZE);

	forget_misaligned_mask(c, operand);
	c->start.gpr[GPR_RAX] &= XCR0_X87 | XCR0_SSE | XCR0_AVX;
	c->start.gpr[GPR_RDX] = 0;
	if (!at || c->insn.mnemonic == ZYDIS_MNEMONIC_XSAVE ||
	    c->insn.mnemonic == ZYDIS_MNEMONIC_XSAVE64 || one_in(8))
		return;
	random_xsave(at);
	at[XSAVE_HEADER] = (uint8_t)below(8);
	/* What is reserved on all hosts. */
	if (one_in(8))
		at[XSAVE_HEADER + 3 + below(12)] |= (uint8_t)(1u << below(7));
}

static void prepare_fxrstor(struct diff_case *c, uint64_t operand)
{
	uint8_t *at = data_at(c, operand, 512);
	uint8_t xsave[VCPU_XSAVE_SIZE];

	forget_misaligned_mask(c, operand);
	if (!at || one_in(8))
		return;
	random_xsave(xsave);
	memcpy(at, xsave, 512);
}

static void prepare_extended(struct diff_case *c, uint64_t operand)
{
	uint8_t *at = data_at(c, operand, 10);

	if (at && !one_in(4))
		random_extended(at);
}

/* Selectors that may be loaded: Linux's, null. */
static void prepare_selector(struct diff_case *c, uint64_t operand)
{
	static const uint16_t selectors[] = { SELECTOR_DATA, 0, 3, SELECTOR_CODE32,
					      SELECTOR_CODE64, 0x28, 0x10, 0x18, 0x40, 0x48, 0x88 };
	uint8_t *at = data_at(c, operand, 16);

	for (unsigned int i = 0; i < c->insn.operand_count_visible; i++) {
		int reg = c->operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER ?
			  gpr_of(c->operands[i].reg.value) : -1;

		if (reg >= 0)
			put16((uint8_t *)&c->start.gpr[reg],
			      selectors[below(ARRAY_SIZE(selectors))]);
	}
	if (!at)
		return;
	put16(at, selectors[below(ARRAY_SIZE(selectors))]);
	/* LDS and its like. */
	if (c->insn.operand_count_visible == 2 && c->operands[1].size > 16)
		put16(at + c->operands[1].size / 8 - 2, selectors[below(ARRAY_SIZE(selectors))]);
}

static void prepare_flags(struct diff_case *c, uint64_t operand)
{
	uint8_t *at = data_at(c, operand, 8);

	if (at)
		put64(at, random64() & (one_in(2) ? 0x254DD5 : UINT64_MAX));
}

static const struct {
	uint16_t mnemonic;
	prepare_fn *prepare;
} preparations[] = {
	{ ZYDIS_MNEMONIC_BT, prepare_bit_test }, { ZYDIS_MNEMONIC_BTS, prepare_bit_test },
	{ ZYDIS_MNEMONIC_BTR, prepare_bit_test }, { ZYDIS_MNEMONIC_BTC, prepare_bit_test },
	{ ZYDIS_MNEMONIC_DIV, prepare_divide }, { ZYDIS_MNEMONIC_IDIV, prepare_divide },
	{ ZYDIS_MNEMONIC_CMPXCHG, prepare_compare }, { ZYDIS_MNEMONIC_CMPXCHG8B, prepare_compare },
	{ ZYDIS_MNEMONIC_CMPXCHG16B, prepare_compare },
	{ ZYDIS_MNEMONIC_LDMXCSR, prepare_mxcsr }, { ZYDIS_MNEMONIC_VLDMXCSR, prepare_mxcsr },
	{ ZYDIS_MNEMONIC_XSAVE, prepare_xsave }, { ZYDIS_MNEMONIC_XSAVE64, prepare_xsave },
	{ ZYDIS_MNEMONIC_XRSTOR, prepare_xsave }, { ZYDIS_MNEMONIC_XRSTOR64, prepare_xsave },
	{ ZYDIS_MNEMONIC_FXRSTOR, prepare_fxrstor }, { ZYDIS_MNEMONIC_FXRSTOR64, prepare_fxrstor },
	{ ZYDIS_MNEMONIC_FLD, prepare_extended }, { ZYDIS_MNEMONIC_LAR, prepare_selector },
	{ ZYDIS_MNEMONIC_LSL, prepare_selector }, { ZYDIS_MNEMONIC_VERR, prepare_selector },
	{ ZYDIS_MNEMONIC_VERW, prepare_selector }, { ZYDIS_MNEMONIC_LDS, prepare_selector },
	{ ZYDIS_MNEMONIC_LES, prepare_selector }, { ZYDIS_MNEMONIC_LGS, prepare_selector },
	{ ZYDIS_MNEMONIC_LSS, prepare_selector }, { ZYDIS_MNEMONIC_ARPL, prepare_selector },
	{ ZYDIS_MNEMONIC_POPF, prepare_flags }, { ZYDIS_MNEMONIC_POPFD, prepare_flags },
	{ ZYDIS_MNEMONIC_POPFQ, prepare_flags },
};

static prepare_fn *find_preparation(const struct diff_case *c)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(preparations); i++)
		if (preparations[i].mnemonic == c->insn.mnemonic)
			return preparations[i].prepare;
	if (c->group == GROUP_STRING)
		return prepare_count;
	if (c->group == GROUP_BRANCH || c->insn.meta.category == ZYDIS_CATEGORY_RET)
		return prepare_jump;
	for (unsigned int i = 0; i < c->insn.operand_count_visible; i++)
		if (c->operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    ZydisRegisterGetClass(c->operands[i].reg.value) == ZYDIS_REGCLASS_SEGMENT)
			return prepare_selector;
	return NULL;
}

/* All memory operands, the hidden ones (of the stack, of strings) too. */
static void prepare_operands(struct diff_case *c)
{
	uint64_t alignment = one_in(4) ? 0 : 15;
	prepare_fn *prepare = find_preparation(c);
	uint64_t operand = 0;

	/* What the address is made of must not change any more behind this. */
	if (prepare == prepare_bit_test)
		prepare(c, is_memory(&c->operands[0]));
	for (unsigned int i = 0; i < c->insn.operand_count; i++) {
		uint64_t target = random_address() & ~alignment;

		/* Now and then at any address. */
		if (!is_memory(&c->operands[i]))
			continue;
		if (one_in(32))
			target = random_integer();
		if (is_gather(c))
			prepare_gather(c);
		aim(c, &c->operands[i], target);
		operand = operand_address(c, &c->operands[i]);
	}
	if (prepare && prepare != prepare_bit_test)
		prepare(c, operand);
}

static void random_flags(struct diff_case *c)
{
	c->start.rflags = (random64() & (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF |
					 RFLAGS_SF | RFLAGS_OF)) | RFLAGS_FIXED | RFLAGS_IF;
	if (one_in(8))
		c->start.rflags |= RFLAGS_DF;
	if (one_in(16))
		c->start.rflags |= RFLAGS_AC;
	if (one_in(32))
		c->start.rflags |= RFLAGS_TF;
}

void random_start(struct diff_case *c)
{
	struct diff_state *start = &c->start;

	plain_start(c);
	for (unsigned int i = 0; i < (c->bits == 64 ? 16 : 8); i++) {
		start->gpr[i] = random_integer();
		if (c->bits == 32)
			start->gpr[i] = (uint32_t)start->gpr[i];
	}
	start->gpr[GPR_RSP] = random_address() & ~UINT64_C(7);
	random_flags(c);
	random_xsave(start->xsave);
	for (unsigned int i = 0; i < DATA_SIZE; i += 32)
		random_vector(start->data + i, 32);
	if (c->decoded)
		prepare_operands(c);
	if (c->bits == 32)
		for (unsigned int i = 0; i < GPR_COUNT; i++)
			start->gpr[i] = i < 8 ? (uint32_t)start->gpr[i] : 0;
	if (needs_step(c))
		start->rflags |= RFLAGS_TF;
}
