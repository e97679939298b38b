/* SPDX-License-Identifier: 0BSD */
/*
 * cpu-syscall.c - ways into the kernel and back, in 64-bit mode with programs of
 * 64 and of 32 bits: SYSCALL and SYSRET, SYSENTER and SYSEXIT, INT 0x80, IRET;
 * SWAPGS, the bases of FS and GS, and the MSRs of all this (Intel SDM vol. 3,
 * 5.8.7 and 5.8.8, and vol. 2; AMD APM vol. 2, 6.1).
 */
#include "cpu/test.h"

#define STAR_VALUE	((uint64_t)(0x18 | 3) << 48 | (uint64_t)KERNEL_CS << 32)
#define SYSTEM_VECTOR	0x80
#define AMD_EBX		0x68747541	/* "Auth", of leaf 0 */
#define NON_CANONICAL	0x0000800000000000ul

/* What the kernel found when it was called. */
static volatile struct {
	uint64_t cx, r11, flags, cs, ss, sp;
} seen;

static volatile uint64_t entry_stack[64];

/* The kernel's ends of SYSCALL and SYSENTER. */
void syscall_entry(void);
void syscall_entry32(void);
void sysenter_entry(void);
__asm__(".text\n"
	".macro look\n"
	"	movq	%rcx, seen\n"
	"	movq	%r11, seen+8\n"
	"	movq	%rsp, seen+40\n"
	"	movq	$entry_stack+512, %rsp\n"
	"	pushfq\n"
	"	popq	seen+16\n"
	"	movq	%cs, %rax\n"
	"	movq	%rax, seen+24\n"
	"	movq	%ss, %rax\n"
	"	movq	%rax, seen+32\n"
	"	movq	seen+40, %rsp\n"
	".endm\n"
	"syscall_entry:\n"
	"	look\n"
	"	sysretq\n"
	"syscall_entry32:\n"
	"	look\n"
	"	sysretl\n"
	/* By convention here: RDX where to go back to, RCX the stack pointer. */
	"sysenter_entry:\n"
	"	look\n"
	"	sysexitq");

/* --- SYSCALL, SYSRET --- */

#define FLAGS_MASKED	(FLAG_IF | FLAG_DF | FLAG_TF | FLAG_AC)

static void set_syscall(void (*entry)(void))
{
	write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_SCE);
	write_msr(MSR_STAR, STAR_VALUE);
	write_msr(MSR_LSTAR, (uint64_t)entry);
	write_msr(MSR_CSTAR, (uint64_t)entry);
	write_msr(MSR_FMASK, FLAGS_MASKED);
}

static void check_syscall(struct checks *checks)
{
	uint64_t cx = 0, r11 = 0, cs = 0, ss = 0;

	FAULT(VECTOR_UD, 0, "syscall");
	set_syscall(syscall_entry);
	trap_user_flags = FLAG_FIXED | FLAG_AC | FLAG_CF;
	TRY_USER("syscall\n\tmovq %%rcx, %%rbx\n\tmovq %%cs, %%rdi\n\tmovq %%ss, %%rsi\n\t"
	    "movq %%r11, %%rdx"
		 , "=b"(cx), "=d"(r11), "=D"(cs), "=S"(ss)
		 : : "rax", "rcx", "r11", "memory", "cc");
	expect_done(checks, "SYSCALL and SYSRET");
	expect_equal(checks, cx, trap.start + 2, "RCX after SYSCALL");
	expect_equal(checks, seen.r11, FLAG_FIXED | FLAG_AC | FLAG_CF, "R11 after SYSCALL");
	test_lenient(seen.flags == FLAG_FIXED ? "syscall-flags" : NULL);	/* QEMU's TCG loses CF */
	expect_equal(checks, seen.flags, FLAG_FIXED | FLAG_CF, "flags after SYSCALL");
	test_lenient(NULL);
	expect_equal(checks, seen.cs, KERNEL_CS, "CS after SYSCALL");
	expect_equal(checks, seen.ss, KERNEL_DS, "SS after SYSCALL");
	expect_equal(checks, seen.sp, (uintptr_t)trap_user_stack + TRAP_STACK_SIZE,
		     "RSP after SYSCALL");
	expect_equal(checks, cs, USER_CS64, "CS after SYSRET");
	expect_equal(checks, ss, USER_DS, "SS after SYSRET");
	expect_equal(checks, trap.flags, FLAG_FIXED | FLAG_AC | FLAG_CF, "flags after SYSRET");
	trap_user_flags = FLAG_FIXED;
	USER_FAULT(VECTOR_GP, 0, "sysretq");
}

