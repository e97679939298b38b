/* SPDX-License-Identifier: GPL-3.0-or-later */
/* native.c - guest code on the host's processor, see native.h. */
#include "engine/native.h"

#include <alloca.h>
#include <cpuid.h>
#include <errno.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <x86intrin.h>

#include "core/mem.h"
#include "core/vcpu.h"
#include "engine/native_layout.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF 0
#define PR_SYS_DISPATCH_ON 1
#endif
#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif
#ifndef HWCAP2_FSGSBASE
#define HWCAP2_FSGSBASE (1 << 1)
#endif

#define KICK_SIGNAL SIGUSR1

/* Selectors of Linux for processes (arch/x86/include/asm/segment.h). */
#define USER_CS32	0x23
#define USER_DS		0x2B
#define USER_CS64	0x33

#define STACK_KEPT	0x100000u	/* of vmm's own stack, if it may be as large */

#define TRIALS		2u	/* of a trap: the quicker one counts */

#define SYSCALL_LENGTH	2	/* 0F 05 */
#define INT3		0xCC
#define INT_LENGTH	2	/* CD 03, which raises the same */

/* struct _fpstate: the XSAVE area in its standard form (Linux, uapi/asm/sigcontext.h). */
#define FP_MAGIC_OFFSET 464
#define XSAVE_HEADER	512
#define LEGACY_SIZE	512u

/* For IRETQ. */
struct iret_frame {
	uint64_t rip, cs, rflags, rsp, ss;
};

struct native {
	struct cpu_native registers;
	uint64_t host_rsp, host_fs, host_gs;
	uint64_t left_fs, left_gs;	/* the guest's, when it came out */
	uint64_t target;		/* RIP; in 32-bit code EIP, and CS above it */
	uint64_t rflags;
	uint32_t in_guest;
	atomic_uint kicked;
	uint16_t data_selector, fs_selector, gs_selector;
	uint8_t dispatch;		/* 1: system calls of this thread are caught */
	bool steps;			/* enter by frame, for one instruction */
	uint64_t xcr0;
	struct iret_frame frame;

	struct native_exit exit;
	uint8_t *stack;
	pid_t process, thread;
	struct sigaction old[8];
	sigset_t kick;			/* KICK_SIGNAL */
	sigset_t old_mask;
};

#define CHECK_LAYOUT(field, offset) \
	_Static_assert(offsetof(struct native, field) == (offset), "native_layout.h: " #field)

CHECK_LAYOUT(registers.gpr, NATIVE_GPR);
CHECK_LAYOUT(registers.fs_base, NATIVE_FS_BASE);
CHECK_LAYOUT(registers.gs_base, NATIVE_GS_BASE);
CHECK_LAYOUT(registers.xsave, NATIVE_XSAVE);
CHECK_LAYOUT(host_rsp, NATIVE_HOST_RSP);
CHECK_LAYOUT(host_fs, NATIVE_HOST_FS);
CHECK_LAYOUT(host_gs, NATIVE_HOST_GS);
CHECK_LAYOUT(left_fs, NATIVE_LEFT_FS);
CHECK_LAYOUT(left_gs, NATIVE_LEFT_GS);
CHECK_LAYOUT(target, NATIVE_TARGET);
CHECK_LAYOUT(rflags, NATIVE_RFLAGS);
CHECK_LAYOUT(in_guest, NATIVE_IN_GUEST);
CHECK_LAYOUT(kicked, NATIVE_KICKED);
CHECK_LAYOUT(data_selector, NATIVE_DATA);
CHECK_LAYOUT(fs_selector, NATIVE_FS);
CHECK_LAYOUT(gs_selector, NATIVE_GS);
CHECK_LAYOUT(dispatch, NATIVE_DISPATCH);
CHECK_LAYOUT(steps, NATIVE_STEPS);
CHECK_LAYOUT(xcr0, NATIVE_XCR0);
CHECK_LAYOUT(frame, NATIVE_FRAME);
_Static_assert(offsetof(ucontext_t, uc_stack.ss_sp) == UCONTEXT_STACK, "native_layout.h: uc_stack");

/* native_entry.S */
void native_enter(struct native *native);
void native_on_signal(int signal, siginfo_t *info, void *context);
extern const char native_end[], native_trap[];

void native_left(struct native *native, const siginfo_t *info, const ucontext_t *context);
void native_signal_elsewhere(int number, siginfo_t *info, void *context);

static const int signals[] = {
	SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, KICK_SIGNAL,
};

#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

/* The process can be confined, as it must be before guest code runs in it (host/confine.h). */
static bool has_seccomp(void)
{
	const uint32_t action = SECCOMP_RET_ERRNO;

	return !syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
}

const char *native_missing(void)
{
	static const unsigned int osxsave = 1u << 27;
	unsigned int eax, ebx, ecx = 0, edx;

	if (!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE))
		return "FSGSBASE is not enabled (a newer processor, or Linux 5.9)";
	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & osxsave))
		return "the processor has no XSAVE";
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0) < 0)
		return "Syscall User Dispatch is missing (Linux 5.11, or an outer sandbox forbids it)";
	if (!has_seccomp())
		return "seccomp filters are missing (Linux's CONFIG_SECCOMP_FILTER, or an outer "
		       "sandbox forbids them)";
	return NULL;
}

