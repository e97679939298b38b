/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-cpu-integer.c - what the differential tester (cpu-diff) cannot have from the
 * host in user mode: flags by privilege, instructions that are given up, stack
 * pointers that wrap, and code that writes where it lies. As the SDM has it, vol. 2.
 *
 * Every case ends in an exception, by UD2 at the latest. There is no table of
 * interrupts, so that the processor shuts down with the registers as a handler
 * would find them: RIP has to be at the second part of the case.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/vcpu.h"
#include "cpu/cpu.h"
#include "unit.h"

#define PAGE		0x1000u
#define MEMORY_SIZE	0x100000u
#define TABLES		0x1000u		/* page directory, then page table */
#define CODE		0x10000u
#define CODE_TEXT	"0x10000"
#define STACK		0x20000u	/* goes down; the page at it is not there */
#define READ_ONLY	0x30000u	/* a page, and the next one is not there */
#define CODE_LIMIT	0x7FFFFu	/* in user mode */
#define STACK16		0xFFF0u		/* in real and virtual-8086 mode */

#define PTE_USER	7u		/* present, writable, user */
#define PTE_READ_ONLY	5u

#define EAX		0x11111111u	/* as it is before */
#define EDX		0x22222222u
#define BIT_23		0x00800000u	/* what is in the read-only page */

enum mode { REAL, V8086, V8086_IOPL3, KERNEL, KERNEL_STACK16, USER, USER_IOPL3 };

/*
 * Name, mode, code size, code before, the instruction that raises an exception,
 * EAX and ESP then. EBX points to the stack, ECX to the read-only page, EBP is
 * the stack's top; interrupts are enabled.
 */
#define CASES_FLAGS(X)	/* POPF's table 4-16 */						\
	X(popf_kernel, KERNEL, 32, "push $0x7ed7;popf;pushf;pop %eax", "ud2", 0x7ed7, STACK) \
	X(popf_user, USER, 32, "push $0x7cd7;popf;pushf;pop %eax", "ud2", 0x4ed7, STACK) \
	X(popf_user_word, USER, 32, "pushw $0x7cd7;popfw;pushf;pop %eax", "ud2", 0x4ed7, STACK) \
	X(popf_user_iopl, USER_IOPL3, 32, "push $0x4cd7;popf;pushf;pop %eax", "ud2", 0x7cd7, \
	  STACK)									\
	X(popf_real, REAL, 16, "push $0x7cd7;popf;pushf;pop %ax", "ud2", 0x11117cd7, STACK16) \
	X(popf_more, KERNEL, 32, "push $0x240002;popf;pushf;pop %eax", "ud2", 0x240002, STACK) \
	X(popf_virtual, KERNEL, 32, "push $0x1a0002;popf;pushf;pop %eax", "ud2", 2, STACK) \
	X(popf_v8086, V8086, 16, "", "popf", EAX, STACK16)				\
	X(pushf_v8086, V8086, 16, "", "pushf", EAX, STACK16)				\
	X(pushf_v8086_iopl, V8086_IOPL3, 16, "pushfl;popl %eax", "ud2", 0x3202, STACK16) \
	X(popf_v8086_iopl, V8086_IOPL3, 16, "push $0x4cd7;popf;pushf;pop %ax", "ud2",	\
	  0x11117cd7, STACK16)

