/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hostcheck_lines.c - facts about this host become verdicts, see hostcheck_lines.h. */
#include "hostcheck_lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"

/* Slower than this no processor runs a loop: every instruction is emulated. */
#define HARDWARE_MIPS 50.0

const char *const host_verdict_names[HOST_VERDICTS] = { "OK", "LIMITED", "MISSING" };

struct writer {
	struct host_lines *lines;
	const struct host_facts *facts;
	bool out_of_memory;
};

__attribute__((format(printf, 5, 6)))
static void add(struct writer *writer, const char *check, enum host_verdict verdict,
		const char *remedy, const char *format, ...)
{
	struct host_line *line = array_append(&writer->lines->lines, &writer->lines->count,
					      sizeof(*line));
	va_list arguments;

	if (!line) {
		writer->out_of_memory = true;
		return;
	}
	*line = (struct host_line){ .verdict = verdict };
	snprintf(line->check, sizeof(line->check), "%s", check);
	if (verdict != HOST_OK)
		snprintf(line->remedy, sizeof(line->remedy), "%s", remedy);
	va_start(arguments, format);
	vsnprintf(line->reason, sizeof(line->reason), format, arguments);
	va_end(arguments);
}

/* --- the processor --- */

static bool is_intel(const struct inventory *host)
{
	return inventory_has(host, "vmx");
}

static bool virtualizes(const struct inventory *host)
{
	return is_intel(host) || inventory_has(host, "svm");
}

/* Why the processor may not show what it has. */
static const char *virtualization_remedy(const struct host_facts *facts)
{
	return inventory_has(&facts->inventory, "hypervisor") ?
	       "turn on nested virtualization for this machine in the hypervisor that it runs on" :
	       "enable VT-x or SVM in the firmware's set-up, where the processor has it";
}

static void add_processor(struct writer *writer)
{
	const struct inventory *host = &writer->facts->inventory;

	if (*host->brand)
		add(writer, "processor", HOST_OK, "", "%s", host->brand);
	else
		add(writer, "processor", HOST_LIMITED, "mount procfs at /proc",
		    "/proc/cpuinfo does not name it");
	if (virtualizes(host))
		add(writer, "virtualization", HOST_OK, "", "the processor has %s",
		    is_intel(host) ? "VMX (Intel VT-x)" : "SVM (AMD-V)");
	else
		add(writer, "virtualization", HOST_MISSING, virtualization_remedy(writer->facts),
		    "the processor shows neither VMX nor SVM");
}

/* What either maker calls it, Linux's flag for it and the parameter of KVM's module. */
struct maker_feature {
	const char *name, *flag, *parameter;
};

static const struct feature {
	const char *check;
	struct maker_feature intel, amd;
	size_t parameter;	/* in struct inventory */
	const char *without;
} features[] = {
	{ "nested-paging", { "EPT", "ept", "ept" }, { "NPT", "npt", "npt" },
	  offsetof(struct inventory, paging),
	  "KVM shadows the guest's page tables, at an exit for each change" },
	{ "real-mode", { "unrestricted guest", "unrestricted_guest", "unrestricted_guest" },
	  { "real mode by SVM itself", "svm", "" }, offsetof(struct inventory, unrestricted),
	  "KVM emulates real mode" },
	{ "tlb-tags", { "VPID", "vpid", "vpid" }, { "ASIDs by SVM itself", "svm", "" },
	  offsetof(struct inventory, tags), "each exit flushes the TLB" },
	{ "interrupt-delivery", { "posted interrupts", "posted_intr", "enable_apicv" },
	  { "AVIC", "avic", "avic" }, offsetof(struct inventory, interrupts),
	  "an interrupt for a guest is an exit (vmm's guests do without either way)" },
};

static void add_feature(struct writer *writer, const struct feature *feature)
{
	const struct inventory *host = &writer->facts->inventory;
	const struct maker_feature *made = is_intel(host) ? &feature->intel : &feature->amd;
	enum parameter parameter;
	char remedy[160];

	memcpy(&parameter, (const char *)host + feature->parameter, sizeof(parameter));
	if (!virtualizes(host)) {
		add(writer, feature->check, HOST_MISSING, virtualization_remedy(writer->facts),
		    "%s or %s come with VMX or SVM, which are not there", feature->intel.name,
		    feature->amd.name);
	} else if (!inventory_has(host, made->flag)) {
		add(writer, feature->check, HOST_MISSING, "another processor, or a hypervisor "
		    "below this one that passes it on", "no %s: %s", made->name, feature->without);
	} else if (parameter == PARAMETER_OFF) {
		snprintf(remedy, sizeof(remedy), "sudo modprobe -r %s && sudo modprobe %s %s=1",
			 host->module, host->module, made->parameter);
		add(writer, feature->check, HOST_LIMITED, remedy, "the processor has %s, but %s "
		    "was loaded with %s=0: %s", made->name, host->module, made->parameter,
		    feature->without);
	} else {
		add(writer, feature->check, HOST_OK, "", "%s", made->name);
	}
}

