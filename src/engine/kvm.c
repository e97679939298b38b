/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kvm.c - the engine on /dev/kvm (Documentation/virt/kvm/api.rst).
 *
 * Interrupt controllers and timers are vmm's own, so no KVM_CREATE_IRQCHIP:
 * HLT is an exit. kick() sets kvm_run.immediate_exit and sends the vCPU's
 * thread a signal that does nothing but interrupt KVM_RUN; the flag covers
 * the time in which the thread is not in it.
 *
 * An instruction that KVM cannot emulate is executed by vmm's own emulator: the
 * registers go there and back. That is rare on a processor with
 * virtualization; where KVM itself is software, it is most of the FPU's.
 */
#include "engine/engine.h"

#include "cpu/cpuid.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#include "cpu/msr.h"
#include "cpu/pagewalk.h"
#include "engine/emulator.h"

#define KVM_PATH "/dev/kvm"

/* Not a real-time signal: those are lost where the user's queue is full. */
#define KICK_SIGNAL SIGUSR1

#define HOST_CPUID_ENTRIES 256u

/*
 * Where KVM on Intel puts a page table and a task state of its own for guests
 * in real mode: just below the firmware, as QEMU has it.
 */
#define IDENTITY_MAP_ADDRESS UINT64_C(0xFFFBC000)
#define TSS_ADDRESS 0xFFFBD000ul

/* More than any guest-physical address. */
#define PHYSICAL_ADDRESSES (UINT64_C(1) << 52)

/* Where an XSAVE area says which components it has: XSTATE_BV (SDM vol. 1, 13.4.2). */
#define XSAVE_COMPONENTS 512u

/* How the guest is stopped at an address. */
enum stop_way {
	STOP_UNKNOWN,		/* breakpoints have not been tried yet */
	STOP_BREAKPOINT,	/* an instruction breakpoint, by KVM's guest debugging */
	STOP_HLT,		/* a HLT in place of the instruction */
	STOP_TRAP,		/* RFLAGS.TF, for one instruction after another */
};

struct engine {
	struct engine_config config;
	int kvm;
	int vm;
	int vcpu;
	struct kvm_run *run;
	size_t run_size;
	struct kvm_coalesced_mmio_ring *ring;	/* NULL: KVM has none */
	bool exit_waits;	/* behind the coalesced writes that came before it */
	int exit_error;		/* of the KVM_RUN that gave the exit, an errno */
	uint8_t posted[8];	/* data of the coalesced write being delivered */
	pthread_t thread;
	bool entered;		/* the vCPU's registers are no longer those after reset */
	unsigned int filtered_msrs;	/* whose accesses are exits */
	uint64_t apic_base;	/* as the chips know it */
	struct clock_tsc tsc;
	struct emulator emulator;	/* opened at the first instruction for it */
	enum stop_way stop_way;		/* the best that this KVM can */
	uint32_t debug_control;		/* of the last KVM_SET_GUEST_DEBUG */
	uint64_t debug_address;
	bool syncs;			/* KVM leaves registers in the vCPU's page at each exit, */
	bool synced;			/* and those there are the vCPU's */
};

/* What vmm needs of KVM. */
static const struct {
	int capability;
	const char *name;
} required[] = {
	{ KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY" },
	{ KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT" },
};

/* Each CPUID is an exit where the host is itself a virtual machine: ask but once. */
static bool host_has_vmx(void)
{
	unsigned int eax, ebx, ecx, edx;

	__cpuid(1, eax, ebx, ecx, edx);
	return ecx >> 5 & 1;
}

static bool host_has_svm(void)
{
	unsigned int eax, ebx, ecx, edx;

	__cpuid(0x80000001, eax, ebx, ecx, edx);
	return ecx >> 2 & 1;
}

/* Why KVM_PATH could not be opened, and what would help. */
static const char *open_remedy(int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return "load the module kvm_intel or kvm_amd, or enable virtualization "
		       "in the firmware or the cloud's settings";
	case EACCES:
	case EPERM:
		return "add yourself to the group kvm: sudo adduser $USER kvm";
	default:
		return "see dmesg";
	}
}

static void kvm_probe(struct engine_probe *probe)
{
	int kvm = open(KVM_PATH, O_RDWR | O_CLOEXEC), version;
	bool hardware;

	*probe = (struct engine_probe){ 0 };
	if (kvm < 0) {
		snprintf(probe->text, sizeof(probe->text), KVM_PATH ": %s (%s)",
			 strerror(errno), open_remedy(errno));
		return;
	}
	version = ioctl(kvm, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION) {
		snprintf(probe->text, sizeof(probe->text),
			 KVM_PATH ": API version %d, %d is needed (a newer kernel)",
			 version, KVM_API_VERSION);
		goto out;
	}
	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
		if (ioctl(kvm, KVM_CHECK_EXTENSION, required[i].capability) > 0)
			continue;
		snprintf(probe->text, sizeof(probe->text), KVM_PATH ": no %s (a newer kernel)",
			 required[i].name);
		goto out;
	}
	probe->usable = true;
	hardware = host_has_vmx() || host_has_svm();
	probe->rank = hardware ? ENGINE_HARDWARE : ENGINE_FOREIGN_EMULATOR;
	snprintf(probe->text, sizeof(probe->text), "works, %s",
		 hardware ? "on the processor's own virtualization" :
		 "but the processor shows neither VMX nor SVM: KVM emulates, slowly and in part");
out:
	close(kvm);
}

/* Says what failed, and gives -errno. */
static int failed(const struct engine *engine, const char *what)
{
	int error = errno;

	log_error(engine->config.log, KVM_PATH ": %s: %s", what, strerror(error));
	return -error;
}

static int extension(const struct engine *engine, int capability)
{
	return ioctl(engine->vm, KVM_CHECK_EXTENSION, capability);
}

static int create_vm(struct engine *engine)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_EXIT_ON_EMULATION_FAILURE, .args = { 1 },
	};
	uint64_t identity_map = IDENTITY_MAP_ADDRESS;

	engine->kvm = open(KVM_PATH, O_RDWR | O_CLOEXEC);
	if (engine->kvm < 0)
		return failed(engine, "open");
	do {
		engine->vm = ioctl(engine->kvm, KVM_CREATE_VM, 0);
	} while (engine->vm < 0 && errno == EINTR);
	if (engine->vm < 0)
		return failed(engine, "KVM_CREATE_VM");
	if (host_has_vmx()) {
		if (ioctl(engine->vm, KVM_SET_IDENTITY_MAP_ADDR, &identity_map) < 0)
			return failed(engine, "KVM_SET_IDENTITY_MAP_ADDR");
		if (ioctl(engine->vm, KVM_SET_TSS_ADDR, TSS_ADDRESS) < 0)
			return failed(engine, "KVM_SET_TSS_ADDR");
	}
	/* Else KVM raises #UD in the guest and nobody learns what failed. */
	if (extension(engine, cap.cap) > 0 && ioctl(engine->vm, KVM_ENABLE_CAP, &cap) < 0)
		return failed(engine, "KVM_CAP_EXIT_ON_EMULATION_FAILURE");
	return 0;
}