/* An instruction that cannot finish leaves everything as it was. */
#define CASES_GIVEN_UP(X)								\
	X(pop_to_absent, KERNEL, 32, "push %eax", "popl 0x1000(%ecx)", EAX, STACK - 4)	\
	X(pop_from_absent, KERNEL, 32, "", "pop %eax", EAX, STACK)			\
	X(pop_memory_from_absent, KERNEL, 32, "", "popl (%ecx)", EAX, STACK)		\
	X(popa_from_absent, KERNEL, 32, "push %eax", "popa", EAX, STACK - 4)		\
	X(push_from_absent, KERNEL, 32, "", "pushl 0x1000(%ecx)", EAX, STACK)		\
	X(push_to_absent, KERNEL, 32, "lea 0x1004(%ecx),%esp", "push %eax", EAX,	\
	  READ_ONLY + 0x1004)								\
	X(call_from_absent, KERNEL, 32, "", "call *0x1000(%ecx)", EAX, STACK)		\
	X(call_to_absent, KERNEL, 32, "lea 0x1004(%ecx),%esp", "call 1f;1: inc %eax", EAX, \
	  READ_ONLY + 0x1004)								\
	X(enter_to_absent, KERNEL, 32, "lea 0x1004(%ecx),%esp", "enter $0,$0", EAX,	\
	  READ_ONLY + 0x1004)								\
	X(enter_probes, KERNEL, 32, "lea 0x2010(%ecx),%esp", "enter $0x1000,$0", EAX,	\
	  READ_ONLY + 0x2010)								\
	X(leave_from_absent, KERNEL, 32, "push %eax", "leave", EAX, STACK - 4)		\
	X(return_from_absent, KERNEL, 32, "", "ret $8", EAX, STACK)			\
	X(return_outside, USER, 32, "push $-1", "ret", EAX, STACK - 4)			\
	X(jump_outside, USER, 32, "mov $0x80000,%eax", "jmp *%eax", 0x80000, STACK)	\
	X(branch_outside, USER, 32, "", ".byte 0x0f,0x83;.long 0x80000", EAX, STACK)	\
	X(call_outside, USER, 32, "", ".byte 0xe8;.long 0x80000", EAX, STACK)		\
	X(add_read_only, USER, 32, "", "addl $-1,(%ecx)", EAX, STACK)			\
	X(shift_read_only, USER, 32, "", "shll $9,(%ecx)", EAX, STACK)			\
	X(xchg_read_only, USER, 32, "", "xchg %eax,(%ecx)", EAX, STACK)			\
	X(xadd_read_only, USER, 32, "", "xadd %eax,(%ecx)", EAX, STACK)			\
	X(cmpxchg_read_only, USER, 32, "", "cmpxchg %edx,(%ecx)", EAX, STACK)		\
	X(cmpxchg8b_read_only, USER, 32, "", "cmpxchg8b (%ecx)", EAX, STACK)		\
	X(bts_read_only, USER, 32, "mov $-9,%eax", "bts %eax,4(%ecx)", -9u, STACK)	\
	X(bt_read_only, USER, 32, "mov $-9,%eax;bt %eax,4(%ecx);setc %al", "ud2",	\
	  0xFFFFFF01, STACK)								\
	X(cmov_reads, USER, 32, "clc", "cmovc 0x1000(%ecx),%eax", EAX, STACK)		\
	X(divide_by_zero, USER, 32, "xor %ecx,%ecx", "div %ecx", EAX, STACK)		\
	X(divide_too_far, USER, 32, "", "divl %edx", EAX, STACK)			\
	X(divide_lowest, USER, 32, "mov $1<<31,%eax;cltd;or $-1,%ecx", "idiv %ecx",	\
	  1u << 31, STACK)								\
	X(aam_zero, USER, 32, "", "aam $0", EAX, STACK)					\
	X(bound, USER, 32, "mov $-1,%eax", "bound %eax,(%ecx)", UINT32_MAX, STACK)	\
	X(prefetch_absent, USER, 32, "prefetchnta 0x1000(%ecx)", "ud2", EAX, STACK)	\
	X(clflush_absent, USER, 32, "clflush (%ecx)", "clflush 0x1000(%ecx)", EAX, STACK)

#define CASES_STACK(X)									\
	X(pop_by_stack, KERNEL, 32, "push $7;push $5;popl (%esp);pop %eax", "ud2", 5, STACK) \
	X(push_wraps, KERNEL_STACK16, 32, "mov $0x10000,%esp;push $9;mov 0xfffc,%eax", "ud2", \
	  9, 0x1FFFC)									\
	X(pop_wraps, KERNEL_STACK16, 32, "mov $0x1fffc,%esp;pop %edx;mov %esp,%eax", "ud2", \
	  0x10000, 0x10000)								\
	X(pusha_wraps, KERNEL_STACK16, 32, "mov $0x10010,%esp;pusha;xor %eax,%eax;popa;pusha", \
	  "ud2", EAX, 0x1FFF0)								\
	X(leave_wraps, KERNEL_STACK16, 32, "mov $0x5555fffc,%ebp;leave;mov %esp,%eax", "ud2", \
	  0x20000, 0x20000)								\
	X(word_in_32_bits, KERNEL, 32, "pushw $5;pushw $6;pop %eax", "ud2", 0x50006, STACK)

