/* SPDX-License-Identifier: 0BSD */
/*
 * cpu-segments.c - segmentation in 32-bit protected mode: limits, types,
 * privileges, null selectors, LDT, 16-bit segments, far transfers and call
 * gates (Intel SDM vol. 3, chapter 5, and vol. 2 for the instructions).
 *
 * All access bytes are tried with all privilege levels against a model of the
 * rules.
 */
#include <vmm/string.h>

#include "cpu/test.h"

#define TESTED		SPARE		/* the descriptor under test */
#define SECOND		(SPARE + 8)
#define THIRD		(SPARE + 16)
#define AREA		0x300000u	/* 64 KiB that nothing else uses */
#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define DPL_OF(access)	((access) >> 5 & 3)

struct far_pointer {
	uint32_t offset;
	uint16_t selector;
} __attribute__((packed));

static volatile struct far_pointer far_pointer;

/* Where a far transfer arrives. */
void far_target(void);
__asm__(".text\nfar_target:\n\tint $0xF0");

/* --- limits --- */

struct limit_case {
	uint32_t limit;
	unsigned int access, size;
};

/* SDM vol. 3, 5.3. */
static bool within(const struct limit_case *c, uint32_t offset, unsigned int bytes)
{
	uint64_t limit = c->size & SIZE_PAGES ? (uint64_t)c->limit << 12 | 0xFFF : c->limit;
	uint64_t last = (uint64_t)offset + bytes - 1;
	uint64_t top = c->size & SIZE_32 ? 0xFFFFFFFF : 0xFFFF;

	if (c->access & ACCESS_DOWN)
		return offset > limit && last <= top;
	return last <= limit;
}

static void try_access(unsigned int bytes, bool write, uint32_t offset)
{
	switch (bytes << 1 | write) {
	case 2:
		TRY("movb %%fs:(%0), %%al", : "b"(offset) : "eax");
		break;
	case 3:
		TRY("movb %%al, %%fs:(%0)", : "b"(offset) : "memory");
		break;
	case 4:
		TRY("movw %%fs:(%0), %%ax", : "b"(offset) : "eax");
		break;
	case 5:
		TRY("movw %%ax, %%fs:(%0)", : "b"(offset) : "memory");
		break;
	case 8:
		TRY("movl %%fs:(%0), %%eax", : "b"(offset) : "eax");
		break;
	default:
		TRY("movl %%eax, %%fs:(%0)", : "b"(offset) : "memory");
	}
}

static void load_fs(uint16_t selector)
{
	__asm__ volatile("movw %0, %%fs" : : "r"(selector) : "memory");
}

static void check_limit(struct checks *checks, const struct limit_case *c, uint32_t offset)
{
	for (unsigned int bytes = 1; bytes <= 4; bytes *= 2) {
		for (unsigned int write = 0; write < 2; write++) {
			bool fine = within(c, offset, bytes);

			load_fs(TESTED);
			try_access(bytes, write, offset);
			/* QEMU's TCG knows no limits. */
			test_lenient(trap.vector == VECTOR_NONE ? "limits" : NULL);
			expect(checks, fine ? trap.vector == VECTOR_NONE :
			       trap.vector == VECTOR_GP && trap.error == 0,
			       "limit %x access %x size %x: %u bytes at %x: vector %u",
			       (unsigned int)c->limit, c->access, c->size, bytes,
			       (unsigned int)offset, (unsigned int)trap.vector);
			test_lenient(NULL);
		}
	}
}

static void check_limits(struct checks *checks)
{
	static const struct limit_case cases[] = {
		{ 0, DATA_SEGMENT, SIZE_32 },
		{ 0x7F, DATA_SEGMENT, SIZE_16 },
		{ 0xFFFF, DATA_SEGMENT, SIZE_16 },
		{ 1, DATA_SEGMENT, SIZE_32 | SIZE_PAGES },
		{ 0x7F, DATA_SEGMENT | ACCESS_DOWN, SIZE_32 },
		{ 0x7F, DATA_SEGMENT | ACCESS_DOWN, SIZE_16 },
		{ 1, DATA_SEGMENT | ACCESS_DOWN, SIZE_32 | SIZE_PAGES },
		{ 0xF, DATA_SEGMENT | ACCESS_DOWN, SIZE_16 | SIZE_PAGES },
		{ LIMIT_FLAT, DATA_SEGMENT | ACCESS_DOWN, SIZE_32 | SIZE_PAGES },
	};

	for (unsigned int i = 0; i < COUNT(cases); i++) {
		const struct limit_case *c = &cases[i];
		uint32_t limit = c->size & SIZE_PAGES ? c->limit << 12 | 0xFFF : c->limit;

		*gdt_entry(TESTED) = segment(AREA, c->limit, c->access, c->size);
		for (uint32_t offset = limit - 4; offset != limit + 5; offset++)
			check_limit(checks, c, offset);
		check_limit(checks, c, 0);
		check_limit(checks, c, 0xFFFE);
		check_limit(checks, c, 0xFFFF);
	}
	load_fs(KERNEL_DS);
}

