/* SPDX-License-Identifier: 0BSD */
/*
 * cpu-fpu.c - the state of x87, SSE and AVX as a kernel handles it: FXSAVE and
 * XSAVE with their layout, lazy switching by #NM, MXCSR and its exceptions,
 * XCR0 (Intel SDM vol. 1, chapters 8, 10.5, 11.5 and 13). For 32 and for 64
 * bits. The guest's C code is compiled without any of it.
 */
#include <vmm/string.h>

#include "cpu/test.h"

#define FXSAVE_SIZE	512u
#define XSAVE_SIZE	1024u	/* x87, SSE and AVX: 832 */

/* Offsets (10.5.1, 13.4). */
#define FX_FCW		0u
#define FX_FSW		2u
#define FX_FTW		4u
#define FX_MXCSR	24u
#define FX_MXCSR_MASK	28u
#define FX_ST(n)	(32u + 16 * (n))
#define FX_XMM(n)	(160u + 16 * (n))
#define XS_BV		512u
#define XS_RESERVED	528u
#define XS_YMM_HIGH(n)	(576u + 16 * (n))

#define MXCSR_DEFAULT	0x1F80u
#define MXCSR_DAZ	0x0040u
#define MXCSR_FTZ	0x8000u
#define XCR0_X87	1u
#define XCR0_SSE	2u
#define XCR0_AVX	4u

static uint8_t area[XSAVE_SIZE] __attribute__((aligned(64)));
static uint8_t other[XSAVE_SIZE] __attribute__((aligned(64)));

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) | (uint32_t)get16(at + 2) << 16;
}

static uint64_t get64(const uint8_t *at)
{
	return get32(at) | (uint64_t)get32(at + 4) << 32;
}

static void fxsave(uint8_t *to)
{
	__asm__ volatile("fxsave (%0)" : : "r"(to) : "memory");
}

static void load_mxcsr(uint32_t value)
{
	__asm__ volatile("ldmxcsr %0" : : "m"(value));
}

static uint32_t store_mxcsr(void)
{
	uint32_t value;

	__asm__ volatile("stmxcsr %0" : "=m"(value));
	return value;
}

/* --- FXSAVE --- */

static void check_fxsave(struct checks *checks)
{
	static const uint8_t pattern[16] = "0123456789abcdef";

	memset(area, 0xEE, sizeof(area));
	load_mxcsr(MXCSR_DEFAULT | 0x6000);
	__asm__ volatile("fninit\n\tfld1\n\tfldpi\n\tmovups %0, %%xmm0\n\tmovups %0, %%xmm7\n\t"
			 "pxor %%xmm1, %%xmm1" : : "m"(pattern));
	fxsave(area);
	expect_equal(checks, get16(area + FX_FCW), 0x37F, "FCW");
	expect_equal(checks, get16(area + FX_FSW) >> 11 & 7, 6, "TOP");
	expect_equal(checks, area[FX_FTW], 0xC0, "the tags");
	expect_equal(checks, get32(area + FX_MXCSR), MXCSR_DEFAULT | 0x6000, "MXCSR");
	expect_equal(checks, get32(area + FX_MXCSR_MASK) & 0xFFBF, 0xFFBF, "MXCSR_MASK");
	expect_equal(checks, get64(area + FX_ST(0)), 0xC90FDAA22168C235, "pi in ST(0)");
	expect_equal(checks, get16(area + FX_ST(0) + 8), 0x4000, "pi's exponent");
	expect_equal(checks, get64(area + FX_ST(1)), 0x8000000000000000, "1 in ST(1)");
	expect_equal(checks, get16(area + FX_ST(1) + 8), 0x3FFF, "its exponent");
	expect(checks, !memcmp(area + FX_XMM(0), pattern, 16), "XMM0 in FXSAVE");
	expect(checks, !memcmp(area + FX_XMM(7), pattern, 16), "XMM7 in FXSAVE");
	expect_equal(checks, get64(area + FX_XMM(1)), 0, "XMM1 in FXSAVE");
	/* Changed in memory, restored, saved again. */
	memset(area + FX_XMM(2), 0xA5, 16);
	area[FX_FTW] = 0x80;
	__asm__ volatile("fninit\n\tfxrstor (%0)" : : "r"(area) : "memory");
	memset(other, 0, sizeof(other));
	fxsave(other);
	expect_equal(checks, get64(other + FX_XMM(2)), 0xA5A5A5A5A5A5A5A5, "XMM2 after FXRSTOR");
	expect_equal(checks, other[FX_FTW], 0x80, "the tags after FXRSTOR");
	expect_equal(checks, get16(other + FX_FSW) >> 11 & 7, 6, "TOP after FXRSTOR");
	expect_equal(checks, get64(other + FX_ST(1)), 0x8000000000000000, "ST(1) after FXRSTOR");
#if VMM_GUEST_BITS == 64
	__asm__ volatile("movups %0, %%xmm15" : : "m"(pattern));
	fxsave(area);
	expect(checks, !memcmp(area + FX_XMM(15), pattern, 16), "XMM15 in FXSAVE");
#endif
}

