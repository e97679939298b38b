/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-cpu-memory.c - what the processor keeps of memory, and when it must look
 * again: decoded code, beside which or into which somebody writes, and
 * translations, whose page tables change (SDM vol. 3, 4.10.4).
 *
 * 32-bit code with flat segments. What has to come out is read from memory as it
 * is after the run.
 */
#include <string.h>

#include "core/mem.h"
#include "core/vcpu.h"
#include "cpu/cpu.h"
#include "unit.h"

#define PAGE		0x1000u
#define MEMORY_SIZE	0x1000000u	/* 16 MiB */
#define DIRECTORY	0x1000u
#define TABLE		0x2000u		/* of the 4 MiB at MAPPED */
#define PROGRAM		0x3000u
#define STACK		0x5000u
#define FUNCTIONS	0x8000u		/* pages with the code that is written to */
#define FRAME_A		0x10000u
#define FRAME_B		0x11000u
#define MAPPED		0x40000000u
#define LARGE		0x50000000u
#define LARGE_A		0x400000u
#define LARGE_B		0x800000u
#define LARGE_SIZE	0x400000u

#define P_W		0x3u
#define P_W_LARGE	0x83u
#define P_GLOBAL	0x100u

#define FUNCTION_SIZE	6u		/* MOV EAX, imm32; RET */
#define INSTRUCTIONS	100u

struct rig {
	struct unit unit;
	struct mem *mem;
	uint8_t *ram;
	struct cpu *cpu;
	struct vcpu_state state;
	uint8_t *at;			/* where the next instruction goes */
};

/* --- a machine without devices --- */

static uint64_t read_bus(void *self, enum bus_space space, uint64_t address, unsigned int size)
{
	return UINT64_MAX;
}

static void write_bus(void *self, enum bus_space space, uint64_t address, unsigned int size,
		      uint64_t value)
{
}

static int acknowledge(void *self)
{
	return -1;
}

static uint64_t zero(void *self)
{
	return 0;
}

static const struct cpu_ops ops = {
	.read = read_bus, .write = write_bus, .acknowledge = acknowledge, .tsc = zero,
	.random = zero,
};

/* --- code --- */

static void put(struct rig *rig, const void *bytes, size_t size)
{
	memcpy(rig->at, bytes, size);
	rig->at += size;
}

#define PUT(rig, ...) put(rig, (const uint8_t[]){ __VA_ARGS__ }, \
			  sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void put32(struct rig *rig, uint32_t value)
{
	put(rig, &value, sizeof(value));
}

static void put_call(struct rig *rig, uint32_t target)
{
	PUT(rig, 0xB9);			/* mov ecx, target */
	put32(rig, target);
	PUT(rig, 0xFF, 0xD1);		/* call ecx */
}

/* A store of 1, 2 or 4 bytes of 0x77; 3: by REP STOSB. */
static void put_store(struct rig *rig, uint32_t target, unsigned int size)
{
	static const uint8_t value[4] = { 0x77, 0x77, 0x77, 0x77 };

	if (size == 3) {
		PUT(rig, 0xB0, 0x77, 0xB9, 3, 0, 0, 0, 0xBF);	/* mov al; mov ecx; mov edi */
		put32(rig, target);
		PUT(rig, 0xF3, 0xAA);
		return;
	}
	if (size == 2)
		PUT(rig, 0x66);
	PUT(rig, size == 1 ? 0xC6 : 0xC7, 0x05);
	put32(rig, target);
	put(rig, value, size);
}

/* MOV reg, [address] */
static void put_load(struct rig *rig, enum vcpu_gpr reg, uint32_t address)
{
	PUT(rig, 0x8B, (uint8_t)(0x05 | reg << 3));
	put32(rig, address);
}

/* MOV DWORD [address], value */
static void put_change(struct rig *rig, uint32_t address, uint32_t value)
{
	PUT(rig, 0xC7, 0x05);
	put32(rig, address);
	put32(rig, value);
}

static void put_invlpg(struct rig *rig, uint32_t address)
{
	PUT(rig, 0x0F, 0x01, 0x3D);
	put32(rig, address);
}

