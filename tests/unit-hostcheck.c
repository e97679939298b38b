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

#define FILES 13
#define WANTS 16

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

/* --- hosts --- */

/* A line of that check has the verdict, and the text in its reason or its remedy. */
struct want {
	const char *check;
	enum host_verdict verdict;
	const char *text;
};

struct host {
	const char *name;
	struct {
		const char *name, *text;
	} files[FILES];
	void (*prepare)(struct fixture *f);	/* what else there is; NULL: nothing */
	bool usable;
	struct want wants[WANTS];
};

#define CPUINFO "/proc/cpuinfo"
#define INTEL "/sys/module/kvm_intel/parameters/"
#define AMD "/sys/module/kvm_amd/parameters/"
#define GROUPS "/sys/kernel/iommu_groups/"
#define DMI "/sys/class/dmi/id/"
#define PCI "/sys/bus/pci/devices/"

static void in_a_container(struct fixture *f)
{
	strcpy(f->facts.signature, "KVMKVMKVM");
	f->facts.device_error = ENOENT;
}

static void with_a_driver(struct fixture *f)
{
	char path[PATH_MAX];

	path_in(f, path, PCI "0000:03:00.0/driver");
	unit_equal(&f->unit, (uint64_t)symlink("../../../bus/pci/drivers/ixgbe", path), 0,
		   "a driver is linked");
}

static void odd_files(struct fixture *f)
{
	char path[PATH_MAX], *long_line = malloc(1 << 20);

	path_in(f, path, CPUINFO);
	unit_equal(&f->unit, (uint64_t)mkfifo(path, 0644), 0, "cpuinfo is a FIFO");
	path_in(f, path, DMI "sys_vendor/x");
	if (long_line) {
		memset(long_line, 'x', (1 << 20) - 1);
		long_line[(1 << 20) - 1] = '\0';
		put(f, "/run/systemd/container", long_line);
	}
	free(long_line);
}

static void with_kvm(struct fixture *f)
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
	f->facts.direct = (struct engine_probe){
		.usable = true, .rank = ENGINE_NATIVE, .text = "works: natively",
	};
}

static void with_emulated_kvm(struct fixture *f)
{
	f->facts.kvm = (struct kvm_facts){
		.version = 12, .measured = true, .exit_microseconds = 9, .mips = 0.8,
	};
}

static void forbidden(struct fixture *f)
{
	f->facts.device_error = EACCES;
	strcpy(f->facts.device_group, "virt");
}

static void forbidden_as_yet(struct fixture *f)
{
	forbidden(f);
	f->facts.device_group_listed = true;
}

static void forbidden_to_all(struct fixture *f)
{
	f->facts.device_error = EACCES;
}

