/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-diff-native.c - one instruction on the host's processor, in user mode.
 *
 * IRETQ loads the last registers and enters the code, in 64-bit code or, through
 * Linux's segment for that, 32-bit code. Behind the instruction is a jump back;
 * where there can be none, the single-step trap comes back. A signal's frame
 * has the registers as they were at a fault or trap.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "cpu-diff.h"

#define SIGNAL_STACK	65536
#define HOST_AREAS	256
#define XSAVE_AREA_SIZE	4096		/* what XSAVE of the host may want at most */
#define XSAVE_ALL	7u		/* x87, SSE, AVX */
#define HLT		0xF4

/* What the assembly below shares; at offsets that it knows. */
struct native {
	uint64_t gpr[GPR_COUNT];
	uint64_t frame[5];		/* IRETQ's: RIP, CS, RFLAGS, RSP, SS */
	uint64_t host_rsp;
	uint64_t rflags;
	_Alignas(64) uint8_t xsave[XSAVE_AREA_SIZE];
};

_Static_assert(offsetof(struct native, frame) == 128, "used below");
_Static_assert(offsetof(struct native, host_rsp) == 168, "used below");
_Static_assert(offsetof(struct native, rflags) == 176, "used below");
_Static_assert(offsetof(struct native, xsave) == 192, "used below");

struct native native;
void native_enter(void);
extern const char native_leave[], native_abort[];

#define GPR_LOW(X) \
	X(0, rax) X(1, rcx) X(2, rdx) X(3, rbx) X(5, rbp) X(6, rsi) X(7, rdi)
#define GPR_HIGH(X) \
	X(8, r8) X(9, r9) X(10, r10) X(11, r11) X(12, r12) X(13, r13) X(14, r14) X(15, r15)
#define GPR_LOAD(n, name) "mov native+8*" #n "(%rip), %" #name "\n\t"
#define GPR_STORE(n, name) "mov %" #name ", native+8*" #n "(%rip)\n\t"

__asm__(
	".text\n.globl native_enter\nnative_enter:\n\t"
	"push %rbx\n\tpush %rbp\n\tpush %r12\n\tpush %r13\n\tpush %r14\n\tpush %r15\n\t"
	"mov %rsp, native+168(%rip)\n\t"
	"mov $7, %eax\n\txor %edx, %edx\n\txrstor64 native+192(%rip)\n\t"
	"lea native+128(%rip), %rsp\n\t"
	GPR_HIGH(GPR_LOAD) GPR_LOW(GPR_LOAD)
	"iretq\n"
	".globl native_leave\nnative_leave:\n\t"
	GPR_LOW(GPR_STORE) GPR_STORE(4, rsp) GPR_HIGH(GPR_STORE)
	"mov native+168(%rip), %rsp\n\t"
	"pushfq\n\tpop native+176(%rip)\n\tpush $2\n\tpopfq\n\t"
	"mov $7, %eax\n\txor %edx, %edx\n\txsave64 native+192(%rip)\n\t"
	".globl native_abort\nnative_abort:\n\t"
	"mov native+168(%rip), %rsp\n\t"
	"fninit\n\tvzeroupper\n\tpush $0x1F80\n\tldmxcsr (%rsp)\n\tpop %rcx\n\t"
	"pop %r15\n\tpop %r14\n\tpop %r13\n\tpop %r12\n\tpop %rbp\n\tpop %rbx\n\tret\n");

struct area {
	uint64_t start, end;
};

/* There is one host processor, and signal handlers have no argument of ours. */
static struct {
	volatile sig_atomic_t running;
	uint8_t *code;			/* the code pages, as they can be written */
	uint8_t *data;			/* at DATA_ADDRESS */
	struct diff_state *result;	/* of the case that runs */
	struct area area[HOST_AREAS];
	unsigned int areas;
} host;

