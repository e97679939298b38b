/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kvm.c - the engine on /dev/kvm (Documentation/virt/kvm/api.rst).
 *
 * Interrupt controllers and timers are vmm's own, so no KVM_CREATE_IRQCHIP:
 * HLT is an exit. kick() sets kvm_run.immediate_exit and sends the vCPU's
 * thread a signal that does nothing but interrupt KVM_RUN; the flag covers
 * the time in which the thread is not in it.
 */
#include "engine/kvm.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <x86intrin.h>

#include "cpu/msr.h"

/* Not a real-time signal: those are lost where the user's queue is full. */
#define KICK_SIGNAL SIGUSR1

/* --- the time-stamp counter, for timers that go by it --- */

static uint64_t guest_tsc(void *self)
{
	struct engine *engine = self;
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} list = { .head.nmsrs = 1, .entry.index = MSR_TSC };

	return ioctl(engine->vcpu, KVM_GET_MSRS, &list) == 1 ? list.entry.data : 0;
}

static uint64_t tsc_hz(void *self)
{
	struct engine *engine = self;
	int khz = ioctl(engine->vcpu, KVM_GET_TSC_KHZ, 0);

	return khz > 0 ? (uint64_t)khz * 1000 : NS_PER_SECOND;
}

static void ignore_signal(int number)
{
}

/* A handler, not SIG_IGN: the signal must interrupt KVM_RUN. */
static int catch_kick(struct engine *engine)
{
	struct sigaction action = { .sa_handler = ignore_signal };
	sigset_t set;

	sigemptyset(&action.sa_mask);
	if (sigaction(KICK_SIGNAL, &action, NULL) < 0)
		return kvm_failed(engine, "sigaction");
	sigemptyset(&set);
	sigaddset(&set, KICK_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	engine->thread = pthread_self();
	return 0;
}

static void kvm_destroy(struct engine *engine)
{
	if (!engine)
		return;
	clock_set_tsc(engine->config.clock, NULL);
	emulator_close(&engine->emulator);
	kvm_close(engine);
	free(engine);
}

static int kvm_create(struct engine **out, const struct engine_config *config)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int error;

	if (!engine)
		return -ENOMEM;
	engine->config = *config;
	engine->kvm = engine->vm = engine->vcpu = -1;
	error = kvm_create_vm(engine);
	if (!error)
		error = kvm_create_vcpu(engine, &config->cpu);
	if (!error)
		error = kvm_map_memory(engine, config->mem);
	if (!error)
		error = catch_kick(engine);
	if (error) {
		kvm_destroy(engine);
		return error;
	}
	engine->tsc = (struct clock_tsc){ .now = guest_tsc, .hz = tsc_hz, .self = engine };
	clock_set_tsc(config->clock, &engine->tsc);
	*out = engine;
	return 0;
}

/*
 * Has accesses to the MSRs of chips come out as exits, once a chip needs it: as KVM sees
 * it, the processor has the MSRs itself, and where there is no local APIC of KVM's
 * they have no effect.
 */
static int bring_out_msrs(struct engine *engine)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_X86_USER_SPACE_MSR, .args = { KVM_MSR_EXIT_REASON_FILTER },
	};
	struct kvm_msr_filter filter = { .flags = KVM_MSR_FILTER_DEFAULT_ALLOW };
	static uint8_t none_allowed;
	const uint32_t *numbers;
	unsigned int count = msrs_watched(engine->config.msrs, &numbers);

	if (count == engine->filtered_msrs)
		return 0;
	engine->filtered_msrs = count;
	for (unsigned int i = 0; i < count && i < KVM_MSR_FILTER_MAX_RANGES; i++)
		filter.ranges[i] = (struct kvm_msr_filter_range){
			.flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE,
			.base = numbers[i], .nmsrs = 1, .bitmap = &none_allowed,
		};
	if (ioctl(engine->vm, KVM_ENABLE_CAP, &cap) < 0 ||
	    ioctl(engine->vm, KVM_X86_SET_MSR_FILTER, &filter) < 0)
		return errno;
	return 0;
}

