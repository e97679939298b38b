/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz-cpu.c - the processor in software with arbitrary code and state.
 *
 * An input chooses a mode, for which there is a machine with all tables, and
 * changes any of it: control registers, segments, general registers, memory.
 * What is executed must neither crash nor hang, nor touch anything but guest
 * memory, which lies between guard pages.
 *
 * With libFuzzer (clang -fsanitize=fuzzer,address,undefined -DFUZZER) it looks for
 * such inputs; without, it is a program that goes through the files of the folders
 * named, or of the sources' cpu-corpus.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/vcpu.h"
#include "cpu/cpu.h"
#include "unit.h"

#define INSTRUCTIONS	100u	/* of a run */
#define RUNS		4u	/* with an interrupt between them */
#define KICK_INTERVAL	2000	/* microseconds: for what has no end of its own */
#define HANG_SECONDS	20

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* --- the machine --- */

/* Guest-physical addresses; linear ones are the same in the first 2 MiB. */
#define LOW_SIZE	0x20000u
#define HIGH_ADDRESS	0x100000u	/* behind A20 */
#define HIGH_SIZE	0x4000u
#define ROM_ADDRESS	0xC0000u
#define DEVICE_ADDRESS	0xB8000u
#define LAST_ADDRESS	0xFFFFF000u
#define IVT		0x0000u
#define GDT		0x1000u
#define LDT		0x1800u
#define IDT		0x2000u
#define TSS		0x4000u
#define TSS16		0x4800u
#define HANDLERS	0x5000u
#define PD		0x6000u
#define PT		0x7000u
#define PAE_PDPT	0x8000u
#define PAE_PD		0x9000u
#define PAE_PT		0xA000u
#define PML4		0xB000u
#define LONG_PDPT	0xC000u
#define CODE		0x10000u
#define STACK		0x18000u
#define DATA		0x1A000u

#define CODE_MAX	0x400u
#define HLT		0xF4
#define IRET		0xCF

#define PTE_ALL		0x67u		/* present, writable, user, accessed, dirty */
#define PTE_LARGE	0x80u
#define TABLE		0x01u

/* Selectors. */
#define CODE32		0x08u
#define DATA32		0x10u
#define CODE64		0x18u
#define CODE16		0x20u
#define DATA16		0x28u
#define USER_CODE32	0x33u
#define USER_DATA32	0x3Bu
#define USER_CODE64	0x43u
#define TSS_SELECTOR	0x48u
#define LDT_SELECTOR	0x60u

/* As LGDT finds them; the TSS, the LDT and the call gate have 16 bytes in long mode. */
static const uint64_t gdt[] = {
	0, UINT64_C(0x00CF9B000000FFFF), UINT64_C(0x00CF93000000FFFF),
	UINT64_C(0x00AF9B000000FFFF), UINT64_C(0x00009B000000FFFF),
	UINT64_C(0x000093000000FFFF), UINT64_C(0x00CFFB000000FFFF),
	UINT64_C(0x00CFF3000000FFFF), UINT64_C(0x00AFFB000000FFFF),
	UINT64_C(0x0000890040000800), 0, UINT64_C(0x0000810048000067),
	UINT64_C(0x00008200180000FF), 0, UINT64_C(0x0000EC0000085000), 0,
	UINT64_C(0x0000E50000580000), UINT64_C(0x00CF9F000000FFFF),
};

enum mode { REAL, PROTECTED16, PROTECTED32, V8086, COMPATIBILITY, LONG, MODES };

struct mode_start {
	uint16_t cs, ss;		/* selectors, of privilege 0 */
	uint16_t user_cs, user_ss;
	uint32_t cr0, cr4;
	uint16_t efer;
	uint32_t rflags;
};

static const struct mode_start modes[MODES] = {
	[REAL] = { CODE >> 4, 0, CODE >> 4, 0, CR0_ET, 0, 0, 0 },
	[PROTECTED16] = { CODE16, DATA16, USER_CODE32, USER_DATA32, CR0_PE | CR0_ET, 0, 0, 0 },
	[PROTECTED32] = { CODE32, DATA32, USER_CODE32, USER_DATA32, CR0_PE | CR0_ET, 0, 0, 0 },
	[V8086] = { CODE >> 4, 0, CODE >> 4, 0, CR0_PE | CR0_ET, 0, 0, RFLAGS_VM },
	[COMPATIBILITY] = { CODE32, DATA32, USER_CODE32, USER_DATA32, CR0_PE | CR0_PG | CR0_ET,
			    CR4_PAE, EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE, 0 },
	[LONG] = { CODE64, DATA32, USER_CODE64, USER_DATA32, CR0_PE | CR0_PG | CR0_ET, CR4_PAE,
		   EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE, 0 },
};