/* Code that is written while it runs. */
#define LABEL(label) label " - 999b + " CODE_TEXT

#define CASES_SELF(X)									\
	X(store_ahead, KERNEL, 32, "movb $0x42," LABEL("1f") " + 1;1: mov $0,%al", "ud2", \
	  0x11111142, STACK)								\
	X(push_ahead, KERNEL, 32, "mov $" LABEL("1f") " + 4,%esp;push $0x40404040;"	\
	  "1: .long 0x48484848;mov $0x20000,%esp", "ud2", EAX + 4, STACK)		\
	X(call_over_itself, KERNEL, 32, "mov $" LABEL("1f") " + 4,%esp;call 2f;1: .long 0;" \
	  "2: pop %eax;sub $" LABEL("1b") ",%eax;mov $0x20000,%esp", "ud2", 0, STACK)

#define CASES(X) CASES_FLAGS(X) CASES_GIVEN_UP(X) CASES_STACK(X) CASES_SELF(X)

#define ASSEMBLE(name, mode, bits, before, instruction, eax, esp)			\
	".code" #bits ";case_" #name ": 999: " before ";fault_" #name ": " instruction	\
	";end_" #name ": .code64\n"

__asm__(".pushsection .rodata\n" CASES(ASSEMBLE) ".popsection");

#define DECLARE(name, mode, bits, before, instruction, eax, esp)			\
	extern const uint8_t case_##name[], fault_##name[], end_##name[];

CASES(DECLARE)

struct test_case {
	const char *name;
	enum mode mode;
	const uint8_t *code, *fault, *end;
	uint32_t eax, esp;
};

