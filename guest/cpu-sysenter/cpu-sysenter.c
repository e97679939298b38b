/* SPDX-License-Identifier: 0BSD */
/*
 * cpu-sysenter.c - fast system calls in protected mode: SYSENTER and SYSEXIT, which
 * all processors have there, and AMD's SYSCALL and SYSRET (Intel SDM vol. 2; AMD APM
 * vol. 3, by their names). In long mode: cpu-syscall.
 */
#include "cpu/test.h"

#define AMD_EBX		0x68747541	/* "Auth", of leaf 0 */
#define STAR_SELECTORS	((uint64_t)(0x18 | 3) << 16 | KERNEL_CS)	/* its upper half */

/* What the kernel found when it was called. */
static volatile struct {
	uint32_t flags, cs, ss, sp, cx;
} seen;

static volatile uint32_t entry_stack[64];

/* The kernel's ends. For SYSEXIT: EDX where to go back to, ECX the stack pointer. */
void sysenter_entry(void);
void syscall_entry(void);
__asm__(".text\n"
	".macro look\n"
	"	movl	%esp, seen+12\n"
	"	movl	%ecx, seen+16\n"
	"	movl	$entry_stack+256, %esp\n"
	"	pushfl\n"
	"	popl	seen\n"
	"	movl	%cs, %eax\n"
	"	movl	%eax, seen+4\n"
	"	movl	%ss, %eax\n"
	"	movl	%eax, seen+8\n"
	"	movl	seen+12, %esp\n"
	".endm\n"
	"sysenter_entry:\n"
	"	look\n"
	"	sysexit\n"
	"syscall_entry:\n"
	"	look\n"
	"	sysret");

static void check_msrs(struct checks *checks)
{
	write_msr(MSR_SYSENTER_CS, 0);
	USER_FAULT(VECTOR_GP, 0, "sysenter");
	FAULT(VECTOR_GP, 0, "sysenter");
	FAULT(VECTOR_GP, 0, "sysexit");
	write_msr(MSR_SYSENTER_CS, KERNEL_CS);
	write_msr(MSR_SYSENTER_ESP, (uintptr_t)(entry_stack + 32));
	write_msr(MSR_SYSENTER_EIP, (uintptr_t)sysenter_entry);
	expect_equal(checks, read_msr(MSR_SYSENTER_CS), KERNEL_CS, "SYSENTER_CS");
	expect_equal(checks, read_msr(MSR_SYSENTER_ESP), (uintptr_t)(entry_stack + 32),
		     "SYSENTER_ESP");
	expect_equal(checks, read_msr(MSR_SYSENTER_EIP), (uintptr_t)sysenter_entry,
		     "SYSENTER_EIP");
}

#define CALL_KERNEL "movl $1f, %%edx\n\tmovl %%esp, %%ecx\n\tsysenter\n\tud2\n1:\t" \
		    "movl %%cs, %%edi\n\tmovl %%ss, %%esi"

static void check_sysenter(struct checks *checks)
{
	uint32_t cs = 0, ss = 0;

	trap_user_flags = FLAG_FIXED | FLAG_IF | FLAG_CF;
	TRY_USER(CALL_KERNEL, "=D"(cs), "=S"(ss) : : "eax", "ecx", "edx", "memory", "cc");
	trap_user_flags = FLAG_FIXED;
	expect_done(checks, "SYSENTER and SYSEXIT");
	expect_equal(checks, seen.cs, KERNEL_CS, "CS after SYSENTER");
	expect_equal(checks, seen.ss, KERNEL_DS, "SS after SYSENTER");
	expect_equal(checks, seen.sp, (uintptr_t)(entry_stack + 32), "ESP after SYSENTER");
	expect_equal(checks, seen.flags & (FLAG_IF | FLAG_VM | FLAG_CF), FLAG_CF,
		     "flags after SYSENTER");
	expect_equal(checks, cs, USER_CS32, "CS after SYSEXIT");
	expect_equal(checks, ss, USER_DS, "SS after SYSEXIT");
	expect_equal(checks, trap.sp, (uintptr_t)trap_user_stack + TRAP_STACK_SIZE,
		     "ESP after SYSEXIT");
	USER_FAULT(VECTOR_GP, 0, "sysexit");
	/* The RPL of what the MSR holds does not count. */
	write_msr(MSR_SYSENTER_CS, KERNEL_CS | 3);
	TRY_USER(CALL_KERNEL, "=D"(cs), "=S"(ss) : : "eax", "ecx", "edx", "memory", "cc");
	expect_done(checks, "SYSENTER with an RPL");
	expect_equal(checks, seen.cs, KERNEL_CS, "CS after SYSENTER with an RPL");
	write_msr(MSR_SYSENTER_CS, KERNEL_CS);
}

