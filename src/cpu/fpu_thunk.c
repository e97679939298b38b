/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fpu_thunk.c - machine code that executes one FPU instruction with the
 * guest's registers, see fpu.h. Encodings: SDM vol. 2, chapter 2.
 *
 * A thunk is a function of the System V ABI; with its arguments in RDI, RSI and
 * RDX it may change all vector registers, RAX, RCX, RDX and R8, and it gives
 * MXCSR back as the ABI wants it. Thunks lie one behind the
 * other in cells of one size, in memory that is mapped twice: once to be
 * written, once to be executed.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cpu/fpu.h"

#define CELL_SIZE	128u
#define CELLS		8192u
#define CODE_SIZE	((size_t)CELL_SIZE * CELLS)
#define SLOTS		(2u * CELLS)	/* a power of two */

struct thunks {
	uint8_t *code;			/* to be written */
	uint8_t *executable;
	unsigned int used;
	uint64_t key[CELLS];
	uint16_t slot[SLOTS];		/* hash table: cell + 1 */
};

_Static_assert(CELLS < UINT16_MAX, "cells are numbered in 16 bits");
_Static_assert(offsetof(struct recipe, gpr) == 7, "the key is the first 8 bytes");

/* --- machine code --- */

enum host_register { RAX = 0, RCX = 1, RDX = 2, RSI = 6, R8 = 8 };

/* Where thunks have their pointers. */
#define CPU_REGISTER RSI
#define FPU_REGISTER R8

#define REX_R_SHIFT	2
#define MODRM_DISP32	0x80u

/* An instruction with a register and a memory operand. */
struct form {
	uint8_t prefix;
	uint8_t rex;
	bool escape;		/* 0F */
	uint8_t opcode;
};

static const struct form movaps_load = { .escape = true, .opcode = 0x28 };
static const struct form movaps_store = { .escape = true, .opcode = 0x29 };
static const struct form movq_load = { .escape = true, .opcode = 0x6F };
static const struct form movq_store = { .escape = true, .opcode = 0x7F };
static const struct form mov_load = { .rex = REX_W, .opcode = 0x8B };
static const struct form mov_store = { .rex = REX_W, .opcode = 0x89 };
static const struct form mov_store_16 = { .prefix = 0x66, .opcode = 0x89 };
static const struct form mov_imm_16 = { .prefix = 0x66, .opcode = 0xC7 };
static const struct form group_15 = { .escape = true, .opcode = 0xAE };
static const struct form escape_dd = { .opcode = 0xDD };

/* What ModRM.reg makes of the groups. */
enum group_reg { LDMXCSR = 2, STMXCSR = 3, FNSTSW = 7 };

struct writer {
	uint8_t *at;
};

static void put(struct writer *w, const void *bytes, size_t len)
{
	memcpy(w->at, bytes, len);
	w->at += len;
}

#define PUT(w, ...) do {								\
	static const uint8_t put_bytes[] = { __VA_ARGS__ };				\
	put(w, put_bytes, sizeof(put_bytes));						\
} while (0)

static void put_operands(struct writer *w, unsigned int reg, enum host_register base,
			 size_t offset)
{
	uint32_t disp = (uint32_t)offset;

	*w->at++ = (uint8_t)(MODRM_DISP32 | (reg & 7) << 3 | (base & 7));
	put(w, &disp, sizeof(disp));
}

static void put_form(struct writer *w, const struct form *form, unsigned int reg,
		     enum host_register base, size_t offset)
{
	uint8_t rex = (uint8_t)(REX | form->rex | (reg >> 3) << REX_R_SHIFT | base >> 3);

	if (form->prefix)
		*w->at++ = form->prefix;
	if (rex != REX)
		*w->at++ = rex;
	if (form->escape)
		*w->at++ = 0x0F;
	*w->at++ = form->opcode;
	put_operands(w, reg, base, offset);
}

