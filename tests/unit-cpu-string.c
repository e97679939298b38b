/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-cpu-string.c - string instructions and port I/O of the processor: where runs
 * of elements meet page ends, wrap-around, limits, devices and each other.
 *
 * What has to come out is worked out element by element, as the SDM (vol. 2, MOVS
 * and REP) tells it. A fault ends in a shutdown, since there is no table of
 * interrupts: the registers are then those that its handler would see.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/vcpu.h"
#include "cpu/cpu.h"
#include "unit.h"

#define PAGE		0x1000u
#define MEMORY_SIZE	0x100000u	/* of guest memory; devices are above */
#define TABLES		0x1000u		/* page directory, then page table */
#define STACK		0x3000u
#define CODE		0x4000u
#define HANDLER		0x5000u		/* of #DB in real mode */
#define VECTOR_1	0x4u		/* its entry in the vector table */
#define PORT		0x1F0u

#define PTE_PRESENT_WRITE 3u

#define OPCODE_MOVS	0xA4
#define OPCODE_CMPS	0xA6
#define OPCODE_STOS	0xAA
#define OPCODE_LODS	0xAC
#define OPCODE_SCAS	0xAE
#define OPCODE_INS	0x6C
#define OPCODE_OUTS	0x6E
#define OPCODE_HLT	0xF4
#define PREFIX_SIZE	0x66
#define PREFIX_REPNE	0xF2
#define PREFIX_REP	0xF3

/* What a device has seen. */
struct device {
	unsigned int calls;
	unsigned int elements;
	size_t largest;		/* call, in elements */
	unsigned int kick_at;	/* the element with which cpu is kicked; 0: never */
	uint8_t next;		/* byte to be read */
	uint8_t written[4 * PAGE];
	size_t length;
	struct cpu *cpu;
};

struct rig {
	struct unit unit;
	struct mem *mem;
	uint8_t *ram;
	uint8_t model[MEMORY_SIZE];
	struct cpu *cpu;
	struct vcpu_state state;
	struct device device;
	enum cpu_stop stop;
};

/* --- the device: every port, and memory from MEMORY_SIZE on --- */

static void count_call(struct device *device, size_t elements)
{
	device->calls++;
	device->elements += (unsigned int)elements;
	if (elements > device->largest)
		device->largest = elements;
	if (device->kick_at && device->elements >= device->kick_at) {
		device->kick_at = 0;
		cpu_kick(device->cpu);
	}
}

static void device_input(struct device *device, void *data, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((uint8_t *)data)[i] = device->next++;
}

static void device_output(struct device *device, const void *data, size_t length)
{
	if (device->length + length > sizeof(device->written))
		return;
	memcpy(device->written + device->length, data, length);
	device->length += length;
}

static uint64_t device_read(void *self, enum bus_space space, uint64_t address, unsigned int size)
{
	uint64_t value = 0;

	count_call(self, 1);
	device_input(self, &value, size);
	return value;
}

static void device_write(void *self, enum bus_space space, uint64_t address, unsigned int size,
			 uint64_t value)
{
	count_call(self, 1);
	device_output(self, &value, size);
}

static void device_read_string(void *self, uint16_t port, unsigned int size, void *data,
			       size_t count)
{
	count_call(self, count);
	device_input(self, data, size * count);
}

static void device_write_string(void *self, uint16_t port, unsigned int size, const void *data,
				size_t count)
{
	count_call(self, count);
	device_output(self, data, size * count);
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
	.read = device_read, .write = device_write, .read_string = device_read_string,
	.write_string = device_write_string, .acknowledge = no_interrupt, .tsc = no_number,
	.random = no_number,
};

/* --- setting up --- */

static bool rig_create(struct rig *rig)
{
	struct mem_region region = { .size = MEMORY_SIZE, .flags = MEM_RW, .name = "RAM" };

	if (mem_create(&rig->mem))
		return false;
	rig->ram = mem_backing(rig->mem, MEMORY_SIZE, false);
	region.host = rig->ram;
	if (!rig->ram || mem_add(rig->mem, &region, false) ||
	    cpu_create(&rig->cpu, rig->mem, &ops, &rig->device))
		return false;
	rig->device.cpu = rig->cpu;
	return true;
}

