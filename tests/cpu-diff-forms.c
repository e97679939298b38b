/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-diff-forms.c - random instructions.
 *
 * The forms of an instruction are found by a walk through the opcode maps, with
 * one example each. A random instruction is an example, decoded, with other
 * operands, and encoded anew by Zydis; now and then with more prefixes than it
 * needs, or just random bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpu-diff.h"

#define FORMS_MAX	16384u

struct form {
	uint16_t mnemonic;
	uint8_t length;
	uint8_t bytes[ZYDIS_MAX_INSTRUCTION_LENGTH];
	uint64_t key;			/* what tells it from the mnemonic's others */
};

/* Of one mnemonic: a range of the forms. */
struct choice {
	unsigned int first, count;
};

struct forms {
	unsigned int bits;
	const char *only;
	struct form form[FORMS_MAX];
	unsigned int count;
	struct choice choice[GROUPS][1024];
	unsigned int choices[GROUPS];
};

/* How often a group's turn is, of the sum. */
static const unsigned int weights[GROUPS] = {
	[GROUP_INTEGER] = 16, [GROUP_BITS] = 10, [GROUP_MOVE] = 14, [GROUP_BRANCH] = 8,
	[GROUP_STRING] = 8, [GROUP_SEGMENT] = 3, [GROUP_INTERRUPT] = 3, [GROUP_SYSTEM] = 3,
	[GROUP_X87] = 10, [GROUP_MMX] = 5, [GROUP_SSE] = 12, [GROUP_AVX] = 14, [GROUP_FMA] = 4,
};

/* --- the walk --- */

static uint64_t form_key(const struct diff_case *c)
{
	const ZydisDecodedInstruction *insn = &c->insn;
	uint64_t key = insn->opcode | (uint64_t)insn->opcode_map << 8 |
		       (uint64_t)insn->operand_width << 12 | (uint64_t)insn->encoding << 20;

	for (unsigned int i = 0; i < insn->operand_count_visible; i++)
		key = key * 31 + c->operands[i].type * 1021u + c->operands[i].size;
	return key;
}

static bool wanted(const struct forms *forms, ZydisMnemonic mnemonic)
{
	return !forms->only || !strcasecmp(forms->only, ZydisMnemonicGetString(mnemonic));
}

static void consider(struct forms *forms, const uint8_t *bytes, unsigned int length)
{
	struct diff_case c = { .bits = forms->bits, .length = ZYDIS_MAX_INSTRUCTION_LENGTH };
	struct form form;

	memcpy(c.bytes, bytes, length);
	case_decode(&c);
	if (!c.decoded || c.group == GROUP_UNDEFINED || skip_reason(&c) ||
	    !wanted(forms, c.insn.mnemonic) || forms->count == FORMS_MAX)
		return;
	form = (struct form){ .mnemonic = (uint16_t)c.insn.mnemonic,
			      .length = (uint8_t)c.length, .key = form_key(&c) };
	for (unsigned int i = 0; i < forms->count; i++)
		if (forms->form[i].mnemonic == form.mnemonic && forms->form[i].key == form.key)
			return;
	memcpy(form.bytes, c.bytes, c.length);
	forms->form[forms->count++] = form;
}

/* With every ModRM that may be another instruction. */
static void walk_modrm(struct forms *forms, uint8_t *bytes, unsigned int length, bool all)
{
	for (unsigned int modrm = 0; modrm < 256; modrm++) {
		unsigned int mod = modrm >> 6, rm = modrm & 7;

		if (mod != 0 && mod != 3)
			continue;
		if (rm > 1 && !(all && mod == 3))
			continue;
		bytes[length] = (uint8_t)modrm;
		consider(forms, bytes, length + 1);
	}
}

static bool is_prefix(const struct forms *forms, unsigned int opcode)
{
	switch (opcode) {
	case 0x26: case 0x2E: case 0x36: case 0x3E: case 0x64: case 0x65: case 0x66: case 0x67:
	case 0xF0: case 0xF2: case 0xF3:
		return true;
	default:
		return forms->bits == 64 && opcode >= 0x40 && opcode <= 0x4F;
	}
}

static void walk_legacy(struct forms *forms, unsigned int map, uint8_t prefix, bool wide)
{
	static const uint8_t escapes[4][2] = { { 0 }, { 0x0F }, { 0x0F, 0x38 }, { 0x0F, 0x3A } };
	static const uint8_t escape_lengths[4] = { 0, 1, 2, 2 };
	uint8_t bytes[ZYDIS_MAX_INSTRUCTION_LENGTH] = { 0 };
	unsigned int length = 0;

	if (prefix)
		bytes[length++] = prefix;
	if (wide)
		bytes[length++] = 0x48;
	memcpy(bytes + length, escapes[map], 2);
	length += escape_lengths[map];
	for (unsigned int opcode = 0; opcode < 256; opcode++) {
		bool all = (map == 0 && opcode >= 0xD8 && opcode <= 0xDF) ||
			   (map == 1 && (opcode == 0x01 || opcode == 0x1E || opcode == 0xAE));

		if (map == 0 && (is_prefix(forms, opcode) || opcode == 0x0F))
			continue;
		bytes[length] = (uint8_t)opcode;
		walk_modrm(forms, bytes, length + 1, all);
	}
}

