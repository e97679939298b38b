/* SPDX-License-Identifier: 0BSD */
/*
 * cpu-v8086.c - virtual-8086 mode: addresses, what IOPL allows and what not,
 * interrupts to protected mode and back, the I/O bitmap, faults (Intel SDM
 * vol. 3, chapter 20; without the virtual-8086 mode extensions).
 */
#include <vmm/string.h>

#include "cpu/test.h"

#define CODE		0x70000u	/* real-mode segment 0x7000: code, stack at its end */
#define CODE_SEGMENT_V86 (CODE >> 4)
#define DATA		0x80000u
#define DATA_SEGMENT_V86 (DATA >> 4)
#define STACK_TOP	0xFFF0u
#define IOPL_3		FLAG_IOPL
#define DONE		0xCD, USER_DONE

/* The TSS with an I/O bitmap for all ports, and the byte of ones behind it. */
static volatile struct {
	struct tss32 tss;
	uint8_t bitmap[8192], end;
} __attribute__((packed)) task;

static void load_task(uint32_t limit)
{
	*gdt_entry(TASK_SELECTOR) = segment((uint32_t)&task, limit, ACCESS_PRESENT | TYPE_TSS,
					    SIZE_16);
	__asm__ volatile("ltr %w0" : : "r"(TASK_SELECTOR) : "memory");
}

static void set_task(void)
{
	task.tss = trap_tss;
	task.tss.io_map = sizeof(task.tss);
	memset((void *)task.bitmap, 0xFF, sizeof(task.bitmap) + 1);
	load_task(sizeof(task) - 1);
}

static void allow_port(unsigned int port, bool allowed)
{
	if (allowed)
		task.bitmap[port / 8] &= (uint8_t)~(1u << port % 8);
	else
		task.bitmap[port / 8] |= (uint8_t)(1u << port % 8);
}

/* --- running code --- */

static volatile struct {
	struct trap_frame frame;	/* as the trap found it */
} last;

static bool keep_frame(struct trap_frame *frame)
{
	if (frame->flags & FLAG_VM)
		last.frame = *frame;
	return false;
}

/*
 * Runs code in virtual-8086 mode, with these flags beside VM and registers of
 * 0 but DX. What ends it is in trap and last.
 */
static void run(const uint8_t *code, unsigned int size, uint32_t flags)
{
	uint32_t all = FLAG_FIXED | FLAG_VM | flags;

	memset((void *)CODE, 0xF4, 256);
	memcpy((void *)CODE, code, size);
	TRY("pushl %[data]\n\tpushl %[data]\n\tpushl %[data]\n\t"
	    "pushl %[data]\n\t"	/* GS to ES */
	    "pushl %[stack]\n\tpushl %[top]\n\tpushl %[flags]\n\tpushl %[stack]\n\tpushl $0\n\t"
	    "xorl %%ebx, %%ebx\n\txorl %%ecx, %%ecx\n\txorl %%esi, %%esi\n\txorl %%edi, %%edi\n\t"
	    "iretl"
	   , : [data] "i"(DATA_SEGMENT_V86), [stack] "i"(CODE_SEGMENT_V86), [top] "i"(STACK_TOP),
	      [flags] "d"(all), "a"(0) : "ebx", "ecx", "esi", "edi", "memory", "cc");
}

/* Declares code, runs it, and expects a vector at an offset. */
#define EXPECT_RUN(checks, flags, vector, error, offset, what, ...)		\
	do {									\
		static const uint8_t run_code_[] = { __VA_ARGS__ };		\
										\
		run(run_code_, sizeof(run_code_), flags);			\
		expect_end(checks, vector, error, offset, what);		\
	} while (0)

static void expect_end(struct checks *checks, unsigned int vector, uint32_t error, uint32_t offset,
		       const char *what)
{
	expect(checks, trap.vector == vector && trap.error == error && trap.ip == offset &&
	       trap.cs == CODE_SEGMENT_V86 && trap.flags & FLAG_VM,
	       "%s: expected vector %u error %x at %x, got %u %x at %x:%x flags %x", what, vector,
	       (unsigned int)error, (unsigned int)offset, (unsigned int)trap.vector,
	       (unsigned int)trap.error, (unsigned int)trap.cs, (unsigned int)trap.ip,
	       (unsigned int)trap.flags);
}

