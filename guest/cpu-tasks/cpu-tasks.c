/* SPDX-License-Identifier: 0BSD */
/*
 * cpu-tasks.c - task switches by JMP, CALL, task gates and IRET, with 32-bit and
 * 16-bit task state segments: what is saved and loaded, back links, busy bits,
 * NT, TS, and the faults of a switch (Intel SDM vol. 3, chapter 7).
 */
#include <vmm/string.h>

#include "cpu/test.h"

#define TASK_B		(SPARE + 8)
#define TASK_16		(SPARE + 16)
#define GATE_B		(SPARE + 24)
#define LDT_SELECTOR	(SPARE + 32)
#define TASK_VECTOR	0x40
#define TSS16_LIMIT	(sizeof(struct tss16) - 1)

static volatile struct tss32 task_b;
static volatile struct tss16 task_16;
static uint32_t stack_b[256];
static volatile uint64_t ldt[2];

/* What the other task saw. */
static volatile struct {
	uint32_t ax, cx, flags, task, cr0, runs;
} seen;

/*
 * Each time it is entered it notes what it finds and goes back by IRET. The
 * next time it is entered behind that.
 */
void task_body(void);
__asm__(".text\n"
	"task_body:\n"
	"1:	movl	%eax, seen\n"
	"	movl	%ecx, seen+4\n"
	"	pushfl\n"
	"	popl	seen+8\n"
	"	strl	%eax\n"
	"	movl	%eax, seen+12\n"
	"	movl	%cr0, %eax\n"
	"	movl	%eax, seen+16\n"
	"	incl	seen+20\n"
	"	clts\n"
	"	movl	$0xB0B0B0B0, %eax\n"
	"	iretl\n"
	"	jmp	1b");

/* The same, back by a jump to the harness's task. */
void jump_body(void);
__asm__(".text\n"
	"jump_body:\n"
	"1:	incl	seen+20\n"
	"	pushfl\n"
	"	popl	seen+8\n"
	"	strl	%eax\n"
	"	movl	%eax, seen+12\n"
	"	clts\n"
	"	ljmpl	$" TRAP_STRING(TASK_SELECTOR) ", $0\n"
	"	jmp	1b");

static unsigned int type_of(unsigned int selector)
{
	return (unsigned int)(*gdt_entry(selector) >> 40 & 0x1F);
}

static void set_task(unsigned int selector, const volatile void *tss, uint32_t limit,
		     unsigned int access)
{
	*gdt_entry(selector) = segment((uint32_t)tss, limit, access, SIZE_16);
}

static void make_task_b(void (*body)(void))
{
	task_b = (struct tss32){
		.ip = (uint32_t)body, .flags = FLAG_FIXED, .ax = 0xAAAA1111, .cx = 0xCCCC2222,
		.sp = (uint32_t)(stack_b + 256), .bp = 0xBBBB3333,
		.es = KERNEL_DS, .cs = KERNEL_CS, .ss = KERNEL_DS, .ds = KERNEL_DS,
		.fs = KERNEL_DS, .gs = KERNEL_DS, .io_map = sizeof(task_b), .cr3 = read_cr3(),
	};
	set_task(TASK_B, &task_b, sizeof(task_b) - 1, ACCESS_PRESENT | TYPE_TSS);
	memset((void *)&seen, 0, sizeof(seen));
}

static void make_task_16(void (*body)(void))
{
	task_16 = (struct tss16){
		.ip = (uint16_t)(uintptr_t)body, .flags = FLAG_FIXED, .ax = 0x1111, .cx = 0x2222,
		.sp = (uint16_t)(uintptr_t)(stack_b + 256),
		.es = KERNEL_DS, .cs = KERNEL_CS, .ss = KERNEL_DS, .ds = KERNEL_DS,
	};
	set_task(TASK_16, &task_16, TSS16_LIMIT, ACCESS_PRESENT | TYPE_TSS16);
	memset((void *)&seen, 0, sizeof(seen));
}

