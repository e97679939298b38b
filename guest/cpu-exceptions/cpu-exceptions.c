/* SPDX-License-Identifier: 0BSD */
/*
 * cpu-exceptions.c - every exception with its error code, the saved instruction
 * pointer and flags; double faults; single steps and breakpoints (Intel SDM
 * vol. 3, 6.15 and 17.2 to 17.3). For 32 and for 64 bits. Page faults of all
 * kinds are cpu-paging's, and the selector checks cpu-segments'.
 */
#include "cpu/test.h"

#define ABSENT		SPARE		/* a data segment that is not present */
#define DF_TASK		(SPARE + 8)
#define SOFT_VECTOR	0x30		/* INT to a gate with DPL 0 */
#define USER_VECTOR	0x31		/* to one with DPL 3 */
#define ABSENT_VECTOR	0x32		/* to none */
#define OPEN_VECTOR	0x33		/* to a trap gate */
#define INTERRUPT_GATE	(ACCESS_PRESENT | TYPE_INTERRUPT_GATE)
#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static void add_descriptors(void)
{
	*gdt_entry(ABSENT) = segment(0, 0xFFFF, DATA_SEGMENT & ~ACCESS_PRESENT, SIZE_32);
	trap_gate(USER_VECTOR, INTERRUPT_GATE | ACCESS_DPL(3), 0);
	trap_gate(ABSENT_VECTOR, TYPE_INTERRUPT_GATE, 0);
	trap_gate(OPEN_VECTOR, ACCESS_PRESENT | TYPE_TRAP_GATE, 0);
}

/* --- faults and traps, one each --- */

static void check_arithmetic(struct checks *checks)
{
	FAULT_AT(VECTOR_DE, 0, 2, "xorl %%ecx, %%ecx\n\tdivl %%ecx");
	FAULT_AT(VECTOR_DE, 0, 4, "xorl %%eax, %%eax\n\txorb %%cl, %%cl\n\tidivb %%cl");
	FAULT_AT(VECTOR_DE, 0, 10, "movl $2, %%edx\n\tmovl $1, %%ecx\n\tdivl %%ecx");
	FAULT_AT(VECTOR_DE, 0, 11, "movl $0x80000000, %%eax\n\tcltd\n\tmovl $-1, %%ecx\n\t"
		 "idivl %%ecx");
}

static void check_software(struct checks *checks)
{
	FAULT_AT(VECTOR_BP, 0, 1, "int3");
	FAULT_AT(VECTOR_BP, 0, 2, ".byte 0xCD, 3");
	test_lenient("int1");
	FAULT_AT(VECTOR_DB, 0, 1, ".byte 0xF1");
	test_lenient(NULL);
	FAULT_AT(SOFT_VECTOR, 0, 2, "int $0x30");
	FAULT_AT(OPEN_VECTOR, 0, 2, "int $0x33");
	TRY_USER("int $0x31", : : TEST_CLOBBERS);
	expect_trap(checks, USER_VECTOR, 0, 2, "ring 3: int to a gate with DPL 3");
	/* QEMU's TCG has the vector times 16 there in 64-bit mode. */
	test_lenient("int-error");
	USER_FAULT(VECTOR_GP, ERROR_VECTOR(SOFT_VECTOR), "int $0x30");
	USER_FAULT(VECTOR_GP, ERROR_VECTOR(VECTOR_BP), "int3");
	USER_FAULT(VECTOR_GP, ERROR_VECTOR(ABSENT_VECTOR), "int $0x32");
	test_lenient("int1");
	TRY_USER(".byte 0xF1", : : TEST_CLOBBERS);
	expect_trap(checks, VECTOR_DB, 0, 1, "ring 3: INT1, which no DPL stops");
	test_lenient("int-error");
	FAULT(VECTOR_NP, ERROR_VECTOR(ABSENT_VECTOR), "int $0x32");
	test_lenient(NULL);
}

static void check_undefined(struct checks *checks)
{
	FAULT(VECTOR_UD, 0, "ud2");
	FAULT(VECTOR_UD, 0, ".byte 0xF0, 0x90 # lock nop");
	FAULT(VECTOR_UD, 0, ".byte 0xF0, 0x01, 0xC0 # lock add on a register");
	test_lenient("lock-mov");
	FAULT(VECTOR_UD, 0, ".byte 0xF0, 0x8B, 0x00 # lock mov");
	test_lenient(NULL);
	FAULT(VECTOR_UD, 0, ".byte 0x8E, 0xC8 # mov to CS");
	FAULT(VECTOR_UD, 0, ".byte 0x8E, 0xF8 # mov to segment register 7");
	FAULT(VECTOR_UD, 0, ".byte 0x0F, 0x20, 0xC8 # mov from CR1");
	FAULT(VECTOR_UD, 0, ".byte 0x8D, 0xC0 # lea of a register");
	FAULT(VECTOR_UD, 0, ".byte 0x0F, 0x0B");
	FAULT(VECTOR_UD, 0, ".byte 0xFF, 0xF8 # group 5, /7");
	USER_FAULT(VECTOR_UD, 0, "ud2");
}