/* --- addresses and stacks --- */

static void check_frame(struct checks *checks)
{
	static const uint8_t code[] = {
		0xB8, 0x34, 0x12,		/* mov $0x1234, %ax */
		0xA3, 0x10, 0x00,		/* mov %ax, 0x10: DS */
		0x50,				/* push %ax */
		0x8E, 0xE0,			/* mov %ax, %fs */
		DONE,
	};

	run(code, sizeof(code), IOPL_3);
	expect_end(checks, USER_DONE, 0, 11, "code in virtual-8086 mode");
	expect_equal(checks, *(volatile uint16_t *)(DATA + 0x10), 0x1234, "a write by way of DS");
	expect_equal(checks, *(volatile uint16_t *)(CODE + STACK_TOP - 2), 0x1234, "a push");
	expect_equal(checks, trap.sp, STACK_TOP - 2, "SP saved");
	expect_equal(checks, trap.ss, CODE_SEGMENT_V86, "SS saved");
	expect_equal(checks, last.frame.v86_ds & 0xFFFF, DATA_SEGMENT_V86, "DS saved");
	expect_equal(checks, last.frame.v86_es & 0xFFFF, DATA_SEGMENT_V86, "ES saved");
	expect_equal(checks, last.frame.v86_gs & 0xFFFF, DATA_SEGMENT_V86, "GS saved");
	expect_equal(checks, last.frame.v86_fs & 0xFFFF, 0x1234, "FS saved");
	/* In the handler they are null. */
	expect_equal(checks, last.frame.fs & 0xFFFF, 0, "FS in the handler");
	expect_equal(checks, last.frame.ds & 0xFFFF, 0, "DS in the handler");
}

static void check_addresses(struct checks *checks)
{
	*(volatile uint16_t *)0x100010 = 0x5678;
	test_lenient("limits");	/* QEMU's TCG knows no limits */
	EXPECT_RUN(checks, 0, VECTOR_GP, 0, 0, "a word at 0xFFFF", 0xA1, 0xFF, 0xFF);
	EXPECT_RUN(checks, 0, VECTOR_GP, 0, 0, "a byte at 0x10000",
		   0x67, 0x8A, 0x05, 0x00, 0x00, 0x01, 0x00);
	test_lenient(NULL);
	/* Above 1 MiB: segment 0xFFFF. mov $0xFFFF, %ax; mov %ax, %es; mov %es:0x20, %bx */
	EXPECT_RUN(checks, IOPL_3, USER_DONE, 0, 12, "a word above 1 MiB",
		   0xB8, 0xFF, 0xFF, 0x8E, 0xC0, 0x26, 0x8B, 0x1E, 0x20, 0x00, DONE);
	expect_equal(checks, last.frame.bx & 0xFFFF, 0x5678, "a word above 1 MiB");
	/* A far jump: nothing but segment and offset. */
	EXPECT_RUN(checks, IOPL_3, USER_DONE, 0, 9, "a far jump to the same segment",
		   0xEA, 0x07, 0x00, CODE_SEGMENT_V86 & 0xFF, CODE_SEGMENT_V86 >> 8, 0xF4, 0xF4,
		       DONE);
}

/* --- IOPL --- */

static void check_iopl_0(struct checks *checks)
{
	EXPECT_RUN(checks, 0, VECTOR_GP, 0, 0, "CLI", 0xFA);
	EXPECT_RUN(checks, 0, VECTOR_GP, 0, 0, "STI", 0xFB);
	EXPECT_RUN(checks, 0, VECTOR_GP, 0, 0, "PUSHF", 0x9C);
	EXPECT_RUN(checks, 0, VECTOR_GP, 0, 0, "POPF", 0x9D);
	EXPECT_RUN(checks, 0, VECTOR_GP, 0, 0, "PUSHFD", 0x66, 0x9C);
	EXPECT_RUN(checks, 0, VECTOR_GP, 0, 0, "INT", DONE);
	EXPECT_RUN(checks, 0, VECTOR_GP, 0, 0, "IRET", 0xCF);
	EXPECT_RUN(checks, 0, VECTOR_BP, 0, 1, "INT3, which IOPL does not stop", 0xCC);
	EXPECT_RUN(checks, 0, VECTOR_GP, 0, 0, "HLT", 0xF4);
}

