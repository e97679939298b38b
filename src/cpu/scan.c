/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scan.c - looks through code for instructions that unprivileged code of a
 * process cannot stand in for; see native.h.
 *
 * From where a page is entered, code is followed along its near jumps and on
 * behind it, and once more from the page's start; instructions of the x86 fall
 * into step with each other after a few, wherever one begins. What is reached
 * only by an indirect jump into bytes that no instruction before them leads to
 * is not seen (vmm-engines(7)). To look from every byte would bar nearly every
 * page: with 400 instructions or more in it, one to seventy such are hidden.
 */
#include <errno.h>
#include <stdlib.h>

#include "cpu/bind.h"
#include "cpu/internal.h"
#include "cpu/native.h"
#include "cpu/ops.h"
#include "cpu/pagewalk.h"
#include "cpu/scan.h"

#define BUCKETS 1024u	/* a power of two */
#define STARTS_WORDS (MEM_PAGE_SIZE / 64)

struct scanned_page {
	struct scanned_page *next;
	uint64_t frame;
	uint8_t code_bits;
	uint32_t found;
	uint64_t starts[STARTS_WORDS];	/* a bit a byte: an instruction begins there */
};

struct scans {
	struct scanned_page *bucket[BUCKETS];
};

/* Where code of a page is still to be followed from. */
struct work {
	uint16_t at[MEM_PAGE_SIZE];
	unsigned int count;
	uint64_t known[STARTS_WORDS];	/* was put here once */
};

static bool test_and_set(uint64_t *bits, unsigned int at)
{
	uint64_t bit = UINT64_C(1) << at % 64;
	bool was = bits[at / 64] & bit;

	bits[at / 64] |= bit;
	return was;
}

/*
 * By operation: what it means for unprivileged execution. Not here, because the
 * host traps: CLI, STI, HLT, IN, OUT, RDMSR, control registers, LGDT, INT3 and the like;
 * of the system's, SYSRET, SYSEXIT and SWAPGS raise #GP or #UD, STAC and CLAC #UD.
 */
static const uint32_t meanings[OP_COUNT] = {
	[OP_SGDT] = CPU_CODE_LIES, [OP_SIDT] = CPU_CODE_LIES, [OP_SLDT] = CPU_CODE_LIES,
	[OP_STR] = CPU_CODE_LIES, [OP_SMSW] = CPU_CODE_LIES,
	[OP_PUSHF] = CPU_CODE_FLAGS, [OP_PUSHFD] = CPU_CODE_FLAGS, [OP_PUSHFQ] = CPU_CODE_FLAGS,
	[OP_POPF] = CPU_CODE_LIES, [OP_POPFD] = CPU_CODE_LIES, [OP_POPFQ] = CPU_CODE_LIES,
	[OP_LAR] = CPU_CODE_LIES, [OP_LSL] = CPU_CODE_LIES, [OP_VERR] = CPU_CODE_LIES,
	[OP_VERW] = CPU_CODE_LIES, [OP_ARPL] = CPU_CODE_LIES,
	[OP_LDS] = CPU_CODE_LIES, [OP_LES] = CPU_CODE_LIES, [OP_LFS] = CPU_CODE_LIES,
	[OP_LGS] = CPU_CODE_LIES, [OP_LSS] = CPU_CODE_LIES,
	[OP_INTO] = CPU_CODE_LIES, [OP_INT1] = CPU_CODE_LIES,
	[OP_IRET] = CPU_CODE_LIES, [OP_IRETD] = CPU_CODE_LIES, [OP_IRETQ] = CPU_CODE_LIES,
	[OP_SYSCALL] = CPU_CODE_SYSCALL, [OP_SYSENTER] = CPU_CODE_LIES,
	[OP_CPUID] = CPU_CODE_LIES, [OP_XGETBV] = CPU_CODE_LIES, [OP_RDTSCP] = CPU_CODE_LIES,
	[OP_VMCALL] = CPU_CODE_LIES, [OP_VMMCALL] = CPU_CODE_LIES,
	[OP_MONITOR] = CPU_CODE_LIES, [OP_MWAIT] = CPU_CODE_LIES,
	[OP_RDTSC] = CPU_CODE_TSC,
	[OP_RDFSBASE] = CPU_CODE_BASE, [OP_RDGSBASE] = CPU_CODE_BASE,
	[OP_WRFSBASE] = CPU_CODE_BASE, [OP_WRGSBASE] = CPU_CODE_BASE,
};