static void check_fxsave_faults(struct checks *checks)
{
	const uint32_t reserved = MXCSR_DEFAULT | 0x10000;

	test_lenient("mxcsr");	/* QEMU's TCG does not look */
	TRY("fxsave 8(%0)", : "b"(area) : "memory");
	expect_trap(checks, VECTOR_GP, 0, 0, "FXSAVE to what is not aligned");
	TRY("ldmxcsr (%0)", : "b"(&reserved) : "memory");
	expect_trap(checks, VECTOR_GP, 0, 0, "LDMXCSR of a reserved bit");
	fxsave(area);
	area[FX_MXCSR + 2] = 1;
	TRY("fxrstor (%0)", : "b"(area) : "memory");
	expect_trap(checks, VECTOR_GP, 0, 0, "FXRSTOR of a reserved bit");
	test_lenient(NULL);
	load_mxcsr(MXCSR_DEFAULT);
	write_cr0(read_cr0() | CR0_TS);
	TRY("fxsave (%0)", : "b"(area) : "memory");
	expect_trap(checks, VECTOR_NM, 0, 0, "FXSAVE with TS");
	TRY("stmxcsr (%0)", : "b"(area) : "memory");
	expect_trap(checks, VECTOR_NM, 0, 0, "STMXCSR with TS");
	TRY("clts\n\tfxsave (%0)", : "b"(area) : "memory");
	expect_done(checks, "FXSAVE after CLTS");
}

/* FNSTENV in 32-bit form: seven double words, and the tags in full. */
static void check_environment(struct checks *checks)
{
	uint32_t environment[7];
	uint16_t status = 0;

	__asm__ volatile("fninit\n\tfldz\n\tfld1\n\tfnstenv %0\n\tfnstsw %1"
			 : "=m"(environment), "=a"(status) : : "memory");
	expect_equal(checks, environment[0] & 0xFFFF, 0x37F, "FCW in FNSTENV");
	expect_equal(checks, environment[1] & 0xFFFF, 0x3000, "FSW in FNSTENV");
	expect_equal(checks, environment[2] & 0xFFFF, 0x4FFF, "the tags in FNSTENV");
	expect_equal(checks, status, 0x3000, "FNSTSW");
	environment[1] = 0x0000;
	environment[2] = 0xFFFF;
	__asm__ volatile("fldenv %1\n\tfnstsw %0" : "=a"(status) : "m"(environment));
	expect_equal(checks, status, 0, "FNSTSW after FLDENV");
}

/* --- lazy switching --- */

#define TASKS	2
#define STEPS	20

static struct {
	uint8_t state[TASKS][FXSAVE_SIZE] __attribute__((aligned(16)));
	volatile unsigned int current, owner, switches;
} lazy;

/* #NM: the state in the processor is another task's. */
static bool switch_state(struct trap_frame *frame)
{
	(void)frame;
	__asm__ volatile("clts");
	fxsave(lazy.state[lazy.owner]);
	__asm__ volatile("fxrstor (%0)" : : "r"(lazy.state[lazy.current]) : "memory");
	lazy.owner = lazy.current;
	lazy.switches++;
	return true;
}

/* Adds to what the task has in ST(0) and in XMM3. */
static void task_step(unsigned int task)
{
	static const uint32_t summands[TASKS] = { 3, 1000 };

	__asm__ volatile("fiaddl %0\n\tmovd %0, %%xmm4\n\tpaddd %%xmm4, %%xmm3"
			 : : "m"(summands[task]));
}

