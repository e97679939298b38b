/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scan.c - looks through code for instructions that unprivileged code of a
 * process cannot stand in for; see native.h.
 *
 * x86 code has other instructions in it, for who jumps into one: to look from
 * every byte would bar 21 pages of 22, for of a thousand instructions one to three
 * hundred such are hidden. So code is looked through from wherever it may be entered:
 *
 * - where it was, by the emulator too, and the page's start; from there along its
 *   jumps, also into other pages, and on behind each: instructions fall into
 *   step with each other after a few, wherever one begins;
 * - each address that code anywhere has as a constant, or makes of constants (flow.c),
 *   each word of memory around the page that is an address in it: tables of jumps, pointers.
 *
 * Pages that jump to, return to, or store an address which they calculate are not
 * fit for native code either. What is left: vmm-engines(7).
 */
#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "cpu/bind.h"
#include "cpu/flow.h"
#include "cpu/internal.h"
#include "cpu/native.h"
#include "cpu/ops.h"
#include "cpu/pagewalk.h"
#include "cpu/places.h"
#include "cpu/scan.h"

#define BUCKETS 1024u	/* a power of two */
#define STARTS_WORDS (MEM_PAGE_SIZE / 64)

/* Bytes on either side of a page in which pointers to it are looked for. */
#define POINTERS_SPAN	(UINT64_C(256) << 10)

struct scanned_page {
	struct scanned_page *next;
	uint64_t frame, la;
	uint8_t code_bits;
	uint32_t found;
	unsigned int places;		/* how many of them have been looked at */
	uint64_t starts[STARTS_WORDS];	/* a bit a byte: an instruction begins there; or */
	uint64_t swept[STARTS_WORDS];	/* may */
};

struct scans {
	struct scanned_page *bucket[BUCKETS];
	struct places places;		/* that code of other pages names */
};

/* Why code is looked at. */
enum sight {
	REACHED,	/* it is executed, or what leads to it is */
	NAMED,		/* something has its address */
	SWEPT,		/* it stands behind other code: it may be data */
	SIGHTS,
};

/* Where code of a page is still to be followed from. */
struct work {
	struct {
		uint16_t at;
		uint8_t sight;
	} item[SIGHTS * MEM_PAGE_SIZE];
	unsigned int count;
	uint64_t known[SIGHTS][STARTS_WORDS];	/* was put here once */
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

static void follow(struct work *work, unsigned int at, enum sight sight)
{
	if (at >= MEM_PAGE_SIZE || test_and_set(work->known[sight], at))
		return;
	work->item[work->count].at = (uint16_t)at;
	work->item[work->count++].sight = (uint8_t)sight;
}

/* A page that is looked through. */
struct scan {
	struct cpu *cpu;
	struct scanned_page *page;
	const uint8_t *code;
	struct work work;
};

/* Code may be entered at a linear address, in this page or another one. */
static void name(struct scan *scan, uint64_t la, enum sight sight)
{
	if ((la & ~PAGE_OFFSET_MASK) == scan->page->la)
		follow(&scan->work, la & PAGE_OFFSET_MASK, sight);
	else if (!places_add(&scan->cpu->scans->places, la))
		scan->page->found |= CPU_CODE_LIES;
}

static uint64_t code_address(const struct scanned_page *page, uint64_t la)
{
	return page->code_bits == 64 ? la : (uint32_t)la;
}

/* What the instruction at an offset names. */
static void name_targets(struct scan *scan, const struct decoded *decoded, unsigned int at,
			 enum sight sight, const struct flow *flow)
{
	uint64_t behind = scan->page->la + at + decoded->length;

