/* SPDX-License-Identifier: 0BSD */
/* ring3.c - tasks that leave ring 0: what is forbidden there, and system calls. */
#include "rackdoll/rackdoll.h"

#include <vmm/string.h>

#define FMASK		(FLAG_IF | FLAG_DF | FLAG_TF | FLAG_AC)
#define CALLS		1000

static uint64_t total;

uint64_t user_address(void (*code)(void))
{
	return USER_CODE + (uintptr_t)code - (uintptr_t)user_start;
}

uint64_t user_map(struct paging *space)
{
	uint64_t data = frame_allocate();

	paging_map(space, USER_CODE, (uintptr_t)user_start, PTE_P | PTE_US);
	paging_map(space, USER_STACK - PAGE_SIZE, frame_allocate(), PTE_ALL | PTE_NX);
	paging_map(space, USER_DATA, data, PTE_ALL | PTE_NX);
	return data;
}

uint64_t user_run(void (*code)(void), uint64_t argument)
{
	uint64_t result, ip = user_address(code);

	TRY("pushq %[ss]\n\tpushq %[sp]\n\tpushq trap_user_flags\n\tpushq %[cs]\n\tpushq %[ip]\n\t"
	    "iretq"
	    , "=a"(result), "+b"(argument)
	    : [ss] "i"(USER_DS), [sp] "r"(USER_STACK), [cs] "i"(USER_CS), [ip] "r"(ip)
	    : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "memory", "cc");
	return result;
}

/* The kernel's pages, pages to be read only, and nothing at all. */
static void task_user_rights(void)
{
	const char *found[3];

	paging_map(&kernel_space, USER_DATA + PAGE_SIZE, frame_allocate(), PTE_P | PTE_US);
	user_run(user_read, 0x100000);
	found[0] = outcome();
	user_run(user_write, 0x100004);
	found[1] = outcome();
	user_run(user_call, 0x107000);
	say("ring 3   %s, %s, %s", found[0], found[1], outcome());
	user_run(user_write, USER_DATA + PAGE_SIZE);
	found[0] = outcome();
	user_run(user_call, USER_DATA);
	found[1] = outcome();
	user_run(user_read, USER_DATA + 2 * PAGE_SIZE);
	say("ring 3   %s, %s, %s", found[0], found[1], outcome());
	user_run(user_write, 0x7FFFF7FF0000);
	found[0] = outcome();
	user_run(user_call, 0xFFFFFFFFFF600000);
	found[1] = outcome();
	user_run(user_read, 0x800000000000);
	say("ring 3   %s, %s, %s", found[0], found[1], outcome());
}

/* Instructions that are the kernel's. */
static void task_privileged(void)
{
	void (*const codes[])(void) = { user_cli, user_hlt, user_in, user_cr3, user_lgdt };
	const char *found[4];

	for (unsigned int i = 0; i < 4; i++) {
		user_run(codes[i], USER_DATA);
		found[i] = outcome();
	}
	say("ring 3   cli %s, hlt %s, in %s, mov cr3 %s", found[0], found[1], found[2], found[3]);
}

/* RDI is the argument. */
uint64_t system_call(uint64_t argument)
{
	total += argument;
	return total;
}

static bool on_int80(struct trap_frame *frame)
{
	frame->ax = system_call(frame->di);
	return true;
}

static void task_int80(void)
{
	uint64_t sum;
	const char *closed;

	user_run(user_int80, CALLS);
	closed = outcome();
	trap_gate(SYSTEM_VECTOR, ACCESS_PRESENT | TYPE_INTERRUPT_GATE | ACCESS_DPL(3), 0);
	trap_handler[SYSTEM_VECTOR] = on_int80;
	total = 0;
	sum = user_run(user_int80, CALLS);
	/* Without its error code, which QEMU's TCG has wrong in long mode. */
	say("int 80   %.3s; %u calls: %u, %s", closed, CALLS, (unsigned int)sum, outcome());
}

static void task_syscall(void)
{
	uint64_t sum;
	const char *closed;

	user_run(user_syscall, CALLS);
	closed = outcome();
	write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_SCE);
	write_msr(MSR_STAR, (uint64_t)USER_CS32 << 48 | (uint64_t)KERNEL_CS << 32);
	write_msr(MSR_LSTAR, (uintptr_t)syscall_entry);
	write_msr(MSR_FMASK, FMASK);
	total = 0;
	sum = user_run(user_syscall, CALLS);
	say("syscall  %s; %u calls: %u, %s", closed, CALLS, (unsigned int)sum, outcome());
}

void user_tasks(void)
{
	user_map(&kernel_space);
	task_user_rights();
	task_privileged();
	task_int80();
	task_syscall();
}
