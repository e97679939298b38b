/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fpu_state.c - the FPU's state as a whole: FXSAVE, XSAVE and what engines see;
 * MXCSR and the upper halves of the vectors. See fpu.h.
 *
 * Layouts: SDM vol. 1, 10.5 (FXSAVE) and 13.4 (XSAVE).
 */
#include "cpu/fpu.h"

/* --- memory operands of any size --- */

#define PART_MAX 64u	/* what the MMU takes at once */

void read_area(struct cpu *cpu, uint64_t la, void *data, unsigned int size)
{
	for (unsigned int at = 0, part; at < size; at += part) {
		part = size - at < PART_MAX ? size - at : PART_MAX;
		mmu_read(cpu, la + at, (uint8_t *)data + at, part);
	}
}

void read_area_for_write(struct cpu *cpu, uint64_t la, void *data, unsigned int size)
{
	for (unsigned int at = 0, part; at < size; at += part) {
		part = size - at < PART_MAX ? size - at : PART_MAX;
		mmu_read_for_write(cpu, la + at, (uint8_t *)data + at, part);
	}
}

void write_area(struct cpu *cpu, uint64_t la, const void *data, unsigned int size)
{
	for (unsigned int at = 0, part; at < size; at += part) {
		part = size - at < PART_MAX ? size - at : PART_MAX;
		mmu_write(cpu, la + at, (const uint8_t *)data + at, part);
	}
}

/* --- FXSAVE and XSAVE --- */

#define LEGACY_SIZE	512u
#define LEGACY_USED	416u	/* behind it software has room of its own */
#define HEADER_SIZE	64u
#define AVX_OFFSET	(LEGACY_SIZE + HEADER_SIZE)
#define COMPONENTS	(XCR0_X87 | XCR0_SSE | XCR0_AVX)

struct xsave {
	struct fxsave legacy;
	uint64_t xstate_bv;
	uint64_t xcomp_bv;
	uint64_t reserved[6];
	uint8_t ymm_high[FPU_VECTORS][VECTOR_SIZE - XMM_SIZE];
};

_Static_assert(sizeof(struct fxsave) == LEGACY_SIZE, "the area has gaps");
_Static_assert(sizeof(struct xsave) == VCPU_XSAVE_SIZE, "the area has gaps");

/* How many vector registers the mode has. */
static unsigned int vectors(const struct cpu *cpu)
{
	return cpu->code_bits == 64 ? 16 : 8;
}

/* The pointers are an address of 64 bits, or one of 32 bits and a selector. */
static uint64_t compose_pointer(uint64_t offset, uint16_t selector, bool wide)
{
	return wide ? offset : (uint32_t)offset | (uint64_t)selector << 32;
}

static void compose_x87(const struct fpu *fpu, struct fxsave *area, bool wide)
{
	const struct x87_pointers *p = &fpu->pointers;

	area->fcw = fpu->x87.fcw;
	area->fsw = fsw_get(fpu);
	area->tags = fpu->x87.tags;
	area->reserved = 0;
	area->fop = p->op;
	area->fip = compose_pointer(p->ip, p->cs, wide);
	area->fdp = compose_pointer(p->dp, p->ds, wide);
	for (unsigned int i = 0; i < 8; i++) {
		memset(area->st[i], 0, sizeof(area->st[i]));
		memcpy(area->st[i], fpu->x87.st[i], ST_SIZE);
	}
}

static void take_x87(struct fpu *fpu, const struct fxsave *area, bool wide)
{
	struct x87_pointers *p = &fpu->pointers;

	x87_set_control(fpu, area->fcw, area->fsw);
	fpu->x87.tags = area->tags;
	*p = (struct x87_pointers){ .ip = area->fip, .dp = area->fdp, .op = area->fop & FOP_MASK };
	if (!wide) {
		p->cs = (uint16_t)(p->ip >> 32);
		p->ds = (uint16_t)(p->dp >> 32);
		p->ip = (uint32_t)p->ip;
		p->dp = (uint32_t)p->dp;
	}
	for (unsigned int i = 0; i < 8; i++)
		memcpy(fpu->x87.st[i], area->st[i], ST_SIZE);
}

/* The parts of the vectors that are in one component: both are 16 bytes wide. */
static void compose_vectors(const struct fpu *fpu, uint8_t (*area)[XMM_SIZE], unsigned int from,
			    unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		memcpy(area[i], fpu->ymm[i] + from, XMM_SIZE);
}

static void take_vectors(struct fpu *fpu, const uint8_t (*area)[XMM_SIZE], unsigned int from,
			 unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		memcpy(fpu->ymm[i] + from, area[i], XMM_SIZE);
}

