/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fpu.h - the FPU of the processor: what its files share.
 *
 * x87, MMX, SSE and AVX instructions run on the host's own FPU, so that their
 * results are the hardware's to the bit. Each has a thunk, a few instructions
 * of machine code: they load the guest's registers that it names into the same
 * registers of the host, execute it, and store what it has changed.
 *
 * With the x87 registers that would take 100 ns each time. They stay in the host's
 * FPU once an x87 instruction has been executed, until something needs them in
 * memory or the run ends: no code of vmm's that is called in between uses the
 * x87 (there is no long double). What it may find is registers that are full and
 * another rounding, never an exception that is pending.
 *
 *   fpu_bind.c      which function executes an instruction
 *   fpu_encoding.c  decoded instructions to recipes: what a thunk has to do
 *   fpu_thunk.c     recipes to machine code, which is kept by the recipe's bytes
 *   fpu.c           executes thunks, with all checks and exceptions
 *   fpu_x87.c       x87 control words and environment, by hand
 *   fpu_state.c     FXSAVE, XSAVE, MXCSR, by hand
 *   fpu_masked.c    accesses to memory by the element, by hand
 */
#ifndef VMM_CPU_FPU_H
#define VMM_CPU_FPU_H

#include "cpu/internal.h"

#define FPU_VECTORS 16
#define VECTOR_SIZE 32u
#define XMM_SIZE 16u

/* MXCSR (SDM vol. 1, 10.2.3). */
#define MXCSR_IE		(1u << 0)
#define MXCSR_DE		(1u << 1)
#define MXCSR_ZE		(1u << 2)
#define MXCSR_OE		(1u << 3)
#define MXCSR_UE		(1u << 4)
#define MXCSR_PE		(1u << 5)
#define MXCSR_FLAGS		0x3Fu
#define MXCSR_MASKS		0x1F80u		/* of the flags, 7 bits higher */
#define MXCSR_MASK_SHIFT	7
#define MXCSR_FTZ		(1u << 15)
#define MXCSR_VALID		0xFFFFu		/* MXCSR_MASK */
#define MXCSR_DEFAULT		0x1F80u

/* x87 status and control words (SDM vol. 1, 8.1.3 and 8.1.5). */
#define FSW_FLAGS		0x3Fu
#define FSW_PE			(1u << 5)
#define FSW_SF			(1u << 6)	/* stack fault */
#define FSW_ES			(1u << 7)
#define FSW_TOP			(7u << 11)
#define FSW_TOP_SHIFT		11
#define FSW_B			(1u << 15)
#define FCW_MASKS		0x3Fu		/* of the flags */
#define FCW_VALID		0x1F3Fu
#define FCW_FIXED		0x40u
#define FCW_DEFAULT		0x37Fu

#define ST_SIZE			10u
#define FOP_MASK		0x7FFu

/* The FXSAVE area as a 64-bit FXSAVE64 has it (SDM vol. 1, 10.5.1). */
struct fxsave {
	uint16_t fcw;
	uint16_t fsw;
	uint8_t tags;		/* a bit a physical register: not empty */
	uint8_t reserved;
	uint16_t fop;
	uint64_t fip;
	uint64_t fdp;
	uint32_t mxcsr;
	uint32_t mxcsr_mask;
	uint8_t st[8][16];	/* from the top of the stack on */
	uint8_t xmm[16][16];
	uint8_t rest[96];
};

/* The last instruction that was not one of control, and its operand. */
struct x87_pointers {
	uint64_t ip, dp;
	uint16_t cs, ds, op;
};

struct thunks;

struct fpu {
	/* Memory operands that are not plain memory. */
	_Alignas(64) uint8_t bounce[64];
	_Alignas(64) uint8_t ymm[FPU_VECTORS][VECTOR_SIZE];
	/*
	 * Only the x87 part counts, without the pointers: those would be the
	 * host's. In FSW, ES and B always are what flags and masks make them.
	 */
	_Alignas(64) struct fxsave x87;
	struct x87_pointers pointers;
	uint16_t ignored;	/* x87 flags that are unmasked and set, but see x87_pending() */
	/* The x87 registers are in the host's. FCW and FSW always are here, too. */
	bool entered;
	/* MXCSR as it is loaded into the host's: all masked; and what really is unmasked. */
	uint32_t mxcsr;
	uint32_t unmasked;
	/* What vmm's own code expects. */
	uint32_t host_mxcsr;
	uint16_t host_fcw;
	struct thunks *thunks;	/* NULL: not needed yet */
};

/* --- checks (SDM vol. 3, 2.5 and 13.1; vol. 2, 2.4) --- */