static int set_slot(struct engine *engine, uint32_t slot, const struct mem_region *region)
{
	struct kvm_userspace_memory_region memory = {
		.slot = slot,
		.flags = region->flags & MEM_WRITE ? 0 : KVM_MEM_READONLY,
		.guest_phys_addr = region->gpa,
		.memory_size = region->size,
		.userspace_addr = (uintptr_t)region->host,
	};

	if (ioctl(engine->vm, KVM_SET_USER_MEMORY_REGION, &memory) < 0)
		return failed(engine, "KVM_SET_USER_MEMORY_REGION");
	return 0;
}

/* Writes that may come late are collected by KVM where it can. */
static int post_writes(struct engine *engine, const struct mem_region *region)
{
	struct kvm_coalesced_mmio_zone zone = {
		.addr = region->gpa, .size = (uint32_t)region->size,
	};

	if (!engine->ring || ioctl(engine->vm, KVM_REGISTER_COALESCED_MMIO, &zone) == 0)
		return 0;
	return failed(engine, "KVM_REGISTER_COALESCED_MMIO");
}

/* Whether the second region can share the first one's slot. */
static bool continues(const struct mem_region *first, const struct mem_region *second)
{
	return first->gpa + first->size == second->gpa &&
	       first->host + first->size == second->host &&
	       !((first->flags ^ second->flags) & (MEM_WRITE | MEM_TRAP | MEM_POSTED));
}

static int map_memory(struct engine *engine, const struct mem *mem)
{
	const struct mem_region *regions;
	size_t count = mem_regions(mem, &regions);
	uint32_t slot = 0;
	int error = 0;

	for (size_t i = 0; i < count && !error; i++) {
		struct mem_region region = regions[i];

		/* A slot less is some microseconds less at the start. */
		while (i + 1 < count && continues(&region, &regions[i + 1]))
			region.size += regions[++i].size;
		if (!(region.flags & MEM_TRAP))
			error = set_slot(engine, slot++, &region);
		else if (region.flags & MEM_POSTED)
			error = post_writes(engine, &region);
	}
	return error;
}

static int set_model_cpuid(struct engine *engine, const struct cpuid_config *config)
{
	struct cpuid_leaf leaves[CPUID_LEAVES];
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[CPUID_LEAVES];
	} cpuid = { .head.nent = cpuid_model(config, leaves) };

	for (unsigned int i = 0; i < cpuid.head.nent; i++)
		cpuid.entries[i] = (struct kvm_cpuid_entry2){
			.function = leaves[i].leaf, .index = leaves[i].subleaf,
			.flags = leaves[i].by_subleaf ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0,
			.eax = leaves[i].eax, .ebx = leaves[i].ebx,
			.ecx = leaves[i].ecx, .edx = leaves[i].edx,
		};
	if (ioctl(engine->vcpu, KVM_SET_CPUID2, &cpuid) < 0)
		return failed(engine, "KVM_SET_CPUID2");
	return 0;
}

static void mask_entry(const struct cpuid_config *config, struct kvm_cpuid_entry2 *entry)
{
	struct cpuid_leaf leaf = {
		.leaf = entry->function, .subleaf = entry->index, .eax = entry->eax,
		.ebx = entry->ebx, .ecx = entry->ecx, .edx = entry->edx,
	};

	cpuid_set_apic(&leaf);
	cpuid_mask(config, &leaf);
	entry->eax = leaf.eax;
	entry->ebx = leaf.ebx;
	entry->ecx = leaf.ecx;
	entry->edx = leaf.edx;
}

/* --cpu=host: all that KVM can show of the host's processor. */
static int set_host_cpuid(struct engine *engine, const struct cpuid_config *config)
{
	struct kvm_cpuid2 *cpuid =
		calloc(1, sizeof(*cpuid) + HOST_CPUID_ENTRIES * sizeof(cpuid->entries[0]));
	int error = 0;

	if (!cpuid)
		return -ENOMEM;
	cpuid->nent = HOST_CPUID_ENTRIES;
	if (ioctl(engine->kvm, KVM_GET_SUPPORTED_CPUID, cpuid) < 0) {
		error = failed(engine, "KVM_GET_SUPPORTED_CPUID");
	} else {
		for (uint32_t i = 0; i < cpuid->nent; i++)
			mask_entry(config, &cpuid->entries[i]);
		if (ioctl(engine->vcpu, KVM_SET_CPUID2, cpuid) < 0)
			error = failed(engine, "KVM_SET_CPUID2");
	}
	free(cpuid);
	return error;
}

/* Where KVM cannot have the guest's accesses come out, the APIC does without its MSR. */
static int set_cpuid(struct engine *engine, const struct cpuid_config *config)
{
	struct cpuid_config possible = *config;

	if (extension(engine, KVM_CAP_X86_MSR_FILTER) <= 0)
		cpuid_leave_out(&possible, FEATURE_TSC_DEADLINE);
	return config->host ? set_host_cpuid(engine, &possible) :
	       set_model_cpuid(engine, &possible);
}

static int create_vcpu(struct engine *engine, const struct cpuid_config *cpu)
{
	int size = ioctl(engine->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	int ring_page = extension(engine, KVM_CAP_COALESCED_MMIO);

	if (size < 0)
		return failed(engine, "KVM_GET_VCPU_MMAP_SIZE");
	if ((size_t)size < sizeof(struct kvm_run)) {
		log_error(engine->config.log, KVM_PATH ": a vCPU of only %d bytes (another kernel?)",
			  size);
		return -EPROTO;
	}
	engine->vcpu = ioctl(engine->vm, KVM_CREATE_VCPU, 0);
	if (engine->vcpu < 0)
		return failed(engine, "KVM_CREATE_VCPU");
	engine->run_size = (size_t)size;
	engine->run = mmap(NULL, engine->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			   engine->vcpu, 0);
	if (engine->run == MAP_FAILED) {
		engine->run = NULL;
		return failed(engine, "mmap of the vCPU");
	}
	if (ring_page > 0 && ((size_t)ring_page + 1) * MEM_PAGE_SIZE <= engine->run_size)
		engine->ring = (void *)((uint8_t *)engine->run +
					(size_t)ring_page * MEM_PAGE_SIZE);
	return set_cpuid(engine, cpu);
}

/* --- the time-stamp counter, for timers that go by it --- */

static uint64_t guest_tsc(void *self)
{
	struct engine *engine = self;
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} list = { .head.nmsrs = 1, .entry.index = MSR_TSC };

	return ioctl(engine->vcpu, KVM_GET_MSRS, &list) == 1 ? list.entry.data : 0;
}

static uint64_t tsc_hz(void *self)
{
	struct engine *engine = self;
	int khz = ioctl(engine->vcpu, KVM_GET_TSC_KHZ, 0);

	return khz > 0 ? (uint64_t)khz * 1000 : NS_PER_SECOND;
}

static void ignore_signal(int number)
{
}

