/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fpu_masked.c - vector instructions that access memory by the element: masked
 * moves and gathers (SDM vol. 2: MASKMOVDQU, VMASKMOV, VPMASKMOV, VPGATHERDD).
 * What the mask leaves out is not accessed, and cannot fault.
 */
#include "cpu/fpu.h"

#define ELEMENTS_MAX 16u

/* A vector's element is chosen by its highest bit. */
static bool chosen(const uint8_t *mask, unsigned int element, unsigned int size)
{
	return mask[(element + 1) * size - 1] & 0x80;
}

static uint64_t element_linear(struct cpu *cpu, const struct insn *insn, unsigned int element,
			       unsigned int size, enum access access)
{
	uint64_t offset = effective_address(cpu, insn) + element * size;

	return linear_at(cpu, insn->segment, offset & address_mask(insn->address_size), size,
			 access);
}

/* insn->size bytes in elements of a size; all that can fault comes first. */
static void store_chosen(struct cpu *cpu, const struct insn *insn, const uint8_t *data,
			 const uint8_t *mask, unsigned int size)
{
	uint64_t la[ELEMENTS_MAX];
	uint8_t old[8];

	for (unsigned int i = 0; i < insn->size / size; i++) {
		if (!chosen(mask, i, size))
			continue;
		la[i] = element_linear(cpu, insn, i, size, ACCESS_WRITE);
		mmu_read_for_write(cpu, la[i], old, size);
	}
	for (unsigned int i = 0; i < insn->size / size; i++)
		if (chosen(mask, i, size))
			mmu_write(cpu, la[i], data + i * size, size);
}

/* --- MASKMOVQ, MASKMOVDQU: bytes to [RDI] --- */

bool bind_maskmov(const struct decoded *decoded, const struct encoding *e, struct insn *insn)
{
	insn->size = decoded->operand[0].kind == OPERAND_MMX ? 8 : XMM_SIZE;
	insn->base = GPR_RDI;
	insn->dst = decoded->operand[0].reg;
	insn->src = decoded->operand[1].reg;
	return true;
}

static void store_xmm(struct cpu *cpu, const struct insn *insn)
{
	const struct fpu *fpu = cpu->fpu;

	store_chosen(cpu, insn, fpu->ymm[insn->dst], fpu->ymm[insn->src], 1);
}

/* The MMX registers are in use from now on, even where the store faults. */
static void store_mmx(struct cpu *cpu, const struct insn *insn)
{
	struct fpu *fpu = cpu->fpu;

	enter_mmx(fpu);
	store_chosen(cpu, insn, fpu->x87.st[insn->dst], fpu->x87.st[insn->src], 1);
}

void execute_maskmov(struct cpu *cpu, const struct insn *insn)
{
	if (insn->size == XMM_SIZE) {
		check_sse(cpu);
		store_xmm(cpu, insn);
	} else {
		check_mmx(cpu);
		store_mmx(cpu, insn);
	}
}

void execute_vmaskmovdqu(struct cpu *cpu, const struct insn *insn)
{
	check_avx(cpu);
	store_xmm(cpu, insn);
}

/* --- VMASKMOVPS, VMASKMOVPD, VPMASKMOVD, VPMASKMOVQ --- */

#define OPCODE_VPMASKMOV 0x8C	/* from it on, W is the element's size; else bit 0 */

bool bind_vmaskmov(const struct decoded *decoded, const struct encoding *e, struct insn *insn)
{
	bool quad = e->opcode >= OPCODE_VPMASKMOV ? e->wide : e->opcode & 1;
	bool store = decoded->operand[0].kind == OPERAND_MEM;

	insn->size = e->long_vector ? VECTOR_SIZE : XMM_SIZE;
	insn->detail = quad ? 8 : 4;
	insn->prefixes |= INSN_UNALIGNED;
	insn->dst = decoded->operand[store ? 2 : 0].reg;
	insn->src = decoded->operand[1].reg;
	return true;
}

