/* SPDX-License-Identifier: 0BSD */
/*
 * cpu-segments64.c - what is left of segmentation in 64-bit mode: call gates of
 * 16 bytes, far transfers, IRET to every kind of code, null stacks, descriptors
 * of 16 bytes, LAR and LSL (Intel SDM vol. 3, 3.4, 5.8.3.1, 6.14, and vol. 2).
 */
#include "cpu/test.h"

#define TESTED		SPARE		/* and the eight bytes behind */
#define SECOND		(SPARE + 16)
#define CALL_GATE	(ACCESS_PRESENT | ACCESS_DPL(3) | TYPE_CALL_GATE)
#define USER_CODE	(CODE_SEGMENT | ACCESS_DPL(3))

/* Where a far transfer arrives. */
void far_target(void);
__asm__(".text\nfar_target:\n\tint $0xF0");

/* --- call gates --- */

static volatile uint64_t gate_seen[6];	/* the four words on the stack, CS, SS */

void gate_target(void);
__asm__(".text\n"
	"gate_target:\n"
	"	movq	(%rsp), %rax\n"
	"	movq	%rax, gate_seen\n"
	"	movq	8(%rsp), %rax\n"
	"	movq	%rax, gate_seen+8\n"
	"	movq	16(%rsp), %rax\n"
	"	movq	%rax, gate_seen+16\n"
	"	movq	24(%rsp), %rax\n"
	"	movq	%rax, gate_seen+24\n"
	"	movq	%cs, %rax\n"
	"	movq	%rax, gate_seen+32\n"
	"	movq	%ss, %rax\n"
	"	movq	%rax, gate_seen+40\n"
	"	lretq");

static void set_gate(uint16_t selector, void (*target)(void), unsigned int access, uint64_t upper)
{
	*gdt_entry(TESTED) = gate(selector, (uint32_t)(uintptr_t)target, access, 0);
	*gdt_entry(TESTED + 8) = (uint64_t)(uintptr_t)target >> 32 | upper;
}

/* For LCALL; the offset does not count. */
struct __attribute__((packed)) far_pointer {
	uint32_t offset;
	uint16_t selector;
};

static struct far_pointer to_gate __attribute__((used)) = { 0x99, TESTED | 3 };

static void check_gate(struct checks *checks)
{
	uint64_t sp = 0, ss = 0;

	set_gate(KERNEL_CS, gate_target, CALL_GATE, 0);
	TRY_USER("lcalll *to_gate\n\tmovq %%rsp, %%rbx\n\tmovq %%ss, %%rdx"
		 , "=b"(sp), "=d"(ss) : : "rax", "memory");
	expect_done(checks, "a call gate");
	expect_equal(checks, gate_seen[0], trap.start + 7, "RIP saved");
	expect_equal(checks, gate_seen[1], USER_CS64, "CS saved");
	expect_equal(checks, gate_seen[2], (uintptr_t)trap_user_stack + TRAP_STACK_SIZE,
	    "RSP saved");
	expect_equal(checks, gate_seen[3], USER_DS, "SS saved");
	expect_equal(checks, gate_seen[4], KERNEL_CS, "CS behind the gate");
	expect_equal(checks, gate_seen[5], 0, "SS behind the gate: null");
	expect_equal(checks, sp, (uintptr_t)trap_user_stack + TRAP_STACK_SIZE, "RSP, back");
	expect_equal(checks, ss, USER_DS, "SS, back");
	/* From 32 bits too: a gate leads to 64-bit code only. */
	TRY_USER_CS(USER_CS32, ".code32\n\tlcalll $0x4B, $0\n\t.code64", : : "rax", "memory");
	expect_done(checks, "a call gate from 32 bits");
	expect_equal(checks, gate_seen[1], USER_CS32, "CS saved from 32 bits");
	set_gate(KERNEL_CS, far_target, CALL_GATE, 0);
	TRY("ljmpl *to_gate", : : "memory");
	expect_trap(checks, USER_DONE, 0, ANYWHERE, "a jump through a gate");
}

static void check_gate_faults(struct checks *checks)
{
	set_gate(KERNEL_CS, far_target, CALL_GATE & ~ACCESS_DPL(3), 0);
	USER_FAULT(VECTOR_GP, TESTED, "lcalll *to_gate # DPL 0");
	set_gate(KERNEL_CS, far_target, CALL_GATE & ~ACCESS_PRESENT, 0);
	USER_FAULT(VECTOR_NP, TESTED, "lcalll *to_gate # not present");
	set_gate(0, far_target, CALL_GATE, 0);
	USER_FAULT(VECTOR_GP, 0, "lcalll *to_gate # to null");
	set_gate(USER_CS32, far_target, CALL_GATE, 0);
	USER_FAULT(VECTOR_GP, USER_CS32 & ~3, "lcalll *to_gate # to 32-bit code");
	set_gate(KERNEL_DS, far_target, CALL_GATE, 0);
	USER_FAULT(VECTOR_GP, KERNEL_DS, "lcalll *to_gate # to data");
	set_gate(KERNEL_CS, far_target, CALL_GATE, 0x100000000000);
	test_lenient("gate-type");	/* QEMU's TCG looks at some of the type's bits only */
	USER_FAULT(VECTOR_GP, TESTED, "lcalll *to_gate # a type in the upper half");
	/* Task gates, TSSs and 16-bit gates are nothing to jump to. */
	set_gate(TASK_SELECTOR, far_target, ACCESS_PRESENT | ACCESS_DPL(3) | TYPE_TASK_GATE, 0);
	USER_FAULT(VECTOR_GP, TESTED, "lcalll *to_gate # a task gate");
	set_gate(KERNEL_CS, far_target, ACCESS_PRESENT | ACCESS_DPL(3) | TYPE_CALL_GATE16, 0);
	USER_FAULT(VECTOR_GP, TESTED, "lcalll *to_gate # a 16-bit gate");
	test_lenient(NULL);
}

