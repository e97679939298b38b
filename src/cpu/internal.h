/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * internal.h - what the files of the processor share: its state, decoded
 * instructions, and how they reach memory and raise exceptions.
 *
 * How it works: code is decoded a block at a time (block.c), a block being
 * instructions that follow each other up to a jump, and each instruction is
 * bound to the function that executes it with its operands (struct insn). The
 * loop in run.c calls these functions one after another. A function that
 * cannot finish raises an exception, which does not return: it goes back to
 * the loop by longjmp(3), so that nothing may be changed before all that can
 * fail has been done.
 */
#ifndef VMM_CPU_INTERNAL_H
#define VMM_CPU_INTERNAL_H

#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/mem.h"
#include "core/vcpu.h"
#include "cpu/cpu.h"
#include "cpu/cpuid.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define PAGE_SHIFT 12
#define PAGE_OFFSET_MASK UINT64_C(0xFFF)

/* --- exceptions (SDM vol. 3, 6.15) --- */

enum vector {
	VECTOR_DE = 0, VECTOR_DB = 1, VECTOR_NMI = 2, VECTOR_BP = 3, VECTOR_OF = 4,
	VECTOR_BR = 5, VECTOR_UD = 6, VECTOR_NM = 7, VECTOR_DF = 8, VECTOR_TS = 10,
	VECTOR_NP = 11, VECTOR_SS = 12, VECTOR_GP = 13, VECTOR_PF = 14, VECTOR_MF = 16,
	VECTOR_AC = 17, VECTOR_MC = 18, VECTOR_XM = 19,
};

/* Page-fault error code (SDM vol. 3, 4.7). */
#define PF_PRESENT	(1u << 0)
#define PF_WRITE	(1u << 1)
#define PF_USER		(1u << 2)
#define PF_RESERVED	(1u << 3)
#define PF_FETCH	(1u << 4)

struct exception {
	uint8_t vector;
	bool has_error;
	uint32_t error;
	uint64_t address;	/* CR2 of a page fault */
};

/* --- TLB --- */

#define TLB_BITS 11
#define TLB_SIZE (1u << TLB_BITS)
#define TLB_WORDS (TLB_SIZE / 64)

/* Accesses that a translation is for. */
enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_FETCH };

#define ACCESS_SIZE_MAX 64u	/* bytes */

/*
 * A page of linear addresses. A tag is the page's last address where that kind
 * of access goes straight to memory, else TLB_NONE, which is no last address.
 */
#define TLB_NONE UINT64_C(0)

struct tlb_entry {
	uint64_t tag[3];	/* by enum access */
	uintptr_t addend;	/* host address minus linear address */
};

/* What only the slow way asks for. */
struct tlb_page {
	uint64_t frame;		/* physical */
	uint64_t beside_code;	/* a tag for writes, which may change decoded code */
};

/* All zeroes: empty. */
struct tlb {
	struct tlb_entry entry[TLB_SIZE];
	struct tlb_page page[TLB_SIZE];
};

/* Which entries of a TLB are not empty; a bit each. */
struct tlb_use {
	uint64_t used[TLB_WORDS];
	uint64_t global[TLB_WORDS];
	uint64_t large[TLB_WORDS];	/* a piece of a large page */
};

static inline uint64_t tlb_tag(uint64_t la)
{
	return la | PAGE_OFFSET_MASK;
}

static inline unsigned int tlb_index(uint64_t la)
{
	return la >> PAGE_SHIFT & (TLB_SIZE - 1);
}

/*
 * There is one for each set of rights. SMAP: RFLAGS.AC opens user pages. The
 * last one stays empty, for when every access has to be looked at.
 */
enum tlb_kind { TLB_SUPERVISOR, TLB_USER, TLB_SUPERVISOR_AC, TLB_EMPTY, TLB_KINDS };

/* --- flags --- */