static void clear_vectors(struct fpu *fpu, unsigned int from, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		memset(fpu->ymm[i] + from, 0, XMM_SIZE);
}

/* What the processor keeps out of the area where it is as after reset (SDM vol. 1, 13.6). */
static uint64_t in_use(const struct fpu *fpu)
{
	static const uint8_t zeros[sizeof(fpu->x87.st)];
	const struct x87_pointers *p = &fpu->pointers;
	uint64_t used = 0;

	if (fpu->x87.fcw != FCW_DEFAULT || fsw_get(fpu) || fpu->x87.tags || p->ip || p->dp ||
	    p->cs || p->ds || p->op || memcmp(fpu->x87.st, zeros, sizeof(zeros)))
		used |= XCR0_X87;
	for (unsigned int i = 0; i < FPU_VECTORS; i++) {
		if (memcmp(fpu->ymm[i], zeros, XMM_SIZE))
			used |= XCR0_SSE;
		if (memcmp(fpu->ymm[i] + XMM_SIZE, zeros, XMM_SIZE))
			used |= XCR0_AVX;
	}
	return used;
}

static void xsave_compose(const struct fpu *fpu, struct xsave *area, uint64_t components,
			  bool wide, unsigned int count)
{
	if (components & XCR0_X87)
		compose_x87(fpu, &area->legacy, wide);
	if (components & (XCR0_SSE | XCR0_AVX)) {
		area->legacy.mxcsr = mxcsr_get(fpu);
		area->legacy.mxcsr_mask = MXCSR_VALID;
	}
	if (components & XCR0_SSE)
		compose_vectors(fpu, area->legacy.xmm, 0, count);
	if (components & XCR0_AVX)
		compose_vectors(fpu, area->ymm_high, XMM_SIZE, count);
	area->xstate_bv = (area->xstate_bv & ~components) | (in_use(fpu) & components);
}

/* Components that the area does not have become as after reset. */
static void xsave_take(struct fpu *fpu, const struct xsave *area, uint64_t components, bool wide,
		       unsigned int count)
{
	static const struct fxsave initial = { .fcw = FCW_DEFAULT };
	uint64_t present = components & area->xstate_bv;

	if (components & XCR0_X87)
		take_x87(fpu, present & XCR0_X87 ? &area->legacy : &initial, wide);
	if (components & (XCR0_SSE | XCR0_AVX))
		mxcsr_set(fpu, area->legacy.mxcsr & MXCSR_VALID);
	if (components & ~present & XCR0_SSE)
		clear_vectors(fpu, 0, count);
	if (components & ~present & XCR0_AVX)
		clear_vectors(fpu, XMM_SIZE, count);
	if (present & XCR0_SSE)
		take_vectors(fpu, area->legacy.xmm, 0, count);
	if (present & XCR0_AVX)
		take_vectors(fpu, area->ymm_high, XMM_SIZE, count);
}

static uint64_t area_address(struct cpu *cpu, const struct insn *insn, unsigned int size,
			     unsigned int alignment, enum access access)
{
	uint64_t la = linear(cpu, insn, size, access);

	if (la & (alignment - 1))
		raise_error(cpu, VECTOR_GP, 0);
	return la;
}

/* Without CR4.OSFXSR the vectors and MXCSR are left alone (SDM vol. 3, 2.5). */
static uint64_t fxsave_components(const struct cpu *cpu)
{
	return cpu->cr4 & CR4_OSFXSR ? XCR0_X87 | XCR0_SSE : XCR0_X87;
}

void execute_fxsave(struct cpu *cpu, const struct insn *insn)
{
	struct xsave area;
	uint64_t la;

	check_x87_enabled(cpu);
	x87_leave(cpu->fpu);
	la = area_address(cpu, insn, LEGACY_SIZE, 16, ACCESS_WRITE);
	read_area_for_write(cpu, la, &area, LEGACY_SIZE);
	area.xstate_bv = 0;
	xsave_compose(cpu->fpu, &area, fxsave_components(cpu), insn->detail, vectors(cpu));
	write_area(cpu, la, &area, LEGACY_USED);
}

void execute_fxrstor(struct cpu *cpu, const struct insn *insn)
{
	uint64_t components = fxsave_components(cpu);
	struct xsave area;

	check_x87_enabled(cpu);
	x87_leave(cpu->fpu);
	read_area(cpu, area_address(cpu, insn, LEGACY_SIZE, 16, ACCESS_READ), &area, LEGACY_USED);
	if (components & XCR0_SSE && area.legacy.mxcsr & ~MXCSR_VALID)
		raise_error(cpu, VECTOR_GP, 0);
	area.xstate_bv = components;
	xsave_take(cpu->fpu, &area, components, insn->detail, vectors(cpu));
}

