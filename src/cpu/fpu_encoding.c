/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fpu_encoding.c - encodings of vector instructions, taken apart and put
 * together again for the host, see fpu.h (SDM vol. 2, chapter 2 and appendix A).
 */
#include "cpu/fpu.h"

/* --- taking apart --- */

static enum prefix mandatory_prefix(const struct decoded *decoded)
{
	enum prefix prefix = PREFIX_NONE;

	/* The last of F2 and F3 counts, and 66 only without them. */
	for (unsigned int i = 0; i < decoded->prefix_length; i++) {
		if (decoded->bytes[i] == 0xF2)
			prefix = PREFIX_F2;
		else if (decoded->bytes[i] == 0xF3)
			prefix = PREFIX_F3;
		else if (decoded->bytes[i] == 0x66 && prefix == PREFIX_NONE)
			prefix = PREFIX_66;
	}
	return prefix;
}

static void take_apart_vex(struct encoding *e, const struct decoded *decoded)
{
	const uint8_t *vex = &decoded->bytes[decoded->prefix_length];
	uint8_t last = vex[decoded->vex_length - 1];

	e->vex = true;
	e->map = vex[0] == VEX_3_BYTES ? vex[1] & VEX_MAP : MAP_0F;
	e->wide = vex[0] == VEX_3_BYTES && last & VEX_W;
	e->long_vector = last & VEX_L;
	e->prefix = last & VEX_PP;
}

static void take_apart_legacy(struct encoding *e, const struct decoded *decoded)
{
	const uint8_t *at = &decoded->bytes[decoded->prefix_length];

	e->prefix = mandatory_prefix(decoded);
	if (decoded->rex)
		at++;
	e->wide = decoded->rex & REX_W;
	if (at[0] == 0x0F)
		e->map = at[1] == 0x38 ? MAP_0F38 : at[1] == 0x3A ? MAP_0F3A : MAP_0F;
}

struct encoding encoding_of(const struct decoded *decoded)
{
	struct encoding e = { .opcode = decoded->bytes[decoded->opcode_offset] };

	if (decoded->modrm_offset) {
		e.modrm = decoded->bytes[decoded->modrm_offset];
		e.memory = (e.modrm & MODRM_MOD) != MODRM_REGISTER;
	}
	if (decoded->vex_length)
		take_apart_vex(&e, decoded);
	else
		take_apart_legacy(&e, decoded);
	return e;
}

/* --- what single instructions are like --- */

#define PREFIXES(a) (1u << (a))
#define ANY_PREFIX 0xFu

