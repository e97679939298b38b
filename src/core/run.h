/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run.h - a run of the machine: who asked for its end, and why.
 *
 * Any thread may end the run with run_end(): a device (debug exit, power-off),
 * the window (quit key), the loop (a signal, a limit), the engine's dispatch.
 * The vCPU is then kicked out of the guest. Several endings can hold at once;
 * which one decides the exit status is said by ending_status().
 */
#ifndef VMM_CORE_RUN_H
#define VMM_CORE_RUN_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUN_POLL_MAX 16u

/* In order of precedence (vmm(1), EXIT STATUS): the first one decides. */
enum ending_kind {
	ENDING_HOST_ERROR,	/* 125: vmm could not do its work */
	ENDING_UNWANTED,	/* 120: the guest has shown what it must not */
	ENDING_REACHED,		/* 0: the guest has shown what was waited for */
	ENDING_CRASH,		/* 123: triple fault, the engine cannot go on */
	ENDING_LIMIT,		/* 124: time, exits or instructions */
	ENDING_SIGNAL,		/* value: 128 + the signal's number */
	ENDING_RESET,		/* 122 */
	ENDING_HALT,		/* value: the status; HLT with interrupts off */
	ENDING_EXIT,		/* value: the guest's own status, 0 to 119 */
	ENDING_POWEROFF,	/* 0 */
	ENDING_CLOSED,		/* 0: the user closed the window */
	ENDING_KINDS,
};

struct ending {
	enum ending_kind kind;
	int value;		/* see the kinds */
	char text[160];		/* what happened, for the line that the user gets */
};

struct run;

/* Returns 0 or -ENOMEM. The caller owns *run. */
int run_create(struct run **run);
void run_destroy(struct run *run);

/*
 * The status that a guest means by a value written to the debug-exit port (or
 * the EXIT hypercall): 0 to 119 as they are, 119 for anything larger.
 */
int run_guest_status(uint64_t value);

/*
 * What gets the vCPU out of the guest; called from any thread, at any time
 * until it is set to NULL again, and at once where the run has ended before.
 */
void run_set_kick(struct run *run, void (*kick)(void *self), void *self);

/* Kicks the vCPU without ending the run: it comes back and looks. */
void run_kick(struct run *run);

/*
 * Ends the run. The first ending of each kind is kept; nothing that the guest
 * does is one behind ENDING_UNWANTED or ENDING_REACHED, at which it is not
 * stopped at once. Safe from any thread. The text is printf's.
 */
void run_end(struct run *run, enum ending_kind kind, int value, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * --- a reset that the guest asks for; all by the vCPU's thread ---
 * reboots: the machine is reset, and the run goes on; else the run ends, as at first.
 */
void run_set_reboots(struct run *run, bool reboots);
bool run_reboots(const struct run *run);

/* how: the means, in words; must outlive the run. The vCPU is kicked. */
void run_reset(struct run *run, const char *how);

/* Whether the machine has to be reset. */
bool run_reset_wanted(const struct run *run);

/* By who resets it: how that was asked for. */
const char *run_take_reset(struct run *run);

/* Whether somebody has ended the run. */
bool run_ended(const struct run *run);

/*
 * Nobody waits any longer for a reader of what the guest has printed: its time
 * is up. The same holds where the user or a signal has ended the run, or the
 * host has failed. Safe from any thread.
 */
void run_hurry(struct run *run);
bool run_in_haste(const struct run *run);

/*
 * Sleeps until the vCPU is kicked or the run ends; returns at once where that
 * has happened since the last call. For a vCPU that halted with interrupts
 * enabled.
 */
void run_wait(struct run *run);

/*
 * run_wait() that ends too when poll(2) would, for count descriptors, RUN_POLL_MAX at most.
 * By the vCPU's thread. Returns 0 or -errno: then it has not slept.
 */
int run_poll(struct run *run, struct pollfd *fds, size_t count);

/*
 * The ending that decides, copied to *ending. Returns false where nothing has
 * ended the run.
 */
bool run_ending(struct run *run, struct ending *ending);

/* Whether the run has ended in this way too, copied to *ending. */
bool run_ended_by(struct run *run, enum ending_kind kind, struct ending *ending);

/* Whether it matters where the guest was. */
bool ending_has_place(const struct ending *ending);

/* RIP is behind the instruction that ended the run, not at the one that comes next. */
bool ending_is_behind(const struct ending *ending);

/* The exit status for an ending: 0 to 143. */
int ending_status(const struct ending *ending);

#endif