/* A handler, not SIG_IGN: the signal must interrupt KVM_RUN. */
static int catch_kick(struct engine *engine)
{
	struct sigaction action = { .sa_handler = ignore_signal };
	sigset_t set;

	sigemptyset(&action.sa_mask);
	if (sigaction(KICK_SIGNAL, &action, NULL) < 0)
		return failed(engine, "sigaction");
	sigemptyset(&set);
	sigaddset(&set, KICK_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	engine->thread = pthread_self();
	return 0;
}

static void kvm_destroy(struct engine *engine)
{
	if (!engine)
		return;
	clock_set_tsc(engine->config.clock, NULL);
	emulator_close(&engine->emulator);
	if (engine->run)
		munmap(engine->run, engine->run_size);
	if (engine->vcpu >= 0)
		close(engine->vcpu);
	if (engine->vm >= 0)
		close(engine->vm);
	if (engine->kvm >= 0)
		close(engine->kvm);
	free(engine);
}

static int kvm_create(struct engine **out, const struct engine_config *config)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int error;

	if (!engine)
		return -ENOMEM;
	engine->config = *config;
	engine->kvm = engine->vm = engine->vcpu = -1;
	error = create_vm(engine);
	if (!error)
		error = create_vcpu(engine, &config->cpu);
	if (!error)
		error = map_memory(engine, config->mem);
	if (!error)
		error = catch_kick(engine);
	if (error) {
		kvm_destroy(engine);
		return error;
	}
	engine->tsc = (struct clock_tsc){ .now = guest_tsc, .hz = tsc_hz, .self = engine };
	clock_set_tsc(config->clock, &engine->tsc);
	*out = engine;
	return 0;
}

static void segment_to_kvm(struct kvm_segment *to, const struct vcpu_segment *from)
{
	*to = (struct kvm_segment){
		.base = from->base, .limit = from->limit, .selector = from->selector,
		.type = from->type, .present = from->present, .dpl = from->dpl,
		.db = from->db, .s = from->s, .l = from->l, .g = from->g, .avl = from->avl,
		.unusable = !from->present,
	};
}

static void segment_from_kvm(struct vcpu_segment *to, const struct kvm_segment *from)
{
	*to = (struct vcpu_segment){
		.base = from->base, .limit = from->limit, .selector = from->selector,
		.type = from->type, .present = from->present && !from->unusable,
		.dpl = from->dpl, .db = from->db, .s = from->s, .l = from->l,
		.g = from->g, .avl = from->avl,
	};
}

/* Where each register lies in KVM's structs. */
static const struct {
	enum vcpu_gpr gpr;
	size_t offset;
} gpr_map[GPR_COUNT] = {
	{ GPR_RAX, offsetof(struct kvm_regs, rax) }, { GPR_RCX, offsetof(struct kvm_regs, rcx) },
	{ GPR_RDX, offsetof(struct kvm_regs, rdx) }, { GPR_RBX, offsetof(struct kvm_regs, rbx) },
	{ GPR_RSP, offsetof(struct kvm_regs, rsp) }, { GPR_RBP, offsetof(struct kvm_regs, rbp) },
	{ GPR_RSI, offsetof(struct kvm_regs, rsi) }, { GPR_RDI, offsetof(struct kvm_regs, rdi) },
	{ GPR_R8, offsetof(struct kvm_regs, r8) }, { GPR_R9, offsetof(struct kvm_regs, r9) },
	{ GPR_R10, offsetof(struct kvm_regs, r10) }, { GPR_R11, offsetof(struct kvm_regs, r11) },
	{ GPR_R12, offsetof(struct kvm_regs, r12) }, { GPR_R13, offsetof(struct kvm_regs, r13) },
	{ GPR_R14, offsetof(struct kvm_regs, r14) }, { GPR_R15, offsetof(struct kvm_regs, r15) },
};

static const size_t segment_map[SEG_COUNT] = {
	[SEG_ES] = offsetof(struct kvm_sregs, es), [SEG_CS] = offsetof(struct kvm_sregs, cs),
	[SEG_SS] = offsetof(struct kvm_sregs, ss), [SEG_DS] = offsetof(struct kvm_sregs, ds),
	[SEG_FS] = offsetof(struct kvm_sregs, fs), [SEG_GS] = offsetof(struct kvm_sregs, gs),
};

static void *at(void *base, size_t offset)
{
	return (uint8_t *)base + offset;
}

/* Where each MSR is kept; KVM_GET_MSRS and KVM_SET_MSRS take them in this order. */
static const struct {
	uint32_t number;
	size_t offset;
} msr_map[] = {
	{ MSR_PAT, offsetof(struct vcpu_msrs, pat) },
	{ MSR_SYSENTER_CS, offsetof(struct vcpu_msrs, sysenter_cs) },
	{ MSR_SYSENTER_ESP, offsetof(struct vcpu_msrs, sysenter_esp) },
	{ MSR_SYSENTER_EIP, offsetof(struct vcpu_msrs, sysenter_eip) },
	{ MSR_STAR, offsetof(struct vcpu_msrs, star) },
	{ MSR_LSTAR, offsetof(struct vcpu_msrs, lstar) },
	{ MSR_CSTAR, offsetof(struct vcpu_msrs, cstar) },
	{ MSR_FMASK, offsetof(struct vcpu_msrs, sfmask) },
	{ MSR_KERNEL_GS_BASE, offsetof(struct vcpu_msrs, kernel_gs_base) },
	{ MSR_TSC_AUX, offsetof(struct vcpu_msrs, tsc_aux) },
	{ MSR_MISC_ENABLE, offsetof(struct vcpu_msrs, misc_enable) },
	{ MSR_DEBUGCTL, offsetof(struct vcpu_msrs, debugctl) },
};

#define MSRS (sizeof(msr_map) / sizeof(msr_map[0]))

struct msr_list {
	struct kvm_msrs head;
	struct kvm_msr_entry entries[MSRS + 1];	/* and the TSC */
};

/* Reads or writes MSRs. KVM stops at one that the host lacks: it is left out. */
static int transfer_msrs(const struct engine *engine, unsigned long request,
			 struct kvm_msr_entry *entries, size_t count)
{
	struct msr_list list;
	int moved;

	for (size_t done = 0; done < count; done += (size_t)moved + 1) {
		list.head = (struct kvm_msrs){ .nmsrs = (uint32_t)(count - done) };
		memcpy(list.entries, entries + done, (count - done) * sizeof(*entries));
		moved = ioctl(engine->vcpu, request, &list);
		if (moved < 0)
			return -errno;
		memcpy(entries + done, list.entries, (size_t)moved * sizeof(*entries));
	}
	return 0;
}

static int get_msrs(const struct engine *engine, struct vcpu_msrs *msr)
{
	struct kvm_msr_entry entries[MSRS + 1] = { [MSRS] = { .index = MSR_TSC } };
	int error;

	for (size_t i = 0; i < MSRS; i++)
		entries[i].index = msr_map[i].number;
	error = transfer_msrs(engine, KVM_GET_MSRS, entries, MSRS + 1);
	if (error)
		return error;
	for (size_t i = 0; i < MSRS; i++)
		memcpy(at(msr, msr_map[i].offset), &entries[i].data, sizeof(entries[i].data));
	msr->tsc_offset = entries[MSRS].data - __rdtsc();
	return 0;
}