/* --- KVM --- */

static void add_module(struct writer *writer)
{
	const struct inventory *host = &writer->facts->inventory;
	char remedy[160];

	if (*host->module && virtualizes(host))
		add(writer, "kvm-module", HOST_OK, "", "%s", host->module);
	else if (*host->module)
		add(writer, "kvm-module", HOST_LIMITED, virtualization_remedy(writer->facts),
		    "%s, on a processor that shows neither VMX nor SVM", host->module);
	else
		add(writer, "kvm-module", HOST_MISSING,
		    "sudo modprobe kvm_intel (or kvm_amd); see dmesg where that fails",
		    "neither kvm_intel nor kvm_amd is loaded");
	if (host->nested == PARAMETER_NONE) {
		add(writer, "nested-virtualization", HOST_MISSING,
		    "needs kvm_intel or kvm_amd (see kvm-module)",
		    "no module of KVM has the parameter nested");
		return;
	}
	snprintf(remedy, sizeof(remedy), "sudo modprobe -r %s && sudo modprobe %s nested=1",
		 host->module, host->module);
	add(writer, "nested-virtualization",
	    host->nested == PARAMETER_ON ? HOST_OK : HOST_LIMITED, remedy,
	    "%s has nested=%d: guests of KVM can %sbe hypervisors (vmm's are shown neither VMX "
	    "nor SVM)", host->module, host->nested == PARAMETER_ON,
	    host->nested == PARAMETER_ON ? "" : "not ");
}

static void remedy_forbidden(const struct host_facts *facts, char *remedy, size_t size)
{
	const char *group = facts->device_group;

	if (!*group)
		snprintf(remedy, size, "let the group kvm use it, and add yourself: sudo chgrp kvm "
			 "/dev/kvm && sudo chmod g+rw /dev/kvm && sudo adduser $USER kvm");
	else if (facts->device_group_listed)
		snprintf(remedy, size, "log in again: you are in the group %s, but this session "
			 "began before that", group);
	else
		snprintf(remedy, size, "add yourself to the group %s, and log in again: sudo adduser "
			 "$USER %s", group, group);
}

static void remedy_device(const struct host_facts *facts, char *remedy, size_t size)
{
	switch (facts->device_error) {
	case ENOENT:
		snprintf(remedy, size, "load KVM's module (see kvm-module); in a container, pass "
			 "it: --device=/dev/kvm");
		break;
	case EACCES:
	case EPERM:
		remedy_forbidden(facts, remedy, size);
		break;
	default:
		snprintf(remedy, size, "remove it and load KVM's module again, which makes it");
		break;
	}
}

static void add_device(struct writer *writer)
{
	int error = writer->facts->device_error;
	char remedy[200];

	remedy_device(writer->facts, remedy, sizeof(remedy));
	add(writer, "/dev/kvm", error ? HOST_MISSING : HOST_OK, remedy, "%s",
	    !error ? "is there, and you may read and write it" :
	    error == ENOTTY ? "is there, but is no character device" : strerror(error));
}

static void add_capabilities(struct writer *writer)
{
	const struct kvm_facts *kvm = &writer->facts->kvm;

	if (!kvm->version) {
		add(writer, "kvm-api", HOST_MISSING, "see /dev/kvm", "KVM could not be asked");
		return;
	}
	add(writer, "kvm-api", HOST_OK, "", "version %d", kvm->version);
	for (size_t i = 0; i < kvm->capability_count; i++) {
		const struct kvm_capability *known = &kvm->capabilities[i];

		add(writer, known->name, known->present ? HOST_OK :
		    known->required ? HOST_MISSING : HOST_LIMITED, "a newer kernel", "%s%s",
		    known->use, known->present ? "" : known->required ?
		    ": vmm needs it" : ": vmm does without");
	}
}