static uint32_t task_register(void)
{
	uint32_t task;

	__asm__ volatile("str %0" : "=r"(task));
	return task;
}

/* There and back, twice; what a switch does to the registers is the other task's. */
#define SWITCH(code)	TRY(code, : : TEST_CLOBBERS)

static void expect_home(struct checks *checks, const char *what)
{
	expect_done(checks, what);
	expect_equal(checks, task_register(), TASK_SELECTOR, "the task register, back");
	expect_equal(checks, type_of(TASK_SELECTOR), TYPE_TSS_BUSY, "the type, back");
	expect_equal(checks, read_flags() & FLAG_NT, 0, "NT, back");
	expect_equal(checks, read_cr0() & CR0_TS, CR0_TS, "CR0.TS, back");
	__asm__ volatile("clts");
}

static void check_call(struct checks *checks, const char *what)
{
	expect_home(checks, what);
	expect_equal(checks, seen.ax, 0xAAAA1111, "EAX of the task");
	expect_equal(checks, seen.cx, 0xCCCC2222, "ECX of the task");
	expect_equal(checks, seen.flags & FLAG_NT, FLAG_NT, "NT in the task");
	expect_equal(checks, seen.task, TASK_B, "the task register in the task");
	expect_equal(checks, seen.cr0 & CR0_TS, CR0_TS, "CR0.TS in the task");
	expect_equal(checks, task_b.link, TASK_SELECTOR, "the back link");
	expect_equal(checks, type_of(TASK_B), TYPE_TSS, "the task's type afterwards");
	expect_equal(checks, task_b.flags & FLAG_NT, 0, "NT saved by IRET");
	expect_equal(checks, task_b.ax, 0xB0B0B0B0, "EAX saved by IRET");
	expect_equal(checks, task_b.bp, 0xBBBB3333, "EBP saved by IRET");
}

static void check_calls(struct checks *checks)
{
	make_task_b(task_body);
	SWITCH("movl $0x12345678, %%esi\n\tlcalll $0x50, $0x99");
	check_call(checks, "CALL of a task");
	expect_equal(checks, trap_tss.si, 0x12345678, "ESI saved by CALL");
	expect_equal(checks, trap_tss.ip, trap.start + 12, "EIP saved by CALL");
	expect_equal(checks, trap_tss.cs, KERNEL_CS, "CS saved by CALL");
	SWITCH("lcalll $0x50, $0");
	expect_home(checks, "CALL of a task, where it was");
	expect_equal(checks, seen.runs, 2, "runs of the task");
	expect_equal(checks, seen.ax, 0xB0B0B0B0, "EAX of the task, as it left it");
	make_task_b(task_body);
	*gdt_entry(GATE_B) = gate(TASK_B, 0, ACCESS_PRESENT | TYPE_TASK_GATE, 0);
	SWITCH("lcalll $0x60, $0");
	check_call(checks, "CALL through a task gate");
	make_task_b(task_body);
	trap_idt[TASK_VECTOR] = gate(TASK_B, 0, ACCESS_PRESENT | TYPE_TASK_GATE, 0);
	SWITCH("int $0x40");
	check_call(checks, "INT through a task gate");
	expect_equal(checks, trap_tss.ip, trap.start + 2, "EIP saved by INT");
}

static void check_jumps(struct checks *checks)
{
	make_task_b(jump_body);
	SWITCH("ljmpl $0x50, $0");
	expect_home(checks, "JMP to a task");
	expect_equal(checks, seen.runs, 1, "runs of the task");
	expect_equal(checks, seen.flags & FLAG_NT, 0, "NT in a task jumped to");
	expect_equal(checks, seen.task, TASK_B, "the task register in a task jumped to");
	expect_equal(checks, task_b.link, 0, "no back link");
	expect_equal(checks, type_of(TASK_B), TYPE_TSS, "the task's type afterwards");
	*gdt_entry(GATE_B) = gate(TASK_B, 0, ACCESS_PRESENT | TYPE_TASK_GATE, 0);
	SWITCH("ljmpl $0x60, $0");
	expect_home(checks, "JMP through a task gate");
	expect_equal(checks, seen.runs, 2, "runs of the task");
}