/* Raise what the control registers demand, #UD before #NM. */
_Noreturn void refuse_mmx(struct cpu *cpu);
_Noreturn void refuse_sse(struct cpu *cpu);
_Noreturn void refuse_avx(struct cpu *cpu);

/* Unmasked x87 exceptions wait for the next instruction: #MF. */
void x87_pending(struct cpu *cpu);

static inline void check_x87_enabled(struct cpu *cpu)
{
	if (unlikely(cpu->cr0 & (CR0_EM | CR0_TS)))
		raise_exception(cpu, VECTOR_NM);
}

static inline void check_x87_pending(struct cpu *cpu)
{
	if (unlikely(cpu->fpu->x87.fsw & FSW_ES))
		x87_pending(cpu);
}

static inline void check_mmx(struct cpu *cpu)
{
	if (unlikely(cpu->cr0 & (CR0_EM | CR0_TS)))
		refuse_mmx(cpu);
	check_x87_pending(cpu);
}

static inline void check_sse(struct cpu *cpu)
{
	if (unlikely(cpu->cr0 & (CR0_EM | CR0_TS) || !(cpu->cr4 & CR4_OSFXSR)))
		refuse_sse(cpu);
}

static inline void check_avx(struct cpu *cpu)
{
	const uint64_t enabled = XCR0_SSE | XCR0_AVX;

	if (unlikely(cpu->cr0 & CR0_TS || !(cpu->cr4 & CR4_OSXSAVE) ||
		     (cpu->xcr0 & enabled) != enabled || !cpu_protected(cpu) || cpu_v8086(cpu)))
		refuse_avx(cpu);
}

/* --- encodings (fpu_encoding.c) --- */

enum map { MAP_ONE_BYTE, MAP_0F, MAP_0F38, MAP_0F3A };

/* Mandatory prefixes, in VEX.pp's coding. */
enum prefix { PREFIX_NONE, PREFIX_66, PREFIX_F3, PREFIX_F2 };

#define REX		0x40u
#define REX_W		0x08u
#define REX_R		0x04u
#define REX_B		0x01u

#define VEX_3_BYTES	0xC4u
/* The bytes behind C4, and the only one behind C5. R, X, B and vvvv are inverted. */
#define VEX_R		0x80u
#define VEX_X		0x40u
#define VEX_B		0x20u
#define VEX_MAP		0x1Fu
#define VEX_W		0x80u
#define VEX_VVVV_HIGH	0x40u
#define VEX_L		0x04u
#define VEX_PP		0x03u

#define MODRM_MOD	0xC0u
#define MODRM_REGISTER	0xC0u	/* mod: both operands are registers */
#define MODRM_REG	0x38u
#define MODRM_REG_SHIFT	3
#define MODRM_RM	0x07u
#define MODRM_RDI	0x07u	/* memory at [RDI] */

/* An instruction's encoding, taken apart. */
struct encoding {
	enum map map;
	enum prefix prefix;
	bool vex;
	bool wide;		/* REX.W or VEX.W */
	bool long_vector;	/* VEX.L */
	uint8_t opcode;
	uint8_t modrm;		/* 0 where there is none */
	bool memory;
};

struct encoding encoding_of(const struct decoded *decoded);

/* What an instruction is like beyond what its operands tell. */
#define TRAIT_MXCSR	(1u << 0)	/* raises exceptions, or rounds */
#define TRAIT_FLAGS	(1u << 1)	/* sets RFLAGS */
#define TRAIT_UNALIGNED	(1u << 2)	/* without VEX: memory need not be aligned */
#define TRAIT_ALIGNED	(1u << 3)	/* with VEX: memory has to be aligned */
#define TRAIT_GPR_RM	(1u << 4)	/* ModRM.rm is a general register or memory */
#define TRAIT_WIDTH	(1u << 5)	/* W, a general register's size: in 64-bit mode only */
#define TRAIT_LENGTHS	(1u << 6)	/* takes RAX and RDX */
#define TRAIT_RCX	(1u << 7)	/* gives RCX */
#define TRAIT_XMM0_IN	(1u << 8)	/* without VEX: takes XMM0 */
#define TRAIT_XMM0_OUT	(1u << 9)	/* gives XMM0 */

uint16_t find_traits(const struct encoding *e);

#define RECIPE_BYTES 7
#define RECIPE_NO_GPR GPR_COUNT