static int set_msrs(const struct engine *engine, const struct vcpu_state *state)
{
	struct kvm_msr_entry entries[MSRS] = { 0 };

	for (size_t i = 0; i < MSRS; i++) {
		entries[i].index = msr_map[i].number;
		memcpy(&entries[i].data, (const uint8_t *)&state->msr + msr_map[i].offset,
		       sizeof(entries[i].data));
	}
	return transfer_msrs(engine, KVM_SET_MSRS, entries, MSRS);
}

static int set_tsc(const struct engine *engine, const struct vcpu_state *state)
{
	struct kvm_msr_entry tsc = {
		.index = MSR_TSC, .data = __rdtsc() + state->msr.tsc_offset,
	};

	return transfer_msrs(engine, KVM_SET_MSRS, &tsc, 1);
}

static int set_xcr0(const struct engine *engine, const struct vcpu_state *state)
{
	struct kvm_xcrs xcrs = { .nr_xcrs = 1, .xcrs = { { .value = state->xcr0 } } };

	return ioctl(engine->vcpu, KVM_SET_XCRS, &xcrs) < 0 ? -errno : 0;
}

static int set_events(const struct engine *engine, const struct vcpu_state *state)
{
	struct kvm_vcpu_events events;

	if (ioctl(engine->vcpu, KVM_GET_VCPU_EVENTS, &events) < 0)
		return -errno;
	events.flags |= KVM_VCPUEVENT_VALID_SHADOW;
	events.interrupt.shadow = state->interrupt_shadow ? KVM_X86_SHADOW_INT_STI : 0;
	events.nmi.masked = state->nmi_blocked;
	return ioctl(engine->vcpu, KVM_SET_VCPU_EVENTS, &events) < 0 ? -errno : 0;
}

/* Components of the XSAVE area that vmm does not know stay as they are. */
static int set_xsave(const struct engine *engine, const struct vcpu_state *state)
{
	struct kvm_xsave area;
	uint64_t old, components;

	if (ioctl(engine->vcpu, KVM_GET_XSAVE, &area) < 0)
		return -errno;
	memcpy(&old, at(&area, XSAVE_COMPONENTS), sizeof(old));
	memcpy(&area, state->xsave, sizeof(state->xsave));
	memcpy(&components, at(&area, XSAVE_COMPONENTS), sizeof(components));
	components |= old & ~(uint64_t)(XCR0_X87 | XCR0_SSE | XCR0_AVX);
	memcpy(at(&area, XSAVE_COMPONENTS), &components, sizeof(components));
	return ioctl(engine->vcpu, KVM_SET_XSAVE, &area) < 0 ? -errno : 0;
}

/* What guests change seldom: each with the ioctls that write it. */
static const struct {
	size_t offset;		/* in struct vcpu_state */
	size_t size;
	int (*set)(const struct engine *engine, const struct vcpu_state *state);
} extended[] = {
#define EXTENDED(field, set) \
	{ offsetof(struct vcpu_state, field), sizeof(((struct vcpu_state *)0)->field), set }
	EXTENDED(xcr0, set_xcr0),
	EXTENDED(xsave, set_xsave),
	EXTENDED(msr, set_msrs),
	EXTENDED(msr.tsc_offset, set_tsc),
	EXTENDED(interrupt_shadow, set_events),
	EXTENDED(nmi_blocked, set_events),
#undef EXTENDED
};

static int get_extended(const struct engine *engine, struct vcpu_state *state)
{
	struct kvm_xcrs xcrs;
	struct kvm_xsave area;
	struct kvm_vcpu_events events;

	if (ioctl(engine->vcpu, KVM_GET_XCRS, &xcrs) < 0 ||
	    ioctl(engine->vcpu, KVM_GET_XSAVE, &area) < 0 ||
	    ioctl(engine->vcpu, KVM_GET_VCPU_EVENTS, &events) < 0)
		return -errno;
	/* None on a processor without XSAVE. */
	state->xcr0 = xcrs.nr_xcrs ? xcrs.xcrs[0].value : XCR0_X87;
	state->interrupt_shadow = events.interrupt.shadow;
	state->nmi_blocked = events.nmi.masked;
	memcpy(state->xsave, &area, sizeof(state->xsave));
	return get_msrs(engine, &state->msr);
}

/* Writes what differs from what KVM has. */
static int set_extended(const struct engine *engine, const struct vcpu_state *before,
			const struct vcpu_state *state)
{
	int error = 0;

	for (size_t i = 0; i < sizeof(extended) / sizeof(extended[0]) && !error; i++)
		if (memcmp((const uint8_t *)before + extended[i].offset,
			   (const uint8_t *)state + extended[i].offset, extended[i].size) != 0)
			error = extended[i].set(engine, state);
	return error;
}

static int get_system(const struct engine *engine, struct vcpu_state *state)
{
	struct kvm_sregs sregs;

	if (engine->synced)
		sregs = engine->run->s.regs.sregs;
	else if (ioctl(engine->vcpu, KVM_GET_SREGS, &sregs) < 0)
		return -errno;
	for (size_t i = 0; i < SEG_COUNT; i++)
		segment_from_kvm(&state->segment[i], at(&sregs, segment_map[i]));
	segment_from_kvm(&state->ldtr, &sregs.ldt);
	segment_from_kvm(&state->tr, &sregs.tr);
	state->gdtr = (struct vcpu_table){ sregs.gdt.base, sregs.gdt.limit };
	state->idtr = (struct vcpu_table){ sregs.idt.base, sregs.idt.limit };
	state->cr0 = sregs.cr0;
	state->cr2 = sregs.cr2;
	state->cr3 = sregs.cr3;
	state->cr4 = sregs.cr4;
	state->cr8 = intr_cr8(engine->config.intr);
	state->efer = sregs.efer;
	state->msr.apic_base = sregs.apic_base;
	return 0;
}

static int get_debug(const struct engine *engine, struct vcpu_state *state)
{
	struct kvm_debugregs debug;

	if (ioctl(engine->vcpu, KVM_GET_DEBUGREGS, &debug) < 0)
		return -errno;
	memcpy(state->dr, debug.db, sizeof(debug.db));
	state->dr[6] = debug.dr6;
	state->dr[7] = debug.dr7;
	return 0;
}

static int set_system(struct engine *engine, const struct vcpu_state *state)
{
	struct kvm_debugregs debug = { .dr6 = state->dr[6], .dr7 = state->dr[7] };
	struct kvm_sregs sregs;

	engine->synced = false;
	/* For what the neutral state does not have: KVM's pending interrupts. */
	if (ioctl(engine->vcpu, KVM_GET_SREGS, &sregs) < 0)
		return -errno;
	for (size_t i = 0; i < SEG_COUNT; i++)
		segment_to_kvm(at(&sregs, segment_map[i]), &state->segment[i]);
	segment_to_kvm(&sregs.ldt, &state->ldtr);
	segment_to_kvm(&sregs.tr, &state->tr);
	sregs.gdt = (struct kvm_dtable){ .base = state->gdtr.base, .limit = state->gdtr.limit };
	sregs.idt = (struct kvm_dtable){ .base = state->idtr.base, .limit = state->idtr.limit };
	sregs.cr0 = state->cr0;
	sregs.cr2 = state->cr2;
	sregs.cr3 = state->cr3;
	sregs.cr4 = state->cr4;
	sregs.cr8 = state->cr8;
	sregs.efer = state->efer;
	sregs.apic_base = state->msr.apic_base;
	memcpy(debug.db, state->dr, sizeof(debug.db));
	if (ioctl(engine->vcpu, KVM_SET_SREGS, &sregs) < 0 ||
	    ioctl(engine->vcpu, KVM_SET_DEBUGREGS, &debug) < 0)
		return -errno;
	return 0;
}

