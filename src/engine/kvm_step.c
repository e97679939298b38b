/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kvm_step.c - run_to(): the guest stops behind a given instruction, by a
 * breakpoint of KVM's, by a HLT in its place, or by one single step after
 * another; what of that shows in the guest is taken back.
 */
#include "engine/kvm.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cpu/pagewalk.h"

/* Sets KVM's guest debugging; only what has changed costs a call. */
static int set_guest_debug(struct engine *engine, uint32_t control, uint64_t address)
{
	struct kvm_guest_debug debug = {
		.control = control,
		.arch.debugreg = { [0] = address, [7] = DR7_RESET | 1 },
	};

	/* TF is gone with each exception that the guest takes: set it anew. */
	if (control == engine->debug_control && address == engine->debug_address &&
	    !(control & KVM_GUESTDBG_SINGLESTEP))
		return 0;
	engine->debug_control = control;
	engine->debug_address = address;
	return ioctl(engine->vcpu, KVM_SET_GUEST_DEBUG, &debug) < 0 ? errno : 0;
}

#define DEBUG_BREAKPOINT (KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP)
#define DEBUG_TRAP (KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP)

/* A page of code in a virtual machine of its own: NOP, NOP, HLT. */
static bool try_breakpoint(const struct engine *engine, struct engine *trial)
{
	static const uint8_t code[] = { 0x90, 0x90, 0xF4 };
	struct mem_region region = { .size = MEM_PAGE_SIZE, .flags = MEM_RW };
	struct vcpu_state state;

	*trial = (struct engine){ .config = engine->config, .kvm = -1, .vm = -1, .vcpu = -1 };
	trial->config.cpu.host = false;
	region.host = mem_backing(engine->config.mem, region.size, false);
	if (!region.host || kvm_create_vm(trial) || kvm_create_vcpu(trial, &trial->config.cpu) ||
	    kvm_set_slot(trial, 0, &region))
		return false;
	memcpy(region.host, code, sizeof(code));
	vcpu_state_reset(&state);
	return !kvm_set_state(trial, &state) && !set_guest_debug(trial, DEBUG_BREAKPOINT, 1) &&
	       !kvm_enter(trial) && trial->run->exit_reason == KVM_EXIT_DEBUG;
}

/* KVM on a processor that is itself emulated may let breakpoints pass. */
static enum stop_way find_stop_way(struct engine *engine)
{
	struct engine trial;
	bool works = try_breakpoint(engine, &trial);

	kvm_close(&trial);
	log_verbose(engine->config.log, "instruction breakpoints of KVM %s", works ? "work" :
		    "do not work here: HLT and single steps are used in their place");
	return works ? STOP_BREAKPOINT : STOP_HLT;
}

/* The byte of code at the target, where it can be changed for a HLT. */
static uint8_t *target_byte(const struct engine *engine, const struct engine_target *target)
{
	uint8_t *byte = mem_ptr(engine->config.mem, target->gpa, 1, MEM_RW);

	/* Another one: the guest is about to write it. In user mode HLT is a fault. */
	return byte && !target->user && *byte == target->code ? byte : NULL;
}

/* At each step the registers are asked for: this saves the calls. */
static void sync_registers(struct engine *engine)
{
	const int wanted = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;

	engine->syncs = (kvm_extension(engine, KVM_CAP_SYNC_REGS) & wanted) == wanted;
	engine->run->kvm_valid_regs = engine->syncs ? (uint64_t)wanted : 0;
}

static enum stop_way choose_way(struct engine *engine, const struct engine_target *target)
{
	if (engine->stop_way == STOP_UNKNOWN) {
		engine->stop_way = find_stop_way(engine);
		sync_registers(engine);
	}
	if (target->from == target->linear)
		return STOP_TRAP;
	if (engine->stop_way == STOP_BREAKPOINT || target_byte(engine, target))
		return engine->stop_way;
	return STOP_TRAP;
}

static uint32_t debug_control_of(enum stop_way way)
{
	return way == STOP_BREAKPOINT ? DEBUG_BREAKPOINT : way == STOP_TRAP ? DEBUG_TRAP : 0;
}

/* The guest's own debug exception, which KVM has taken for ours. */
static int give_back_exception(struct engine *engine)
{
	const struct kvm_debug_exit_arch *arch = &engine->run->debug.arch;
	struct kvm_guest_debug debug = {
		.control = engine->debug_control | KVM_GUESTDBG_INJECT_DB,
		.arch.debugreg = { [0] = engine->debug_address, [7] = DR7_RESET | 1 },
	};
	struct kvm_debugregs registers;

	if (ioctl(engine->vcpu, KVM_GET_DEBUGREGS, &registers) < 0)
		return errno;
	registers.dr6 = arch->dr6;
	if (ioctl(engine->vcpu, KVM_SET_DEBUGREGS, &registers) < 0 ||
	    ioctl(engine->vcpu, KVM_SET_GUEST_DEBUG, &debug) < 0)
		return errno;
	return 0;
}

/*
 * Whether the guest has to be entered again: it has stopped for what is not the
 * target. *error: an errno, where that cannot be.
 */