/* --- types and null selectors, when used --- */

/* 7 bytes each */
#define FS_WITH(selector)	"movl $" selector ", %%eax\n\tmovl %%eax, %%fs\n\t"
#define SS_WITH(selector)	"movl $" selector ", %%eax\n\tmovl %%eax, %%ss\n\t"
#define SS_AGAIN		SS_WITH("0x10")

static void check_use(struct checks *checks)
{
	*gdt_entry(TESTED) = segment(AREA, 0xFFFF, DATA_SEGMENT & ~ACCESS_WRITABLE, SIZE_32);
	*gdt_entry(SECOND) = segment(AREA, 0xFFFF, CODE_SEGMENT, SIZE_32);
	test_lenient("rights");	/* QEMU's TCG does not look */
	FAULT_AT(VECTOR_GP, 0, 7, FS_WITH("0x48") "movb %%al, %%fs:0");
	FAULT_AT(VECTOR_GP, 0, 7, FS_WITH("0x50") "movb %%al, %%fs:0");
	FAULT(VECTOR_GP, 0, "movb %%al, %%cs:far_pointer");
	FAULT_AT(VECTOR_GP, 0, 7, FS_WITH("0") "movb %%fs:0, %%al");
	FAULT_AT(VECTOR_GP, 0, 7, FS_WITH("3") "movb %%al, %%fs:0");
	FAULT_AT(VECTOR_GP, 0, 7, FS_WITH("2") "lock incl %%fs:0");
	/* Beyond the limit of a stack: #SS. Room below, for the exception. */
	*gdt_entry(TESTED) = segment(0, 0x9FFFF, DATA_SEGMENT, SIZE_32);
	FAULT_AT(VECTOR_SS, 0, 7, SS_WITH("0x48") "movl %%ss:0xA0000, %%ecx\n\t" SS_AGAIN);
	FAULT_AT(VECTOR_SS, 0, 7, SS_WITH("0x48") "movb %%al, %%ss:0xA0000\n\t" SS_AGAIN);
	FAULT_AT(VECTOR_SS, 0, 14, SS_WITH("0x48") "movl %%ebp, %%ecx\n\tmovl $0xA0000, %%ebp\n\t"
		 "movl (%%ebp), %%eax\n\tmovl %%ecx, %%ebp\n\t" SS_AGAIN);
	test_lenient(NULL);
	WORKS(FS_WITH("0x48") "movb %%fs:0, %%al");
	WORKS(FS_WITH("0x50") "movb %%fs:0, %%al");
	load_fs(KERNEL_DS);
	FAULT_AT(VECTOR_GP, 0, 2, "xorl %%eax, %%eax\n\tmovl %%eax, %%ss");
	FAULT_AT(VECTOR_GP, 0, 5, "movl $3, %%eax\n\tmovl %%eax, %%ss");
	TRY_USER("pushl $0\n\tpopl %%ss", : : TEST_CLOBBERS);
	expect_trap(checks, VECTOR_GP, 0, 2, "ring 3: a null SS");
}

/* --- every access byte, with every privilege: what loads and looks --- */

struct selection {
	unsigned int access, rpl, cpl;
};

static bool is_segment(const struct selection *s)
{
	return s->access & ACCESS_SEGMENT;
}

static bool is_code(const struct selection *s)
{
	return is_segment(s) && s->access & ACCESS_CODE;
}

static bool is_conforming(const struct selection *s)
{
	return is_code(s) && s->access & ACCESS_CONFORMING;
}

/* Neither the current nor the requested privilege is too low. */
static bool privileged(const struct selection *s)
{
	unsigned int dpl = DPL_OF(s->access);

	return s->cpl <= dpl && s->rpl <= dpl;
}

