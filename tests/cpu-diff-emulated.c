/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-diff-emulated.c - one instruction on the processor in software, as a
 * program in user mode of a system that has set up the machine like Linux.
 *
 * The system's own tables are in the upper half of the addresses. Every
 * exception goes through a gate to a stack of its own, where its frame is read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "cpu-diff.h"
#include "cpu/cpu.h"

/* Guest-physical; the system is at SYSTEM_ADDRESS + the same. */
#define SYSTEM_SIZE	0x20000u
#define SYSTEM_ADDRESS	UINT64_C(0xFFFF800000000000)
#define PML4		0x1000u
#define PDPT_USER	0x2000u
#define PD_USER		0x3000u
#define PT_DATA		0x4000u
#define PT_CODE		0x5000u
#define PDPT_SYSTEM	0x6000u
#define PD_SYSTEM	0x7000u
#define GDT		0x8000u
#define TSS		0x9000u
#define IDT		0xA000u
#define HANDLERS	0xB000u		/* HLT, one each HANDLER_SIZE */
#define HANDLER_SIZE	16u
#define STACK_TOP	0x1F000u
#define DATA_GPA	0x100000u
#define CODE_GPA	0x200000u

#define PTE_PRESENT	UINT64_C(0x21)	/* accessed */
#define PTE_WRITE	UINT64_C(0x42)	/* dirty */
#define PTE_USER	UINT64_C(0x04)
#define PTE_LARGE	UINT64_C(0x80)
#define PTE_NX		(UINT64_C(1) << 63)
#define PTE_TABLE	(PTE_PRESENT | PTE_WRITE | PTE_USER)

#define VECTORS		256u
#define TSS_IST1	36u
#define TSS_IO_MAP	100u		/* the upper half: where the bitmap is, or none */
#define TSS_LIMIT	103u
#define SYSTEM_CODE	0x10u
#define GATE		(UINT64_C(0x8E01) << 32 | SYSTEM_CODE << 16)	/* IST1, DPL 0 */
#define GATE_DPL3	(UINT64_C(0x6000) << 32)
#define HLT		0xF4

struct emulated {
	struct mem *mem;
	struct cpu *cpu;
	uint8_t *system, *data, *code;
	struct vcpu_state state;	/* what all cases begin with */
};

static uint64_t no_read(void *self, enum bus_space space, uint64_t address, unsigned int size)
{
	return UINT64_MAX;
}

static void no_write(void *self, enum bus_space space, uint64_t address, unsigned int size,
		     uint64_t value)
{
}

static void no_read_string(void *self, uint16_t port, unsigned int size, void *data, size_t count)
{
	memset(data, 0xFF, size * count);
}

static void no_write_string(void *self, uint16_t port, unsigned int size, const void *data,
			    size_t count)
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
	.read = no_read, .write = no_write, .read_string = no_read_string,
	.write_string = no_write_string, .acknowledge = no_interrupt, .tsc = no_number,
	.random = no_number,
};

static void put64(struct emulated *e, uint64_t at, uint64_t value)
{
	memcpy(e->system + at, &value, sizeof(value));
}

static uint64_t get64(const struct emulated *e, uint64_t at)
{
	uint64_t value;

	memcpy(&value, e->system + at, sizeof(value));
	return value;
}

static void set_page_tables(struct emulated *e)
{
	put64(e, PML4, PDPT_USER | PTE_TABLE);
	put64(e, PDPT_USER, PD_USER | PTE_TABLE);
	put64(e, PD_USER + (DATA_ADDRESS >> 21) * 8, PT_DATA | PTE_TABLE);
	put64(e, PD_USER + (CODE_ADDRESS >> 21) * 8, PT_CODE | PTE_TABLE);
	for (uint64_t at = 0; at < DATA_SIZE + CONSTANT_SIZE; at += DIFF_PAGE)
		put64(e, PT_DATA + at / DIFF_PAGE * 8,
		      (DATA_GPA + at) | PTE_PRESENT | PTE_USER | PTE_NX |
		      (at < DATA_SIZE ? PTE_WRITE : 0));
	for (uint64_t at = 0; at < CODE_SIZE; at += DIFF_PAGE)
		put64(e, PT_CODE + at / DIFF_PAGE * 8,
		      (CODE_GPA + at) | PTE_PRESENT | PTE_USER);
	put64(e, PML4 + (SYSTEM_ADDRESS >> 39 & 511) * 8, PDPT_SYSTEM | PTE_TABLE);
	put64(e, PDPT_SYSTEM, PD_SYSTEM | PTE_TABLE);
	put64(e, PD_SYSTEM, PTE_LARGE | PTE_PRESENT | PTE_WRITE);
}