/* VMOVAPS of a YMM register, from or to the struct fpu. */
static void put_vmovaps(struct writer *w, const struct form *form, unsigned int reg,
			size_t offset)
{
	/* VEX.R and VEX.B are inverted; the base is R8; map 0F; 256 bits. */
	const uint8_t vex[] = { 0xC4, (uint8_t)(reg < 8 ? 0xC1 : 0x41), 0x7C, form->opcode };

	put(w, vex, sizeof(vex));
	put_operands(w, reg, FPU_REGISTER, offset);
}

/* --- thunks --- */

static void put_vectors(struct writer *w, const struct recipe *recipe, const struct form *form,
			uint16_t vectors)
{
	for (unsigned int reg = 0; reg < FPU_VECTORS; reg++) {
		size_t offset = offsetof(struct fpu, ymm) + reg * VECTOR_SIZE;

		if (!(vectors >> reg & 1))
			continue;
		if (recipe->vex)
			put_vmovaps(w, form, reg, offset);
		else
			put_form(w, form, reg, FPU_REGISTER, offset);
	}
}

/* With TOP 0 the registers from the top of the stack on are the MMX registers. */
static void put_mmx(struct writer *w, const struct form *form, uint8_t registers)
{
	const uint16_t exponent = 0xFFFF;

	for (unsigned int reg = 0; reg < 8; reg++) {
		size_t offset = offsetof(struct fpu, x87.st) + reg * 16;

		if (!(registers >> reg & 1))
			continue;
		put_form(w, form, reg, FPU_REGISTER, offset);
		if (form == &movq_load)
			continue;
		put_form(w, &mov_imm_16, 0, FPU_REGISTER, offset + 8);
		put(w, &exponent, sizeof(exponent));
	}
}

static void put_gpr(struct writer *w, const struct form *form, enum host_register host,
		    unsigned int guest)
{
	put_form(w, form, host, CPU_REGISTER, offsetof(struct cpu, gpr) + guest * 8);
}

static void put_inputs(struct writer *w, const struct recipe *recipe)
{
	PUT(w, 0x49, 0x89, 0xD0);			/* mov r8, rdx */
	if (recipe->mxcsr)
		put_form(w, &group_15, LDMXCSR, FPU_REGISTER, offsetof(struct fpu, mxcsr));
	put_vectors(w, recipe, &movaps_load, recipe->vectors_in);
	put_mmx(w, &movq_load, recipe->mmx_in);
	if (recipe->flags && recipe->x87) {
		put_form(w, &mov_load, RAX, CPU_REGISTER, offsetof(struct cpu, arith));
		PUT(w, 0x04, 0x7F, 0x9E);		/* add al, 127; sahf */
	}
	if (recipe->gpr != RECIPE_NO_GPR && !recipe->gpr_written)
		put_gpr(w, &mov_load, RAX, recipe->gpr);
	if (recipe->lengths) {
		put_gpr(w, &mov_load, RAX, GPR_RAX);
		put_gpr(w, &mov_load, RDX, GPR_RDX);
	}
}

static void put_outputs(struct writer *w, const struct recipe *recipe)
{
	if (recipe->flags) {
		PUT(w, 0x9F, 0x0F, 0x90, 0xC0);		/* lahf; seto al */
		put_form(w, &mov_store_16, RAX, CPU_REGISTER, offsetof(struct cpu, arith));
	}
	if (recipe->rcx)
		put_gpr(w, &mov_store, RCX, GPR_RCX);
	if (recipe->gpr != RECIPE_NO_GPR && recipe->gpr_written)
		put_gpr(w, &mov_store, RAX, recipe->gpr);
	put_vectors(w, recipe, &movaps_store, recipe->vectors_out);
	put_mmx(w, &movq_store, recipe->mmx_out);
}