/* MOV, POP to DS, ES, FS, GS. */
static unsigned int data_verdict(const struct selection *s)
{
	if (!is_segment(s) || (is_code(s) && !(s->access & ACCESS_READABLE)) ||
	    (!is_conforming(s) && !privileged(s)))
		return VECTOR_GP;
	return s->access & ACCESS_PRESENT ? VECTOR_NONE : VECTOR_NP;
}

static unsigned int stack_verdict(const struct selection *s)
{
	if (s->rpl != s->cpl || !is_segment(s) || is_code(s) || !(s->access & ACCESS_WRITABLE) ||
	    DPL_OF(s->access) != s->cpl)
		return VECTOR_GP;
	return s->access & ACCESS_PRESENT ? VECTOR_NONE : VECTOR_SS;
}

/* Far jumps and calls straight to a segment. */
static unsigned int code_verdict(const struct selection *s)
{
	unsigned int dpl = DPL_OF(s->access);

	if (!is_code(s) || (is_conforming(s) ? dpl > s->cpl : s->rpl > s->cpl || dpl != s->cpl))
		return VECTOR_GP;
	return s->access & ACCESS_PRESENT ? VECTOR_NONE : VECTOR_NP;
}

/* Gates and tasks are tested for themselves. */
static bool is_transfer(const struct selection *s)
{
	const unsigned int transfers = 1 << TYPE_TSS16 | 1 << TYPE_TSS16_BUSY |
		1 << TYPE_CALL_GATE16 | 1 << TYPE_TASK_GATE | 1 << TYPE_TSS |
		1 << TYPE_TSS_BUSY | 1 << TYPE_CALL_GATE;

	return !is_segment(s) && transfers >> (s->access & 15) & 1;
}

/* LAR, LSL: types that have rights, and a limit. */
#define TYPES_OF_LAR (1 << TYPE_TSS16 | 1 << TYPE_LDT | 1 << TYPE_TSS16_BUSY |		\
		      1 << TYPE_CALL_GATE16 | 1 << TYPE_TASK_GATE | 1 << TYPE_TSS |	\
		      1 << TYPE_TSS_BUSY | 1 << TYPE_CALL_GATE)
#define TYPES_OF_LSL (1 << TYPE_TSS16 | 1 << TYPE_LDT | 1 << TYPE_TSS16_BUSY |		\
		      1 << TYPE_TSS | 1 << TYPE_TSS_BUSY)

static bool looks(const struct selection *s, unsigned int types)
{
	if (!is_segment(s) && !(types >> (s->access & 15) & 1))
		return false;
	return is_conforming(s) || privileged(s);
}

static bool reads(const struct selection *s)
{
	return is_segment(s) && (!is_code(s) || s->access & ACCESS_READABLE) &&
	       (is_conforming(s) || privileged(s));
}

static bool writes(const struct selection *s)
{
	return is_segment(s) && !is_code(s) && s->access & ACCESS_WRITABLE && privileged(s);
}

#define TESTED_LIMIT	0x12345u

static uint16_t prepare(const struct selection *s)
{
	*gdt_entry(TESTED) = segment(0, TESTED_LIMIT, s->access, SIZE_32 | SIZE_PAGES);
	return (uint16_t)(TESTED | s->rpl);
}

/* Runs the code at the level, with the selector in CX. */
#define AT_LEVEL(s, code, ...)						\
	do {								\
		if ((s)->cpl)						\
			TRY_USER(code, __VA_ARGS__);			\
		else							\
			TRY(code, __VA_ARGS__);				\
	} while (0)

static void expect_verdict(struct checks *checks, const struct selection *s, unsigned int verdict,
			   const char *what)
{
	bool loaded = trap.vector == VECTOR_NONE || trap.vector == USER_DONE;
	unsigned int access = (unsigned int)(*gdt_entry(TESTED) >> 40 & 0xFF);

	expect(checks, verdict == VECTOR_NONE ? loaded :
	       trap.vector == verdict && trap.error == TESTED,
	       "%s of access %x, RPL %u at CPL %u: expected vector %u, got %u %x", what, s->access,
	       s->rpl, s->cpl, verdict, (unsigned int)trap.vector, (unsigned int)trap.error);
	/* QEMU's TCG does not mark code segments. */
	test_lenient(access == s->access ? "code-accessed" : NULL);
	expect(checks, access == (s->access | (verdict == VECTOR_NONE ? ACCESS_ACCESSED : 0)),
	       "%s of access %x: it is %x afterwards", what, s->access, access);
	test_lenient(NULL);
}