static bool same_system(const struct vcpu_state *a, const struct vcpu_state *b)
{
	const size_t first = offsetof(struct vcpu_state, segment);

	return memcmp((const uint8_t *)a + first, (const uint8_t *)b + first,
		      offsetof(struct vcpu_state, xcr0) - first) == 0 &&
	       a->msr.apic_base == b->msr.apic_base;
}

static int get_general(const struct engine *engine, struct vcpu_state *state)
{
	struct kvm_regs regs;

	if (engine->synced)
		regs = engine->run->s.regs.regs;
	else if (ioctl(engine->vcpu, KVM_GET_REGS, &regs) < 0)
		return -errno;
	state->rip = regs.rip;
	state->rflags = regs.rflags;
	for (size_t i = 0; i < GPR_COUNT; i++)
		memcpy(&state->gpr[gpr_map[i].gpr], at(&regs, gpr_map[i].offset),
		       sizeof(state->gpr[0]));
	return 0;
}

static int set_general(struct engine *engine, const struct vcpu_state *state)
{
	struct kvm_regs regs = { .rip = state->rip, .rflags = state->rflags };

	engine->synced = false;
	for (size_t i = 0; i < GPR_COUNT; i++)
		memcpy(at(&regs, gpr_map[i].offset), &state->gpr[gpr_map[i].gpr],
		       sizeof(state->gpr[0]));
	return ioctl(engine->vcpu, KVM_SET_REGS, &regs) < 0 ? -errno : 0;
}

static int kvm_get_registers(struct engine *engine, struct vcpu_state *state)
{
	int error = get_general(engine, state);

	return error ? error : get_system(engine, state);
}

static int kvm_set_general(struct engine *engine, const struct vcpu_state *state)
{
	return set_general(engine, state);
}

static int kvm_get_state(struct engine *engine, struct vcpu_state *state)
{
	int error;

	*state = (struct vcpu_state){ 0 };
	error = kvm_get_registers(engine, state);
	if (!error)
		error = get_debug(engine, state);
	return error ? error : get_extended(engine, state);
}

static int kvm_set_state(struct engine *engine, const struct vcpu_state *state)
{
	struct vcpu_state before;
	int error = 0;

	/* A vCPU that has not run is as after reset: that saves the ioctls. */
	if (engine->entered)
		error = kvm_get_state(engine, &before);
	else
		vcpu_state_reset(&before);
	if (!error)
		error = set_system(engine, state);
	if (!error)
		error = set_general(engine, state);
	intr_write_cr8(engine->config.intr, (uint8_t)state->cr8);
	return error ? error : set_extended(engine, &before, state);
}

/* An exception or interrupt whose delivery KVM has begun would reach the guest that starts. */
static void kvm_reset(struct engine *engine)
{
	struct kvm_vcpu_events events;

	if (ioctl(engine->vcpu, KVM_GET_VCPU_EVENTS, &events) < 0)
		return;
	events.flags |= KVM_VCPUEVENT_VALID_NMI_PENDING;
	events.exception.injected = 0;
	events.exception.pending = 0;
	events.interrupt.injected = 0;
	events.nmi.injected = 0;
	events.nmi.pending = 0;
	ioctl(engine->vcpu, KVM_SET_VCPU_EVENTS, &events);
}

static void failure(struct vmexit *exit, bool host, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void failure(struct vmexit *exit, bool host, const char *format, ...)
{
	va_list args;

	exit->reason = VMEXIT_FAILURE;
	exit->failure.host = host;
	va_start(args, format);
	vsnprintf(exit->failure.text, sizeof(exit->failure.text), format, args);
	va_end(args);
}

static void on_io(struct kvm_run *run, struct vmexit *exit)
{
	exit->reason = VMEXIT_PIO;
	exit->pio.port = run->io.port;
	exit->pio.size = run->io.size;
	exit->pio.write = run->io.direction == KVM_EXIT_IO_OUT;
	exit->pio.count = run->io.count;
	exit->pio.data = (uint8_t *)run + run->io.data_offset;
}

static void on_mmio(struct kvm_run *run, struct vmexit *exit)
{
	exit->reason = VMEXIT_MMIO;
	exit->mmio.gpa = run->mmio.phys_addr;
	exit->mmio.size = (uint8_t)run->mmio.len;
	exit->mmio.write = run->mmio.is_write;
	exit->mmio.posted = false;
	exit->mmio.data = (uint8_t *)run->mmio.data;
}

static void on_msr(struct kvm_run *run, struct vmexit *exit)
{
	exit->reason = VMEXIT_MSR;
	exit->msr.number = run->msr.index;
	exit->msr.write = run->exit_reason == KVM_EXIT_X86_WRMSR;
	exit->msr.data = &run->msr.data;
	exit->msr.fault = &run->msr.error;
}

static void on_hlt(struct kvm_run *run, struct vmexit *exit)
{
	exit->reason = VMEXIT_HLT;
	exit->hlt.interrupts_enabled = run->if_flag;
}

static void on_intr(struct kvm_run *run, struct vmexit *exit)
{
	exit->reason = VMEXIT_KICK;
}

static void on_shutdown(struct kvm_run *run, struct vmexit *exit)
{
	exit->reason = VMEXIT_SHUTDOWN;
}

static void on_fail_entry(struct kvm_run *run, struct vmexit *exit)
{
	failure(exit, false, "the processor refused to enter the guest (hardware reason 0x%llx)",
		(unsigned long long)run->fail_entry.hardware_entry_failure_reason);
}

static void on_internal_error(struct kvm_run *run, struct vmexit *exit)
{
	static const char *const text[] = {
		[KVM_INTERNAL_ERROR_EMULATION] = "KVM cannot emulate the instruction",
		[KVM_INTERNAL_ERROR_SIMUL_EX] = "exceptions while KVM emulated an exception",
		[KVM_INTERNAL_ERROR_DELIVERY_EV] = "an exit while an exception was delivered",
		[KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON] = "an exit that KVM does not know",
	};
	uint32_t suberror = run->internal.suberror;
	const char *known = suberror < sizeof(text) / sizeof(text[0]) ? text[suberror] : NULL;

	failure(exit, false, "%s (KVM_EXIT_INTERNAL_ERROR, suberror %u)",
		known ? known : "an internal error of KVM", suberror);
}

/* Only run_to() asks for it. */
static void on_debug(struct kvm_run *run, struct vmexit *exit)
{
	exit->reason = VMEXIT_STEPPED;
}

/* KVM's exit reasons, neutrally. */
static void (*const decoders[])(struct kvm_run *run, struct vmexit *exit) = {
	[KVM_EXIT_IO] = on_io,
	[KVM_EXIT_HLT] = on_hlt,
	[KVM_EXIT_MMIO] = on_mmio,
	[KVM_EXIT_X86_RDMSR] = on_msr,
	[KVM_EXIT_X86_WRMSR] = on_msr,
	[KVM_EXIT_SHUTDOWN] = on_shutdown,
	[KVM_EXIT_FAIL_ENTRY] = on_fail_entry,
	[KVM_EXIT_INTR] = on_intr,
	[KVM_EXIT_INTERNAL_ERROR] = on_internal_error,
	[KVM_EXIT_DEBUG] = on_debug,
};

static void decode(struct kvm_run *run, struct vmexit *exit)
{
	uint32_t reason = run->exit_reason;

	if (reason < sizeof(decoders) / sizeof(decoders[0]) && decoders[reason])
		decoders[reason](run, exit);
	else
		failure(exit, false, "an exit of KVM that vmm does not know (reason %u)", reason);
}

/* Takes the oldest coalesced write, if there is one. */
static bool take_posted(struct engine *engine, struct vmexit *exit)
{
	struct kvm_coalesced_mmio_ring *ring = engine->ring;
	const struct kvm_coalesced_mmio *write;
	uint32_t entries, first;

	if (!ring || ring->first == __atomic_load_n(&ring->last, __ATOMIC_ACQUIRE))
		return false;
	entries = (MEM_PAGE_SIZE - (uint32_t)sizeof(*ring)) / (uint32_t)sizeof(*write);
	first = ring->first;
	write = &ring->coalesced_mmio[first % entries];
	exit->reason = VMEXIT_MMIO;
	exit->mmio.gpa = write->phys_addr;
	exit->mmio.size = (uint8_t)write->len;
	exit->mmio.write = true;
	exit->mmio.posted = true;
	exit->mmio.data = memcpy(engine->posted, write->data, sizeof(engine->posted));
	__atomic_store_n(&ring->first, (first + 1) % entries, __ATOMIC_RELEASE);
	return true;
}

/*
 * Has accesses to the MSRs of chips come out as exits, once a chip needs it: as KVM sees
 * it, the processor has the MSRs itself, and where there is no local APIC of KVM's
 * they have no effect.
 */
static int bring_out_msrs(struct engine *engine)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_X86_USER_SPACE_MSR, .args = { KVM_MSR_EXIT_REASON_FILTER },
	};
	struct kvm_msr_filter filter = { .flags = KVM_MSR_FILTER_DEFAULT_ALLOW };
	static uint8_t none_allowed;
	const uint32_t *numbers;
	unsigned int count = msrs_watched(engine->config.msrs, &numbers);

	if (count == engine->filtered_msrs)
		return 0;
	engine->filtered_msrs = count;
	for (unsigned int i = 0; i < count && i < KVM_MSR_FILTER_MAX_RANGES; i++)
		filter.ranges[i] = (struct kvm_msr_filter_range){
			.flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE,
			.base = numbers[i], .nmsrs = 1, .bitmap = &none_allowed,
		};
	if (ioctl(engine->vm, KVM_ENABLE_CAP, &cap) < 0 ||
	    ioctl(engine->vm, KVM_X86_SET_MSR_FILTER, &filter) < 0)
		return errno;
	return 0;
}