static const struct host hosts[] = {
	{ "Intel", {
		{ CPUINFO, "processor\t: 0\nmodel name\t: Intel(R) Core(TM) i7\n"
		  "flags\t\t: fpu vmx fsgsbase xsave umip ospke cpuid_fault\n"
		  "vmx flags\t: vnmi posted_intr ept vpid unrestricted_guest\n\n"
		  "processor\t: 1\nmodel name\t: another\nflags\t\t: svm\n" },
		{ INTEL "ept", "Y\n" }, { INTEL "vpid", "N\n" },
		{ INTEL "unrestricted_guest", "Y\n" }, { INTEL "enable_apicv", "Y\n" },
		{ INTEL "nested", "N\n" },
		{ GROUPS "0/type", "DMA\n" }, { GROUPS "1/type", "DMA\n" },
		{ DMI "sys_vendor", "LENOVO\n" }, { DMI "product_name", "20XW\n" },
		{ "/proc/sys/vm/mmap_min_addr", "65536\n" },
	}, NULL, false, {
		{ "processor", HOST_OK, "Intel(R) Core(TM) i7" },
		{ "virtualization", HOST_OK, "VMX" },
		{ "nested-paging", HOST_OK, "EPT" },
		{ "tlb-tags", HOST_LIMITED, "vpid=0" },
		{ "real-mode", HOST_OK, "unrestricted guest" },
		{ "interrupt-delivery", HOST_OK, "posted interrupts" },
		{ "kvm-module", HOST_OK, "kvm_intel" },
		{ "nested-virtualization", HOST_LIMITED, "nested=0" },
		{ "iommu", HOST_OK, "2 groups" },
		{ "hypervisor", HOST_OK, "LENOVO 20XW" },
		{ "container", HOST_OK, "none" },
		{ "direct: cpuid-faulting", HOST_OK, "there" },
		{ "direct: pku", HOST_OK, "there" },
		{ "direct: vm.mmap_min_addr", HOST_LIMITED, "0x10000" },
	} },
	{ "Intel without all that", {
		{ CPUINFO, "model name\t: Intel(R) Xeon(TM)\nflags\t\t: vmx\nvmx flags\t: vnmi\n" },
		{ INTEL "nested", "1\n" },
	}, NULL, false, {
		{ "nested-paging", HOST_MISSING, "no EPT" },
		{ "real-mode", HOST_MISSING, "KVM emulates real mode" },
		{ "tlb-tags", HOST_MISSING, "VPID" },
		{ "interrupt-delivery", HOST_MISSING, "posted interrupts" },
		{ "nested-virtualization", HOST_OK, "nested=1" },
		{ "direct: fsgsbase", HOST_MISSING, "bases" },
		{ "iommu", HOST_MISSING, "firmware" },
	} },
	{ "AMD", {
		{ CPUINFO, "model name\t: AMD Ryzen 7\nflags\t\t: svm npt avic fsgsbase\n" },
		{ AMD "npt", "Y\n" }, { AMD "avic", "N\n" }, { AMD "nested", "1\n" },
	}, NULL, false, {
		{ "virtualization", HOST_OK, "SVM" },
		{ "nested-paging", HOST_OK, "NPT" },
		{ "interrupt-delivery", HOST_LIMITED, "avic=0" },
		{ "real-mode", HOST_OK, "SVM" },
		{ "tlb-tags", HOST_OK, "ASID" },
		{ "kvm-module", HOST_OK, "kvm_amd" },
		{ "nested-virtualization", HOST_OK, "nested=1" },
	} },
	{ "a container in a virtual machine", {
		{ CPUINFO, "model name\t: QEMU\nflags\t\t: fpu hypervisor\n" },
		{ DMI "sys_vendor", "QEMU\n" },
		{ "/run/systemd/container", "lxc\n" }, { "/.dockerenv", "" },
	}, in_a_container, false, {
		{ "virtualization", HOST_MISSING, "neither VMX nor SVM" },
		{ "nested-paging", HOST_MISSING, "EPT or NPT" },
		{ "kvm-module", HOST_MISSING, "neither" },
		{ "/dev/kvm", HOST_MISSING, "No such file" },
		{ "kvm-api", HOST_MISSING, "could not be asked" },
		{ "kvm-speed", HOST_MISSING, "no KVM" },
		{ "hypervisor", HOST_LIMITED, "of KVM, machine QEMU" },
		{ "container", HOST_LIMITED, "lxc" },
		{ "iommu", HOST_MISSING, "hypervisor" },
	} },
	{ "network cards with SR-IOV", {
		{ PCI "0000:03:00.1/sriov_totalvfs", "64\n" },
		{ PCI "0000:03:00.1/sriov_numvfs", "0\n" },
		{ PCI "0000:03:00.0/sriov_totalvfs", "64\n" },
		{ PCI "0000:03:00.0/sriov_numvfs", "7\n" },
		{ PCI "0000:00:1f.0/vendor", "0x8086\n" },
		{ PCI "0000:04:00.0/sriov_totalvfs", "many\n" },
	}, with_a_driver, false, {
		{ "sr-iov 0000:03:00.0", HOST_OK, "7 of 64 virtual functions are there (driver ixgbe)" },
		{ "sr-iov 0000:03:00.1", HOST_LIMITED, "0 of 64" },
	} },
	/* Files that are none, or hold something else: nothing hangs, nothing breaks. */
	{ "odd files", {
		{ DMI "product_name", "\033[2Jproduct\177" },
		{ "/sys/kernel/iommu_groups", "no folder\n" },
		{ "/proc/sys/vm/mmap_min_addr", "-1\n" },
	}, odd_files, false, {
		{ "processor", HOST_LIMITED, "does not name" },
		{ "hypervisor", HOST_OK, "machine [2Jproduct" },
		{ "iommu", HOST_MISSING, "no groups" },
		{ "direct: vm.mmap_min_addr", HOST_LIMITED, "cannot be read" },
		{ "container", HOST_LIMITED, "xxx" },
	} },
	{ "an odd cpuinfo", {
		{ CPUINFO, "model name\nflags: vmxx svmm\nvmx flags :\nmodel name :" },
	}, NULL, false, {
		{ "processor", HOST_LIMITED, "does not name" },
		{ "virtualization", HOST_MISSING, "neither" },
	} },
	{ "nothing", { }, NULL, false, {
		{ "processor", HOST_LIMITED, "does not name" },
		{ "sr-iov", HOST_MISSING, "no PCI device" },
	} },
	{ "KVM", { }, with_kvm, true, {
		{ "kvm-api", HOST_OK, "12" },
		{ "KVM_CAP_USER_MEMORY", HOST_MISSING, "needs" },
		{ "KVM_CAP_SYNC_REGS", HOST_LIMITED, "without" },
		{ "KVM_CAP_XCRS", HOST_OK, "" },
		{ "kvm-speed", HOST_OK, "1.2 us, a loop runs at 9000.0 million" },
		{ "engine kvm", HOST_OK, "works" },
		{ "engine direct", HOST_OK, "natively" },
		{ "engine interp", HOST_MISSING, "cpu.so: gone" },
		{ "engine interp", HOST_MISSING, "install it" },
	} },
	{ "KVM that emulates", { }, with_emulated_kvm, false, {
		{ "kvm-speed", HOST_LIMITED, "KVM emulates each instruction" },
	} },
	{ "a device that is another group's", { }, forbidden, false, {
		{ "/dev/kvm", HOST_MISSING, "Permission denied" },
		{ "/dev/kvm", HOST_MISSING, "sudo adduser $USER virt" },
	} },
	{ "a user who has just been added to the group", { }, forbidden_as_yet, false, {
		{ "/dev/kvm", HOST_MISSING, "log in again: you are in the group virt" },
	} },
	{ "a device that is root's alone", { }, forbidden_to_all, false, {
		{ "/dev/kvm", HOST_MISSING, "sudo chgrp kvm /dev/kvm" },
	} },
};