static void check_loads(struct checks *checks, const struct selection *s)
{
	uint16_t selector = prepare(s);

	AT_LEVEL(s, "movw %%cx, %%ds\n\tmovl %%eax, %%ds"
		, : "c"(selector), "a"(s->cpl ? USER_DS : KERNEL_DS) : "memory");
	expect_verdict(checks, s, data_verdict(s), "DS");
	selector = prepare(s);
	AT_LEVEL(s, "movl %%ss, %%eax\n\tmovw %%cx, %%ss\n\tmovl %%eax, %%ss"
		, : "c"(selector) : "eax", "memory");
	expect_verdict(checks, s, stack_verdict(s), "SS");
	if (is_transfer(s))
		return;
	far_pointer.offset = (uint32_t)far_target;
	far_pointer.selector = prepare(s);
	AT_LEVEL(s, "ljmpl *far_pointer", : : "memory");
	expect_verdict(checks, s, code_verdict(s), "jump");
	if (trap.vector == USER_DONE)
		expect_equal(checks, trap.cs, TESTED | s->cpl, "CS behind a jump");
	prepare(s);
	AT_LEVEL(s, "lcalll *far_pointer", : : "memory");
	expect_verdict(checks, s, code_verdict(s), "call");
}

/* The instruction leaves ZF in EDX, its result in EAX. */
#define LOOK(s, instruction, zero, result)				\
	do {								\
		uint16_t look_selector_ = prepare(s);			\
									\
		AT_LEVEL(s, instruction "\n\tsetz %%dl"			\
			 , "=a"(result), "=d"(zero)			\
			 : "c"(look_selector_), "0"(0x5A5A5A5A), "1"(0) : "cc"); \
	} while (0)

static void check_looks(struct checks *checks, const struct selection *s)
{
	static const char text[] = "%s of access %x, RPL %u at CPL %u: expected ZF %d, got %d %x";
	uint32_t zero, result;
	bool right;

	LOOK(s, "larl %%ecx, %%eax", zero, result);
	right = looks(s, TYPES_OF_LAR);
	expect(checks, zero == right &&
	       (result & 0xFFF0FF00) == (right ? 0xC00000 | s->access << 8 : 0x5A505A00),
	       text, "LAR", s->access, s->rpl, s->cpl, right, (int)zero, (unsigned int)result);
	LOOK(s, "lsll %%ecx, %%eax", zero, result);
	right = looks(s, TYPES_OF_LSL);
	expect(checks, zero == right && result == (right ? TESTED_LIMIT << 12 | 0xFFF : 0x5A5A5A5A),
	       text, "LSL", s->access, s->rpl, s->cpl, right, (int)zero, (unsigned int)result);
	LOOK(s, "verr %%cx", zero, result);
	expect(checks, zero == reads(s), text, "VERR", s->access, s->rpl, s->cpl, reads(s),
	       (int)zero, 0);
	LOOK(s, "verw %%cx", zero, result);
	expect(checks, zero == writes(s), text, "VERW", s->access, s->rpl, s->cpl, writes(s),
	       (int)zero, 0);
}

static void check_all_access_bytes(struct checks *checks)
{
	struct selection s;

	for (s.access = 0; s.access < 256; s.access++) {
		for (s.rpl = 0; s.rpl < 4; s.rpl++) {
			for (s.cpl = 0; s.cpl < 4; s.cpl += 3) {
				check_loads(checks, &s);
				check_looks(checks, &s);
			}
		}
	}
}

/* --- ARPL, LDT --- */

static void check_arpl(struct checks *checks)
{
	for (uint32_t to = 0; to < 4; to++) {
		for (uint32_t from = 0; from < 4; from++) {
			uint32_t value = 0xABC8 | to, zero = 0;

			TRY("arpl %%cx, %%ax\n\tsetz %%dl", "+a"(value), "+d"(zero)
			    : "c"(0x1230 | from) : "cc");
			expect_done(checks, "ARPL");
			expect_equal(checks, zero, to < from, "ZF of ARPL");
			expect_equal(checks, value, 0xABC8 | (to < from ? from : to), "ARPL");
		}
	}
}

static volatile uint64_t ldt[4];

