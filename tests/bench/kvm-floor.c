// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * kvm-floor - the least that a program can do to run a guest on KVM: the floor
 * that the benchmark holds vmm against.
 *
 * Loads a flat image at 0, starts it there in real mode and does nothing at an
 * exit but enter the guest again, until it halts. Nothing is checked that need
 * not be, and it is linked statically: what it takes is what Linux takes. With
 * -d there is the least that a disk can be behind the ports.
 * See the Linux kernel's Documentation/virt/kvm/api.rst.
 */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "floor-disk.h"

#define FAILED 1	/* exit statuses */
#define USAGE 2

#define MEMORY_SIZE 0xA0000u		/* what lies above is no memory, as on a PC */
#define STACK_TOP 0x40000u		/* as vmm starts flat guests */
#define DEBUG_EXIT_PORT 0xF4
#define IDENTITY_MAP 0xFFFBC000ull	/* below 4 GiB, out of the guest's way */
#define TSS_ADDRESS (IDENTITY_MAP + 0x1000)

struct floor {
	uint8_t *memory;
	bool has_disk;
	struct floor_disk disk;
	unsigned long exits;
	int vcpu;
	struct kvm_run *run;
};

static void usage(void)
{
	fputs("usage: kvm-floor [-c] [-d DISK] IMAGE\n"
	      "  -c       print the number of exits at the end\n"
	      "  -d DISK  write to this file what the guest writes to its disk\n", stderr);
	exit(USAGE);
}

static int must_ioctl(int fd, unsigned long request, unsigned long argument, const char *name)
{
	int result = ioctl(fd, request, argument);

	if (result < 0)
		err(FAILED, "%s", name);
	return result;
}

static void load(struct floor *floor, const char *path)
{
	int fd = open(path, O_RDONLY);

	floor->memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (floor->memory == MAP_FAILED)
		err(FAILED, "guest memory");
	if (fd < 0 || read(fd, floor->memory, MEMORY_SIZE) <= 0)
		err(FAILED, "%s", path);
	close(fd);
}

/* Real mode at 0000:0000; all else as KVM resets it. */
static void set_registers(int vcpu)
{
	struct kvm_regs regs = { .rsp = STACK_TOP, .rflags = 2 };
	struct kvm_sregs sregs;

	must_ioctl(vcpu, KVM_GET_SREGS, (unsigned long)&sregs, "KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	must_ioctl(vcpu, KVM_SET_SREGS, (unsigned long)&sregs, "KVM_SET_SREGS");
	must_ioctl(vcpu, KVM_SET_REGS, (unsigned long)&regs, "KVM_SET_REGS");
}

static void create(struct floor *floor)
{
	struct kvm_userspace_memory_region slot = {
		.memory_size = MEMORY_SIZE,
		.userspace_addr = (uintptr_t)floor->memory,
	};
	uint64_t identity_map = IDENTITY_MAP;
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int size;
	int vm;

	if (kvm < 0)
		err(FAILED, "/dev/kvm");
	vm = must_ioctl(kvm, KVM_CREATE_VM, 0, "KVM_CREATE_VM");
	size = must_ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0, "KVM_GET_VCPU_MMAP_SIZE");
	must_ioctl(vm, KVM_SET_IDENTITY_MAP_ADDR, (unsigned long)&identity_map,
		   "KVM_SET_IDENTITY_MAP_ADDR");
	must_ioctl(vm, KVM_SET_TSS_ADDR, TSS_ADDRESS, "KVM_SET_TSS_ADDR");
	must_ioctl(vm, KVM_SET_USER_MEMORY_REGION, (unsigned long)&slot,
		   "KVM_SET_USER_MEMORY_REGION");
	floor->vcpu = must_ioctl(vm, KVM_CREATE_VCPU, 0, "KVM_CREATE_VCPU");
	floor->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, floor->vcpu, 0);
	if (floor->run == MAP_FAILED)
		err(FAILED, "struct kvm_run");
	set_registers(floor->vcpu);
}

/* Returns false where the guest ends by the debug-exit port. */
static bool port_access(struct floor *floor)
{
	struct kvm_run *run = floor->run;
	void *data = (uint8_t *)run + run->io.data_offset;
	size_t size = (size_t)run->io.size * run->io.count;

	if (run->io.port == DEBUG_EXIT_PORT)
		return false;
	if (!floor->has_disk)
		return true;
	if (run->io.direction == KVM_EXIT_IO_OUT)
		floor_disk_out(&floor->disk, run->io.port, data, size);
	else
		floor_disk_in(&floor->disk, run->io.port, data, size);
	return true;
}

static void run_guest(struct floor *floor)
{
	bool go_on = true;

	while (go_on) {
		must_ioctl(floor->vcpu, KVM_RUN, 0, "KVM_RUN");
		floor->exits++;
		if (floor->run->exit_reason == KVM_EXIT_IO)
			go_on = port_access(floor);
		else if (floor->run->exit_reason == KVM_EXIT_HLT)
			go_on = false;
		else if (floor->run->exit_reason != KVM_EXIT_MMIO)
			errx(FAILED, "exit reason %u", floor->run->exit_reason);
	}
}

int main(int argc, char **argv)
{
	struct floor floor = { 0 };
	const char *disk = NULL;
	bool print_exits = false;
	int option;

	while ((option = getopt(argc, argv, "cd:")) != -1) {
		if (option == 'c')
			print_exits = true;
		else if (option == 'd')
			disk = optarg;
		else
			usage();
	}
	if (optind != argc - 1)
		usage();

	load(&floor, argv[optind]);
	floor.has_disk = disk;
	if (disk)
		floor_disk_open(&floor.disk, disk, floor.memory, MEMORY_SIZE);
	create(&floor);
	run_guest(&floor);
	if (disk)
		floor_disk_close(&floor.disk);
	if (print_exits)
		printf("%lu\n", floor.exits);
	return 0;
}