/* Leaves the host's FPU as compiled code expects it, but for the x87 registers. */
static void put_end(struct writer *w, const struct recipe *recipe)
{
	if (recipe->mxcsr) {
		put_form(w, &group_15, STMXCSR, FPU_REGISTER, offsetof(struct fpu, mxcsr));
		put_form(w, &group_15, LDMXCSR, FPU_REGISTER, offsetof(struct fpu, host_mxcsr));
	}
	if (recipe->x87)
		put_form(w, &escape_dd, FNSTSW, FPU_REGISTER, offsetof(struct fpu, x87.fsw));
	if (recipe->mmx_in || recipe->mmx_out)
		PUT(w, 0x0F, 0x77);			/* emms */
	if (recipe->vex)
		PUT(w, 0xC5, 0xF8, 0x77);		/* vzeroupper */
	PUT(w, 0xC3);					/* ret */
}

/* --- their memory --- */

/*
 * Two mappings of one memory, so that none is both written and executed. Not a
 * memfd, which a limit on the size of files would forbid.
 */
static int map_code(struct thunks *thunks)
{
	thunks->code = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (thunks->code == MAP_FAILED)
		return -errno;
	/* An old size of 0 maps shared memory once more. */
	thunks->executable = mremap(thunks->code, 0, CODE_SIZE, MREMAP_MAYMOVE);
	if (thunks->executable == MAP_FAILED ||
	    mprotect(thunks->executable, CODE_SIZE, PROT_READ | PROT_EXEC))
		return -errno;
	return 0;
}

int thunks_create(struct fpu *fpu)
{
	struct thunks *thunks;
	int error;

	if (fpu->thunks)
		return 0;
	thunks = calloc(1, sizeof(*thunks));
	if (!thunks)
		return -ENOMEM;
	thunks->code = thunks->executable = MAP_FAILED;
	fpu->thunks = thunks;
	error = map_code(thunks);
	if (error)
		thunks_destroy(fpu);
	return error;
}

void thunks_destroy(struct fpu *fpu)
{
	struct thunks *thunks = fpu->thunks;

	if (!thunks)
		return;
	if (thunks->code != MAP_FAILED)
		munmap(thunks->code, CODE_SIZE);
	if (thunks->executable != MAP_FAILED)
		munmap(thunks->executable, CODE_SIZE);
	free(thunks);
	fpu->thunks = NULL;
}

bool fpu_has_room(const struct cpu *cpu, unsigned int insns)
{
	const struct thunks *thunks = cpu->fpu->thunks;

	return !thunks || CELLS - thunks->used >= insns;
}

void fpu_forget_code(struct cpu *cpu)
{
	struct thunks *thunks = cpu->fpu->thunks;

	if (!thunks)
		return;
	thunks->used = 0;
	memset(thunks->slot, 0, sizeof(thunks->slot));
}

static unsigned int slot_of(uint64_t key)
{
	return (unsigned int)(key * UINT64_C(0x9E3779B97F4A7C15) >> 50) & (SLOTS - 1);
}

static thunk_fn *cell_function(const struct thunks *thunks, unsigned int cell)
{
	return (thunk_fn *)(uintptr_t)(thunks->executable + (size_t)cell * CELL_SIZE);
}

thunk_fn *thunk_for(struct fpu *fpu, const struct recipe *recipe)
{
	struct thunks *thunks = fpu->thunks;
	struct writer w = { thunks->code + (size_t)thunks->used * CELL_SIZE };
	unsigned int slot;
	uint64_t key;

	memcpy(&key, recipe, sizeof(key));
	for (slot = slot_of(key); thunks->slot[slot]; slot = (slot + 1) % SLOTS)
		if (thunks->key[thunks->slot[slot] - 1] == key)
			return cell_function(thunks, thunks->slot[slot] - 1u);
	put_inputs(&w, recipe);
	put(&w, recipe->bytes, recipe->length);
	put_outputs(&w, recipe);
	put_end(&w, recipe);
	thunks->key[thunks->used] = key;
	thunks->slot[slot] = (uint16_t)++thunks->used;
	return cell_function(thunks, thunks->used - 1);
}