static void check_lazy(struct checks *checks)
{
	uint32_t x87 = 0, sse = 0;

	__asm__ volatile("fninit\n\tfldz\n\tpxor %xmm3, %xmm3");
	for (unsigned int task = 0; task < TASKS; task++)
		fxsave(lazy.state[task]);
	trap_handler[VECTOR_NM] = switch_state;
	for (unsigned int i = 0; i < TASKS * STEPS; i++) {
		lazy.current = i % TASKS;
		if (lazy.current != lazy.owner)
			write_cr0(read_cr0() | CR0_TS);
		task_step(lazy.current);
		task_step(lazy.current);
	}
	expect_equal(checks, lazy.switches, TASKS * STEPS - 1, "#NM");
	for (unsigned int task = 0; task < TASKS; task++) {
		lazy.current = task;
		write_cr0(read_cr0() | CR0_TS);
		__asm__ volatile("fistl %0\n\tmovd %%xmm3, %1" : "=m"(x87), "=m"(sse));
		expect_equal(checks, x87, 2 * STEPS * (task ? 1000 : 3), "a task's ST(0)");
		expect_equal(checks, sse, 2 * STEPS * (task ? 1000 : 3), "a task's XMM3");
	}
	trap_handler[VECTOR_NM] = NULL;
	__asm__ volatile("clts\n\tfninit");
}

/* --- MXCSR --- */

/* One operation for each exception: dividend and divisor in single precision. */
static const struct {
	uint32_t left, right;
	uint32_t flags;		/* as in MXCSR */
	uint32_t masked;	/* the result */
	const char *name;
} operations[] = {
	{ 0x00000000, 0x00000000, 0x01, 0xFFC00000, "0 / 0: invalid" },
	{ 0x3F800000, 0x00000000, 0x04, 0x7F800000, "1 / 0: by zero" },
	{ 0x7F7FFFFF, 0x3F000000, 0x28, 0x7F800000, "the largest / 0.5: overflow" },
	{ 0x00800000, 0x40400000, 0x30, 0x002AAAAB, "the smallest / 3: underflow" },
	{ 0x3F800000, 0x40400000, 0x20, 0x3EAAAAAB, "1 / 3: inexact" },
	{ 0x00000001, 0x3F800000, 0x02, 0x00000001, "the smallest denormal / 1: denormal" },
};

static uint32_t divide(uint32_t left, uint32_t right)
{
	TRY("movd %1, %%xmm0\n\tmovd %2, %%xmm1\n\tdivss %%xmm1, %%xmm0\n\tmovd %%xmm0, %0"
	    , "=r"(left) : "0"(left), "r"(right));
	return left;
}

static void check_mxcsr(struct checks *checks)
{
	for (unsigned int i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		uint32_t result;

		load_mxcsr(MXCSR_DEFAULT);
		result = divide(operations[i].left, operations[i].right);
		expect_equal(checks, result, operations[i].masked, operations[i].name);
		/* QEMU's TCG has neither this flag nor #XM. */
		test_lenient(operations[i].flags == 2 ? "denormal" : NULL);
		expect_equal(checks, store_mxcsr() & 0x3F, operations[i].flags, operations[i].name);
		load_mxcsr(MXCSR_DEFAULT & ~(operations[i].flags << 7));
		divide(operations[i].left, operations[i].right);
		test_lenient("xm");
		expect_trap(checks, VECTOR_XM, 0, ANYWHERE, operations[i].name);
		expect(checks, store_mxcsr() & operations[i].flags, "%s: no flag set by #XM",
		       operations[i].name);
		test_lenient(NULL);
	}
	/* Rounding of 1 / 3: down, up, to zero; and of -1 / 3. */
	load_mxcsr(MXCSR_DEFAULT | 0x2000);
	expect_equal(checks, divide(0x3F800000, 0x40400000), 0x3EAAAAAA, "1 / 3 rounded down");
	expect_equal(checks, divide(0xBF800000, 0x40400000), 0xBEAAAAAB, "-1 / 3 rounded down");
	load_mxcsr(MXCSR_DEFAULT | 0x4000);
	expect_equal(checks, divide(0x3F800000, 0x40400000), 0x3EAAAAAB, "1 / 3 rounded up");
	load_mxcsr(MXCSR_DEFAULT | 0x6000);
	expect_equal(checks, divide(0xBF800000, 0x40400000), 0xBEAAAAAA, "-1 / 3 rounded to zero");
	load_mxcsr(MXCSR_DEFAULT | MXCSR_DAZ);
	expect_equal(checks, divide(0x00000001, 0x3F800000), 0, "a denormal with DAZ");
	load_mxcsr(MXCSR_DEFAULT | MXCSR_FTZ);
	expect_equal(checks, divide(0x00800000, 0x40400000), 0, "an underflow with FTZ");
	load_mxcsr(MXCSR_DEFAULT);
}

/* --- #MF: pending until the next waiting instruction --- */