static void rig_destroy(struct rig *rig)
{
	cpu_destroy(rig->cpu);
	mem_destroy(rig->mem);
}

static void put32(struct rig *rig, uint32_t address, uint32_t value)
{
	memcpy(rig->ram + address, &value, sizeof(value));
}

/* Page to frame; everything else lies where its address says. */
static void map(struct rig *rig, uint32_t page, uint32_t entry)
{
	put32(rig, TABLES + PAGE + page / PAGE * 4, entry);
}

static void set_flat_segment(struct vcpu_segment *segment, uint8_t type)
{
	*segment = (struct vcpu_segment){
		.selector = 8, .limit = UINT32_MAX, .type = type, .s = true, .present = true,
		.db = true, .g = true,
	};
}

/* bits: 16 is real mode, 32 protected mode with paging. Memory: a pattern. */
static void set_up(struct rig *rig, unsigned int bits)
{
	struct vcpu_state *state = &rig->state;

	for (uint32_t i = 0; i < MEMORY_SIZE; i++)
		rig->ram[i] = (uint8_t)(i * 7 + i / 251);
	rig->device = (struct device){ .cpu = rig->cpu };
	vcpu_state_reset(state);
	state->rip = CODE;
	state->idtr.limit = bits == 16 ? 0x3FF : 0;
	if (bits == 16)
		return;
	put32(rig, TABLES, (TABLES + PAGE) | PTE_PRESENT_WRITE);
	for (uint32_t i = 0; i < 1024; i++)
		map(rig, i * PAGE, i * PAGE | PTE_PRESENT_WRITE);
	for (unsigned int i = 0; i < SEG_COUNT; i++)
		set_flat_segment(&state->segment[i],
				 i == SEG_CS ? SEG_TYPE_CODE : SEG_TYPE_DATA);
	state->cr0 = CR0_PE | CR0_PG | CR0_ET;
	state->cr3 = TABLES;
}

/* The instruction, with a prefix (0: none) for elements of size bytes, and HLT. */
static void put_code(struct rig *rig, unsigned int bits, uint8_t prefix, uint8_t opcode,
		     unsigned int size)
{
	uint8_t *code = rig->ram + CODE;

	if (prefix)
		*code++ = prefix;
	if (size > 1 && size != bits / 8)
		*code++ = PREFIX_SIZE;
	*code++ = (uint8_t)(opcode | (size > 1));
	*code = OPCODE_HLT;
	cpu_memory_written(rig->cpu, 0, MEMORY_SIZE);
}

static void set_registers(struct rig *rig, uint64_t si, uint64_t di, uint64_t cx, bool down)
{
	rig->state.gpr[GPR_RSI] = si;
	rig->state.gpr[GPR_RDI] = di;
	rig->state.gpr[GPR_RCX] = cx;
	rig->state.gpr[GPR_RDX] = PORT;
	if (down)
		rig->state.rflags |= RFLAGS_DF;
}

/* Runs to the end; memory as it was before goes to the model. */
static void run(struct rig *rig)
{
	memcpy(rig->model, rig->ram, MEMORY_SIZE);
	cpu_set_state(rig->cpu, &rig->state);
	rig->stop = cpu_run(rig->cpu, 100000);
	cpu_get_state(rig->cpu, &rig->state);
}

/* --- checking --- */

static bool registers_are(const struct rig *rig, uint64_t si, uint64_t di, uint64_t cx)
{
	return rig->state.gpr[GPR_RSI] == si && rig->state.gpr[GPR_RDI] == di &&
	       rig->state.gpr[GPR_RCX] == cx;
}

static bool faulted(const struct rig *rig)
{
	return rig->stop == CPU_SHUTDOWN && rig->state.rip == CODE;
}

static bool page_faulted(const struct rig *rig, uint64_t address)
{
	return faulted(rig) && rig->state.cr2 == address;
}

static bool ended(const struct rig *rig)
{
	return rig->stop == CPU_HALTED;
}

/* Memory but the page tables, in which the processor sets bits. */
static bool memory_is_model(const struct rig *rig)
{
	return !memcmp(rig->ram + CODE, rig->model + CODE, MEMORY_SIZE - CODE);
}