/* Choices of an input. */
#define CHOICE_USER	(1u << 0)
#define CHOICE_PAGING	(1u << 1)
#define CHOICE_PAE	(1u << 2)
#define CHOICE_A20_OFF	(1u << 3)
#define CHOICE_RETURN	(1u << 4)	/* handlers return */
#define CHOICE_FPU	(1u << 5)	/* another state of the FPU */
#define CHOICE_NMI	(1u << 6)	/* and NMIs between runs */
#define CHOICE_BARE	(1u << 7)	/* a processor without any feature */

struct input {
	const uint8_t *data;
	size_t size;
};

struct region {
	uint64_t address, size;
	unsigned int flags;
	uint8_t *host;
};

struct machine {
	struct mem *mem;
	struct cpu *cpu;
	struct region region[5];
	struct input input;		/* what is left of it, while it runs */
	uint64_t accesses;
	bool bare;			/* CHOICE_BARE is on */
};

#define LOW(m) ((m)->region[0].host)

static void take(struct input *input, void *to, size_t size)
{
	size_t n = size < input->size ? size : input->size;

	memset(to, 0, size);
	memcpy(to, input->data, n);
	input->data += n;
	input->size -= n;
}

static uint32_t take32(struct input *input)
{
	uint32_t value;

	take(input, &value, sizeof(value));
	return value;
}

static uint8_t take8(struct input *input)
{
	uint8_t value;

	take(input, &value, sizeof(value));
	return value;
}

/* --- what the processor asks for --- */

/* Devices that answer with what is left of the input. */
static uint64_t device_read(void *self, enum bus_space space, uint64_t address, unsigned int size)
{
	struct machine *m = self;

	m->accesses++;
	return take32(&m->input);
}

static void device_write(void *self, enum bus_space space, uint64_t address, unsigned int size,
			 uint64_t value)
{
	struct machine *m = self;

	m->accesses++;
	if (value == 0xA20)
		cpu_set_a20(m->cpu, size & 1);
}

static void device_read_string(void *self, uint16_t port, unsigned int size, void *data,
			       size_t count)
{
	struct machine *m = self;

	m->accesses += count;
	memset(data, take8(&m->input), size * count);
}

/* Every byte is read, so that the sanitizer sees what is not there. */
static void device_write_string(void *self, uint16_t port, unsigned int size, const void *data,
				size_t count)
{
	struct machine *m = self;
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size * count; i++)
		m->accesses += bytes[i] & 1;
}

static int acknowledge(void *self)
{
	struct machine *m = self;

	cpu_set_interrupt(m->cpu, false);
	return take8(&m->input);
}

static uint64_t counter(void *self)
{
	struct machine *m = self;

	return m->accesses++;
}

static const struct cpu_ops ops = {
	.read = device_read, .write = device_write, .read_string = device_read_string,
	.write_string = device_write_string, .acknowledge = acknowledge, .tsc = counter,
	.random = counter,
};

/* --- memory --- */

