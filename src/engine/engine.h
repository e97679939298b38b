/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.h - what runs the CPU: one interface, several engines.
 *
 * An engine runs guest code until something needs the machine, and says what
 * in a neutral struct vmexit. It knows memory and registers, nothing of
 * devices.
 */
#ifndef VMM_ENGINE_ENGINE_H
#define VMM_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/intr.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/msrs.h"
#include "core/vcpu.h"
#include "cpu/cpuid.h"

enum vmexit_reason {
	VMEXIT_PIO,		/* IN, OUT, INS, OUTS */
	VMEXIT_MMIO,		/* memory that is not mapped for the guest */
	VMEXIT_MSR,		/* RDMSR, WRMSR of what the engine has not */
	VMEXIT_HLT,
	VMEXIT_KICK,		/* engine_ops.kick() was called: nothing to do */
	VMEXIT_EMULATED,	/* an instruction has been emulated for the engine: nothing to do */
	VMEXIT_SHUTDOWN,	/* triple fault */
	VMEXIT_FAILURE,		/* the engine cannot go on */
	VMEXIT_INSN_LIMIT,	/* as many instructions as were allowed are done */
	VMEXIT_STEPPED,		/* run_to() has come to its target: nothing to do */
	VMEXIT_REASONS,
};

struct cpu_event;

struct vmexit {
	enum vmexit_reason reason;
	union {
		struct {
			uint16_t port;
			uint8_t size;		/* 1, 2, 4 */
			bool write;
			uint32_t count;		/* elements at data, at least 1 */
			void *data;		/* count * size bytes, little endian */
		} pio;
		struct {
			uint64_t gpa;
			uint8_t size;		/* 1 to 8, any number */
			bool write;
			/* A write that was held back: older than what ended run(). */
			bool posted;
			uint8_t *data;		/* size bytes */
		} mmio;
		struct {
			uint32_t number;
			bool write;
			void *data;		/* 8 bytes, little endian */
			uint8_t *fault;		/* to be set to 1 where the access raises #GP */
		} msr;
		struct {
			bool interrupts_enabled;	/* RFLAGS.IF */
		} hlt;
		struct {
			char text[160];		/* in words, for the crash report */
			bool host;		/* the host's failure, not the guest's */
		} failure;
	};
};

/* How guest code is run here, best first: what --engine=auto goes by. */
enum engine_rank {
	ENGINE_HARDWARE,	/* by the processor's own virtualization */
	ENGINE_NATIVE,		/* by the processor, as code of a process */
	ENGINE_EMULATOR,	/* by vmm itself */
	/* Emulated by somebody else: slower than vmm's emulator, and less complete. */
	ENGINE_FOREIGN_EMULATOR,
};

/* What an engine says of itself on this host, before it is made. */
struct engine_probe {
	bool usable;
	enum engine_rank rank;
	char text[200];		/* why (not), and what would help */
};

struct engine_config {
	struct mem *mem;	/* complete; does not change while the engine lives */
	struct intr *intr;	/* looked at before the guest is entered */
	struct msrs *msrs;	/* the chips', likewise */
	struct clock *clock;	/* virtual only for engines with counts_instructions */
	uint64_t insn_limit;	/* likewise; 0: none */
	struct cpuid_config cpu;	/* which CPU the guest sees */
	/*
	 * Takes an access in the middle of an instruction, in place of an exit
	 * from run(): VMEXIT_PIO, VMEXIT_MMIO or VMEXIT_MSR.
	 */
	void (*on_access)(void *self, struct vmexit *exit);
	/* What the engine sees of the guest besides; amid an instruction, as on_access. */
	void (*on_event)(void *self, const struct cpu_event *event);
	void *self;
	/*
	 * Counts the time-stamp counter's ticks that guest code has run on the processor
	 * itself, KVM's own work included; NULL: nobody asks.
	 */
	uint64_t *guest_ticks;
	const struct log *log;
};

/*
 * Where run_to() stops: what a machine that is run side by side with this one
 * has come to. Engines that count instructions go by the count, the others by
 * the address, which no instruction in between may have passed.
 */