/* --- checking --- */

static bool fits(const struct host_line *line, const struct want *want)
{
	return !strcmp(line->check, want->check) && line->verdict == want->verdict &&
	       (strstr(line->reason, want->text) || strstr(line->remedy, want->text));
}

static void check_want(struct fixture *f, const struct host *host, const struct want *want)
{
	bool found = false;
	char what[160];

	for (size_t i = 0; i < f->lines.count; i++)
		found |= fits(&f->lines.lines[i], want);
	snprintf(what, sizeof(what), "%s: %s: %s, %s", host->name, want->check,
		 host_verdict_names[want->verdict], want->text);
	unit_check(&f->unit, found, what);
	for (size_t i = 0; i < f->lines.count && !found; i++)
		if (!strcmp(f->lines.lines[i].check, want->check))
			printf("  is %s, %s\n", host_verdict_names[f->lines.lines[i].verdict],
			       f->lines.lines[i].reason);
}

static void check_host(struct fixture *f, const struct host *host)
{
	for (size_t i = 0; i < FILES && host->files[i].name; i++)
		put(f, host->files[i].name, host->files[i].text);
	if (host->prepare)
		host->prepare(f);
	unit_equal(&f->unit, (uint64_t)inventory_read(&f->facts.inventory, f->root), 0,
		   "the tree is read");
	unit_equal(&f->unit, (uint64_t)host_lines_make(&f->lines, &f->facts), 0,
		   "the lines are made");
	for (size_t i = 0; i < f->lines.count; i++)
		if (f->lines.lines[i].verdict != HOST_OK && !*f->lines.lines[i].remedy)
			unit_check(&f->unit, false, f->lines.lines[i].check);
	for (size_t i = 0; i < WANTS && host->wants[i].check; i++)
		check_want(f, host, &host->wants[i]);
	unit_equal(&f->unit, f->lines.usable, host->usable, "an engine that works is enough");
}

int main(void)
{
	unsigned int failed = 0;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct fixture f = { 0 };

		if (!set_up(&f))
			return 1;
		check_host(&f, &hosts[i]);
		tear_down(&f);
		failed += f.unit.failed;
	}
	return failed ? 1 : 0;
}
