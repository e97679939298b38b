/* SPDX-License-Identifier: 0BSD */
/*
 * cpu-strings.c - string instructions: all forms with REP, in both directions,
 * with every operand and address size, overlapping, wrapping, and with faults
 * in the middle (Intel SDM vol. 2, REP, MOVS, STOS, LODS, CMPS, SCAS). For 32
 * and for 64 bits.
 *
 * What is expected is worked out an element at a time by a model.
 */
#include <vmm/string.h>

#include "cpu/paging.h"

#if VMM_GUEST_BITS == 64
#define SIZES 4
static struct paging paging = {
	.levels = 4, .entry_bytes = 8, .index_bits = 9,
	.test_address = 0x400040800000, .user_address = 0x8000000000,
	.first_rights = 0, .first_large = 2,
};
#else
#define SIZES 3
static struct paging paging = {
	.levels = 2, .entry_bytes = 4, .index_bits = 10,
	.test_address = 0x40800000, .user_address = 0x80000000,
	.first_rights = 0, .first_large = 2,
};
#endif

#define AREA_SIZE	(3 * PAGE_SIZE)
#define AREA		0x340000ul	/* under test; one-to-one */
#define MODEL		0x350000ul
#define START		0x368000ul	/* what both begin as */

struct registers {
	uintptr_t ax, cx, si, di, flags;
};

enum operation { MOVS, STOS, LODS, CMPS_E, CMPS_NE, SCAS_E, SCAS_NE, OPERATIONS };

static const char *const names[OPERATIONS] = {
	"movs", "stos", "lods", "repe cmps", "repne cmps", "repe scas", "repne scas",
};

/* --- the model: one element after the other, on copies --- */

static uint64_t load(uintptr_t at, unsigned int bytes)
{
	uint64_t value = 0;

	memcpy(&value, (const void *)at, bytes);
	return value;
}

static uint64_t part(uintptr_t value, unsigned int bytes)
{
	return bytes == 8 ? value : value & ((1ull << bytes * 8) - 1);
}

static void store(uintptr_t at, uint64_t value, unsigned int bytes)
{
	memcpy((void *)at, &value, bytes);
}

/* Compares as CMP does; of its flags ZF and CF. */
static uintptr_t compared(uint64_t left, uint64_t right)
{
	return (left == right ? FLAG_ZF : 0) | (left < right ? FLAG_CF : 0);
}

#define IN_MODEL(address)	((address) - AREA + MODEL)

static uintptr_t loaded(uintptr_t ax, uint64_t value, unsigned int bytes)
{
	if (bytes >= 4)
		return (uintptr_t)value;
	return (ax & ~(((uintptr_t)1 << bytes * 8) - 1)) | (uintptr_t)value;
}

/* Returns false where the instruction ends early. */
static bool model_step(struct registers *r, enum operation operation, unsigned int bytes,
		       intptr_t step)
{
	bool source = operation == MOVS || operation == LODS || operation == CMPS_E ||
		      operation == CMPS_NE;
	uint64_t from = source ? load(IN_MODEL(r->si), bytes) : part(r->ax, bytes);

	if (operation == MOVS || operation == STOS)
		store(IN_MODEL(r->di), from, bytes);
	else if (operation == LODS)
		r->ax = loaded(r->ax, from, bytes);
	else
		r->flags = compared(from, load(IN_MODEL(r->di), bytes));
	r->cx--;
	if (source)
		r->si += (uintptr_t)step;
	if (operation != LODS)
		r->di += (uintptr_t)step;
	if (operation == CMPS_E || operation == SCAS_E)
		return r->flags & FLAG_ZF;
	return !((operation == CMPS_NE || operation == SCAS_NE) && r->flags & FLAG_ZF);
}

static void model(struct registers *r, enum operation operation, unsigned int bytes, bool down)
{
	intptr_t step = down ? -(intptr_t)bytes : (intptr_t)bytes;

	while (r->cx && model_step(r, operation, bytes, step))
		;
}

/* --- the processor --- */

#define EXECUTE(r, instruction)							\
	TRY("push %4\n\tpopf\n\t" instruction "\n\tpushf\n\tpop %4\n\tcld"		\
	    , "+a"((r)->ax), "+c"((r)->cx), "+S"((r)->si), "+D"((r)->di), "+d"((r)->flags) \
	    : : "memory", "cc")

