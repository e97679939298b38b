/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-walkers.c - vmm goes through page tables in two places that share no code: the
 * processor in software (cpu/mmu.c), and the reports (cpu/pagewalk.c). On random
 * tables both have to come to the same address, and to the same rights.
 */
#include <errno.h>
#include <string.h>

#include "core/mem.h"
#include "core/vcpu.h"
#include "cpu/cpu.h"
#include "cpu/pagewalk.h"
#include "unit.h"

#define MEMORY_SIZE	0x100000u
#define CODE		0x0u		/* in a page that all tables map at 0 */
#define CODE_TABLES	0x1000u		/* how: four pages */
#define ROOT		0x10000u	/* random, but for the entry for the code */
#define TABLES		0x20000u	/* random */
#define TABLE_COUNT	16u
#define CASES		20000u		/* of a format */
#define OUTSIDE		UINT64_MAX

/* Bits of an entry. */
#define P	UINT64_C(0x1)
#define ALL	UINT64_C(0x7)		/* present, writable, users' */
#define RIGHTS	UINT64_C(0x6)
#define PS	UINT64_C(0x80)
#define XD	(UINT64_C(1) << 63)

enum format { FORMAT_32, FORMAT_PAE, FORMAT_4LEVEL, FORMATS };

struct fixture {
	struct unit unit;
	struct mem *mem;
	struct cpu *cpu;
	uint8_t *memory;
	uint64_t seen;			/* the last access outside memory */
	uint64_t random;
};

/* xorshift64: the same in each run. */
static uint64_t random64(struct fixture *f)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 7;
	f->random ^= f->random << 17;
	return f->random;
}

static bool one_in(struct fixture *f, unsigned int n)
{
	return (random64(f) >> 20) % n == 0;
}

/* --- tables --- */

static unsigned int entry_size(enum format format)
{
	return format == FORMAT_32 ? 4 : 8;
}

static void put_entry(struct fixture *f, enum format format, uint32_t table, unsigned int index,
		      uint64_t entry)
{
	unsigned int size = entry_size(format);

	memcpy(f->memory + table + index * size, &entry, size);
}

static uint64_t random_entry(struct fixture *f, enum format format)
{
	uint64_t entry = TABLES + random64(f) % TABLE_COUNT * 0x1000;

	/* Large pages are at 0 or by 4 MiB, which is reserved for those of 1 GiB. */
	if (one_in(f, 4))
		entry = PS | (one_in(f, 2) ? 0 : random64(f) & 0xFFC00000);
	if (!one_in(f, 16))
		entry |= P;
	entry |= one_in(f, 4) ? random64(f) & RIGHTS : RIGHTS;
	if (one_in(f, 16))	/* bits of the address, and reserved ones */
		entry |= random64(f) & UINT64_C(0x3FFFF000);
	if (format != FORMAT_32 && one_in(f, 16))
		entry |= XD;
	return entry;
}

static void fill_tables(struct fixture *f, enum format format)
{
	for (uint32_t table = 0; table < TABLE_COUNT; table++)
		for (unsigned int i = 0; i < 0x1000 / entry_size(format); i++)
			put_entry(f, format, TABLES + table * 0x1000, i, random_entry(f, format));
	for (unsigned int i = 1; i < 0x1000 / entry_size(format); i++)
		put_entry(f, format, ROOT, i, random_entry(f, format));
	/* PDPTEs have no rights, and are refused when CR3 is loaded: unlike all others. */
	for (unsigned int i = 1; format == FORMAT_PAE && i < 4; i++)
		put_entry(f, format, ROOT, i, (TABLES + i * 0x1000) | (one_in(f, 4) ? 0 : P));
}

/* Linear 0 to 0xFFF, in all formats. */
static void map_code(struct fixture *f, enum format format)
{
	static const unsigned int levels[FORMATS] = {
		[FORMAT_32] = 2, [FORMAT_PAE] = 3, [FORMAT_4LEVEL] = 4,
	};
	uint32_t table = ROOT;

	for (unsigned int level = levels[format]; level; level--) {
		uint32_t next = level == 1 ? CODE : CODE_TABLES + level * 0x1000;
		bool pdpte = format == FORMAT_PAE && level == levels[format];

		put_entry(f, format, table, 0, next | (pdpte ? P : ALL));
		table = next;
	}
}

/* --- the two of them --- */

static uint64_t read_bus(void *self, enum bus_space space, uint64_t address, unsigned int size)
{
	struct fixture *f = self;

	f->seen = address;
	return 0;
}

static void write_bus(void *self, enum bus_space space, uint64_t address, unsigned int size,
		      uint64_t value)
{
	read_bus(self, space, address, size);
}

static const struct cpu_ops ops = { .read = read_bus, .write = write_bus };

