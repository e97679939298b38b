/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kvm_facts.c - what KVM can and what an exit costs, see kvm_facts.h.
 *
 * All of it is done by a child process, as a KVM that is broken may keep its caller in
 * the kernel; the parent sees what the child has written into a page they share.
 */
#include "engine/kvm_facts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/array.h"
#include "engine/kvm.h"

#define PATIENCE_MS	500
#define CHILD_END_MS	20
#define MEASURE_SECONDS	0.02
#define MEASURE_ROUNDS	100000u		/* at most */
#define PORT_LOOP	0x00u		/* where the two loops begin */
#define COUNT_LOOP	0x10u
#define LOOP_COUNT	10000u		/* as in the code below */
#define LOOP_INSTRUCTIONS (2 * LOOP_COUNT)

struct capability {
	int number;
	bool required;
	const char *name;
	const char *use;
};

#define CAPABILITY(name, required, use) { name, required, #name, use }

static const struct capability capabilities[] = {
	CAPABILITY(KVM_CAP_USER_MEMORY, true, "guest memory"),
	CAPABILITY(KVM_CAP_IMMEDIATE_EXIT, true, "to end a run from outside, without a race"),
	CAPABILITY(KVM_CAP_SYNC_REGS, false, "registers without a system call"),
	CAPABILITY(KVM_CAP_COALESCED_MMIO, false, "writes to the screen without an exit each"),
	CAPABILITY(KVM_CAP_READONLY_MEM, false, "ROM"),
	CAPABILITY(KVM_CAP_EXIT_ON_EMULATION_FAILURE, false,
		   "vmm emulates what KVM cannot"),
	CAPABILITY(KVM_CAP_X86_USER_SPACE_MSR, false, "MSRs of vmm's local APIC"),
	CAPABILITY(KVM_CAP_X86_MSR_FILTER, false, "MSRs of vmm's local APIC"),
	CAPABILITY(KVM_CAP_SET_GUEST_DEBUG, false, "to stop at an address (vmm-lockstep)"),
	CAPABILITY(KVM_CAP_XCRS, false, "AVX in guests"),
};

_Static_assert(ARRAY_SIZE(capabilities) <= KVM_CAPABILITIES_MAX, "struct kvm_facts");

/* 16-bit code that leaves the guest for ever, and code that seldom does. */
static const uint8_t loops[] = {
	[PORT_LOOP] = 0xE6, 0x80,		/* out 0x80, al */
	0xEB, 0xFC,				/* jmp to it */
	[COUNT_LOOP] = 0x66, 0xB9, LOOP_COUNT & 0xFF, LOOP_COUNT >> 8, 0, 0, /* mov ecx, ... */
	0x66, 0x49,				/* dec ecx */
	0x75, 0xFC,				/* jnz to it */
	0xE6, 0x80,				/* out 0x80, al */
	0xEB, 0xF2,				/* jmp to COUNT_LOOP */
};

/* --- in the child --- */