#define DEFINE_EXECUTE(suffix)							\
	static void execute_##suffix(struct registers *r, enum operation operation) \
	{									\
		switch (operation) {						\
		case MOVS: EXECUTE(r, "rep movs" #suffix); break;		\
		case STOS: EXECUTE(r, "rep stos" #suffix); break;		\
		case LODS: EXECUTE(r, "rep lods" #suffix); break;		\
		case CMPS_E: EXECUTE(r, "repe cmps" #suffix); break;		\
		case CMPS_NE: EXECUTE(r, "repne cmps" #suffix); break;		\
		case SCAS_E: EXECUTE(r, "repe scas" #suffix); break;		\
		default: EXECUTE(r, "repne scas" #suffix);			\
		}								\
	}

DEFINE_EXECUTE(b)
DEFINE_EXECUTE(w)
DEFINE_EXECUTE(l)
#if VMM_GUEST_BITS == 64
DEFINE_EXECUTE(q)
#endif

static void (*const execute[SIZES])(struct registers *r, enum operation operation) = {
	execute_b, execute_w, execute_l,
#if VMM_GUEST_BITS == 64
	execute_q,
#endif
};

/* --- comparing both --- */

/* Equal stretches with a difference now and then, so that CMPS and SCAS go some way. */
static void fill(void)
{
	uint8_t *start = (uint8_t *)START;

	for (unsigned int i = 0; i < AREA_SIZE; i++)
		start[i] = i % 1000 < 900 ? 0x5A : (uint8_t)(i * 7);
}

struct string_case {
	unsigned int count;
	unsigned int from, to;		/* offsets in the area */
};

static void check_case(struct checks *checks, const struct string_case *c, enum operation operation,
		       unsigned int size, bool down)
{
	unsigned int bytes = 1u << size;
	unsigned int first = down ? (c->count ? c->count - 1 : 0) * bytes : 0;
	struct registers expected = {
		(uintptr_t)0x5A5A5A5A5A5A5A5A, c->count, AREA + c->from + first,
		AREA + c->to + first, 0,
	};
	struct registers actual = expected;

	memcpy((void *)AREA, (const void *)START, AREA_SIZE);
	memcpy((void *)MODEL, (const void *)START, AREA_SIZE);
	actual.flags = FLAG_FIXED | (down ? FLAG_DF : 0);
	model(&expected, operation, bytes, down);
	execute[size](&actual, operation);
	actual.flags &= FLAG_ZF | FLAG_CF;
	expect(checks, trap.vector == VECTOR_NONE && !memcmp(&actual, &expected, sizeof(actual)) &&
	       !memcmp((const void *)AREA, (const void *)MODEL, AREA_SIZE),
	       "%s of %u bytes, %s, %u from %x to %x: AX %p CX %p SI %p DI %p flags %x, "
	       "expected %p %p %p %p %x",
	       names[operation], bytes, down ? "down" : "up", c->count, c->from, c->to,
	       (void *)actual.ax, (void *)actual.cx, (void *)actual.si, (void *)actual.di,
	       (unsigned int)actual.flags, (void *)expected.ax, (void *)expected.cx,
	       (void *)expected.si, (void *)expected.di, (unsigned int)expected.flags);
}

static void check_all(struct checks *checks)
{
	static const struct string_case cases[] = {
		{ 0, 0x100, 0x200 }, { 1, 0x100, 0x200 }, { 7, 0x101, 0x203 },
		{ 300, 0x100, 0xA00 }, { 300, 0xA00, 0x100 },
		/* overlapping, by more and by less than an element */
		{ 200, 0x100, 0x101 }, { 200, 0x101, 0x100 }, { 200, 0x100, 0x108 },
		{ 200, 0x120, 0x100 }, { 200, 0x103, 0x100 }, { 100, 0x100, 0x100 },
		/* across pages, elements lying on two of them */
		{ 300, 0xF01, 0x1F03 }, { 300, 0x1F03, 0xF01 }, { 260, 0xFFF, 0xFFE },
		{ 513, 0x0, 0x1000 }, { 1000, 0xC01, 0x801 },
	};

	fill();
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (unsigned int operation = 0; operation < OPERATIONS; operation++) {
			for (unsigned int size = 0; size < SIZES; size++) {
				check_case(checks, &cases[i], (enum operation)operation, size,
					   false);
				check_case(checks, &cases[i], (enum operation)operation, size,
				    true);
			}
		}
	}
}

/* --- address sizes --- */

#if VMM_GUEST_BITS == 64
#define SMALLER	".byte 0x67\n\t"	/* ECX, ESI, EDI: the upper halves become 0 */
#define UPPER	0x1200000000ul
#define COUNT_MASK 0xFFFFFFFFul
#else
#define SMALLER	".byte 0x67\n\t"	/* CX, SI, DI: the upper halves stay */
#define UPPER	0x120000ul
#define COUNT_MASK 0xFFFFul
#endif

/* With contents, so that it lies in the image and below 64 KiB. */
static uint8_t low[8] = { 1 };

static void check_address_size(struct checks *checks)
{
	const uintptr_t at = (uintptr_t)low;
	struct registers r = { 0x77, UPPER | 5, UPPER | 0x1000, UPPER | at, FLAG_FIXED };
	bool wide = VMM_GUEST_BITS == 64;

	expect(checks, at + 5 < 0x10000, "room below 64 KiB");
	EXECUTE(&r, SMALLER "rep stosb");
	expect_done(checks, "REP STOSB with smaller addresses");
	expect_equal(checks, r.cx, wide ? 0 : UPPER, "its count");
	expect_equal(checks, r.di, wide ? at + 5 : UPPER | (at + 5), "its destination");
	expect_equal(checks, low[4], 0x77, "what it stored");
	/* Only the count's lower part counts, for JCXZ too. */
	r = (struct registers){ 0, UPPER, 0x1000, at, FLAG_FIXED };
	EXECUTE(&r, SMALLER "rep movsb");
	expect_done(checks, "REP MOVSB with a count of 0 in the lower part");
	expect_equal(checks, r.cx & COUNT_MASK, 0, "its count");
	expect_equal(checks, r.si, 0x1000, "its source");
	expect_equal(checks, r.di, at, "its destination");
}

#if VMM_GUEST_BITS == 32
/* Addresses of 16 bits wrap within the segment's first 64 KiB. */
static void check_wrap16(struct checks *checks)
{
	volatile uint8_t *segment_start = (volatile uint8_t *)0x370000;
	struct registers r = { 0x66, 8, 0, 0xFFFC, FLAG_FIXED };

	*gdt_entry(SPARE) = segment(0x370000, LIMIT_FLAT, DATA_SEGMENT, SIZE_32 | SIZE_PAGES);
	memset((void *)segment_start, 0, 0x10010);
	__asm__ volatile("movw %w0, %%es" : : "r"(SPARE) : "memory");
	EXECUTE(&r, SMALLER "rep stosb");
	__asm__ volatile("movw %w0, %%es" : : "r"(KERNEL_DS) : "memory");
	expect_done(checks, "REP STOSB that wraps at 64 KiB");
	expect_equal(checks, r.di, 4, "its destination");
	expect_equal(checks, segment_start[0xFFFF], 0x66, "the end of the segment");
	expect_equal(checks, segment_start[3], 0x66, "the beginning of the segment");
	expect_equal(checks, segment_start[0x10000], 0, "what it must not reach");
	/* The source's segment can be another. */
	r = (struct registers){ 0, 1, 0xFFFF, 0, FLAG_FIXED };
	__asm__ volatile("movw %w0, %%fs" : : "r"(SPARE) : "memory");
	EXECUTE(&r, ".byte 0x64\n\tlodsb");
	expect_equal(checks, r.ax, 0x66, "LODSB with a segment override");
}
#endif

/* --- faults in the middle --- */

static void expect_stop(struct checks *checks, const struct registers *r,
			const struct registers *expected, const char *what)
{
	expect_equal(checks, r->cx, expected->cx, what);
	expect_equal(checks, r->si, expected->si, what);
	expect_equal(checks, r->di, expected->di, what);
}

#define ALONE	(paging.test_address + 3 * PAGE_SIZE)	/* a page with none beside it */

/* What REP did before it came to a page that is not there. */
static void check_fault(struct checks *checks)
{
	uintptr_t page = (uintptr_t)ALONE;
	uintptr_t end = page + PAGE_SIZE;
	volatile uint8_t *bytes = (volatile uint8_t *)page;
	struct registers r;

	paging_map(&paging, page, frame_allocate(), PTE_P | PTE_RW);
	memset((void *)AREA, 0x11, PAGE_SIZE);
	r = (struct registers){ 0, 100, AREA, end - 40, FLAG_FIXED };
	EXECUTE(&r, "rep movsb");
	expect_page_fault(checks, PF_W, end, 2, "REP MOVSB into a page that is not there");
	expect_stop(checks, &r, &(struct registers){ .cx = 60, .si = AREA + 40, .di = end },
		    "REP MOVSB stopped by its destination");
	expect_equal(checks, bytes[PAGE_SIZE - 1], 0x11, "what REP MOVSB has moved");
	r = (struct registers){ 0, 100, end - 42, AREA, FLAG_FIXED };
	EXECUTE(&r, "rep movsl");
	expect_page_fault(checks, 0, end, 2, "REP MOVSL from a page that is not there");
	expect_stop(checks, &r, &(struct registers){ .cx = 90, .si = end - 2, .di = AREA + 40 },
		    "REP MOVSL stopped by its source");
	r = (struct registers){ 0x22, 100, 0, page + 18, FLAG_FIXED | FLAG_DF };
	EXECUTE(&r, "rep stosw");
	expect_page_fault(checks, PF_W, page - 2, 2, "REP STOSW, down");
	expect_stop(checks, &r, &(struct registers){ .cx = 90, .di = page - 2 },
		    "REP STOSW stopped, down");
	r = (struct registers){ 0, 0, end, end, FLAG_FIXED };
	EXECUTE(&r, "rep movsb");
	expect_done(checks, "REP MOVSB of nothing, nowhere");
	memset((void *)page, 0x11, PAGE_SIZE);
	memset((void *)AREA, 0x11, PAGE_SIZE);
	r = (struct registers){ 0x11, 100, end - 20, AREA, FLAG_FIXED };
	EXECUTE(&r, "repe cmpsb");
	expect_page_fault(checks, 0, end, 2, "REPE CMPSB into a page that is not there");
	expect_stop(checks, &r, &(struct registers){ .cx = 80, .si = end, .di = AREA + 20 },
		    "REPE CMPSB stopped");
	r = (struct registers){ 0x22, 100, 0, end - 30, FLAG_FIXED };
	EXECUTE(&r, "repne scasb");
	expect_page_fault(checks, 0, end, 2, "REPNE SCASB into a page that is not there");
	expect_stop(checks, &r, &(struct registers){ .cx = 70, .di = end }, "REPNE SCASB stopped");
}

static volatile unsigned int mapped;

static bool map_page(struct trap_frame *frame)
{
	(void)frame;
	mapped++;
	paging_map(&paging, read_cr2() & ~(uintptr_t)(PAGE_SIZE - 1), frame_allocate(),
		   PTE_P | PTE_RW);
	return true;
}

/* Pages come when they are missed, and the instruction goes on where it was. */
static void check_resumed(struct checks *checks)
{
	uintptr_t start = (uintptr_t)paging.test_address + 0x100000;
	uintptr_t other = start + 0x100000;
	struct registers r = { 0x33333333, 5 * PAGE_SIZE / 4, 0, start + 6, FLAG_FIXED };

	trap_handler[VECTOR_PF] = map_page;
	EXECUTE(&r, "rep stosl");
	expect_done(checks, "REP STOSL, a page after the other");
	expect_equal(checks, r.cx, 0, "its count");
	expect_equal(checks, r.di, start + 6 + 5 * PAGE_SIZE, "its destination");
	expect_equal(checks, mapped, 6, "its pages");
	r = (struct registers){ 0, 5 * PAGE_SIZE, start + 6, other + 0x801, FLAG_FIXED };
	EXECUTE(&r, "rep movsb");
	expect_done(checks, "REP MOVSB, a page after the other");
	trap_handler[VECTOR_PF] = NULL;
	expect_equal(checks, mapped, 12, "its pages");
	expect_equal(checks, r.si, start + 6 + 5 * PAGE_SIZE, "its source");
	expect(checks, !memcmp((const void *)(start + 6), (const void *)(other + 0x801),
			       5 * PAGE_SIZE), "what it moved");
}

/* --- ports --- */

/* The debug console reads as its own number. */
static void check_ports(struct checks *checks)
{
	uintptr_t end = (uintptr_t)ALONE + PAGE_SIZE;
	uint8_t *area = (uint8_t *)AREA;
	uintptr_t count = 3000, to = AREA + 100;

	memset(area, 0, AREA_SIZE);
	TRY("cld\n\trep insb", "+c"(count), "+D"(to) : "d"(0xE9) : "memory");
	expect_done(checks, "REP INSB");
	expect(checks, area[99] == 0 && area[100] == 0xE9 && area[3099] == 0xE9 && area[3100] == 0,
	       "what REP INSB has read: %x %x %x %x", area[99], area[100], area[3099], area[3100]);
	expect_equal(checks, to, AREA + 3100, "REP INSB: destination");
	count = 10;
	to = end - 5;
	TRY("cld\n\trep insb", "+c"(count), "+D"(to) : "d"(0xE9) : "memory");
	expect_page_fault(checks, PF_W, end, 1, "REP INSB into a page that is not there");
	expect_equal(checks, count, 5, "REP INSB stopped: count");
	expect_equal(checks, to, end, "REP INSB stopped: destination");
	count = 10;
	to = end - 5;
	memset((void *)to, '\n', 5);
	TRY("cld\n\trep outsb", "+c"(count), "+S"(to) : "d"(0xE9) : "memory");
	expect_page_fault(checks, 0, end, 1, "REP OUTSB from a page that is not there");
	expect_equal(checks, count, 5, "REP OUTSB stopped: count");
	expect_equal(checks, to, end, "REP OUTSB stopped: source");
}

int main(void)
{
	struct checks checks = { 0 };

	trap_init();
	paging_start(&paging, 0);
	check_all(&checks);
	check_address_size(&checks);
#if VMM_GUEST_BITS == 32
	check_wrap16(&checks);
#endif
	check_fault(&checks);
	check_resumed(&checks);
	check_ports(&checks);
	return test_result(&checks, VMM_GUEST_BITS == 64 ? "cpu-strings64" : "cpu-strings");
}