/* An instruction is at most 15 bytes long (SDM vol. 2, 2.3.11). */
static void check_length(struct checks *checks)
{
	FAULT(VECTOR_GP, 0, ".fill 15, 1, 0x66\n\tnop");
	WORKS(".fill 14, 1, 0x66\n\tnop");
}

static void check_privilege(struct checks *checks)
{
	USER_FAULT(VECTOR_GP, 0, "hlt");
	USER_FAULT(VECTOR_GP, 0, "cli");
	USER_FAULT(VECTOR_GP, 0, "sti");
	USER_FAULT(VECTOR_GP, 0, "clts");
	USER_FAULT(VECTOR_GP, 0, "invd");
	USER_FAULT(VECTOR_GP, 0, "wbinvd");
	USER_FAULT(VECTOR_GP, 0, "invlpg (%%eax)");
	USER_FAULT(VECTOR_GP, 0, "lgdt (%%eax)");
	USER_FAULT(VECTOR_GP, 0, "lidt (%%eax)");
	USER_FAULT(VECTOR_GP, 0, "lldt %%ax");
	USER_FAULT(VECTOR_GP, 0, "ltr %%ax");
	USER_FAULT(VECTOR_GP, 0, "lmsw %%ax");
	USER_FAULT(VECTOR_GP, 0, ".byte 0x0F, 0x20, 0xC0 # mov from CR0");
	USER_FAULT(VECTOR_GP, 0, ".byte 0x0F, 0x22, 0xD8 # mov to CR3");
	USER_FAULT(VECTOR_GP, 0, ".byte 0x0F, 0x21, 0xF8 # mov from DR7");
	USER_FAULT(VECTOR_GP, 0, ".byte 0x0F, 0x23, 0xF8 # mov to DR7");
	USER_FAULT(VECTOR_GP, 0, "rdmsr");
	USER_FAULT(VECTOR_GP, 0, "wrmsr");
	USER_FAULT(VECTOR_GP, 0, "inb $0x80, %%al");
	USER_FAULT(VECTOR_GP, 0, "outl %%eax, %%dx");
	USER_WORKS("rdtsc");
	write_cr4(read_cr4() | CR4_TSD);
	USER_FAULT(VECTOR_GP, 0, "rdtsc");
	WORKS("rdtsc");
	write_cr4(read_cr4() & ~(uintptr_t)CR4_TSD);
}

static void check_selectors(struct checks *checks)
{
	FAULT_AT(VECTOR_GP, 0xFFF8, 5, "movl $0xFFFB, %%eax\n\tmovl %%eax, %%ds");
	FAULT_AT(VECTOR_NP, ABSENT, 5, "movl $0x48, %%eax\n\tmovl %%eax, %%ds");
	FAULT_AT(VECTOR_SS, ABSENT, 5, "movl $0x48, %%eax\n\tmovl %%eax, %%ss");
	FAULT_AT(VECTOR_GP, 0x48 + 4, 5, "movl $0x4F, %%eax\n\tmovl %%eax, %%es");
}

/* Reserved bits and combinations that are not allowed. */
static void check_control_registers(struct checks *checks)
{
	uintptr_t pg_alone = (read_cr0() & ~(uintptr_t)CR0_PE) | CR0_PG;
	uintptr_t cr4 = read_cr4() | 1u << 31;
	uintptr_t cr0 = read_cr0();

	test_lenient("control-bits");
	TRY("mov %0, %%cr0", : "r"((read_cr0() & ~(uintptr_t)CR0_CD) | CR0_NW) : "memory");
	if (expect_trap(checks, VECTOR_GP, 0, 0, "CR0.NW without CD")) {
		TRY("mov %0, %%cr0", : "r"(pg_alone) : "memory");
		expect_trap(checks, VECTOR_GP, 0, 0, "CR0.PG without PE");
		TRY("mov %0, %%cr4", : "r"(cr4) : "memory");
		expect_trap(checks, VECTOR_GP, 0, 0, "CR4, a reserved bit");
	} else {
		write_cr0(cr0);
	}
	TRY("wrmsr", : "c"(MSR_EFER), "a"(1u << 9), "d"(0) : "memory");
	expect_trap(checks, VECTOR_GP, 0, 0, "EFER, a reserved bit");
	TRY("rdmsr", : "c"(0x12345678), "a"(0), "d"(0) : "memory");
	expect_trap(checks, VECTOR_GP, 0, 0, "RDMSR of what does not exist");
	test_lenient(NULL);
}