/* What the thunk of an instruction has to do. */
struct recipe {
	/*
	 * The instruction as it is to be executed: its memory operand is at [RDI],
	 * its general register is RAX. With gpr, all else follows from it.
	 */
	uint8_t bytes[RECIPE_BYTES];
	uint8_t gpr;		/* the guest's general register, or RECIPE_NO_GPR */
	uint8_t length;
	bool gpr_written;	/* gpr is its destination, not its source */
	bool x87;		/* stores FSW */
	bool vex;		/* vectors are 32 bytes, not 16 */
	bool mxcsr;		/* loads and stores MXCSR */
	bool flags;		/* stores the arithmetic flags; with x87, loads them first */
	bool lengths;		/* PCMPESTRI, PCMPESTRM: takes RAX and RDX */
	bool rcx;		/* ... and those that give RCX */
	uint16_t vectors_in, vectors_out;	/* bits: register numbers */
	uint8_t mmx_in, mmx_out;
};

struct recipe make_recipe(const struct decoded *decoded, const struct encoding *e,
			  uint16_t traits);

/* --- thunks (fpu_thunk.c) --- */

typedef void thunk_fn(void *memory, struct cpu *cpu, struct fpu *fpu);

/*
 * Makes their memory where there is none yet: with the first instruction that has
 * a thunk, since most guests have none. Returns 0 or -errno.
 */
int thunks_create(struct fpu *fpu);
void thunks_destroy(struct fpu *fpu);

/* The recipe's thunk, made if there is none yet. There has to be room: fpu_has_room(). */
thunk_fn *thunk_for(struct fpu *fpu, const struct recipe *recipe);

/* --- execution by thunks (fpu.c) --- */

/* Whose control bits and state an instruction depends on. */
enum unit { UNIT_MMX, UNIT_MMX_SSE, UNIT_SSE, UNIT_AVX, UNITS };

/* What happens with the memory operand. */
enum use { USE_NONE, USE_LOAD, USE_STORE, USES };

/*
 * In the insn, extra is the thunk and size that of the memory operand. Vectors:
 * third is which bits of its address have to be 0; the last index is whether
 * MXCSR matters. x87: imm is FOP.
 */
extern insn_fn *const fpu_vector_functions[UNITS][USES][2];
extern insn_fn *const fpu_x87_functions[USES];

/* --- x87 by hand (fpu_x87.c) --- */

/* Moves the guest's x87 registers into the host's, and back, if they are there. */
void x87_enter(struct fpu *fpu);
void x87_leave(struct fpu *fpu);

/* The status word as the guest sees it. */
uint16_t fsw_get(const struct fpu *fpu);

/*
 * Sets FCW and FSW, which belong together: of them depends what is pending. To
 * be called, as what is below, when the registers are not in the host's.
 */
void x87_set_control(struct fpu *fpu, uint16_t fcw, uint16_t fsw);

/* Moves the top of the stack to another physical register. */
void x87_set_top(struct fpu *fpu, unsigned int top);

/*
 * MMX registers are the physical ones, in the order from the top on where that
 * is 0. All are in use from now on (SDM vol. 3, 12.2).
 */
static inline void enter_mmx(struct fpu *fpu)
{
	if (unlikely(fpu->entered))
		x87_leave(fpu);
	if (unlikely(fpu->x87.fsw & FSW_TOP))
		x87_set_top(fpu, 0);
	fpu->x87.tags = 0xFF;
}

insn_fn execute_fwait, execute_fninit, execute_fnclex, execute_fldcw, execute_fnstcw,
	execute_fnstsw, execute_fnstsw_ax, execute_fnop, execute_fnstenv, execute_fldenv,
	execute_fnsave, execute_frstor, execute_emms;

/* --- state by hand (fpu_state.c) --- */

/* MXCSR as the guest sees it. */
static inline uint32_t mxcsr_get(const struct fpu *fpu)
{
	return fpu->mxcsr & ~fpu->unmasked;
}

void mxcsr_set(struct fpu *fpu, uint32_t mxcsr);

/* Memory of any size, with the current privilege. Raise page faults. */
void read_area(struct cpu *cpu, uint64_t la, void *data, unsigned int size);
void read_area_for_write(struct cpu *cpu, uint64_t la, void *data, unsigned int size);
void write_area(struct cpu *cpu, uint64_t la, const void *data, unsigned int size);

insn_fn execute_fxsave, execute_fxrstor, execute_xsave, execute_xrstor, execute_ldmxcsr,
	execute_stmxcsr, execute_vldmxcsr, execute_vstmxcsr, execute_vzero;

/* --- memory by the element, by hand (fpu_masked.c) --- */

insn_fn execute_maskmov, execute_vmaskmovdqu, execute_vmaskmov_load, execute_vmaskmov_store,
	execute_gather;

/* Fills in what such a function takes beyond the memory operand; false: #UD. */
typedef bool bind_by_hand_fn(const struct decoded *decoded, const struct encoding *e,
			     struct insn *insn);

bind_by_hand_fn bind_maskmov, bind_vmaskmov, bind_gather;

#endif