static void add_speed(struct writer *writer)
{
	const struct kvm_facts *kvm = &writer->facts->kvm;
	bool hardware = kvm->mips >= HARDWARE_MIPS;

	if (!kvm->measured) {
		add(writer, "kvm-speed", HOST_MISSING, kvm->version ? "see dmesg" : "see /dev/kvm",
		    kvm->version ? "no guest came to its end, or not in time" :
		    "there is no KVM to measure");
		return;
	}
	add(writer, "kvm-speed", hardware ? HOST_OK : HOST_LIMITED,
	    "use another host for KVM; here vmm's own emulator is faster (--engine=auto takes it)",
	    "an exit takes %.1f us, a loop runs at %.1f million instructions a second: %s",
	    kvm->exit_microseconds, kvm->mips,
	    hardware ? "the processor runs the guest" : "KVM emulates each instruction");
}

/* --- the engine direct --- */

/* What it has of a thing that Linux lists among the processor's flags. */
static void add_flag(struct writer *writer, const char *check, const char *flag, bool needed,
		     const char *use, const char *without)
{
	bool there = inventory_has(&writer->facts->inventory, flag);

	add(writer, check, there ? HOST_OK : needed ? HOST_MISSING : HOST_LIMITED,
	    "another processor, or a newer kernel", "%s", there ? use : without);
}

static void add_system_calls(struct writer *writer)
{
	const struct host_facts *facts = writer->facts;

	add(writer, "direct: syscall-user-dispatch",
	    facts->user_dispatch ? HOST_OK : HOST_MISSING,
	    "Linux 5.11 or newer; a container's filter must allow prctl",
	    facts->user_dispatch ? "the guest's system calls come to vmm" :
	    "nothing keeps the guest's system calls from the host");
	add(writer, "direct: modify_ldt", facts->modify_ldt ? HOST_OK : HOST_LIMITED,
	    "a kernel with CONFIG_MODIFY_LDT_SYSCALL",
	    facts->modify_ldt ? "there (not used yet: segments with a base are emulated)" :
	    "not there (not used yet: segments with a base are emulated)");
}

static void add_lowest_address(struct writer *writer)
{
	const struct optional *lowest = &writer->facts->inventory.mmap_min_addr;

	if (lowest->set)
		add(writer, "direct: vm.mmap_min_addr", lowest->value ? HOST_LIMITED : HOST_OK,
		    "sudo sysctl vm.mmap_min_addr=0, which makes the host less safe",
		    "guest code below address 0x%" PRIx64 " %s", lowest->value,
		    lowest->value ? "is emulated" : "does not exist: all can run natively");
	else
		add(writer, "direct: vm.mmap_min_addr", HOST_LIMITED, "mount procfs at /proc",
		    "cannot be read: guest code below 0x10000 is emulated");
}

static void add_direct(struct writer *writer)
{
	add_system_calls(writer);
	add_flag(writer, "direct: fsgsbase", "fsgsbase", true, "the guest's FS and GS bases are "
		 "its own", "the guest's FS and GS bases cannot be kept apart from vmm's");
	add_flag(writer, "direct: xsave", "xsave", true, "the guest's FPU state is its own",
		 "the guest's FPU state cannot be kept apart from vmm's");
	add_lowest_address(writer);
	add_flag(writer, "direct: cpuid-faulting", "cpuid_fault", false,
		 "there (not needed: code with CPUID in it is found and emulated)",
		 "not there: code with CPUID in it is found beforehand and emulated");
	add_flag(writer, "direct: umip", "umip", false,
		 "SGDT, SIDT, SLDT, SMSW and STR do not show the host's tables",
		 "SGDT, SIDT, SLDT, SMSW and STR show the host's tables where code with them "
		 "is not found beforehand");
	add_flag(writer, "direct: pku", "ospke", false,
		 "protection keys are there (not used yet)",
		 "no protection keys (not used yet: the engine does not isolate the guest)");
}

/* --- what is around --- */