/*
 * The arithmetic flags as LAHF and SETO leave them in AX: OF in AL, SF ZF AF PF
 * CF in AH. The host's own instructions make them, so that they are the
 * processor's to the bit.
 */
typedef uint16_t arith_flags;

#define AF_OF		0x0001u
#define AF_CF		0x0100u
#define AF_PF		0x0400u
#define AF_AF		0x1000u
#define AF_ZF		0x4000u
#define AF_SF		0x8000u

#define RFLAGS_ARITH	0x8D5u	/* CF PF AF ZF SF OF */

/* --- instructions --- */

struct cpu;
struct fpu;
struct insn;

typedef void insn_fn(struct cpu *cpu, const struct insn *insn);

/* Registers of an address, beyond the 16. */
#define REG_ZERO 16		/* none: always 0 */
#define REG_RIP 17		/* the RIP at which the block begins */
#define REG_COUNT 18

/* Prefixes. */
#define INSN_LOCK	(1u << 0)
#define INSN_REP	(1u << 1)	/* F3 */
#define INSN_REPNE	(1u << 2)	/* F2 */
/* Not a prefix: its accesses are never checked for alignment (#AC). */
#define INSN_UNALIGNED	(1u << 3)

struct insn {
	insn_fn *execute;
	uint64_t imm;		/* immediate; a branch's target relative to the block */
	int64_t disp;		/* of the memory operand */
	uint64_t address_mask;	/* the bits that its address has */
	uint16_t dst;		/* byte offsets into cpu.gpr, of what the function takes */
	uint16_t src;		/* for its destination and source registers */
	uint16_t third;
	uint16_t start;		/* RIP at the instruction and behind it, less the */
	uint16_t next;		/* block's RIP */
	uint16_t op;		/* enum op */
	uint8_t base;		/* of the memory operand: REG_ZERO where there is none */
	uint8_t index;
	uint8_t scale;		/* a shift */
	uint8_t segment;	/* enum vcpu_segment_name */
	uint8_t size;		/* of the operation, bytes */
	uint8_t address_size;	/* bytes: 2, 4, 8 */
	uint8_t prefixes;
	uint8_t detail;		/* the function's own: condition, register number, ... */
	const void *extra;	/* the function's own */
};

/* The most that a block has of them. */
#define BLOCK_INSNS 32u

/* --- decoding --- */

enum operand_kind {
	OPERAND_NONE,
	OPERAND_REG,		/* general register */
	OPERAND_MEM,
	OPERAND_IMM,		/* sign-extended where the instruction does that */
	OPERAND_REL,		/* branch offset */
	OPERAND_FAR,		/* immediate far pointer: selector in far_selector */
	OPERAND_SEG,		/* segment register */
	OPERAND_CR,
	OPERAND_DR,
	OPERAND_X87,		/* the FPU's: x87, MMX, XMM, YMM registers */
	OPERAND_MMX,
	OPERAND_XMM,
	OPERAND_YMM,
};

/* Which of the FPU's instruction sets an instruction belongs to. */
enum fpu_set {
	FPU_SET_NONE, FPU_SET_X87, FPU_SET_MMX, FPU_SET_FXSAVE, FPU_SET_SSE, FPU_SET_SSE2,
	FPU_SET_SSE3, FPU_SET_SSSE3, FPU_SET_SSE41, FPU_SET_SSE42, FPU_SET_PCLMULQDQ,
	FPU_SET_XSAVE, FPU_SET_AVX, FPU_SET_F16C, FPU_SET_FMA, FPU_SET_AVX2, FPU_SETS,
};

struct operand {
	enum operand_kind kind;
	uint8_t size;		/* bytes */
	uint8_t reg;		/* its number */
	bool high;		/* AH, CH, DH, BH: reg is 0 to 3 */
	bool written;
	uint64_t imm;
};

#define OPERANDS_MAX 4
#define INSN_BYTES_MAX 15