static void check_ldt(struct checks *checks)
{
	uint32_t read = 0;

	ldt[1] = segment(AREA, 0xFFFF, DATA_SEGMENT, SIZE_32);
	*gdt_entry(TESTED) = segment((uint32_t)ldt, sizeof(ldt) - 1, ACCESS_PRESENT | TYPE_LDT,
				     SIZE_16);
	*gdt_entry(SECOND) = segment((uint32_t)ldt, sizeof(ldt) - 1, TYPE_LDT, SIZE_16);
	*(volatile uint32_t *)(AREA + 4) = 0x87654321;
	TRY("lldt %w0", : "r"(TESTED));
	expect_done(checks, "LLDT");
	TRY("movl $0xC, %%eax\n\tmovl %%eax, %%fs\n\tmovl %%fs:4, %0", "=&c"(read) : : "eax");
	expect_done(checks, "a segment of the LDT");
	expect_equal(checks, read, 0x87654321, "what is in a segment of the LDT");
	TRY("movl $0x24, %%eax\n\tmovl %%eax, %%fs", : : "eax");
	expect_trap(checks, VECTOR_GP, 0x24, 5, "beyond the LDT");
	TRY("movl $0x17, %%eax\n\tmovl %%eax, %%fs", : : "eax");
	expect_trap(checks, VECTOR_GP, 0x14, 5, "nothing in the LDT");
	TRY("lldt %w0", : "r"(SECOND));
	expect_trap(checks, VECTOR_NP, SECOND, 0, "LLDT of what is not present");
	TRY("lldt %w0", : "r"(KERNEL_DS));
	expect_trap(checks, VECTOR_GP, KERNEL_DS, 0, "LLDT of a data segment");
	TRY("lldt %w0", : "r"(0xC));
	expect_trap(checks, VECTOR_GP, 0xC, 0, "LLDT from an LDT");
	TRY("lldt %w0", : "r"(0));
	expect_done(checks, "LLDT of 0");
	TRY("movl $0xC, %%eax\n\tmovl %%eax, %%fs", : : "eax");
	expect_trap(checks, VECTOR_GP, 0xC, 5, "a segment of no LDT");
	TRY("ltr %w0", : "r"(KERNEL_DS));
	expect_trap(checks, VECTOR_GP, KERNEL_DS, 0, "LTR of a data segment");
	TRY("ltr %w0", : "r"(TASK_SELECTOR));
	expect_trap(checks, VECTOR_GP, TASK_SELECTOR, 0, "LTR of a busy task");
	load_fs(KERNEL_DS);
}

/* --- 16-bit segments --- */

/* Called in a segment that begins here, of 16 bits. Returns by a 32-bit RETF. */
void code16(void);
__asm__(".text\n.code16\n"
	"code16:\n"
	"	movw	$0x8001, %bx\n"
	"	movw	$0x8003, %si\n"
	"	movw	%fs:(%bx,%si), %ax\n"	/* 4: it wraps at 64 KiB */
	"	jmp	1f\n"
	"	hlt\n"
	"1:	movl	%fs:(%ebx), %ecx\n"	/* a 32-bit address: 0x8001 */
	"	pushw	$0x1122\n"
	"	popw	%dx\n"
	"	lretl\n"
	".code32");

static void check_code16(struct checks *checks)
{
	uint32_t ax = 0, cx = 0, dx = 0;

	*gdt_entry(TESTED) = segment((uint32_t)code16, 0xFFFF, CODE_SEGMENT, SIZE_16);
	*gdt_entry(SECOND) = segment(AREA, 0xFFFF, DATA_SEGMENT, SIZE_16);
	*(volatile uint16_t *)(AREA + 4) = 0x3344;
	*(volatile uint32_t *)(AREA + 0x8001) = 0x55667788;
	far_pointer.offset = 0;
	far_pointer.selector = TESTED;
	load_fs(SECOND);
	TRY("lcalll *far_pointer", "+a"(ax), "+c"(cx), "+d"(dx) : "b"(0), "S"(0) : "memory");
	load_fs(KERNEL_DS);
	expect_done(checks, "a call of 16-bit code");
	expect_equal(checks, ax, 0x3344, "a 16-bit address wraps");
	expect_equal(checks, cx, 0x55667788, "a 32-bit address in 16-bit code");
	expect_equal(checks, dx, 0x1122, "a 16-bit push");
}

