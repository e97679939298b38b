/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fpu_bind.c - which function executes an x87, MMX, SSE or AVX instruction, see
 * fpu.h.
 */
#include "cpu/bind.h"
#include "cpu/fpu.h"

/* --- instructions that the host executes --- */

static const struct operand *memory_operand(const struct decoded *decoded)
{
	for (unsigned int i = 0; i < decoded->operands; i++)
		if (decoded->operand[i].kind == OPERAND_MEM)
			return &decoded->operand[i];
	return NULL;
}

static enum unit unit_of(const struct recipe *recipe)
{
	bool mmx = recipe->mmx_in || recipe->mmx_out;

	if (recipe->vex)
		return UNIT_AVX;
	if (mmx)
		return recipe->vectors_in || recipe->vectors_out ? UNIT_MMX_SSE : UNIT_MMX;
	return UNIT_SSE;
}

/* SDM vol. 2, 2.4: explicitly aligned ones, and all of 16 bytes before AVX. */
static uint16_t alignment(const struct recipe *recipe, uint16_t traits, unsigned int size)
{
	bool aligned = recipe->vex ? traits & TRAIT_ALIGNED : !(traits & TRAIT_UNALIGNED);

	return (uint16_t)(aligned && size >= XMM_SIZE ? size - 1 : 0);
}

static enum use use_of(const struct operand *memory)
{
	if (!memory)
		return USE_NONE;
	return memory->written ? USE_STORE : USE_LOAD;
}

static void bind_vector(const struct decoded *decoded, const struct encoding *e,
			struct insn *insn)
{
	uint16_t traits = find_traits(e);
	struct recipe recipe = make_recipe(decoded, e, traits);
	const struct operand *memory = memory_operand(decoded);

	insn->third = alignment(&recipe, traits, insn->size);
	insn->extra = (const void *)(uintptr_t)thunk_for(decoded->fpu, &recipe);
	insn->execute = fpu_vector_functions[unit_of(&recipe)][use_of(memory)][recipe.mxcsr];
}

/* FCMOVcc, FCOMI, FCOMIP, FUCOMI, FUCOMIP. */
static bool x87_uses_flags(const struct encoding *e)
{
	unsigned int reg = (e->modrm & MODRM_REG) >> MODRM_REG_SHIFT;

	if (e->memory)
		return false;
	if (e->opcode == 0xDA || e->opcode == 0xDB)
		return reg < 4 || (e->opcode == 0xDB && reg >= 5);
	return e->opcode == 0xDF && reg >= 5;
}

static void bind_x87(const struct decoded *decoded, const struct encoding *e, struct insn *insn)
{
	const struct operand *memory = memory_operand(decoded);
	struct recipe recipe = {
		.bytes = { e->opcode, e->memory ? (e->modrm & MODRM_REG) | MODRM_RDI : e->modrm },
		.gpr = RECIPE_NO_GPR, .length = 2, .x87 = true, .flags = x87_uses_flags(e),
	};

	insn->imm = (uint64_t)(e->opcode & 7) << 8 | e->modrm;
	insn->third = 0;
	insn->extra = (const void *)(uintptr_t)thunk_for(decoded->fpu, &recipe);
	insn->execute = fpu_x87_functions[use_of(memory)];
}

/* --- instructions that need more than a thunk --- */

#define ANY_MODRM 0xFFu
#define MEM(reg) ((reg) << MODRM_REG_SHIFT)	/* ModRM of a memory form, its reg only */

static bool bind_wide(const struct decoded *decoded, const struct encoding *e, struct insn *insn)
{
	insn->detail = e->wide;
	return true;
}

static bool bind_zero(const struct decoded *decoded, const struct encoding *e, struct insn *insn)
{
	insn->detail = e->long_vector;
	return true;
}