static bool goes_on(struct engine *engine, struct engine_target *target, enum stop_way way,
		    int *error)
{
	struct kvm_run *run = engine->run;
	struct vcpu_state state;

	if (run->exit_reason == KVM_EXIT_IRQ_WINDOW_OPEN || run->exit_reason == KVM_EXIT_SET_TPR)
		return true;
	if (run->exit_reason == KVM_EXIT_HLT && way == STOP_HLT) {
		*error = -kvm_get_general(engine, &state);
		if (*error || state.rip != target->rip + 1)
			return false;
		state.rip = target->rip;
		*error = -kvm_set_general(engine, &state);
		run->s.regs.regs.rip = target->rip;
		engine->synced = engine->syncs;
		run->exit_reason = KVM_EXIT_DEBUG;
		return false;
	}
	if (run->exit_reason != KVM_EXIT_DEBUG || run->debug.arch.pc == target->linear)
		return false;
	if (way == STOP_BREAKPOINT) {
		*error = give_back_exception(engine);
		return !*error;
	}
	/* A repeated instruction traps each time; what goes elsewhere stays there. */
	if (run->debug.arch.pc != target->from && ++target->done >= target->count)
		return false;
	*error = set_guest_debug(engine, DEBUG_TRAP, 0);
	return !*error;
}

/* The linear address of the stack's top. */
static uint64_t stack_top(const struct vcpu_state *state)
{
	const struct vcpu_segment *ss = &state->segment[SEG_SS];
	uint64_t rsp = state->gpr[GPR_RSP];

	if (vcpu_code_bits(state) == 64)
		return rsp;
	return (uint32_t)(ss->base + (ss->db ? rsp : (uint16_t)rsp));
}

/* Where the instruction that has been executed has saved RFLAGS; 0: nowhere. */
static uint64_t saved_flags(const struct engine *engine, const struct vcpu_state *before,
			    const struct vcpu_state *after)
{
	uint8_t code[3] = { 0 }, *opcode = code;

	/* In the task state that was left (SDM vol. 3, 7.2.1 and 7.6). */
	if (before->tr.base != after->tr.base)
		return before->tr.base + (before->tr.type & 8 ? 0x24 : 0x10);
	pagewalk_read(engine->config.mem, before, vcpu_linear_rip(before), code, sizeof(code));
	while (opcode < code + 2 && (*opcode == 0x66 || *opcode >> 4 == 4))
		opcode++;
	if (*opcode == 0x9C)	/* PUSHF */
		return stack_top(after);
	/* INT n and INT3 within virtual-8086 mode: behind IP and CS. */
	if ((*opcode == 0xCD || *opcode == 0xCC) && after->rflags & RFLAGS_VM)
		return stack_top(after) + 4;
	return 0;
}

/* RFLAGS were saved with a TF that is not the guest's. */
static void clear_saved_trap(struct engine *engine, const struct vcpu_state *before)
{
	struct vcpu_state after = *before;
	struct pagewalk walk;
	uint64_t flags;
	uint8_t *byte;

	if (before->rflags & RFLAGS_TF || kvm_get_registers(engine, &after))
		return;
	flags = saved_flags(engine, before, &after);
	if (!flags || pagewalk_translate(engine->config.mem, &after, flags + 1, &walk))
		return;
	byte = mem_ptr(engine->config.mem, walk.gpa, 1, MEM_RW);
	if (byte)
		*byte &= (uint8_t)~(RFLAGS_TF >> 8);
}

/*
 * Injects the interrupt that is due before the first instruction. What KVM said
 * of that may be older: of before an instruction that was emulated.
 */
static int inject_first(struct engine *engine)
{
	struct vcpu_state state;
	int error = -kvm_get_general(engine, &state);

	engine->run->ready_for_interrupt_injection = !!(state.rflags & RFLAGS_IF);
	if (!error)
		kvm_inject(engine, false);
	return error;
}

static int enter_to(struct engine *engine, struct engine_target *target)
{
	enum stop_way way = choose_way(engine, target);
	uint8_t *byte = way == STOP_HLT ? target_byte(engine, target) : NULL;
	struct vcpu_state before;
	int error = set_guest_debug(engine, debug_control_of(way), target->linear);

	if (!error && way == STOP_TRAP)
		error = -kvm_get_registers(engine, &before);
	if (error)
		return error;
	if (!target->begun && intr_wakes(engine->config.intr))
		error = inject_first(engine);
	if (error)
		return error;
	target->begun = true;
	engine->run->request_interrupt_window = 0;
	if (byte)
		*byte = 0xF4;	/* HLT */
	do
		error = kvm_enter(engine);
	while (!error && goes_on(engine, target, way, &error));
	if (byte)
		*byte = target->code;
	if (!error && way == STOP_TRAP && engine->run->exit_reason == KVM_EXIT_DEBUG)
		clear_saved_trap(engine, &before);
	return error;
}

/* Where an instruction was emulated, nothing has stopped behind it. */
static bool is_there(struct engine *engine, const struct engine_target *target)
{
	struct vcpu_state state;

	return !kvm_get_registers(engine, &state) && vcpu_linear_rip(&state) == target->linear;
}

void kvm_run_to(struct engine *engine, struct engine_target *target, struct vmexit *exit)
{
	if (!target->count) {
		exit->reason = VMEXIT_STEPPED;
		return;
	}
	if (!engine->exit_waits) {
		engine->exit_error = enter_to(engine, target);
		engine->exit_waits = true;
	}
	kvm_take_exit(engine, exit);
	if (exit->reason == VMEXIT_EMULATED && is_there(engine, target))
		exit->reason = VMEXIT_STEPPED;
}