static void check_stack16(struct checks *checks)
{
	uint32_t sp = 0, read = 0;

	*gdt_entry(TESTED) = segment(AREA, 0xFFFF, DATA_SEGMENT, SIZE_16);
	TRY("movl %%esp, %%esi\n\tmovl %%ss, %%edi\n\tmovl %2, %%ss\n\tmovl $0xABCD0000, %%esp\n\t"
	    "pushl $0x11223344\n\tmovl %%esp, %0\n\tpopw %%ax\n\tpopw %w1\n\t"
	    "movl %%edi, %%ss\n\tmovl %%esi, %%esp"
	    , "=&c"(sp), "=&d"(read) : "b"(TESTED) : "eax", "esi", "edi", "memory");
	expect_done(checks, "a 16-bit stack");
	expect_equal(checks, sp, 0xABCDFFFC, "ESP on a 16-bit stack, wrapped");
	expect_equal(checks, read & 0xFFFF, 0x1122, "popped from a 16-bit stack");
	expect_equal(checks, *(volatile uint32_t *)(AREA + 0xFFFC), 0x11223344,
		     "pushed on a 16-bit stack");
}

/* --- call gates --- */

#define GATE_WORDS 10

static volatile uint32_t gate_seen[GATE_WORDS];
static volatile uint32_t gate_cs;

/* Keep what is on the stack, and go back over three parameters. */
void gate_target32(void);
void gate_target16(void);
__asm__(".text\n"
	".macro keep_stack\n"
	"	movl	%esp, %esi\n"
	"	movl	$gate_seen, %edi\n"
	"	movl	$7, %ecx\n"
	"	rep movsl %ss:(%esi), %es:(%edi)\n"
	"	movl	%cs, %eax\n"
	"	movl	%eax, gate_cs\n"
	".endm\n"
	"gate_target32:\n"
	"	keep_stack\n"
	"	lretl	$12\n"
	"gate_target16:\n"
	"	keep_stack\n"
	"	lretw	$6");

#define CALL_GATE	(ACCESS_PRESENT | ACCESS_DPL(3))

static void check_gate_same_level(struct checks *checks)
{
	*gdt_entry(TESTED) = gate(KERNEL_CS, (uint32_t)gate_target32, CALL_GATE | TYPE_CALL_GATE,
	    3);
	/* No change of the stack, so that nothing is copied. */
	TRY("pushl $3\n\tpushl $2\n\tpushl $1\n\tlcalll $0x48, $0x12345678", : : TEST_CLOBBERS);
	expect_done(checks, "a call gate to the same level");
	expect_equal(checks, gate_seen[1], KERNEL_CS, "CS saved by a call gate");
	expect_equal(checks, gate_seen[2], 1, "the last parameter");
	*gdt_entry(TESTED) = gate(KERNEL_CS, (uint32_t)far_target, CALL_GATE | TYPE_CALL_GATE, 0);
	TRY("ljmpl $0x48, $0", : : TEST_CLOBBERS);
	expect_trap(checks, USER_DONE, 0, ANYWHERE, "a jump through a gate");
	USER_FAULT(VECTOR_GP, KERNEL_CS, "ljmpl $0x4B, $0");
}

static void check_gate_inwards(struct checks *checks)
{
	uint32_t user_top = (uint32_t)trap_user_stack + TRAP_STACK_SIZE;
	uint32_t sp = 0, ds = 0;

	*gdt_entry(TESTED) = gate(KERNEL_CS, (uint32_t)gate_target32, CALL_GATE | TYPE_CALL_GATE,
	    3);
	TRY_USER("pushl $3\n\tpushl $2\n\tpushl $1\n\tlcalll $0x4B, $0\n\t"
		 "movl %%esp, %%ebx\n\tmovl %%ds, %%edx"
		 , "=b"(sp), "=d"(ds) : : "eax", "ecx", "esi", "edi", "memory", "cc");
	expect_done(checks, "a 32-bit call gate inwards");
	expect_equal(checks, gate_cs, KERNEL_CS, "CS behind the gate");
	expect_equal(checks, gate_seen[1], USER_CS, "CS saved");
	for (unsigned int i = 0; i < 3; i++)
		expect_equal(checks, gate_seen[2 + i], i + 1, "a parameter copied");
	expect_equal(checks, gate_seen[5], user_top - 12, "ESP saved");
	expect_equal(checks, gate_seen[6], USER_DS, "SS saved");
	expect_equal(checks, sp, user_top, "ESP behind RETF 12");
	expect_equal(checks, ds, USER_DS, "DS behind RETF");

	*gdt_entry(TESTED) = gate(KERNEL_CS, (uint32_t)gate_target16,
				  CALL_GATE | TYPE_CALL_GATE16, 3);
	TRY_USER("pushw $3\n\tpushw $2\n\tpushw $1\n\tlcalll $0x4B, $0\n\tmovl %%esp, %%ebx"
		 , "=b"(sp) : : "eax", "ecx", "edx", "esi", "edi", "memory", "cc");
	expect_done(checks, "a 16-bit call gate inwards");
	expect_equal(checks, gate_seen[0] >> 16, USER_CS, "CS saved, 16 bits");
	expect_equal(checks, gate_seen[1], 0x00020001, "parameters of 16 bits");
	expect_equal(checks, gate_seen[2] & 0xFFFF, 3, "the first parameter of 16 bits");
	expect_equal(checks, gate_seen[2] >> 16, (user_top - 6) & 0xFFFF, "SP saved");
	expect_equal(checks, gate_seen[3] & 0xFFFF, USER_DS, "SS saved, 16 bits");
	expect_equal(checks, sp & 0xFFFF, user_top & 0xFFFF, "SP behind a 16-bit RETF 6");
}