static void check_x87_exceptions(struct checks *checks)
{
	static const uint16_t unmasked = 0x340, overflow_only = 0x377;
	uint16_t status = 0;

	TRY("fninit\n\tfldcw %1\n\tfld1\n\tfldz\n\tfdivrp\n\tfnstsw %%ax\n\tfnstsw %%ax"
	    , "=a"(status) : "m"(unmasked));
	expect_done(checks, "FNSTSW with an exception pending");
	expect_equal(checks, status & 0x80FF, 0x8084, "FSW with a division by 0 pending");
	test_lenient("x87-pending");	/* QEMU's TCG leaves it to FWAIT, and has no empty registers */
	TRY("fldz", :);
	expect_trap(checks, VECTOR_MF, 0, 0, "FLDZ with an exception pending");
	test_lenient(NULL);
	TRY("fnclex\n\tfldz", :);
	expect_done(checks, "FLDZ after FNCLEX");
	TRY("fninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait", : "m"(overflow_only));
	expect_done(checks, "a masked division by 0");
	TRY("fninit\n\tfldcw %1\n\tfstp %%st(0)\n\tfnstsw %%ax", "=a"(status) : "m"(unmasked));
	test_lenient("x87-empty");
	expect_equal(checks, status & 0xFF, 0xC1, "FSW after a stack underflow");
	test_lenient(NULL);
	TRY("fninit", :);
}

/* --- XSAVE --- */

#define XSETBV(value)	TRY("xsetbv", : "c"(0), "a"(value), "d"(0) : "memory")

/* Returns whether AVX can be used. */
static bool check_xcr0(struct checks *checks, bool avx)
{
	uint32_t value = 0;

	TRY("xgetbv", : "c"(0) : "eax", "edx");
	expect_trap(checks, VECTOR_UD, 0, 0, "XGETBV without CR4.OSXSAVE");
	TRY("xsave (%0)", : "b"(area), "a"(7), "d"(0) : "memory");
	expect_trap(checks, VECTOR_UD, 0, 0, "XSAVE without CR4.OSXSAVE");
	write_cr4(read_cr4() | CR4_OSXSAVE);
	expect(checks, cpuid(1, 0).ecx & 1u << 27, "CPUID does not tell of CR4.OSXSAVE");
	TRY("xgetbv", "=a"(value) : "c"(0) : "edx");
	expect_equal(checks, value, XCR0_X87, "XCR0 at first");
	XSETBV(0);
	expect_trap(checks, VECTOR_GP, 0, 0, "XCR0 without x87");
	XSETBV(XCR0_X87 | XCR0_AVX);
	test_lenient("xcr0-avx");	/* QEMU's TCG does not look */
	expect_trap(checks, VECTOR_GP, 0, 0, "XCR0 with AVX and without SSE");
	test_lenient(NULL);
	XSETBV(XCR0_X87 | 1u << 31);
	expect_trap(checks, VECTOR_GP, 0, 0, "XCR0 with a reserved bit");
	TRY_USER("xsetbv", : "c"(0), "a"(1), "d"(0));
	expect_trap(checks, VECTOR_GP, 0, 0, "ring 3: XSETBV");
	XSETBV(XCR0_X87 | XCR0_SSE);
	expect_done(checks, "XCR0 with x87 and SSE");
	if (!avx)
		return false;
	FAULT(VECTOR_UD, 0, "vzeroupper");
	XSETBV(XCR0_X87 | XCR0_SSE | XCR0_AVX);
	expect_done(checks, "XCR0 with x87, SSE and AVX");
	/*
	 * KVM under QEMU's TCG does not see XSETBV, and changes XCR0 back at its next
	 * exit: for CPUID below at the latest, for an interrupt of its host at any time.
	 */
	test_lenient("kvm-xcr0");
	TRY_USER("xgetbv", "=a"(value) : "c"(0) : "edx");
	expect_equal(checks, value, 7, "ring 3: XGETBV");
	WORKS("vzeroupper");
	expect_equal(checks, cpuid(0xD, 2).ebx, 576, "the place of AVX in CPUID");
	expect_equal(checks, cpuid(0xD, 0).ebx, 832, "the size in CPUID");
	TRY("xgetbv", "=a"(value) : "c"(0) : "edx");
	expect_equal(checks, value, 7, "XCR0, some time later");
	test_lenient(NULL);
	return value == 7;
}

static void xsave(uint8_t *to, uint32_t mask)
{
	__asm__ volatile("xsave (%0)" : : "r"(to), "a"(mask), "d"(0) : "memory");
}

static void xrstor(const uint8_t *from, uint32_t mask)
{
	TRY("xrstor (%0)", : "b"(from), "a"(mask), "d"(0) : "memory");
}