/* Of the flags: not the arithmetic ones but CF, and not RF. */
#define FLAGS_LOOKED_AT	(~(0x8D4ul | FLAG_RF))

/* A fault saves the flags with RF set. QEMU's TCG does not. */
static void expect_rf(struct checks *checks)
{
	test_lenient("rf");
	expect_equal(checks, trap.flags & FLAG_RF, FLAG_RF, "RF, saved by a fault");
	test_lenient(NULL);
}

static void check_saved_flags(struct checks *checks)
{
	TRY("stc\n\tstd\n\tud2", : : "memory", "cc");
	expect_equal(checks, trap.flags & FLAGS_LOOKED_AT, FLAG_DF | FLAG_FIXED | FLAG_CF,
		     "flags saved by #UD");
	expect_rf(checks);
	TRY("stc\n\tint3", : : "memory", "cc");
	expect_equal(checks, trap.flags & FLAGS_LOOKED_AT, FLAG_FIXED | FLAG_CF,
		     "flags saved by #BP");
	expect_equal(checks, trap.flags & FLAG_RF, 0, "RF, saved by a trap");
	trap_user_flags = FLAG_FIXED | FLAG_IF | FLAG_IOPL;
	TRY_USER("clc\n\tcli\n\tsti\n\tud2", : : "memory", "cc");
	expect_equal(checks, trap.flags & FLAGS_LOOKED_AT, FLAG_IOPL | FLAG_IF | FLAG_FIXED,
		     "flags saved from ring 3");
	expect_rf(checks);
	expect_equal(checks, trap.cs, USER_CS, "CS saved from ring 3");
	expect_equal(checks, trap.ss, USER_DS, "SS saved from ring 3");
	expect_equal(checks, trap.sp, (uintptr_t)trap_user_stack + TRAP_STACK_SIZE,
		     "stack pointer saved from ring 3");
	trap_user_flags = FLAG_FIXED;
}

/* Whether a gate leaves interrupts enabled: the handler looks. */
static volatile uintptr_t flags_in_handler;

static bool look_at_flags(struct trap_frame *frame)
{
	(void)frame;
	flags_in_handler = read_flags();
	return false;
}

static void check_gates(struct checks *checks)
{
	const uintptr_t flags = FLAG_FIXED | FLAG_NT | FLAG_AC | FLAG_IF;

	trap_handler[SOFT_VECTOR] = look_at_flags;
	trap_handler[OPEN_VECTOR] = look_at_flags;
	TRY("push %0\n\tpopf\n\tint $0x30", : "r"(flags) : "memory", "cc");
	expect_equal(checks, flags_in_handler & ~0x8D5ul, FLAG_FIXED | FLAG_AC,
		     "flags behind an interrupt gate");
	TRY("push %0\n\tpopf\n\tint $0x33", : "r"(flags) : "memory", "cc");
	expect_equal(checks, flags_in_handler & ~0x8D5ul, FLAG_FIXED | FLAG_AC | FLAG_IF,
		     "flags behind a trap gate");
	trap_handler[SOFT_VECTOR] = NULL;
	trap_handler[OPEN_VECTOR] = NULL;
}

/* --- alignment --- */

static uint32_t aligned_words[4] __attribute__((aligned(16)));

static void check_alignment(struct checks *checks)
{
	write_cr0(read_cr0() | CR0_AM);
	trap_user_flags = FLAG_FIXED | FLAG_AC;
	TRY_USER("movl 4(%0), %%eax", : "b"(aligned_words) : "eax");
	expect_done(checks, "aligned access with AC");
	TRY_USER("movl 2(%0), %%eax", : "b"(aligned_words) : "eax");
	test_lenient("alignment");
	if (expect_trap(checks, VECTOR_AC, 0, 0, "read of 4 bytes at 2")) {
		test_lenient(NULL);
		TRY_USER("movw %%ax, 1(%0)", : "b"(aligned_words) : "memory");
		expect_trap(checks, VECTOR_AC, 0, 0, "write of 2 bytes at 1");
		TRY_USER("movb %%al, 1(%0)", : "b"(aligned_words) : "memory");
		expect_done(checks, "a byte is always aligned");
		trap_user_flags = FLAG_FIXED;
		TRY_USER("movl 2(%0), %%eax", : "b"(aligned_words) : "eax");
		expect_done(checks, "unaligned without AC");
		write_cr0(read_cr0() & ~(uintptr_t)CR0_AM);
		trap_user_flags = FLAG_FIXED | FLAG_AC;
		TRY_USER("movl 2(%0), %%eax", : "b"(aligned_words) : "eax");
		expect_done(checks, "unaligned without CR0.AM");
		write_cr0(read_cr0() | CR0_AM);
	}
	test_lenient(NULL);
	trap_user_flags = FLAG_FIXED;
	TRY("push %1\n\tpopf\n\tmovl 2(%0), %%eax"
	   , : "b"(aligned_words), "c"((uintptr_t)(FLAG_FIXED | FLAG_AC)) : "eax", "cc");
	expect_done(checks, "unaligned in ring 0");
	write_cr0(read_cr0() & ~(uintptr_t)CR0_AM);
}

