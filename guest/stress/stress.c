/* SPDX-License-Identifier: 0BSD */
/*
 * stress.c - changes page tables, rings and the interrupt flag at random, uses memory
 * in all ways in between, and takes everything that it sees into one hash: values, vectors,
 * error codes, CR2, flags. The hash is the same on every processor that is right.
 *
 * Words of the command line: seed=N (default 1), steps=N (default 20000), trace=N: from the
 * step N on, what is done and the hash after it are kept in memory, and go to the debug
 * console at the end, so that nothing else is done in between. loose=1 leaves out of the hash
 * what QEMU's TCG is known to have otherwise than the manuals: RF, most of error codes, faults
 * of instructions that read and write; and flags that some instructions leave undefined.
 */
#include "stress/stress.h"

#include <vmm/console.h>
#include <vmm/format.h>
#include <vmm/io.h>
#include <vmm/machine.h>
#include <vmm/string.h>
#include <vmm/vga.h>

#define PIC1_DATA	0x21
#define PIC2_DATA	0xA1
#define FRAMES		0x1C0000	/* tables of the spaces, behind the kernel */
#define FMASK		(FLAG_IF | FLAG_DF | FLAG_TF)
#define NO_TRACE	0xFFFFFFFFu
#define TRACE		0x41000000ul	/* 32 MiB for the text */
#define TRACE_FRAME	0x1000000ul
#define TRACE_SIZE	0x2000000ul

extern uint64_t pml4[];
void long_main(uint32_t magic, const uint32_t *info);

struct paging spaces[SPACES];
unsigned int space;

static uint64_t random_state;
static uint64_t hash;
static struct {
	uint64_t flags, errors;
} ignored;
bool loose;
static bool tracing;
static char *traced = (char *)TRACE;

uint32_t random32(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state * 0x2545F4914F6CDD1D >> 32);
}

uint32_t random_below(uint32_t limit)
{
	return random32() % limit;
}

bool one_in(uint32_t times)
{
	return random_below(times) == 0;
}

void mix(uint64_t value)
{
	hash = (hash ^ value) * 0x100000001B3;
	hash ^= hash >> 29;
}

#define STUB(name)	void name(void);
STUB(load1) STUB(load2) STUB(load4) STUB(load8) STUB(store1) STUB(store2) STUB(store4) STUB(store8)
void (*const loads[4])(void) = { load1, load2, load4, load8 };
void (*const stores[4])(void) = { store1, store2, store4, store8 };

#define PLAIN_STUBS(X)								\
	X(stub_flags) X(stub_sti) X(stub_cli) X(stub_popf) X(stub_segments) X(stub_ds)	\
	X(stub_ds_host) X(stub_es) X(stub_lar) X(stub_lar_host) X(stub_verr) X(stub_tables) \
	X(stub_selectors) X(stub_cr) X(stub_int80) X(stub_int3) X(stub_ud) X(stub_divide) \
	X(stub_syscall) X(stub_hypercall) X(stub_far) X(stub_iret) X(stub_in) X(stub_hlt) \
	X(stub_fs) X(stub_x87)
#define ENTRY(name)	name,
PLAIN_STUBS(STUB)
void (*const plain_stubs[])(void) = { PLAIN_STUBS(ENTRY) };
const unsigned int plain_stub_count = sizeof(plain_stubs) / sizeof(plain_stubs[0]);

static uint64_t random_flags(void)
{
	uint64_t flags = FLAG_FIXED | (random32() & (FLAG_IF | FLAG_IOPL | FLAG_CF));

	if (one_in(64))
		flags |= FLAG_TF;
	return flags;
}

void note(const char *format, ...)
{
	va_list arguments;

	if (!tracing || traced > (char *)(TRACE + TRACE_SIZE - 1000))
		return;
	va_start(arguments, format);
	traced += vformat_buffer(traced, 1000, format, arguments);
	va_end(arguments);
}

static void trace(const void *stub, const struct registers *r, bool user, uint64_t flags)
{
	note("  %p ring %u flags %x: %x %x at %p (%p) flags %x cs %x ss %x\n", stub, user ? 3 : 0,
	     (unsigned int)flags, (unsigned int)trap.vector, (unsigned int)trap.error,
	     (void *)trap.ip, (void *)trap.cr2, (unsigned int)trap.flags, (unsigned int)trap.cs,
	     (unsigned int)trap.ss);
	note("    ax %llx bx %llx cx %llx si %llx di %llx\n", (unsigned long long)r->ax,
	     (unsigned long long)r->bx, (unsigned long long)r->cx, (unsigned long long)r->si,
	     (unsigned long long)r->di);
}