/* SYSRET to a program of 32 bits: there 0x48 is DEC EAX, here a prefix of NOP. */
static void check_sysret32(struct checks *checks)
{
	uint64_t ax = 0, cs = 0;

	set_syscall(syscall_entry32);
	TRY_USER("syscall\n\tmovl $5, %%eax\n\t.byte 0x48, 0x90\n\tmovl %%cs, %%edi"
		 , "=&a"(ax), "=D"(cs) : : "rcx", "rdx", "r11", "memory", "cc");
	expect_done(checks, "SYSRET to 32 bits");
	expect_equal(checks, ax, 4, "code of 32 bits");
	expect_equal(checks, cs, USER_CS32, "CS after SYSRET to 32 bits");
}

/* From 32 bits only AMD's processors know it. */
static void check_syscall32(struct checks *checks, bool amd)
{
	uint32_t cx = 0;

	set_syscall(syscall_entry32);
	TRY_USER_CS(USER_CS32, ".code32\n\tsyscall\n\t.code64", "=c"(cx)
		    : : "rax", "rdx", "r11", "memory", "cc");
	if (amd) {
		expect_done(checks, "SYSCALL from 32 bits");
		expect_equal(checks, cx, trap.start + 2, "ECX after SYSCALL from 32 bits");
		expect_equal(checks, seen.cs, KERNEL_CS, "CS after SYSCALL from 32 bits");
	} else {
		test_lenient("syscall32");	/* QEMU's TCG has it for all */
		expect_trap(checks, VECTOR_UD, 0, 0, "SYSCALL from 32 bits");
		test_lenient(NULL);
	}
	write_msr(MSR_EFER, read_msr(MSR_EFER) & ~(uint64_t)EFER_SCE);
	USER_FAULT(VECTOR_UD, 0, "syscall");
}

/* --- SYSENTER, SYSEXIT --- */

static void check_sysenter(struct checks *checks)
{
	uint64_t cs = 0, ss = 0;

	write_msr(MSR_SYSENTER_CS, 0);
	USER_FAULT(VECTOR_GP, 0, "sysenter");
	write_msr(MSR_SYSENTER_CS, KERNEL_CS);
	write_msr(MSR_SYSENTER_ESP, (uint64_t)(entry_stack + 32));
	write_msr(MSR_SYSENTER_EIP, (uint64_t)sysenter_entry);
	trap_user_flags = FLAG_FIXED | FLAG_IF | FLAG_CF;
	TRY_USER("leaq 1f, %%rdx\n\tmovq %%rsp, %%rcx\n\tsysenter\n\tud2\n1:\tmovq %%cs, %%rdi\n\t"
	    "movq %%ss, %%rsi"
		 , "=D"(cs), "=S"(ss) : : "rax", "rcx", "rdx", "memory", "cc");
	trap_user_flags = FLAG_FIXED;
	expect_done(checks, "SYSENTER and SYSEXIT");
	expect_equal(checks, seen.cs, KERNEL_CS, "CS after SYSENTER");
	expect_equal(checks, seen.ss, KERNEL_DS, "SS after SYSENTER");
	expect_equal(checks, seen.sp, (uint64_t)(entry_stack + 32), "RSP after SYSENTER");
	expect_equal(checks, seen.flags & FLAG_IF, 0, "IF after SYSENTER");
	expect_equal(checks, cs, USER_CS64, "CS after SYSEXIT");
	expect_equal(checks, ss, USER_DS64, "SS after SYSEXIT");
	USER_FAULT(VECTOR_GP, 0, "sysexitq");
}

/* AMD's processors do not know it in long mode. */
static void check_no_sysenter(struct checks *checks)
{
	USER_FAULT(VECTOR_UD, 0, "sysenter");
	test_lenient("sysexit");	/* KVM makes it #GP */
	FAULT(VECTOR_UD, 0, "sysexitq");
	test_lenient(NULL);
}