static uint32_t fpu_meaning(const struct decoded *decoded)
{
	switch (decoded->fpu_set) {
	case FPU_SET_NONE:
		return 0;
	case FPU_SET_X87:
	case FPU_SET_MMX:
		return CPU_CODE_X87;
	case FPU_SET_FXSAVE:
		return CPU_CODE_X87 | CPU_CODE_SSE;
	case FPU_SET_XSAVE:
		/* They save more than the guest's processor has. */
		return CPU_CODE_LIES;
	case FPU_SET_AVX:
	case FPU_SET_F16C:
	case FPU_SET_FMA:
	case FPU_SET_AVX2:
		return CPU_CODE_AVX;
	default:
		return CPU_CODE_SSE;
	}
}

/* Moves to and from segment registers, far transfers: selectors are the host's there. */
static bool has_selector(const struct decoded *decoded)
{
	for (unsigned int i = 0; i < decoded->operands; i++)
		if (decoded->operand[i].kind == OPERAND_SEG ||
		    decoded->operand[i].kind == OPERAND_FAR)
			return true;
	return false;
}

/* INT n that an unprivileged process may execute, and is taken for INTO, or a system call. */
static bool is_open_vector(const struct decoded *decoded)
{
	const uint8_t system_call = 0x80;
	uint8_t vector = (uint8_t)decoded->operand[0].imm;

	return vector == VECTOR_OF || vector == system_call;
}

/*
 * What is no instruction here, or another one, but may be one of the host's processor:
 * of features that the guest's has not.
 */
static bool is_other(struct cpu *cpu, const struct decoded *decoded)
{
	struct decoded here = *decoded;

	feature_restrict(cpu, &here);
	return here.op != decoded->op || here.op == OP_UNDEFINED ||
	       (here.op != OP_FPU && !bind_knows(&here));
}

static uint32_t meaning(struct cpu *cpu, const struct decoded *decoded)
{
	uint32_t found = meanings[decoded->op];

	if (decoded->fpu_set)
		found |= fpu_meaning(decoded);
	if (has_selector(decoded) || decoded->far || is_other(cpu, decoded) ||
	    (decoded->op == OP_INT && is_open_vector(decoded)))
		found |= CPU_CODE_LIES;
	return found;
}

static void follow(struct work *work, unsigned int at)
{
	if (at < MEM_PAGE_SIZE && !test_and_set(work->known, at))
		work->at[work->count++] = (uint16_t)at;
}

/* From one place on to where it has been before, or the page ends. */
static uint32_t scan_from(struct cpu *cpu, struct scanned_page *page, const uint8_t *code,
			  unsigned int at, struct work *work)
{
	uint32_t found = 0;

	while (at < MEM_PAGE_SIZE && !test_and_set(page->starts, at)) {
		struct decoded decoded;
		int error = decode(&decoded, code + at, MEM_PAGE_SIZE - at, page->code_bits, false);

		if (error == -ENODATA)
			break;
		if (error && !decoded.length) {
			at++;
			continue;
		}
		found |= meaning(cpu, &decoded);
		at += decoded.length;
		if (decoded.operands && decoded.operand[0].kind == OPERAND_REL)
			follow(work, at + (unsigned int)decoded.operand[0].imm);
	}
	return found;
}

static struct scanned_page **find(struct scans *scans, uint64_t frame, unsigned int code_bits)
{
	struct scanned_page **link = &scans->bucket[frame >> PAGE_SHIFT & (BUCKETS - 1)];