/* MOV EAX, CR3; MOV CR3, EAX */
static void put_load_cr3(struct rig *rig)
{
	PUT(rig, 0x0F, 0x20, 0xD8, 0x0F, 0x22, 0xD8);
}

/* CR4 ^= PGE, twice */
static void put_toggle_pge(struct rig *rig)
{
	for (unsigned int i = 0; i < 2; i++)
		PUT(rig, 0x0F, 0x20, 0xE0, 0x35, 0x80, 0, 0, 0, 0x0F, 0x22, 0xE0);
}

static void write_function(uint8_t *at, uint32_t value)
{
	at[0] = 0xB8;
	memcpy(at + 1, &value, sizeof(value));
	at[5] = 0xC3;
}

/* --- runs --- */

static void start(struct rig *rig, uint32_t program)
{
	memset(rig->ram, 0, FRAME_B + PAGE);
	rig->at = rig->ram + program;
	vcpu_state_reset(&rig->state);
	for (unsigned int i = 0; i < SEG_COUNT; i++)
		rig->state.segment[i] = (struct vcpu_segment){
			.selector = i == SEG_CS ? 8 : 16, .limit = UINT32_MAX,
			.type = i == SEG_CS ? 11 : 3, .s = true, .present = true, .db = true,
			.g = true,
		};
	rig->state.cr0 |= CR0_PE;
	rig->state.rip = program;
	rig->state.gpr[GPR_RSP] = STACK;
	rig->state.idtr.limit = 0;
}

static enum cpu_stop resume(struct rig *rig)
{
	enum cpu_stop stop;

	cpu_set_state(rig->cpu, &rig->state);
	stop = cpu_run(rig->cpu, INSTRUCTIONS);
	cpu_get_state(rig->cpu, &rig->state);
	return stop;
}

static enum cpu_stop finish(struct rig *rig)
{
	PUT(rig, 0xF4);
	cpu_memory_written(rig->cpu, 0, MEMORY_SIZE);
	return resume(rig);
}

static uint32_t immediate(const struct rig *rig, uint32_t function)
{
	uint32_t value;

	memcpy(&value, rig->ram + function + 1, sizeof(value));
	return value;
}

static bool overlaps(uint32_t byte, uint32_t target, unsigned int size)
{
	return target <= byte && byte < target + size;
}

/* --- writes beside code and into it --- */

/* A function is run, something near is written, and it is run again. */
static bool check_store(struct rig *rig, uint32_t program, uint32_t function, uint32_t target,
			unsigned int size)
{
	start(rig, program);
	write_function(rig->ram + function, 0x11223344);
	put_call(rig, function);
	put_store(rig, target, size);
	put_call(rig, function);
	return finish(rig) == CPU_HALTED &&
	       rig->state.gpr[GPR_RAX] == immediate(rig, function);
}

static void test_stores(struct rig *rig, uint32_t program, uint32_t function, const char *what)
{
	bool good = true;

	for (unsigned int size = 1; size <= 4; size++) {
		for (uint32_t target = function - 9; target < function + 15; target++) {
			if (overlaps(function, target, size) || overlaps(function + 5, target, size))
				continue;
			if (check_store(rig, program, function, target, size))
				continue;
			printf("  %u bytes at 0x%x, function at 0x%x\n", size, target, function);
			good = false;
		}
	}
	unit_check(&rig->unit, good, what);
}

/* Memory that somebody else writes, as devices do. */
static void test_device_writes(struct rig *rig)
{
	uint32_t function = FUNCTIONS + 0x7D;
	bool good = true;

	for (uint32_t target = function - 4; target < function + FUNCTION_SIZE + 4; target++) {
		if (target == function || target == function + 5)
			continue;
		start(rig, PROGRAM);
		write_function(rig->ram + function, 0x11223344);
		put_call(rig, function);
		good &= finish(rig) == CPU_HALTED;
		rig->ram[target] = 0x77;
		cpu_memory_written(rig->cpu, target, 1);
		rig->state.rip = PROGRAM;
		good &= resume(rig) == CPU_HALTED &&
			rig->state.gpr[GPR_RAX] == immediate(rig, function);
	}
	unit_check(&rig->unit, good, "a byte written by a device");
}

