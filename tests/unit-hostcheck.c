/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-hostcheck.c - what --host-check makes of hosts other than this one: trees that
 * look like their procfs and sysfs, and answers of a made-up KVM.
 */
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostcheck_lines.h"
#include "unit.h"

struct fixture {
	struct unit unit;
	char root[64];
	struct host_facts facts;
	struct host_lines lines;
};

/* --- the tree --- */

static void make_folders(const char *path)
{
	char folder[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		mkdir(folder, 0755);
	}
}

static void path_in(struct fixture *f, char path[PATH_MAX], const char *name)
{
	snprintf(path, PATH_MAX, "%s%s", f->root, name);
	make_folders(path);
}

static void put(struct fixture *f, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	path_in(f, path, name);
	file = fopen(path, "w");
	if (!unit_check(&f->unit, file && fputs(text, file) >= 0, "a file of the tree is made"))
		return;
	fclose(file);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	return remove(path);
}

static bool set_up(struct fixture *f)
{
	snprintf(f->root, sizeof(f->root), "/tmp/unit-hostcheck.XXXXXX");
	return mkdtemp(f->root);
}

static void tear_down(struct fixture *f)
{
	host_lines_free(&f->lines);
	inventory_free(&f->facts.inventory);
	nftw(f->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void look(struct fixture *f)
{
	unit_equal(&f->unit, (uint64_t)inventory_read(&f->facts.inventory, f->root), 0,
		   "the tree is read");
	unit_equal(&f->unit, (uint64_t)host_lines_make(&f->lines, &f->facts), 0,
		   "the lines are made");
	for (size_t i = 0; i < f->lines.count; i++)
		if (f->lines.lines[i].verdict != HOST_OK && !*f->lines.lines[i].remedy)
			unit_check(&f->unit, false, f->lines.lines[i].check);
}

/* A line of that check has the verdict, and the text in its reason. */
static void wants(struct fixture *f, const char *check, enum host_verdict verdict,
		  const char *text)
{
	const struct host_line *line = NULL;
	char what[128];

	for (size_t i = 0; i < f->lines.count; i++)
		if (!strcmp(f->lines.lines[i].check, check))
			line = &f->lines.lines[i];
	snprintf(what, sizeof(what), "%s: %s, %s", check, host_verdict_names[verdict], text);
	if (!unit_check(&f->unit, line && line->verdict == verdict && strstr(line->reason, text),
			what) && line)
		printf("  is %s, %s\n", host_verdict_names[line->verdict], line->reason);
}

/* --- hosts --- */

static void intel(struct fixture *f)
{
	put(f, "/proc/cpuinfo", "processor\t: 0\nmodel name\t: Intel(R) Core(TM) i7\n"
	    "flags\t\t: fpu vmx fsgsbase xsave umip ospke cpuid_fault\n"
	    "vmx flags\t: vnmi posted_intr ept vpid unrestricted_guest\n\n"
	    "processor\t: 1\nmodel name\t: another\nflags\t\t: svm\n");
	put(f, "/sys/module/kvm_intel/parameters/ept", "Y\n");
	put(f, "/sys/module/kvm_intel/parameters/vpid", "N\n");
	put(f, "/sys/module/kvm_intel/parameters/unrestricted_guest", "Y\n");
	put(f, "/sys/module/kvm_intel/parameters/enable_apicv", "Y\n");
	put(f, "/sys/module/kvm_intel/parameters/nested", "N\n");
	put(f, "/sys/kernel/iommu_groups/0/type", "DMA\n");
	put(f, "/sys/kernel/iommu_groups/1/type", "DMA\n");
	put(f, "/sys/class/dmi/id/sys_vendor", "LENOVO\n");
	put(f, "/sys/class/dmi/id/product_name", "20XW\n");
	put(f, "/proc/sys/vm/mmap_min_addr", "65536\n");
	look(f);
	wants(f, "processor", HOST_OK, "Intel(R) Core(TM) i7");
	wants(f, "virtualization", HOST_OK, "VMX");
	wants(f, "nested-paging", HOST_OK, "EPT");
	wants(f, "tlb-tags", HOST_LIMITED, "vpid=0");
	wants(f, "real-mode", HOST_OK, "unrestricted guest");
	wants(f, "interrupt-delivery", HOST_OK, "posted interrupts");
	wants(f, "kvm-module", HOST_OK, "kvm_intel");
	wants(f, "nested-virtualization", HOST_LIMITED, "nested=0");
	wants(f, "iommu", HOST_OK, "2 groups");
	wants(f, "hypervisor", HOST_OK, "LENOVO 20XW");
	wants(f, "container", HOST_OK, "none");
	wants(f, "direct: cpuid-faulting", HOST_OK, "there");
	wants(f, "direct: pku", HOST_OK, "there");
	wants(f, "direct: vm.mmap_min_addr", HOST_LIMITED, "0x10000");
}

static void intel_without_flags(struct fixture *f)
{
	put(f, "/proc/cpuinfo", "model name\t: Intel(R) Xeon(TM)\nflags\t\t: vmx\n"
	    "vmx flags\t: vnmi\n");
	put(f, "/sys/module/kvm_intel/parameters/nested", "1\n");
	look(f);
	wants(f, "nested-paging", HOST_MISSING, "no EPT");
	wants(f, "real-mode", HOST_MISSING, "KVM emulates real mode");
	wants(f, "tlb-tags", HOST_MISSING, "VPID");
	wants(f, "nested-virtualization", HOST_OK, "nested=1");
	wants(f, "direct: fsgsbase", HOST_MISSING, "bases");
}

static void amd(struct fixture *f)
{
	put(f, "/proc/cpuinfo", "model name\t: AMD Ryzen 7\nflags\t\t: svm npt avic fsgsbase\n");
	put(f, "/sys/module/kvm_amd/parameters/npt", "Y\n");
	put(f, "/sys/module/kvm_amd/parameters/avic", "N\n");
	put(f, "/sys/module/kvm_amd/parameters/nested", "1\n");
	look(f);
	wants(f, "virtualization", HOST_OK, "SVM");
	wants(f, "nested-paging", HOST_OK, "NPT");
	wants(f, "interrupt-delivery", HOST_LIMITED, "avic=0");
	wants(f, "real-mode", HOST_OK, "SVM");
	wants(f, "tlb-tags", HOST_OK, "ASID");
	wants(f, "kvm-module", HOST_OK, "kvm_amd");
	wants(f, "nested-virtualization", HOST_OK, "nested=1");
}

static void virtual_machine(struct fixture *f)
{
	put(f, "/proc/cpuinfo", "model name\t: QEMU\nflags\t\t: fpu hypervisor\n");
	put(f, "/sys/class/dmi/id/sys_vendor", "QEMU\n");
	put(f, "/run/systemd/container", "lxc\n");
	put(f, "/.dockerenv", "");
	strcpy(f->facts.signature, "KVMKVMKVM");
	f->facts.device_error = ENOENT;
	look(f);
	wants(f, "virtualization", HOST_MISSING, "neither VMX nor SVM");
	wants(f, "nested-paging", HOST_MISSING, "EPT or NPT");
	wants(f, "kvm-module", HOST_MISSING, "neither");
	wants(f, "/dev/kvm", HOST_MISSING, "No such file");
	wants(f, "kvm-api", HOST_MISSING, "could not be asked");
	wants(f, "kvm-speed", HOST_MISSING, "no KVM");
	wants(f, "hypervisor", HOST_LIMITED, "of KVM, machine QEMU");
	wants(f, "container", HOST_LIMITED, "lxc");
	unit_check(&f->unit, !f->lines.usable, "no engine, no guest");
}

static void sriov(struct fixture *f)
{
	char path[PATH_MAX];

	put(f, "/sys/bus/pci/devices/0000:03:00.1/sriov_totalvfs", "64\n");
	put(f, "/sys/bus/pci/devices/0000:03:00.1/sriov_numvfs", "0\n");
	put(f, "/sys/bus/pci/devices/0000:03:00.0/sriov_totalvfs", "64\n");
	put(f, "/sys/bus/pci/devices/0000:03:00.0/sriov_numvfs", "7\n");
	put(f, "/sys/bus/pci/devices/0000:00:1f.0/vendor", "0x8086\n");
	put(f, "/sys/bus/pci/devices/0000:04:00.0/sriov_totalvfs", "many\n");
	path_in(f, path, "/sys/bus/pci/devices/0000:03:00.0/driver");
	unit_equal(&f->unit, (uint64_t)symlink("../../../bus/pci/drivers/ixgbe", path), 0,
		   "a driver is linked");
	look(f);
	unit_equal(&f->unit, f->facts.inventory.sriov_count, 2, "devices with SR-IOV");
	wants(f, "sr-iov 0000:03:00.0", HOST_OK, "7 of 64 virtual functions are there (driver ixgbe)");
	wants(f, "sr-iov 0000:03:00.1", HOST_LIMITED, "0 of 64");
}

/* Files that are none, or hold something else: nothing hangs, nothing breaks. */
static void odd_files(struct fixture *f)
{
	char path[PATH_MAX], *long_line = malloc(1 << 20);

	path_in(f, path, "/proc/cpuinfo");
	unit_equal(&f->unit, (uint64_t)mkfifo(path, 0644), 0, "cpuinfo is a FIFO");
	path_in(f, path, "/sys/class/dmi/id/sys_vendor/x");
	put(f, "/sys/class/dmi/id/product_name", "\033[2Jproduct\177");
	put(f, "/sys/kernel/iommu_groups", "no folder\n");
	put(f, "/proc/sys/vm/mmap_min_addr", "-1\n");
	if (long_line) {
		memset(long_line, 'x', (1 << 20) - 1);
		long_line[(1 << 20) - 1] = '\0';
		put(f, "/run/systemd/container", long_line);
	}
	free(long_line);
	look(f);
	wants(f, "processor", HOST_LIMITED, "does not name");
	wants(f, "hypervisor", HOST_OK, "machine [2Jproduct");
	wants(f, "iommu", HOST_MISSING, "no groups");
	wants(f, "direct: vm.mmap_min_addr", HOST_LIMITED, "cannot be read");
	wants(f, "container", HOST_LIMITED, "xxx");
}

static void odd_cpuinfo(struct fixture *f)
{
	put(f, "/proc/cpuinfo", "model name\nflags: vmxx svmm\nvmx flags :\nmodel name :");
	look(f);
	wants(f, "processor", HOST_LIMITED, "does not name");
	wants(f, "virtualization", HOST_MISSING, "neither");
}

static void no_tree(struct fixture *f)
{
	look(f);
	wants(f, "processor", HOST_LIMITED, "does not name");
	wants(f, "sr-iov", HOST_MISSING, "no PCI device");
}

static void kvm(struct fixture *f)
{
	f->facts.kvm = (struct kvm_facts){
		.version = 12, .measured = true, .exit_microseconds = 1.25, .mips = 9000,
		.capabilities = {
			{ .name = "KVM_CAP_USER_MEMORY", .required = true },
			{ .name = "KVM_CAP_SYNC_REGS" },
			{ .name = "KVM_CAP_XCRS", .present = true },
		},
		.capability_count = 3,
		.probe = { .usable = true, .rank = ENGINE_HARDWARE, .text = "works" },
	};
	snprintf(f->facts.interp.text, sizeof(f->facts.interp.text), "cpu.so: gone (install it)");
	look(f);
	wants(f, "kvm-api", HOST_OK, "12");
	wants(f, "KVM_CAP_USER_MEMORY", HOST_MISSING, "needs");
	wants(f, "KVM_CAP_SYNC_REGS", HOST_LIMITED, "without");
	wants(f, "KVM_CAP_XCRS", HOST_OK, "");
	wants(f, "kvm-speed", HOST_OK, "1.2 us, a loop runs at 9000.0 million");
	wants(f, "engine kvm", HOST_OK, "works");
	wants(f, "engine interp", HOST_MISSING, "cpu.so: gone");
	unit_check(&f->unit, f->lines.usable, "one engine is enough");
}

static void emulated_kvm(struct fixture *f)
{
	f->facts.kvm = (struct kvm_facts){
		.version = 12, .measured = true, .exit_microseconds = 9, .mips = 0.8,
	};
	look(f);
	wants(f, "kvm-speed", HOST_LIMITED, "KVM emulates each instruction");
}

UNIT_MAIN(intel, intel_without_flags, amd, virtual_machine, sriov, odd_files, odd_cpuinfo,
	  no_tree, kvm, emulated_kvm)
