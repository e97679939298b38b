/* SPDX-License-Identifier: 0BSD */
/*
 * stray.c - a kernel that errs: it uses addresses that it has not mapped, among them those
 * where a Linux process has its code, its stack and its vsyscall page; and it makes system
 * calls that it has no handlers for, with the numbers and arguments that Linux knows. It
 * gets what hardware gives (Intel SDM vol. 2 and 3, 6.15; AMD APM vol. 2, 6.1), and
 * where a monitor runs it as a part of its own process nothing happens there.
 *
 * What would happen: a file "stray-file" and a folder "stray-folder" in the monitor's current
 * folder, "stray" on its standard error, an alarm that ends it, another program in its
 * place, its end with status 77.
 */
#include <vmm/machine.h>

#include "cpu/paging.h"

#define SYSTEM_VECTOR	0x80
#define AMD_EBX		0x68747541	/* "Auth", of leaf 0 */

extern uint64_t pml4[];
void long_main(void);

static bool amd;

/* Plain code for a while: a monitor that adapts has reason to run it natively. */
static void warm_up(void)
{
	static volatile uint32_t table[1024];
	uint32_t sum = 0;

	for (uint32_t i = 0; i < 200000; i++) {
		table[i % 1024] += i;
		sum += table[i * 7 % 1024];
	}
	table[0] = sum;
}

/* --- addresses --- */

static const uint64_t nowhere[] = {
	0x400000 /* the first that is not mapped */, 0x40000000, 0x100000000, 0x10000000000,
	0x555555554000, 0x5626D0A11008, 0x7F0000000000, 0x7FFFF7DD5010, 0x7FFFFFFFE000,
	0x7FFFFFFFEFF8, 0xFFFF800000000000, 0xFFFFFFFF81000000, 0xFFFFFFFFFF600000,
	0xFFFFFFFFFF600400, 0xFFFFFFFFFFFFFFF8,
};

static void stray_kernel(struct checks *checks, uint64_t at)
{
	TRY("movq (%0), %%rax", : "b"(at) : "rax", "memory");
	expect_page_fault(checks, 0, at, 0, "a read");
	TRY("movq %%rax, (%0)", : "b"(at), "a"(0) : "memory");
	expect_page_fault(checks, PF_W, at, 0, "a write");
	TRY("call *%0", : "b"(at) : "rax", "memory");
	expect_page_fault(checks, PF_I, at, ANYWHERE, "a call");
	expect_equal(checks, trap.ip, at, "the place of a call");
	TRY("lock incl (%0)", : "b"(at) : "memory", "cc");
	test_lenient(trap.error == 0 ? "rmw" : NULL);	/* QEMU's TCG reads first */
	expect_page_fault(checks, PF_W, at, 0, "an increment");
	test_lenient(NULL);
}

static void stray_user(struct checks *checks, uint64_t at)
{
	TRY_USER("movl (%%rbx), %%eax", : "b"(at) : "rax", "memory");
	expect_page_fault(checks, PF_U, at, 0, "ring 3: a read");
	TRY_USER("movl %%eax, (%%rbx)", : "b"(at), "a"(0) : "memory");
	expect_page_fault(checks, PF_U | PF_W, at, 0, "ring 3: a write");
	TRY_USER("jmp *%%rbx", : "b"(at) : "rax", "memory");
	expect_page_fault(checks, PF_U | PF_I, at, ANYWHERE, "ring 3: a jump");
	TRY_USER("movups %%xmm0, (%%rbx)", : "b"(at - 8) : "memory");
	if (at == 0xFFFF800000000000)
		expect_trap(checks, VECTOR_GP, 0, 0, "ring 3: 16 bytes out of the hole");
	else
		expect_page_fault(checks, PF_U | PF_W, at == 0x400000 ? at : at - 8, 0,
				  "ring 3: 16 bytes");
}

static void check_addresses(struct checks *checks)
{
	for (unsigned int i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		warm_up();
		stray_kernel(checks, nowhere[i]);
		if (nowhere[i] != 0xFFFFFFFFFFFFFFF8)
			stray_user(checks, nowhere[i]);
	}
	TRY_USER("movl (%%rbx), %%eax", : "b"(0x800000000000) : "rax", "memory");
	expect_trap(checks, VECTOR_GP, 0, 0, "ring 3: no canonical address");
	TRY_USER("movq %%rbx, %%rsp\n\tpushq %%rax", : "b"(0x7FFFF7DD5010) : "memory");
	expect_page_fault(checks, PF_U | PF_W, 0x7FFFF7DD5008, 3, "ring 3: a stack");
}