/* MOVS in the model, one element after another. */
static void model_movs(struct rig *rig, uint32_t from, uint32_t to, unsigned int size,
		       unsigned int count, bool down)
{
	for (; count; count--) {
		uint8_t element[4];

		memcpy(element, rig->model + from, size);
		memcpy(rig->model + to, element, size);
		from += down ? -size : size;
		to += down ? -size : size;
	}
}

/* --- memory --- */

static void test_overlap(struct rig *rig, unsigned int size, bool down)
{
	static const int distances[] = {
		1, 2, 3, 4, 5, 7, 8, 64, 4096, 0, -1, -2, -3, -5, -8, -64,
	};
	unsigned int count = 3000 / size, failures = 0;
	char what[80];

	for (unsigned int i = 0; i < sizeof(distances) / sizeof(distances[0]); i++) {
		uint32_t from = 0x20F00 + (down ? 6000 : 0), to = from + (uint32_t)distances[i];
		uint32_t done = count * size * (down ? -1u : 1u);

		set_up(rig, 32);
		put_code(rig, 32, PREFIX_REP, OPCODE_MOVS, size);
		set_registers(rig, from, to, count, down);
		run(rig);
		model_movs(rig, from, to, size, count, down);
		failures += !ended(rig) || !registers_are(rig, from + done, to + done, 0) ||
			    !memory_is_model(rig);
	}
	snprintf(what, sizeof(what), "REP MOVS onto itself, %u bytes %s", size,
		 down ? "downwards" : "upwards");
	unit_equal(&rig->unit, failures, 0, what);
}

/* Two pages with one frame: the overlap does not show in the addresses. */
static void test_alias(struct rig *rig)
{
	set_up(rig, 32);
	map(rig, 0x40000, 0x30000 | PTE_PRESENT_WRITE);
	put_code(rig, 32, PREFIX_REP, OPCODE_MOVS, 1);
	set_registers(rig, 0x30000, 0x40001, 100, false);
	run(rig);
	model_movs(rig, 0x30000, 0x30001, 1, 100, false);
	unit_check(&rig->unit, ended(rig) && memory_is_model(rig),
		   "REP MOVS between two addresses of a page");
}

/* The address in memory where test_scattered_pages() has offset's byte. */
static uint32_t scattered(uint32_t offset)
{
	return 0x60000 - offset / PAGE * PAGE + offset % PAGE;
}

static void test_scattered_pages(struct rig *rig, bool down)
{
	uint32_t length = 0x6000, from = 0x20123, to = 0xABE;
	bool same = true;

	set_up(rig, 32);
	for (uint32_t i = 0; i < 8; i++)
		map(rig, 0x40000 + i * PAGE, (0x60000 - i * PAGE) | PTE_PRESENT_WRITE);
	put_code(rig, 32, PREFIX_REP, OPCODE_MOVS, 4);
	if (down)
		set_registers(rig, from + length - 4, 0x40000 + to + length - 4, length / 4, true);
	else
		set_registers(rig, from, 0x40000 + to, length / 4, false);
	run(rig);
	for (uint32_t i = 0; i < length; i++)
		same &= rig->ram[scattered(to + i)] == rig->ram[from + i];
	unit_check(&rig->unit, ended(rig) && same && rig->state.gpr[GPR_RCX] == 0 &&
			       rig->state.gpr[GPR_RSI] == (down ? from - 4 : from + length),
		   down ? "REP MOVS over pages that are not in order, downwards" :
			  "REP MOVS over pages that are not in order");
}