/* Between pages that cannot be accessed. */
static uint8_t *guarded(size_t size)
{
	uint8_t *all = mmap(NULL, size + 2 * MEM_PAGE_SIZE, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (all == MAP_FAILED ||
	    mprotect(all + MEM_PAGE_SIZE, size, PROT_READ | PROT_WRITE))
		return NULL;
	return all + MEM_PAGE_SIZE;
}

static int add_region(struct machine *m, struct region *region)
{
	struct mem_region add = { .gpa = region->address, .size = region->size,
				  .flags = region->flags, .name = "guest" };

	region->host = add.host = guarded(region->size);
	return add.host ? mem_add(m->mem, &add, false) : -ENOMEM;
}

static int machine_create(struct machine *m)
{
	static const struct region regions[] = {
		{ 0, LOW_SIZE, MEM_RW, NULL }, { HIGH_ADDRESS, HIGH_SIZE, MEM_RW, NULL },
		{ ROM_ADDRESS, MEM_PAGE_SIZE, MEM_READ, NULL },
		{ DEVICE_ADDRESS, MEM_PAGE_SIZE, MEM_RW | MEM_TRAP, NULL },
		{ LAST_ADDRESS, MEM_PAGE_SIZE, MEM_RW, NULL },
	};
	int error = mem_create(&m->mem);

	for (unsigned int i = 0; i < ARRAY_SIZE(regions) && !error; i++) {
		m->region[i] = regions[i];
		error = add_region(m, &m->region[i]);
	}
	return error ? error : cpu_create(&m->cpu, m->mem, &ops, m);
}

static void put64(struct machine *m, uint32_t at, uint64_t value)
{
	memcpy(LOW(m) + at, &value, sizeof(value));
}

static void put32(struct machine *m, uint32_t at, uint32_t value)
{
	memcpy(LOW(m) + at, &value, sizeof(value));
}

static void set_page_tables(struct machine *m)
{
	for (uint32_t i = 0; i < 512; i++) {
		put32(m, PT + 4 * i, i * MEM_PAGE_SIZE | PTE_ALL);
		put64(m, PAE_PT + 8 * i, i * MEM_PAGE_SIZE | PTE_ALL);
	}
	put32(m, PD, PT | PTE_ALL);
	put32(m, PD + 4, PTE_LARGE | PTE_ALL);
	put32(m, PD + 4 * 1023, PD | PTE_ALL);
	put64(m, PAE_PD, PAE_PT | PTE_ALL);
	put64(m, PAE_PD + 8, PTE_LARGE | PTE_ALL);
	put64(m, PAE_PDPT, PAE_PD | TABLE);
	put64(m, PAE_PDPT + 24, PAE_PD | TABLE);
	put64(m, PML4, LONG_PDPT | PTE_ALL);
	put64(m, PML4 + 8 * 511, PML4 | PTE_ALL);
	put64(m, LONG_PDPT, PAE_PD | PTE_ALL);
	put64(m, LONG_PDPT + 8, PTE_LARGE | PTE_ALL);
}

/* A gate for each vector, interrupt and trap gates, with IST in long mode. */
static void set_gates(struct machine *m, enum mode mode)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint64_t gate = UINT64_C(0x8E00) << 32 | (HANDLERS + 4 * i) |
				(i & 1 ? UINT64_C(0x6100) << 32 : 0);

		put32(m, IVT + 4 * i, HANDLERS + 4 * i);
		if (mode < COMPATIBILITY) {
			put64(m, IDT + 8 * i, gate | CODE32 << 16);
		} else {
			put64(m, IDT + 16 * i, gate | CODE64 << 16 |
			      (uint64_t)(i % 8 == 6) << 32);
			put64(m, IDT + 16 * i + 8, 0);
		}
	}
}

static void set_memory(struct machine *m, enum mode mode, unsigned int choices)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(m->region); i++)
		memset(m->region[i].host, 0, m->region[i].size);
	set_page_tables(m);
	set_gates(m, mode);
	memcpy(LOW(m) + GDT, gdt, sizeof(gdt));
	memcpy(LOW(m) + LDT, gdt, sizeof(gdt));
	memset(LOW(m) + HANDLERS, choices & CHOICE_RETURN ? IRET : HLT, 256 * 4);
	/* RSP0 and IST1 of 64 bits, or ESP0 and SS0. */
	put64(m, TSS + 4, mode < COMPATIBILITY ? STACK | (uint64_t)DATA32 << 32 : STACK);
	put64(m, TSS + 36, STACK - 0x800);
	put32(m, TSS + 100, 104u << 16);
	put32(m, TSS16 + 2, STACK);
	put32(m, TSS16 + 14, CODE);
}

/* --- the state --- */

static struct vcpu_segment segment_of(uint16_t selector, bool real)
{
	uint64_t raw = gdt[selector / 8 % ARRAY_SIZE(gdt)];
	struct vcpu_segment segment = {
		.selector = selector, .type = raw >> 40 & 15, .s = true, .dpl = raw >> 45 & 3,
		.present = raw >> 47 & 1, .l = raw >> 53 & 1, .db = raw >> 54 & 1,
		.g = raw >> 55 & 1, .limit = raw >> 55 & 1 ? UINT32_MAX : 0xFFFF,
	};

	if (real)
		segment = (struct vcpu_segment){ .base = (uint64_t)selector << 4, .limit = 0xFFFF,
						 .selector = selector, .type = SEG_TYPE_DATA,
						 .s = true, .present = true };
	return segment;
}