static const char *hypervisor_name(const char *signature)
{
	static const struct {
		const char *signature, *name;
	} known[] = {
		{ "KVMKVMKVM", "KVM" }, { "TCGTCGTCGTCG", "QEMU's emulator (TCG)" },
		{ "Microsoft Hv", "Hyper-V" }, { "VMwareVMware", "VMware" },
		{ "XenVMMXenVMM", "Xen" }, { "VBoxVBoxVBox", "VirtualBox" },
		{ "bhyve bhyve ", "bhyve" }, { "ACRNACRNACRN", "ACRN" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(signature, known[i].signature))
			return known[i].name;
	return *signature ? signature : "an unknown hypervisor";
}

static void add_surroundings(struct writer *writer)
{
	const struct host_facts *facts = writer->facts;
	const struct inventory *host = &facts->inventory;
	const char *between = *host->machine ? ", machine " : "";

	if (inventory_has(host, "hypervisor") || *facts->signature)
		add(writer, "hypervisor", HOST_LIMITED, "for figures that count, bare metal",
		    "this host is itself a virtual machine, of %s%s%s",
		    hypervisor_name(facts->signature), between, host->machine);
	else if (*host->hypervisor)
		add(writer, "hypervisor", HOST_LIMITED, "for figures that count, bare metal",
		    "this host is itself a domain of %s%s%s", host->hypervisor, between,
		    host->machine);
	else
		add(writer, "hypervisor", HOST_OK, "", "none shows itself: bare metal%s%s", between,
		    host->machine);
	if (*host->container)
		add(writer, "container", HOST_LIMITED, "pass what is missing on to the container "
		    "(--device=/dev/kvm), or run vmm outside", "vmm runs in one: %s",
		    host->container);
	else
		add(writer, "container", HOST_OK, "", "none shows itself");
}

static void add_devices(struct writer *writer)
{
	const struct inventory *host = &writer->facts->inventory;

	if (host->iommu_groups)
		add(writer, "iommu", HOST_OK, "", "%zu group%s", host->iommu_groups,
		    host->iommu_groups == 1 ? "" : "s");
	else
		add(writer, "iommu", HOST_MISSING, inventory_has(host, "hypervisor") ?
		    "give this machine an IOMMU in the hypervisor that it runs on (QEMU: -device "
		    "intel-iommu)" : "enable VT-d or AMD-Vi in the firmware; on Intel boot Linux "
		    "with intel_iommu=on", "no groups in /sys/kernel/iommu_groups: "
		    "no device can be handed to a guest safely");
	if (!host->sriov_count)
		add(writer, "sr-iov", HOST_MISSING, "a device that has it (many network cards of "
		    "10 Gbit/s and more)", "no PCI device can show itself as several");
	for (size_t i = 0; i < host->sriov_count; i++) {
		const struct sriov_device *device = &host->sriov[i];
		char check[48], remedy[160];

		snprintf(check, sizeof(check), "sr-iov %s", device->address);
		snprintf(remedy, sizeof(remedy), "echo %" PRIu32 " | sudo tee "
			 "/sys/bus/pci/devices/%s/sriov_numvfs", device->most, device->address);
		add(writer, check, device->functions ? HOST_OK : HOST_LIMITED, remedy,
		    "%" PRIu32 " of %" PRIu32 " virtual functions are there (driver %s)",
		    device->functions, device->most, *device->driver ? device->driver : "none");
	}
}

/* --- the engines --- */

/* Of one that does not work, the probe says: "why (what would help)". */
static void add_missing_engine(struct writer *writer, const char *check, const char *text)
{
	const char *open = strrchr(text, '(');
	size_t length = open ? (size_t)(open - text) : strlen(text);
	char remedy[200] = "see the lines above";

	if (open)
		snprintf(remedy, sizeof(remedy), "%.*s", (int)strcspn(open + 1, ")"), open + 1);
	while (length && text[length - 1] == ' ')
		length--;
	add(writer, check, HOST_MISSING, remedy, "%.*s", (int)length, text);
}

static void add_engine(struct writer *writer, const char *name, const struct engine_probe *probe)
{
	char check[32];

	snprintf(check, sizeof(check), "engine %s", name);
	writer->lines->usable |= probe->usable;
	if (!probe->usable) {
		add_missing_engine(writer, check, probe->text);
		return;
	}
	add(writer, check, probe->rank == ENGINE_FOREIGN_EMULATOR ? HOST_LIMITED : HOST_OK,
	    "see the lines above", "%s", probe->text);
}

int host_lines_make(struct host_lines *lines, const struct host_facts *facts)
{
	struct writer writer = { .lines = lines, .facts = facts };

	*lines = (struct host_lines){ 0 };
	add_processor(&writer);
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		add_feature(&writer, &features[i]);
	add_module(&writer);
	add_device(&writer);
	add_capabilities(&writer);
	add_speed(&writer);
	add_direct(&writer);
	add_surroundings(&writer);
	add_devices(&writer);
	add_engine(&writer, "kvm", &facts->kvm.probe);
	add_engine(&writer, "direct", &facts->direct);
	add_engine(&writer, "interp", &facts->interp);
	return writer.out_of_memory ? -ENOMEM : 0;
}

void host_lines_free(struct host_lines *lines)
{
	free(lines->lines);
	*lines = (struct host_lines){ 0 };
}