static void walk_vex(struct forms *forms, unsigned int map, unsigned int last)
{
	uint8_t bytes[ZYDIS_MAX_INSTRUCTION_LENGTH] = { 0xC4, (uint8_t)(0xE0 | map),
							(uint8_t)last };

	for (unsigned int opcode = 0; opcode < 256; opcode++) {
		bytes[3] = (uint8_t)opcode;
		walk_modrm(forms, bytes, 4, false);
		/* Gathers have a SIB byte. */
		bytes[4] = 4;
		bytes[5] = 0x08;
		consider(forms, bytes, 6);
		bytes[5] = 0;
	}
}

static void walk(struct forms *forms)
{
	static const uint8_t prefixes[] = { 0, 0x66, 0x67, 0xF3, 0xF2 };

	for (unsigned int map = 0; map < 4; map++)
		for (unsigned int prefix = 0; prefix < ARRAY_SIZE(prefixes); prefix++) {
			walk_legacy(forms, map, prefixes[prefix], false);
			if (forms->bits == 64)
				walk_legacy(forms, map, prefixes[prefix], true);
		}
	/* W, L and pp; vvvv is none, or a register. */
	for (unsigned int map = 1; map < 4; map++)
		for (unsigned int last = 0; last < 256; last += last % 8 == 7 ? 0x79 : 1) {
			walk_vex(forms, map, last | 0x78);
			walk_vex(forms, map, last & ~0x78u);
		}
}

static int compare_forms(const void *a, const void *b)
{
	const struct form *x = a, *y = b;

	return (x->mnemonic > y->mnemonic) - (x->mnemonic < y->mnemonic);
}

static enum diff_group form_group(const struct forms *forms, const struct form *form)
{
	struct diff_case c = { .bits = forms->bits, .length = form->length };

	memcpy(c.bytes, form->bytes, form->length);
	case_decode(&c);
	return c.group;
}

/* A choice for each mnemonic of each group. */
static void sort(struct forms *forms)
{
	qsort(forms->form, forms->count, sizeof(forms->form[0]), compare_forms);
	for (unsigned int i = 0; i < forms->count; ) {
		enum diff_group group = form_group(forms, &forms->form[i]);
		unsigned int first = i;

		while (i < forms->count && forms->form[i].mnemonic == forms->form[first].mnemonic)
			i++;
		forms->choice[group][forms->choices[group]++] =
			(struct choice){ .first = first, .count = i - first };
	}
}

int forms_create(struct forms **out, unsigned int bits, const char *only)
{
	struct forms *forms = calloc(1, sizeof(*forms));

	if (!forms)
		return -ENOMEM;
	forms->bits = bits;
	forms->only = only;
	walk(forms);
	sort(forms);
	*out = forms;
	return forms->count ? 0 : -ENOENT;
}

void forms_destroy(struct forms *forms)
{
	free(forms);
}

/* --- operands --- */

static ZydisRegister random_of_class(ZydisRegisterClass class, unsigned int bits)
{
	unsigned int count = bits == 64 ? 16 : 8;

	switch (class) {
	case ZYDIS_REGCLASS_GPR8:
		return (ZydisRegister)(ZYDIS_REGISTER_AL + below(bits == 64 ? 20 : 8));
	case ZYDIS_REGCLASS_X87:
	case ZYDIS_REGCLASS_MMX:
		return ZydisRegisterEncode(class, (ZyanU8)below(8));
	case ZYDIS_REGCLASS_SEGMENT:
		return ZydisRegisterEncode(class, (ZyanU8)below(6));
	default:
		return ZydisRegisterEncode(class, (ZyanU8)below(count));
	}
}

static void random_register(ZydisEncoderOperand *operand, const ZydisDecodedOperand *from,
			    unsigned int bits)
{
	/* One that the opcode says stays. */
	if (from->encoding == ZYDIS_OPERAND_ENCODING_NONE)
		return;
	operand->reg.value = random_of_class(ZydisRegisterGetClass(from->reg.value), bits);
}