/*
 * Injects the interrupt that is due, or (ask) asks for an exit as soon as the
 * guest can take one.
 */
static void inject(const struct engine *engine, bool ask)
{
	struct kvm_interrupt interrupt;
	struct kvm_run *run = engine->run;

	if (intr_level(engine->config.intr) && run->ready_for_interrupt_injection) {
		interrupt.irq = intr_acknowledge(engine->config.intr);
		ioctl(engine->vcpu, KVM_INTERRUPT, &interrupt);
		run->ready_for_interrupt_injection = 0;
	}
	run->request_interrupt_window = ask && intr_level(engine->config.intr);
	if (intr_take_nmi(engine->config.intr))
		ioctl(engine->vcpu, KVM_NMI);
}

/* What the processor has and the local APIC must know. */
static void tell_apic(struct engine *engine)
{
	const struct kvm_run *run = engine->run;

	if (run->cr8 != intr_cr8(engine->config.intr))
		intr_write_cr8(engine->config.intr, (uint8_t)run->cr8);
	if (run->apic_base != engine->apic_base)
		msrs_write(engine->config.msrs, MSR_APIC_BASE, run->apic_base);
	engine->apic_base = run->apic_base;
}

/* One KVM_RUN. Returns 0 or an errno. */
static int enter_once(struct engine *engine)
{
	int error = bring_out_msrs(engine);

	engine->entered = true;
	engine->synced = false;
	engine->run->cr8 = intr_cr8(engine->config.intr);
	while (!error && ioctl(engine->vcpu, KVM_RUN, 0) < 0)
		if (errno != EAGAIN)
			error = errno;
	tell_apic(engine);
	engine->synced = !error && engine->syncs;
	return error;
}

/* Runs the guest until an exit. Returns 0 or an errno. */
static int enter(struct engine *engine)
{
	const struct kvm_run *run = engine->run;
	int error;

	do {
		inject(engine, true);
		error = enter_once(engine);
	} while (!error && (run->exit_reason == KVM_EXIT_IRQ_WINDOW_OPEN ||
			    run->exit_reason == KVM_EXIT_SET_TPR));
	return error;
}

static bool gave_up(const struct kvm_run *run)
{
	return run->exit_reason == KVM_EXIT_INTERNAL_ERROR &&
	       run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION;
}

static void emulator_access(void *self, struct vmexit *exit)
{
	struct engine *engine = self;

	engine->config.on_access(engine->config.self, exit);
	/* A long string instruction ends early, too. */
	if (__atomic_load_n(&engine->run->immediate_exit, __ATOMIC_SEQ_CST))
		engine->emulator.api->kick(engine->emulator.cpu);
}

/* Interrupts are left to KVM: the emulator is not told of any. */
static int emulator_acknowledge(void *self)
{
	return -1;
}

static uint64_t emulator_tsc(void *self)
{
	return __rdtsc();
}

static void emulator_write_cr8(void *self, uint8_t cr8)
{
	struct engine *engine = self;

	intr_write_cr8(engine->config.intr, cr8);
}

static const struct emulator_ops emulator_ops = {
	.access = emulator_access,
	.acknowledge = emulator_acknowledge,
	.tsc = emulator_tsc,
	.write_cr8 = emulator_write_cr8,
};

static int open_emulator(struct engine *engine)
{
	if (engine->emulator.cpu)
		return 0;
	log_verbose(engine->config.log, "KVM cannot emulate some instruction of the guest: "
		    "vmm's own emulator does");
	engine->emulator = (struct emulator){
		.ops = &emulator_ops, .self = engine, .random = __rdtsc() | 1,
	};
	return emulator_open(&engine->emulator, &engine->config, engine_kvm.name);
}

/*
 * Executes the instruction at RIP, or delivers its exception. *before becomes what
 * the emulator makes of it, so that only what the instruction changes differs.
 */