	if (decoded->operands && decoded->operand[0].kind == OPERAND_REL)
		name(scan, code_address(scan->page, behind + decoded->operand[0].imm), sight);
	for (unsigned int i = 0; i < flow->addresses; i++)
		name(scan, flow->address[i], NAMED);
}

static bool is_prefix(uint8_t byte, unsigned int code_bits)
{
	static const uint8_t legacy[] = {
		0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3,
	};

	return memchr(legacy, byte, sizeof(legacy)) || (code_bits == 64 && (byte & 0xF0) == 0x40);
}

/* APX: it gives meaning to bits of EVEX that were fixed before. */
static bool host_has_apx(void)
{
	const unsigned int apx = 1u << 21;
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && edx & apx;
}

/* EVEX whose fixed bits are others (SDM vol. 2, 2.7.1). */
static bool is_no_evex(const uint8_t *bytes, size_t len)
{
	const uint8_t evex = 0x62, zero = 0x08, one = 0x04;

	return len > 2 && bytes[0] == evex && (bytes[1] & zero || !(bytes[2] & one)) &&
	       !host_has_apx();
}

/*
 * Whether what cannot be decoded raises #UD on any processor: not where opcodes of processors
 * to come may be, 0F, the prefixes VEX, EVEX, XOP and REX2, and what x87 has in secret.
 */
static bool is_undefined(const uint8_t *bytes, size_t len, unsigned int code_bits)
{
	static const uint8_t open[] = { 0x0F, 0x62, 0x8F, 0xC4, 0xC5, 0xC6, 0xC7, 0xD5, 0xD6 };

	while (len && is_prefix(*bytes, code_bits)) {
		bytes++;
		len--;
	}
	if (!len)
		return false;
	return is_no_evex(bytes, len) ||
	       (!memchr(open, *bytes, sizeof(open)) && (*bytes & 0xF8) != 0xD8);
}

/* Whether an instruction is known to begin there. */
static bool is_start(const struct scanned_page *page, unsigned int at)
{
	return (page->starts[at / 64] | page->swept[at / 64]) >> at % 64 & 1;
}

/* Takes up the next place; false where that has been done. */
static bool begins(struct scanned_page *page, unsigned int at, enum sight sight)
{
	if (sight != SWEPT)
		return !test_and_set(page->starts, at);
	return !is_start(page, at) && !test_and_set(page->swept, at);
}

/* What an instruction means, and may do to those that follow. */
static uint32_t look_at(struct scan *scan, const struct decoded *decoded, unsigned int at,
			enum sight sight, struct flow *flow)
{
	uint32_t found = meaning(scan->cpu, decoded);

	flow_take(flow, decoded, scan->page->la + at);
	name_targets(scan, decoded, at, sight, flow);
	return flow->untold ? found | CPU_CODE_UNTOLD : found;
}

/*
 * Code up to where native code does not go on, the page ends, or it has been looked at.
 * Returns where what follows begins, if it is to be swept.
 */
static unsigned int scan_stretch(struct scan *scan, unsigned int at, enum sight sight,
				 struct flow *flow)
{
	struct scanned_page *page = scan->page;
	uint32_t found = 0;

	while (at < MEM_PAGE_SIZE && begins(page, at, sight)) {
		struct decoded decoded;
		int error = decode(&decoded, scan->code + at, MEM_PAGE_SIZE - at,
				   page->code_bits, false);

		if (error == -ENODATA)
			break;
		if (error && !decoded.length) {
			/* Data, where it only has been swept. */
			if (sight == SWEPT)
				return at + 1;
			/* Of a later processor it may be an instruction: the host's is one. */
			if (!is_undefined(scan->code + at, MEM_PAGE_SIZE - at, page->code_bits))
				found |= CPU_CODE_LIES;
			page->found |= found;
			return at + 1;
		}
		found |= look_at(scan, &decoded, at, sight, flow);
		at += decoded.length;
		if (flow->ends) {
			page->found |= found;
			return at;
		}
	}
	page->found |= found;
	return MEM_PAGE_SIZE;
}

/* The same, and what follows. */
static void scan_from(struct scan *scan, unsigned int at, enum sight sight)
{
	struct flow flow;

	flow_begin(&flow);
	at = scan_stretch(scan, at, sight, &flow);
	while (at < MEM_PAGE_SIZE && sight != NAMED)
		at = scan_stretch(scan, at, SWEPT, &flow);
}

static struct scanned_page **find(struct scans *scans, uint64_t frame, uint64_t la,
				  unsigned int code_bits)
{
	struct scanned_page **link = &scans->bucket[frame >> PAGE_SHIFT & (BUCKETS - 1)];

	while (*link && ((*link)->frame != frame || (*link)->la != la ||
			 (*link)->code_bits != code_bits))
		link = &(*link)->next;
	return link;
}

static struct scanned_page *page_of(struct cpu *cpu, uint64_t frame, uint64_t la)
{
	struct scanned_page **link;