static void on_signal(int number, siginfo_t *info, void *context)
{
	static const int registers[GPR_COUNT] = {
		REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
		REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
	};
	mcontext_t *machine;
	uint16_t selectors[4];

	/* The case may have set RFLAGS.AC, and Linux leaves it. */
	__builtin_ia32_writeeflags_u64(RFLAGS_FIXED);
	machine = &((ucontext_t *)context)->uc_mcontext;
	if (!host.running) {
		signal(number, SIG_DFL);
		return;
	}
	host.running = 0;
	for (unsigned int i = 0; i < GPR_COUNT; i++)
		native.gpr[i] = (uint64_t)machine->gregs[registers[i]];
	native.rflags = (uint64_t)machine->gregs[REG_EFL];
	memcpy(native.xsave, machine->fpregs, VCPU_XSAVE_SIZE);
	memcpy(selectors, &machine->gregs[REG_CSGSFS], sizeof(selectors));
	host.result->rip = (uint64_t)machine->gregs[REG_RIP];
	host.result->selector[SEG_CS] = selectors[0];
	host.result->selector[SEG_SS] = selectors[3];
	host.result->vector = (uint8_t)machine->gregs[REG_TRAPNO];
	host.result->error = (uint32_t)machine->gregs[REG_ERR];
	host.result->address = (uint64_t)machine->gregs[REG_CR2];
	selectors[0] = SELECTOR_CODE64;
	selectors[3] = SELECTOR_DATA;
	memcpy(&machine->gregs[REG_CSGSFS], selectors, sizeof(selectors));
	machine->gregs[REG_RIP] = (greg_t)(uintptr_t)native_abort;
	machine->gregs[REG_EFL] = RFLAGS_FIXED;
}

static int set_signals(void)
{
	static const int signals[] = { SIGFPE, SIGSEGV, SIGILL, SIGBUS, SIGTRAP };
	static uint8_t stack[SIGNAL_STACK];
	struct sigaction action = { .sa_sigaction = on_signal,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK };

	if (sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof(stack) }, NULL))
		return -errno;
	for (unsigned int i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], &action, NULL))
			return -errno;
	return 0;
}

static void *map_at(uint64_t address, size_t size, int protection, int flags, int fd)
{
	return mmap((void *)(uintptr_t)address, size, protection, flags | MAP_FIXED_NOREPLACE, fd,
		    0);
}

static int map_code(void)
{
	int fd = memfd_create("code", MFD_CLOEXEC);
	void *run;

	if (fd < 0 || ftruncate(fd, CODE_SIZE))
		return -errno;
	host.code = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	run = map_at(CODE_ADDRESS, CODE_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED, fd);
	close(fd);
	if (host.code == MAP_FAILED || run == MAP_FAILED)
		return -errno;
	/* Mapped for good, so that an error code says "present". */
	return madvise(run, CODE_SIZE, MADV_POPULATE_READ) ? -errno : 0;
}

static int map_data(void)
{
	host.data = map_at(DATA_ADDRESS, DATA_SIZE + CONSTANT_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (host.data == MAP_FAILED)
		return -errno;
	memset(host.data, 0, DATA_SIZE);
	for (unsigned int i = 0; i < CONSTANT_SIZE; i++)
		host.data[DATA_SIZE + i] = constant_byte(i);
	return mprotect(host.data + DATA_SIZE, CONSTANT_SIZE, PROT_READ) ? -errno : 0;
}

static int find_areas(void)
{
	FILE *file = fopen("/proc/self/maps", "re");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return -errno;
	while (getline(&line, &size, file) > 0 && host.areas < HOST_AREAS) {
		struct area area;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &area.start, &area.end) == 2 &&
		    (area.end <= DATA_ADDRESS || area.start > CODE_ADDRESS + CODE_SIZE))
			host.area[host.areas++] = area;
	}
	free(line);
	fclose(file);
	return 0;
}