static const struct {
	uint8_t map;
	uint8_t prefixes;	/* bits: which of them */
	uint8_t first, last;	/* opcodes */
	uint16_t traits;
} traits_of[] = {
	{ MAP_0F, ANY_PREFIX, 0x10, 0x11, TRAIT_UNALIGNED },	/* MOVUPS, MOVUPD */
	{ MAP_0F, ANY_PREFIX, 0x28, 0x29, TRAIT_ALIGNED },	/* MOVAPS, MOVAPD */
	{ MAP_0F, ANY_PREFIX, 0x2A, 0x2A, TRAIT_MXCSR | TRAIT_GPR_RM | TRAIT_WIDTH },
	{ MAP_0F, ANY_PREFIX, 0x2B, 0x2B, TRAIT_ALIGNED },	/* MOVNTPS, MOVNTPD */
	{ MAP_0F, ANY_PREFIX, 0x2C, 0x2D, TRAIT_MXCSR | TRAIT_WIDTH },
	{ MAP_0F, ANY_PREFIX, 0x2E, 0x2F, TRAIT_MXCSR | TRAIT_FLAGS },
	{ MAP_0F, ANY_PREFIX, 0x51, 0x53, TRAIT_MXCSR },	/* SQRT, RSQRT, RCP */
	{ MAP_0F, ANY_PREFIX, 0x58, 0x5F, TRAIT_MXCSR },
	{ MAP_0F, ANY_PREFIX, 0x6E, 0x6E, TRAIT_GPR_RM | TRAIT_WIDTH },	/* MOVD */
	{ MAP_0F, PREFIXES(PREFIX_66), 0x6F, 0x6F, TRAIT_ALIGNED },	/* MOVDQA */
	{ MAP_0F, PREFIXES(PREFIX_F3), 0x6F, 0x6F, TRAIT_UNALIGNED },	/* MOVDQU */
	{ MAP_0F, ANY_PREFIX, 0x7C, 0x7D, TRAIT_MXCSR },	/* HADD, HSUB */
	{ MAP_0F, PREFIXES(PREFIX_NONE) | PREFIXES(PREFIX_66), 0x7E, 0x7E,
	  TRAIT_GPR_RM | TRAIT_WIDTH },
	{ MAP_0F, PREFIXES(PREFIX_66), 0x7F, 0x7F, TRAIT_ALIGNED },
	{ MAP_0F, PREFIXES(PREFIX_F3), 0x7F, 0x7F, TRAIT_UNALIGNED },
	{ MAP_0F, ANY_PREFIX, 0xC2, 0xC2, TRAIT_MXCSR },	/* CMPPS ... */
	{ MAP_0F, ANY_PREFIX, 0xC4, 0xC4, TRAIT_GPR_RM },	/* PINSRW */
	{ MAP_0F, ANY_PREFIX, 0xD0, 0xD0, TRAIT_MXCSR },	/* ADDSUB */
	{ MAP_0F, ANY_PREFIX, 0xE6, 0xE6, TRAIT_MXCSR },	/* CVTPD2DQ ... */
	{ MAP_0F, ANY_PREFIX, 0xE7, 0xE7, TRAIT_ALIGNED },	/* MOVNTDQ */
	{ MAP_0F, ANY_PREFIX, 0xF0, 0xF0, TRAIT_UNALIGNED },	/* LDDQU */
	{ MAP_0F38, ANY_PREFIX, 0x0E, 0x0F, TRAIT_FLAGS },	/* VTESTPS, VTESTPD */
	{ MAP_0F38, ANY_PREFIX, 0x10, 0x10, TRAIT_XMM0_IN },	/* PBLENDVB */
	{ MAP_0F38, ANY_PREFIX, 0x13, 0x13, TRAIT_MXCSR },	/* VCVTPH2PS */
	{ MAP_0F38, ANY_PREFIX, 0x14, 0x15, TRAIT_XMM0_IN },	/* BLENDVPS, BLENDVPD */
	{ MAP_0F38, ANY_PREFIX, 0x17, 0x17, TRAIT_FLAGS },	/* PTEST */
	{ MAP_0F38, ANY_PREFIX, 0x2A, 0x2A, TRAIT_ALIGNED },	/* MOVNTDQA */
	{ MAP_0F38, ANY_PREFIX, 0x96, 0x9F, TRAIT_MXCSR },	/* FMA */
	{ MAP_0F38, ANY_PREFIX, 0xA6, 0xAF, TRAIT_MXCSR },
	{ MAP_0F38, ANY_PREFIX, 0xB6, 0xBF, TRAIT_MXCSR },
	{ MAP_0F3A, ANY_PREFIX, 0x08, 0x0B, TRAIT_MXCSR },	/* ROUND */
	{ MAP_0F3A, ANY_PREFIX, 0x14, 0x15, TRAIT_GPR_RM },	/* PEXTRB, PEXTRW */
	{ MAP_0F3A, ANY_PREFIX, 0x16, 0x16, TRAIT_GPR_RM | TRAIT_WIDTH },
	{ MAP_0F3A, ANY_PREFIX, 0x17, 0x17, TRAIT_GPR_RM },	/* EXTRACTPS */
	{ MAP_0F3A, ANY_PREFIX, 0x1D, 0x1D, TRAIT_MXCSR },	/* VCVTPS2PH */
	{ MAP_0F3A, ANY_PREFIX, 0x20, 0x20, TRAIT_GPR_RM },	/* PINSRB */
	{ MAP_0F3A, ANY_PREFIX, 0x22, 0x22, TRAIT_GPR_RM | TRAIT_WIDTH },
	{ MAP_0F3A, ANY_PREFIX, 0x40, 0x41, TRAIT_MXCSR },	/* DPPS, DPPD */
	{ MAP_0F3A, ANY_PREFIX, 0x60, 0x60,			/* PCMPESTRM */
	  TRAIT_FLAGS | TRAIT_UNALIGNED | TRAIT_WIDTH | TRAIT_LENGTHS | TRAIT_XMM0_OUT },
	{ MAP_0F3A, ANY_PREFIX, 0x61, 0x61,			/* PCMPESTRI */
	  TRAIT_FLAGS | TRAIT_UNALIGNED | TRAIT_WIDTH | TRAIT_LENGTHS | TRAIT_RCX },
	{ MAP_0F3A, ANY_PREFIX, 0x62, 0x62, TRAIT_FLAGS | TRAIT_UNALIGNED | TRAIT_XMM0_OUT },
	{ MAP_0F3A, ANY_PREFIX, 0x63, 0x63, TRAIT_FLAGS | TRAIT_UNALIGNED | TRAIT_RCX },
};