static void emulate_one(struct engine *engine, struct vcpu_state *before,
			struct vcpu_state *after, struct vmexit *exit)
{
	const struct cpu_module *api = engine->emulator.api;
	struct cpu *cpu = engine->emulator.cpu;
	uint64_t done = api->instructions(cpu);
	enum cpu_stop stop;

	/* KVM has let the guest write where it liked. */
	api->memory_written(cpu, 0, PHYSICAL_ADDRESSES);
	api->set_state(cpu, before);
	api->get_state(cpu, before);
	stop = api->run(cpu, 1);
	api->get_state(cpu, after);
	if (stop == CPU_SHUTDOWN) {
		exit->reason = VMEXIT_SHUTDOWN;
	} else if (stop == CPU_HALTED) {
		exit->reason = VMEXIT_HLT;
		exit->hlt.interrupts_enabled = api->interrupts_enabled(cpu);
	} else if (api->instructions(cpu) == done) {
		failure(exit, false, "neither KVM nor vmm can execute the instruction");
	} else {
		exit->reason = VMEXIT_EMULATED;
	}
}

static int put_back(struct engine *engine, const struct vcpu_state *before,
		    const struct vcpu_state *after)
{
	int error = 0;

	/* It was true before the instruction; KVM says when it is again. */
	engine->run->ready_for_interrupt_injection = 0;
	if (!same_system(before, after))
		error = set_system(engine, after);
	if (!error)
		error = set_general(engine, after);
	return error ? error : set_extended(engine, before, after);
}

/*
 * Has the emulator execute what KVM could not. Returns false, with a message in
 * the log, where there is no emulator.
 */
static bool emulate(struct engine *engine, struct vmexit *exit)
{
	struct vcpu_state before, after;
	int error;

	if (open_emulator(engine))
		return false;
	error = kvm_get_state(engine, &before);
	if (!error) {
		emulate_one(engine, &before, &after, exit);
		error = put_back(engine, &before, &after);
	}
	if (error)
		failure(exit, true, KVM_PATH ": registers for the emulator: %s",
			strerror(-error));
	return true;
}

