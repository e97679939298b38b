/* SPDX-License-Identifier: GPL-3.0-or-later */
/* native.c - the state that native code works on, and its addresses; see native.h. */
#include "cpu/native.h"

#include "cpu/fpu.h"
#include "cpu/internal.h"
#include "cpu/pagewalk.h"

/* What the host's processor is given of RFLAGS, and what is taken back. */
#define RFLAGS_NATIVE (RFLAGS_ARITH | RFLAGS_DF)

/* With these, code has to be watched step by step, or would be seen from outside. */
#define RFLAGS_BARRED (RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_AC | \
		       RFLAGS_VIF | RFLAGS_VIP)

/* Of what PUSHF shows, what a process has not as it likes; of these it has IF set. */
#define RFLAGS_HOST (RFLAGS_IF | RFLAGS_IOPL | RFLAGS_ID)

/* Without paging, as much at a time. */
#define UNPAGED_SIZE	(UINT64_C(1) << 21)

static bool is_flat(const struct vcpu_segment *segment)
{
	return segment->present && !segment->base && segment->limit == UINT32_MAX;
}

/* A null selector: accesses by it raise #GP, here and there. */
static bool is_null(const struct vcpu_segment *segment)
{
	return !(segment->selector & ~3u);
}

/* Writable data of 4 GiB, wherever it begins; expand-down segments are not that large. */
static bool is_whole(const struct vcpu_segment *segment)
{
	const uint8_t code = 8, down = 4, writable = 2;

	return segment->present && segment->limit == UINT32_MAX &&
	       (segment->type & (code | down | writable)) == writable;
}

/* The process's own can be read. */
static bool is_readable_code(const struct vcpu_segment *segment)
{
	const uint8_t readable = 2;

	return is_flat(segment) && segment->type & readable;
}

/* 32-bit code whose segments are those of a process: what others see as flat. */
static bool flat_segments(const struct cpu *cpu)
{
	static const enum vcpu_segment_name data[] = { SEG_DS, SEG_ES };
	static const enum vcpu_segment_name based[] = { SEG_FS, SEG_GS };

	if (!is_readable_code(&cpu->segment[SEG_CS]) || !is_flat(&cpu->segment[SEG_SS]) ||
	    !is_whole(&cpu->segment[SEG_SS]) || cpu->stack_bits != 32)
		return false;
	for (unsigned int i = 0; i < 2; i++) {
		const struct vcpu_segment *segment = &cpu->segment[data[i]];
		const struct vcpu_segment *other = &cpu->segment[based[i]];

		if (!is_flat(segment) || !is_whole(segment))
			return false;
		if (!is_null(other) && !is_whole(other))
			return false;
	}
	return true;
}

/* What came from outside and would be looked at before the next instruction. */
static bool has_event(const struct cpu *cpu)
{
	return atomic_load(&cpu->kicked) || (atomic_load(&cpu->nmi) && !cpu->nmi_blocked) ||
	       (atomic_load(&cpu->interrupt) && cpu->rflags & RFLAGS_IF);
}

static bool is_plain(const struct cpu *cpu)
{
	if (has_event(cpu))
		return false;
	if (!cpu_protected(cpu) || cpu->code_bits == 16 || cpu->rflags & RFLAGS_BARRED ||
	    cpu->halted || cpu->shutdown || cpu->shadow || cpu->debug_shadow ||
	    cpu->debug_pending || cpu->breakpoints || cpu->address_lines != UINT64_MAX)
		return false;
	return cpu->code_bits == 64 || flat_segments(cpu);
}

/* The sets of the FPU that would raise #UD or #NM. */
static uint32_t fpu_bars(const struct cpu *cpu)
{
	const uint64_t avx = XCR0_SSE | XCR0_AVX;
	/*
	 * The pointers to the last x87 instruction would be lost: a signal frame
	 * of a 64-bit process has no FCS and FDS, and processors of AMD leave the
	 * rest out of it too. So they stay the emulator's.
	 */
	uint32_t bars = CPU_CODE_X87;

	if (cpu->cr0 & (CR0_EM | CR0_TS))
		bars |= CPU_CODE_SSE | CPU_CODE_AVX;
	if (!(cpu->cr4 & CR4_OSFXSR))
		bars |= CPU_CODE_SSE;
	if (!(cpu->cr4 & CR4_OSXSAVE) || (cpu->xcr0 & avx) != avx)
		bars |= CPU_CODE_AVX;
	return bars;
}

uint32_t cpu_native_bars(const struct cpu *cpu)
{
	uint32_t bars = CPU_CODE_LIES | CPU_CODE_UNTOLD;

	if (!is_plain(cpu))
		return CPU_CODE_ANY;
	if (cpu->cr4 & CR4_TSD || cpu->msr.tsc_offset)
		bars |= CPU_CODE_TSC;
	if (!(cpu->cr4 & CR4_FSGSBASE))
		bars |= CPU_CODE_BASE;
	if ((cpu->rflags & RFLAGS_HOST) != RFLAGS_IF)
		bars |= CPU_CODE_FLAGS;
	/* It is caught, but RCX and R11 are lost, which it writes where it works. */
	if (cpu->code_bits != 64 || !(cpu->efer & EFER_SCE))
		bars |= CPU_CODE_SYSCALL;
	return bars | fpu_bars(cpu);
}