	while (*link && ((*link)->frame != frame || (*link)->code_bits != code_bits))
		link = &(*link)->next;
	return link;
}

static struct scanned_page *page_of(struct cpu *cpu, uint64_t frame)
{
	struct scanned_page **link;

	if (!cpu->scans)
		cpu->scans = calloc(1, sizeof(*cpu->scans));
	if (!cpu->scans)
		return NULL;
	link = find(cpu->scans, frame, cpu->code_bits);
	if (!*link) {
		*link = calloc(1, sizeof(**link));
		if (*link) {
			(*link)->frame = frame;
			(*link)->code_bits = cpu->code_bits;
		}
	}
	return *link;
}

static bool is_start(const struct scanned_page *page, unsigned int at)
{
	return page->starts[at / 64] >> at % 64 & 1;
}

uint32_t cpu_native_crossing(struct cpu *cpu, uint64_t la)
{
	const struct vcpu_state state = {
		.cr0 = cpu->cr0, .cr3 = cpu->cr3, .cr4 = cpu->cr4, .efer = cpu->efer,
	};
	uint64_t border = la & ~PAGE_OFFSET_MASK;
	const struct scanned_page *page = NULL;
	uint8_t bytes[2 * INSN_BYTES_MAX];
	struct decoded decoded;
	struct pagewalk walk;
	uint32_t found = 0;

	/* Only looked at: the pages have not been accessed. */
	if (cpu->scans && !pagewalk_translate(cpu->mem, &state, border - 1, &walk))
		page = *find(cpu->scans, walk.gpa & ~PAGE_OFFSET_MASK, cpu->code_bits);
	if (!page || pagewalk_read(cpu->mem, &state, border - INSN_BYTES_MAX, bytes,
				   sizeof(bytes)) < sizeof(bytes))
		return 0;
	for (unsigned int i = 1; i < INSN_BYTES_MAX; i++)
		if (is_start(page, MEM_PAGE_SIZE - INSN_BYTES_MAX + i) &&
		    (!decode(&decoded, bytes + i, INSN_BYTES_MAX, page->code_bits, false) ||
		     decoded.length) && decoded.length > INSN_BYTES_MAX - i)
			found |= meaning(cpu, &decoded);
	return found;
}

uint32_t cpu_native_scan(struct cpu *cpu, uint64_t gpa)
{
	uint64_t frame = gpa & ~PAGE_OFFSET_MASK;
	struct scanned_page *page = page_of(cpu, frame);
	const uint8_t *code = mem_code(cpu->mem, frame, MEM_PAGE_SIZE);
	struct work *work;

	if (!page || !code)
		return CPU_CODE_ANY;
	if (is_start(page, gpa & PAGE_OFFSET_MASK))
		return page->found;
	work = calloc(1, sizeof(*work));
	if (!work)
		return CPU_CODE_ANY;
	follow(work, gpa & PAGE_OFFSET_MASK);
	while (work->count)
		page->found |= scan_from(cpu, page, code, work->at[--work->count], work);
	page->found |= scan_from(cpu, page, code, 0, work);
	while (work->count)
		page->found |= scan_from(cpu, page, code, work->at[--work->count], work);
	free(work);
	return page->found;
}

void cpu_native_forget(struct cpu *cpu, uint64_t gpa)
{
	static const uint8_t sizes[] = { 32, 64 };

	for (unsigned int i = 0; i < 2 && cpu->scans; i++) {
		struct scanned_page **link = find(cpu->scans, gpa & ~PAGE_OFFSET_MASK, sizes[i]);
		struct scanned_page *page = *link;

		if (!page)
			continue;
		*link = page->next;
		free(page);
	}
}

void scans_destroy(struct cpu *cpu)
{
	for (size_t i = 0; i < BUCKETS && cpu->scans; i++) {
		while (cpu->scans->bucket[i]) {
			struct scanned_page *page = cpu->scans->bucket[i];

			cpu->scans->bucket[i] = page->next;
			free(page);
		}
	}
	free(cpu->scans);
}