/* The extended state as the signal frame has it. */
static void take_xsave(struct cpu_native *registers, const uint8_t *area)
{
	static const uint64_t components = XCR0_X87 | XCR0_SSE | XCR0_AVX;
	uint64_t present = XCR0_X87 | XCR0_SSE;
	uint32_t magic;

	if (!area)
		return;
	memcpy(&magic, area + FP_MAGIC_OFFSET, sizeof(magic));
	if (magic == FP_XSTATE_MAGIC1) {
		memcpy(registers->xsave, area, sizeof(registers->xsave));
		memcpy(&present, area + XSAVE_HEADER, sizeof(present));
	} else {
		memcpy(registers->xsave, area, LEGACY_SIZE);
	}
	/* Bytes 464 to 511 are Linux's own there. */
	memset(registers->xsave + FP_MAGIC_OFFSET, 0, XSAVE_HEADER - FP_MAGIC_OFFSET);
	memset(registers->xsave + XSAVE_HEADER, 0, 64);
	present &= components;
	memcpy(registers->xsave + XSAVE_HEADER, &present, sizeof(present));
}

static void take_registers(struct native *native, const ucontext_t *context)
{
	static const int order[GPR_COUNT] = {
		REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
		REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
	};
	const greg_t *from = context->uc_mcontext.gregs;
	struct cpu_native *to = &native->registers;

	for (unsigned int i = 0; i < GPR_COUNT; i++)
		to->gpr[i] = (uint64_t)from[order[i]];
	to->rip = (uint64_t)from[REG_RIP];
	to->rflags = (uint64_t)from[REG_EFL];
	to->fs_base = native->left_fs;
	to->gs_base = native->left_gs;
	take_xsave(to, (const uint8_t *)context->uc_mcontext.fpregs);
}

static bool in_entry(uint64_t rip)
{
	return rip >= (uintptr_t)native_enter && rip < (uintptr_t)native_end;
}

/* Of what is reported behind the instruction, the length. */
static unsigned int length_behind(const struct native *native, uint64_t rip)
{
	const unsigned int breakpoint = 3;

	/* Another process's signal has no instruction. */
	if (native->exit.code <= 0)
		return 0;
	if (native->exit.signal == SIGSYS)
		return SYSCALL_LENGTH;
	if (native->exit.signal != SIGTRAP || native->exit.trap != breakpoint)
		return 0;
	/* It has just been executed: its last byte can be read. */
	return *(const uint8_t *)(rip - 1) == INT3 ? 1 : INT_LENGTH;
}

/* Called by the handler, when vmm's own bases are back. */
__attribute__((visibility("hidden")))
void native_left(struct native *native, const siginfo_t *info, const ucontext_t *context)
{
	const greg_t *registers = context->uc_mcontext.gregs;

	native->exit = (struct native_exit){ 0 };
	if (in_entry((uint64_t)registers[REG_RIP]))
		return;
	take_registers(native, context);
	native->exit.signal = info->si_signo;
	native->exit.code = info->si_code;
	/* What a kick has there is the last exception's. */
	if (info->si_signo != KICK_SIGNAL) {
		native->exit.trap = (unsigned int)registers[REG_TRAPNO];
		native->exit.error = (uint64_t)registers[REG_ERR];
		native->exit.address = (uint64_t)registers[REG_CR2];
	}
	native->registers.rip -= length_behind(native, native->registers.rip);
}

/* A fault of vmm's own ends it, as it would without the handler. */
__attribute__((visibility("hidden")))
void native_signal_elsewhere(int number, siginfo_t *info, void *context)
{
	if (number == KICK_SIGNAL)
		return;
	signal(number, SIG_DFL);
	if (info->si_code <= 0)
		raise(number);
}

/*
 * The kernel lets the stack of a process grow to where something is accessed below it, as far
 * as a limit allows: guest code that accessed what it has not mapped there would get a page of
 * zeros. So the stack is made as large as it will be, and may not grow any more.
 */
static void fix_stack_size(void)
{
	struct rlimit limit;
	volatile uint8_t *stack;
	size_t kept;

	if (getrlimit(RLIMIT_STACK, &limit) < 0)
		return;
	/* Arguments and environment have a quarter of it at most (execve(2)). */
	kept = limit.rlim_cur < 4 * STACK_KEPT ? limit.rlim_cur / 4 : STACK_KEPT;
	stack = alloca(kept);
	for (size_t i = 0; i < kept; i += MEM_PAGE_SIZE)
		stack[kept - 1 - i] = 0;
	stack[0] = 0;
	limit.rlim_cur = kept;
	setrlimit(RLIMIT_STACK, &limit);
}

static int arm_stack(const struct native *native)
{
	const stack_t stack = {
		.ss_sp = native->stack, .ss_size = NATIVE_STACK_SIZE, .ss_flags = (int)SS_AUTODISARM,
	};

	return sigaltstack(&stack, NULL) < 0 ? -errno : 0;
}