/* Changes what the input has bits for. */
static void change_segment(struct vcpu_segment *segment, struct input *input)
{
	uint32_t change = take32(input);

	segment->type ^= change & 15;
	segment->dpl ^= change >> 4 & 3;
	segment->s ^= change >> 6 & 1;
	segment->present ^= change >> 7 & 1;
	segment->l ^= change >> 8 & 1;
	segment->db ^= change >> 9 & 1;
	segment->g ^= change >> 10 & 1;
	segment->limit ^= change >> 11 & 1 ? change >> 16 : 0;
	segment->base ^= change >> 12 & 1 ? change >> 16 : 0;
	segment->selector ^= change >> 13 & 1 ? (uint16_t)(change >> 16) : 0;
}

static void set_segments(struct vcpu_state *state, enum mode mode, bool user,
			 struct input *input)
{
	bool real = mode == REAL || mode == V8086;
	const struct mode_start *start = &modes[mode];

	for (unsigned int i = 0; i < SEG_COUNT; i++)
		state->segment[i] = segment_of(user ? start->user_ss : start->ss, real);
	state->segment[SEG_CS] = segment_of(user ? start->user_cs : start->cs, real);
	if (mode == V8086)
		for (unsigned int i = 0; i < SEG_COUNT; i++)
			state->segment[i].dpl = 3;
	state->tr = (struct vcpu_segment){ .base = TSS, .limit = 0x800, .selector = TSS_SELECTOR,
					   .type = SEG_TYPE_TSS32, .present = true };
	state->ldtr = (struct vcpu_segment){ .base = LDT, .limit = 0xFF, .present = true,
					     .selector = LDT_SELECTOR, .type = SEG_TYPE_LDT };
	for (unsigned int i = 0; i < SEG_COUNT; i++)
		change_segment(&state->segment[i], input);
}

static void set_control(struct vcpu_state *state, enum mode mode, unsigned int choices,
			struct input *input)
{
	const struct mode_start *start = &modes[mode];
	bool paging = choices & CHOICE_PAGING && mode != REAL;
	bool pae = choices & CHOICE_PAE;

	state->cr0 = start->cr0 | (paging ? CR0_PG : 0);
	state->cr4 = start->cr4 | CR4_OSFXSR | CR4_OSXSAVE | CR4_PSE | (pae ? CR4_PAE : 0);
	state->efer = start->efer;
	state->cr3 = mode >= COMPATIBILITY ? PML4 : pae ? PAE_PDPT : PD;
	state->rflags = start->rflags | RFLAGS_FIXED;
	state->gdtr = (struct vcpu_table){ GDT, sizeof(gdt) - 1 };
	state->idtr = (struct vcpu_table){ mode == REAL ? IVT : IDT, 0xFFF };
	state->xcr0 = XCR0_X87 | XCR0_SSE | XCR0_AVX;
	state->msr.sysenter_cs = CODE32;
	state->msr.star = UINT64_C(0x0033000800000000);
	state->msr.lstar = state->msr.cstar = state->msr.sysenter_eip = HANDLERS;
	state->cr0 ^= take32(input);
	state->cr4 ^= take32(input);
	state->efer ^= take32(input) & (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE);
	state->rflags ^= take32(input) & 0x3F7FD5;
	state->dr[0] = take32(input);
	state->dr[7] = take32(input) | DR7_RESET;
}

static void set_registers(struct vcpu_state *state, struct input *input)
{
	for (unsigned int i = 0; i < GPR_COUNT; i++)
		state->gpr[i] = (uint64_t)(int64_t)(int32_t)take32(input);
	state->gpr[GPR_RSP] += STACK - 0x100;
	state->gpr[GPR_RSI] += DATA;
	state->gpr[GPR_RDI] += DATA + 0x800;
	state->gpr[GPR_RBX] += DATA;
}

static void set_state(struct vcpu_state *state, enum mode mode, unsigned int choices,
		      struct input *input)
{
	bool real = mode == REAL || mode == V8086;

	vcpu_state_reset(state);
	set_control(state, mode, choices, input);
	set_segments(state, mode, choices & CHOICE_USER, input);
	set_registers(state, input);
	state->rip = real ? 0 : CODE;
	if (choices & CHOICE_FPU)
		take(input, state->xsave, 512);
}

/* Code, then pieces of memory: where, how long, what. */
static void load(struct machine *m)
{
	struct input *input = &m->input;
	size_t length = take8(input) * 4u;

	take(input, LOW(m) + CODE, length < CODE_MAX ? length : CODE_MAX);
	while (input->size > 8) {
		uint32_t at = take32(input);
		struct region *region = &m->region[at >> 24 & 1];
		uint32_t offset = at & 0xFFFFFF, size = take8(input) % 64u;

		if (offset >= region->size)
			break;
		if (size > region->size - offset)
			size = (uint32_t)region->size - offset;
		take(input, region->host + offset, size);
	}
}