/* --- INT, and programs of 32 bits --- */

static void check_int(struct checks *checks)
{
	uint64_t ax = 0;

	trap_gate(SYSTEM_VECTOR, ACCESS_PRESENT | TYPE_INTERRUPT_GATE | ACCESS_DPL(3), 0);
	TRY_USER("int $0x80", : : "memory");
	expect_trap(checks, SYSTEM_VECTOR, 0, 2, "INT 0x80 from 64 bits");
	expect_equal(checks, trap.cs, USER_CS64, "CS saved from 64 bits");
	expect_equal(checks, trap.ss, USER_DS, "SS saved from 64 bits");
	TRY_USER_CS(USER_CS32, ".code32\n\tint $0x80\n\t.code64", : : "memory");
	expect_trap(checks, SYSTEM_VECTOR, 0, 2, "INT 0x80 from 32 bits");
	expect_equal(checks, trap.cs, USER_CS32, "CS saved from 32 bits");
	/* Code of 32 bits: DEC EAX, a push of 4 bytes, addresses of 32 bits, no R8. */
	TRY_USER_CS(USER_CS32, ".code32\n\tmovl $7, %%eax\n\tdecl %%eax\n\tpushl %%eax\n\t"
	    "movl %%esp, %%edx\n\t"
		    "popl %%ecx\n\tinto\n\taddl %%ecx, %%eax\n\tud2\n\t.code64"
		    , "=a"(ax) : : "rcx", "rdx", "memory", "cc");
	expect_trap(checks, VECTOR_UD, 0, ANYWHERE, "code of 32 bits");
	expect_equal(checks, ax, 12, "code of 32 bits");
	TRY_USER_CS(USER_CS32, ".code32\n\tmovl $0x23, %%eax\n\tmovl %%eax, %%ds\n\t"
		    "movl $0xFFFFFFF0, %%ebx\n\tmovl seen+0x10(%%ebx), %%ecx\n\t.code64"
		   , : : "rax", "rbx", "rcx", "memory");
	expect_done(checks, "an address of 32 bits that wraps");
	TRY_USER_CS(USER_CS32, ".code32\n\tmovl (%%ebx), %%ecx\n\t.code64"
		   , : "b"(&seen) : "rcx", "memory");
	test_lenient("null-data");	/* QEMU's TCG does not look */
	expect_trap(checks, VECTOR_GP, 0, 0, "DS of null in code of 32 bits");
	test_lenient(NULL);
}

/* --- SWAPGS, bases --- */

static volatile uint64_t areas[3] = { 0x1111, 0x2222, 0x3333 };

static uint64_t read_gs(void)
{
	uint64_t value;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(value));
	return value;
}

static uint64_t read_fs(void)
{
	uint64_t value;

	__asm__ volatile("movq %%fs:0, %0" : "=r"(value));
	return value;
}

static void check_swapgs(struct checks *checks)
{
	write_msr(MSR_GS_BASE, (uint64_t)&areas[0]);
	write_msr(MSR_KERNEL_GS_BASE, (uint64_t)&areas[1]);
	expect_equal(checks, read_gs(), 0x1111, "GS");
	WORKS("swapgs");
	expect_equal(checks, read_gs(), 0x2222, "GS after SWAPGS");
	expect_equal(checks, read_msr(MSR_GS_BASE), (uint64_t)&areas[1], "its base");
	expect_equal(checks, read_msr(MSR_KERNEL_GS_BASE), (uint64_t)&areas[0], "the other base");
	WORKS("swapgs");
	expect_equal(checks, read_gs(), 0x1111, "GS after SWAPGS twice");
	USER_FAULT(VECTOR_GP, 0, "swapgs");
	TRY_USER_CS(USER_CS32, ".code32\n\t.byte 0x0F, 0x01, 0xF8\n\t.code64", : : "memory");
	expect_trap(checks, VECTOR_UD, 0, 0, "SWAPGS in 32 bits");
}