/* --- floating point --- */

static void check_x87(struct checks *checks)
{
	static const uint16_t unmasked_division = 0x37B;
	uintptr_t cr0 = read_cr0();

	if (!(cpuid(1, 0).edx & CPUID_1_EDX_FPU)) {
		test_skip("#NM, #MF", "no FPU");
		return;
	}
	write_cr0((cr0 | CR0_NE | CR0_TS | CR0_MP) & ~(uintptr_t)CR0_EM);
	FAULT(VECTOR_NM, 0, "fnop");
	FAULT(VECTOR_NM, 0, "fwait");
	write_cr0(read_cr0() & ~(uintptr_t)CR0_MP);
	FAULT(VECTOR_NM, 0, "fnop");
	WORKS("fwait");
	write_cr0((cr0 | CR0_NE | CR0_EM) & ~(uintptr_t)CR0_TS);
	FAULT(VECTOR_NM, 0, "fnop");
	write_cr0((cr0 | CR0_NE | CR0_MP) & ~(uintptr_t)(CR0_TS | CR0_EM));
	TRY("fninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tnop\n\tfwait"
	   , : "m"(unmasked_division));
	expect_trap(checks, VECTOR_MF, 0, ANYWHERE, "division by 0 unmasked, then fwait");
	expect_equal(checks, *(const uint8_t *)trap.ip, 0x9B, "what #MF points to");
	WORKS("fnclex\n\tfwait\n\tfninit");
	write_cr0(cr0);
}

static void check_sse(struct checks *checks)
{
	static const uint32_t unmasked_division = 0x1D80, all_masked = 0x1F80;
	uintptr_t cr0 = read_cr0();
	uintptr_t cr4 = read_cr4();

	if (!(cpuid(1, 0).edx & CPUID_1_EDX_SSE)) {
		test_skip("#XM", "no SSE");
		return;
	}
	write_cr0(cr0 & ~(uintptr_t)(CR0_TS | CR0_EM));
	FAULT(VECTOR_UD, 0, "xorps %%xmm0, %%xmm0");
	write_cr4(cr4 | CR4_OSFXSR | CR4_OSXMMEXCPT);
	TRY("ldmxcsr %0\n\txorps %%xmm0, %%xmm0\n\tmovl $0x3F800000, %%eax\n\t"
	    "movd %%eax, %%xmm1\n\tdivss %%xmm0, %%xmm1"
	   , : "m"(unmasked_division) : "eax");
	test_lenient("xm");
	if (expect_trap(checks, VECTOR_XM, 0, ANYWHERE, "1 / 0 unmasked")) {
		expect_equal(checks, *(const uint32_t *)trap.ip, 0xC85E0FF3, "what #XM points to");
		write_cr4(cr4 | CR4_OSFXSR);
		TRY("xorps %%xmm0, %%xmm0\n\tdivss %%xmm0, %%xmm1", :);
		expect_trap(checks, VECTOR_UD, 0, 3, "1 / 0 without CR4.OSXMMEXCPT");
	}
	test_lenient(NULL);
	write_cr4(cr4 | CR4_OSFXSR);
	TRY("movaps 4(%0), %%xmm0", : "b"(aligned_words));
	test_lenient("movaps-alignment");
	expect_trap(checks, VECTOR_GP, 0, 0, "movaps of what is not aligned");
	test_lenient(NULL);
	WORKS("movups 0x1001, %%xmm0");
	FAULT(VECTOR_UD, 0, ".byte 0xF0, 0x0F, 0x28, 0xC1 # lock movaps");
	write_cr0(read_cr0() | CR0_TS);
	FAULT(VECTOR_NM, 0, "xorps %%xmm0, %%xmm0");
	write_cr0((read_cr0() | CR0_EM) & ~(uintptr_t)CR0_TS);
	FAULT(VECTOR_UD, 0, "xorps %%xmm0, %%xmm0");
	write_cr0(cr0 & ~(uintptr_t)(CR0_TS | CR0_EM));
	TRY("ldmxcsr %0", : "m"(all_masked));
	write_cr0(cr0);
	write_cr4(cr4);
}

/* --- single steps and breakpoints --- */

/* What #DB's handler has seen; it goes back each time. */
static volatile struct {
	unsigned int count;
	struct {
		uintptr_t ip, dr6, flags;
	} event[16];
} debug_log;