struct decoded {
	uint16_t op;			/* enum op */
	uint8_t length;			/* bytes */
	uint8_t operand_size;		/* effective, bytes: 2, 4, 8 */
	uint8_t address_size;
	uint8_t prefixes;
	uint8_t operands;		/* the visible ones */
	bool far;			/* a jump that names a code segment */
	struct operand operand[OPERANDS_MAX];
	/* the memory operand */
	uint8_t base, index, scale, segment;
	int64_t disp;
	uint16_t far_selector;
	/* the raw instruction, for what runs on the host's FPU */
	struct fpu *fpu;		/* which takes up its machine code; set by block.c */
	enum fpu_set fpu_set;
	uint8_t bytes[INSN_BYTES_MAX];
	uint8_t prefix_length;		/* legacy prefixes, before REX, VEX or the opcode */
	uint8_t rex;			/* REX, which follows the legacy prefixes; 0: none */
	uint8_t vex_length;		/* of VEX, which follows them: 2, 3; 0: none */
	uint8_t opcode_offset;		/* the last opcode byte's */
	uint8_t modrm_offset;		/* 0: none */
	uint8_t imm_offset;		/* 0: none */
	uint8_t imm_length;
	uint8_t code_bits;
};

/*
 * Decodes what bytes hold, for code of 16, 32 or 64 bits; real: real or
 * virtual-8086 mode. Returns 0; -ENODATA where the instruction goes on behind
 * the bytes; -EINVAL where it is no instruction of the CPU model (#UD), -E2BIG
 * where it is longer than 15 bytes (#GP).
 */
int decode(struct decoded *decoded, const uint8_t *bytes, size_t len, unsigned int code_bits,
	   bool real);

/*
 * Binds a decoded instruction to its function and operands. Returns false for
 * what has no such form: #UD. Sets *ends_block where what follows must not be
 * executed without looking again: jumps, and all that changes mode, mapping or
 * interruptibility.
 */
typedef bool bind_fn(const struct decoded *decoded, struct insn *insn, bool *ends_block);

/* --- the processor --- */

/* What else makes decoded code, and addresses of it, different ones. */
#define CODE_REAL	1u	/* real or virtual-8086 mode */
#define CODE_USER	2u	/* CPL 3 */

/* Debug status and control (SDM vol. 3, 17.2). */
#define DR6_BREAKPOINTS	0xFu
#define DR6_BD		(1u << 13)	/* an access to a debug register, with DR7.GD */
#define DR6_BS		(1u << 14)	/* a single step */
#define DR6_BT		(1u << 15)	/* a task with its trap bit set */
#define DR7_GD		(1u << 13)

/* Kinds of accesses that DR7 has breakpoints for. */
#define BREAK_FETCH	1u
#define BREAK_DATA	2u
#define BREAK_IO	4u

struct block;
struct watches;
struct scans;

struct cpu {
	uint64_t gpr[REG_COUNT];	/* REG_ZERO and REG_RIP too */
	arith_flags arith;
	const struct insn *end;		/* of the block; NULL: leave it after this one */
	const struct insn *current;
	uint64_t rip;			/* between blocks; in one: behind it, or the target */
	uint64_t rip_mask;		/* by code size */
	uint64_t rip_last;		/* the last one with code: by the limit of CS */
	uint64_t stack_mask;		/* by stack size */
	struct tlb *tlb;		/* the one in use */
	uint64_t rflags;		/* all but RFLAGS_ARITH */