uint16_t find_traits(const struct encoding *e)
{
	for (size_t i = 0; i < sizeof(traits_of) / sizeof(traits_of[0]); i++)
		if (traits_of[i].map == e->map && traits_of[i].prefixes >> e->prefix & 1 &&
		    traits_of[i].first <= e->opcode && e->opcode <= traits_of[i].last)
			return traits_of[i].traits;
	return 0;
}

/*
 * Stores that go round the caches do so for their own good only. As plain ones
 * they need no fence for the rest of vmm to see them in order.
 */
static uint8_t temporal(const struct encoding *e)
{
	if (e->map == MAP_0F && e->opcode == 0x2B)	/* MOVNTPS as MOVAPS */
		return 0x29;
	if (e->map == MAP_0F && e->opcode == 0xE7)	/* MOVNTQ, MOVNTDQ as MOVQ, MOVDQA */
		return 0x7F;
	return e->opcode;
}

/* --- recipes --- */

/* Whether the registers that ModRM.rm and ModRM.reg name are replaced. */
static bool rm_dropped(const struct recipe *recipe, const struct encoding *e, uint16_t traits)
{
	return e->memory || (recipe->gpr != RECIPE_NO_GPR && traits & TRAIT_GPR_RM);
}

static bool reg_dropped(const struct recipe *recipe, uint16_t traits)
{
	return recipe->gpr != RECIPE_NO_GPR && !(traits & TRAIT_GPR_RM);
}

static void put_modrm(struct recipe *recipe, const struct encoding *e, uint16_t traits)
{
	uint8_t modrm = e->modrm;

	if (reg_dropped(recipe, traits))
		modrm &= (uint8_t)~MODRM_REG;
	if (e->memory)
		modrm = (modrm & MODRM_REG) | MODRM_RDI;
	else if (rm_dropped(recipe, e, traits))
		modrm &= (uint8_t)~MODRM_RM;
	recipe->bytes[recipe->length++] = modrm;
}

static void put_legacy_opcode(struct recipe *recipe, const struct decoded *decoded,
			      const struct encoding *e, uint16_t traits)
{
	static const uint8_t prefixes[] = { 0, 0x66, 0xF3, 0xF2 };
	static const uint8_t escapes[] = { [MAP_0F38] = 0x38, [MAP_0F3A] = 0x3A };
	uint8_t rex = decoded->rex & (REX_W | REX_R | REX_B);

	if (rm_dropped(recipe, e, traits))
		rex &= (uint8_t)~REX_B;
	if (reg_dropped(recipe, traits))
		rex &= (uint8_t)~REX_R;
	if (e->prefix)
		recipe->bytes[recipe->length++] = prefixes[e->prefix];
	if (rex)
		recipe->bytes[recipe->length++] = REX | rex;
	recipe->bytes[recipe->length++] = 0x0F;
	if (escapes[e->map])
		recipe->bytes[recipe->length++] = escapes[e->map];
	recipe->bytes[recipe->length++] = temporal(e);
}