static void ask(struct kvm_facts *facts)
{
	int kvm;

	kvm_probe(&facts->probe);
	kvm = open(KVM_PATH, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (kvm < 0)
		return;
	facts->version = ioctl(kvm, KVM_GET_API_VERSION, 0);
	if (facts->version < 0)
		facts->version = 0;
	for (size_t i = 0; facts->version && i < ARRAY_SIZE(capabilities); i++) {
		const struct capability *asked = &capabilities[i];
		struct kvm_capability *known = &facts->capabilities[facts->capability_count++];

		snprintf(known->name, sizeof(known->name), "%s", asked->name);
		snprintf(known->use, sizeof(known->use), "%s", asked->use);
		known->required = asked->required;
		known->present = ioctl(kvm, KVM_CHECK_EXTENSION, asked->number) > 0;
	}
	close(kvm);
}

/* The processor's time, which other processes of a busy host take no part of. */
static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool start_at(struct engine *engine, uint64_t rip)
{
	struct kvm_regs registers = { .rip = rip, .rflags = 2 };
	struct kvm_sregs special;

	if (ioctl(engine->vcpu, KVM_GET_SREGS, &special) < 0)
		return false;
	special.cs.base = special.cs.selector = 0;
	return ioctl(engine->vcpu, KVM_SET_SREGS, &special) == 0 &&
	       ioctl(engine->vcpu, KVM_SET_REGS, &registers) == 0;
}

/* Seconds from one OUT of the loop at rip to the next; 0: the guest does not run. */
static double time_a_round(struct engine *engine, uint64_t rip)
{
	unsigned int rounds = 0;
	double start, now;

	if (!start_at(engine, rip))
		return 0;
	/* The first round maps the page. */
	if (ioctl(engine->vcpu, KVM_RUN, 0) < 0 || engine->run->exit_reason != KVM_EXIT_IO)
		return 0;
	start = seconds();
	do {
		if (ioctl(engine->vcpu, KVM_RUN, 0) < 0 || engine->run->exit_reason != KVM_EXIT_IO)
			return 0;
		now = seconds();
	} while (++rounds < MEASURE_ROUNDS && now - start < MEASURE_SECONDS);
	return (now - start) / rounds;
}

static bool make_guest(struct engine *engine, uint8_t *page)
{
	const struct cpuid_config cpu = { 0 };
	struct mem_region region = {
		.gpa = 0, .size = MEM_PAGE_SIZE, .host = page, .flags = MEM_WRITE,
	};

	memcpy(page, loops, sizeof(loops));
	return !kvm_create_vm(engine) && !kvm_create_vcpu(engine, &cpu) &&
	       !kvm_set_slot(engine, 0, &region);
}

static void measure(struct kvm_facts *facts)
{
	const struct log silent = { .level = LOG_SILENT };
	struct engine engine = { .config.log = &silent, .kvm = -1, .vm = -1, .vcpu = -1 };
	uint8_t *page = mmap(NULL, MEM_PAGE_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	double exit, round;

	if (page == MAP_FAILED)
		return;
	if (make_guest(&engine, page)) {
		exit = time_a_round(&engine, PORT_LOOP);
		round = time_a_round(&engine, COUNT_LOOP);
		facts->exit_microseconds = exit * 1e6;
		/* Where the exit hides what the loop takes, the whole round is taken for it. */
		facts->mips = LOOP_INSTRUCTIONS / 1e6 / (round > 2 * exit ? round - exit : round);
		facts->measured = exit > 0 && round > 0;
	}
	kvm_close(&engine);
	munmap(page, MEM_PAGE_SIZE);
}

/* --- in the parent --- */

/* Once the child has ended, or is given up: one that is stuck in the kernel is left behind. */
static void collect(pid_t child)
{
	for (unsigned int i = 0; i < CHILD_END_MS; i++) {
		if (waitpid(child, NULL, WNOHANG) != 0)
			return;
		poll(NULL, 0, 1);
	}
}

/* The child's end shows as the pipe's. */
static void watch(pid_t child, int pipe_end)
{
	struct pollfd end = { .fd = pipe_end };

	while (poll(&end, 1, PATIENCE_MS) < 0 && errno == EINTR)
		continue;
	kill(child, SIGKILL);
	collect(child);
}

static void find_in_child(struct kvm_facts *shared)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	child = fork();
	if (child == 0) {
		close(ends[0]);
		ask(shared);
		shared->answered = true;
		if (shared->probe.usable)
			measure(shared);
		_exit(0);
	}
	close(ends[1]);
	if (child > 0)
		watch(child, ends[0]);
	close(ends[0]);
}

void kvm_find_facts(struct kvm_facts *facts)
{
	struct kvm_facts *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*facts = (struct kvm_facts){ 0 };
	if (shared != MAP_FAILED) {
		find_in_child(shared);
		*facts = *shared;
		munmap(shared, sizeof(*shared));
	}
	if (!facts->answered)
		facts->probe = (struct engine_probe){
			.text = KVM_PATH ": does not answer (see dmesg; reload the module kvm)",
		};
}