	struct vcpu_segment segment[SEG_COUNT];
	/* By enum access: offsets below it need no check, for up to ACCESS_SIZE_MAX bytes. */
	uint64_t unchecked[SEG_COUNT][3];
	struct vcpu_segment ldtr, tr;
	struct vcpu_table gdtr, idtr;
	uint64_t cr0, cr2, cr3, cr4, cr8, efer, xcr0;
	uint64_t address_lines;		/* all physical addresses: all ones, or without A20 */
	uint64_t dr[8];
	struct vcpu_msrs msr;
	uint8_t cpl;
	uint8_t code_bits;		/* 16, 32, 64 */
	uint8_t code_mode;		/* that with CODE_REAL, CODE_USER */
	uint8_t stack_bits;
	bool shadow;			/* interrupts wait for one instruction (STI, MOV SS) */
	bool debug_shadow;		/* so do debug traps (MOV SS) */
	bool nmi_blocked;		/* until the next IRET */
	bool halted;
	uint8_t breakpoints;		/* BREAK_...: then blocks are one instruction each */
	/*
	 * Bits of DR6 whose trap comes behind this instruction, in a repeated
	 * string instruction behind this iteration.
	 */
	uint64_t debug_pending;

	struct fpu *fpu;		/* fpu.c's */

	uint64_t done;			/* instructions in the blocks before this one */
	uint64_t follow_until;		/* of done: from then on blocks go back to the loop */
	const struct insn *block_start;
	atomic_bool events;		/* interrupt or kick: look */
	atomic_bool interrupt;		/* level of INTR */
	atomic_bool nmi;		/* one is pending */
	atomic_bool kicked;

	struct exception exception;	/* what fault is about */
	jmp_buf fault;
	struct exception delivered;	/* while delivering: what */
	bool delivering;
	bool begun;			/* an event's delivery has begun, and not ended */
	struct vcpu_faults faults;	/* since that event */
	bool external;			/* errors are an event's, not the instruction's: EXT */
	bool switched;			/* a task switch is done: faults are the new task's */
	bool shutdown;

	struct cpuid_leaf cpuid[CPUID_LEAVES];
	struct cpuid_config cpuid_config;
	uint8_t cpuid_count;		/* 0: not asked for yet */
	uint64_t features;		/* a bit each, once cpuid_count is set */

	struct mem *mem;
	const struct mem_region *region;	/* of it, that was looked for last */
	const struct cpu_ops *ops;
	void *self;
	struct blocks *blocks;		/* block.c's */
	struct watches *watches;	/* watch.c's; NULL: nothing is watched */
	struct scans *scans;		/* scan.c's; NULL: no code has been looked through */
	uint64_t pdpte[4];		/* PAE's, loaded with CR3 */
	struct tlb_use tlb_use[TLB_KINDS];
	struct tlb tlbs[TLB_KINDS];	/* last: what is not used of them is not touched */
};

static inline bool cpu_paging(const struct cpu *cpu)
{
	return cpu->cr0 & CR0_PG;
}

static inline bool cpu_protected(const struct cpu *cpu)
{
	return cpu->cr0 & CR0_PE;
}

static inline bool cpu_long(const struct cpu *cpu)
{
	return cpu->efer & EFER_LMA;
}

static inline bool cpu_v8086(const struct cpu *cpu)
{
	return cpu->rflags & RFLAGS_VM;
}

/* Real or virtual-8086 mode: segments without descriptors. */
static inline bool cpu_real(const struct cpu *cpu)
{
	return !cpu_protected(cpu) || cpu_v8086(cpu);
}

static inline unsigned int cpu_iopl(const struct cpu *cpu)
{
	return (cpu->rflags & RFLAGS_IOPL) >> 12;
}

/* --- exceptions (exception.c) --- */

/* These do not return: the instruction is given up. */
_Noreturn void raise_exception(struct cpu *cpu, enum vector vector);
_Noreturn void raise_error(struct cpu *cpu, enum vector vector, uint32_t error);
_Noreturn void raise_page_fault(struct cpu *cpu, uint64_t linear, uint32_t error);

/*
 * Delivers an interrupt or exception through the IDT (or the real mode's
 * vector table); RIP is where it returns to. software: INT n, INT3, INTO, whose
 * gates' privilege is checked. Raises an exception where the delivery fails.
 */
void deliver(struct cpu *cpu, const struct exception *exception, bool software, bool external);