/* Segments without a limit, not at a page: the index wraps in the middle of one. */
static void test_wrap(struct rig *rig, bool down)
{
	set_up(rig, 16);
	rig->state.segment[SEG_DS].base = 0x10010;
	rig->state.segment[SEG_DS].limit = UINT32_MAX;
	rig->state.segment[SEG_ES].base = 0x40000;
	put_code(rig, 16, PREFIX_REP, OPCODE_MOVS, 1);
	set_registers(rig, down ? 0xABCD0010 : 0xABCDFFF0, 0x8000, 0x12340030, down);
	run(rig);
	for (uint32_t i = 0; i < 0x30; i++) {
		uint32_t offset = down ? 0x10 - i : 0xFFF0 + i;

		rig->model[0x40000 + (down ? 0x8000 - i : 0x8000 + i)] =
			rig->model[0x10010 + (offset & 0xFFFF)];
	}
	unit_check(&rig->unit, ended(rig) && memory_is_model(rig) &&
			       registers_are(rig, down ? 0xABCDFFE0 : 0xABCD0020,
					     down ? 0x7FD0 : 0x8030, 0x12340000),
		   down ? "16-bit index below 0" : "16-bit index above 0xFFFF");
}

/* A word at 0xFFFF is beyond the limit: the one before it has been done. */
static void test_word_at_limit(struct rig *rig)
{
	set_up(rig, 16);
	put_code(rig, 16, PREFIX_REP, OPCODE_LODS, 2);
	rig->state.idtr.limit = 0;
	set_registers(rig, 0xFFFB, 0, 5, false);
	run(rig);
	unit_check(&rig->unit, faulted(rig) && registers_are(rig, 0xFFFF, 0, 3),
		   "a word at 0xFFFF is a fault");
}

static void test_limit(struct rig *rig)
{
	set_up(rig, 32);
	rig->state.segment[SEG_ES].limit = 0x207FF;
	rig->state.segment[SEG_ES].base = 0x10000;
	rig->state.gpr[GPR_RAX] = 0x5A5A5A5A;
	put_code(rig, 32, PREFIX_REP, OPCODE_STOS, 4);
	set_registers(rig, 0, 0x207F2, 10, false);
	run(rig);
	memset(rig->model + 0x307F2, 0x5A, 12);
	unit_check(&rig->unit, faulted(rig) && memory_is_model(rig) &&
			       registers_are(rig, 0, 0x207FE, 7),
		   "REP STOS up to the segment's limit");
}

static void test_expand_down(struct rig *rig)
{
	set_up(rig, 32);
	rig->state.segment[SEG_ES].type = 0x7;
	rig->state.segment[SEG_ES].limit = 0x20F7F;
	rig->state.gpr[GPR_RAX] = 0x5A;
	put_code(rig, 32, PREFIX_REP, OPCODE_STOS, 1);
	set_registers(rig, 0, 0x20F85, 100, true);
	run(rig);
	memset(rig->model + 0x20F80, 0x5A, 6);
	unit_check(&rig->unit, faulted(rig) && memory_is_model(rig) &&
			       registers_are(rig, 0, 0x20F7F, 94),
		   "REP STOS down to the limit of an expand-down segment");
}

static void test_zero_count(struct rig *rig)
{
	set_up(rig, 32);
	map(rig, 0x30000, 0);
	put_code(rig, 32, PREFIX_REP, OPCODE_MOVS, 4);
	set_registers(rig, 0x30000, 0x30800, 0, false);
	run(rig);
	unit_check(&rig->unit, ended(rig) && registers_are(rig, 0x30000, 0x30800, 0),
		   "a count of 0 touches nothing");
}

/* --- page faults in the middle --- */

struct fault_case {
	const char *what;
	uint8_t prefix, opcode;
	bool down;
	uint32_t si, di, cx;		/* before */
	uint32_t si_then, di_then, cx_then, address;
};