/* What was no instruction becomes one by a byte behind its first. */
static void test_undefined(struct rig *rig)
{
	start(rig, PROGRAM);
	PUT(rig, 0x90, 0xFF, 0xFF);
	unit_equal(&rig->unit, finish(rig), CPU_SHUTDOWN, "an undefined instruction");
	rig->ram[PROGRAM + 2] = 0xC0;		/* inc eax */
	cpu_memory_written(rig->cpu, PROGRAM + 2, 1);
	rig->state.rip = PROGRAM;
	unit_equal(&rig->unit, resume(rig), CPU_HALTED, "an undefined instruction put right");
}

/* --- translations --- */

/* The first 16 MiB as they are, a table at MAPPED, a large page at LARGE. */
static void start_paging(struct rig *rig, uint32_t global)
{
	uint32_t *directory = (uint32_t *)(void *)(rig->ram + DIRECTORY);
	uint32_t *table = (uint32_t *)(void *)(rig->ram + TABLE);

	start(rig, PROGRAM);
	for (uint32_t i = 0; i < MEMORY_SIZE / LARGE_SIZE; i++)
		directory[i] = i * LARGE_SIZE | P_W_LARGE;
	directory[MAPPED / LARGE_SIZE] = TABLE | P_W;
	directory[LARGE / LARGE_SIZE] = LARGE_A | P_W_LARGE | global;
	table[0] = FRAME_A | P_W | global;
	rig->state.cr3 = DIRECTORY;
	rig->state.cr4 = CR4_PSE | CR4_PGE;
	rig->state.cr0 |= CR0_PG;
	for (uint32_t offset = 0; offset < LARGE_SIZE; offset += LARGE_SIZE / 2) {
		memset(rig->ram + LARGE_A + offset, 0xAA, 4);
		memset(rig->ram + LARGE_B + offset, 0xBB, 4);
	}
	memset(rig->ram + FRAME_A, 0xAA, 4);
	memset(rig->ram + FRAME_B, 0xBB, 4);
}

static void put_invlpg_mapped(struct rig *rig)
{
	put_invlpg(rig, MAPPED + 0x123);
}

static void put_invlpg_large(struct rig *rig)
{
	put_invlpg(rig, LARGE + 0x12345);
}

static void test_flush(struct rig *rig, uint32_t global, void (*put_flush)(struct rig *rig),
		       const char *what)
{
	start_paging(rig, global);
	put_load(rig, GPR_RBX, MAPPED);
	put_change(rig, TABLE, FRAME_B | P_W | global);
	put_flush(rig);
	put_load(rig, GPR_RDX, MAPPED);
	finish(rig);
	unit_check(&rig->unit, rig->state.gpr[GPR_RBX] == 0xAAAAAAAA &&
		   rig->state.gpr[GPR_RDX] == 0xBBBBBBBB, what);
}

/* Two places of a large page, of which INVLPG names a third. */
static void test_flush_large(struct rig *rig, uint32_t global,
			     void (*put_flush)(struct rig *rig), const char *what)
{
	start_paging(rig, global);
	put_load(rig, GPR_RBX, LARGE);
	put_load(rig, GPR_RBP, LARGE + LARGE_SIZE / 2);
	put_change(rig, DIRECTORY + LARGE / LARGE_SIZE * 4, LARGE_B | P_W_LARGE | global);
	put_flush(rig);
	put_load(rig, GPR_RSI, LARGE);
	put_load(rig, GPR_RDI, LARGE + LARGE_SIZE / 2);
	finish(rig);
	unit_check(&rig->unit, rig->state.gpr[GPR_RBX] == 0xAAAAAAAA &&
		   rig->state.gpr[GPR_RBP] == 0xAAAAAAAA &&
		   rig->state.gpr[GPR_RSI] == 0xBBBBBBBB &&
		   rig->state.gpr[GPR_RDI] == 0xBBBBBBBB, what);
}