static void check_bases(struct checks *checks)
{
	write_msr(MSR_FS_BASE, (uint64_t)&areas[2]);
	expect_equal(checks, read_fs(), 0x3333, "FS");
	*gdt_entry(SPARE) = segment((uint32_t)(uintptr_t)&areas[1], LIMIT_FLAT, DATA_SEGMENT,
	    SIZE_32 | SIZE_PAGES);
	TRY("movw %w0, %%fs", : "r"(SPARE));
	expect_equal(checks, read_fs(), 0x2222, "FS, loaded from a descriptor");
	expect_equal(checks, read_msr(MSR_FS_BASE), (uint64_t)&areas[1], "its base");
	/* Those of the others do not count. */
	TRY("movw %w0, %%ds", : "r"(SPARE));
	TRY("movq %%ds:0(%1), %0", "=r"(areas[0]) : "r"(&areas[2]));
	expect_equal(checks, areas[0], 0x3333, "DS with a base");
	__asm__ volatile("movw %w0, %%ds" : : "r"(KERNEL_DS) : "memory");
}

static void check_msrs(struct checks *checks)
{
	static const uint32_t canonical[] = {
		MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE, MSR_LSTAR, MSR_CSTAR,
	};

	for (unsigned int i = 0; i < sizeof(canonical) / sizeof(canonical[0]); i++) {
		write_msr(canonical[i], 0xFFFF800000001234);
		expect_equal(checks, read_msr(canonical[i]), 0xFFFF800000001234, "an MSR");
		TRY("wrmsr", : "c"(canonical[i]), "a"((uint32_t)NON_CANONICAL),
		    "d"((uint32_t)(NON_CANONICAL >> 32)) : "memory");
		test_lenient("canonical-msr");	/* QEMU's TCG does not look */
		expect_trap(checks, VECTOR_GP, 0, 0, "an MSR with an address that is none");
		test_lenient(NULL);
	}
	write_msr(MSR_STAR, STAR_VALUE);
	expect_equal(checks, read_msr(MSR_STAR), STAR_VALUE, "STAR");
	write_msr(MSR_FMASK, FLAGS_MASKED);
	expect_equal(checks, read_msr(MSR_FMASK), FLAGS_MASKED, "FMASK");
}

static void check_fsgsbase(struct checks *checks)
{
	uint64_t base = 0;

	FAULT(VECTOR_UD, 0, "rdfsbase %%rax");
	if (!(cpuid_7_ebx() & CPUID_7_EBX_FSGSBASE)) {
		test_skip("RDFSBASE", "CPUID");
		return;
	}
	write_cr4(read_cr4() | CR4_FSGSBASE);
	TRY_USER("wrfsbase %1\n\trdfsbase %0\n\twrgsbase %1",
	    "=&a"(base) : "d"(&areas[2]) : "memory");
	expect_done(checks, "WRFSBASE at ring 3");
	expect_equal(checks, base, (uint64_t)&areas[2], "RDFSBASE");
	expect_equal(checks, read_fs(), 0x3333, "FS after WRFSBASE");
	expect_equal(checks, read_gs(), 0x3333, "GS after WRGSBASE");
	TRY("wrfsbase %0", : "a"(NON_CANONICAL));
	test_lenient("canonical-base");
	expect_trap(checks, VECTOR_GP, 0, 0, "WRFSBASE of an address that is none");
	test_lenient(NULL);
	TRY_USER_CS(USER_CS32, ".code32\n\t.byte 0xF3, 0x0F, 0xAE, 0xC0\n\t.code64", : : "rax");
	expect_trap(checks, VECTOR_UD, 0, 0, "RDFSBASE in 32 bits");
	write_cr4(read_cr4() & ~(uintptr_t)CR4_FSGSBASE);
}

int main(void)
{
	struct checks checks = { 0 };
	bool amd = cpuid(0, 0).ebx == AMD_EBX;

	trap_init();
	check_syscall(&checks);
	check_sysret32(&checks);
	check_syscall32(&checks, amd);
	if (amd)
		check_no_sysenter(&checks);
	else
		check_sysenter(&checks);
	check_int(&checks);
	check_swapgs(&checks);
	check_bases(&checks);
	check_msrs(&checks);
	check_fsgsbase(&checks);
	return test_result(&checks, "cpu-syscall");
}