/* The pages at 0x30000 and 0x34000 are not there. */
static const struct fault_case fault_cases[] = {
	{ "REP MOVSD, source", PREFIX_REP, OPCODE_MOVS, false, 0x2EFF0, 0x20000, 0x1000,
	  0x30000, 0x21010, 0xBFC, 0x30000 },
	{ "REP MOVSD, destination", PREFIX_REP, OPCODE_MOVS, false, 0x20000, 0x2FFE0, 0x100,
	  0x20020, 0x30000, 0xF8, 0x30000 },
	{ "REP MOVSD, element across pages", PREFIX_REP, OPCODE_MOVS, false, 0x20000, 0x2FFEE,
	  0x100, 0x20010, 0x2FFFE, 0xFC, 0x30000 },
	{ "REP MOVSD downwards", PREFIX_REP, OPCODE_MOVS, true, 0x31010, 0x20800, 0x1000,
	  0x30FFC, 0x207EC, 0xFFB, 0x30FFC },
	{ "REP STOSD", PREFIX_REP, OPCODE_STOS, false, 0, 0x33000, 0x1000,
	  0, 0x34000, 0xC00, 0x34000 },
	{ "REP LODSD", PREFIX_REP, OPCODE_LODS, false, 0x33FFC, 0, 2, 0x34000, 0, 1, 0x34000 },
	{ "REPE CMPSD", PREFIX_REP, OPCODE_CMPS, false, 0x2FF00, 0x2FF00, 0x100,
	  0x30000, 0x30000, 0xC0, 0x30000 },
	{ "REPNE SCASD", PREFIX_REPNE, OPCODE_SCAS, false, 0, 0x2E000, 0x1000,
	  0, 0x30000, 0x800, 0x30000 },
	{ "REP INSD", PREFIX_REP, OPCODE_INS, false, 0, 0x2FFF0, 9, 0, 0x30000, 5, 0x30000 },
	{ "REP INSD, element across pages", PREFIX_REP, OPCODE_INS, false, 0, 0x2FFEE, 9,
	  0, 0x2FFFE, 5, 0x30000 },
	{ "REP OUTSD", PREFIX_REP, OPCODE_OUTS, false, 0x2FFF0, 0, 9, 0x30000, 0, 5, 0x30000 },
};

static void test_fault(struct rig *rig, const struct fault_case *test)
{
	set_up(rig, 32);
	map(rig, 0x30000, 0);
	map(rig, 0x34000, 0);
	rig->state.gpr[GPR_RAX] = 0x12345678;
	put_code(rig, 32, test->prefix, test->opcode, 4);
	set_registers(rig, test->si, test->di, test->cx, test->down);
	run(rig);
	unit_check(&rig->unit, page_faulted(rig, test->address) &&
			       registers_are(rig, test->si_then, test->di_then, test->cx_then),
		   test->what);
	if (test->opcode == OPCODE_INS || test->opcode == OPCODE_OUTS)
		unit_equal(&rig->unit, rig->device.elements, 4, "elements that it moved before");
}

/* --- comparisons --- */

static void test_compare(struct rig *rig)
{
	uint64_t rflags;

	set_up(rig, 32);
	memcpy(rig->ram + 0x50100, rig->ram + 0x20F00, 0x2000);
	rig->ram[0x50100 + 0x1800] ^= 0x80;
	put_code(rig, 32, PREFIX_REP, OPCODE_CMPS, 1);
	set_registers(rig, 0x20F00, 0x50100, 0x2000, false);
	run(rig);
	rflags = rig->state.rflags;
	unit_check(&rig->unit, ended(rig) && !(rflags & RFLAGS_ZF) && rflags & RFLAGS_OF &&
			       registers_are(rig, 0x22701, 0x51901, 0x7FF),
		   "REPE CMPSB ends behind the first difference");
	rig->state.rip = CODE;
	set_registers(rig, 0x20F00, 0x50100, 0x1800, false);
	run(rig);
	unit_check(&rig->unit, ended(rig) && rig->state.rflags & RFLAGS_ZF &&
			       registers_are(rig, 0x22700, 0x51900, 0),
		   "REPE CMPSB of what is equal");
}

static void test_scan(struct rig *rig)
{
	set_up(rig, 32);
	memset(rig->ram + 0x40000, 'x', 0x3000);
	rig->ram[0x42345] = 0;
	rig->state.gpr[GPR_RAX] = 0xFF00;
	put_code(rig, 32, PREFIX_REPNE, OPCODE_SCAS, 1);
	set_registers(rig, 0, 0x40001, UINT32_MAX, false);
	run(rig);
	unit_check(&rig->unit, ended(rig) && rig->state.rflags & RFLAGS_ZF &&
			       registers_are(rig, 0, 0x42346, UINT32_MAX - 0x2345),
		   "REPNE SCASB finds a byte");
	put_code(rig, 32, PREFIX_REP, OPCODE_SCAS, 2);
	rig->state.rip = CODE;
	rig->state.gpr[GPR_RAX] = 'x' << 8 | 'x';
	set_registers(rig, 0, 0x42FFE, 0x1000, true);
	run(rig);
	unit_check(&rig->unit, ended(rig) && !(rig->state.rflags & RFLAGS_ZF) &&
			       registers_are(rig, 0, 0x42342, 0x1000 - 0x65E),
		   "REPE SCASW downwards");
}

