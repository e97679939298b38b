/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kvm.h - what the files of the engine kvm share. Functions return 0 or
 * -errno, where nothing else is said.
 *
 *   kvm.c          the engine: entering the guest, interrupts, kicks
 *   kvm_vm.c       the virtual machine and its vCPU: probed, made, closed
 *   kvm_state.c    registers, as KVM has them and as the rest of vmm has them
 *   kvm_exit.c     KVM's exits, neutrally
 *   kvm_facts.c    what KVM can and what an exit costs, for --host-check
 *   kvm_emulate.c  instructions that KVM cannot emulate
 *   kvm_place.c    where the instruction is that an exit comes from
 *   kvm_step.c     run_to(): stops behind a given number of instructions
 */
#ifndef VMM_ENGINE_KVM_H
#define VMM_ENGINE_KVM_H

#include "engine/engine.h"

#include <linux/kvm.h>
#include <pthread.h>

#include "engine/emulator.h"

#define KVM_PATH "/dev/kvm"

/* How the guest is stopped at an address. */
enum stop_way {
	STOP_UNKNOWN,		/* breakpoints have not been tried yet */
	STOP_BREAKPOINT,	/* an instruction breakpoint, by KVM's guest debugging */
	STOP_HLT,		/* a HLT in place of the instruction */
	STOP_TRAP,		/* RFLAGS.TF, for one instruction after another */
};

/* Where RIP is at the exit for an OUT: KVM on a processor's virtualization has not gone on. */
enum out_place {
	OUT_UNKNOWN,
	OUT_AT,
	OUT_BEHIND,		/* as for all that KVM itself emulates */
};

struct engine {
	struct engine_config config;
	int kvm;
	int vm;
	int vcpu;
	struct kvm_run *run;
	size_t run_size;
	struct kvm_coalesced_mmio_ring *ring;	/* NULL: KVM has none */
	bool exit_waits;	/* behind the coalesced writes that came before it */
	int exit_error;		/* of the KVM_RUN that gave the exit, an errno */
	uint8_t posted[8];	/* data of the coalesced write being delivered */
	pthread_t thread;
	bool entered;		/* the vCPU's registers are no longer those after reset */
	unsigned int filtered_msrs;	/* whose accesses are exits */
	uint64_t apic_base;	/* as the chips know it */
	struct clock_tsc tsc;
	int injected;			/* the vector that KVM has got for this entry; -1: none */
	bool post_mortem;		/* the emulator's accesses go nowhere */
	struct emulator emulator;	/* opened at the first instruction for it, or before */
	bool emulates;			/* there was such an instruction */
	enum stop_way stop_way;		/* the best that this KVM can */
	uint32_t debug_control;		/* of the last KVM_SET_GUEST_DEBUG */
	uint64_t debug_address;
	bool syncs;			/* KVM leaves registers in the vCPU's page at each exit, */
	bool synced;			/* and those there are the vCPU's */
	bool emulating;			/* the emulator executes an instruction now */
	enum out_place out_place;
};

/* --- kvm_vm.c --- */

/* As engine_ops.probe. */
void kvm_probe(struct engine_probe *probe);

/* Logs what failed, with errno. Returns -errno. */
int kvm_failed(const struct engine *engine, const char *what);

/* KVM_CHECK_EXTENSION of the virtual machine. */
int kvm_extension(const struct engine *engine, int capability);

/*
 * Each logs what fails. What has been made is closed by kvm_close(), also after a
 * failure; before, kvm, vm and vcpu are -1.
 */
int kvm_create_vm(struct engine *engine);
int kvm_create_vcpu(struct engine *engine, const struct cpuid_config *cpu);
int kvm_set_slot(struct engine *engine, uint32_t slot, const struct mem_region *region);
int kvm_map_memory(struct engine *engine, const struct mem *mem);
void kvm_close(struct engine *engine);

/* --- kvm_state.c --- */

/* As in engine_ops; the general registers are RIP, RFLAGS and gpr. */
int kvm_get_state(struct engine *engine, struct vcpu_state *state);
int kvm_set_state(struct engine *engine, const struct vcpu_state *state);
int kvm_get_registers(struct engine *engine, struct vcpu_state *state);
int kvm_get_general(const struct engine *engine, struct vcpu_state *state);
int kvm_set_general(struct engine *engine, const struct vcpu_state *state);
void kvm_reset(struct engine *engine);

/* Writes of *after what differs from *before, which is what the vCPU has. */
int kvm_change_state(struct engine *engine, const struct vcpu_state *before,
		     const struct vcpu_state *after);

/* --- kvm_exit.c --- */

/* The exit is VMEXIT_FAILURE; host: it is the host that failed, not the guest. */
void kvm_failure(struct vmexit *exit, bool host, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What KVM_RUN came back with. */
void kvm_decode_exit(struct kvm_run *run, struct vmexit *exit);

/* Takes the oldest coalesced write. Returns false where there is none. */
bool kvm_take_posted(struct engine *engine, struct vmexit *exit);

/* --- kvm_emulate.c --- */

/* Opens the emulator, once. Returns 0, or -errno with a message in the log. */
int kvm_open_emulator(struct engine *engine);

/* Whether KVM has come to an instruction that it cannot emulate. */
bool kvm_gave_up(const struct kvm_run *run);

/*
 * Has the emulator execute what KVM could not. Returns false, with a message in
 * the log, where there is no emulator.
 */
bool kvm_emulate(struct engine *engine, struct vmexit *exit);

/*
 * As engine_ops.get_faults: KVM does not tell, but its registers are those before
 * the instruction, which the emulator executes again, or takes the interrupt that KVM
 * had just got. Where that does not crash, nobody knows.
 */
void kvm_get_faults(struct engine *engine, const struct vcpu_state *state,
		    struct vcpu_faults *faults);

/* --- kvm_place.c --- */

/* As engine_ops.place. */
uint64_t kvm_place(struct engine *engine, const struct vmexit *exit);

/* --- kvm.c --- */

/*
 * Injects the interrupt that is due, or (ask) asks for an exit as soon as the
 * guest can take one.
 */
void kvm_inject(struct engine *engine, bool ask);

/* One KVM_RUN. Returns 0 or an errno. */
int kvm_enter(struct engine *engine);

/* What run() returns after the guest has been entered. */
void kvm_take_exit(struct engine *engine, struct vmexit *exit);

/* --- kvm_step.c --- */

/* As engine_ops.run_to. */
void kvm_run_to(struct engine *engine, struct engine_target *target, struct vmexit *exit);

#endif