void kvm_inject(struct engine *engine, bool ask)
{
	struct kvm_interrupt interrupt;
	struct kvm_run *run = engine->run;

	engine->injected = -1;
	if (intr_level(engine->config.intr) && run->ready_for_interrupt_injection) {
		interrupt.irq = intr_acknowledge(engine->config.intr);
		engine->injected = (int)interrupt.irq;
		ioctl(engine->vcpu, KVM_INTERRUPT, &interrupt);
		run->ready_for_interrupt_injection = 0;
	}
	run->request_interrupt_window = ask && intr_level(engine->config.intr);
	if (intr_take_nmi(engine->config.intr))
		ioctl(engine->vcpu, KVM_NMI);
}

/* What the processor has and the local APIC must know. */
static void tell_apic(struct engine *engine)
{
	const struct kvm_run *run = engine->run;

	if (run->cr8 != intr_cr8(engine->config.intr))
		intr_write_cr8(engine->config.intr, (uint8_t)run->cr8);
	if (run->apic_base != engine->apic_base)
		msrs_write(engine->config.msrs, MSR_APIC_BASE, run->apic_base);
	engine->apic_base = run->apic_base;
}

/* KVM_RUN until it has come to something. Returns 0 or an errno. */
static int enter(struct engine *engine)
{
	uint64_t *ticks = engine->config.guest_ticks;
	uint64_t begun = ticks ? __rdtsc() : 0;
	int error = 0;

	while (!error && ioctl(engine->vcpu, KVM_RUN, 0) < 0)
		if (errno != EAGAIN)
			error = errno;
	if (ticks)
		*ticks += __rdtsc() - begun;
	return error;
}

int kvm_enter(struct engine *engine)
{
	int error = bring_out_msrs(engine);

	engine->entered = true;
	engine->synced = false;
	engine->run->cr8 = intr_cr8(engine->config.intr);
	if (!error)
		error = enter(engine);
	tell_apic(engine);
	engine->synced = !error && engine->syncs;
	return error;
}

/* Runs the guest until an exit. Returns 0 or an errno. */
static int enter_until_exit(struct engine *engine)
{
	const struct kvm_run *run = engine->run;
	int error;

	do {
		kvm_inject(engine, true);
		error = kvm_enter(engine);
	} while (!error && (run->exit_reason == KVM_EXIT_IRQ_WINDOW_OPEN ||
			    run->exit_reason == KVM_EXIT_SET_TPR));
	return error;
}

void kvm_take_exit(struct engine *engine, struct vmexit *exit)
{
	if (kvm_take_posted(engine, exit))
		return;
	engine->exit_waits = false;
	if (!engine->exit_error) {
		if (!kvm_gave_up(engine->run) || !kvm_emulate(engine, exit))
			kvm_decode_exit(engine->run, exit);
	} else if (engine->exit_error == EINTR) {
		/* Before the run's state is looked at: a kick after that must count. */
		__atomic_store_n(&engine->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
		exit->reason = VMEXIT_KICK;
	} else {
		kvm_failure(exit, true, KVM_PATH ": KVM_RUN: %s", strerror(engine->exit_error));
	}
}

static void kvm_run(struct engine *engine, struct vmexit *exit)
{
	if (!engine->exit_waits) {
		engine->exit_error = enter_until_exit(engine);
		engine->exit_waits = true;
	}
	kvm_take_exit(engine, exit);
}

static void kvm_complete(struct engine *engine)
{
	engine->synced = false;
	/* The flag stays set, so that no kick is lost: the next run() is short. */
	__atomic_store_n(&engine->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	while (ioctl(engine->vcpu, KVM_RUN, 0) < 0 && errno == EAGAIN)
		continue;
}

static void kvm_kick(struct engine *engine)
{
	__atomic_store_n(&engine->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	/* The vCPU's own thread is not in the guest. */
	if (!pthread_equal(pthread_self(), engine->thread))
		pthread_kill(engine->thread, KICK_SIGNAL);
}

const struct engine_ops engine_kvm = {
	.name = "kvm",
	.isolates = true,
	.probe = kvm_probe,
	.create = kvm_create,
	.destroy = kvm_destroy,
	.prepare = kvm_open_emulator,
	.reset = kvm_reset,
	.get_state = kvm_get_state,
	.set_state = kvm_set_state,
	.run = kvm_run,
	.run_to = kvm_run_to,
	.get_registers = kvm_get_registers,
	.set_general = kvm_set_general,
	.get_faults = kvm_get_faults,
	.place = kvm_place,
	.complete = kvm_complete,
	.kick = kvm_kick,
};