static void random_memory(ZydisEncoderOperand *operand, unsigned int bits)
{
	struct ZydisEncoderOperandMem_ *mem = &operand->mem;
	ZydisRegisterClass class = bits == 32 || one_in(8) ? ZYDIS_REGCLASS_GPR32 :
							     ZYDIS_REGCLASS_GPR64;
	bool vector = ZydisRegisterGetClass(mem->index) > ZYDIS_REGCLASS_GPR64;

	mem->base = one_in(8) ? ZYDIS_REGISTER_NONE : random_of_class(class, bits);
	mem->displacement = 0;
	mem->scale = (ZyanU8)(1 << below(4));
	if (vector) {
		mem->index = random_of_class(ZydisRegisterGetClass(mem->index), bits);
	} else if (one_in(2)) {
		do
			mem->index = random_of_class(class, bits);
		while (ZydisRegisterGetId(mem->index) == GPR_RSP);
	} else {
		mem->index = ZYDIS_REGISTER_NONE;
		mem->scale = 0;
		if (bits == 64 && one_in(8))
			mem->base = ZYDIS_REGISTER_RIP;
	}
	if (mem->base == ZYDIS_REGISTER_NONE || mem->base == ZYDIS_REGISTER_RIP || one_in(4))
		mem->displacement = (int32_t)random64() >> below(24);
	else if (one_in(2))
		mem->displacement = (int8_t)random64();
}

/* Of the size that the example has, sign-extended where the instruction does that. */
static void random_immediate(ZydisEncoderOperand *operand, const ZydisDecodedOperand *from)
{
	unsigned int unused = from->size && from->size < 64 ? 64u - from->size : 0;
	uint64_t value = one_in(2) ? (uint64_t)(int64_t)(int8_t)random64() : random64();

	if (from->imm.is_signed)
		operand->imm.s = (int64_t)(value << unused) >> unused;
	else
		operand->imm.u = value << unused >> unused;
}

static bool encode(struct diff_case *c)
{
	ZydisEncoderRequest request;
	ZyanUSize length = sizeof(c->bytes);

	if (ZYAN_FAILED(ZydisEncoderDecodedInstructionToEncoderRequest(
		    &c->insn, c->operands, c->insn.operand_count_visible, &request)))
		return false;
	for (unsigned int i = 0; i < request.operand_count; i++) {
		ZydisEncoderOperand *operand = &request.operands[i];

		if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER)
			random_register(operand, &c->operands[i], c->bits);
		else if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY)
			random_memory(operand, c->bits);
		else if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
			random_immediate(operand, &c->operands[i]);
	}
	if (ZYAN_FAILED(ZydisEncoderEncodeInstruction(&request, c->bytes, &length)))
		return false;
	c->length = (unsigned int)length;
	return true;
}

/* --- bytes --- */

/* Prefixes that an instruction has no need of, or that change it. */
static void add_prefixes(struct diff_case *c)
{
	static const uint8_t prefixes[] = { 0x66, 0x67, 0xF0, 0xF2, 0xF3, 0x26, 0x2E, 0x36, 0x3E,
					    0x64, 0x65, 0x66, 0x67, 0xF2, 0xF3, 0x65, 0xF0, 0x48 };
	unsigned int count = 1 + below(one_in(8) ? 8 : 2);

	for (; count && c->length < sizeof(c->bytes); count--) {
		memmove(c->bytes + 1, c->bytes, c->length++);
		c->bytes[0] = prefixes[below(ARRAY_SIZE(prefixes))];
	}
}

/* Whatever follows what is there. */
static void fill_up(struct diff_case *c)
{
	while (c->length < sizeof(c->bytes))
		c->bytes[c->length++] = (uint8_t)random64();
}

static void random_bytes(struct diff_case *c)
{
	c->length = 0;
	if (one_in(4))
		c->bytes[c->length++] = 0x0F;
	fill_up(c);
}

static const struct form *pick(const struct forms *forms)
{
	unsigned int sum = 0, turn, group;
	const struct choice *choice;

	for (group = 0; group < GROUPS; group++)
		sum += forms->choices[group] ? weights[group] : 0;
	turn = below(sum);
	for (group = 0; ; group++) {
		unsigned int weight = forms->choices[group] ? weights[group] : 0;

		if (turn < weight)
			break;
		turn -= weight;
	}
	choice = &forms->choice[group][below(forms->choices[group])];
	return &forms->form[choice->first + below(choice->count)];
}

static void from_form(const struct forms *forms, struct diff_case *c)
{
	const struct form *form = pick(forms);

	for (unsigned int tries = 0; tries < 4; tries++) {
		c->length = form->length;
		memcpy(c->bytes, form->bytes, form->length);
		case_decode(c);
		if (encode(c))
			break;
	}
	if (one_in(8))
		add_prefixes(c);
}

void forms_pick(const struct forms *forms, struct diff_case *c)
{
	do {
		c->bits = forms->bits;
		if (!forms->only && one_in(32))
			random_bytes(c);
		else
			from_form(forms, c);
		case_decode(c);
		if (!c->decoded) {
			fill_up(c);
			case_decode(c);
		}
	} while (!c->decoded && !one_in(4));
	c->offset = CODE_OFFSET;
	/* Across the pages, or their end. */
	if (one_in(16))
		c->offset = DIFF_PAGE - below(16);
	else if (one_in(64))
		c->offset = CODE_SIZE - 1 - below(16);
}