/* --- ports and devices --- */

static void test_input(struct rig *rig)
{
	bool same = true;

	set_up(rig, 32);
	put_code(rig, 32, PREFIX_REP, OPCODE_INS, 2);
	set_registers(rig, 0, 0x20F00, 256, false);
	run(rig);
	for (unsigned int i = 0; i < 512; i++)
		same &= rig->ram[0x20F00 + i] == (uint8_t)i;
	unit_check(&rig->unit, ended(rig) && same && registers_are(rig, 0, 0x21100, 0),
		   "REP INSW reads a sector");
	unit_equal(&rig->unit, rig->device.calls, 2, "in a call for each page");
	unit_equal(&rig->unit, rig->device.elements, 256, "of 256 words in all");
}

static void test_output(struct rig *rig)
{
	set_up(rig, 32);
	put_code(rig, 32, PREFIX_REP, OPCODE_OUTS, 2);
	set_registers(rig, 0x30000, 0, 256, false);
	run(rig);
	unit_check(&rig->unit, ended(rig) && registers_are(rig, 0x30200, 0, 0) &&
			       rig->device.length == 512 &&
			       !memcmp(rig->device.written, rig->ram + 0x30000, 512),
		   "REP OUTSW writes a sector");
	unit_equal(&rig->unit, rig->device.calls, 1, "in one call");
}

static void test_output_down(struct rig *rig)
{
	set_up(rig, 32);
	put_code(rig, 32, PREFIX_REP, OPCODE_OUTS, 1);
	set_registers(rig, 0x30003, 0, 3, true);
	run(rig);
	unit_check(&rig->unit, ended(rig) && registers_are(rig, 0x30000, 0, 0) &&
			       rig->device.written[0] == rig->ram[0x30003] &&
			       rig->device.written[2] == rig->ram[0x30001],
		   "REP OUTSB downwards");
}

/* IN AL, imm; OUT imm, AL; IN AX, DX; OUT DX, EAX; HLT */
static void test_single_ports(struct rig *rig)
{
	static const uint8_t code[] = {
		0xE4, 0x60, 0xE6, 0x61, 0x66, 0xED, 0xEF, OPCODE_HLT,
	};

	set_up(rig, 32);
	memcpy(rig->ram + CODE, code, sizeof(code));
	cpu_memory_written(rig->cpu, CODE, sizeof(code));
	rig->state.gpr[GPR_RAX] = UINT64_C(0xA1A2A3A4);
	rig->device.next = 0x31;
	set_registers(rig, 0, 0, 0, false);
	run(rig);
	unit_equal(&rig->unit, rig->state.gpr[GPR_RAX], 0xA1A23332, "IN AL and IN AX");
	unit_check(&rig->unit, rig->device.length == 5 &&
			       !memcmp(rig->device.written, "\x31\x32\x33\xA2\xA1", 5),
		   "OUT of AL and EAX");
}

static void test_device_memory(struct rig *rig)
{
	set_up(rig, 32);
	put_code(rig, 32, PREFIX_REP, OPCODE_MOVS, 4);
	set_registers(rig, 0x30FFE, MEMORY_SIZE, 0x10, false);
	run(rig);
	unit_check(&rig->unit, ended(rig) && rig->device.length == 0x40 &&
			       rig->device.largest == 1 && rig->device.calls == 0x10 &&
			       !memcmp(rig->device.written, rig->ram + 0x30FFE, 0x40),
		   "REP MOVSD to a device, an access each");
}

/*
 * A kick in the middle: the instruction is left and taken up again. It counts once,
 * as without a kick: the count is the virtual clock, and kicks come as the host likes.
 */