/*
 * Delivers cpu->exception, which an instruction has raised; or what becomes of
 * it: a double fault where the delivery raises another one, shutdown (sets
 * cpu->shutdown) where that fails too (SDM vol. 3, 6.15). Returns normally.
 */
void take_exception(struct cpu *cpu);

/*
 * Before a block of one instruction, where RFLAGS or DR7 ask for that: raises the
 * #DB of an instruction breakpoint, prepares the single-step trap.
 */
void debug_begin(struct cpu *cpu);

/* Delivers the trap for cpu->debug_pending. */
void debug_trap(struct cpu *cpu);

/* Raises #DB, for bits of DR6. */
_Noreturn void debug_fault(struct cpu *cpu, uint64_t found);

/* An access to data or a port that breakpoints may be for. */
void debug_access(struct cpu *cpu, uint64_t address, unsigned int size, bool write, bool io);

/* DR7 or CR4.DE has changed. */
void debug_changed(struct cpu *cpu);

/* --- where instructions are --- */

static inline uint64_t insn_rip(const struct cpu *cpu, const struct insn *insn)
{
	return (cpu->gpr[REG_RIP] + insn->start) & cpu->rip_mask;
}

static inline uint64_t next_rip(const struct cpu *cpu, const struct insn *insn)
{
	return (cpu->gpr[REG_RIP] + insn->next) & cpu->rip_mask;
}

/* Leaves the block after this instruction, which is not a jump. */
static inline void end_block(struct cpu *cpu, const struct insn *insn)
{
	cpu->rip = next_rip(cpu, insn);
	cpu->end = NULL;
}

/*
 * The last thing that the function of a frequent instruction does: goes on to the
 * next one of the block, if there is one. It is a jump from function to function,
 * so that the host's processor learns what follows what; functions that just
 * return go on by the loop in run.c.
 */
static inline __attribute__((always_inline)) void proceed(struct cpu *cpu,
							   const struct insn *insn)
{
	insn++;
	if (likely(insn < cpu->end)) {
		cpu->current = insn;
		insn->execute(cpu, insn);
	}
}

/* --- registers --- */

static inline void *reg_at(struct cpu *cpu, uint16_t offset)
{
	return (uint8_t *)cpu->gpr + offset;
}

/* The byte offset of a register operand in cpu.gpr. */
static inline uint16_t reg_offset(const struct operand *operand)
{
	return (uint16_t)(operand->reg * 8 + operand->high);
}

static inline uint64_t reg_read(const struct cpu *cpu, unsigned int reg, unsigned int size)
{
	uint64_t value = cpu->gpr[reg];

	return size == 8 ? value : value & ((UINT64_C(1) << (8 * size)) - 1);
}

/* Writes as instructions do: 32 bits clear the upper half, fewer keep the rest. */
static inline void reg_write(struct cpu *cpu, unsigned int reg, unsigned int size, uint64_t value)
{
	uint64_t kept = size == 1 ? ~UINT64_C(0xFF) : size == 2 ? ~UINT64_C(0xFFFF) : 0;

	if (size == 4)
		value = (uint32_t)value;
	cpu->gpr[reg] = (cpu->gpr[reg] & kept) | (value & ~kept);
}

/* --- flags --- */

static inline uint64_t flags_get(const struct cpu *cpu)
{
	return cpu->rflags | (cpu->arith >> 8 & 0xD5u) | (uint64_t)(cpu->arith & 1) << 11;
}

static inline void flags_set(struct cpu *cpu, uint64_t rflags)
{
	cpu->arith = (arith_flags)((rflags & 0xD5u) << 8 | (rflags >> 11 & 1));
	cpu->rflags = (rflags & ~(uint64_t)RFLAGS_ARITH) | RFLAGS_FIXED;
}

/* Those that POPF changes at the current privilege; IRET too, with RF (stack.c). */
uint64_t changeable_flags(const struct cpu *cpu, unsigned int size);

/* --- memory (mmu.c, segment.c) --- */

