/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fpu.c - the FPU's life, its checks, and the execution of instructions by
 * their thunks; see fpu.h.
 *
 * Exceptions: SDM vol. 2, 2.4 (SSE and AVX); vol. 1, 8.7 (x87) and 11.5 (SSE).
 */
#include <errno.h>
#include <stdlib.h>

#include "cpu/fpu.h"

/* --- life --- */

int fpu_create(struct cpu *cpu)
{
	struct fpu *fpu = aligned_alloc(_Alignof(struct fpu), sizeof(*fpu));

	if (!fpu)
		return -ENOMEM;
	*fpu = (struct fpu){ .host_mxcsr = MXCSR_DEFAULT, .host_fcw = FCW_DEFAULT };
	fpu->x87.mxcsr = MXCSR_DEFAULT;
	mxcsr_set(fpu, MXCSR_DEFAULT);
	x87_set_control(fpu, FCW_DEFAULT, 0);
	cpu->fpu = fpu;
	return 0;
}

void fpu_destroy(struct cpu *cpu)
{
	if (!cpu->fpu)
		return;
	thunks_destroy(cpu->fpu);
	free(cpu->fpu);
	cpu->fpu = NULL;
}

void fpu_leave(struct cpu *cpu)
{
	x87_leave(cpu->fpu);
}

/* --- checks --- */

void refuse_mmx(struct cpu *cpu)
{
	raise_exception(cpu, cpu->cr0 & CR0_EM ? VECTOR_UD : VECTOR_NM);
}

void refuse_sse(struct cpu *cpu)
{
	bool undefined = cpu->cr0 & CR0_EM || !(cpu->cr4 & CR4_OSFXSR);

	raise_exception(cpu, undefined ? VECTOR_UD : VECTOR_NM);
}

void refuse_avx(struct cpu *cpu)
{
	const uint64_t enabled = XCR0_SSE | XCR0_AVX;
	bool undefined = !(cpu->cr4 & CR4_OSXSAVE) || (cpu->xcr0 & enabled) != enabled ||
			 !cpu_protected(cpu) || cpu_v8086(cpu);

	raise_exception(cpu, undefined ? VECTOR_UD : VECTOR_NM);
}

/*
 * With CR0.NE clear a PC has interrupt 13 here, by way of FERR# and the second
 * 8259. There is no such wire; it is as if IGNNE# were asserted: the instruction
 * is executed in spite of it (SDM vol. 3, 2.5, NE). The flags are put aside, so
 * that the host does not trap either.
 */
void x87_pending(struct cpu *cpu)
{
	struct fpu *fpu = cpu->fpu;
	uint16_t pending = fpu->x87.fsw & ~fpu->x87.fcw & FSW_FLAGS;

	if (cpu->cr0 & CR0_NE)
		raise_exception(cpu, VECTOR_MF);
	fpu->ignored |= pending;
	fpu->x87.fsw &= (uint16_t)~(pending | FSW_ES | FSW_B);
}

/* --- execution of vector instructions --- */

#define THUNK(insn) ((thunk_fn *)(uintptr_t)(insn)->extra)
#define ALIGNMENT(insn) ((insn)->third)

struct saved {
	uint8_t ymm[FPU_VECTORS][VECTOR_SIZE];
	uint8_t st[8][16];
	uint64_t gpr[GPR_COUNT];
	arith_flags arith;
};

static void save(struct saved *saved, const struct cpu *cpu)
{
	memcpy(saved->ymm, cpu->fpu->ymm, sizeof(saved->ymm));
	memcpy(saved->st, cpu->fpu->x87.st, sizeof(saved->st));
	memcpy(saved->gpr, cpu->gpr, sizeof(saved->gpr));
	saved->arith = cpu->arith;
}

static void restore(struct cpu *cpu, const struct saved *saved)
{
	memcpy(cpu->fpu->ymm, saved->ymm, sizeof(saved->ymm));
	memcpy(cpu->fpu->x87.st, saved->st, sizeof(saved->st));
	memcpy(cpu->gpr, saved->gpr, sizeof(saved->gpr));
	cpu->arith = saved->arith;
}

/* Runs with control bits of MXCSR and no flags set; returns those that are then. */
static uint32_t run_with(struct cpu *cpu, const struct insn *insn, void *memory, uint32_t control)
{
	struct fpu *fpu = cpu->fpu;

	fpu->mxcsr = control;
	THUNK(insn)(memory, cpu, fpu);
	return fpu->mxcsr & MXCSR_FLAGS;
}

