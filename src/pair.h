/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pair.h - two machines with the same guest on two engines, run side by side.
 *
 * Each is a whole machine: memory, devices, a disk of which writes vanish. The
 * one on an engine that counts instructions leads, with the virtual clock; the
 * other one follows to where the leader has come, and its clock shows the
 * leader's time. So its devices do the same at the same instruction, and both
 * processors take the same interrupts.
 */
#ifndef VMM_PAIR_H
#define VMM_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "core/module.h"
#include "cpu/cpu.h"

struct options;

#define PAIR_SIDES 2u		/* A and B */
#define TRACE_KEPT 16u
#define PAIR_INSN_BYTES 15u

/* An element that went through a port, or a byte of memory that is a device's. */
struct access {
	enum bus_space space;
	uint64_t address;
	uint64_t value;
	uint64_t time;		/* by the guest's clock */
	uint8_t size;
	bool write;
};

/* The accesses to devices of one step: the first ones, and what all come to. */
struct pair_trace {
	uint64_t count;
	uint64_t hash;
	struct access kept[TRACE_KEPT];
};

struct side {
	struct board board;
	const struct side *leader;	/* NULL: this one leads */
	bool started;
	enum machine_step step;		/* how the last step ended */
	struct vcpu_state state;	/* the registers after it */
	uint64_t interrupts;		/* taken so far */
	struct pair_trace trace;
	struct machine_watch watch;
};

/* In what the sides differ after a step. */
enum pair_difference {
	DIFFERS_REGISTERS = 1 << 0,
	DIFFERS_ACCESSES = 1 << 1,
	DIFFERS_INTERRUPTS = 1 << 2,
	DIFFERS_ENDING = 1 << 3,	/* one halts or ends, the other does not, or otherwise */
	DIFFERS_STALL = 1 << 4,		/* the follower does not come to where the leader is */
	DIFFERS_MEMORY = 1 << 5,
};

enum pair_progress { PAIR_GOES_ON, PAIR_ENDED, PAIR_HALTED, PAIR_FAILED };

struct pair {
	struct side side[PAIR_SIDES];
	unsigned int leader;		/* which side */
	bool fpu;			/* is compared too */
	const struct log *log;
	struct module module;		/* the processor's, for its disassembler */
	const struct cpu_module *cpu;

	uint64_t count;			/* instructions so far, by the leader */
	uint64_t accesses;		/* to devices, elements */
	uint64_t transferred;		/* results from outside the guest */
	uint64_t flags_transferred;	/* flags that the manuals leave undefined */
	struct vcpu_state before;	/* the leader's registers before the last step */
	struct vcpu_state last;		/* and before its last instruction */
	uint64_t interrupts_before;	/* taken before the last step */
	uint64_t steps_halted;		/* one after another */
	unsigned int differences;	/* enum pair_difference, after the last step */
};

struct pair_config {
	const struct options *options[PAIR_SIDES];
	struct cpuid_config cpu;
	bool fpu;
	const struct log *log;
};

/*
 * Makes both machines, ready for the first instruction. Returns 0, or -errno with
 * a message in the log. Call pair_destroy() whatever it returns.
 */
int pair_create(struct pair *pair, const struct pair_config *config);
void pair_destroy(struct pair *pair);

/* Whether both sides can run many instructions at a time and stop at the same one. */
bool pair_counts(const struct pair *pair);

/*
 * Both sides execute count instructions, or fewer up to a HLT or the end; where
 * a side does not count, one instruction (two where interrupts have to wait for
 * the second one). Sets pair->differences.
 */
enum pair_progress pair_step(struct pair *pair, uint64_t count);

/*
 * The last instruction of the last step, from the leader's memory: its bytes, of
 * which there are PAIR_INSN_BYTES at most. Returns false where it is none.
 */
bool pair_instruction(struct pair *pair, struct cpu_insn *insn, uint8_t *bytes);

/*
 * The follower gets the leader's registers and memory, where only those (and
 * accesses) differ. Returns whether that was possible.
 */
bool pair_can_settle(const struct pair *pair);
bool pair_settle(struct pair *pair);

/* Sets DIFFERS_MEMORY where the guest-physical memories differ. */
void pair_compare_memory(struct pair *pair);

#endif