static void check_iopl_3(struct checks *checks)
{
	EXPECT_RUN(checks, IOPL_3 | FLAG_IF, USER_DONE, 0, 4, "CLI, PUSHF", 0xFA, 0x9C, DONE);
	expect_equal(checks, trap.flags & FLAG_IF, 0, "IF after CLI");
	expect_equal(checks, *(volatile uint16_t *)(CODE + STACK_TOP - 2),
		     FLAG_IOPL | FLAG_FIXED, "flags pushed after CLI");
	EXPECT_RUN(checks, IOPL_3, USER_DONE, 0, 3, "STI", 0xFB, DONE);
	expect_equal(checks, trap.flags & FLAG_IF, FLAG_IF, "IF after STI");
	/* push $0x0D5: IOPL stays; popf */
	EXPECT_RUN(checks, IOPL_3 | FLAG_IF, USER_DONE, 0, 6, "POPF", 0x68, 0xD5, 0x00, 0x9D, DONE);
	expect_equal(checks, trap.flags, FLAG_VM | FLAG_IOPL | 0xD7, "flags after POPF");
	/* push flags, CS, IP; iret: as in real mode */
	EXPECT_RUN(checks, IOPL_3, USER_DONE, 0, 0x12, "IRET", 0x68, 0x01, 0x02, 0x68,
		   CODE_SEGMENT_V86 & 0xFF, CODE_SEGMENT_V86 >> 8, 0x68, 0x10, 0x00, 0xCF,
		   0xF4, 0xF4, 0xF4, 0xF4, 0xF4, 0xF4, DONE);
	expect_equal(checks, trap.flags, FLAG_VM | FLAG_IOPL | FLAG_IF | 0x3, "flags after IRET");
	EXPECT_RUN(checks, IOPL_3, VECTOR_BP, 0, 1, "INT3 to a gate with DPL 3", 0xCC);
	EXPECT_RUN(checks, IOPL_3, VECTOR_GP, ERROR_VECTOR(0x21), 0, "INT to a gate with DPL 0",
		   0xCD, 0x21);
	EXPECT_RUN(checks, IOPL_3, VECTOR_GP, 0, 0, "HLT", 0xF4);
}

/* --- what is not there, and what is never allowed --- */

static void check_never(struct checks *checks)
{
	EXPECT_RUN(checks, IOPL_3, VECTOR_UD, 0, 0, "LAR", 0x0F, 0x02, 0xC0);
	EXPECT_RUN(checks, IOPL_3, VECTOR_UD, 0, 0, "LSL", 0x0F, 0x03, 0xC0);
	EXPECT_RUN(checks, IOPL_3, VECTOR_UD, 0, 0, "VERR", 0x0F, 0x00, 0xE0);
	EXPECT_RUN(checks, IOPL_3, VECTOR_UD, 0, 0, "STR", 0x0F, 0x00, 0xC8);
	EXPECT_RUN(checks, IOPL_3, VECTOR_UD, 0, 0, "LLDT", 0x0F, 0x00, 0xD0);
	EXPECT_RUN(checks, IOPL_3, VECTOR_UD, 0, 0, "ARPL", 0x63, 0xC0);
	EXPECT_RUN(checks, IOPL_3, VECTOR_GP, 0, 0, "MOV from CR0", 0x0F, 0x20, 0xC0);
	EXPECT_RUN(checks, IOPL_3, VECTOR_GP, 0, 0, "LIDT", 0x0F, 0x01, 0x1E, 0x00, 0x00);
	EXPECT_RUN(checks, IOPL_3, VECTOR_GP, 0, 0, "CLTS", 0x0F, 0x06);
	EXPECT_RUN(checks, IOPL_3, VECTOR_UD, 0, 0, "UD2", 0x0F, 0x0B);
	/* div %cl, which is 0 */
	EXPECT_RUN(checks, IOPL_3, VECTOR_DE, 0, 0, "a division by 0", 0xF6, 0xF1);
}

/* --- ports: the bitmap alone decides, whatever IOPL is --- */