/*
 * The guest has unmasked some exceptions. What would have happened is told by
 * the flags that the masked instruction leaves (SDM vol. 1, 11.5.2 and 11.5.3),
 * but for the underflow of an exact result: that one is found by flushing to
 * zero, which is done with every tiny result, and is not done when the exception
 * is unmasked. (VCVTPS2PH never flushes: there it is missed.) Whether PE comes
 * with an unmasked overflow or underflow cannot be seen: it always does here.
 */
static void run_unmasked(struct cpu *cpu, const struct insn *insn, void *memory)
{
	const uint32_t before_operation = MXCSR_IE | MXCSR_DE | MXCSR_ZE;
	struct fpu *fpu = cpu->fpu;
	uint32_t mxcsr = fpu->mxcsr, control = mxcsr & ~MXCSR_FLAGS, raised = 0;
	uint32_t unmasked = fpu->unmasked >> MXCSR_MASK_SHIFT;
	struct saved saved;

	save(&saved, cpu);
	if (unmasked & MXCSR_UE) {
		raised = run_with(cpu, insn, memory, control | MXCSR_FTZ) & MXCSR_UE;
		restore(cpu, &saved);
		control &= ~MXCSR_FTZ;
	}
	raised |= run_with(cpu, insn, memory, control);
	if (raised & unmasked & before_operation)
		raised &= before_operation;
	fpu->mxcsr = mxcsr | raised;
	if (raised & unmasked) {
		restore(cpu, &saved);
		raise_exception(cpu, cpu->cr4 & CR4_OSXMMEXCPT ? VECTOR_XM : VECTOR_UD);
	}
}

static inline void run(struct cpu *cpu, const struct insn *insn, void *memory, bool mxcsr)
{
	if (mxcsr && unlikely(cpu->fpu->unmasked))
		run_unmasked(cpu, insn, memory);
	else
		THUNK(insn)(memory, cpu, cpu->fpu);
}

/* --- memory operands --- */

static inline uint64_t aligned_linear(struct cpu *cpu, const struct insn *insn,
				      enum access access)
{
	uint64_t la = linear(cpu, insn, insn->size, access);

	if (unlikely(la & ALIGNMENT(insn)))
		raise_error(cpu, VECTOR_GP, 0);
	return la;
}

/* Where the source can be read: guest memory itself, or what was read from there. */
static inline void *source(struct cpu *cpu, const struct insn *insn)
{
	uint64_t la = aligned_linear(cpu, insn, ACCESS_READ);
	void *host = tlb_pointer(cpu, la, insn->size, ACCESS_READ);

	if (likely(host))
		return host;
	mmu_read(cpu, la, cpu->fpu->bounce, insn->size);
	return cpu->fpu->bounce;
}

static inline void check_unit(struct cpu *cpu, enum unit unit)
{
	if (unit == UNIT_MMX)
		check_mmx(cpu);
	else if (unit == UNIT_AVX)
		check_avx(cpu);
	else
		check_sse(cpu);
	if (unit == UNIT_MMX_SSE)
		check_x87_pending(cpu);
}

/*
 * Most stores change nothing but memory, so that they can be done before the
 * memory is known to be there. VCVTPS2PH sets MXCSR, too, and MMX has its way
 * with the x87 registers.
 */
static inline void store(struct cpu *cpu, const struct insn *insn, bool mmx, bool mxcsr)
{
	uint64_t la = aligned_linear(cpu, insn, ACCESS_WRITE);
	void *host = tlb_pointer(cpu, la, insn->size, ACCESS_WRITE);
	struct fpu *fpu = cpu->fpu;

	if (!host && (mmx || mxcsr))
		mmu_read_for_write(cpu, la, fpu->bounce, insn->size);
	if (mmx)
		enter_mmx(fpu);
	if (likely(host && !mxcsr)) {
		THUNK(insn)(host, cpu, fpu);
		return;
	}
	run(cpu, insn, fpu->bounce, mxcsr);
	mmu_write(cpu, la, fpu->bounce, insn->size);
}

static inline void execute(struct cpu *cpu, const struct insn *insn, enum unit unit,
			   enum use use, bool mxcsr)
{
	bool mmx = unit == UNIT_MMX || unit == UNIT_MMX_SSE;
	void *memory = NULL;

	check_unit(cpu, unit);
	if (use == USE_STORE) {
		store(cpu, insn, mmx, mxcsr);
		return;
	}
	if (use == USE_LOAD)
		memory = source(cpu, insn);
	if (mmx)
		enter_mmx(cpu->fpu);
	run(cpu, insn, memory, mxcsr);
}

