// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * peakmem - how much memory a program that runs a KVM guest needed at its
 * peak, and how much of that was the guest's.
 *
 * Follows the program with ptrace(2). What it hands to KVM as guest memory is
 * learnt from its KVM_SET_USER_MEMORY_REGION calls; the pages of it that are
 * there are counted in /proc/PID/pagemap when they are unmapped or the program
 * ends. Prints the peak of the resident set (VmHWM) and the guest's pages,
 * both in KiB, separated by a tab. See proc(5) and the Linux kernel's
 * Documentation/admin-guide/mm/pagemap.rst.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILED 1	/* exit statuses */
#define USAGE 2

#define PAGE_SIZE 4096u
#define MAX_RANGES 32

/* A page counts where it is there and no other process, nor the zero page, is behind it. */
#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_EXCLUSIVE (1ull << 56)
#define PAGEMAP_COUNTED (PAGEMAP_PRESENT | PAGEMAP_EXCLUSIVE)

#define SYSCALL_STOP (SIGTRAP | 0x80)	/* PTRACE_O_TRACESYSGOOD */
#define EVENT_STOP(event) (SIGTRAP | (event) << 8)

struct range {
	uint64_t start;
	uint64_t end;
};

struct trace {
	pid_t pid;
	struct range guest[MAX_RANGES];
	size_t ranges;
	uint64_t guest_pages;	/* of the ranges that are no longer there */
	uint64_t peak_kib;
};

static int open_proc(pid_t pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		err(FAILED, "%s", path);
	return fd;
}

static uint64_t count_pages(pid_t pid, const struct range *range)
{
	uint64_t page = range->start / PAGE_SIZE;
	uint64_t last = (range->end - 1) / PAGE_SIZE;
	int fd = open_proc(pid, "pagemap");
	uint64_t entry[512];
	uint64_t count = 0;

	while (page <= last) {
		uint64_t wanted = last - page + 1;
		ssize_t got;

		if (wanted > sizeof(entry) / sizeof(entry[0]))
			wanted = sizeof(entry) / sizeof(entry[0]);
		got = pread(fd, entry, wanted * sizeof(entry[0]),
			    (off_t)(page * sizeof(entry[0])));
		if (got <= 0)
			break;	/* past the end of the address space */
		for (size_t i = 0; i < (size_t)got / sizeof(entry[0]); i++)
			count += (entry[i] & PAGEMAP_COUNTED) == PAGEMAP_COUNTED;
		page += (uint64_t)got / sizeof(entry[0]);
	}
	close(fd);
	return count;
}

static uint64_t read_peak(pid_t pid)
{
	char text[4096];
	int fd = open_proc(pid, "status");
	ssize_t len = read(fd, text, sizeof(text) - 1);
	const char *line;

	close(fd);
	text[len < 0 ? 0 : len] = '\0';
	line = strstr(text, "VmHWM:");
	return line ? strtoull(line + strlen("VmHWM:"), NULL, 10) : 0;
}

/* Counts and forgets the guest memory in the range. */
static void settle(struct trace *trace, const struct range *range)
{
	size_t kept = 0;

	for (size_t i = 0; i < trace->ranges; i++) {
		const struct range *guest = &trace->guest[i];

		if (guest->start < range->end && range->start < guest->end)
			trace->guest_pages += count_pages(trace->pid, guest);
		else
			trace->guest[kept++] = *guest;
	}
	trace->ranges = kept;
}

static void add_slot(struct trace *trace, uint64_t address)
{
	struct kvm_userspace_memory_region slot;
	struct iovec local = { .iov_base = &slot, .iov_len = sizeof(slot) };
	/* The other process's address: never followed here. */
	struct iovec remote = { .iov_base = (void *)(uintptr_t)address, .iov_len = sizeof(slot) };

	if (process_vm_readv(trace->pid, &local, 1, &remote, 1, 0) != (ssize_t)sizeof(slot))
		return;
	if (!slot.memory_size)
		return;
	if (trace->ranges == MAX_RANGES)
		errx(FAILED, "more than %d memory slots", MAX_RANGES);
	trace->guest[trace->ranges++] = (struct range){
		slot.userspace_addr, slot.userspace_addr + slot.memory_size };
}

static void on_syscall(struct trace *trace, pid_t thread)
{
	struct __ptrace_syscall_info info;
	const uint64_t *argument = info.entry.args;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) <= 0)
		return;
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	if (info.entry.nr == SYS_ioctl && argument[1] == KVM_SET_USER_MEMORY_REGION)
		add_slot(trace, argument[2]);
	else if (info.entry.nr == SYS_munmap)
		settle(trace, &(struct range){ argument[0], argument[0] + argument[1] });
}

static void on_exit_event(struct trace *trace)
{
	settle(trace, &(struct range){ 0, UINT64_MAX });
	trace->peak_kib = read_peak(trace->pid);
}

/* Takes in a stop of a thread. Returns the signal to go on with. */
static int on_stop(struct trace *trace, pid_t thread, int status)
{
	int signal = WSTOPSIG(status);

	if (signal == SYSCALL_STOP)
		on_syscall(trace, thread);
	else if (status >> 8 == EVENT_STOP(PTRACE_EVENT_EXIT) && thread == trace->pid)
		on_exit_event(trace);
	else if (signal != SIGTRAP && signal != SIGSTOP)
		return signal;
	return 0;
}

/* Returns the exit status of the program, 128 + N for signal N. */
static int follow(struct trace *trace)
{
	int status;

	for (;;) {
		pid_t thread = waitpid(-1, &status, __WALL);

		if (thread < 0)
			err(FAILED, "waitpid");
		if (WIFSTOPPED(status)) {
			long signal = on_stop(trace, thread, status);

			/* A thread that another one's exit_group() killed is gone. */
			ptrace(PTRACE_SYSCALL, thread, NULL, signal);
		} else if (thread == trace->pid) {
			return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		}
	}
}

static pid_t start(char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT |
			     PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	pid_t pid = fork();
	int status;

	if (pid < 0)
		err(FAILED, "fork");
	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			err(FAILED, "ptrace");
		raise(SIGSTOP);
		execv(argv[0], argv);
		err(FAILED, "%s", argv[0]);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		errx(FAILED, "the program cannot be followed");
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, options) < 0 ||
	    ptrace(PTRACE_SYSCALL, pid, NULL, NULL) < 0)
		err(FAILED, "ptrace");
	return pid;
}

int main(int argc, char **argv)
{
	struct trace trace = { .ranges = 0 };
	int status;

	if (argc < 2) {
		fputs("usage: peakmem COMMAND [ARG...]\n", stderr);
		return USAGE;
	}
	trace.pid = start(argv + 1);
	status = follow(&trace);
	if (status)
		errx(FAILED, "%s: exit status %d", argv[1], status);
	printf("%ju\t%ju\n", (uintmax_t)trace.peak_kib,
	       (uintmax_t)(trace.guest_pages * PAGE_SIZE / 1024));
	return 0;
}