static void set_descriptors(struct emulated *e)
{
	/* As Linux has them (arch/x86/include/asm/segment.h). */
	static const uint64_t gdt[] = {
		0, UINT64_C(0x00CF9B000000FFFF), UINT64_C(0x00AF9B000000FFFF),
		UINT64_C(0x00CF93000000FFFF), UINT64_C(0x00CFFB000000FFFF),
		UINT64_C(0x00CFF3000000FFFF), UINT64_C(0x00AFFB000000FFFF), 0,
		UINT64_C(0x00008B0000000067), 0, 0, 0, 0, 0, 0, UINT64_C(0x0040F50000000000),
	};

	memcpy(e->system + GDT, gdt, sizeof(gdt));
	put64(e, TSS + TSS_IST1, SYSTEM_ADDRESS + STACK_TOP);
	put64(e, TSS + TSS_IO_MAP, (TSS_LIMIT + 1) << 16);
	for (uint64_t i = 0; i < VECTORS; i++) {
		uint64_t handler = SYSTEM_ADDRESS + HANDLERS + i * HANDLER_SIZE;
		/* INT3 and INTO may be executed by programs. */
		uint64_t gate = i == 3 || i == 4 ? GATE | GATE_DPL3 : GATE;

		put64(e, IDT + i * 16, gate | (handler & 0xFFFF) |
		      (handler & 0xFFFF0000) << 32);
		put64(e, IDT + i * 16 + 8, handler >> 32);
		e->system[HANDLERS + i * HANDLER_SIZE] = HLT;
	}
	e->state.gdtr = (struct vcpu_table){ SYSTEM_ADDRESS + GDT, sizeof(gdt) - 1 };
	e->state.idtr = (struct vcpu_table){ SYSTEM_ADDRESS + IDT, VECTORS * 16 - 1 };
}

static void set_state(struct vcpu_state *state)
{
	state->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
	state->cr3 = PML4;
	state->cr4 = CR4_PSE | CR4_PAE | CR4_PGE | CR4_OSFXSR |
		     CR4_OSXMMEXCPT | CR4_FSGSBASE | CR4_OSXSAVE;
	state->efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
	state->xcr0 = XCR0_X87 | XCR0_SSE | XCR0_AVX;
	state->ldtr = (struct vcpu_segment){ 0 };
	state->tr = (struct vcpu_segment){
		.base = SYSTEM_ADDRESS + TSS, .limit = TSS_LIMIT, .selector = 0x40,
		.type = SEG_TYPE_TSS32, .present = true,
	};
}