static void check_gate_faults(struct checks *checks)
{
	uint32_t target = (uint32_t)far_target;

	*gdt_entry(TESTED) = gate(KERNEL_CS, target, ACCESS_PRESENT | TYPE_CALL_GATE, 0);
	USER_FAULT(VECTOR_GP, TESTED, "lcalll $0x4B, $0 # DPL 0");
	*gdt_entry(TESTED) = gate(KERNEL_CS, target, ACCESS_PRESENT | ACCESS_DPL(2) |
				  TYPE_CALL_GATE, 0);
	FAULT(VECTOR_GP, TESTED, "lcalll $0x4B, $0 # DPL 2, RPL 3");
	*gdt_entry(TESTED) = gate(KERNEL_CS, target, ACCESS_DPL(3) | TYPE_CALL_GATE, 0);
	USER_FAULT(VECTOR_NP, TESTED, "lcalll $0x4B, $0 # not present");
	*gdt_entry(TESTED) = gate(0, target, CALL_GATE | TYPE_CALL_GATE, 0);
	USER_FAULT(VECTOR_GP, 0, "lcalll $0x4B, $0 # to null");
	*gdt_entry(TESTED) = gate(KERNEL_DS, target, CALL_GATE | TYPE_CALL_GATE, 0);
	USER_FAULT(VECTOR_GP, KERNEL_DS, "lcalll $0x4B, $0 # to data");
	*gdt_entry(TESTED) = gate(0xFFF8, target, CALL_GATE | TYPE_CALL_GATE, 0);
	USER_FAULT(VECTOR_GP, 0xFFF8, "lcalll $0x4B, $0 # beyond the GDT");
	*gdt_entry(SECOND) = segment(0, LIMIT_FLAT, CODE_SEGMENT & ~ACCESS_PRESENT,
				     SIZE_32 | SIZE_PAGES);
	*gdt_entry(TESTED) = gate(SECOND, target, CALL_GATE | TYPE_CALL_GATE, 0);
	USER_FAULT(VECTOR_NP, SECOND, "lcalll $0x4B, $0 # to code that is not present");
	*gdt_entry(SECOND) = segment(0, 0, CODE_SEGMENT, SIZE_32);
	test_lenient("gate-limit");
	USER_FAULT(VECTOR_GP, 0, "lcalll $0x4B, $0 # to code beyond its limit");
	test_lenient(NULL);
	FAULT(VECTOR_GP, 0, "lcalll $0, $0");
	FAULT(VECTOR_GP, 0, "ljmpl $3, $0");
}