void execute_vmaskmov_load(struct cpu *cpu, const struct insn *insn)
{
	struct fpu *fpu = cpu->fpu;
	uint8_t loaded[VECTOR_SIZE] = { 0 };
	unsigned int size = insn->detail;

	check_avx(cpu);
	for (unsigned int i = 0; i < insn->size / size; i++)
		if (chosen(fpu->ymm[insn->src], i, size))
			mmu_read(cpu, element_linear(cpu, insn, i, size, ACCESS_READ),
				 loaded + i * size, size);
	memcpy(fpu->ymm[insn->dst], loaded, sizeof(loaded));
}

void execute_vmaskmov_store(struct cpu *cpu, const struct insn *insn)
{
	const struct fpu *fpu = cpu->fpu;

	check_avx(cpu);
	store_chosen(cpu, insn, fpu->ymm[insn->dst], fpu->ymm[insn->src], insn->detail);
}

/* --- VGATHERDPS and its like --- */

#define SIB_INDEX_SHIFT	3
#define SIB_SCALE_SHIFT	6

/*
 * dst: destination, src: indices, third: mask; detail: size of an index; imm:
 * how many elements.
 */
bool bind_gather(const struct decoded *decoded, const struct encoding *e, struct insn *insn)
{
	uint8_t sib = decoded->bytes[decoded->modrm_offset + 1];
	unsigned int size = e->wide ? 8 : 4, index_size = e->opcode & 1 ? 8 : 4;
	bool high = !(decoded->bytes[decoded->prefix_length + 1] & VEX_X);

	insn->size = (uint8_t)size;
	insn->detail = (uint8_t)index_size;
	insn->prefixes |= INSN_UNALIGNED;
	insn->imm = (e->long_vector ? VECTOR_SIZE : XMM_SIZE) /
		    (size > index_size ? size : index_size);
	insn->scale = sib >> SIB_SCALE_SHIFT;
	insn->dst = decoded->operand[0].reg;
	insn->src = (sib >> SIB_INDEX_SHIFT & 7) | (uint8_t)(high ? 8 : 0);
	insn->third = decoded->operand[2].reg;
	return insn->dst != insn->src && insn->dst != insn->third && insn->src != insn->third;
}

static uint64_t gather_linear(struct cpu *cpu, const struct insn *insn, unsigned int element)
{
	const uint8_t *indices = cpu->fpu->ymm[insn->src];
	int32_t index32;
	int64_t index;
	uint64_t offset;

	memcpy(&index32, indices + element * sizeof(index32), sizeof(index32));
	index = index32;
	if (insn->detail == sizeof(index))
		memcpy(&index, indices + element * sizeof(index), sizeof(index));
	/* There is no index register in effective_address(). */
	offset = effective_address(cpu, insn) + ((uint64_t)index << insn->scale);
	return linear_at(cpu, insn->segment, offset & address_mask(insn->address_size),
			 insn->size, ACCESS_READ);
}

/*
 * Each element that has arrived is taken out of the mask, so that the
 * instruction can be begun again after a fault.
 */
void execute_gather(struct cpu *cpu, const struct insn *insn)
{
	struct fpu *fpu = cpu->fpu;
	uint8_t *dst = fpu->ymm[insn->dst], *mask = fpu->ymm[insn->third];
	unsigned int size = insn->size, end = (unsigned int)insn->imm * size;
	uint8_t element[8];

	check_avx(cpu);
	for (unsigned int i = 0; i < insn->imm; i++) {
		if (chosen(mask, i, size)) {
			mmu_read(cpu, gather_linear(cpu, insn, i), element, size);
			memcpy(dst + i * size, element, size);
		}
		memset(mask + i * size, 0, size);
	}
	memset(mask, 0, VECTOR_SIZE);
	memset(dst + end, 0, VECTOR_SIZE - end);
}