static const struct by_hand {
	uint8_t map;
	bool vex;
	uint8_t opcode;
	uint8_t modrm;
	insn_fn *execute;
	bind_by_hand_fn *bind;
} by_hand[] = {
	{ MAP_ONE_BYTE, false, 0x9B, ANY_MODRM, execute_fwait, NULL },
	{ MAP_ONE_BYTE, false, 0xD9, MEM(4), execute_fldenv, NULL },
	{ MAP_ONE_BYTE, false, 0xD9, MEM(5), execute_fldcw, NULL },
	{ MAP_ONE_BYTE, false, 0xD9, MEM(6), execute_fnstenv, NULL },
	{ MAP_ONE_BYTE, false, 0xD9, MEM(7), execute_fnstcw, NULL },
	{ MAP_ONE_BYTE, false, 0xDB, 0xE0, execute_fnop, NULL },	/* FENI, of the 8087 */
	{ MAP_ONE_BYTE, false, 0xDB, 0xE1, execute_fnop, NULL },	/* FDISI */
	{ MAP_ONE_BYTE, false, 0xDB, 0xE2, execute_fnclex, NULL },
	{ MAP_ONE_BYTE, false, 0xDB, 0xE3, execute_fninit, NULL },
	{ MAP_ONE_BYTE, false, 0xDB, 0xE4, execute_fnop, NULL },	/* FSETPM, of the 287 */
	{ MAP_ONE_BYTE, false, 0xDD, MEM(4), execute_frstor, NULL },
	{ MAP_ONE_BYTE, false, 0xDD, MEM(6), execute_fnsave, NULL },
	{ MAP_ONE_BYTE, false, 0xDD, MEM(7), execute_fnstsw, NULL },
	{ MAP_ONE_BYTE, false, 0xDF, 0xE0, execute_fnstsw_ax, NULL },
	{ MAP_0F, false, 0x77, ANY_MODRM, execute_emms, NULL },
	{ MAP_0F, false, 0xAE, MEM(0), execute_fxsave, bind_wide },
	{ MAP_0F, false, 0xAE, MEM(1), execute_fxrstor, bind_wide },
	{ MAP_0F, false, 0xAE, MEM(2), execute_ldmxcsr, NULL },
	{ MAP_0F, false, 0xAE, MEM(3), execute_stmxcsr, NULL },
	{ MAP_0F, false, 0xAE, MEM(4), execute_xsave, bind_wide },
	{ MAP_0F, false, 0xAE, MEM(5), execute_xrstor, bind_wide },
	{ MAP_0F, false, 0xF7, ANY_MODRM, execute_maskmov, bind_maskmov },
	{ MAP_0F, true, 0x77, ANY_MODRM, execute_vzero, bind_zero },
	{ MAP_0F, true, 0xAE, MEM(2), execute_vldmxcsr, NULL },
	{ MAP_0F, true, 0xAE, MEM(3), execute_vstmxcsr, NULL },
	{ MAP_0F, true, 0xF7, ANY_MODRM, execute_vmaskmovdqu, bind_maskmov },
	{ MAP_0F38, true, 0x2C, ANY_MODRM, execute_vmaskmov_load, bind_vmaskmov },
	{ MAP_0F38, true, 0x2D, ANY_MODRM, execute_vmaskmov_load, bind_vmaskmov },
	{ MAP_0F38, true, 0x2E, ANY_MODRM, execute_vmaskmov_store, bind_vmaskmov },
	{ MAP_0F38, true, 0x2F, ANY_MODRM, execute_vmaskmov_store, bind_vmaskmov },
	{ MAP_0F38, true, 0x8C, ANY_MODRM, execute_vmaskmov_load, bind_vmaskmov },
	{ MAP_0F38, true, 0x8E, ANY_MODRM, execute_vmaskmov_store, bind_vmaskmov },
	{ MAP_0F38, true, 0x90, ANY_MODRM, execute_gather, bind_gather },
	{ MAP_0F38, true, 0x91, ANY_MODRM, execute_gather, bind_gather },
	{ MAP_0F38, true, 0x92, ANY_MODRM, execute_gather, bind_gather },
	{ MAP_0F38, true, 0x93, ANY_MODRM, execute_gather, bind_gather },
};

static const struct by_hand *find_by_hand(const struct encoding *e)
{
	uint8_t modrm = e->memory ? e->modrm & MODRM_REG : e->modrm;

	for (size_t i = 0; i < sizeof(by_hand) / sizeof(by_hand[0]); i++)
		if (by_hand[i].map == e->map && by_hand[i].vex == e->vex &&
		    by_hand[i].opcode == e->opcode &&
		    (by_hand[i].modrm == ANY_MODRM || by_hand[i].modrm == modrm))
			return &by_hand[i];
	return NULL;
}

bool bind_fpu(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	const struct encoding e = encoding_of(decoded);
	const struct operand *memory = memory_operand(decoded);
	const struct by_hand *hand = find_by_hand(&e);

	insn->size = memory ? memory->size : 0;
	if (hand) {
		insn->execute = hand->execute;
		return !hand->bind || hand->bind(decoded, &e, insn);
	}
	if (thunks_create(decoded->fpu))
		return false;
	if (e.map == MAP_ONE_BYTE)
		bind_x87(decoded, &e, insn);
	else
		bind_vector(decoded, &e, insn);
	return true;
}