static void check_xsave(struct checks *checks)
{
	static uint8_t pattern[32];

	for (unsigned int i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(i * 7 + 1);
	__asm__ volatile("fninit\n\tfldpi\n\tvmovups %0, %%ymm3" : : "m"(pattern));
	memset(area, 0, sizeof(area));
	xsave(area, XCR0_X87 | XCR0_SSE | XCR0_AVX);
	expect_equal(checks, get64(area + XS_BV), 7, "XSTATE_BV");
	expect(checks, !memcmp(area + FX_XMM(3), pattern, 16), "the lower half of YMM3");
	expect(checks, !memcmp(area + XS_YMM_HIGH(3), pattern + 16, 16), "the upper half of YMM3");
	expect_equal(checks, get64(area + FX_ST(0)), 0xC90FDAA22168C235, "pi in ST(0)");
	/* One component only: the others' places stay as they are. */
	memset(other, 0xEE, sizeof(other));
	memset(other + XS_BV, 0, 64);
	xsave(other, XCR0_SSE);
	expect_equal(checks, get64(other + XS_BV), XCR0_SSE, "XSTATE_BV with SSE only");
	expect_equal(checks, get64(other + FX_ST(0)), 0xEEEEEEEEEEEEEEEE, "x87 not asked for");
	expect_equal(checks, get64(other + XS_YMM_HIGH(3)), 0xEEEEEEEEEEEEEEEE,
		     "AVX not asked for");
	/* Restored: all; then AVX as after reset; then not at all. */
	__asm__ volatile("fninit\n\tvxorps %ymm3, %ymm3, %ymm3");
	xrstor(area, 7);
	expect_done(checks, "XRSTOR");
	xsave(other, 7);
	expect(checks, !memcmp(other + XS_YMM_HIGH(3), pattern + 16, 16), "YMM3 after XRSTOR");
	area[XS_BV] = XCR0_X87 | XCR0_SSE;
	xrstor(area, 7);
	memset(other + 576, 0, 256);
	xsave(other, 7);
	expect_equal(checks, get64(other + XS_YMM_HIGH(3)), 0, "the upper half, not in XSTATE_BV");
	expect(checks, !memcmp(other + FX_XMM(3), pattern, 16), "the lower half, in XSTATE_BV");
	memset(area + FX_XMM(3), 0, 16);
	xrstor(area, XCR0_X87);
	xsave(other, 7);
	expect(checks, !memcmp(other + FX_XMM(3), pattern, 16), "the lower half, not asked for");
	test_lenient("xrstor");	/* QEMU's TCG does not look at all of these */
	area[XS_BV] = 0x80;
	xrstor(area, 7);
	expect_trap(checks, VECTOR_GP, 0, 0, "XRSTOR of an unknown component");
	area[XS_BV] = 7;
	area[XS_RESERVED] = 1;
	xrstor(area, 7);
	expect_trap(checks, VECTOR_GP, 0, 0, "XRSTOR with a reserved byte");
	xrstor(area + 16, 7);
	expect_trap(checks, VECTOR_GP, 0, 0, "XRSTOR from what is not aligned");
	test_lenient(NULL);
}

static void check_extended(struct checks *checks)
{
	uint32_t features = cpuid(1, 0).ecx;
	bool avx = features & CPUID_1_ECX_AVX;

	if (!(features & CPUID_1_ECX_XSAVE)) {
		test_skip("XSAVE", "CPUID");
		return;
	}
	if (check_xcr0(checks, avx))
		check_xsave(checks);
	else
		test_skip("AVX", "CPUID");
}

int main(void)
{
	const uint32_t needed = CPUID_1_EDX_FPU | CPUID_1_EDX_FXSR | CPUID_1_EDX_SSE;
	const char *name = VMM_GUEST_BITS == 64 ? "cpu-fpu64" : "cpu-fpu";
	struct checks checks = { 0 };

	trap_init();
	if ((cpuid(1, 0).edx & needed) != needed) {
		test_skip("everything", "no FPU with FXSAVE and SSE");
		return test_result(&checks, name);
	}
	write_cr0((read_cr0() | CR0_MP | CR0_NE) & ~(uintptr_t)(CR0_EM | CR0_TS));
	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
	check_fxsave(&checks);
	check_fxsave_faults(&checks);
	check_environment(&checks);
	check_lazy(&checks);
	check_mxcsr(&checks);
	check_x87_exceptions(&checks);
	check_extended(&checks);
	return test_result(&checks, name);
}