/* Checks, and which components EDX:EAX asks for, of those that are enabled. */
static uint64_t begin_xsave(struct cpu *cpu)
{
	uint64_t asked = (uint32_t)cpu->gpr[GPR_RAX] | cpu->gpr[GPR_RDX] << 32;

	if (!(cpu->cr4 & CR4_OSXSAVE))
		raise_exception(cpu, VECTOR_UD);
	if (cpu->cr0 & CR0_TS)
		raise_exception(cpu, VECTOR_NM);
	x87_leave(cpu->fpu);
	return asked & cpu->xcr0 & COMPONENTS;
}

static unsigned int xsave_size(uint64_t components)
{
	return components & XCR0_AVX ? VCPU_XSAVE_SIZE : AVX_OFFSET;
}

void execute_xsave(struct cpu *cpu, const struct insn *insn)
{
	uint64_t components = begin_xsave(cpu);
	unsigned int size = xsave_size(components);
	struct xsave area;
	uint64_t la;

	la = area_address(cpu, insn, size, 64, ACCESS_WRITE);
	read_area_for_write(cpu, la, &area, size);
	xsave_compose(cpu->fpu, &area, components, insn->detail, vectors(cpu));
	write_area(cpu, la, &area, size);
}

void execute_xrstor(struct cpu *cpu, const struct insn *insn)
{
	uint64_t components = begin_xsave(cpu);
	unsigned int size = xsave_size(components);
	struct xsave area;

	read_area(cpu, area_address(cpu, insn, size, 64, ACCESS_READ), &area, size);
	/* The compacted form is not there; the first two words behind XSTATE_BV are checked. */
	if (area.xstate_bv & ~cpu->xcr0 || area.xcomp_bv || area.reserved[0] ||
	    (components & (XCR0_SSE | XCR0_AVX) && area.legacy.mxcsr & ~MXCSR_VALID))
		raise_error(cpu, VECTOR_GP, 0);
	xsave_take(cpu->fpu, &area, components, insn->detail, vectors(cpu));
}

void fpu_get_state(const struct cpu *cpu, struct vcpu_state *state)
{
	struct xsave area = { 0 };

	x87_leave(cpu->fpu);
	xsave_compose(cpu->fpu, &area, COMPONENTS, true, FPU_VECTORS);
	memcpy(state->xsave, &area, sizeof(area));
}

void fpu_set_state(struct cpu *cpu, const struct vcpu_state *state)
{
	struct xsave area;

	memcpy(&area, state->xsave, sizeof(area));
	x87_leave(cpu->fpu);
	xsave_take(cpu->fpu, &area, COMPONENTS, true, FPU_VECTORS);
}

/* --- SSE and AVX control --- */

void mxcsr_set(struct fpu *fpu, uint32_t mxcsr)
{
	fpu->mxcsr = mxcsr | MXCSR_MASKS;
	fpu->unmasked = ~mxcsr & MXCSR_MASKS;
}

static void ldmxcsr(struct cpu *cpu, const struct insn *insn)
{
	uint32_t mxcsr = read32(cpu, linear(cpu, insn, 4, ACCESS_READ));

	if (mxcsr & ~MXCSR_VALID)
		raise_error(cpu, VECTOR_GP, 0);
	mxcsr_set(cpu->fpu, mxcsr);
}

static void stmxcsr(struct cpu *cpu, const struct insn *insn)
{
	write32(cpu, linear(cpu, insn, 4, ACCESS_WRITE), mxcsr_get(cpu->fpu));
}

void execute_ldmxcsr(struct cpu *cpu, const struct insn *insn)
{
	check_sse(cpu);
	ldmxcsr(cpu, insn);
}

void execute_stmxcsr(struct cpu *cpu, const struct insn *insn)
{
	check_sse(cpu);
	stmxcsr(cpu, insn);
}

void execute_vldmxcsr(struct cpu *cpu, const struct insn *insn)
{
	check_avx(cpu);
	ldmxcsr(cpu, insn);
}

void execute_vstmxcsr(struct cpu *cpu, const struct insn *insn)
{
	check_avx(cpu);
	stmxcsr(cpu, insn);
}

/* VZEROUPPER; with VEX.L (detail) VZEROALL. */
void execute_vzero(struct cpu *cpu, const struct insn *insn)
{
	check_avx(cpu);
	clear_vectors(cpu->fpu, XMM_SIZE, vectors(cpu));
	if (insn->detail)
		clear_vectors(cpu->fpu, 0, vectors(cpu));
}