/*
 * The linear address of the memory operand, checked against its segment for
 * an access of size bytes. Raises #GP or #SS.
 */
uint64_t linear_checked(struct cpu *cpu, unsigned int segment, uint64_t offset, unsigned int size,
			enum access access);

static inline uint64_t address_mask(unsigned int address_size)
{
	return address_size == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * address_size)) - 1;
}

static inline uint64_t effective_address(const struct cpu *cpu, const struct insn *insn)
{
	uint64_t offset = cpu->gpr[insn->base] + (cpu->gpr[insn->index] << insn->scale) +
			  (uint64_t)insn->disp;

	return offset & insn->address_mask;
}

static inline uint64_t linear_at(struct cpu *cpu, unsigned int segment, uint64_t offset,
				 unsigned int size, enum access access)
{
	if (likely(offset < cpu->unchecked[segment][access]))
		return cpu->segment[segment].base + offset;
	return linear_checked(cpu, segment, offset, size, access);
}

static inline uint64_t linear(struct cpu *cpu, const struct insn *insn, unsigned int size,
			      enum access access)
{
	return linear_at(cpu, insn->segment, effective_address(cpu, insn), size, access);
}

/*
 * A host pointer for an access that lies in one page of plain memory and is in
 * the TLB; NULL: take the slow way.
 */
static inline void *tlb_pointer(const struct cpu *cpu, uint64_t la, unsigned int size,
				enum access access)
{
	const struct tlb_entry *entry = &cpu->tlb->entry[tlb_index(la)];

	/* The last byte's page: an access that crosses pages never matches. */
	if (likely(entry->tag[access] == tlb_tag(la + size - 1)))
		return (void *)(entry->addend + la);
	return NULL;
}

/*
 * The same from an offset in a segment, where it needs no check: whether that is
 * all that is to be done for the access.
 */
static inline bool fast_pointer(const struct cpu *cpu, unsigned int segment, uint64_t offset,
				unsigned int size, enum access access, void **host)
{
	uint64_t la = cpu->segment[segment].base + offset;
	const struct tlb_entry *entry = &cpu->tlb->entry[tlb_index(la)];

	*host = (void *)(entry->addend + la);
	return offset < cpu->unchecked[segment][access] &&
	       entry->tag[access] == tlb_tag(la + size - 1);
}

/*
 * Memory at a linear address, with the current privilege; any size up to 64.
 * Raise page faults. mmu_read_for_write: checks that the write will succeed.
 */
void mmu_read(struct cpu *cpu, uint64_t la, void *data, unsigned int size);
void mmu_write(struct cpu *cpu, uint64_t la, const void *data, unsigned int size);
void mmu_read_for_write(struct cpu *cpu, uint64_t la, void *data, unsigned int size);
/* As supervisor, whatever the privilege: descriptor tables, task states. */
void mmu_system_read(struct cpu *cpu, uint64_t la, void *data, unsigned int size);
void mmu_system_write(struct cpu *cpu, uint64_t la, const void *data, unsigned int size);

/*
 * How many bytes from la on (at most len) can be accessed through one host
 * pointer, which goes to *host: up to the page's end, plain memory only. 0: not
 * so; take single accesses. Raises page faults. For string instructions.
 */
unsigned int mmu_span(struct cpu *cpu, uint64_t la, unsigned int len, enum access access,
		      void **host);

/* The physical address of an access at la. Raises page faults. */
uint64_t mmu_address(struct cpu *cpu, uint64_t la, enum access access);
static inline uint64_t mmu_fetch_address(struct cpu *cpu, uint64_t la)
{
	return mmu_address(cpu, la, ACCESS_FETCH);
}

/* Forgets all translations; those of the page at la (INVLPG), large or not. */
void mmu_flush(struct cpu *cpu, bool global_too);
void mmu_flush_page(struct cpu *cpu, uint64_t la);