/* --- a run --- */

/* The signal handler has no other way to it. */
static struct machine machine;

static void on_timer(int number)
{
	cpu_kick(machine.cpu);
}

static int start_timer(void)
{
	struct itimerval timer = { .it_interval.tv_usec = KICK_INTERVAL,
				   .it_value.tv_usec = KICK_INTERVAL };

	if (signal(SIGVTALRM, on_timer) == SIG_ERR || setitimer(ITIMER_VIRTUAL, &timer, NULL))
		return -errno;
	return 0;
}

/* One that waits would be the next input's. */
static void drop_nmi(struct machine *m)
{
	struct vcpu_state state;

	vcpu_state_reset(&state);
	cpu_set_state(m->cpu, &state);
	cpu_run(m->cpu, 1);
}

static void run(struct machine *m, unsigned int choices)
{
	struct vcpu_state state;

	for (unsigned int i = 0; i < RUNS; i++) {
		enum cpu_stop stop = cpu_run(m->cpu, INSTRUCTIONS);

		if (stop == CPU_SHUTDOWN || (stop == CPU_HALTED && !m->input.size))
			break;
		cpu_set_interrupt(m->cpu, true);
		if (choices & CHOICE_NMI)
			cpu_inject_nmi(m->cpu);
	}
	cpu_set_interrupt(m->cpu, false);
	/* What comes out can go in again. */
	cpu_get_state(m->cpu, &state);
	cpu_set_state(m->cpu, &state);
	if (choices & CHOICE_NMI)
		drop_nmi(m);
}

/* Asking the host for its CPUID takes longer than a run. */
static void set_features(struct machine *m, bool bare)
{
	struct cpuid_config config = { 0 };

	if (bare == m->bare)
		return;
	if (bare)
		memset(config.removed, 0xFF, sizeof(config.removed));
	cpu_set_cpuid(m->cpu, &config);
	m->bare = bare;
}

static void execute(struct machine *m, const uint8_t *data, size_t size)
{
	struct vcpu_state state;
	unsigned int choices;
	enum mode mode;

	m->input = (struct input){ data, size };
	m->accesses = 0;
	mode = take8(&m->input) % MODES;
	choices = take8(&m->input);
	for (unsigned int i = 0; i < ARRAY_SIZE(m->region); i++)
		cpu_memory_written(m->cpu, m->region[i].address, m->region[i].size);
	set_memory(m, mode, choices);
	set_state(&state, mode, choices, &m->input);
	load(m);
	cpu_set_a20(m->cpu, !(choices & CHOICE_A20_OFF));
	set_features(m, choices & CHOICE_BARE);
	cpu_set_state(m->cpu, &state);
	run(m, choices);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!machine.cpu && (machine_create(&machine) || start_timer()))
		abort();
	execute(&machine, data, size);
	return 0;
}

#ifndef FUZZER

/* Before the processor goes: it must not be kicked any more. */
static void stop_timer(void)
{
	setitimer(ITIMER_VIRTUAL, &(struct itimerval){ 0 }, NULL);
}

/* --- going through a corpus --- */

static bool run_file(const char *folder, const char *name)
{
	uint8_t data[65536];
	char path[4096];
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rbe");
	if (!file)
		return false;
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	/* One that hangs ends the program. */
	alarm(HANG_SECONDS);
	LLVMFuzzerTestOneInput(data, size);
	alarm(0);
	return true;
}

static void run_folder(struct unit *unit, const char *path)
{
	DIR *folder = opendir(path);
	unsigned int count = 0;
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			count += run_file(path, entry->d_name);
	if (folder)
		closedir(folder);
	unit_check(unit, count, "arbitrary code and state neither crash nor hang");
	printf("  %u inputs from %s\n", count, path);
}

int main(int argc, char **argv)
{
	const char *sources = getenv("srcdir");
	struct unit unit = { 0 };
	char path[4096];

	snprintf(path, sizeof(path), "%s/cpu-corpus", sources ? sources : ".");
	if (argc < 2)
		run_folder(&unit, path);
	for (int i = 1; i < argc; i++)
		run_folder(&unit, argv[i]);
	stop_timer();
	cpu_destroy(machine.cpu);
	mem_destroy(machine.mem);
	return unit_status(&unit);
}

#endif