/* To ring 1, whose stack the TSS has. */
static void check_gate_stack(struct checks *checks)
{
	uint32_t stack = (uint32_t)trap_kernel_stack + 1024;

	*gdt_entry(SECOND) = segment(0, LIMIT_FLAT, CODE_SEGMENT | ACCESS_DPL(1),
				     SIZE_32 | SIZE_PAGES);
	*gdt_entry(THIRD) = segment(0, LIMIT_FLAT, DATA_SEGMENT | ACCESS_DPL(1),
				    SIZE_32 | SIZE_PAGES);
	*gdt_entry(TESTED) = gate(SECOND, (uint32_t)far_target, CALL_GATE | TYPE_CALL_GATE, 2);
	trap_tss.ring[1].sp = stack;
	trap_tss.ring[1].ss = THIRD | 1;
	TRY_USER("pushl $2\n\tpushl $1\n\tlcalll $0x4B, $0", : : TEST_CLOBBERS);
	expect_trap(checks, USER_DONE, 0, ANYWHERE, "a gate to ring 1");
	expect_equal(checks, trap.cs, SECOND | 1, "CS in ring 1");
	expect_equal(checks, trap.ss, THIRD | 1, "SS in ring 1");
	expect_equal(checks, trap.sp, stack - 24, "ESP in ring 1");
	trap_tss.ring[1].ss = 0;
	USER_FAULT(VECTOR_TS, 0, "lcalll $0x4B, $0 # SS1 null");
	trap_tss.ring[1].ss = THIRD;
	USER_FAULT(VECTOR_TS, THIRD, "lcalll $0x4B, $0 # SS1 with RPL 0");
	trap_tss.ring[1].ss = KERNEL_DS | 1;
	USER_FAULT(VECTOR_TS, KERNEL_DS, "lcalll $0x4B, $0 # SS1 with DPL 0");
	trap_tss.ring[1].ss = SECOND | 1;
	USER_FAULT(VECTOR_TS, SECOND, "lcalll $0x4B, $0 # SS1 is code");
	trap_tss.ring[1].ss = 0xFFF9;
	USER_FAULT(VECTOR_TS, 0xFFF8, "lcalll $0x4B, $0 # SS1 beyond the GDT");
	trap_tss.ring[1].ss = THIRD | 1;
	*gdt_entry(THIRD) &= ~((uint64_t)ACCESS_PRESENT << 40);
	test_lenient("gate-stack");
	USER_FAULT(VECTOR_SS, THIRD, "lcalll $0x4B, $0 # SS1 not present");
	test_lenient(NULL);
}

/* --- far returns --- */

static void check_returns(struct checks *checks)
{
	uint32_t top = (uint32_t)trap_user_stack + TRAP_STACK_SIZE;
	uint32_t ds = 1, es = 1;

	WORKS("pushl $0x08\n\tpushl $1f\n\tlretl\n1:");
	FAULT_AT(VECTOR_GP, 0, 4, "pushl $0\n\tpushl $0\n\tlretl");
	FAULT_AT(VECTOR_GP, KERNEL_DS, 4, "pushl $0x10\n\tpushl $0\n\tlretl");
	TRY_USER("pushl $8\n\tpushl $0\n\tlretl", : : TEST_CLOBBERS);
	expect_trap(checks, VECTOR_GP, KERNEL_CS, 4, "RETF inwards");
	TRY("pushl $0x23\n\tpushl %0\n\tpushl $0x1B\n\tpushl $far_target\n\tlretl"
	   , : "b"(top) : "memory");
	expect_trap(checks, USER_DONE, 0, ANYWHERE, "RETF to ring 3");
	expect_equal(checks, trap.cs, USER_CS, "CS behind RETF to ring 3");
	expect_equal(checks, trap.sp, top, "ESP behind RETF to ring 3");
	TRY("pushl $0x10\n\tpushl %0\n\tpushl $0x1B\n\tpushl $far_target\n\tlretl"
	   , : "b"(top) : "memory");
	expect_trap(checks, VECTOR_GP, KERNEL_DS, ANYWHERE, "RETF to ring 3 with ring 0's stack");
	TRY("pushl $0\n\tpushl %0\n\tpushl $0x1B\n\tpushl $far_target\n\tlretl"
	   , : "b"(top) : "memory");
	expect_trap(checks, VECTOR_GP, 0, ANYWHERE, "RETF to ring 3 with no stack");
	/* What ring 3 may not use does not stay in DS to GS. */
	TRY("pushl $0x23\n\tpopl %%es\n\tpushl $0x23\n\tpushl %2\n\tpushl $0x1B\n\tpushl $1f\n\t"
	    "lretl\n"
	    "1:\tmovl %%ds, %%eax\n\tmovl %%es, %%ecx\n\tint $0xF0"
	    , "=a"(ds), "=c"(es) : "b"(top) : "memory");
	expect_done(checks, "RETF to ring 3 with ring 0's data");
	expect_equal(checks, ds, 0, "ring 0's DS at ring 3");
	expect_equal(checks, es, USER_DS, "ring 3's ES at ring 3");
}

int main(void)
{
	struct checks checks = { 0 };

	trap_init();
	check_limits(&checks);
	check_use(&checks);
	check_all_access_bytes(&checks);
	check_arpl(&checks);
	check_ldt(&checks);
	check_code16(&checks);
	check_stack16(&checks);
	check_gate_same_level(&checks);
	check_gate_inwards(&checks);
	check_gate_faults(&checks);
	check_gate_stack(&checks);
	check_returns(&checks);
	return test_result(&checks, "cpu-segments");
}