static void check_16bit(struct checks *checks)
{
	make_task_16(task_body);
	SWITCH("lcalll $0x58, $0");
	expect_home(checks, "CALL of a 16-bit task");
	expect_equal(checks, seen.ax & 0xFFFF, 0x1111, "AX of the 16-bit task");
	expect_equal(checks, seen.cx & 0xFFFF, 0x2222, "CX of the 16-bit task");
	expect_equal(checks, seen.flags & FLAG_NT, FLAG_NT, "NT in the 16-bit task");
	expect_equal(checks, seen.task, TASK_16, "the task register in the 16-bit task");
	expect_equal(checks, task_16.link, TASK_SELECTOR, "its back link");
	expect_equal(checks, task_16.ax, 0xB0B0, "AX saved by IRET");
	expect_equal(checks, type_of(TASK_16), TYPE_TSS16, "its type afterwards");
	make_task_16(jump_body);
	SWITCH("ljmpl $0x58, $0");
	expect_home(checks, "JMP to a 16-bit task");
	expect_equal(checks, seen.runs, 1, "runs of the 16-bit task");
}

/* From ring 3: a task gate with DPL 3, and the task's own DPL. */
static void check_ring3(struct checks *checks)
{
	make_task_b(task_body);
	*gdt_entry(GATE_B) = gate(TASK_B, 0, ACCESS_PRESENT | ACCESS_DPL(3) | TYPE_TASK_GATE, 0);
	TRY_USER("lcalll $0x63, $0", : : TEST_CLOBBERS);
	check_call(checks, "ring 3: CALL through a task gate");
	expect_equal(checks, trap_tss.cs, USER_CS, "CS saved from ring 3");
	USER_FAULT(VECTOR_GP, TASK_B, "lcalll $0x53, $0");
	*gdt_entry(GATE_B) = gate(TASK_B, 0, ACCESS_PRESENT | TYPE_TASK_GATE, 0);
	USER_FAULT(VECTOR_GP, GATE_B, "lcalll $0x63, $0");
	USER_FAULT(VECTOR_GP, ERROR_VECTOR(TASK_VECTOR), "int $0x40");
}

/* Refused before the switch: everything is as it was. */
static void check_refused(struct checks *checks)
{
	make_task_b(task_body);
	set_task(TASK_B, &task_b, sizeof(task_b) - 1, ACCESS_PRESENT | TYPE_TSS_BUSY);
	FAULT(VECTOR_GP, TASK_B, "lcalll $0x50, $0 # busy");
	FAULT(VECTOR_GP, TASK_B, "ljmpl $0x50, $0 # busy");
	set_task(TASK_B, &task_b, sizeof(task_b) - 1, TYPE_TSS);
	FAULT(VECTOR_NP, TASK_B, "lcalll $0x50, $0 # not present");
	set_task(TASK_B, &task_b, 0x66, ACCESS_PRESENT | TYPE_TSS);
	FAULT(VECTOR_TS, TASK_B, "lcalll $0x50, $0 # a limit too small");
	set_task(TASK_16, &task_16, 0x2A, ACCESS_PRESENT | TYPE_TSS16);
	FAULT(VECTOR_TS, TASK_16, "lcalll $0x58, $0 # a limit too small for 16 bits");
	*gdt_entry(GATE_B) = gate(TASK_B, 0, TYPE_TASK_GATE, 0);
	FAULT(VECTOR_NP, GATE_B, "lcalll $0x60, $0 # the gate is not present");
	*gdt_entry(GATE_B) = gate(KERNEL_DS, 0, ACCESS_PRESENT | TYPE_TASK_GATE, 0);
	FAULT(VECTOR_GP, KERNEL_DS, "lcalll $0x60, $0 # a gate to data");
	expect_equal(checks, task_register(), TASK_SELECTOR, "the task register after refusals");
	expect_equal(checks, seen.runs, 0, "runs of the task");
}

