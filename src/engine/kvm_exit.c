/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kvm_exit.c - KVM's exits, as the machine takes them (struct vmexit), and the
 * writes that KVM has collected without one.
 */
#include "engine/kvm.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void kvm_failure(struct vmexit *exit, bool host, const char *format, ...)
{
	va_list args;

	exit->reason = VMEXIT_FAILURE;
	exit->failure.host = host;
	va_start(args, format);
	vsnprintf(exit->failure.text, sizeof(exit->failure.text), format, args);
	va_end(args);
}

static void on_io(struct kvm_run *run, struct vmexit *exit)
{
	exit->reason = VMEXIT_PIO;
	exit->pio.port = run->io.port;
	exit->pio.size = run->io.size;
	exit->pio.write = run->io.direction == KVM_EXIT_IO_OUT;
	exit->pio.count = run->io.count;
	exit->pio.data = (uint8_t *)run + run->io.data_offset;
}

static void on_mmio(struct kvm_run *run, struct vmexit *exit)
{
	exit->reason = VMEXIT_MMIO;
	exit->mmio.gpa = run->mmio.phys_addr;
	exit->mmio.size = (uint8_t)run->mmio.len;
	exit->mmio.write = run->mmio.is_write;
	exit->mmio.posted = false;
	exit->mmio.data = (uint8_t *)run->mmio.data;
}

static void on_msr(struct kvm_run *run, struct vmexit *exit)
{
	exit->reason = VMEXIT_MSR;
	exit->msr.number = run->msr.index;
	exit->msr.write = run->exit_reason == KVM_EXIT_X86_WRMSR;
	exit->msr.data = &run->msr.data;
	exit->msr.fault = &run->msr.error;
}

static void on_hlt(struct kvm_run *run, struct vmexit *exit)
{
	exit->reason = VMEXIT_HLT;
	exit->hlt.interrupts_enabled = run->if_flag;
}

static void on_intr(struct kvm_run *run, struct vmexit *exit)
{
	exit->reason = VMEXIT_KICK;
}

static void on_shutdown(struct kvm_run *run, struct vmexit *exit)
{
	exit->reason = VMEXIT_SHUTDOWN;
}

static void on_fail_entry(struct kvm_run *run, struct vmexit *exit)
{
	kvm_failure(exit, false, "the processor refused to enter the guest (hardware reason 0x%llx)",
		(unsigned long long)run->fail_entry.hardware_entry_failure_reason);
}

static void on_internal_error(struct kvm_run *run, struct vmexit *exit)
{
	static const char *const text[] = {
		[KVM_INTERNAL_ERROR_EMULATION] = "KVM cannot emulate the instruction",
		[KVM_INTERNAL_ERROR_SIMUL_EX] = "exceptions while KVM emulated an exception",
		[KVM_INTERNAL_ERROR_DELIVERY_EV] = "an exit while an exception was delivered",
		[KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON] = "an exit that KVM does not know",
	};
	uint32_t suberror = run->internal.suberror;
	const char *known = suberror < sizeof(text) / sizeof(text[0]) ? text[suberror] : NULL;

	kvm_failure(exit, false, "%s (KVM_EXIT_INTERNAL_ERROR, suberror %u)",
		known ? known : "an internal error of KVM", suberror);
}

/* Only run_to() asks for it. */
static void on_debug(struct kvm_run *run, struct vmexit *exit)
{
	exit->reason = VMEXIT_STEPPED;
}

/* KVM's exit reasons, neutrally. */
static void (*const decoders[])(struct kvm_run *run, struct vmexit *exit) = {
	[KVM_EXIT_IO] = on_io,
	[KVM_EXIT_HLT] = on_hlt,
	[KVM_EXIT_MMIO] = on_mmio,
	[KVM_EXIT_X86_RDMSR] = on_msr,
	[KVM_EXIT_X86_WRMSR] = on_msr,
	[KVM_EXIT_SHUTDOWN] = on_shutdown,
	[KVM_EXIT_FAIL_ENTRY] = on_fail_entry,
	[KVM_EXIT_INTR] = on_intr,
	[KVM_EXIT_INTERNAL_ERROR] = on_internal_error,
	[KVM_EXIT_DEBUG] = on_debug,
};

void kvm_decode_exit(struct kvm_run *run, struct vmexit *exit)
{
	uint32_t reason = run->exit_reason;

	if (reason < sizeof(decoders) / sizeof(decoders[0]) && decoders[reason])
		decoders[reason](run, exit);
	else
		kvm_failure(exit, false, "an exit of KVM that vmm does not know (reason %u)", reason);
}

bool kvm_take_posted(struct engine *engine, struct vmexit *exit)
{
	struct kvm_coalesced_mmio_ring *ring = engine->ring;
	const struct kvm_coalesced_mmio *write;
	uint32_t entries, first;

	if (!ring || ring->first == __atomic_load_n(&ring->last, __ATOMIC_ACQUIRE))
		return false;
	entries = (MEM_PAGE_SIZE - (uint32_t)sizeof(*ring)) / (uint32_t)sizeof(*write);
	first = ring->first;
	write = &ring->coalesced_mmio[first % entries];
	exit->reason = VMEXIT_MMIO;
	exit->mmio.gpa = write->phys_addr;
	exit->mmio.size = (uint8_t)write->len;
	exit->mmio.write = true;
	exit->mmio.posted = true;
	exit->mmio.data = memcpy(engine->posted, write->data, sizeof(engine->posted));
	__atomic_store_n(&ring->first, (first + 1) % entries, __ATOMIC_RELEASE);
	return true;
}
