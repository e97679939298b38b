/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-cpu-fpu.c - the FPU of the processor in software, against the host's.
 *
 * Goes through the opcode maps. Whatever the processor takes for an x87, MMX,
 * SSE or AVX instruction is executed with random registers and memory, in 64-bit
 * and in 32-bit code, by the processor in software and natively: here, in a
 * frame of its own that loads and stores all registers. Everything has to be
 * the same then, exceptions too.
 *
 *   unit-cpu-fpu [ROUNDS [SEED]]
 */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

/* The processor has one of its own. */
enum { FRAME_RIP = REG_RIP };
#undef REG_RIP

#include "cpu/cpu.h"
#include "cpu/internal.h"
#include "cpu/ops.h"
#include "unit.h"

#define ROUNDS 4
#define SEED 1
#define FAILURES_SHOWN 20

/* --- random numbers (xorshift64*) --- */

static uint64_t random_state;

static uint64_t random64(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545F4914F6CDD1D);
}

static unsigned int below(unsigned int n)
{
	return (unsigned int)((random64() >> 32) % n);
}

static bool one_in(unsigned int n)
{
	return !below(n);
}

/* --- registers and memory, as both sides have them --- */

#define DATA_ADDRESS UINT64_C(0x20000000)
#define DATA_SIZE 0x4000u
#define CODE_ADDRESS 0x10000u

/* The parts of struct vcpu_state.xsave. */
#define X_FCW 0
#define X_FSW 2
#define X_TAGS 4
#define X_POINTERS 6
#define X_MXCSR 24
#define X_MXCSR_MASK 28
#define X_ST 32
#define X_XMM 160
#define X_HEADER 512
#define X_YMM_HIGH 576

#define XSAVE_ALL (XCR0_X87 | XCR0_SSE | XCR0_AVX)
#define FLAGS_COMPARED 0x8D5u
#define MXCSR_UM 0x800u

struct registers {
	uint64_t gpr[16];
	uint64_t rflags;
	uint8_t xsave[VCPU_XSAVE_SIZE];
	uint8_t data[DATA_SIZE];
	uint8_t vector;			/* of the exception; else NONE */
};

#define NONE 0xFF

struct instruction {
	uint8_t bytes[64];
	unsigned int length;
	unsigned int count;		/* of instructions, where they are several; else 0 */
	uint8_t map;			/* 0: x87; 1: 0F, 2: 0F38, 3: 0F3A */
	bool vex;
	uint8_t opcode, modrm;
	unsigned int bits;		/* of code */
};