/* A function, mapped elsewhere and back; both were decoded meanwhile. */
static void test_code(struct rig *rig, uint32_t global, void (*put_flush)(struct rig *rig),
		      const char *what)
{
	start_paging(rig, global);
	write_function(rig->ram + FRAME_A, 1);
	write_function(rig->ram + FRAME_B, 2);
	for (unsigned int i = 0; i < 4; i++) {
		static const uint8_t fold[] = { 0xC1, 0xE3, 4, 0x01, 0xC3 };	/* shl ebx; add eax */

		put_call(rig, MAPPED);
		put(rig, fold, sizeof(fold));
		put_change(rig, TABLE, (i % 2 ? FRAME_A : FRAME_B) | P_W | global);
		put_flush(rig);
	}
	finish(rig);
	unit_equal(&rig->unit, rig->state.gpr[GPR_RBX], 0x1212, what);
}

/* Code written through another address than that at which it is executed. */
static void test_alias(struct rig *rig)
{
	start_paging(rig, 0);
	write_function(rig->ram + FRAME_A, 1);
	put_change(rig, FRAME_A + 0x40, 0);	/* in the TLB, for writes, before there is code */
	put_call(rig, MAPPED);
	put_change(rig, FRAME_A + 1, 5);
	put_call(rig, MAPPED);
	finish(rig);
	unit_equal(&rig->unit, rig->state.gpr[GPR_RAX], 5, "code written by another address");
}

static void run_tests(struct rig *rig)
{
	test_stores(rig, PROGRAM, FUNCTIONS + 0x100, "stores near code");
	test_stores(rig, PROGRAM, FUNCTIONS + 0x13D, "stores near code at the 64th byte");
	test_stores(rig, PROGRAM, FUNCTIONS + 0x17A, "stores near code up to the 64th byte");
	test_stores(rig, PROGRAM, FUNCTIONS, "stores near code at a page's start");
	test_stores(rig, PROGRAM, FUNCTIONS + PAGE - FUNCTION_SIZE, "stores near code up to its end");
	test_stores(rig, PROGRAM, FUNCTIONS + PAGE - 3, "stores near code on two pages");
	test_stores(rig, FUNCTIONS + 0x200, FUNCTIONS + 0x13D, "stores near code of the same page");
	test_device_writes(rig);
	test_undefined(rig);
	test_flush(rig, 0, put_load_cr3, "CR3: a page");
	test_flush(rig, 0, put_invlpg_mapped, "INVLPG: a page");
	test_flush(rig, P_GLOBAL, put_invlpg_mapped, "INVLPG: a global page");
	test_flush(rig, P_GLOBAL, put_toggle_pge, "CR4.PGE: a global page");
	test_flush_large(rig, 0, put_load_cr3, "CR3: a large page");
	test_flush_large(rig, 0, put_invlpg_large, "INVLPG: a large page");
	test_flush_large(rig, P_GLOBAL, put_invlpg_large, "INVLPG: a large global page");
	test_flush_large(rig, P_GLOBAL, put_toggle_pge, "CR4.PGE: a large global page");
	test_code(rig, 0, put_load_cr3, "CR3: code");
	test_code(rig, P_GLOBAL, put_invlpg_mapped, "INVLPG: global code");
	test_alias(rig);
}

int main(void)
{
	struct rig rig = { 0 };
	struct mem_region region = { .size = MEMORY_SIZE, .flags = MEM_RW, .name = "RAM" };

	if (mem_create(&rig.mem))
		return 1;
	rig.ram = region.host = mem_backing(rig.mem, MEMORY_SIZE, false);
	if (!region.host || mem_add(rig.mem, &region, false) ||
	    cpu_create(&rig.cpu, rig.mem, &ops, &rig)) {
		mem_destroy(rig.mem);
		return 1;
	}
	run_tests(&rig);
	cpu_destroy(rig.cpu);
	mem_destroy(rig.mem);
	return unit_status(&rig.unit);
}