#define DEFINE_EXECUTE(name, unit, use, mxcsr)						\
static void name(struct cpu *cpu, const struct insn *insn)				\
{											\
	execute(cpu, insn, unit, use, mxcsr);						\
}

#define DEFINE_UNIT(name, unit)								\
	DEFINE_EXECUTE(name##_none, unit, USE_NONE, false)				\
	DEFINE_EXECUTE(name##_load, unit, USE_LOAD, false)				\
	DEFINE_EXECUTE(name##_store, unit, USE_STORE, false)				\
	DEFINE_EXECUTE(name##_none_mxcsr, unit, USE_NONE, true)				\
	DEFINE_EXECUTE(name##_load_mxcsr, unit, USE_LOAD, true)				\
	DEFINE_EXECUTE(name##_store_mxcsr, unit, USE_STORE, true)

#define UNIT_ROW(name) {								\
	{ name##_none, name##_none_mxcsr }, { name##_load, name##_load_mxcsr },		\
	{ name##_store, name##_store_mxcsr } }

DEFINE_UNIT(mmx, UNIT_MMX)
DEFINE_UNIT(mmx_sse, UNIT_MMX_SSE)
DEFINE_UNIT(sse, UNIT_SSE)
DEFINE_UNIT(avx, UNIT_AVX)

insn_fn *const fpu_vector_functions[UNITS][USES][2] = {
	UNIT_ROW(mmx), UNIT_ROW(mmx_sse), UNIT_ROW(sse), UNIT_ROW(avx),
};

/* --- execution of x87 instructions --- */

static inline void set_pointers(struct cpu *cpu, const struct insn *insn, bool memory)
{
	struct x87_pointers *pointers = &cpu->fpu->pointers;

	pointers->ip = insn_rip(cpu, insn);
	pointers->cs = cpu->segment[SEG_CS].selector;
	pointers->op = (uint16_t)insn->imm;
	if (memory) {
		pointers->dp = effective_address(cpu, insn);
		pointers->ds = cpu->segment[insn->segment].selector;
	}
}

/* An unmasked exception must not wait in the host's FPU: it would trap there. */
static inline void run_x87(struct cpu *cpu, const struct insn *insn, void *memory)
{
	struct fpu *fpu = cpu->fpu;

	if (unlikely(!fpu->entered))
		x87_enter(fpu);
	THUNK(insn)(memory, cpu, fpu);
	if (unlikely(fpu->x87.fsw & FSW_ES))
		x87_leave(fpu);
}

static void execute_x87(struct cpu *cpu, const struct insn *insn)
{
	check_x87_enabled(cpu);
	check_x87_pending(cpu);
	run_x87(cpu, insn, NULL);
	set_pointers(cpu, insn, false);
}

static void execute_x87_load(struct cpu *cpu, const struct insn *insn)
{
	void *memory;

	check_x87_enabled(cpu);
	check_x87_pending(cpu);
	memory = source(cpu, insn);
	run_x87(cpu, insn, memory);
	set_pointers(cpu, insn, true);
}

/*
 * By way of the bounce buffer: the state must not have changed (by a pop) where
 * the memory cannot be written. When an exception is unmasked that comes before
 * the result (SDM vol. 1, 8.5) nothing is stored, but the memory has to be there.
 */
static void store_x87_slowly(struct cpu *cpu, const struct insn *insn, uint64_t la)
{
	struct fpu *fpu = cpu->fpu;
	struct fxsave before, after;

	x87_leave(fpu);
	before = fpu->x87;
	run_x87(cpu, insn, fpu->bounce);
	x87_leave(fpu);
	after = fpu->x87;
	fpu->x87 = before;
	if (after.fsw & ~after.fcw & FSW_FLAGS & ~FSW_PE)
		mmu_read_for_write(cpu, la, fpu->bounce, insn->size);
	else
		mmu_write(cpu, la, fpu->bounce, insn->size);
	fpu->x87 = after;
}

static void execute_x87_store(struct cpu *cpu, const struct insn *insn)
{
	void *host;
	uint64_t la;

	check_x87_enabled(cpu);
	check_x87_pending(cpu);
	la = linear(cpu, insn, insn->size, ACCESS_WRITE);
	host = tlb_pointer(cpu, la, insn->size, ACCESS_WRITE);
	if (likely(host))
		run_x87(cpu, insn, host);
	else
		store_x87_slowly(cpu, insn, la);
	set_pointers(cpu, insn, true);
}

insn_fn *const fpu_x87_functions[USES] = { execute_x87, execute_x87_load, execute_x87_store };