void cpu_native_get(const struct cpu *cpu, struct cpu_native *native)
{
	struct vcpu_state state;

	memcpy(native->gpr, cpu->gpr, sizeof(native->gpr));
	native->rip = cpu->rip;
	native->rflags = flags_get(cpu) & RFLAGS_NATIVE;
	native->fs_base = cpu->segment[SEG_FS].base;
	native->gs_base = cpu->segment[SEG_GS].base;
	native->code_bits = cpu->code_bits;
	native->cpl = cpu->cpl;
	native->fs_usable = !is_null(&cpu->segment[SEG_FS]);
	native->gs_usable = !is_null(&cpu->segment[SEG_GS]);
	fpu_get_state(cpu, &state);
	memcpy(native->xsave, state.xsave, sizeof(native->xsave));
}

void cpu_native_put(struct cpu *cpu, const struct cpu_native *native)
{
	const struct x87_pointers pointers = cpu->fpu->pointers;
	struct vcpu_state state;

	/* 32-bit code has no R8 to R15; of a register that it leaves alone the upper half stays. */
	memcpy(cpu->gpr, native->gpr,
	       (native->code_bits == 64 ? GPR_COUNT : GPR_R8) * sizeof(cpu->gpr[0]));
	cpu->rip = native->rip & cpu->rip_mask;
	flags_set(cpu, (cpu->rflags & ~(uint64_t)RFLAGS_NATIVE) |
		       (native->rflags & RFLAGS_NATIVE));
	if (native->code_bits == 64) {
		cpu->segment[SEG_FS].base = native->fs_base;
		cpu->segment[SEG_GS].base = native->gs_base;
	}
	memcpy(state.xsave, native->xsave, sizeof(native->xsave));
	fpu_set_state(cpu, &state);
	cpu->fpu->pointers = pointers;
}

/* --- addresses --- */

void cpu_native_space(const struct cpu *cpu, struct cpu_space *space)
{
	*space = (struct cpu_space){
		.cr0 = cpu->cr0 & (CR0_PG | CR0_WP),
		.cr3 = cpu_paging(cpu) ? cpu->cr3 : 0,
		.cr4 = cpu->cr4 & (CR4_PAE | CR4_PSE | CR4_SMEP | CR4_SMAP),
		.efer = cpu->efer & (EFER_LMA | EFER_NXE),
		.user = cpu->cpl == 3,
		.code_bits = cpu->code_bits,
	};
}

/* mmu_address() for who is not within an instruction; false: it faults. */
static bool address_of(struct cpu *cpu, uint64_t la, enum access access, uint64_t *gpa)
{
	if (setjmp(cpu->fault))
		return false;
	*gpa = mmu_address(cpu, la, access);
	return true;
}

/* The tables of a walk, from the last one on up: each entry covers a part of the one above it. */
static void note_tables(const struct pagewalk *walk, unsigned int entry_bits,
			struct cpu_translation *to)
{
	unsigned int shift = (unsigned int)__builtin_ctzll(to->size);

	for (unsigned int i = walk->count; i-- && to->tables < CPU_TABLES; to->tables++) {
		to->table[to->tables].gpa = walk->entry[i].gpa & ~PAGE_OFFSET_MASK;
		to->table[to->tables].shift = shift;
		shift += entry_bits;
	}
}

static bool is_dirty(const struct pagewalk *walk)
{
	const uint64_t dirty = 0x40;

	return !walk->count || walk->entry[walk->count - 1].value & dirty;
}

static void note_rights(const struct cpu *cpu, const struct pagewalk *walk,
			struct cpu_translation *to)
{
	bool user = cpu->cpl == 3;
	bool may_write = walk->writable || (!user && !(cpu->cr0 & CR0_WP));
	bool smep = cpu->cr4 & CR4_SMEP && walk->user;

	to->writable = may_write && is_dirty(walk);
	to->executable = walk->executable && (user || !smep);
	to->for_user = walk->user && (!to->writable || walk->writable);
	to->for_supervisor = !(walk->user && cpu->cr4 & CR4_SMAP) && !(to->executable && smep);
}

bool cpu_native_translate(struct cpu *cpu, uint64_t la, enum cpu_access access,
			  struct cpu_translation *to)
{
	static const enum access accesses[] = {
		[CPU_READ] = ACCESS_READ, [CPU_WRITE] = ACCESS_WRITE, [CPU_EXECUTE] = ACCESS_FETCH,
	};
	struct vcpu_state state = {
		.cr0 = cpu->cr0, .cr3 = cpu->cr3, .cr4 = cpu->cr4, .efer = cpu->efer,
	};
	struct pagewalk walk;
	uint64_t below;

	*to = (struct cpu_translation){ 0 };
	if (!address_of(cpu, la, accesses[access], &to->gpa) ||
	    pagewalk_translate(cpu->mem, &state, la, &walk))
		return false;
	/* The processor may still have what the tables said before. */
	if (walk.gpa != to->gpa)
		return false;
	to->size = walk.page_size ? walk.page_size : UNPAGED_SIZE;
	below = to->size - 1;
	to->la = walk.linear & ~below;
	to->gpa &= ~below;
	to->entry_size = cpu_long(cpu) || cpu->cr4 & CR4_PAE ? 8 : 4;
	note_tables(&walk, to->entry_size == 8 ? 9 : 10, to);
	note_rights(cpu, &walk, to);
	return true;
}