static void put_vex_opcode(struct recipe *recipe, const struct decoded *decoded,
			   const struct encoding *e, uint16_t traits)
{
	const uint8_t *vex = &decoded->bytes[decoded->prefix_length];
	uint8_t first = VEX_R | VEX_X | VEX_B | MAP_0F;
	uint8_t last = vex[decoded->vex_length - 1];

	if (vex[0] == VEX_3_BYTES)
		first = vex[1] | VEX_X;
	else
		first = (uint8_t)((first & ~VEX_R) | (last & VEX_R));
	/* What takes the place of W in the short form is R. */
	last = (uint8_t)((last & ~VEX_W) | (e->wide ? VEX_W : 0));
	if (decoded->code_bits != 64) {
		first |= VEX_B;
		last |= VEX_VVVV_HIGH;
		if (traits & TRAIT_WIDTH)
			last &= (uint8_t)~VEX_W;
	}
	if (rm_dropped(recipe, e, traits))
		first |= VEX_B;
	if (reg_dropped(recipe, traits))
		first |= VEX_R;
	recipe->bytes[recipe->length++] = VEX_3_BYTES;
	recipe->bytes[recipe->length++] = first;
	recipe->bytes[recipe->length++] = last;
	recipe->bytes[recipe->length++] = temporal(e);
}

static void put_immediate(struct recipe *recipe, const struct decoded *decoded,
			  const struct encoding *e)
{
	uint8_t immediate;

	if (!decoded->imm_length)
		return;
	immediate = decoded->bytes[decoded->imm_offset];
	/* A fourth register's number; there are 8 outside 64-bit mode. */
	if (decoded->code_bits != 64 && e->vex && decoded->operands == 4 &&
	    decoded->operand[3].kind != OPERAND_IMM)
		immediate &= 0x7F;
	recipe->bytes[recipe->length++] = immediate;
}

static void note_operand(struct recipe *recipe, const struct operand *operand)
{
	uint16_t bit = (uint16_t)(1u << (operand->reg & 15));

	switch (operand->kind) {
	case OPERAND_XMM:
	case OPERAND_YMM:
		/* The destination too: most leave a part of it. */
		recipe->vectors_in |= bit;
		recipe->vectors_out |= operand->written ? bit : 0;
		break;
	case OPERAND_MMX:
		recipe->mmx_in |= (uint8_t)bit;
		recipe->mmx_out |= operand->written ? (uint8_t)bit : 0;
		break;
	case OPERAND_REG:
		recipe->gpr = operand->reg;
		recipe->gpr_written = operand->written;
		break;
	default:
		break;
	}
}

struct recipe make_recipe(const struct decoded *decoded, const struct encoding *e,
			  uint16_t traits)
{
	struct recipe recipe = {
		.gpr = RECIPE_NO_GPR, .vex = e->vex, .mxcsr = traits & TRAIT_MXCSR,
		.flags = traits & TRAIT_FLAGS, .lengths = traits & TRAIT_LENGTHS,
		.rcx = traits & TRAIT_RCX,
	};

	for (unsigned int i = 0; i < decoded->operands; i++)
		note_operand(&recipe, &decoded->operand[i]);
	if (traits & TRAIT_XMM0_IN && !e->vex)
		recipe.vectors_in |= 1;
	if (traits & TRAIT_XMM0_OUT) {
		recipe.vectors_in |= 1;
		recipe.vectors_out |= 1;
	}
	if (e->vex)
		put_vex_opcode(&recipe, decoded, e, traits);
	else
		put_legacy_opcode(&recipe, decoded, e, traits);
	put_modrm(&recipe, e, traits);
	put_immediate(&recipe, decoded, e);
	return recipe;
}