bool native_owns(uint64_t address)
{
	for (unsigned int i = 0; i < host.areas; i++)
		/* An access may begin before, and areas grow. */
		if (address + 16 * DIFF_PAGE >= host.area[i].start &&
		    address < host.area[i].end + 16 * DIFF_PAGE)
			return true;
	return false;
}

int native_create(void)
{
	int error = set_signals();

	if (!error)
		error = map_code();
	if (!error)
		error = map_data();
	if (!error)
		error = find_areas();
	return error;
}

void code_fill(uint8_t *code, const struct diff_case *c)
{
	/* In reach of 32-bit code: jmp *2(%rip). Its operand is aligned: RFLAGS.AC. */
	static const uint8_t jump[8] = { 0xFF, 0x25, 2 };
	uint8_t jump32[] = { 0xEA, 0, 0, 0, 0, SELECTOR_CODE64, 0 };	/* ljmp */
	uint8_t jump64[] = { 0xE9, 0, 0, 0, 0 };			/* jmp */
	uint32_t end = c->offset + c->length, target = (uint32_t)CODE_ADDRESS;
	int32_t distance = -(int32_t)(end + sizeof(jump64));
	uintptr_t back = (uintptr_t)native_leave;
	size_t room = CODE_SIZE - c->offset;

	memset(code, HLT, CODE_SIZE);
	memcpy(code, jump, sizeof(jump));
	memcpy(code + sizeof(jump), &back, sizeof(back));
	memcpy(code + c->offset, c->bytes, c->length < room ? c->length : room);
	memcpy(jump32 + 1, &target, sizeof(target));
	memcpy(jump64 + 1, &distance, sizeof(distance));
	if (needs_step(c))
		return;
	if (c->bits == 32)
		memcpy(code + end, jump32, sizeof(jump32));
	else
		memcpy(code + end, jump64, sizeof(jump64));
}

static void load(const struct diff_state *start, const struct diff_case *c)
{
	memcpy(native.gpr, start->gpr, sizeof(native.gpr));
	memset(native.xsave, 0, sizeof(native.xsave));
	memcpy(native.xsave, start->xsave, sizeof(start->xsave));
	native.xsave[XSAVE_HEADER] = XSAVE_ALL;
	native.frame[0] = start->rip;
	native.frame[1] = start->selector[SEG_CS];
	native.frame[2] = start->rflags;
	native.frame[3] = start->gpr[GPR_RSP];
	native.frame[4] = start->selector[SEG_SS];
	memcpy(host.data, start->data, DATA_SIZE);
	code_fill(host.code, c);
}

static void load_segments(const struct diff_state *start)
{
	__asm__ volatile("mov %0, %%ds" : : "rm"(start->selector[SEG_DS]));
	__asm__ volatile("mov %0, %%es" : : "rm"(start->selector[SEG_ES]));
	__asm__ volatile("wrgsbase %0" : : "r"(start->gs_base));
}

static void take_segments(struct diff_state *result)
{
	__asm__ volatile("mov %%ds, %0" : "=r"(result->selector[SEG_DS]));
	__asm__ volatile("mov %%es, %0" : "=r"(result->selector[SEG_ES]));
	__asm__ volatile("mov %%gs, %0" : "=r"(result->selector[SEG_GS]));
	__asm__ volatile("rdgsbase %0" : "=r"(result->gs_base));
	__asm__ volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%gs" : : "r"(0));
}

void native_run(const struct diff_case *c, struct diff_state *result)
{
	*result = c->start;
	result->rip = case_rip(c) + c->length;
	result->vector = NO_EXCEPTION;
	host.result = result;
	load(&c->start, c);
	load_segments(&c->start);
	host.running = 1;
	native_enter();
	host.running = 0;
	take_segments(result);
	memcpy(result->gpr, native.gpr, sizeof(result->gpr));
	memcpy(result->xsave, native.xsave, sizeof(result->xsave));
	memcpy(result->data, host.data, DATA_SIZE);
	result->rflags = native.rflags;
}
