/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-diff.h - what the files of cpu-diff share: a case, which is one
 * instruction with the state it begins in, and the ways to run it.
 *
 * Both sides have the same linear addresses: two pages of code, which cannot be
 * written, two of data, and one of data that cannot be written. Around them, and
 * wherever else, an access is a page fault.
 */
#ifndef VMM_TESTS_CPU_DIFF_H
#define VMM_TESTS_CPU_DIFF_H

#include <Zydis/Zydis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/vcpu.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define DIFF_PAGE	0x1000u
#define CODE_ADDRESS	UINT64_C(0x30000000)
#define CODE_SIZE	(2 * DIFF_PAGE)
#define CODE_OFFSET	(DIFF_PAGE / 2)		/* where instructions are, mostly */
#define DATA_ADDRESS	UINT64_C(0x20000000)
#define DATA_SIZE	(2 * DIFF_PAGE)		/* what can be written */
#define CONSTANT_SIZE	DIFF_PAGE		/* behind it, what cannot: always the same */
#define GS_BASE		UINT64_C(0x4000)

/* Linux's selectors, which the emulated GDT has too. */
#define SELECTOR_CODE32	0x23
#define SELECTOR_DATA	0x2B
#define SELECTOR_CODE64	0x33

/* struct vcpu_state.xsave: SDM vol. 1, 13.4. */
#define XSAVE_FCW	0
#define XSAVE_FSW	2
#define XSAVE_FTW	4
#define XSAVE_POINTERS	6		/* FOP, FIP, FDP */
#define XSAVE_MXCSR	24
#define XSAVE_MXCSR_MASK 28
#define XSAVE_ST	32
#define XSAVE_XMM	160
#define XSAVE_RESERVED	416
#define XSAVE_HEADER	512
#define XSAVE_YMM_HIGH	576

#define NO_EXCEPTION	0xFF

struct diff_state {
	uint64_t gpr[GPR_COUNT];
	uint64_t rip;
	uint64_t rflags;
	uint64_t gs_base;
	uint16_t selector[SEG_COUNT];	/* FS is the C library's */
	uint8_t xsave[VCPU_XSAVE_SIZE];
	uint8_t data[DATA_SIZE];
	/* What came of it: an exception, with the page fault's address. */
	uint8_t vector;
	uint32_t error;
	uint64_t address;
};

enum diff_group {
	GROUP_INTEGER, GROUP_BITS, GROUP_MOVE, GROUP_BRANCH, GROUP_STRING, GROUP_SEGMENT,
	GROUP_INTERRUPT, GROUP_SYSTEM, GROUP_X87, GROUP_MMX, GROUP_SSE, GROUP_AVX, GROUP_FMA,
	GROUP_UNDEFINED, GROUPS,
};

struct diff_case {
	unsigned int bits;		/* 32 or 64 */
	unsigned int offset;		/* of the instruction in the code */
	unsigned int length;
	uint8_t bytes[ZYDIS_MAX_INSTRUCTION_LENGTH];
	bool decoded;			/* else the following is not filled in */
	ZydisDecodedInstruction insn;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	enum diff_group group;
	struct diff_state start;
};

/* The page that cannot be written. */
static inline uint8_t constant_byte(unsigned int at)
{
	return (uint8_t)(at * 73 + (at >> 4));
}

static inline uint64_t case_rip(const struct diff_case *c)
{
	return CODE_ADDRESS + c->offset;
}

/* --- cpu-diff-native.c: the host's processor --- */

/* Returns 0 or -errno. */
int native_create(void);
void native_run(const struct diff_case *c, struct diff_state *result);
/* What the code pages hold: the instruction, behind it the way back, and HLT. */
void code_fill(uint8_t *code, const struct diff_case *c);
/* Whether this process has memory of its own there. */
bool native_owns(uint64_t address);

/* --- cpu-diff-emulated.c: the processor in software --- */

struct emulated;

int emulated_create(struct emulated **emulated);
void emulated_destroy(struct emulated *emulated);
void emulated_run(struct emulated *emulated, const struct diff_case *c,
		  struct diff_state *result);

/* --- cpu-diff-rules.c: what is compared --- */

/* Decodes the case's bytes (its length is how many there are) and finds the group. */
void case_decode(struct diff_case *c);

const char *group_name(enum diff_group group);

/* Why the case cannot be run natively, or would differ by nature; NULL: no reason. */
const char *skip_reason(const struct diff_case *c);
/* The same, for what the emulator made of it. */
const char *skip_result(const struct diff_case *c, const struct diff_state *emulated);

/* The same, for what both have made of it. */
const char *skip_pair(const struct diff_case *c, const struct diff_state *native_result,
		      const struct diff_state *emulated_result);

bool is_gather(const struct diff_case *c);

/* Needs the single-step trap to come back from: jumps, and what changes RFLAGS.TF. */
bool needs_step(const struct diff_case *c);

/* Clears in a result what is not compared. */
void normalize(const struct diff_case *c, struct diff_state *result);

/* Results that normalize() has been at. */
bool state_equal(const struct diff_state *a, const struct diff_state *b);

/* The address of a memory operand, with the case's registers; segment base included. */
uint64_t operand_address(const struct diff_case *c, const ZydisDecodedOperand *operand);

/* --- cpu-diff-forms.c: instructions --- */

struct forms;

/* All forms of instructions of the CPU model for a mode; only: one mnemonic, or NULL. */
int forms_create(struct forms **forms, unsigned int bits, const char *only);
void forms_destroy(struct forms *forms);
/* Fills in a random instruction. */
void forms_pick(const struct forms *forms, struct diff_case *c);

/* --- cpu-diff-random.c: numbers, and states of the machine --- */

void random_seed(uint64_t seed);
uint64_t random64(void);
unsigned int below(unsigned int n);
bool one_in(unsigned int n);
/* Registers, flags, FPU and memory, such that the case's instruction finds its operands. */
void random_start(struct diff_case *c);

/* --- cpu-diff-text.c: a case as a line --- */

/* What a state is where the line does not say otherwise. */
void plain_start(struct diff_case *c);
/* Returns 0, or -EINVAL with *where at what could not be read. */
int case_parse(struct diff_case *c, const char *line, const char **where);
void case_print(const struct diff_case *c);
void print_difference(const struct diff_state *native, const struct diff_state *emulated);

/* Still fails, for minimize(). */
typedef bool case_fails_fn(void *self, const struct diff_case *c);

/* Makes the start state plain wherever the case fails all the same. */
void minimize(struct diff_case *c, case_fails_fn *fails, void *self);

#endif