static int make_stack(struct native *native)
{
	const uint64_t magic = NATIVE_STACK_MAGIC;

	native->stack = mmap(NULL, NATIVE_STACK_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (native->stack == MAP_FAILED) {
		native->stack = NULL;
		return -errno;
	}
	memcpy(native->stack, &native, sizeof(native));
	memcpy(native->stack + 8, &magic, sizeof(magic));
	return arm_stack(native);
}

static int take_signals(struct native *native)
{
	struct sigaction action = {
		.sa_sigaction = native_on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
	};

	/*
	 * A kick at the handler's start would return by a system call that is
	 * still caught. Others' handlers know nothing of the guest's stack.
	 */
	sigset_t others;

	sigfillset(&others);
	sigemptyset(&native->kick);
	sigaddset(&native->kick, KICK_SIGNAL);
	action.sa_mask = native->kick;
	for (size_t i = 0; i < SIGNALS; i++)
		sigdelset(&others, signals[i]);
	if (pthread_sigmask(SIG_BLOCK, &others, &native->old_mask))
		return -EINVAL;
	for (size_t i = 0; i < SIGNALS; i++)
		if (sigaction(signals[i], &action, &native->old[i]) < 0)
			return -errno;
	return 0;
}

/* What the host's XSAVE has of the guest's components. */
static uint64_t components(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low & (XCR0_X87 | XCR0_SSE | XCR0_AVX);
}

int native_create(struct native **out)
{
	struct native *native = aligned_alloc(64, (sizeof(*native) + 63) & ~(size_t)63);
	int error;

	if (!native)
		return -ENOMEM;
	memset(native, 0, sizeof(*native));
	native->process = getpid();
	native->thread = (pid_t)syscall(SYS_gettid);
	native->xcr0 = components();
	fix_stack_size();
	error = make_stack(native);
	if (!error)
		error = take_signals(native);
	if (!error && prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0,
			    &native->dispatch) < 0)
		error = -errno;
	if (error) {
		native_destroy(native);
		return error;
	}
	*out = native;
	return 0;
}

void native_destroy(struct native *native)
{
	const stack_t none = { .ss_flags = SS_DISABLE };

	if (!native)
		return;
	prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0);
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &native->old[i], NULL);
	pthread_sigmask(SIG_SETMASK, &native->old_mask, NULL);
	sigaltstack(&none, NULL);
	if (native->stack)
		munmap(native->stack, NATIVE_STACK_SIZE);
	free(native);
}

static void prepare(struct native *native, bool steps)
{
	const struct cpu_native *registers = &native->registers;
	bool wide = registers->code_bits == 64;

	native->target = wide ? registers->rip :
			 (uint32_t)registers->rip | (uint64_t)USER_CS32 << 32;
	native->rflags = registers->rflags | RFLAGS_FIXED | RFLAGS_IF;
	native->steps = steps;
	native->frame = (struct iret_frame){
		.rip = registers->rip, .cs = wide ? USER_CS64 : USER_CS32,
		.rflags = native->rflags | RFLAGS_TF, .rsp = registers->gpr[GPR_RSP],
		.ss = USER_DS,
	};
	native->data_selector = wide ? 0 : USER_DS;
	native->fs_selector = registers->fs_usable ? USER_DS : 0;
	native->gs_selector = registers->gs_usable ? USER_DS : 0;
}

static void enter(struct native *native, struct cpu_native *registers, bool steps,
		  struct native_exit *exit)
{
	native->registers = *registers;
	native->exit = (struct native_exit){ 0 };
	prepare(native, steps);
	native_enter(native);
	arm_stack(native);
	sigprocmask(SIG_UNBLOCK, &native->kick, NULL);
	*registers = native->registers;
	*exit = native->exit;
	/* One that came later than something else counts for the next time. */
	if (native_kicked(exit))
		atomic_store(&native->kicked, 0);
}

uint64_t native_trap_ticks(struct native *native)
{
	struct cpu_native registers = {
		.rip = (uintptr_t)native_trap, .code_bits = 64,
	};
	uint64_t best = UINT64_MAX;

	for (unsigned int i = 0; i < TRIALS; i++) {
		uint64_t begun = __rdtsc(), took;
		struct native_exit exit;

		native_run(native, &registers, &exit);
		took = __rdtsc() - begun;
		if (!native_kicked(&exit) && took < best)
			best = took;
	}
	/* The caches will hold less of the way than now. */
	return best + best / 4;
}

bool native_kicked(const struct native_exit *exit)
{
	return !exit->signal || exit->signal == KICK_SIGNAL;
}

void native_run(struct native *native, struct cpu_native *registers, struct native_exit *exit)
{
	enter(native, registers, false, exit);
}

void native_step(struct native *native, struct cpu_native *registers, struct native_exit *exit)
{
	enter(native, registers, true, exit);
}

void native_kick(struct native *native)
{
	atomic_store(&native->kicked, 1);
	syscall(SYS_tgkill, native->process, native->thread, KICK_SIGNAL);
}