/* --- IRET and RETF --- */

/* Pushes a frame from SS to RIP, and takes it. */
#define IRET_TO(ss, sp, cs, ip)							\
	TRY("pushq %0\n\tpushq %1\n\tpushq $2\n\tpushq %2\n\tpushq %3\n\tiretq"	\
	   , : "r"((uint64_t)(ss)), "r"((uint64_t)(sp)), "r"((uint64_t)(cs)),	\
	      "r"((uint64_t)(ip)) : "memory", "cc")

static void check_iret(struct checks *checks)
{
	uintptr_t stack = (uintptr_t)trap_user_stack + 1024, target = (uintptr_t)far_target;

	IRET_TO(USER_DS, stack, USER_CS64, target);
	expect_trap(checks, USER_DONE, 0, ANYWHERE, "IRET to ring 3");
	expect_equal(checks, trap.cs, USER_CS64, "CS after IRET to ring 3");
	expect_equal(checks, trap.sp, stack, "RSP after IRET to ring 3");
	IRET_TO(USER_DS, stack, USER_CS32, target);
	expect_trap(checks, USER_DONE, 0, ANYWHERE, "IRET to 32-bit ring 3");
	expect_equal(checks, trap.cs, USER_CS32, "CS after IRET to 32-bit ring 3");
	IRET_TO(KERNEL_DS, stack, KERNEL_CS, target);
	expect_trap(checks, USER_DONE, 0, ANYWHERE, "IRET to ring 0");
	expect_equal(checks, trap.sp, stack, "RSP after IRET to ring 0: always loaded");
	IRET_TO(0, stack, KERNEL_CS, target);
	expect_trap(checks, USER_DONE, 0, ANYWHERE, "IRET to ring 0 with SS of null");
	expect_equal(checks, trap.ss, 0, "SS after IRET to ring 0 with SS of null");
	IRET_TO(3, stack, USER_CS64, target);
	expect_trap(checks, VECTOR_GP, 0, ANYWHERE, "IRET to ring 3 with SS of null");
	IRET_TO(0, stack, USER_CS32, target);
	expect_trap(checks, VECTOR_GP, 0, ANYWHERE, "IRET to 32-bit ring 3 with SS of null");
	IRET_TO(KERNEL_DS, stack, USER_CS64, target);
	expect_trap(checks, VECTOR_GP, KERNEL_DS, ANYWHERE, "IRET to ring 3 with ring 0's stack");
	IRET_TO(USER_DS, stack, 0, target);
	expect_trap(checks, VECTOR_GP, 0, ANYWHERE, "IRET to CS of null");
	IRET_TO(USER_DS, stack, USER_DS, target);
	expect_trap(checks, VECTOR_GP, USER_DS & ~3, ANYWHERE, "IRET to data");
	IRET_TO(USER_DS, stack, 0xFFFB, target);
	expect_trap(checks, VECTOR_GP, 0xFFF8, ANYWHERE, "IRET to CS beyond the GDT");
	IRET_TO(USER_DS, stack, USER_CS64, 0x0000800000000000);
	expect_trap(checks, VECTOR_GP, 0, ANYWHERE, "IRET to an address that is none");
	*gdt_entry(SECOND) = segment(0, LIMIT_FLAT, USER_CODE, SIZE_LONG | SIZE_32 | SIZE_PAGES);
	test_lenient("l-and-d");	/* QEMU's TCG does not look */
	IRET_TO(USER_DS, stack, SECOND | 3, target);
	expect_trap(checks, VECTOR_GP, SECOND, ANYWHERE, "IRET to code with L and D");
	test_lenient(NULL);
	*gdt_entry(SECOND) = segment(0, LIMIT_FLAT, USER_CODE & ~ACCESS_PRESENT,
				     SIZE_LONG | SIZE_PAGES);
	IRET_TO(USER_DS, stack, SECOND | 3, target);
	expect_trap(checks, VECTOR_NP, SECOND, ANYWHERE, "IRET to code that is not present");
	TRY_USER("pushq %0\n\tpushq %1\n\tpushq $2\n\tpushq %2\n\tpushq %3\n\tiretq"
		, : "r"((uint64_t)KERNEL_DS), "r"(stack), "r"((uint64_t)KERNEL_CS), "r"(target)
		 : "memory", "cc");
	expect_trap(checks, VECTOR_GP, KERNEL_CS, ANYWHERE, "ring 3: IRET to ring 0");
}

