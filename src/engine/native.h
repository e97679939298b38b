/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * native.h - into guest code on the host's own processor, and out again.
 *
 * Guest code runs in vmm's process, in the vCPU's thread, in user mode. It
 * comes out by a signal, on a stack of its own: what the guest may not do
 * raises a fault, system calls are caught by Syscall User Dispatch, and other
 * threads send one. The handler never returns to where it came from; entering
 * again takes no system call but one that arms the signal stack.
 */
#ifndef VMM_ENGINE_NATIVE_H
#define VMM_ENGINE_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu/native.h"

struct native;

/* How guest code came out. */
struct native_exit {
	int signal;		/* 0: it did not run: kicked before */
	int code;		/* si_code */
	unsigned int trap;	/* the exception's vector; 0: a kick */
	uint64_t error;		/* its error code */
	uint64_t address;	/* of a page fault (trap 14) */
};

/*
 * Whether this host lets a process do it: Syscall User Dispatch, FSGSBASE,
 * XSAVE, and seccomp(2), without which nothing would hold such a process. NULL: yes; else what is missing.
 */
const char *native_missing(void);

/*
 * Takes over the signals of faults, for the calling thread, which alone may run
 * guest code. Returns 0 or -errno. The caller owns *native.
 */
int native_create(struct native **native);
void native_destroy(struct native *native);

typedef void native_fn(struct native *native, struct cpu_native *registers,
		       struct native_exit *exit);

/*
 * Runs guest code from these registers on until it comes out; they are
 * those of then. An exception has changed nothing: RIP is at the instruction.
 */
native_fn native_run;

/*
 * The same for one instruction, or one round of a repeated one, behind which it comes
 * out by a single-step trap.
 */
native_fn native_step;

/* How long a trap takes, in and out, in ticks of the time-stamp counter. */
uint64_t native_trap_ticks(struct native *native);

/* From any thread: native_run() returns soon, the one that is on or the next. */
void native_kick(struct native *native);

/* Whether that is why it came out. */
bool native_kicked(const struct native_exit *exit);

#endif