static bool run_stub(void (*stub)(void), struct registers *r, bool user)
{
	uint64_t ip = STUBS + (uintptr_t)stub - (uintptr_t)stubs_start, sp = STACK;
	uint64_t cs = user ? USER_CS : KERNEL_CS, ss = user ? USER_DS : KERNEL_DS;
	uint64_t flags = random_flags();

	if (!user)
		__asm__ volatile("leaq -256(%%rsp), %0" : "=r"(sp));
	TRY("pushq %[ss]\n\tpushq %[sp]\n\tpushq %[flags]\n\tpushq %[cs]\n\tpushq %[ip]\n\tiretq"
	    , "+a"(r->ax), "+b"(r->bx), "+c"(r->cx), "+S"(r->si), "+D"(r->di)
	    : [ss] "r"(ss), [sp] "r"(sp), [flags] "r"(flags), [cs] "r"(cs), [ip] "r"(ip)
	    : "r11", "memory", "cc");
	if (tracing)
		trace((const void *)stub, r, user, flags);
	mix(trap.vector | (trap.error & ~ignored.errors) << 8 | (trap.flags & ~ignored.flags) << 32);
	mix(trap.ip);
	mix(trap.cs | trap.ss << 16);
	if (trap.vector == VECTOR_PF)
		mix(trap.cr2);
	mix(r->ax ^ r->bx << 1 ^ r->cx << 2 ^ r->si << 3);
	mix(r->di);
	return trap.vector == USER_DONE;
}

bool run(void (*stub)(void), struct registers *r, bool user)
{
	/* There a fault of the second half leaves the first half done. */
	bool halves = stub == stub_exchange || stub == stub_clear_bit || stub == stub_store_sse;

	return run_stub(loose && halves ? load8 : stub, r, user);
}

/* A number of the command line, behind a word that ends with '='. */
static uint32_t number(const char *line, const char *word, uint32_t otherwise)
{
	size_t length = strlen(word);

	for (; *line; line++) {
		uint32_t value = 0;

		if (*line != *word || memcmp(line, word, length))
			continue;
		for (line += length; *line >= '0' && *line <= '9'; line++)
			value = value * 10 + (uint32_t)(*line - '0');
		return value;
	}
	return otherwise;
}

static void start(void)
{
	uint64_t stack;

	/* Where there is a BIOS it has a timer running. */
	outb(0xFF, PIC1_DATA);
	outb(0xFF, PIC2_DATA);
	frames_from(FRAMES);
	trap_tables_init();
	trap_gate(0x80, ACCESS_PRESENT | TYPE_INTERRUPT_GATE | ACCESS_DPL(3), 0);
	write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_SCE);
	write_msr(MSR_STAR, (uint64_t)USER_CS32 << 48 | (uint64_t)KERNEL_CS << 32);
	write_msr(MSR_LSTAR, (uintptr_t)syscall_entry);
	write_msr(MSR_FMASK, FMASK);
	spaces[0] = (struct paging){
		.levels = 4, .entry_bytes = 8, .index_bits = 9, .root = (uintptr_t)pml4,
	};
	stack = frame_allocate();
	for (uintptr_t at = (uintptr_t)stubs_start; at < (uintptr_t)stubs_end; at += PAGE_SIZE)
		paging_map(&spaces[0], STUBS + at - (uintptr_t)stubs_start, at, PTE_P | PTE_US);
	paging_map(&spaces[0], STACK - PAGE_SIZE, stack, PTE_ALL);
	orderly_start();
	for (uint64_t at = 0; at < TRACE_SIZE; at += 0x200000)
		paging_set(&spaces[0], TRACE + at, 2, (TRACE_FRAME + at) | PTE_PS | PTE_P | PTE_RW);
	for (unsigned int i = 1; i < SPACES; i++) {
		spaces[i] = spaces[0];
		spaces[i].root = frame_allocate();
		memcpy((void *)spaces[i].root, pml4, PAGE_SIZE);
	}
	chaos_start();
}

static _Noreturn void finish(uint32_t seed, uint32_t steps)
{
	char line[VGA_COLUMNS + 1];

	format_buffer(line, sizeof(line), "stress: seed %u, %u steps, hash %016llx",
		      (unsigned int)seed, (unsigned int)steps, (unsigned long long)hash);
	console_write((const char *)TRACE, (size_t)(traced - (char *)TRACE));
	vga_clear(VGA_ATTRIBUTE(VGA_LIGHT_GREY, VGA_BLACK));
	vga_text16(0, 0, line, VGA_ATTRIBUTE(VGA_LIGHT_GREY, VGA_BLACK));
	console_printf("%s\n", line);
	machine_power_off();
}

void long_main(uint32_t magic, const uint32_t *info)
{
	const char *line = info[0] & 4 ? (const char *)(uintptr_t)info[4] : "";
	uint32_t seed = number(line, "seed=", 1), steps = number(line, "steps=", 20000);
	uint32_t first_traced = number(line, "trace=", NO_TRACE);

	loose = number(line, "loose=", 0);
	if (loose) {
		ignored.flags = FLAG_RF | FLAG_AF | FLAG_PF | FLAG_ZF | FLAG_SF;
		ignored.errors = ~(uint64_t)(PF_U | PF_I);
	}
	mix(magic);
	random_state = (seed + 1ull) * 0x9E3779B97F4A7C15;
	start();
	for (uint32_t i = 0; i < steps; i++) {
		tracing = i >= first_traced;
		if (one_in(3))
			chaos_step();
		else
			orderly_step();
		note("%u: %016llx\n", (unsigned int)i, (unsigned long long)hash);
	}
	finish(seed, steps);
}