/*
 * Faults in the new task, before its first instruction. The handler comes in
 * the new task, and needs its CS and SS: what is loaded before these cannot be
 * tested without a task gate.
 */
static void expect_fault_within(struct checks *checks, unsigned int vector, uint32_t error,
				const char *what)
{
	SWITCH("lcalll $0x50, $0");
	expect_trap(checks, vector, error, ANYWHERE, what);
	test_lenient("task-fault");	/* QEMU's TCG has the old task's */
	expect_equal(checks, trap.ip, (uintptr_t)task_body, "EIP of a task that faults");
	test_lenient(NULL);
	expect_equal(checks, task_register(), TASK_B, "the task register in a task that faults");
	/* Home by hand. */
	*gdt_entry(TASK_SELECTOR) &= ~(2ull << 40);
	__asm__ volatile("ltr %w0\n\tclts" : : "r"(TASK_SELECTOR) : "memory");
	make_task_b(task_body);
}

static void check_faults_within(struct checks *checks)
{
	make_task_b(task_body);
	task_b.ds = 0xFFF8;
	expect_fault_within(checks, VECTOR_TS, 0xFFF8, "a task with a bad DS");
	task_b.es = KERNEL_CS | 0x100;
	expect_fault_within(checks, VECTOR_TS, KERNEL_CS | 0x100, "a task with a bad ES");
}

static void check_ldt(struct checks *checks)
{
	uint32_t selector;

	make_task_b(task_body);
	ldt[1] = segment(0, LIMIT_FLAT, DATA_SEGMENT, SIZE_32 | SIZE_PAGES);
	set_task(LDT_SELECTOR, ldt, sizeof(ldt) - 1, ACCESS_PRESENT | TYPE_LDT);
	task_b.ldt = LDT_SELECTOR;
	task_b.es = 0xC;
	SWITCH("lcalll $0x50, $0");
	check_call(checks, "a task with an LDT");
	__asm__ volatile("sldt %0" : "=r"(selector));
	expect_equal(checks, selector, 0, "the LDT, back");
}

/* The debug trap of a task. */
static void check_trap_bit(struct checks *checks)
{
	make_task_b(task_body);
	task_b.trap = 1;
	write_dr6(DR6_FIXED);
	SWITCH("lcalll $0x50, $0");
	test_lenient(trap.vector == VECTOR_NONE ? "task-trap" : NULL);	/* QEMU's TCG has none */
	if (expect_trap(checks, VECTOR_DB, 0, ANYWHERE, "a task with the debug trap")) {
		expect_equal(checks, trap.ip, (uintptr_t)task_body, "EIP of the debug trap");
		expect_equal(checks, read_dr6(), DR6_FIXED | 1u << 15, "DR6 of the debug trap");
		*gdt_entry(TASK_SELECTOR) &= ~(2ull << 40);
		__asm__ volatile("ltr %w0" : : "r"(TASK_SELECTOR) : "memory");
	}
	test_lenient(NULL);
	write_dr6(DR6_FIXED);
	__asm__ volatile("clts");
}

int main(void)
{
	struct checks checks = { 0 };

	trap_init();
	trap_tss.cr3 = read_cr3();
	check_calls(&checks);
	check_jumps(&checks);
	check_16bit(&checks);
	check_ring3(&checks);
	check_refused(&checks);
	check_faults_within(&checks);
	check_ldt(&checks);
	check_trap_bit(&checks);
	return test_result(&checks, "cpu-tasks");
}