/*
 * Writes to the page take the slow way from now on: those where decoded code is, or
 * all.
 */
void mmu_watch_frame(struct cpu *cpu, uint64_t frame, bool all);

/*
 * To be called when what translations depend on has changed: CPL, CR0, CR3,
 * CR4, EFER, RFLAGS.AC, A20. cpu_mode_changed() also works out code and stack
 * size and which segments need no checks.
 */
void cpu_mode_changed(struct cpu *cpu);

/* Takes the TLB for the current rights into use. */
void mmu_select_tlb(struct cpu *cpu);

/* The PDPTEs of PAE paging are read when CR3 is loaded; #GP where they are bad. */
void mmu_load_pdptes(struct cpu *cpu, uint64_t cr3);

/* CR3 has a new value: those who observe the guest are told. */
void cr3_loaded(struct cpu *cpu);
/* The same for a state that comes from outside: without checks. */
void mmu_reload_pdptes(struct cpu *cpu);

/* By a size that is known at run time only, or the slow way: 1, 2, 4, 8 bytes. */
uint64_t read_sized(struct cpu *cpu, uint64_t la, unsigned int size);
void write_sized(struct cpu *cpu, uint64_t la, unsigned int size, uint64_t value);

/* The same at an offset in a segment. */
uint64_t read_checked(struct cpu *cpu, unsigned int segment, uint64_t offset, unsigned int size);
void write_checked(struct cpu *cpu, unsigned int segment, uint64_t offset, unsigned int size,
		   uint64_t value);