static void check_far_return(struct checks *checks)
{
	TRY("pushq %0\n\tpushq $far_target\n\tlretq", : "r"((uint64_t)KERNEL_CS) : "memory");
	expect_trap(checks, USER_DONE, 0, ANYWHERE, "RETF");
	TRY("pushq %0\n\tpushq %1\n\tpushq %2\n\tpushq $far_target\n\tlretq"
	   , : "r"((uint64_t)USER_DS), "r"((uint64_t)trap_user_stack + 1024),
	      "r"((uint64_t)USER_CS32) : "memory");
	expect_trap(checks, USER_DONE, 0, ANYWHERE, "RETF to 32-bit ring 3");
	expect_equal(checks, trap.cs, USER_CS32, "CS after RETF to 32-bit ring 3");
}

/* --- segment registers, tables --- */

static void check_registers(struct checks *checks)
{
	uint64_t value = 0;

	WORKS("xorl %%eax, %%eax\n\tmovl %%eax, %%ds\n\tmovl %%eax, %%es\n\t"
	    "movl far_target, %%ecx");
	__asm__ volatile("movl %0, %%ds\n\tmovl %0, %%es" : : "r"(KERNEL_DS));
	TRY("movl %%ss, %%ecx\n\txorl %%eax, %%eax\n\tmovl %%eax, %%ss\n\tpushq %%rax\n\t"
	    "popq %%rax\n\tmovl %%ecx, %%ss"
	   , : : "rax", "rcx", "memory");
	expect_done(checks, "SS of null in ring 0");
	TRY_USER("xorl %%eax, %%eax\n\tmovl %%eax, %%ss", : : "rax");
	expect_trap(checks, VECTOR_GP, 0, 2, "ring 3: SS of null");
	/* No limits. */
	*gdt_entry(SECOND) = segment(0, 0, DATA_SEGMENT, SIZE_32);
	TRY("movl %1, %%ds\n\tmovq %%ds:0xFF0, %0\n\tmovl %2, %%ds", "=&r"(value)
	    : "r"(SECOND), "r"(KERNEL_DS));
	expect_done(checks, "beyond the limit of DS");
}

static void check_system_descriptors(struct checks *checks)
{
	uint64_t result = 0, zero = 0;

	*gdt_entry(TESTED) = segment(0x1000, 0xFF, ACCESS_PRESENT | TYPE_LDT, SIZE_16);
	*gdt_entry(TESTED + 8) = 0xFFFF8000;
	WORKS("movl $0x48, %%eax\n\tlldt %%ax");
	*gdt_entry(TESTED + 8) = 0x00008000;
	test_lenient("ldt-canonical");	/* QEMU's TCG does not look */
	FAULT_AT(VECTOR_GP, 0x48, 5, "movl $0x48, %%eax\n\tlldt %%ax");
	test_lenient(NULL);
	WORKS("xorl %%eax, %%eax\n\tlldt %%ax");
	FAULT_AT(VECTOR_GP, TASK_SELECTOR, 5, "movl $0x38, %%eax\n\tltr %%ax");
	TRY("lsll %%ecx, %%eax\n\tsetz %%dl", "=a"(result), "=d"(zero)
	    : "c"(TASK_SELECTOR), "0"(0), "1"(0) : "cc");
	expect_equal(checks, zero, 1, "ZF of LSL of a TSS");
	expect_equal(checks, result, sizeof(trap_tss) - 1, "LSL of a TSS");
	*gdt_entry(TESTED) = gate(KERNEL_CS, 0, CALL_GATE, 0);
	TRY("larl %%ecx, %%eax\n\tsetz %%dl", "=a"(result), "=d"(zero)
	    : "c"(TESTED), "0"(0), "1"(0) : "cc");
	expect_equal(checks, zero, 1, "ZF of LAR of a call gate");
	expect_equal(checks, result & 0xFF00, CALL_GATE << 8, "LAR of a call gate");
	/* What only 32 bits know. */
	*gdt_entry(TESTED) = gate(KERNEL_CS, 0, ACCESS_PRESENT | TYPE_TASK_GATE, 0);
	TRY("larl %%ecx, %%eax\n\tsetz %%dl", "=a"(result), "=d"(zero)
	    : "c"(TESTED), "0"(0), "1"(0) : "cc");
	test_lenient("lar");	/* QEMU's TCG knows them here too */
	expect_equal(checks, zero, 0, "ZF of LAR of a task gate");
	test_lenient(NULL);
}

int main(void)
{
	struct checks checks = { 0 };

	trap_init();
	check_gate(&checks);
	check_gate_faults(&checks);
	check_iret(&checks);
	check_far_return(&checks);
	check_registers(&checks);
	check_system_descriptors(&checks);
	return test_result(&checks, "cpu-segments64");
}
