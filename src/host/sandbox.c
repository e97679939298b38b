/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sandbox.c - the system calls that a run needs, as a filter of seccomp(2); a module.
 *
 * Whoever has all of vmm's memory can make each of them with whatever arguments: none may
 * reach what is not open already. A call that is not listed fails with EPERM rather
 * than to end the process, because libraries get along without many that they try.
 */
#include "host/sandbox_module.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "core/array.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

#define KVM_IOCTLS 0xAEu	/* KVMIO of <linux/kvm.h> */

/* Whatever their arguments are. */
static const int calls[] = {
	/* what is open */
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(write),
	SCMP_SYS(writev), SCMP_SYS(pwrite64), SCMP_SYS(pwritev), SCMP_SYS(lseek),
	SCMP_SYS(fstat), SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(fsync),
	SCMP_SYS(fdatasync), SCMP_SYS(close), SCMP_SYS(memfd_create),
	/* who is connected: a socket's next client, the display server */
	SCMP_SYS(accept4), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto),
	SCMP_SYS(sendmsg), SCMP_SYS(shutdown), SCMP_SYS(getsockopt),
	/* waiting */
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6),
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait), SCMP_SYS(eventfd2),
	SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(futex),
	SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep), SCMP_SYS(restart_syscall),
	SCMP_SYS(sched_yield), SCMP_SYS(wait4),
	/* time and chance */
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getrandom),
	/* signals, but not to others */
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack), SCMP_SYS(getpid), SCMP_SYS(gettid),
	/* threads that are only just starting */
	SCMP_SYS(set_robust_list), SCMP_SYS(rseq),
	/* memory; qsort(3) asks how much there is */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(mincore),
	SCMP_SYS(sysinfo),
	/* the end */
	SCMP_SYS(exit), SCMP_SYS(exit_group),
};

/* With one argument that has a value, under a mask. */
static const struct rule {
	int call;
	struct scmp_arg_cmp argument;
} rules[] = {
#define IS(argument, value) { (argument), SCMP_CMP_EQ, (value), 0 }
#define HAS(argument, mask, value) { (argument), SCMP_CMP_MASKED_EQ, (mask), (value) }
	/* fstat(3), which has an empty path */
	{ SCMP_SYS(newfstatat), HAS(3, AT_EMPTY_PATH, AT_EMPTY_PATH) },
	{ SCMP_SYS(fcntl), IS(1, F_GETFL) },
	{ SCMP_SYS(fcntl), IS(1, F_SETFL) },
	{ SCMP_SYS(fcntl), IS(1, F_GETFD) },
	{ SCMP_SYS(fcntl), IS(1, F_SETFD) },
	/* the terminal: not TIOCSTI, which types on it */
	{ SCMP_SYS(ioctl), IS(1, TCGETS) },
	{ SCMP_SYS(ioctl), IS(1, TCSETS) },
	{ SCMP_SYS(ioctl), IS(1, TCSETSW) },
	{ SCMP_SYS(ioctl), IS(1, TCSETSF) },
	{ SCMP_SYS(ioctl), IS(1, TCFLSH) },
	{ SCMP_SYS(ioctl), IS(1, TIOCGPGRP) },
	{ SCMP_SYS(ioctl), IS(1, TIOCGWINSZ) },
	{ SCMP_SYS(ioctl), IS(1, FIONREAD) },
	{ SCMP_SYS(ioctl), HAS(1, 0xFF00, KVM_IOCTLS << 8) },
	/* no pages that are written and executed at a time */
	{ SCMP_SYS(mmap), HAS(2, PROT_EXEC, 0) },
	{ SCMP_SYS(mprotect), HAS(2, PROT_EXEC, 0) },
	{ SCMP_SYS(mprotect), HAS(2, PROT_WRITE, 0) },
	{ SCMP_SYS(prctl), IS(0, PR_SET_SYSCALL_USER_DISPATCH) },
#undef IS
#undef HAS
};

static int add_rules(scmp_filter_ctx filter)
{
	int error = 0;

	for (size_t i = 0; i < ARRAY_SIZE(calls) && !error; i++)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	for (size_t i = 0; i < ARRAY_SIZE(rules) && !error; i++)
		error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rules[i].call, 1,
					       &rules[i].argument);
	return error;
}

/* Pages to be executed, of the guest's memory only, and not to be written. */
static int allow_code(scmp_filter_ctx filter, int fd)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
				SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE, 0),
				SCMP_A4(SCMP_CMP_EQ, (scmp_datum_t)fd));
}

/* Signals to the process's own threads. */
static int allow_signals(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
}

static int set_up(scmp_filter_ctx filter, const int *code, size_t count)
{
	static const struct {
		enum scmp_filter_attr name;
		uint32_t value;
	} attributes[] = {
		{ SCMP_FLTATR_CTL_TSYNC, 1 },
		{ SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM) },
		/* Who shares the process needs no speculation to read it. */
		{ SCMP_FLTATR_CTL_SSB, 1 },
		{ SCMP_FLTATR_CTL_OPTIMIZE, 2 },	/* a tree rather than a list */
	};
	int error = 0;

	for (size_t i = 0; i < ARRAY_SIZE(attributes) && !error; i++)
		error = seccomp_attr_set(filter, attributes[i].name, attributes[i].value);
	if (!error)
		error = add_rules(filter);
	if (!error)
		error = allow_signals(filter);
	for (size_t i = 0; i < count && !error; i++)
		error = allow_code(filter, code[i]);
	return error ? error : seccomp_load(filter);
}

static int enter(const int *code, size_t count)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int error;

	if (!filter)
		return -ENOMEM;
	error = set_up(filter, code, count);
	seccomp_release(filter);
	return error;
}

const struct sandbox_module vmm_sandbox_module = { SANDBOX_MODULE_VERSION, enter };