/* --- system calls --- */

/* The numbers of the same calls for SYSCALL and for INT 0x80. */
struct call {
	uint32_t number64, number32;
	uintptr_t arguments[3];
};

static const char file[] = "stray-file", folder[] = "stray-folder", text[] = "stray\n";
static const char program[] = "/bin/true";

static const struct call calls[] = {
	{ 2, 5, { (uintptr_t)file, 0x41, 0x1A4 } },		/* open: to create it */
	{ 83, 39, { (uintptr_t)folder, 0x1ED } },		/* mkdir */
	{ 1, 4, { 2, (uintptr_t)text, sizeof(text) - 1 } },	/* write */
	{ 59, 11, { (uintptr_t)program } },			/* execve */
	{ 37, 27, { 1 } },					/* alarm */
	{ 62, 37, { 0, 23 } },					/* kill, harmlessly */
	{ 231, 252, { 77 } },					/* exit_group */
	{ 39, 20, { 0 } },					/* getpid */
};
#define CALLS	(sizeof(calls) / sizeof(calls[0]))
#define UPPER	0xABCD000000000000	/* of RAX: must not be lost */

static uint64_t ax, cx;

/* The kernel's own end: RCX tells that it was here. */
void syscall_entry(void);
__asm__(".text\nsyscall_entry:\n\tmovq %rcx, cx\n\tsysretq");

#define CALL64(try, code)							\
	do {									\
		warm_up();							\
		try(code, "=a"(ax) : "0"(calls[i].number64 | UPPER),		\
		    "D"(calls[i].arguments[0]), "S"(calls[i].arguments[1]),	\
		    "d"(calls[i].arguments[2]) : "rcx", "r11", "memory", "cc");	\
		expect_equal(checks, ax, calls[i].number64 | UPPER, code ": RAX");	\
	} while (0)
#define CALL32(try, code)							\
	do {									\
		warm_up();							\
		try(code, "=a"(ax) : "0"(calls[i].number32 | UPPER),		\
		    "b"(calls[i].arguments[0]), "c"(calls[i].arguments[1]),	\
		    "d"(calls[i].arguments[2]) : "memory", "cc");		\
		expect_equal(checks, ax, calls[i].number32 | UPPER, code ": RAX");	\
	} while (0)
#define TRY_USER32(...)	TRY_USER_CS(USER_CS32, __VA_ARGS__)

static void check_syscall_off(struct checks *checks, unsigned int i)
{
	CALL64(TRY, "syscall");
	expect_trap(checks, VECTOR_UD, 0, 0, "SYSCALL without SCE");
	CALL64(TRY_USER, "syscall");
	expect_trap(checks, VECTOR_UD, 0, 0, "ring 3: SYSCALL without SCE");
	warm_up();
	TRY_USER("sysenter", : "a"(calls[i].number32), "b"(calls[i].arguments[0]),
		 "c"(calls[i].arguments[1]), "d"(calls[i].arguments[2]), "S"(0), "D"(0)
		 : "memory");
	expect_trap(checks, amd ? VECTOR_UD : VECTOR_GP, 0, 0, "ring 3: SYSENTER");
	/* In code of 32 bits the upper half of RAX is undefined. */
	warm_up();
	TRY_USER32(".code32\n\tsyscall\n\t.code64", "=a"(ax) : "0"(calls[i].number32),
		   "b"(calls[i].arguments[0]), "d"(calls[i].arguments[2]) : "rcx", "memory");
	expect_trap(checks, VECTOR_UD, 0, 0, "32 bits: SYSCALL without SCE");
	expect_equal(checks, (uint32_t)ax, calls[i].number32, "32 bits: EAX");
}