struct engine_target {
	uint64_t count;		/* instructions; 0: the processor is to stay halted */
	uint64_t from;		/* the linear address at which it starts */
	uint64_t linear;	/* the address behind the instructions: linear, */
	uint64_t rip;		/* in its segment, and */
	uint64_t gpa;		/* guest-physical; UINT64_MAX: nowhere in memory */
	uint8_t code;		/* the byte that is there afterwards */
	bool user;		/* code there is of privilege 1 to 3 */
	uint64_t done;		/* the engine's own, 0 at first: instructions so far */
	bool begun;		/* likewise */
};

struct engine;

struct engine_ops {
	const char *name;	/* as in --engine */
	bool isolates;		/* a guest cannot reach vmm's memory */
	bool counts_instructions;	/* --insn-limit, --clock=virtual */
	bool calls_by_instruction;	/* VMCALL is a hypercall of vmm's: CPU_CALL_PORT */
	bool shares_memory;	/* wants guest memory in a file: mem_share() */
	bool knows_place;	/* place() costs next to nothing */

	void (*probe)(struct engine_probe *probe);

	/*
	 * Returns 0, or -errno with a message in the log. By the thread that
	 * will call run().
	 */
	int (*create)(struct engine **engine, const struct engine_config *config);
	void (*destroy)(struct engine *engine);

	/*
	 * Makes now what run() would make when it is first needed, if files or modules have
	 * to be opened for it: none can be any more once vmm has confined itself.
	 * run_briefly(), where an engine has both, does without it. NULL: there is no
	 * such thing. Returns 0, or -errno with a message in the log.
	 */
	int (*prepare)(struct engine *engine);

	/*
	 * The processor is reset: what it had begun, an interrupt's delivery, is
	 * forgotten. set_state() comes next. NULL: there is nothing to forget.
	 */
	void (*reset)(struct engine *engine);

	/* Registers; not while run() is under way. Return 0 or -errno. */
	int (*get_state)(struct engine *engine, struct vcpu_state *state);
	int (*set_state)(struct engine *engine, const struct vcpu_state *state);

	/*
	 * Runs until an exit. Its data are valid, and for reads to be filled
	 * in, until the next call.
	 */
	void (*run)(struct engine *engine, struct vmexit *exit);

	/*
	 * The same, but after some 10 us comes back with VMEXIT_KICK: for guests
	 * that end at once. NULL where the engine cannot.
	 */
	void (*run_briefly)(struct engine *engine, struct vmexit *exit);

	/*
	 * Optional, for runs side by side with another engine: run() that also
	 * ends at the target (VMEXIT_STEPPED). Called again with the same one
	 * until it is reached. An interrupt that is due is taken before the first
	 * instruction, and none behind it.
	 */
	void (*run_to)(struct engine *engine, struct engine_target *target, struct vmexit *exit);

	/*
	 * With run_to(): of get_state() the registers that most instructions can
	 * change, without FPU, MSRs and debug registers, whose fields stay as they
	 * are.
	 */
	int (*get_registers)(struct engine *engine, struct vcpu_state *state);
	/* With run_to(): general registers, RIP and RFLAGS alone. */
	int (*set_general)(struct engine *engine, const struct vcpu_state *state);

	/*
	 * After VMEXIT_SHUTDOWN, state being the registers: how it came to the triple
	 * fault. May execute the instruction once more: the guest is not run again.
	 */
	void (*get_faults)(struct engine *engine, const struct vcpu_state *state,
			   struct vcpu_faults *faults);

	/*
	 * While an exit is handled: the linear address of the instruction that it comes from;
	 * of a write to a port or to memory that of the next instruction, or of the
	 * same one where it is repeated (REP). exit NULL: of the one that is under way or comes
	 * next. UINT64_MAX: nobody knows.
	 */
	uint64_t (*place)(struct engine *engine, const struct vmexit *exit);

	/*
	 * Completes an access that the last exit began, so that registers are
	 * those after the instruction; runs no further instruction.
	 */
	void (*complete)(struct engine *engine);

	/*
	 * Address line 20, as cpu_set_a20(). NULL: the engine has no way to turn it
	 * off. By the vCPU's thread, in the middle of an access too.
	 */
	void (*set_a20)(struct engine *engine, bool on);

	/*
	 * From any thread: the current or, where there is none, the next run()
	 * ends soon. What the caller wrote before is seen after VMEXIT_KICK.
	 */
	void (*kick)(struct engine *engine);
};

extern const struct engine_ops engine_direct;
extern const struct engine_ops engine_interp;
extern const struct engine_ops engine_kvm;

#endif