static bool log_debug(struct trap_frame *frame)
{
	if (debug_log.count < COUNT(debug_log.event)) {
		debug_log.event[debug_log.count].ip = frame->ip;
		debug_log.event[debug_log.count].dr6 = read_dr6();
		debug_log.event[debug_log.count].flags = frame->flags;
	}
	debug_log.count++;
	write_dr6(DR6_FIXED);
	frame->flags |= FLAG_RF;
	return true;
}

static void debug_begin(void)
{
	debug_log.count = 0;
	write_dr6(DR6_FIXED);
	trap_handler[VECTOR_DB] = log_debug;
}

/* The handler came at these offsets in the code, in this order. */
static void expect_steps(struct checks *checks, const uint8_t *offsets, unsigned int count,
			 uint32_t dr6, const char *what)
{
	write_dr7(DR7_FIXED);
	trap_handler[VECTOR_DB] = NULL;
	expect_done(checks, what);
	if (!expect(checks, debug_log.count == count, "%s: expected %u #DB, got %u", what, count,
		    debug_log.count))
		return;
	for (unsigned int i = 0; i < count; i++) {
		expect(checks, debug_log.event[i].ip - trap.start == offsets[i],
		      "%s: expected #DB %u at %u, got it at %d", what, i, offsets[i],
		      (int)(debug_log.event[i].ip - trap.start));
		expect_equal(checks, debug_log.event[i].dr6, DR6_FIXED | dr6, what);
	}
}

#define EXPECT_STEPS(checks, dr6, what, ...)					\
	do {									\
		static const uint8_t offsets[] = { __VA_ARGS__ };		\
										\
		expect_steps(checks, offsets, COUNT(offsets), dr6, what);	\
	} while (0)

#define STEP_ON		"pushf\n\torl $0x100, (" TRAP_SP ")\n\tpopf\n\t"	/* 9 bytes */
#define STEP_OFF	"pushf\n\tandl $~0x100, (" TRAP_SP ")\n\tpopf\n\t"	/* 1 + 7 + 1 */

static bool go_back(struct trap_frame *frame)
{
	(void)frame;
	return true;
}

static void check_steps(struct checks *checks)
{
	debug_begin();
	TRY(STEP_ON "nop\n\tnop\n\t" STEP_OFF "nop", : : "memory", "cc");
	EXPECT_STEPS(checks, DR6_BS, "single steps", 10, 11, 12, 19, 20);

	debug_begin();
	TRY(STEP_ON "jmp 1f\n\tud2\n1:\tnop\n\t" STEP_OFF, : : "memory", "cc");
	EXPECT_STEPS(checks, DR6_BS, "single step of a jump", 13, 14, 15, 22, 23);

	debug_begin();
	TRY("movl $3, %%ecx\n\t" STEP_ON "rep movsb\n\t" STEP_OFF
	   , : "S"(trap_user_stack), "D"(trap_user_stack + 64) : "ecx", "memory", "cc");
	EXPECT_STEPS(checks, DR6_BS, "single steps of REP MOVSB", 14, 14, 16, 17, 24, 25);

	debug_begin();
	TRY("movl %%ss, %%eax\n\t" STEP_ON "movl %%eax, %%ss\n\tnop\n\t" STEP_OFF
	   , : : "eax", "memory", "cc");
	EXPECT_STEPS(checks, DR6_BS, "single step over MOV SS", 14, 15, 22, 23);

	debug_begin();
	trap_handler[SOFT_VECTOR] = go_back;
	TRY(STEP_ON "int $0x30\n\tnop\n\t" STEP_OFF, : : "memory", "cc");
	EXPECT_STEPS(checks, DR6_BS, "single steps over INT", 12, 13, 20, 21);
	trap_handler[SOFT_VECTOR] = NULL;
}

/* DR7's bits for a breakpoint. */
#define BREAK_EXECUTE	0u
#define BREAK_WRITE	1u
#define BREAK_ACCESS	3u
#define BREAK(number, kind, bytes)					\
	(DR7_FIXED | 1u << (number) * 2 |				\
	 ((kind) | ((uint32_t)(bytes) - 1) << 2) << (16 + (number) * 4))

static uint8_t break_area[32] __attribute__((aligned(16)));