/* What run() returns after the guest has been entered. */
static void take_exit(struct engine *engine, struct vmexit *exit)
{
	if (take_posted(engine, exit))
		return;
	engine->exit_waits = false;
	if (!engine->exit_error) {
		if (!gave_up(engine->run) || !emulate(engine, exit))
			decode(engine->run, exit);
	} else if (engine->exit_error == EINTR) {
		/* Before the run's state is looked at: a kick after that must count. */
		__atomic_store_n(&engine->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
		exit->reason = VMEXIT_KICK;
	} else {
		failure(exit, true, KVM_PATH ": KVM_RUN: %s", strerror(engine->exit_error));
	}
}

static void kvm_run(struct engine *engine, struct vmexit *exit)
{
	if (!engine->exit_waits) {
		engine->exit_error = enter(engine);
		engine->exit_waits = true;
	}
	take_exit(engine, exit);
}

/* --- run_to(): one instruction after another --- */

/* Sets KVM's guest debugging; only what has changed costs a call. */
static int set_guest_debug(struct engine *engine, uint32_t control, uint64_t address)
{
	struct kvm_guest_debug debug = {
		.control = control,
		.arch.debugreg = { [0] = address, [7] = DR7_RESET | 1 },
	};

	/* TF is gone with each exception that the guest takes: set it anew. */
	if (control == engine->debug_control && address == engine->debug_address &&
	    !(control & KVM_GUESTDBG_SINGLESTEP))
		return 0;
	engine->debug_control = control;
	engine->debug_address = address;
	return ioctl(engine->vcpu, KVM_SET_GUEST_DEBUG, &debug) < 0 ? errno : 0;
}

#define DEBUG_BREAKPOINT (KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP)
#define DEBUG_TRAP (KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP)

/* A page of code in a virtual machine of its own: NOP, NOP, HLT. */
static bool try_breakpoint(const struct engine *engine, struct engine *trial)
{
	static const uint8_t code[] = { 0x90, 0x90, 0xF4 };
	struct mem_region region = { .size = MEM_PAGE_SIZE, .flags = MEM_RW };
	struct vcpu_state state;

	*trial = (struct engine){ .config = engine->config, .kvm = -1, .vm = -1, .vcpu = -1 };
	trial->config.cpu.host = false;
	region.host = mem_backing(engine->config.mem, region.size, false);
	if (!region.host || create_vm(trial) || create_vcpu(trial, &trial->config.cpu) ||
	    set_slot(trial, 0, &region))
		return false;
	memcpy(region.host, code, sizeof(code));
	vcpu_state_reset(&state);
	return !kvm_set_state(trial, &state) && !set_guest_debug(trial, DEBUG_BREAKPOINT, 1) &&
	       !enter_once(trial) && trial->run->exit_reason == KVM_EXIT_DEBUG;
}

/* KVM on a processor that is itself emulated may let breakpoints pass. */
static enum stop_way find_stop_way(struct engine *engine)
{
	struct engine *trial = malloc(sizeof(*trial));
	bool works = trial && try_breakpoint(engine, trial);

	if (trial)
		kvm_destroy(trial);
	log_verbose(engine->config.log, "instruction breakpoints of KVM %s", works ? "work" :
		    "do not work here: HLT and single steps are used in their place");
	return works ? STOP_BREAKPOINT : STOP_HLT;
}

/* The byte of code at the target, where it can be changed for a HLT. */
static uint8_t *target_byte(const struct engine *engine, const struct engine_target *target)
{
	uint8_t *byte = mem_ptr(engine->config.mem, target->gpa, 1, MEM_RW);

	/* Another one: the guest is about to write it. In user mode HLT is a fault. */
	return byte && !target->user && *byte == target->code ? byte : NULL;
}

/* At each step the registers are asked for: this saves the calls. */
static void sync_registers(struct engine *engine)
{
	const int wanted = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;

	engine->syncs = (extension(engine, KVM_CAP_SYNC_REGS) & wanted) == wanted;
	engine->run->kvm_valid_regs = engine->syncs ? (uint64_t)wanted : 0;
}

static enum stop_way choose_way(struct engine *engine, const struct engine_target *target)
{
	if (engine->stop_way == STOP_UNKNOWN) {
		engine->stop_way = find_stop_way(engine);
		sync_registers(engine);
	}
	if (target->from == target->linear)
		return STOP_TRAP;
	if (engine->stop_way == STOP_BREAKPOINT || target_byte(engine, target))
		return engine->stop_way;
	return STOP_TRAP;
}

static uint32_t debug_control_of(enum stop_way way)
{
	return way == STOP_BREAKPOINT ? DEBUG_BREAKPOINT : way == STOP_TRAP ? DEBUG_TRAP : 0;
}

/* The guest's own debug exception, which KVM has taken for ours. */
static int give_back_exception(struct engine *engine)
{
	const struct kvm_debug_exit_arch *arch = &engine->run->debug.arch;
	struct kvm_guest_debug debug = {
		.control = engine->debug_control | KVM_GUESTDBG_INJECT_DB,
		.arch.debugreg = { [0] = engine->debug_address, [7] = DR7_RESET | 1 },
	};
	struct kvm_debugregs registers;

	if (ioctl(engine->vcpu, KVM_GET_DEBUGREGS, &registers) < 0)
		return errno;
	registers.dr6 = arch->dr6;
	if (ioctl(engine->vcpu, KVM_SET_DEBUGREGS, &registers) < 0 ||
	    ioctl(engine->vcpu, KVM_SET_GUEST_DEBUG, &debug) < 0)
		return errno;
	return 0;
}

/*
 * Whether the guest has to be entered again: it has stopped for what is not the
 * target. *error: an errno, where that cannot be.
 */
static bool goes_on(struct engine *engine, struct engine_target *target, enum stop_way way,
		    int *error)
{
	struct kvm_run *run = engine->run;
	struct vcpu_state state;

	if (run->exit_reason == KVM_EXIT_IRQ_WINDOW_OPEN || run->exit_reason == KVM_EXIT_SET_TPR)
		return true;
	if (run->exit_reason == KVM_EXIT_HLT && way == STOP_HLT) {
		*error = -get_general(engine, &state);
		if (*error || state.rip != target->rip + 1)
			return false;
		state.rip = target->rip;
		*error = -set_general(engine, &state);
		run->s.regs.regs.rip = target->rip;
		engine->synced = engine->syncs;
		run->exit_reason = KVM_EXIT_DEBUG;
		return false;
	}
	if (run->exit_reason != KVM_EXIT_DEBUG || run->debug.arch.pc == target->linear)
		return false;
	if (way == STOP_BREAKPOINT) {
		*error = give_back_exception(engine);
		return !*error;
	}
	/* A repeated instruction traps each time; what goes elsewhere stays there. */
	if (run->debug.arch.pc != target->from && ++target->done >= target->count)
		return false;
	*error = set_guest_debug(engine, DEBUG_TRAP, 0);
	return !*error;
}

/* The linear address of the stack's top. */
static uint64_t stack_top(const struct vcpu_state *state)
{
	const struct vcpu_segment *ss = &state->segment[SEG_SS];
	uint64_t rsp = state->gpr[GPR_RSP];

	if (vcpu_code_bits(state) == 64)
		return rsp;
	return (uint32_t)(ss->base + (ss->db ? rsp : (uint16_t)rsp));
}

/* Where the instruction that has been executed has saved RFLAGS; 0: nowhere. */
static uint64_t saved_flags(const struct engine *engine, const struct vcpu_state *before,
			    const struct vcpu_state *after)
{
	uint8_t code[3] = { 0 }, *opcode = code;

	/* In the task state that was left (SDM vol. 3, 7.2.1 and 7.6). */
	if (before->tr.base != after->tr.base)
		return before->tr.base + (before->tr.type & 8 ? 0x24 : 0x10);
	pagewalk_read(engine->config.mem, before, vcpu_linear_rip(before), code, sizeof(code));
	while (opcode < code + 2 && (*opcode == 0x66 || *opcode >> 4 == 4))
		opcode++;
	if (*opcode == 0x9C)	/* PUSHF */
		return stack_top(after);
	/* INT n and INT3 within virtual-8086 mode: behind IP and CS. */
	if ((*opcode == 0xCD || *opcode == 0xCC) && after->rflags & RFLAGS_VM)
		return stack_top(after) + 4;
	return 0;
}

/* RFLAGS were saved with a TF that is not the guest's. */
static void clear_saved_trap(struct engine *engine, const struct vcpu_state *before)
{
	struct vcpu_state after = *before;
	struct pagewalk walk;
	uint64_t flags;
	uint8_t *byte;

	if (before->rflags & RFLAGS_TF || kvm_get_registers(engine, &after))
		return;
	flags = saved_flags(engine, before, &after);
	if (!flags || pagewalk_translate(engine->config.mem, &after, flags + 1, &walk))
		return;
	byte = mem_ptr(engine->config.mem, walk.gpa, 1, MEM_RW);
	if (byte)
		*byte &= (uint8_t)~(RFLAGS_TF >> 8);
}

/*
 * Injects the interrupt that is due before the first instruction. What KVM said
 * of that may be older: of before an instruction that was emulated.
 */
static int inject_first(struct engine *engine)
{
	struct vcpu_state state;
	int error = -get_general(engine, &state);

	engine->run->ready_for_interrupt_injection = !!(state.rflags & RFLAGS_IF);
	if (!error)
		inject(engine, false);
	return error;
}

static int enter_to(struct engine *engine, struct engine_target *target)
{
	enum stop_way way = choose_way(engine, target);
	uint8_t *byte = way == STOP_HLT ? target_byte(engine, target) : NULL;
	struct vcpu_state before;
	int error = set_guest_debug(engine, debug_control_of(way), target->linear);

	if (!error && way == STOP_TRAP)
		error = -kvm_get_registers(engine, &before);
	if (error)
		return error;
	if (!target->begun && intr_wakes(engine->config.intr))
		error = inject_first(engine);
	if (error)
		return error;
	target->begun = true;
	engine->run->request_interrupt_window = 0;
	if (byte)
		*byte = 0xF4;	/* HLT */
	do
		error = enter_once(engine);
	while (!error && goes_on(engine, target, way, &error));
	if (byte)
		*byte = target->code;
	if (!error && way == STOP_TRAP && engine->run->exit_reason == KVM_EXIT_DEBUG)
		clear_saved_trap(engine, &before);
	return error;
}

/* Where an instruction was emulated, nothing has stopped behind it. */
static bool is_there(struct engine *engine, const struct engine_target *target)
{
	struct vcpu_state state;

	return !kvm_get_registers(engine, &state) && vcpu_linear_rip(&state) == target->linear;
}

static void kvm_run_to(struct engine *engine, struct engine_target *target, struct vmexit *exit)
{
	if (!target->count) {
		exit->reason = VMEXIT_STEPPED;
		return;
	}
	if (!engine->exit_waits) {
		engine->exit_error = enter_to(engine, target);
		engine->exit_waits = true;
	}
	take_exit(engine, exit);
	if (exit->reason == VMEXIT_EMULATED && is_there(engine, target))
		exit->reason = VMEXIT_STEPPED;
}

static void kvm_complete(struct engine *engine)
{
	engine->synced = false;
	/* The flag stays set, so that no kick is lost: the next run() is short. */
	__atomic_store_n(&engine->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	while (ioctl(engine->vcpu, KVM_RUN, 0) < 0 && errno == EAGAIN)
		continue;
}

static void kvm_kick(struct engine *engine)
{
	__atomic_store_n(&engine->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	/* The vCPU's own thread is not in the guest. */
	if (!pthread_equal(pthread_self(), engine->thread))
		pthread_kill(engine->thread, KICK_SIGNAL);
}

const struct engine_ops engine_kvm = {
	.name = "kvm",
	.isolates = true,
	.probe = kvm_probe,
	.create = kvm_create,
	.destroy = kvm_destroy,
	.reset = kvm_reset,
	.get_state = kvm_get_state,
	.set_state = kvm_set_state,
	.run = kvm_run,
	.run_to = kvm_run_to,
	.get_registers = kvm_get_registers,
	.set_general = kvm_set_general,
	.complete = kvm_complete,
	.kick = kvm_kick,
};