static void check_int_closed(struct checks *checks, unsigned int i)
{
	trap_gate(SYSTEM_VECTOR, TYPE_INTERRUPT_GATE | ACCESS_DPL(3), 0);
	CALL32(TRY, "int $0x80");
	test_lenient(trap.error == SYSTEM_VECTOR * 16 + 2 ? "int-error" : NULL);
	expect_trap(checks, VECTOR_NP, ERROR_VECTOR(SYSTEM_VECTOR), 0, "INT of no gate");
	CALL32(TRY_USER, "int $0x80");
	test_lenient(trap.error == SYSTEM_VECTOR * 16 + 2 ? "int-error" : NULL);
	expect_trap(checks, VECTOR_NP, ERROR_VECTOR(SYSTEM_VECTOR), 0, "ring 3: INT of no gate");
	trap_gate(SYSTEM_VECTOR, ACCESS_PRESENT | TYPE_INTERRUPT_GATE, 0);
	CALL32(TRY_USER, "int $0x80");
	test_lenient(trap.error == SYSTEM_VECTOR * 16 + 2 ? "int-error" : NULL);
	expect_trap(checks, VECTOR_GP, ERROR_VECTOR(SYSTEM_VECTOR), 0, "ring 3: INT of ring 0");
	test_lenient(NULL);
}

/* The same calls, to handlers of the kernel's own: they arrive there, and nowhere else. */
static void check_int_open(struct checks *checks, unsigned int i)
{
	trap_gate(SYSTEM_VECTOR, ACCESS_PRESENT | TYPE_INTERRUPT_GATE | ACCESS_DPL(3), 0);
	CALL32(TRY, "int $0x80");
	expect_trap(checks, SYSTEM_VECTOR, 0, 2, "INT 0x80");
	CALL32(TRY_USER, "int $0x80");
	expect_trap(checks, SYSTEM_VECTOR, 0, 2, "ring 3: INT 0x80");
	warm_up();
	TRY_USER32(".code32\n\tint $0x80\n\t.code64", "=a"(ax) : "0"(calls[i].number32),
		   "b"(calls[i].arguments[0]), "c"(calls[i].arguments[1]),
		   "d"(calls[i].arguments[2]) : "memory");
	expect_trap(checks, SYSTEM_VECTOR, 0, 2, "32 bits: INT 0x80");
	expect_equal(checks, (uint32_t)ax, calls[i].number32, "32 bits: EAX");
}

static void check_syscall_on(struct checks *checks, unsigned int i)
{
	cx = 0;
	CALL64(TRY_USER, "syscall");
	expect_done(checks, "ring 3: SYSCALL");
	expect_equal(checks, cx, trap.start + 2, "RCX of SYSCALL");
}

static void check_calls(struct checks *checks)
{
	for (unsigned int i = 0; i < CALLS; i++) {
		check_syscall_off(checks, i);
		check_int_closed(checks, i);
		check_int_open(checks, i);
	}
	write_msr(MSR_STAR, (uint64_t)USER_CS32 << 48 | (uint64_t)KERNEL_CS << 32);
	write_msr(MSR_LSTAR, (uintptr_t)syscall_entry);
	write_msr(MSR_FMASK, FLAG_IF);
	write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_SCE);
	for (unsigned int i = 0; i < CALLS; i++)
		check_syscall_on(checks, i);
}

/* Through the vsyscall page's three entries, as old programs call it. */
static void check_vsyscall(struct checks *checks)
{
	for (uint64_t at = 0xFFFFFFFFFF600000; at <= 0xFFFFFFFFFF600800; at += 0x400) {
		static volatile uint64_t seconds;

		warm_up();
		seconds = 0;
		TRY_USER("call *%%rbx", : "b"(at), "D"(&seconds), "S"(0)
			 : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
		expect_page_fault(checks, PF_U | PF_I, at, ANYWHERE, "ring 3: vsyscall");
		expect_equal(checks, seconds, 0, "what vsyscall has written");
	}
}

void long_main(void)
{
	struct checks checks = { 0 };

	amd = cpuid(0, 0).ebx == AMD_EBX;
	/* Both large pages are for ring 3 too. */
	pml4[1024] |= PTE_US;
	pml4[1025] |= PTE_US;
	write_cr3(read_cr3());
	trap_tables_init();
	check_addresses(&checks);
	check_vsyscall(&checks);
	check_calls(&checks);
	machine_exit((uint32_t)test_result(&checks, "stray"));
}