	if (!cpu->scans)
		cpu->scans = calloc(1, sizeof(*cpu->scans));
	if (!cpu->scans)
		return NULL;
	link = find(cpu->scans, frame, la, cpu->code_bits);
	if (!*link) {
		*link = calloc(1, sizeof(**link));
		if (*link) {
			(*link)->frame = frame;
			(*link)->la = la;
			(*link)->code_bits = cpu->code_bits;
			places_note_page(&cpu->scans->places, la);
		}
	}
	return *link;
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
		page = *find(cpu->scans, walk.gpa & ~PAGE_OFFSET_MASK,
			      (border - 1) & ~PAGE_OFFSET_MASK, cpu->code_bits);
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

/* Of a page of memory, the words that are addresses in the page of code. */
static void name_words(struct scan *scan, const uint8_t *from)
{
	const struct scanned_page *page = scan->page;
	const size_t step = page->la > UINT32_MAX ? sizeof(uint64_t) : sizeof(uint32_t);

	for (size_t at = 0; at < MEM_PAGE_SIZE; at += step) {
		uint64_t word = 0;

		memcpy(&word, from + at, step);
		if (((word ^ page->la) & ~PAGE_OFFSET_MASK) == 0)
			follow(&scan->work, word & PAGE_OFFSET_MASK, NAMED);
	}
}

/* The same for memory all around. What nobody has used yet is left alone: to read makes it. */
static void name_pointers(struct scan *scan)
{
	unsigned char used[2 * POINTERS_SPAN / MEM_PAGE_SIZE + 1];
	const struct mem_region *region = mem_find(scan->cpu->mem, scan->page->frame);
	uint64_t begin = scan->page->frame - region->gpa;
	uint64_t end = begin + MEM_PAGE_SIZE + POINTERS_SPAN;

	begin = begin > POINTERS_SPAN ? begin - POINTERS_SPAN : 0;
	end = end < region->size ? end : region->size;
	if (mincore(region->host + begin, end - begin, used))
		memset(used, 1, sizeof(used));
	for (uint64_t at = begin; at < end; at += MEM_PAGE_SIZE)
		if (used[(at - begin) / MEM_PAGE_SIZE] & 1)
			name_words(scan, region->host + at);
}

static void name_executed(void *self, uint64_t gpa)
{
	struct scan *scan = self;

	follow(&scan->work, gpa & PAGE_OFFSET_MASK, REACHED);
}

static void name_place(void *self, uint64_t la)
{
	struct scan *scan = self;

	follow(&scan->work, la & PAGE_OFFSET_MASK, NAMED);
}

static void scan_all(struct scan *scan, unsigned int entry)
{
	struct scanned_page *page = scan->page;
	bool first = !is_start(page, 0);

	follow(&scan->work, entry, REACHED);
	follow(&scan->work, 0, SWEPT);
	blocks_for_each(scan->cpu, page->frame, name_executed, scan);
	places_for_each(&scan->cpu->scans->places, page->la, &page->places, name_place, scan);
	if (first && page->la >= FLOW_NUMBERS)
		name_pointers(scan);
	while (scan->work.count) {
		scan->work.count--;
		scan_from(scan, scan->work.item[scan->work.count].at,
			  scan->work.item[scan->work.count].sight);
	}
}

uint32_t cpu_native_scan(struct cpu *cpu, uint64_t gpa, uint64_t la)
{
	uint64_t frame = gpa & ~PAGE_OFFSET_MASK;
	struct scanned_page *page = page_of(cpu, frame, la & ~PAGE_OFFSET_MASK);
	const uint8_t *code = mem_code(cpu->mem, frame, MEM_PAGE_SIZE);
	struct scan *scan;

	if (!page || !code)
		return CPU_CODE_ANY;
	if (page->starts[(gpa & PAGE_OFFSET_MASK) / 64] >> gpa % 64 & 1 &&
	    !places_new(&cpu->scans->places, page->la, page->places))
		return page->found;
	scan = calloc(1, sizeof(*scan));
	if (!scan)
		return CPU_CODE_ANY;
	scan->cpu = cpu;
	scan->page = page;
	scan->code = code;
	scan_all(scan, gpa & PAGE_OFFSET_MASK);
	free(scan);
	return page->found | (places_news(&cpu->scans->places) ? CPU_CODE_NEWS : 0);
}

void cpu_native_forget(struct cpu *cpu, uint64_t gpa)
{
	uint64_t frame = gpa & ~PAGE_OFFSET_MASK;
	struct scanned_page **link, *page;

	if (!cpu->scans)
		return;
	link = &cpu->scans->bucket[frame >> PAGE_SHIFT & (BUCKETS - 1)];
	while ((page = *link)) {
		if (page->frame == frame) {
			*link = page->next;
			free(page);
		} else {
			link = &page->next;
		}
	}
}

void cpu_native_renew(struct cpu *cpu)
{
	if (!cpu->scans || !cpu->scans->places.full)
		return;
	scans_destroy(cpu);
	cpu->scans = NULL;
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
	if (cpu->scans)
		places_fini(&cpu->scans->places);
	free(cpu->scans);
}