static void check_data_breakpoints(struct checks *checks)
{
	uint8_t *at = break_area;

	write_dr1((uintptr_t)at + 4);
	debug_begin();
	write_dr7(BREAK(1, BREAK_WRITE, 4));
	TRY("movl %%eax, (%0)\n\tmovl %%eax, 8(%0)\n\tmovl 4(%0), %%eax\n\tnop"
	   , : "b"(at) : "eax", "memory");
	EXPECT_STEPS(checks, 0, "data breakpoint: misses");

	debug_begin();
	write_dr7(BREAK(1, BREAK_WRITE, 4));
	TRY("movl %%eax, 4(%0)\n\tnop\n\tmovb %%al, 7(%0)\n\tmovl %%eax, 1(%0)\n\tincl 4(%0)\n\tnop"
	   , : "b"(at) : "eax", "memory", "cc");
	EXPECT_STEPS(checks, 2, "data breakpoint: writes", 3, 7, 10, 13);

	debug_begin();
	write_dr7(BREAK(1, BREAK_ACCESS, 4));
	TRY("movl 4(%0), %%eax\n\tnop\n\tmovb 6(%0), %%al\n\tmovb %%al, 5(%0)\n\tmovb (%0), %%al"
	   , : "b"(at) : "eax", "memory");
	EXPECT_STEPS(checks, 2, "data breakpoint: reads and writes", 3, 7, 10);

	write_dr3((uintptr_t)at + 2);
	debug_begin();
	write_dr7(BREAK(3, BREAK_WRITE, 1));
	TRY("movl $6, %%ecx\n\trep stosb", : "D"(at) : "ecx", "memory");
	EXPECT_STEPS(checks, 8, "data breakpoint: in REP STOSB", 5);

	write_dr0((uintptr_t)at);
	write_dr1((uintptr_t)at + 1);
	debug_begin();
	write_dr7(BREAK(0, BREAK_WRITE, 2) | BREAK(1, BREAK_WRITE, 1));
	TRY("movw %%ax, (%0)\n\tnop", : "b"(at) : "memory");
	test_lenient("two-breakpoints");
	EXPECT_STEPS(checks, 3, "two breakpoints at once", 3);
	test_lenient(NULL);

	debug_begin();
	write_dr7(BREAK(0, BREAK_WRITE, 2));
	TRY(STEP_ON "movw %%ax, (%0)\n\t", : "b"(at) : "memory", "cc");
	expect(checks, debug_log.event[0].dr6 == (DR6_FIXED | DR6_BS | 1),
	      "breakpoint and single step at once: DR6 %p", (void *)debug_log.event[0].dr6);
	write_flags(FLAG_FIXED);
	write_dr7(DR7_FIXED);
}

/* Something to stop at. */
void break_here(void);
void break_shadowed(void);
__asm__(".text\nbreak_here:\n\tincl %ecx\n\tret\n"
	"shadow:\n\tmovl %ss, %eax\n\tmovl %eax, %ss\nbreak_shadowed:\n\tincl %ecx\n\tret");

static void check_instruction_breakpoints(struct checks *checks)
{
	uint32_t runs = 0;

	write_dr2((uintptr_t)break_here);
	debug_begin();
	write_dr7(BREAK(2, BREAK_EXECUTE, 1));
	TRY("call break_here\n\tcall break_here\n\tcall break_here", "+c"(runs) : : "memory", "cc");
	write_dr7(DR7_FIXED);
	trap_handler[VECTOR_DB] = NULL;
	expect_done(checks, "instruction breakpoint");
	expect_equal(checks, runs, 3, "instruction at a breakpoint, goes on each time");
	expect_equal(checks, debug_log.count, 3, "instruction breakpoint: #DB");
	expect_equal(checks, debug_log.event[2].ip, (uintptr_t)break_here, "its address");
	expect_equal(checks, debug_log.event[2].dr6, DR6_FIXED | 4, "its DR6");
	expect_equal(checks, debug_log.event[2].flags & FLAG_RF, 0, "its RF");
	write_dr7(BREAK(2, BREAK_EXECUTE, 1));
	TRY("call break_here", "+c"(runs) : : "memory", "cc");
	write_dr7(DR7_FIXED);
	expect_equal(checks, trap.vector, VECTOR_DB, "instruction breakpoint without a handler");
	expect_equal(checks, runs, 3, "it comes before the instruction");
	write_dr6(DR6_FIXED);
}

/* MOV SS holds them back for one instruction. */
static void check_shadowed_breakpoint(struct checks *checks)
{
	uint32_t runs = 0;

	write_dr2((uintptr_t)break_shadowed);
	debug_begin();
	write_dr7(BREAK(2, BREAK_EXECUTE, 1));
	TRY("call shadow", "+c"(runs) : : "eax", "memory", "cc");
	write_dr7(DR7_FIXED);
	trap_handler[VECTOR_DB] = NULL;
	expect_done(checks, "a breakpoint behind MOV SS");
	expect_equal(checks, runs, 1, "a breakpoint behind MOV SS: the instruction runs");
	test_lenient("breakpoint-shadow");	/* QEMU's TCG does not hold it back */
	expect_equal(checks, debug_log.count, 0, "a breakpoint behind MOV SS: #DB");
	test_lenient(NULL);
}