#define ROW(name, mode, bits, before, instruction, eax, esp)				\
	{ #name, mode, case_##name, fault_##name, end_##name, eax, esp },

static const struct test_case cases[] = { CASES(ROW) };

/* --- the machine --- */

static uint64_t no_read(void *self, enum bus_space space, uint64_t address, unsigned int size)
{
	return UINT64_MAX;
}

static void no_write(void *self, enum bus_space space, uint64_t address, unsigned int size,
		     uint64_t value)
{
}

static int no_interrupt(void *self)
{
	return -1;
}

static uint64_t no_number(void *self)
{
	return 0;
}

static const struct cpu_ops ops = {
	.read = no_read, .write = no_write, .acknowledge = no_interrupt, .tsc = no_number,
	.random = no_number,
};

static void put32(uint8_t *ram, uint32_t address, uint32_t value)
{
	memcpy(ram + address, &value, sizeof(value));
}

static void set_up_memory(uint8_t *ram, const struct test_case *test)
{
	memset(ram, 0, MEMORY_SIZE);
	put32(ram, TABLES, (TABLES + PAGE) | PTE_USER);
	for (uint32_t page = 0; page < MEMORY_SIZE; page += PAGE)
		put32(ram, TABLES + PAGE + page / PAGE * 4, page | PTE_USER);
	put32(ram, TABLES + PAGE + STACK / PAGE * 4, 0);
	put32(ram, TABLES + PAGE + READ_ONLY / PAGE * 4, READ_ONLY | PTE_READ_ONLY);
	put32(ram, TABLES + PAGE + (READ_ONLY / PAGE + 1) * 4, 0);
	put32(ram, READ_ONLY, BIT_23);
	memcpy(ram + CODE, test->code, (size_t)(test->end - test->code));
}

static bool is_16_bit(enum mode mode)
{
	return mode <= V8086_IOPL3;
}

static bool is_user(enum mode mode)
{
	return mode == USER || mode == USER_IOPL3 || mode == V8086 || mode == V8086_IOPL3;
}

/* All flat; in modes with 16-bit segments those of the reset, CS at the code. */
static void set_up_segments(struct vcpu_state *state, enum mode mode)
{
	for (unsigned int i = 0; i < SEG_COUNT; i++) {
		struct vcpu_segment *segment = &state->segment[i];

		segment->dpl = is_user(mode) ? 3 : 0;
		if (is_16_bit(mode))
			continue;
		segment->selector = (uint16_t)(8 + i * 8 + segment->dpl);
		segment->type = i == SEG_CS ? SEG_TYPE_CODE : SEG_TYPE_DATA;
		segment->s = segment->present = segment->db = segment->g = true;
		segment->limit = i == SEG_CS && is_user(mode) ? CODE_LIMIT : UINT32_MAX;
	}
	if (is_16_bit(mode)) {
		state->segment[SEG_CS].selector = CODE >> 4;
		state->segment[SEG_CS].base = CODE;
	}
	if (mode == KERNEL_STACK16) {
		state->segment[SEG_SS].db = false;
		state->segment[SEG_SS].limit = 0xFFFF;
	}
}

static void set_up_state(struct vcpu_state *state, enum mode mode)
{
	vcpu_state_reset(state);
	state->gpr[GPR_RAX] = EAX;
	state->gpr[GPR_RDX] = EDX;
	state->gpr[GPR_RCX] = READ_ONLY;
	state->gpr[GPR_RBX] = STACK - 0x100;
	state->gpr[GPR_RSP] = state->gpr[GPR_RBP] = is_16_bit(mode) ? STACK16 : STACK;
	state->rip = is_16_bit(mode) ? 0 : CODE;
	state->rflags = RFLAGS_FIXED | RFLAGS_IF;
	if (mode == V8086 || mode == V8086_IOPL3)
		state->rflags |= RFLAGS_VM;
	if (mode == USER_IOPL3 || mode == V8086_IOPL3)
		state->rflags |= RFLAGS_IOPL;
	state->idtr.limit = 0;
	set_up_segments(state, mode);
	if (mode == REAL)
		return;
	state->cr0 = CR0_PE | CR0_PG | CR0_WP | CR0_ET;
	state->cr3 = TABLES;
}

#define ARITHMETIC (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

static bool as_wanted(const struct test_case *test, const struct vcpu_state *state,
		      const uint8_t *ram)
{
	uint64_t start = is_16_bit(test->mode) ? 0 : CODE;

	return state->rip == start + (uint64_t)(test->fault - test->code) &&
	       state->gpr[GPR_RAX] == test->eax && state->gpr[GPR_RSP] == test->esp &&
	       ram[READ_ONLY + 2] == BIT_23 >> 16 &&
	       /* Nothing ran before: the flags are those of the start, too. */
	       (test->fault != test->code || !(state->rflags & ARITHMETIC));
}

static void check_case(struct unit *unit, struct cpu *cpu, uint8_t *ram,
		       const struct test_case *test)
{
	struct vcpu_state state;
	enum cpu_stop stop;

	set_up_memory(ram, test);
	set_up_state(&state, test->mode);
	cpu_memory_written(cpu, 0, MEMORY_SIZE);
	cpu_set_state(cpu, &state);
	stop = cpu_run(cpu, 100);
	cpu_get_state(cpu, &state);
	if (!unit_check(unit, stop == CPU_SHUTDOWN && as_wanted(test, &state, ram), test->name))
		printf("  stop %d, RIP %" PRIx64 ", EAX %" PRIx64 ", ESP %" PRIx64 ", flags %"
		       PRIx64 "\n", stop, state.rip, state.gpr[GPR_RAX], state.gpr[GPR_RSP],
		       state.rflags);
}

int main(void)
{
	struct mem_region region = { .size = MEMORY_SIZE, .flags = MEM_RW, .name = "RAM" };
	struct unit unit = { 0 };
	struct mem *mem;
	struct cpu *cpu;

	if (mem_create(&mem))
		return 2;
	region.host = mem_backing(mem, MEMORY_SIZE, false);
	if (!region.host || mem_add(mem, &region, false) || cpu_create(&cpu, mem, &ops, NULL))
		return 2;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&unit, cpu, region.host, &cases[i]);
	cpu_destroy(cpu);
	mem_destroy(mem);
	return unit_status(&unit);
}