static int create_memory(struct emulated *e)
{
	int error = mem_create(&e->mem);

	if (error)
		return error;
	e->system = mem_backing(e->mem, SYSTEM_SIZE, false);
	e->data = mem_backing(e->mem, DATA_SIZE + CONSTANT_SIZE, false);
	e->code = mem_backing(e->mem, CODE_SIZE, false);
	if (!e->system || !e->data || !e->code)
		return -ENOMEM;
	const struct mem_region regions[] = {
		{ .size = SYSTEM_SIZE, .host = e->system, .flags = MEM_RW, .name = "system" },
		{ .gpa = DATA_GPA, .size = DATA_SIZE + CONSTANT_SIZE, .host = e->data,
		  .flags = MEM_RW, .name = "data" },
		{ .gpa = CODE_GPA, .size = CODE_SIZE, .host = e->code, .flags = MEM_RW,
		  .name = "code" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(regions) && !error; i++)
		error = mem_add(e->mem, &regions[i], false);
	for (unsigned int i = 0; i < CONSTANT_SIZE; i++)
		e->data[DATA_SIZE + i] = constant_byte(i);
	return error;
}

int emulated_create(struct emulated **out)
{
	struct emulated *e = calloc(1, sizeof(*e));
	int error;

	if (!e)
		return -ENOMEM;
	error = create_memory(e);
	if (!error)
		error = cpu_create(&e->cpu, e->mem, &ops, NULL);
	if (error) {
		emulated_destroy(e);
		return error;
	}
	vcpu_state_reset(&e->state);
	set_page_tables(e);
	set_descriptors(e);
	set_state(&e->state);
	*out = e;
	return 0;
}

void emulated_destroy(struct emulated *e)
{
	if (!e)
		return;
	cpu_destroy(e->cpu);
	mem_destroy(e->mem);
	free(e);
}

static struct vcpu_segment user_segment(uint16_t selector, bool code64)
{
	return (struct vcpu_segment){
		.limit = UINT32_MAX, .selector = selector, .dpl = 3, .s = true, .present = true,
		.type = selector == SELECTOR_DATA ? SEG_TYPE_DATA : SEG_TYPE_CODE,
		.g = true, .l = code64, .db = !code64,
	};
}

static void load(struct emulated *e, const struct diff_case *c, struct vcpu_state *state)
{
	const struct diff_state *start = &c->start;

	memcpy(state->gpr, start->gpr, sizeof(state->gpr));
	state->rip = start->rip;
	state->rflags = start->rflags;
	for (unsigned int i = 0; i < SEG_COUNT; i++)
		if (start->selector[i])
			state->segment[i] = user_segment(start->selector[i],
							 i == SEG_CS && c->bits == 64);
		else
			state->segment[i] = (struct vcpu_segment){ 0 };
	state->segment[SEG_GS].base = start->gs_base;
	memcpy(state->xsave, start->xsave, sizeof(state->xsave));
	memcpy(e->data, start->data, DATA_SIZE);
	cpu_memory_written(e->cpu, CODE_GPA, CODE_SIZE);
	code_fill(e->code, c);
}

/* At a handler: from the frame on its stack (SDM vol. 3, 6.14.2). */
static void take_frame(const struct emulated *e, const struct vcpu_state *state,
		       struct diff_state *result)
{
	uint64_t at = state->gpr[GPR_RSP] - SYSTEM_ADDRESS;

	result->vector = (uint8_t)((state->rip - SYSTEM_ADDRESS - HANDLERS) / HANDLER_SIZE);
	if (at > STACK_TOP - 40)
		return;
	if (at == STACK_TOP - 48) {
		result->error = (uint32_t)get64(e, at);
		at += 8;
	}
	result->rip = get64(e, at);
	result->selector[SEG_CS] = (uint16_t)get64(e, at + 8);
	result->rflags = get64(e, at + 16);
	result->gpr[GPR_RSP] = get64(e, at + 24);
	result->selector[SEG_SS] = (uint16_t)get64(e, at + 32);
	result->address = state->cr2;
}

void emulated_run(struct emulated *e, const struct diff_case *c, struct diff_state *result)
{
	struct vcpu_state state = e->state;

	load(e, c, &state);
	cpu_set_state(e->cpu, &state);
	cpu_run(e->cpu, 1);
	cpu_get_state(e->cpu, &state);
	*result = c->start;
	memcpy(result->gpr, state.gpr, sizeof(result->gpr));
	memcpy(result->xsave, state.xsave, sizeof(result->xsave));
	memcpy(result->data, e->data, DATA_SIZE);
	result->rip = state.rip;
	result->rflags = state.rflags;
	result->gs_base = state.segment[SEG_GS].base;
	for (unsigned int i = 0; i < SEG_COUNT; i++)
		result->selector[i] = state.segment[i].selector;
	result->vector = NO_EXCEPTION;
	result->error = 0;
	result->address = 0;
	if (state.rip - SYSTEM_ADDRESS < SYSTEM_SIZE)
		take_frame(e, &state, result);
}