static void check_debug_registers(struct checks *checks)
{
	debug_begin();
	write_dr7(DR7_FIXED | DR7_GD);
	TRY("mov %%dr0, %0", : "a"((uintptr_t)0) : "memory");
	test_lenient("general-detect");
	EXPECT_STEPS(checks, DR6_BD, "general detect", 0);
	test_lenient(NULL);
	TRY("mov %%dr4, %0", : "a"((uintptr_t)0));
	expect_done(checks, "DR4 is DR6");
	if (cpuid(1, 0).edx & CPUID_1_EDX_DE) {
		write_cr4(read_cr4() | CR4_DE);
		FAULT(VECTOR_UD, 0, ".byte 0x0F, 0x21, 0xE0 # mov from DR4 with CR4.DE");
		FAULT(VECTOR_UD, 0, ".byte 0x0F, 0x21, 0xE8 # mov from DR5 with CR4.DE");
		write_cr4(read_cr4() & ~(uintptr_t)CR4_DE);
	}
}

/* --- double faults, and what only one of the modes has --- */

#if VMM_GUEST_BITS == 64

#define NON_CANONICAL	"$0x8000000000000000"

static uint8_t ist_stack[2048] __attribute__((aligned(16)));

static void check_ist(struct checks *checks)
{
	uintptr_t top = (uintptr_t)ist_stack + sizeof(ist_stack);

	trap_tss.ist[2] = top;
	trap_gate(SOFT_VECTOR, INTERRUPT_GATE, 3);
	FAULT_AT(SOFT_VECTOR, 0, 2, "int $0x30");
	expect_equal(checks, trap.frame, top - sizeof(struct trap_frame) + 32,
		     "the frame on IST 3");
	trap_tss.ist[2] = top - 8;
	FAULT_AT(SOFT_VECTOR, 0, 2, "int $0x30");
	expect_equal(checks, trap.frame, top - 16 - sizeof(struct trap_frame) + 32,
		     "the frame on IST 3, aligned");
	trap_gate(SOFT_VECTOR, INTERRUPT_GATE, 0);
	TRY("mov %%rsp, %%rax\n\tlea -3(%%rsp), %%rsp\n\tint $0x30\n\tmov %%rax, %%rsp"
	   , : : "rax", "memory");
	expect_trap(checks, SOFT_VECTOR, 0, ANYWHERE, "int on an odd stack");
	expect_equal(checks, trap.frame & 15, 0, "the frame is aligned");
	expect_equal(checks, trap.sp, trap.resume_sp - 3, "the odd stack pointer");
}

static void check_double_fault(struct checks *checks)
{
	trap_tss.ist[0] = (uintptr_t)ist_stack + sizeof(ist_stack);
	trap_gate(VECTOR_DF, INTERRUPT_GATE, 1);
	trap_gate(VECTOR_NP, TYPE_INTERRUPT_GATE, 0);
	FAULT_AT(VECTOR_DF, 0, 5, "movl $0x48, %%eax\n\tmovl %%eax, %%ds");
	trap_gate(VECTOR_NP, INTERRUPT_GATE, 0);
	TRY("mov %%rsp, %%rcx\n\tmovabs " NON_CANONICAL ", %%rsp\n\tpush %%rax\n\tmov %%rcx, %%rsp"
	   , : : "rcx", "memory");
	expect_trap(checks, VECTOR_DF, 0, 13, "push on a non-canonical stack");
	trap_gate(VECTOR_DF, INTERRUPT_GATE, 0);
}

static void check_non_canonical(struct checks *checks)
{
	FAULT_AT(VECTOR_GP, 0, 10, "movabs " NON_CANONICAL ", %%rax\n\tmovb (%%rax), %%cl");
	FAULT_AT(VECTOR_GP, 0, 10, "movabs $0x0000800000000000, %%rax\n\tmovb %%cl, (%%rax)");
	FAULT_AT(VECTOR_GP, 0, 10, "movabs $0x00007FFFFFFFFFFE, %%rax\n\tmovl 2(%%rax), %%ecx");
	TRY("push %%rbp\n\tmovabs " NON_CANONICAL ", %%rbp\n\tmovb (%%rbp), %%cl\n\tpop %%rbp"
	   , : : "rcx", "memory");
	test_lenient("stack-canonical");
	expect_trap(checks, VECTOR_SS, 0, 11, "non-canonical stack access");
	test_lenient(NULL);
}

static void check_mode(struct checks *checks)
{
	FAULT(VECTOR_UD, 0, ".byte 0xCE # into");
	FAULT(VECTOR_UD, 0, ".byte 0x06 # push es");
	FAULT(VECTOR_UD, 0, ".byte 0x1F # pop ds");
	FAULT(VECTOR_UD, 0, ".byte 0x27 # daa");
	FAULT(VECTOR_UD, 0, ".byte 0xD4, 0x0A # aam");
	FAULT(VECTOR_UD, 0, ".byte 0x60 # pusha");
	FAULT(VECTOR_UD, 0, ".byte 0x9A # far call");
	FAULT(VECTOR_UD, 0, ".byte 0x82, 0xC0, 0x00");
	check_ist(checks);
	check_non_canonical(checks);
	trap_tss.ist[6] = 0;
	TRY("pushf\n\torl $0x4000, (%%rsp)\n\tpopf\n\tiretq", : : "memory", "cc");
	expect_trap(checks, VECTOR_GP, 0, 9, "IRET with NT");
}