static void check_ports(struct checks *checks)
{
	EXPECT_RUN(checks, IOPL_3, VECTOR_GP, 0, 0, "IN of a port not allowed", 0xE4, 0x80);
	allow_port(0x80, true);
	EXPECT_RUN(checks, IOPL_3, USER_DONE, 0, 4, "IN of a port allowed", 0xE4, 0x80, DONE);
	EXPECT_RUN(checks, IOPL_3, USER_DONE, 0, 4, "OUT to a port allowed", 0xE6, 0x80, DONE);
	EXPECT_RUN(checks, IOPL_3, VECTOR_GP, 0, 0, "IN of two ports, one allowed", 0xE5, 0x80);
	allow_port(0x81, true);
	EXPECT_RUN(checks, IOPL_3, USER_DONE, 0, 4, "IN of two ports allowed", 0xE5, 0x80, DONE);
	EXPECT_RUN(checks, IOPL_3, VECTOR_GP, 0, 0, "IN of four ports, two allowed", 0x66, 0xE5,
	    0x80);
	/* Across a byte of the bitmap, and its end. */
	allow_port(0x87, true);
	EXPECT_RUN(checks, IOPL_3, VECTOR_GP, 0, 0, "IN of ports 0x87 and 0x88", 0xE5, 0x87);
	allow_port(0x88, true);
	EXPECT_RUN(checks, IOPL_3, USER_DONE, 0, 4, "IN of ports 0x87 and 0x88", 0xE5, 0x87, DONE);
	allow_port(0xFFFF, true);
	EXPECT_RUN(checks, IOPL_3, USER_DONE, 0, 6, "IN of the last port",
		   0xBA, 0xFF, 0xFF, 0xEC, DONE);
	/* Two bytes of the bitmap are read, whatever the port. */
	load_task(sizeof(task) - 2);
	EXPECT_RUN(checks, IOPL_3, VECTOR_GP, 0, 3, "IN of the last port, the bitmap's end missing",
		   0xBA, 0xFF, 0xFF, 0xEC);
	load_task(sizeof(task) - 1);
	/* At ring 3, IOPL counts too. */
	TRY_USER("inb $0x82, %%al", : : "eax");
	expect_trap(checks, VECTOR_GP, 0, 0, "ring 3: IN of a port not allowed");
	TRY_USER("inb $0x80, %%al", : : "eax");
	expect_done(checks, "ring 3: IN of a port allowed");
	trap_user_flags = FLAG_FIXED | FLAG_IOPL;
	TRY_USER("inb $0x82, %%al", : : "eax");
	expect_done(checks, "ring 3: IN with IOPL 3");
	trap_user_flags = FLAG_FIXED;
	task.tss.io_map = sizeof(task) + 16;
	TRY_USER("inb $0x80, %%al", : : "eax");
	expect_trap(checks, VECTOR_GP, 0, 0, "ring 3: IN without a bitmap");
	task.tss.io_map = sizeof(task.tss);
}

/* --- a monitor: what faults is done for the program, and it goes on --- */

static volatile uint32_t emulated;

static bool emulate(struct trap_frame *frame)
{
	const uint8_t *code = (const uint8_t *)((frame->cs << 4) + frame->ip);

	keep_frame(frame);
	if (!(frame->flags & FLAG_VM) || (*code != 0xFA && *code != 0xFB))
		return false;
	emulated++;
	frame->ip++;
	return true;
}

static void check_monitor(struct checks *checks)
{
	trap_handler[VECTOR_GP] = emulate;
	/* mov $100, %cx; 1: cli; sti; inc %ax; loop 1b; hlt */
	EXPECT_RUN(checks, 0, VECTOR_GP, 0, 8, "a program and its monitor",
		   0xB9, 100, 0x00, 0xFA, 0xFB, 0x40, 0xE2, 0xFB, 0xF4);
	expect_equal(checks, emulated, 200, "instructions done by the monitor");
	expect_equal(checks, last.frame.ax & 0xFFFF, 100, "what the program has counted");
	trap_handler[VECTOR_GP] = keep_frame;
}

int main(void)
{
	struct checks checks = { 0 };

	trap_init();
	set_task();
	trap_gate(VECTOR_BP, ACCESS_PRESENT | TYPE_INTERRUPT_GATE | ACCESS_DPL(3), 0);
	for (unsigned int vector = 0; vector < 256; vector++)
		trap_handler[vector] = keep_frame;
	check_frame(&checks);
	check_addresses(&checks);
	check_iopl_0(&checks);
	check_iopl_3(&checks);
	check_never(&checks);
	check_ports(&checks);
	check_monitor(&checks);
	return test_result(&checks, "cpu-v8086");
}