#define DEFINE_ACCESS(bits)							\
static inline uint##bits##_t read##bits(struct cpu *cpu, uint64_t la)		\
{										\
	const void *host = tlb_pointer(cpu, la, bits / 8, ACCESS_READ);		\
	uint##bits##_t value;							\
										\
	if (unlikely(!host))							\
		return (uint##bits##_t)read_sized(cpu, la, bits / 8);		\
	memcpy(&value, host, sizeof(value));					\
	return value;								\
}										\
static inline void write##bits(struct cpu *cpu, uint64_t la, uint##bits##_t value) \
{										\
	void *host = tlb_pointer(cpu, la, bits / 8, ACCESS_WRITE);		\
										\
	if (likely(host))							\
		memcpy(host, &value, sizeof(value));				\
	else									\
		write_sized(cpu, la, bits / 8, value);				\
}

DEFINE_ACCESS(8)
DEFINE_ACCESS(16)
DEFINE_ACCESS(32)
DEFINE_ACCESS(64)

/* --- the stack --- */

static inline uint64_t stack_mask(const struct cpu *cpu)
{
	return cpu->stack_mask;
}

/* Sets the part of RSP that the stack's size has. */
static inline void stack_set(struct cpu *cpu, uint64_t rsp)
{
	uint64_t mask = stack_mask(cpu);

	/* A 32-bit stack pointer clears the upper half, as a register write does. */
	if (cpu->stack_bits == 16)
		cpu->gpr[GPR_RSP] = (cpu->gpr[GPR_RSP] & ~mask) | (rsp & mask);
	else
		cpu->gpr[GPR_RSP] = rsp & mask;
}

/* PUSH and POP of 2, 4 or 8 bytes; RSP changes only when memory was accessed. */
void push(struct cpu *cpu, unsigned int size, uint64_t value);
uint64_t pop(struct cpu *cpu, unsigned int size);

/* --- segments (segment.c) --- */

/* MOV to a segment register and its like, with all checks of the mode. */
void load_segment(struct cpu *cpu, enum vcpu_segment_name name, uint16_t selector);

/*
 * To be called behind load_segment() by MOV SS and POP SS, which end the block:
 * interrupts and debug traps wait for the next instruction.
 */
static inline void stack_segment_shadow(struct cpu *cpu)
{
	cpu->shadow = true;
	cpu->debug_shadow = true;
}

/* --- jumps --- */

/*
 * Far JMP, CALL and RET (far.c), with call gates and task switches: all end
 * the block. operand_size: bytes; release: of parameters, added to RSP.
 */
void far_jump(struct cpu *cpu, const struct insn *insn, uint16_t selector, uint64_t offset);
void far_call(struct cpu *cpu, const struct insn *insn, uint16_t selector, uint64_t offset,
	      unsigned int operand_size);
void far_return(struct cpu *cpu, const struct insn *insn, unsigned int operand_size,
		uint16_t release);

/*
 * Sets RIP to a near target and leaves the block: #GP(0) where it lies outside
 * the code segment or is not canonical.
 */
void jump_near(struct cpu *cpu, uint64_t target);

/* --- system (cpu model: msr.c, control.c, system.c) --- */

/* Whether the guest's processor has a feature. */
bool cpu_has(struct cpu *cpu, enum cpu_feature feature);
/* The bits that XCR0 may have: CPUID leaf 0xD. */
uint64_t cpu_xsave_components(struct cpu *cpu);

/*
 * Makes of an instruction what it is on a processor without the features that the
 * guest's lacks: undefined, or the older instruction that ignores its prefix.
 */
void feature_restrict(struct cpu *cpu, struct decoded *decoded);

/* Whether the guest sees a processor of AMD: SYSENTER and SYSCALL differ. */
bool cpu_is_amd(struct cpu *cpu);

/* MOV to and from control and debug registers: bind_mov()'s for these operands. */
bool bind_mov_special(const struct decoded *decoded, struct insn *insn, bool *ends_block);

/*
 * Whether the port may be accessed: raises #GP(0) where IOPL and the TSS's bitmap
 * do not allow it. To be called before every port access; looks for I/O
 * breakpoints too.
 */
void check_io(struct cpu *cpu, uint16_t port, unsigned int size);

/* --- FPU (fpu.c) --- */

int fpu_create(struct cpu *cpu);
void fpu_destroy(struct cpu *cpu);
void fpu_get_state(const struct cpu *cpu, struct vcpu_state *state);
void fpu_set_state(struct cpu *cpu, const struct vcpu_state *state);

/* Gives the host's FPU back to compiled code: at the end of each run. */
void fpu_leave(struct cpu *cpu);

/*
 * Bound instructions point to code that the FPU keeps: whether there is room for
 * so many more, and to forget it all, once no bound instruction is left.
 */
bool fpu_has_room(const struct cpu *cpu, unsigned int insns);
void fpu_forget_code(struct cpu *cpu);

/* --- blocks (block.c) --- */

int blocks_create(struct cpu *cpu);
void blocks_destroy(struct cpu *cpu);

/*
 * What lies there, in one page, is about to change: forgets the blocks that were
 * decoded from it, and leaves the current block where there are any.
 */
void blocks_written(struct cpu *cpu, uint64_t gpa, unsigned int size);
/* Whether decoded code lies in the page. */
bool blocks_page_has_code(const struct cpu *cpu, uint64_t gpa);
/* Calls fn for where each block of the page begins that was decoded in the current mode. */
void blocks_for_each(const struct cpu *cpu, uint64_t frame, void (*fn)(void *self, uint64_t gpa),
		     void *self);
/* Mappings or the mode have changed: look again at what goes by linear addresses. */
void blocks_forget_addresses(struct cpu *cpu);
/* Forgets all blocks. Between runs. */
void blocks_forget(struct cpu *cpu);
/* Leaves the block behind the instruction that is under way, where there is one. */
void blocks_stop(struct cpu *cpu);

/*
 * The block at RIP: its first instruction; cpu->end and cpu->rip (behind it)
 * are set. Raises page faults, #UD is an instruction of the block.
 */
const struct insn *block_enter(struct cpu *cpu);

/*
 * The last thing that a jump does: goes on to the block at RIP, unless the loop in
 * run.c has to look at something before.
 */
void block_follow(struct cpu *cpu);

#endif