#else

static volatile struct tss32 df_tss;
static uint32_t df_stack[512];

static void make_df_task(void)
{
	df_tss = (struct tss32){
		.ip = trap_entry_of(VECTOR_DF), .flags = FLAG_FIXED,
		/* Something above, which the harness reads as the frame. */
		.sp = (uint32_t)&df_stack[COUNT(df_stack) - 16],
		.es = KERNEL_DS, .cs = KERNEL_CS, .ss = KERNEL_DS, .ds = KERNEL_DS,
		.fs = KERNEL_DS, .gs = KERNEL_DS, .io_map = sizeof(df_tss),
		.cr3 = read_cr3(),
	};
	*gdt_entry(DF_TASK) = segment((uint32_t)&df_tss, sizeof(df_tss) - 1,
				      ACCESS_PRESENT | TYPE_TSS, SIZE_16);
	trap_idt[VECTOR_DF] = gate(DF_TASK, 0, ACCESS_PRESENT | TYPE_TASK_GATE, 0);
}

/* Back to the harness's task. */
static void leave_df_task(void)
{
	*gdt_entry(TASK_SELECTOR) &= ~(2ull << 40);
	__asm__ volatile("ltr %w0\n\tclts" : : "r"(TASK_SELECTOR) : "memory");
	trap_gate(VECTOR_DF, INTERRUPT_GATE, 0);
}

static void check_double_fault(struct checks *checks)
{
	uintptr_t task;

	make_df_task();
	trap_gate(VECTOR_NP, TYPE_INTERRUPT_GATE, 0);
	TRY("movl $0x48, %%eax\n\tmovl %%eax, %%ds", : : "eax", "memory");
	__asm__ volatile("str %0" : "=r"(task));
	leave_df_task();
	trap_gate(VECTOR_NP, INTERRUPT_GATE, 0);
	expect_equal(checks, trap.vector, VECTOR_DF, "double fault through a task gate");
	expect_equal(checks, trap.error, 0, "its error code");
	expect_equal(checks, task, DF_TASK, "its task");
	expect_equal(checks, df_tss.link, TASK_SELECTOR, "its back link");
	expect_equal(checks, trap_tss.ip, trap.start + 5, "EIP in the old task");
	expect_equal(checks, trap_tss.ax, ABSENT, "EAX in the old task");
	expect_equal(checks, trap_tss.cs, KERNEL_CS, "CS in the old task");
}

static void check_mode(struct checks *checks)
{
	static const int32_t bounds[2] = { -2, 5 };

	FAULT_AT(VECTOR_OF, 0, 5, "movb $0x7F, %%al\n\tincb %%al\n\tinto");
	WORKS("xorl %%eax, %%eax\n\tinto");
	TRY("bound %0, %1", : "r"(-3), "m"(bounds));
	expect_trap(checks, VECTOR_BR, 0, 0, "BOUND below");
	TRY("bound %0, %1", : "r"(6), "m"(bounds));
	expect_trap(checks, VECTOR_BR, 0, 0, "BOUND above");
	TRY("bound %0, %1", : "r"(-2), "m"(bounds));
	expect_done(checks, "BOUND, the lower one");
	TRY("bound %0, %1", : "r"(5), "m"(bounds));
	expect_done(checks, "BOUND, the upper one");
	FAULT(VECTOR_UD, 0, ".byte 0x62, 0xC0 # bound of a register");
	FAULT(VECTOR_DE, 0, "aam $0");
	trap_tss.link = 0;
	TRY("pushf\n\torl $0x4000, (%%esp)\n\tpopf\n\tiretl", : : "memory", "cc");
	expect_trap(checks, VECTOR_TS, 0, 9, "IRET with NT and no task to go back to");
}

#endif

int main(void)
{
	struct checks checks = { 0 };

	trap_init();
	add_descriptors();
	check_arithmetic(&checks);
	check_software(&checks);
	check_undefined(&checks);
	check_length(&checks);
	check_privilege(&checks);
	check_selectors(&checks);
	check_control_registers(&checks);
	check_saved_flags(&checks);
	check_gates(&checks);
	check_alignment(&checks);
	check_x87(&checks);
	check_sse(&checks);
	check_steps(&checks);
	check_data_breakpoints(&checks);
	check_instruction_breakpoints(&checks);
	check_shadowed_breakpoint(&checks);
	check_debug_registers(&checks);
	check_mode(&checks);
	check_double_fault(&checks);
	return test_result(&checks, VMM_GUEST_BITS == 64 ? "cpu-exceptions64" : "cpu-exceptions");
}