/* Whether the descriptors say so or not, both segments are flat. */
static void check_flat(struct checks *checks)
{
	uint64_t data = *gdt_entry(USER_DS & ~3u);
	uint32_t ss = 0, cs = 0;

	*gdt_entry(USER_DS & ~3u) = segment(0, 0, DATA_SEGMENT, SIZE_32);
	TRY("movl $1f, %%edx\n\tmovl %%esp, %%ecx\n\tsysexit\n\tud2\n1:\tmovl %%cs, %%edi\n\t"
	    "movl %%ss, %%esi\n\tpushl %%eax\n\tpopl %%eax\n\tint $0xF0"
	    , "=D"(cs), "=S"(ss) : : "eax", "ecx", "edx", "memory", "cc");
	*gdt_entry(USER_DS & ~3u) = data;
	expect_trap(checks, USER_DONE, 0, ANYWHERE, "SYSEXIT by itself");
	expect_equal(checks, cs, USER_CS32, "its CS");
	expect_equal(checks, ss, USER_DS, "its SS");
}

/* --- SYSCALL, SYSRET --- */

static void check_syscall(struct checks *checks, bool amd)
{
	uint32_t cs = 0, cx = 0;

	if (!(cpuid_81_edx() & CPUID_81_EDX_SYSCALL)) {
		test_skip("SYSCALL", "CPUID");
		return;
	}
	FAULT(VECTOR_UD, 0, "syscall");
	FAULT(VECTOR_UD, 0, "sysret");
	write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_SCE);
	write_msr(MSR_STAR, STAR_SELECTORS << 32 | (uintptr_t)syscall_entry);
	trap_user_flags = FLAG_FIXED | FLAG_IF;
	TRY_USER("syscall\n\tmovl %%cs, %%edi", "=D"(cs), "=c"(cx)
		 : : "eax", "edx", "memory", "cc");
	trap_user_flags = FLAG_FIXED;
	if (amd) {
		expect_done(checks, "SYSCALL and SYSRET");
		expect_equal(checks, cx, trap.start + 2, "ECX after SYSCALL");
		expect_equal(checks, seen.cs, KERNEL_CS, "CS after SYSCALL");
		expect_equal(checks, seen.flags & FLAG_IF, 0, "IF after SYSCALL");
		expect_equal(checks, cs, USER_CS32, "CS after SYSRET");
		expect_equal(checks, trap.flags & FLAG_IF, FLAG_IF, "IF after SYSRET");
		USER_FAULT(VECTOR_GP, 0, "sysret");
	} else {
		test_lenient("syscall32");
		expect_trap(checks, VECTOR_UD, 0, 0, "SYSCALL in protected mode");
		test_lenient(NULL);
	}
	write_msr(MSR_EFER, read_msr(MSR_EFER) & ~(uint64_t)EFER_SCE);
}

int main(void)
{
	struct checks checks = { 0 };

	trap_init();
	if (cpuid(1, 0).edx & CPUID_1_EDX_SEP) {
		check_msrs(&checks);
		check_sysenter(&checks);
		check_flat(&checks);
	} else {
		test_skip("SYSENTER", "CPUID");
	}
	check_syscall(&checks, cpuid(0, 0).ebx == AMD_EBX);
	return test_result(&checks, "cpu-sysenter");
}