static void put16(uint8_t *at, uint16_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

/* --- native execution --- */

struct native {
	uint64_t gpr[16];
	uint64_t rflags;
	uint32_t code;		/* a far pointer */
	uint16_t selector;
	uint64_t stack;
	_Alignas(64) uint8_t xsave[4096];
};

struct native native;
void native_enter(void);
extern const char native_leave[];

#define GPR_MOVES(X) \
	X(0, rax) X(1, rcx) X(2, rdx) X(3, rbx) X(5, rbp) X(6, rsi) X(7, rdi) X(8, r8) X(9, r9) \
	X(10, r10) X(11, r11) X(12, r12) X(13, r13) X(14, r14) X(15, r15) X(4, rsp)
#define GPR_LOAD(n, name) "mov native+8*" #n "(%rip), %" #name "\n\t"
#define GPR_STORE(n, name) "mov %" #name ", native+8*" #n "(%rip)\n\t"

__asm__(
	".text\n.globl native_enter\nnative_enter:\n\t"
	"push %rbx\n\tpush %rbp\n\tpush %r12\n\tpush %r13\n\tpush %r14\n\tpush %r15\n\t"
	"mov %rsp, native+144(%rip)\n\t"
	"mov $7, %eax\n\txor %edx, %edx\n\txrstor64 native+192(%rip)\n\t"
	"push native+128(%rip)\n\tpopfq\n\t"
	GPR_MOVES(GPR_LOAD)
	"ljmp *native+136(%rip)\n"
	".globl native_leave\nnative_leave:\n\t"
	GPR_MOVES(GPR_STORE)
	"mov native+144(%rip), %rsp\n\t"
	"pushfq\n\tpop native+128(%rip)\n\tcld\n\t"
	"mov $7, %eax\n\txor %edx, %edx\n\txsave64 native+192(%rip)\n\t"
	"fninit\n\tvzeroupper\n\tpush $0x1F80\n\tldmxcsr (%rsp)\n\tpop %rcx\n\t"
	"pop %r15\n\tpop %r14\n\tpop %r13\n\tpop %r12\n\tpop %rbp\n\tpop %rbx\n\tret\n");

/* Linux's selectors. */
#define USER_CS_32	0x23
#define USER_DS		0x2B
#define USER_CS_64	0x33

static uint8_t *native_data, *native_code;
static sigjmp_buf native_fault;
static volatile int native_vector;
static uint8_t under_test[64];

static void on_fault(int number, siginfo_t *info, void *context)
{
	static const int registers[16] = {
		REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
		REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
	};
	const mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;

	/* Not the native instruction's own: what the processor in software does must not fault. */
	if ((uint64_t)machine->gregs[FRAME_RIP] - native.code >= sizeof(under_test)) {
		printf("FAIL: signal %d in software, for", number);
		for (unsigned int i = 0; i < sizeof(under_test); i++)
			printf(" %02x", under_test[i]);
		printf("\n");
		fflush(stdout);
		_exit(1);
	}
	for (unsigned int i = 0; i < 16; i++)
		native.gpr[i] = (uint64_t)machine->gregs[registers[i]];
	native.rflags = (uint64_t)machine->gregs[REG_EFL];
	native_vector = (int)machine->gregs[REG_TRAPNO];
	memcpy(native.xsave, machine->fpregs, VCPU_XSAVE_SIZE);
	siglongjmp(native_fault, 1);
}

static bool native_create(void)
{
	static uint8_t stack[65536];
	const int signals[] = { SIGFPE, SIGSEGV, SIGILL, SIGBUS, SIGTRAP };
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	void *data = (void *)(uintptr_t)DATA_ADDRESS;

	sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof(stack) }, NULL);
	for (unsigned int i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	native_data = mmap(data, DATA_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	native_code = mmap(NULL, MEM_PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	/* 64-bit code does without data segments, 32-bit code does not. */
	__asm__ volatile("mov %0, %%ds\n\tmov %0, %%es" : : "r"(USER_DS));
	return native_data == data && native_code != MAP_FAILED;
}

#define LEAVE_OFFSET 128	/* in the code page */

/* The instruction and the way back, which from 32-bit code is a far jump. */
static void native_put_code(const uint8_t *bytes, unsigned int length, unsigned int bits)
{
	static const uint8_t jump_64[] = { 0xFF, 0x25, 0, 0, 0, 0 };	/* jmp *0(%rip) */
	uint32_t leave = (uint32_t)(uintptr_t)native_code + LEAVE_OFFSET;
	uintptr_t back = (uintptr_t)native_leave;
	uint8_t *at = native_code;

	memset(under_test, 0, sizeof(under_test));
	memcpy(under_test, bytes, length);
	memcpy(at, bytes, length);
	at += length;
	if (bits == 32) {
		*at++ = 0xEA;					/* ljmp $USER_CS_64, $leave */
		memcpy(at, &leave, sizeof(leave));
		put16(at + sizeof(leave), USER_CS_64);
		at = native_code + LEAVE_OFFSET;
	}
	memcpy(at, jump_64, sizeof(jump_64));
	memcpy(at + sizeof(jump_64), &back, sizeof(back));
	native.code = (uint32_t)(uintptr_t)native_code;
	native.selector = bits == 32 ? USER_CS_32 : USER_CS_64;
}

static void native_run(struct registers *r, const struct instruction *in)
{
	native_put_code(in->bytes, in->length, in->bits);
	memcpy(native.gpr, r->gpr, sizeof(native.gpr));
	memset(native.xsave, 0, sizeof(native.xsave));
	memcpy(native.xsave, r->xsave, sizeof(r->xsave));
	native.xsave[X_HEADER] = XSAVE_ALL;
	native.rflags = r->rflags;
	memcpy(native_data, r->data, DATA_SIZE);
	native_vector = NONE;
	if (!sigsetjmp(native_fault, 1))
		native_enter();
	r->vector = (uint8_t)native_vector;
	memcpy(r->gpr, native.gpr, sizeof(native.gpr));
	memcpy(r->xsave, native.xsave, sizeof(r->xsave));
	memcpy(r->data, native_data, DATA_SIZE);
	r->rflags = native.rflags;
}

/* --- execution by the processor in software --- */

#define LOW_SIZE	0x100000u
#define PML4_ADDRESS	0x1000u
#define PDPT_ADDRESS	0x2000u
#define PD_ADDRESS	0x3000u
#define PT_ADDRESS	0x4000u
#define TSS_ADDRESS	0x6000u
#define GDT_ADDRESS	0x7000u
#define IDT_ADDRESS	0x8000u
#define HANDLERS	0x9000u		/* HLT, each 16 bytes */
#define STACK_ADDRESS	0xF000u
#define PTE_DEFAULT	0x67u		/* present, writable, user, accessed, dirty */
#define PTE_2M		0x80u
#define TSS_IST1	36
#define GATE_IST1	0x8E0100080000u	/* to selector 8, offset 0 */

struct software {
	struct mem *mem;
	struct cpu *cpu;
	uint8_t *low, *data;
	struct vcpu_state state;	/* what cases begin with */
	unsigned int device_writes;
	uint64_t device_sum;
};

/* A device: gives its address, and sums up what it gets. */
static uint64_t device_read(void *self, enum bus_space space, uint64_t address, unsigned int size)
{
	return address;
}

static void device_write(void *self, enum bus_space space, uint64_t address, unsigned int size,
			 uint64_t value)
{
	struct software *s = self;

	s->device_writes++;
	s->device_sum += value;
}

static int no_acknowledge(void *self)
{
	return -1;
}

static uint64_t no_number(void *self)
{
	return 0;
}

static const struct cpu_ops ops = {
	.read = device_read, .write = device_write, .acknowledge = no_acknowledge, .tsc = no_number,
	.random = no_number,
};

static void put64(struct software *s, uint64_t gpa, uint64_t value)
{
	memcpy(s->low + gpa, &value, sizeof(value));
}

static void set_up_tables(struct software *s)
{
	put64(s, PML4_ADDRESS, PDPT_ADDRESS | PTE_DEFAULT);
	put64(s, PDPT_ADDRESS, PD_ADDRESS | PTE_DEFAULT);
	put64(s, PD_ADDRESS, PTE_2M | PTE_DEFAULT);
	put64(s, PD_ADDRESS + (DATA_ADDRESS >> 21) * 8, PT_ADDRESS | PTE_DEFAULT);
	for (uint64_t i = 0; i < DATA_SIZE / MEM_PAGE_SIZE; i++)
		put64(s, PT_ADDRESS + i * 8, (DATA_ADDRESS + i * MEM_PAGE_SIZE) | PTE_DEFAULT);
	put64(s, GDT_ADDRESS + 8, UINT64_C(0x00AF9B000000FFFF));
	put64(s, GDT_ADDRESS + 16, UINT64_C(0x00CF93000000FFFF));
	put64(s, TSS_ADDRESS + TSS_IST1, STACK_ADDRESS);
	for (uint64_t i = 0; i < 32; i++) {
		uint64_t handler = HANDLERS + i * 16;

		put64(s, IDT_ADDRESS + i * 16, GATE_IST1 | handler);
		s->low[handler] = 0xF4;
	}
}

static void set_up_state(struct vcpu_state *state)
{
	struct vcpu_segment data = { .limit = 0xFFFFFFFF, .selector = 16, .type = SEG_TYPE_DATA,
				     .s = true, .present = true, .db = true, .g = true };

	vcpu_state_reset(state);
	state->cr0 = CR0_PE | CR0_PG | CR0_NE | CR0_MP | CR0_ET | CR0_WP;
	state->cr3 = PML4_ADDRESS;
	state->cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE;
	state->efer = EFER_LME | EFER_LMA | EFER_SCE | EFER_NXE;
	state->xcr0 = XSAVE_ALL;
	for (unsigned int i = 0; i < SEG_COUNT; i++)
		state->segment[i] = data;
	state->segment[SEG_CS] = (struct vcpu_segment){
		.limit = 0xFFFFFFFF, .selector = 8, .type = SEG_TYPE_CODE, .s = true,
		.present = true, .l = true, .g = true,
	};
	state->gdtr = (struct vcpu_table){ GDT_ADDRESS, 23 };
	state->idtr = (struct vcpu_table){ IDT_ADDRESS, 32 * 16 - 1 };
	state->tr.base = TSS_ADDRESS;
	state->rip = CODE_ADDRESS;
}

static bool software_create(struct software *s)
{
	if (mem_create(&s->mem))
		return false;
	s->low = mem_backing(s->mem, LOW_SIZE, false);
	s->data = mem_backing(s->mem, DATA_SIZE, false);
	if (!s->low || !s->data ||
	    mem_add(s->mem, &(struct mem_region){ .size = LOW_SIZE, .host = s->low,
						  .flags = MEM_RW, .name = "low" }, false) ||
	    mem_add(s->mem, &(struct mem_region){ .gpa = DATA_ADDRESS, .size = DATA_SIZE,
						  .host = s->data, .flags = MEM_RW,
						  .name = "data" }, false) ||
	    cpu_create(&s->cpu, s->mem, &ops, s))
		return false;
	set_up_tables(s);
	set_up_state(&s->state);
	return true;
}

static void software_destroy(struct software *s)
{
	cpu_destroy(s->cpu);
	mem_destroy(s->mem);
}

static void software_run(struct software *s, struct registers *r, const struct instruction *in)
{
	struct vcpu_state state = s->state;

	state.segment[SEG_CS].l = in->bits == 64;
	state.segment[SEG_CS].db = in->bits == 32;
	memcpy(state.gpr, r->gpr, sizeof(state.gpr));
	memcpy(state.xsave, r->xsave, sizeof(state.xsave));
	state.xsave[X_HEADER] = XSAVE_ALL;
	state.rflags = r->rflags;
	memcpy(s->data, r->data, DATA_SIZE);
	cpu_memory_written(s->cpu, CODE_ADDRESS, in->length);
	memcpy(s->low + CODE_ADDRESS, in->bytes, in->length);
	cpu_set_state(s->cpu, &state);
	cpu_run(s->cpu, in->count ? in->count : 1);
	cpu_get_state(s->cpu, &state);
	r->vector = NONE;
	if (state.rip != CODE_ADDRESS + in->length)
		r->vector = (uint8_t)((state.rip - HANDLERS) / 16);
	memcpy(r->gpr, state.gpr, sizeof(r->gpr));
	memcpy(r->xsave, state.xsave, sizeof(r->xsave));
	memcpy(r->data, s->data, DATA_SIZE);
	r->rflags = state.rflags;
}

/* --- random contents --- */

static uint64_t random_double(void)
{
	static const uint64_t special[] = {
		0, 1, UINT64_C(0x000FFFFFFFFFFFFF), UINT64_C(0x0010000000000000),
		UINT64_C(0x3FF0000000000000), UINT64_C(0x4000000000000000),
		UINT64_C(0x3FE0000000000000), UINT64_C(0x7FEFFFFFFFFFFFFF),
		UINT64_C(0x7FF0000000000000), UINT64_C(0x7FF0000000000001),
		UINT64_C(0x7FF8000000000000), UINT64_C(0x43E0000000000000),
		UINT64_C(0x41DFFFFFFFC00000), UINT64_C(0x3690000000000000),
		UINT64_C(0x37F0000000000001), UINT64_C(0x47EFFFFFFFFFFFFF),
	};
	uint64_t sign = random64() & UINT64_C(1) << 63;

	if (one_in(3))
		return random64();
	if (one_in(2))	/* near 1, so that results are finite */
		return sign | (UINT64_C(1015) + below(16)) << 52 | random64() >> 12;
	return sign | special[below(sizeof(special) / sizeof(special[0]))];
}

static uint32_t random_float(void)
{
	static const uint32_t special[] = {
		0, 1, 0x7FFFFF, 0x800000, 0x3F800000, 0x40000000, 0x7F7FFFFF, 0x7F800000,
		0x7F800001, 0x7FC00000, 0x4F000000, 0x33000000, 0x38800000, 0x477FE000,
		0x387FC000, 0x20000000, 0x1F800000, 0x5F000000,
	};
	uint32_t sign = (uint32_t)random64() & 1u << 31;

	if (one_in(3))
		return (uint32_t)random64();
	if (one_in(2))
		return sign | (120 + below(14)) << 23 | (uint32_t)random64() >> 9;
	return sign | special[below(sizeof(special) / sizeof(special[0]))];
}

/* Elements of one kind, as far as they go; all of size bytes is written. */
static void random_vector(uint8_t *at, unsigned int size)
{
	unsigned int kind = below(3);

	for (unsigned int i = 0; i < size; i += 8) {
		uint64_t value = kind == 0 ? random64() : kind == 1 ? random_double() :
				 random_float() | (uint64_t)random_float() << 32;

		memcpy(at + i, &value, sizeof(value));
	}
}

static void random_extended(uint8_t st[10])
{
	static const uint64_t significands[] = {
		0, 1, UINT64_C(1) << 63, UINT64_C(3) << 62, UINT64_C(0xC000000000000001),
		UINT64_C(0x8000000000000001), UINT64_MAX, UINT64_C(1) << 62,
	};
	static const uint16_t exponents[] = { 0, 1, 0x3FFF, 0x4000, 0x3FFE, 0x7FFE, 0x7FFF, 0x403E,
					      0x3C00, 0x43FE, 0x3F80, 0x407E, 0x3F6A };
	uint64_t significand = random64();
	uint16_t exponent = (uint16_t)(0x3FF0 + below(0x30)), sign = one_in(2) ? 0x8000 : 0;

	if (!one_in(8))
		significand |= UINT64_C(1) << 63;
	if (one_in(3))
		significand = significands[below(sizeof(significands) / sizeof(significands[0]))];
	if (one_in(3))
		exponent = exponents[below(sizeof(exponents) / sizeof(exponents[0]))];
	if (one_in(8))
		exponent = (uint16_t)random64() & 0x7FFF;
	exponent |= sign;
	memcpy(st, &significand, sizeof(significand));
	memcpy(st + 8, &exponent, sizeof(exponent));
}

static void random_x87(uint8_t *xsave)
{
	uint16_t fcw = (uint16_t)(0x40 | (random64() & 0xF00)), fsw = (uint16_t)random64() & 0x7F00;

	fcw |= one_in(4) ? (uint16_t)random64() & 0x3F : 0x3F;
	/* Exceptions that wait already are met now and then. */
	fsw |= (uint16_t)random64() & 0x7F & (one_in(8) ? 0x7F : fcw | 0x40);
	if (fsw & ~fcw & 0x3F)
		fsw |= 0x8080;
	put16(xsave + X_FCW, fcw);
	put16(xsave + X_FSW, fsw);
	xsave[X_TAGS] = one_in(3) ? (uint8_t)random64() : one_in(4) ? 0 : 0xFF;
	for (unsigned int i = 0; i < 8; i++)
		random_extended(xsave + X_ST + i * 16);
}

static void random_xsave(uint8_t *xsave)
{
	uint32_t mxcsr = (uint32_t)random64() & 0xE07F;

	memset(xsave, 0, VCPU_XSAVE_SIZE);
	random_x87(xsave);
	if (one_in(2))
		mxcsr &= ~0x8040u;
	mxcsr |= one_in(3) ? (uint32_t)random64() & 0x1F80 : 0x1F80;
	put32(xsave + X_MXCSR, mxcsr);
	put32(xsave + X_MXCSR_MASK, 0xFFFF);
	for (unsigned int i = 0; i < 16; i++) {
		random_vector(xsave + X_XMM + i * 16, 16);
		random_vector(xsave + X_YMM_HIGH + i * 16, 16);
	}
	xsave[X_HEADER] = XSAVE_ALL;
}

/* Where the memory operand is: aligned or not, across pages, across the end. */
static uint64_t random_address(void)
{
	switch (below(8)) {
	case 0:
		return DATA_ADDRESS + 0x1000 + below(0x1000);
	case 1:
		return DATA_ADDRESS + 0x2000 - below(64);
	case 2:
		return one_in(4) ? DATA_ADDRESS + DATA_SIZE - below(64) :
				   DATA_ADDRESS + 0x1000 + below(0x100) * 16;
	default:
		return DATA_ADDRESS + 0x1000 + below(0x20) * 64;
	}
}

static void random_registers(struct registers *r, unsigned int bits)
{
	for (unsigned int i = 0; i < 16; i++)
		r->gpr[i] = one_in(3) ? random64() : one_in(2) ? below(20) : random_double();
	for (unsigned int i = 0; bits == 32 && i < 16; i++)
		r->gpr[i] = (uint32_t)r->gpr[i];
	r->gpr[GPR_RDI] = random_address();
	r->rflags = (random64() & FLAGS_COMPARED) | RFLAGS_FIXED;
	random_xsave(r->xsave);
	/* What is new is as much as any instruction reads from there. */
	for (uint64_t i = (r->gpr[GPR_RDI] - DATA_ADDRESS) & ~UINT64_C(15), left = 64;
	     left && i < DATA_SIZE; i += 16, left--)
		random_vector(r->data + i, 16);
	if (one_in(3))
		random_extended(r->data + (r->gpr[GPR_RDI] - DATA_ADDRESS) % (DATA_SIZE - 10));
}

/* --- instructions --- */

/* For initializers: the bytes, and how many. */
#define BYTES(...) { __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static bool is_memory(const struct instruction *in)
{
	return in->modrm < 0xC0;
}

static unsigned int reg_field(const struct instruction *in)
{
	return in->modrm >> 3 & 7;
}

static bool is_gather(const struct instruction *in)
{
	return in->vex && in->map == 2 && in->opcode >= 0x90 && in->opcode <= 0x93;
}

/* 0F AE, a memory form. */
static bool is_group_15(const struct instruction *in, unsigned int reg)
{
	return in->map == 1 && in->opcode == 0xAE && is_memory(in) && reg_field(in) == reg;
}

static bool is_x87_memory(const struct instruction *in, uint8_t opcode, unsigned int reg)
{
	return in->map == 0 && in->opcode == opcode && is_memory(in) && reg_field(in) == reg;
}

static void add(struct instruction *in, uint8_t byte)
{
	in->bytes[in->length++] = byte;
}

/* ModRM and what follows: [RDI] in one form or another, or registers. */
static void add_operands(struct instruction *in, bool memory, unsigned int reg)
{
	in->modrm = (uint8_t)(reg << 3 | (memory ? 7 : 0xC0 + below(8)));
	if (memory && is_gather(in)) {
		add(in, (uint8_t)(reg << 3 | 4));
		add(in, (uint8_t)(below(256) | 7) & (uint8_t)~(one_in(2) ? 0xC0 : 0));
		in->modrm = (uint8_t)(reg << 3 | 4);
	} else if (memory && one_in(4)) {
		add(in, in->modrm | 0x40);		/* an offset of 8 bits: 0 */
		add(in, 0);
	} else if (memory && one_in(4)) {
		add(in, (uint8_t)(reg << 3 | 4));	/* SIB, no index */
		add(in, 0x27);
	} else {
		add(in, in->modrm);
	}
}

static struct instruction make_legacy(unsigned int bits, unsigned int map, unsigned int prefix,
				      uint8_t opcode, bool wide, bool memory, unsigned int reg)
{
	static const uint8_t prefixes[] = { 0, 0x66, 0xF3, 0xF2 };
	struct instruction in = { .map = (uint8_t)map, .opcode = opcode, .bits = bits };

	if (one_in(16))
		add(&in, 0x3E);
	if (prefix > 1 && one_in(8))
		add(&in, one_in(2) ? 0x66 : prefixes[prefix ^ 1]);
	if (prefix)
		add(&in, prefixes[prefix]);
	if (bits == 64 && (wide || one_in(2)))
		add(&in, (uint8_t)(0x40 | wide << 3 | (below(2) << 2) | (memory ? 0 : below(2))));
	add(&in, 0x0F);
	if (map > 1)
		add(&in, map == 2 ? 0x38 : 0x3A);
	add(&in, opcode);
	add_operands(&in, memory, reg);
	return in;
}

static struct instruction make_vex(unsigned int bits, unsigned int map, unsigned int prefix,
				   uint8_t opcode, bool wide, bool memory, unsigned int reg)
{
	struct instruction in = { .map = (uint8_t)map, .opcode = opcode, .vex = true,
				  .bits = bits };
	unsigned int l = below(2), vvvv = one_in(2) ? 15 : below(16), r = bits == 64 ? below(2) : 1;

	if (map == 1 && !wide && one_in(2)) {
		add(&in, 0xC5);
		add(&in, (uint8_t)(r << 7 | vvvv << 3 | l << 2 | prefix));
	} else {
		unsigned int x = bits == 64 && is_gather(&in) ? below(2) : 1;
		unsigned int b = memory && bits == 64 ? 1 : below(2);

		add(&in, 0xC4);
		add(&in, (uint8_t)(r << 7 | x << 6 | b << 5 | map));
		add(&in, (uint8_t)(wide << 7 | vvvv << 3 | l << 2 | prefix));
	}
	add(&in, opcode);
	add_operands(&in, memory, reg);
	return in;
}

/*
 * Whether it is one of the FPU's for the processor: decoded by the processor's
 * own decoder, since natively nearly everything could be something else. An
 * immediate is added.
 */
static bool accepted(struct instruction *in)
{
	struct decoded decoded;

	in->bytes[in->length] = (uint8_t)random64();
	if (!in->vex && in->map == 1 && (in->opcode == 0x38 || in->opcode == 0x3A))
		return false;
	/* VPEXTRQ and VPINSRQ in 32-bit code: Intel's ignore W, AMD's do not have them. */
	if (in->vex && in->bits == 32 && in->map == 3 && in->bytes[2] & 0x80 &&
	    (in->opcode == 0x16 || in->opcode == 0x22))
		return false;
	if (decode(&decoded, in->bytes, sizeof(in->bytes), in->bits, false) || decoded.op != OP_FPU)
		return false;
	in->length = decoded.length;
	return true;
}

static bool is_cvtps2ph(const struct instruction *in)
{
	return in->vex && in->map == 3 && in->opcode == 0x1D;
}

/*
 * For gathers, C4 and two bytes, opcode, ModRM, SIB: indices that lead into the
 * data or, seldom, behind it. The other registers are masks, or overwritten.
 */
static void random_indices(const struct instruction *in, struct registers *r)
{
	unsigned int index = (in->bytes[5] >> 3 & 7) | (in->bytes[1] & 0x40 ? 0 : 8);
	bool quad = in->opcode & 1;

	for (unsigned int i = index * 16; i < index * 16 + 16; i += 4) {
		uint32_t mask = one_in(40) ? 0x3FFF : 0x1FF;
		bool high = quad && i % 8;

		put32(r->xsave + X_XMM + i, high ? 0 : (uint32_t)random64() & mask);
		put32(r->xsave + X_YMM_HIGH + i, high ? 0 : (uint32_t)random64() & mask);
	}
}

/* What makes no sense with random contents, or is known not to be met. */
static void prepare(const struct instruction *in, struct registers *r)
{
	uint8_t *operand = r->data + (r->gpr[GPR_RDI] - DATA_ADDRESS);
	bool room = r->gpr[GPR_RDI] + VCPU_XSAVE_SIZE <= DATA_ADDRESS + DATA_SIZE;

	if (is_gather(in))
		random_indices(in, r);
	/* The host's XCR0 may have more components. */
	if (is_group_15(in, 4) || is_group_15(in, 5)) {
		r->gpr[GPR_RAX] &= XSAVE_ALL;
		r->gpr[GPR_RDX] = 0;
	}
	if ((is_group_15(in, 1) || is_group_15(in, 5)) && room) {
		random_xsave(operand);
		memset(operand + X_HEADER, 0, 64);
		operand[X_HEADER] = (uint8_t)below(one_in(8) ? 16 : 8);
		if (one_in(8))
			operand[X_HEADER + 8 + below(16)] |= (uint8_t)(1u << below(8));
		if (one_in(8))
			operand[X_MXCSR + 2] = 1;
	}
	/* Whether bytes that are masked out may fault is for each processor to say. */
	if (in->map == 1 && in->opcode == 0xF7)
		r->gpr[GPR_RDI] = DATA_ADDRESS + 0x1000 + below(0x1000);
	/* Underflow with an exact result: there is no way to see it. */
	if (is_cvtps2ph(in))
		r->xsave[X_MXCSR + 1] |= MXCSR_UM >> 8;
	/* Bit 17 is AMD's only. */
	if (is_group_15(in, 2) && room)
		put32(operand, (uint32_t)random64() & (one_in(8) ? 0x1FFFF : 0xFFFF));
}

/* --- comparison --- */

static void forget(struct registers *r, uint64_t address, unsigned int from, unsigned int len)
{
	uint64_t at = address - DATA_ADDRESS + from;

	if (at + len <= DATA_SIZE)
		memset(r->data + at, 0, len);
}

/*
 * The flags in MXCSR that an unmasked exception leaves: without PE after an
 * overflow or underflow (whether the result would have been exact with more
 * exponent is not to be seen), without any where there are several steps.
 */
static void normalize_mxcsr(const struct instruction *in, struct registers *r)
{
	bool steps = in->map == 3 && (in->opcode == 0x40 || in->opcode == 0x41);
	uint32_t mxcsr;

	if (r->vector != VECTOR_XM)
		return;
	memcpy(&mxcsr, r->xsave + X_MXCSR, sizeof(mxcsr));
	if (mxcsr & ~mxcsr >> 7 & 0x18)
		mxcsr &= ~0x20u;
	if (steps)
		mxcsr &= ~0x3Fu;
	put32(r->xsave + X_MXCSR, mxcsr);
}

/* Leaves out what differs for good reason: FIP and FDP, and what is vendors' own. */
static void normalize(const struct instruction *in, uint64_t address, struct registers *r)
{
	normalize_mxcsr(in, r);
	memset(r->xsave + X_POINTERS, 0, X_MXCSR - X_POINTERS);
	memset(r->xsave + X_MXCSR_MASK, 0, 4);
	memset(r->xsave + 416, 0, X_YMM_HIGH - 416);
	r->rflags &= FLAGS_COMPARED;
	if (r->vector != NONE)
		r->gpr[GPR_RSP] = 0;
	if (is_x87_memory(in, 0xD9, 6) || is_x87_memory(in, 0xDD, 6)) {
		bool small = memchr(in->bytes, 0x66, in->length - 2);

		forget(r, address, small ? 6 : 12, small ? 8 : 16);
	}
	if (is_group_15(in, 0) || is_group_15(in, 4)) {
		forget(r, address, X_POINTERS, X_MXCSR - X_POINTERS);
		forget(r, address, X_MXCSR_MASK, 4);
	}
	/* XSTATE_BV: what is in use is for each processor to know. */
	if (is_group_15(in, 4))
		forget(r, address, X_HEADER, 8);
}

static void print_bytes(const char *what, const uint8_t *bytes, unsigned int count)
{
	printf("  %s", what);
	for (unsigned int i = 0; i < count; i++)
		printf(" %02x", bytes[i]);
	printf("\n");
}

static void print_difference(const char *what, const uint8_t *native_bytes,
			     const uint8_t *software_bytes, unsigned int size, unsigned int unit)
{
	for (unsigned int i = 0; i < size; i += unit) {
		if (!memcmp(native_bytes + i, software_bytes + i, unit))
			continue;
		printf("  %s + %u\n", what, i);
		print_bytes("native  ", native_bytes + i, unit);
		print_bytes("software", software_bytes + i, unit);
		return;
	}
}

static void print_failure(const struct instruction *in, const struct registers *before,
			  const struct registers *a, const struct registers *b)
{
	uint32_t mxcsr;
	uint16_t fcw, fsw;

	memcpy(&mxcsr, before->xsave + X_MXCSR, sizeof(mxcsr));
	memcpy(&fcw, before->xsave + X_FCW, sizeof(fcw));
	memcpy(&fsw, before->xsave + X_FSW, sizeof(fsw));
	printf("  %u-bit code, ", in->bits);
	print_bytes("instruction", in->bytes, in->length);
	printf("  MXCSR %x FCW %x FSW %x tags %x operand at %" PRIx64 "; exceptions: %d, %d\n",
	       mxcsr, fcw, fsw, before->xsave[X_TAGS], before->gpr[GPR_RDI],
	       a->vector == NONE ? -1 : a->vector, b->vector == NONE ? -1 : b->vector);
	print_difference("general registers", (const uint8_t *)a->gpr, (const uint8_t *)b->gpr,
			 sizeof(a->gpr), 8);
	print_difference("RFLAGS", (const uint8_t *)&a->rflags, (const uint8_t *)&b->rflags, 8, 8);
	print_difference("state", a->xsave, b->xsave, sizeof(a->xsave), 16);
	print_difference("memory", a->data, b->data, sizeof(a->data), 16);
}

static bool same(const struct registers *a, const struct registers *b)
{
	return a->vector == b->vector && !memcmp(a->gpr, b->gpr, sizeof(a->gpr)) &&
	       a->rflags == b->rflags && !memcmp(a->xsave, b->xsave, sizeof(a->xsave)) &&
	       !memcmp(a->data, b->data, sizeof(a->data));
}

/* --- the walk through the maps --- */

struct walk {
	struct software *software;
	unsigned int bits;
	unsigned int cases, failures, faults;
};

static void run_both(struct walk *walk, const struct instruction *in,
		     const struct registers *before)
{
	static struct registers hard, soft;

	hard = soft = *before;
	native_run(&hard, in);
	software_run(walk->software, &soft, in);
	normalize(in, before->gpr[GPR_RDI], &hard);
	normalize(in, before->gpr[GPR_RDI], &soft);
	walk->cases++;
	walk->faults += hard.vector != NONE;
	if (same(&hard, &soft))
		return;
	if (walk->failures++ < FAILURES_SHOWN)
		print_failure(in, before, &hard, &soft);
}

static void try(struct walk *walk, struct instruction *in)
{
	static struct registers before;

	if (!accepted(in))
		return;
	random_registers(&before, in->bits);
	prepare(in, &before);
	run_both(walk, in, &before);
}

typedef struct instruction make_fn(unsigned int bits, unsigned int map, unsigned int prefix,
				   uint8_t opcode, bool wide, bool memory, unsigned int reg);

static void walk_map(struct walk *walk, make_fn *make, unsigned int map)
{
	for (unsigned int i = 0; i < 256 * 4 * 2 * 2 * 8; i++) {
		struct instruction in = make(walk->bits, map, i >> 8 & 3, (uint8_t)i, i >> 10 & 1,
					     i >> 11 & 1, i >> 12);

		try(walk, &in);
	}
}

static void walk_x87(struct walk *walk)
{
	for (unsigned int i = 0; i < 8 * 256; i++) {
		struct instruction in = { .opcode = (uint8_t)(0xD8 + i / 256), .bits = walk->bits };
		bool memory = i % 256 < 0xC0;

		if (one_in(8))
			add(&in, 0x66);
		add(&in, in.opcode);
		if (memory)
			add_operands(&in, memory, i >> 3 & 7);
		else
			add(&in, in.modrm = (uint8_t)i);
		try(walk, &in);
	}
}

/* --- several instructions: the x87 registers stay in the host's in between --- */

#define SEQUENCE 8
#define SEQUENCES 2000		/* a round */

static struct instruction random_x87_instruction(unsigned int bits)
{
	struct instruction in = { .opcode = (uint8_t)(0xD8 + below(8)), .bits = bits };

	add(&in, in.opcode);
	if (one_in(2)) {
		add(&in, in.modrm = (uint8_t)(0xC0 + below(64)));
	} else {
		add(&in, in.modrm = (uint8_t)(0x47 | below(8) << 3));
		add(&in, (uint8_t)(below(8) * 8));
	}
	return in;
}

/* EMMS, MMX, SSE, FNSTSW AX, FWAIT, FNCLEX, FNINIT in between. */
static struct instruction random_companion(unsigned int bits)
{
	static const struct {
		uint8_t bytes[4];
		unsigned int length;
	} companions[] = {
		{ BYTES(0x0F, 0x77) }, { BYTES(0x0F, 0xFC, 0xC1) }, { BYTES(0x0F, 0x58, 0xC1) },
		{ BYTES(0x0F, 0x6F, 0x07) }, { BYTES(0xDF, 0xE0) }, { BYTES(0x9B) },
		{ BYTES(0xDB, 0xE2) }, { BYTES(0xDB, 0xE3) }, { BYTES(0xD9, 0x6F, 0x10) },
	};
	struct instruction in = { .bits = bits };
	unsigned int i = below(sizeof(companions) / sizeof(companions[0]));

	memcpy(in.bytes, companions[i].bytes, companions[i].length);
	in.length = companions[i].length;
	return in;
}

/* FNSTENV and FNSAVE store the pointers, which differ. */
static bool stores_pointers(const struct instruction *in)
{
	return is_x87_memory(in, 0xD9, 6) || is_x87_memory(in, 0xDD, 6);
}

static void walk_sequences(struct walk *walk)
{
	static struct registers before;

	for (unsigned int i = 0; i < SEQUENCES; i++) {
		struct instruction sequence = { .bits = walk->bits, .modrm = 0xC0 };

		while (sequence.count < SEQUENCE) {
			struct instruction in = one_in(4) ? random_companion(walk->bits) :
							    random_x87_instruction(walk->bits);
			unsigned int length = in.length;

			if (!accepted(&in) || in.length != length || stores_pointers(&in))
				continue;
			memcpy(sequence.bytes + sequence.length, in.bytes, length);
			sequence.length += length;
			sequence.count++;
		}
		random_registers(&before, walk->bits);
		before.gpr[GPR_RDI] = DATA_ADDRESS + 0x1000;
		run_both(walk, &sequence, &before);
	}
}

static void check_walk(struct unit *unit, const struct walk *walk, const char *what)
{
	char text[128];

	snprintf(text, sizeof(text), "%s, %u-bit code: %u cases, %u of them exceptions", what,
		 walk->bits, walk->cases, walk->faults);
	unit_check(unit, !walk->failures && walk->cases, text);
	if (walk->failures)
		printf("  %u differ\n", walk->failures);
}

static void check_maps(struct unit *unit, struct software *software, unsigned int bits,
		       unsigned int rounds)
{
	static const struct {
		make_fn *make;
		unsigned int map;
		const char *name;
	} maps[] = {
		{ make_legacy, 1, "opcodes 0F" }, { make_legacy, 2, "opcodes 0F 38" },
		{ make_legacy, 3, "opcodes 0F 3A" }, { make_vex, 1, "VEX opcodes 0F" },
		{ make_vex, 2, "VEX opcodes 0F 38" }, { make_vex, 3, "VEX opcodes 0F 3A" },
	};
	struct walk x87 = { .software = software, .bits = bits }, sequences = x87;

	for (unsigned int i = 0; i < rounds; i++)
		walk_x87(&x87);
	check_walk(unit, &x87, "x87");
	for (unsigned int i = 0; i < rounds; i++)
		walk_sequences(&sequences);
	check_walk(unit, &sequences, "x87, MMX and SSE, eight instructions");
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		struct walk walk = { .software = software, .bits = bits };

		for (unsigned int j = 0; j < rounds; j++)
			walk_map(&walk, maps[i].make, maps[i].map);
		check_walk(unit, &walk, maps[i].name);
	}
}

/* --- control registers (SDM vol. 3, 2.5; vol. 2, 2.4) --- */

struct control_check {
	const char *name;
	uint8_t bytes[16];
	unsigned int length;
	uint64_t cr0_set, cr0_clear, cr4_clear, xcr0_clear;
	uint8_t vector;
};

static const struct control_check control_checks[] = {
	{ "FLD1", BYTES(0xD9, 0xE8), 0, 0, 0, 0, NONE },
	{ "FLD1, CR0.EM", BYTES(0xD9, 0xE8), CR0_EM, 0, 0, 0, VECTOR_NM },
	{ "FLD1, CR0.TS", BYTES(0xD9, 0xE8), CR0_TS, 0, 0, 0, VECTOR_NM },
	{ "FNSTSW, CR0.TS", BYTES(0xDF, 0xE0), CR0_TS, 0, 0, 0, VECTOR_NM },
	{ "FNINIT, CR0.EM", BYTES(0xDB, 0xE3), CR0_EM, 0, 0, 0, VECTOR_NM },
	{ "FWAIT, CR0.TS and MP", BYTES(0x9B), CR0_TS, 0, 0, 0, VECTOR_NM },
	{ "FWAIT, CR0.TS", BYTES(0x9B), CR0_TS, CR0_MP, 0, 0, NONE },
	{ "FWAIT, CR0.EM", BYTES(0x9B), CR0_EM, 0, 0, 0, NONE },
	{ "PADDB MM, CR0.EM", BYTES(0x0F, 0xFC, 0xC1), CR0_EM, 0, 0, 0, VECTOR_UD },
	{ "PADDB MM, CR0.TS", BYTES(0x0F, 0xFC, 0xC1), CR0_TS, 0, 0, 0, VECTOR_NM },
	{ "PAVGB MM, no CR4.OSFXSR", BYTES(0x0F, 0xE0, 0xC1), 0, 0, CR4_OSFXSR, 0, NONE },
	{ "EMMS, CR0.EM and TS", BYTES(0x0F, 0x77), CR0_EM | CR0_TS, 0, 0, 0, VECTOR_UD },
	{ "ADDPS, CR0.EM and TS", BYTES(0x0F, 0x58, 0xC1), CR0_EM | CR0_TS, 0, 0, 0, VECTOR_UD },
	{ "ADDPS, CR0.TS", BYTES(0x0F, 0x58, 0xC1), CR0_TS, 0, 0, 0, VECTOR_NM },
	{ "ADDPS, no CR4.OSFXSR", BYTES(0x0F, 0x58, 0xC1), CR0_TS, 0, CR4_OSFXSR, 0, VECTOR_UD },
	{ "CVTPI2PS, no CR4.OSFXSR", BYTES(0x0F, 0x2A, 0xC1), 0, 0, CR4_OSFXSR, 0, VECTOR_UD },
	{ "STMXCSR, no CR4.OSFXSR", BYTES(0x0F, 0xAE, 0x1F), 0, 0, CR4_OSFXSR, 0, VECTOR_UD },
	{ "FXSAVE, CR0.EM", BYTES(0x0F, 0xAE, 0x07), CR0_EM, 0, 0, 0, VECTOR_NM },
	{ "FXSAVE, no CR4.OSFXSR", BYTES(0x0F, 0xAE, 0x07), 0, 0, CR4_OSFXSR, 0, NONE },
	{ "VADDPS", BYTES(0xC5, 0xF4, 0x58, 0xC1), 0, 0, 0, 0, NONE },
	{ "VADDPS, CR0.EM", BYTES(0xC5, 0xF4, 0x58, 0xC1), CR0_EM, 0, 0, 0, NONE },
	{ "VADDPS, CR0.TS", BYTES(0xC5, 0xF4, 0x58, 0xC1), CR0_TS, 0, 0, 0, VECTOR_NM },
	{ "VADDPS, no CR4.OSXSAVE", BYTES(0xC5, 0xF4, 0x58, 0xC1), CR0_TS, 0, CR4_OSXSAVE, 0,
	  VECTOR_UD },
	{ "VADDPS, no XCR0.AVX", BYTES(0xC5, 0xF4, 0x58, 0xC1), CR0_TS, 0, 0, XCR0_AVX, VECTOR_UD },
	{ "VZEROUPPER, no XCR0.AVX", BYTES(0xC5, 0xF8, 0x77), 0, 0, 0, XCR0_AVX, VECTOR_UD },
	{ "XSAVE, no CR4.OSXSAVE", BYTES(0x0F, 0xAE, 0x27), CR0_TS, 0, CR4_OSXSAVE, 0, VECTOR_UD },
	{ "XSAVE, CR0.TS", BYTES(0x0F, 0xAE, 0x27), CR0_TS, 0, 0, 0, VECTOR_NM },
	{ "XRSTOR, CR0.EM", BYTES(0x0F, 0xAE, 0x2F), CR0_EM, 0, 0, 0, NONE },
};

/* Registers as after reset, all vectors 0, the operand at a line of its own. */
static void plain_registers(struct registers *r)
{
	memset(r, 0, sizeof(*r));
	put16(r->xsave + X_FCW, 0x37F);
	put32(r->xsave + X_MXCSR, 0x1F80);
	r->xsave[X_HEADER] = XSAVE_ALL;
	r->gpr[GPR_RDI] = DATA_ADDRESS + 0x1000;
	r->gpr[GPR_RAX] = XSAVE_ALL;
	r->rflags = RFLAGS_FIXED;
}

static struct instruction raw(const uint8_t *bytes, unsigned int length)
{
	struct instruction in = { .length = length, .bits = 64 };

	memcpy(in.bytes, bytes, length);
	return in;
}

#define RAW(...) raw((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void check_control(struct unit *unit, struct software *software)
{
	static struct registers r;

	for (size_t i = 0; i < sizeof(control_checks) / sizeof(control_checks[0]); i++) {
		const struct control_check *check = &control_checks[i];
		struct software s = *software;
		struct instruction in = raw(check->bytes, check->length);

		s.state.cr0 = (s.state.cr0 | check->cr0_set) & ~check->cr0_clear;
		s.state.cr4 &= ~check->cr4_clear;
		s.state.xcr0 &= ~check->xcr0_clear;
		plain_registers(&r);
		software_run(&s, &r, &in);
		unit_equal(unit, r.vector, check->vector, check->name);
	}
}

/* --- exceptions that wait, or do not come --- */

static uint16_t get16(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t get64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* FSW with an unmasked division by zero that is pending. */
static void pending_registers(struct registers *r)
{
	plain_registers(r);
	put16(r->xsave + X_FCW, 0x37B);
	put16(r->xsave + X_FSW, 0x8084);
}

static void check_pending(struct unit *unit, struct software *software)
{
	const struct instruction fld1 = RAW(0xD9, 0xE8), fnstsw = RAW(0xDF, 0xE0),
				 fwait = RAW(0x9B), fnclex = RAW(0xDB, 0xE2),
				 emms = RAW(0x0F, 0x77), cvtpi2ps = RAW(0x0F, 0x2A, 0xC1);
	struct software s = *software;
	static struct registers r;

	pending_registers(&r);
	software_run(&s, &r, &fld1);
	unit_equal(unit, r.vector, VECTOR_MF, "FLD1 with an exception pending");
	pending_registers(&r);
	software_run(&s, &r, &fwait);
	unit_equal(unit, r.vector, VECTOR_MF, "FWAIT with an exception pending");
	pending_registers(&r);
	software_run(&s, &r, &emms);
	unit_equal(unit, r.vector, VECTOR_MF, "EMMS with an exception pending");
	pending_registers(&r);
	software_run(&s, &r, &cvtpi2ps);
	unit_equal(unit, r.vector, VECTOR_MF, "CVTPI2PS with an exception pending");
	pending_registers(&r);
	software_run(&s, &r, &fnstsw);
	unit_equal(unit, r.gpr[GPR_RAX], 0x8084, "FNSTSW with an exception pending");
	pending_registers(&r);
	software_run(&s, &r, &fnclex);
	unit_equal(unit, get16(r.xsave + X_FSW), 0, "FNCLEX with an exception pending");

	s.state.cr0 &= ~(uint64_t)CR0_NE;
	pending_registers(&r);
	software_run(&s, &r, &fld1);
	unit_equal(unit, r.vector, NONE, "FLD1 with an exception pending, no CR0.NE");
	unit_equal(unit, get16(r.xsave + X_FSW), 0xB884, "... which leaves the exception pending");
	unit_equal(unit, get64(r.xsave + X_ST), UINT64_C(1) << 63, "... and loads 1");
}

static void check_unmasked(struct unit *unit, struct software *software)
{
	const struct instruction divps = RAW(0x0F, 0x5E, 0xC1);
	struct software s = *software;
	static struct registers r;

	s.state.cr4 &= ~(uint64_t)CR4_OSXMMEXCPT;
	plain_registers(&r);
	put32(r.xsave + X_MXCSR, 0x1F00);
	software_run(&s, &r, &divps);
	unit_equal(unit, r.vector, VECTOR_UD, "unmasked exception, no CR4.OSXMMEXCPT");
	unit_equal(unit, get32(r.xsave + X_MXCSR), 0x1F01, "... sets its flag");
}

/* --- pointers and environments (SDM vol. 1, 8.1.8 to 8.1.10) --- */

struct pointers_check {
	const char *name;
	unsigned int bits;	/* of code; 16: real mode */
	uint8_t code[8];	/* FADD QWORD [RDI+8], and what stores the environment at [RDI] */
	unsigned int length;
	unsigned int size;
	uint8_t image[28];
};

/*
 * FADD of an empty stack: IE and SF, the top's tag is special. Real mode: at
 * 1230:0010, DS 2000, DI 1000; else code at 10000 in segment 8, RDI 20001000 in
 * segment 16.
 */
static const struct pointers_check pointers_checks[] = {
	{ "FNSTENV, real mode, 16 bits", 16, BYTES(0xDC, 0x45, 0x08, 0xD9, 0x35), 14,
	  { 0x7F, 0x03, 0x41, 0x00, 0xFE, 0xFF, 0x10, 0x23, 0x45, 0x14, 0x08, 0x10, 0x00, 0x20 } },
	{ "FNSTENV, real mode, 32 bits", 16, BYTES(0xDC, 0x45, 0x08, 0x66, 0xD9, 0x35), 28,
	  { 0x7F, 0x03, 0xFF, 0xFF, 0x41, 0x00, 0xFF, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF,
	    0x10, 0x23, 0xFF, 0xFF, 0x45, 0x14, 0x00, 0x00, 0x08, 0x10, 0xFF, 0xFF,
	    0x00, 0x20, 0x00, 0x00 } },
	{ "FNSTENV, protected mode, 16 bits", 32, BYTES(0xDC, 0x47, 0x08, 0x66, 0xD9, 0x37), 14,
	  { 0x7F, 0x03, 0x41, 0x00, 0xFE, 0xFF, 0x00, 0x00, 0x08, 0x00, 0x08, 0x10, 0x10, 0x00 } },
	{ "FNSTENV, protected mode, 32 bits", 32, BYTES(0xDC, 0x47, 0x08, 0xD9, 0x37), 28,
	  { 0x7F, 0x03, 0xFF, 0xFF, 0x41, 0x00, 0xFF, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF,
	    0x00, 0x00, 0x01, 0x00, 0x08, 0x00, 0x47, 0x04, 0x08, 0x10, 0x00, 0x20,
	    0x10, 0x00, 0xFF, 0xFF } },
	{ "FXSAVE, 32-bit code", 32, BYTES(0xDC, 0x47, 0x08, 0x0F, 0xAE, 0x07), 24,
	  { 0x7F, 0x03, 0x41, 0x00, 0x01, 0x00, 0x47, 0x04, 0x00, 0x00, 0x01, 0x00,
	    0x08, 0x00, 0x00, 0x00, 0x08, 0x10, 0x00, 0x20, 0x10, 0x00, 0x00, 0x00 } },
	{ "FXSAVE64", 64, BYTES(0xDC, 0x47, 0x08, 0x48, 0x0F, 0xAE, 0x07), 24,
	  { 0x7F, 0x03, 0x41, 0x00, 0x01, 0x00, 0x47, 0x04, 0x00, 0x00, 0x01, 0x00,
	    0x00, 0x00, 0x00, 0x00, 0x08, 0x10, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00 } },
};

#define REAL_CODE	0x12310u
#define REAL_DATA	0x21000u

static void real_mode(struct vcpu_state *state)
{
	vcpu_state_reset(state);
	state->cr0 |= CR0_NE;
	state->segment[SEG_CS].selector = 0x1230;
	state->segment[SEG_CS].base = 0x12300;
	state->segment[SEG_DS].selector = 0x2000;
	state->segment[SEG_DS].base = 0x20000;
	state->gpr[GPR_RDI] = 0x1000;
	state->rip = 0x10;
}

static void check_pointers(struct unit *unit, struct software *software)
{
	for (size_t i = 0; i < sizeof(pointers_checks) / sizeof(pointers_checks[0]); i++) {
		const struct pointers_check *check = &pointers_checks[i];
		bool real = check->bits == 16;
		uint64_t code = real ? REAL_CODE : CODE_ADDRESS;
		const uint8_t *image = real ? software->low + REAL_DATA : software->data + 0x1000;
		struct vcpu_state state = software->state;

		state.gpr[GPR_RDI] = DATA_ADDRESS + 0x1000;
		state.segment[SEG_CS].l = check->bits == 64;
		state.segment[SEG_CS].db = check->bits == 32;
		if (real)
			real_mode(&state);
		cpu_memory_written(software->cpu, code, check->length);
		memcpy(software->low + code, check->code, check->length);
		cpu_set_state(software->cpu, &state);
		cpu_run(software->cpu, 2);
		if (!unit_check(unit, !memcmp(image, check->image, check->size), check->name))
			print_difference("image", check->image, image, check->size, 2);
	}
}

/* --- devices: memory that is none --- */

#define DEVICE_ADDRESS UINT64_C(0x180000)	/* mapped, but no memory */

static void check_device(struct unit *unit, struct software *s)
{
	const struct instruction load = RAW(0xC5, 0xFE, 0x6F, 0x07),	/* vmovdqu ymm0, [rdi] */
				 store = RAW(0xC5, 0xFE, 0x7F, 0x07),
				 pop = RAW(0xDF, 0x3F);			/* fistp qword [rdi] */
	const uint64_t one_point_zero = UINT64_C(1) << 63;
	static struct registers r;

	plain_registers(&r);
	r.gpr[GPR_RDI] = DEVICE_ADDRESS;
	software_run(s, &r, &load);
	unit_equal(unit, get64(r.xsave + X_XMM), DEVICE_ADDRESS, "VMOVDQU from a device");
	unit_equal(unit, get64(r.xsave + X_YMM_HIGH + 8), DEVICE_ADDRESS + 24, "... its end");
	s->device_writes = 0;
	s->device_sum = 0;
	software_run(s, &r, &store);
	unit_equal(unit, s->device_writes, 4, "VMOVDQU to a device: four writes");
	unit_equal(unit, s->device_sum, 4 * DEVICE_ADDRESS + 48, "... of what was loaded");
	memcpy(r.xsave + X_ST, &one_point_zero, sizeof(one_point_zero));
	put16(r.xsave + X_ST + 8, 0x3FFF);
	r.xsave[X_TAGS] = 1;
	s->device_sum = 0;
	software_run(s, &r, &pop);
	unit_equal(unit, s->device_sum, 1, "FISTP to a device");
	unit_equal(unit, get16(r.xsave + X_FSW) >> 11, 1, "... pops");
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 0) : ROUNDS;
	struct software software = { 0 };
	struct unit unit = { 0 };

	random_state = argc > 2 ? strtoull(argv[2], NULL, 0) : SEED;
	if (!unit_check(&unit, native_create() && software_create(&software), "set up"))
		return unit_status(&unit);
	check_maps(&unit, &software, 64, rounds);
	check_maps(&unit, &software, 32, rounds);
	check_control(&unit, &software);
	check_pending(&unit, &software);
	check_unmasked(&unit, &software);
	check_pointers(&unit, &software);
	check_device(&unit, &software);
	software_destroy(&software);
	return unit_status(&unit);
}
