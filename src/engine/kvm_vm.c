/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kvm_vm.c - the virtual machine and its vCPU (Documentation/virt/kvm/api.rst):
 * whether KVM is there, and what is set before the guest runs.
 */
#include "engine/kvm.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cpu/cpuid.h"
#include "cpu/msr.h"

#define HOST_CPUID_ENTRIES 256u

/*
 * Where KVM on Intel puts a page table and a task state of its own for guests
 * in real mode: just below the firmware, as QEMU has it.
 */
#define IDENTITY_MAP_ADDRESS UINT64_C(0xFFFBC000)
#define TSS_ADDRESS 0xFFFBD000ul

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

void kvm_probe(struct engine_probe *probe)
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

int kvm_failed(const struct engine *engine, const char *what)
{
	int error = errno;

	log_error(engine->config.log, KVM_PATH ": %s: %s", what, strerror(error));
	return -error;
}

int kvm_extension(const struct engine *engine, int capability)
{
	return ioctl(engine->vm, KVM_CHECK_EXTENSION, capability);
}

int kvm_create_vm(struct engine *engine)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_EXIT_ON_EMULATION_FAILURE, .args = { 1 },
	};
	uint64_t identity_map = IDENTITY_MAP_ADDRESS;

	engine->kvm = open(KVM_PATH, O_RDWR | O_CLOEXEC);
	if (engine->kvm < 0)
		return kvm_failed(engine, "open");
	do {
		engine->vm = ioctl(engine->kvm, KVM_CREATE_VM, 0);
	} while (engine->vm < 0 && errno == EINTR);
	if (engine->vm < 0)
		return kvm_failed(engine, "KVM_CREATE_VM");
	if (host_has_vmx()) {
		if (ioctl(engine->vm, KVM_SET_IDENTITY_MAP_ADDR, &identity_map) < 0)
			return kvm_failed(engine, "KVM_SET_IDENTITY_MAP_ADDR");
		if (ioctl(engine->vm, KVM_SET_TSS_ADDR, TSS_ADDRESS) < 0)
			return kvm_failed(engine, "KVM_SET_TSS_ADDR");
	}
	/* Else KVM raises #UD in the guest and nobody learns what failed. */
	if (kvm_extension(engine, cap.cap) > 0 && ioctl(engine->vm, KVM_ENABLE_CAP, &cap) < 0)
		return kvm_failed(engine, "KVM_CAP_EXIT_ON_EMULATION_FAILURE");
	return 0;
}

int kvm_set_slot(struct engine *engine, uint32_t slot, const struct mem_region *region)
{
	struct kvm_userspace_memory_region memory = {
		.slot = slot,
		.flags = region->flags & MEM_WRITE ? 0 : KVM_MEM_READONLY,
		.guest_phys_addr = region->gpa,
		.memory_size = region->size,
		.userspace_addr = (uintptr_t)region->host,
	};

	if (ioctl(engine->vm, KVM_SET_USER_MEMORY_REGION, &memory) < 0)
		return kvm_failed(engine, "KVM_SET_USER_MEMORY_REGION");
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
	return kvm_failed(engine, "KVM_REGISTER_COALESCED_MMIO");
}

/* Whether the second region can share the first one's slot. */
static bool continues(const struct mem_region *first, const struct mem_region *second)
{
	return first->gpa + first->size == second->gpa &&
	       first->host + first->size == second->host &&
	       !((first->flags ^ second->flags) & (MEM_WRITE | MEM_TRAP | MEM_POSTED));
}

int kvm_map_memory(struct engine *engine, const struct mem *mem)
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
			error = kvm_set_slot(engine, slot++, &region);
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
		return kvm_failed(engine, "KVM_SET_CPUID2");
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
		error = kvm_failed(engine, "KVM_GET_SUPPORTED_CPUID");
	} else {
		for (uint32_t i = 0; i < cpuid->nent; i++)
			mask_entry(config, &cpuid->entries[i]);
		if (ioctl(engine->vcpu, KVM_SET_CPUID2, cpuid) < 0)
			error = kvm_failed(engine, "KVM_SET_CPUID2");
	}
	free(cpuid);
	return error;
}

/* As many banks of machine-check registers as the other engines have: KVM itself makes 32. */
static bool has_machine_checks(const struct engine *engine)
{
	uint64_t capabilities = MCG_CAP_BANKS;

	return ioctl(engine->vcpu, KVM_X86_SETUP_MCE, &capabilities) == 0;
}

/*
 * Where KVM cannot have the guest's accesses come out, the APIC does without its MSR;
 * a KVM without machine checks shows none.
 */
static int set_cpuid(struct engine *engine, const struct cpuid_config *config)
{
	struct cpuid_config possible = *config;

	if (!has_machine_checks(engine)) {
		cpuid_leave_out(&possible, FEATURE_MCE);
		cpuid_leave_out(&possible, FEATURE_MCA);
	}
	if (kvm_extension(engine, KVM_CAP_X86_MSR_FILTER) <= 0)
		cpuid_leave_out(&possible, FEATURE_TSC_DEADLINE);
	return config->host ? set_host_cpuid(engine, &possible) :
	       set_model_cpuid(engine, &possible);
}

int kvm_create_vcpu(struct engine *engine, const struct cpuid_config *cpu)
{
	int size = ioctl(engine->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	int ring_page = kvm_extension(engine, KVM_CAP_COALESCED_MMIO);

	if (size < 0)
		return kvm_failed(engine, "KVM_GET_VCPU_MMAP_SIZE");
	if ((size_t)size < sizeof(struct kvm_run)) {
		log_error(engine->config.log, KVM_PATH ": a vCPU of only %d bytes (another kernel?)",
			  size);
		return -EPROTO;
	}
	engine->vcpu = ioctl(engine->vm, KVM_CREATE_VCPU, 0);
	if (engine->vcpu < 0)
		return kvm_failed(engine, "KVM_CREATE_VCPU");
	engine->run_size = (size_t)size;
	engine->run = mmap(NULL, engine->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			   engine->vcpu, 0);
	if (engine->run == MAP_FAILED) {
		engine->run = NULL;
		return kvm_failed(engine, "mmap of the vCPU");
	}
	if (ring_page > 0 && ((size_t)ring_page + 1) * MEM_PAGE_SIZE <= engine->run_size)
		engine->ring = (void *)((uint8_t *)engine->run +
					(size_t)ring_page * MEM_PAGE_SIZE);
	return set_cpuid(engine, cpu);
}

void kvm_close(struct engine *engine)
{
	if (engine->run)
		munmap(engine->run, engine->run_size);
	if (engine->vcpu >= 0)
		close(engine->vcpu);
	if (engine->vm >= 0)
		close(engine->vm);
	if (engine->kvm >= 0)
		close(engine->kvm);
}