static void set_up_state(struct vcpu_state *state, enum format format, bool user, bool nxe)
{
	vcpu_state_reset(state);
	for (unsigned int i = 0; i < SEG_COUNT; i++)
		state->segment[i] = (struct vcpu_segment){
			.selector = user ? 11 : 8, .limit = UINT32_MAX, .s = true, .present = true,
			.type = i == SEG_CS ? SEG_TYPE_CODE : SEG_TYPE_DATA,
			.dpl = user ? 3 : 0, .g = true,
			.l = i == SEG_CS && format == FORMAT_4LEVEL,
			.db = i != SEG_CS || format != FORMAT_4LEVEL,
		};
	state->cr0 |= CR0_PE | CR0_PG | CR0_WP;
	state->cr3 = ROOT;
	state->cr4 = format == FORMAT_32 ? CR4_PSE : CR4_PAE;
	state->efer = (nxe ? EFER_NXE : 0) |
		      (format == FORMAT_4LEVEL ? EFER_LME | EFER_LMA : 0);
	/* Without an IDT every exception ends in a shutdown, and CR2 tells. */
	state->idtr.limit = 0;
}

enum outcome { AGREE, DISAGREE, UNKNOWN };

/* What the report says of the access; the processor executes it. */
static enum outcome compare(struct fixture *f, struct vcpu_state *state, bool user, bool write)
{
	/* mov (%rax), %bl; mov %bl, (%rax) */
	static const uint8_t instructions[2][2] = { { 0x8A, 0x18 }, { 0x88, 0x18 } };
	struct pagewalk walk;
	int error = pagewalk_translate(f->mem, state, state->gpr[GPR_RAX], &walk);
	bool inside = !error && walk.gpa < MEMORY_SIZE, done;
	uint8_t value = inside ? f->memory[walk.gpa] : 0x5A;

	/* The bus answers for tables outside memory. */
	if (error == -ENXIO || (inside && walk.gpa < CODE + sizeof(instructions)))
		return UNKNOWN;
	memcpy(f->memory + CODE, instructions[write], sizeof(instructions[write]));
	cpu_memory_written(f->cpu, 0, MEMORY_SIZE);
	/* What is written is what is there. */
	state->gpr[GPR_RBX] = write ? value : (uint8_t)~value;
	cpu_set_state(f->cpu, state);
	f->seen = OUTSIDE;
	done = cpu_run(f->cpu, 1) == CPU_LIMIT;
	cpu_get_state(f->cpu, state);
	if (error || (user && !walk.user) || (write && !walk.writable))
		return !done && state->cr2 == walk.linear ? AGREE : DISAGREE;
	/* It may be an entry of the tables, which has been marked as accessed. */
	if (!done || (inside && (uint8_t)state->gpr[GPR_RBX] != f->memory[walk.gpa]))
		return DISAGREE;
	return f->seen == (inside ? OUTSIDE : walk.gpa) ? AGREE : DISAGREE;
}

static void check_format(struct fixture *f, enum format format, const char *name)
{
	unsigned int agreed = 0, faults = 0;

	for (unsigned int i = 0; i < CASES; i++) {
		uint64_t choices = random64(f), linear = random64(f);
		bool user = choices & 1, write = choices & 2;
		struct vcpu_state state;
		enum outcome outcome;

		if (i % 1000 == 0) {
			fill_tables(f, format);
			map_code(f, format);
		}
		/* Canonical, and not in the code's part. */
		linear = format == FORMAT_4LEVEL ? (uint64_t)((int64_t)(linear << 16) >> 16) :
			 (uint32_t)linear;
		linear |= format == FORMAT_4LEVEL ? UINT64_C(1) << 39 : 1u << 30;
		set_up_state(&state, format, user, choices & 4);
		state.gpr[GPR_RAX] = linear;
		outcome = compare(f, &state, user, write);
		if (outcome == DISAGREE)
			printf("  case %u: %s by %s at 0x%" PRIx64 "\n", i, write ? "write" : "read",
			       user ? "user" : "supervisor", linear);
		agreed += outcome == AGREE;
		faults += outcome == AGREE && state.cr2;
		f->unit.failed += outcome == DISAGREE;
	}
	/* Else the tables are no test. */
	unit_check(&f->unit, agreed > CASES / 2 && faults > CASES / 8 && agreed - faults > CASES / 8,
		   name);
	printf("  %u cases agree, %u of them page faults\n", agreed, faults);
}

int main(void)
{
	static const char *const names[FORMATS] = {
		[FORMAT_32] = "32-bit paging", [FORMAT_PAE] = "PAE paging",
		[FORMAT_4LEVEL] = "4-level paging",
	};
	struct fixture f = { .random = UINT64_C(0x9E3779B97F4A7C15) };
	struct mem_region region = { .size = MEMORY_SIZE, .flags = MEM_RW, .name = "RAM" };

	if (mem_create(&f.mem))
		return 1;
	f.memory = region.host = mem_backing(f.mem, MEMORY_SIZE, false);
	if (!region.host || mem_add(f.mem, &region, false) || cpu_create(&f.cpu, f.mem, &ops, &f)) {
		mem_destroy(f.mem);
		return 1;
	}
	for (unsigned int i = 0; i < FORMATS; i++)
		check_format(&f, i, names[i]);
	cpu_destroy(f.cpu);
	mem_destroy(f.mem);
	return unit_status(&f.unit);
}