static void test_kick(struct rig *rig)
{
	uint64_t start = cpu_instructions(rig->cpu), left;

	set_up(rig, 32);
	put_code(rig, 32, PREFIX_REP, OPCODE_STOS, 1);
	set_registers(rig, 0, MEMORY_SIZE, 100000, false);
	rig->device.kick_at = 10;
	run(rig);
	left = rig->state.gpr[GPR_RCX];
	unit_check(&rig->unit, rig->stop == CPU_KICKED && rig->state.rip == CODE &&
			       left >= 100000 - 4096 && left <= 100000 - 10 &&
			       rig->state.gpr[GPR_RDI] == MEMORY_SIZE + 100000 - left,
		   "a kick leaves REP STOSB in the middle");
	run(rig);
	unit_check(&rig->unit, ended(rig) && rig->state.gpr[GPR_RCX] == 0 &&
			       rig->device.elements == 100000,
		   "and the next run goes on with it");
	unit_equal(&rig->unit, cpu_instructions(rig->cpu) - start, 2, "it counts once, and HLT");
}

/* --- the rest --- */

/* RFLAGS.TF, until POPF clears it: the handler counts traps in BX. */
static void test_single_step(struct rig *rig)
{
	static const uint8_t code[] = { PREFIX_REP, OPCODE_MOVS, 0x9D, OPCODE_HLT };
	static const uint8_t handler[] = { 0x43, 0xCF };	/* INC BX; IRET */

	set_up(rig, 16);
	put32(rig, VECTOR_1, HANDLER);
	memcpy(rig->ram + HANDLER, handler, sizeof(handler));
	memcpy(rig->ram + CODE, code, sizeof(code));
	cpu_memory_written(rig->cpu, 0, MEMORY_SIZE);
	put32(rig, STACK, RFLAGS_FIXED);
	rig->state.gpr[GPR_RSP] = STACK;
	rig->state.gpr[GPR_RBX] = 0;
	rig->state.rflags |= RFLAGS_TF;
	set_registers(rig, 0x6000, 0x7000, 5, false);
	run(rig);
	unit_check(&rig->unit, ended(rig) && registers_are(rig, 0x6005, 0x7005, 0),
		   "REP MOVSB by single steps");
	unit_equal(&rig->unit, rig->state.gpr[GPR_RBX], 5 + 1,
		   "a trap behind each iteration, and POPF");
}

/* REP MOVSB over what follows it: MOV AL, 1 becomes MOV AL, 2. */
static void test_self_modifying(struct rig *rig)
{
	static const uint8_t code[] = { PREFIX_REP, OPCODE_MOVS, 0xB0, 1, OPCODE_HLT };

	set_up(rig, 32);
	memcpy(rig->ram + CODE, code, sizeof(code));
	rig->ram[0x20000] = 0xB0;
	rig->ram[0x20001] = 2;
	cpu_memory_written(rig->cpu, CODE, sizeof(code));
	set_registers(rig, 0x20000, CODE + 2, 2, false);
	run(rig);
	unit_equal(&rig->unit, (uint8_t)rig->state.gpr[GPR_RAX], 2,
		   "REP MOVSB changes the code behind it");
}

static void run_all(struct rig *rig)
{
	for (unsigned int size = 1; size <= 4; size *= 2) {
		test_overlap(rig, size, false);
		test_overlap(rig, size, true);
	}
	test_alias(rig);
	test_scattered_pages(rig, false);
	test_scattered_pages(rig, true);
	test_wrap(rig, false);
	test_wrap(rig, true);
	test_word_at_limit(rig);
	test_limit(rig);
	test_expand_down(rig);
	test_zero_count(rig);
	for (unsigned int i = 0; i < sizeof(fault_cases) / sizeof(fault_cases[0]); i++)
		test_fault(rig, &fault_cases[i]);
	test_compare(rig);
	test_scan(rig);
	test_input(rig);
	test_output(rig);
	test_output_down(rig);
	test_single_ports(rig);
	test_device_memory(rig);
	test_kick(rig);
	test_single_step(rig);
	test_self_modifying(rig);
}

int main(void)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	int status = 2;

	if (rig && rig_create(rig)) {
		run_all(rig);
		status = unit_status(&rig->unit);
		rig_destroy(rig);
	}
	free(rig);
	return status;
}
