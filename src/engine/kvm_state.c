/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kvm_state.c - registers: KVM's structs to and from struct vcpu_state. What
 * guests change seldom is written only where it differs.
 */
#include "engine/kvm.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <x86intrin.h>

#include "cpu/msr.h"

/* Where an XSAVE area says which components it has: XSTATE_BV (SDM vol. 1, 13.4.2). */
#define XSAVE_COMPONENTS 512u

static void segment_to_kvm(struct kvm_segment *to, const struct vcpu_segment *from)
{
	*to = (struct kvm_segment){
		.base = from->base, .limit = from->limit, .selector = from->selector,
		.type = from->type, .present = from->present, .dpl = from->dpl,
		.db = from->db, .s = from->s, .l = from->l, .g = from->g, .avl = from->avl,
		.unusable = !from->present,
	};
}

static void segment_from_kvm(struct vcpu_segment *to, const struct kvm_segment *from)
{
	*to = (struct vcpu_segment){
		.base = from->base, .limit = from->limit, .selector = from->selector,
		.type = from->type, .present = from->present && !from->unusable,
		.dpl = from->dpl, .db = from->db, .s = from->s, .l = from->l,
		.g = from->g, .avl = from->avl,
	};
}

/* Where each register lies in KVM's structs. */
static const struct {
	enum vcpu_gpr gpr;
	size_t offset;
} gpr_map[GPR_COUNT] = {
	{ GPR_RAX, offsetof(struct kvm_regs, rax) }, { GPR_RCX, offsetof(struct kvm_regs, rcx) },
	{ GPR_RDX, offsetof(struct kvm_regs, rdx) }, { GPR_RBX, offsetof(struct kvm_regs, rbx) },
	{ GPR_RSP, offsetof(struct kvm_regs, rsp) }, { GPR_RBP, offsetof(struct kvm_regs, rbp) },
	{ GPR_RSI, offsetof(struct kvm_regs, rsi) }, { GPR_RDI, offsetof(struct kvm_regs, rdi) },
	{ GPR_R8, offsetof(struct kvm_regs, r8) }, { GPR_R9, offsetof(struct kvm_regs, r9) },
	{ GPR_R10, offsetof(struct kvm_regs, r10) }, { GPR_R11, offsetof(struct kvm_regs, r11) },
	{ GPR_R12, offsetof(struct kvm_regs, r12) }, { GPR_R13, offsetof(struct kvm_regs, r13) },
	{ GPR_R14, offsetof(struct kvm_regs, r14) }, { GPR_R15, offsetof(struct kvm_regs, r15) },
};

static const size_t segment_map[SEG_COUNT] = {
	[SEG_ES] = offsetof(struct kvm_sregs, es), [SEG_CS] = offsetof(struct kvm_sregs, cs),
	[SEG_SS] = offsetof(struct kvm_sregs, ss), [SEG_DS] = offsetof(struct kvm_sregs, ds),
	[SEG_FS] = offsetof(struct kvm_sregs, fs), [SEG_GS] = offsetof(struct kvm_sregs, gs),
};

static void *at(void *base, size_t offset)
{
	return (uint8_t *)base + offset;
}

/* Where each MSR is kept; KVM_GET_MSRS and KVM_SET_MSRS take them in this order. */
static const struct {
	uint32_t number;
	size_t offset;
} msr_map[] = {
	{ MSR_PAT, offsetof(struct vcpu_msrs, pat) },
	{ MSR_SYSENTER_CS, offsetof(struct vcpu_msrs, sysenter_cs) },
	{ MSR_SYSENTER_ESP, offsetof(struct vcpu_msrs, sysenter_esp) },
	{ MSR_SYSENTER_EIP, offsetof(struct vcpu_msrs, sysenter_eip) },
	{ MSR_STAR, offsetof(struct vcpu_msrs, star) },
	{ MSR_LSTAR, offsetof(struct vcpu_msrs, lstar) },
	{ MSR_CSTAR, offsetof(struct vcpu_msrs, cstar) },
	{ MSR_FMASK, offsetof(struct vcpu_msrs, sfmask) },
	{ MSR_KERNEL_GS_BASE, offsetof(struct vcpu_msrs, kernel_gs_base) },
	{ MSR_TSC_AUX, offsetof(struct vcpu_msrs, tsc_aux) },
	{ MSR_MISC_ENABLE, offsetof(struct vcpu_msrs, misc_enable) },
	{ MSR_DEBUGCTL, offsetof(struct vcpu_msrs, debugctl) },
	{ MSR_MCG_STATUS, offsetof(struct vcpu_msrs, mcg_status) },
	{ MSR_MC0_CTL, offsetof(struct vcpu_msrs, mc0_ctl) },
};

#define MSRS (sizeof(msr_map) / sizeof(msr_map[0]))

struct msr_list {
	struct kvm_msrs head;
	struct kvm_msr_entry entries[MSRS + 1];	/* and the TSC */
};

/* Reads or writes MSRs. KVM stops at one that the host lacks: it is left out. */
static int transfer_msrs(const struct engine *engine, unsigned long request,
			 struct kvm_msr_entry *entries, size_t count)
{
	struct msr_list list;
	int moved;

	for (size_t done = 0; done < count; done += (size_t)moved + 1) {
		list.head = (struct kvm_msrs){ .nmsrs = (uint32_t)(count - done) };
		memcpy(list.entries, entries + done, (count - done) * sizeof(*entries));
		moved = ioctl(engine->vcpu, request, &list);
		if (moved < 0)
			return -errno;
		memcpy(entries + done, list.entries, (size_t)moved * sizeof(*entries));
	}
	return 0;
}

static int get_msrs(const struct engine *engine, struct vcpu_msrs *msr)
{
	struct kvm_msr_entry entries[MSRS + 1] = { [MSRS] = { .index = MSR_TSC } };
	int error;

	for (size_t i = 0; i < MSRS; i++)
		entries[i].index = msr_map[i].number;
	error = transfer_msrs(engine, KVM_GET_MSRS, entries, MSRS + 1);
	if (error)
		return error;
	for (size_t i = 0; i < MSRS; i++)
		memcpy(at(msr, msr_map[i].offset), &entries[i].data, sizeof(entries[i].data));
	msr->tsc_offset = entries[MSRS].data - __rdtsc();
	return 0;
}

static int set_msrs(const struct engine *engine, const struct vcpu_state *state)
{
	struct kvm_msr_entry entries[MSRS] = { 0 };

	for (size_t i = 0; i < MSRS; i++) {
		entries[i].index = msr_map[i].number;
		memcpy(&entries[i].data, (const uint8_t *)&state->msr + msr_map[i].offset,
		       sizeof(entries[i].data));
	}
	return transfer_msrs(engine, KVM_SET_MSRS, entries, MSRS);
}

static int set_tsc(const struct engine *engine, const struct vcpu_state *state)
{
	struct kvm_msr_entry tsc = {
		.index = MSR_TSC, .data = __rdtsc() + state->msr.tsc_offset,
	};

	return transfer_msrs(engine, KVM_SET_MSRS, &tsc, 1);
}

static int set_xcr0(const struct engine *engine, const struct vcpu_state *state)
{
	struct kvm_xcrs xcrs = { .nr_xcrs = 1, .xcrs = { { .value = state->xcr0 } } };

	return ioctl(engine->vcpu, KVM_SET_XCRS, &xcrs) < 0 ? -errno : 0;
}

static int set_events(const struct engine *engine, const struct vcpu_state *state)
{
	struct kvm_vcpu_events events;

	if (ioctl(engine->vcpu, KVM_GET_VCPU_EVENTS, &events) < 0)
		return -errno;
	events.flags |= KVM_VCPUEVENT_VALID_SHADOW;
	events.interrupt.shadow = state->interrupt_shadow ? KVM_X86_SHADOW_INT_STI : 0;
	events.nmi.masked = state->nmi_blocked;
	return ioctl(engine->vcpu, KVM_SET_VCPU_EVENTS, &events) < 0 ? -errno : 0;
}

/* Components of the XSAVE area that vmm does not know stay as they are. */
static int set_xsave(const struct engine *engine, const struct vcpu_state *state)
{
	struct kvm_xsave area;
	uint64_t old, components;

	if (ioctl(engine->vcpu, KVM_GET_XSAVE, &area) < 0)
		return -errno;
	memcpy(&old, at(&area, XSAVE_COMPONENTS), sizeof(old));
	memcpy(&area, state->xsave, sizeof(state->xsave));
	memcpy(&components, at(&area, XSAVE_COMPONENTS), sizeof(components));
	components |= old & ~(uint64_t)(XCR0_X87 | XCR0_SSE | XCR0_AVX);
	memcpy(at(&area, XSAVE_COMPONENTS), &components, sizeof(components));
	return ioctl(engine->vcpu, KVM_SET_XSAVE, &area) < 0 ? -errno : 0;
}

/* What guests change seldom: each with the ioctls that write it. */
static const struct {
	size_t offset;		/* in struct vcpu_state */
	size_t size;
	int (*set)(const struct engine *engine, const struct vcpu_state *state);
} extended[] = {
#define EXTENDED(field, set) \
	{ offsetof(struct vcpu_state, field), sizeof(((struct vcpu_state *)0)->field), set }
	EXTENDED(xcr0, set_xcr0),
	EXTENDED(xsave, set_xsave),
	EXTENDED(msr, set_msrs),
	EXTENDED(msr.tsc_offset, set_tsc),
	EXTENDED(interrupt_shadow, set_events),
	EXTENDED(nmi_blocked, set_events),
#undef EXTENDED
};

static int get_extended(const struct engine *engine, struct vcpu_state *state)
{
	struct kvm_xcrs xcrs;
	struct kvm_xsave area;
	struct kvm_vcpu_events events;

	if (ioctl(engine->vcpu, KVM_GET_XCRS, &xcrs) < 0 ||
	    ioctl(engine->vcpu, KVM_GET_XSAVE, &area) < 0 ||
	    ioctl(engine->vcpu, KVM_GET_VCPU_EVENTS, &events) < 0)
		return -errno;
	/* None on a processor without XSAVE. */
	state->xcr0 = xcrs.nr_xcrs ? xcrs.xcrs[0].value : XCR0_X87;
	state->interrupt_shadow = events.interrupt.shadow;
	state->nmi_blocked = events.nmi.masked;
	memcpy(state->xsave, &area, sizeof(state->xsave));
	return get_msrs(engine, &state->msr);
}

/* Writes what differs from what KVM has. */
static int set_extended(const struct engine *engine, const struct vcpu_state *before,
			const struct vcpu_state *state)
{
	int error = 0;

	for (size_t i = 0; i < sizeof(extended) / sizeof(extended[0]) && !error; i++)
		if (memcmp((const uint8_t *)before + extended[i].offset,
			   (const uint8_t *)state + extended[i].offset, extended[i].size) != 0)
			error = extended[i].set(engine, state);
	return error;
}

static int get_system(const struct engine *engine, struct vcpu_state *state)
{
	struct kvm_sregs sregs;

	if (engine->synced)
		sregs = engine->run->s.regs.sregs;
	else if (ioctl(engine->vcpu, KVM_GET_SREGS, &sregs) < 0)
		return -errno;
	for (size_t i = 0; i < SEG_COUNT; i++)
		segment_from_kvm(&state->segment[i], at(&sregs, segment_map[i]));
	segment_from_kvm(&state->ldtr, &sregs.ldt);
	segment_from_kvm(&state->tr, &sregs.tr);
	state->gdtr = (struct vcpu_table){ sregs.gdt.base, sregs.gdt.limit };
	state->idtr = (struct vcpu_table){ sregs.idt.base, sregs.idt.limit };
	state->cr0 = sregs.cr0;
	state->cr2 = sregs.cr2;
	state->cr3 = sregs.cr3;
	state->cr4 = sregs.cr4;
	state->cr8 = intr_cr8(engine->config.intr);
	state->efer = sregs.efer;
	state->msr.apic_base = sregs.apic_base;
	return 0;
}

static int get_debug(const struct engine *engine, struct vcpu_state *state)
{
	struct kvm_debugregs debug;

	if (ioctl(engine->vcpu, KVM_GET_DEBUGREGS, &debug) < 0)
		return -errno;
	memcpy(state->dr, debug.db, sizeof(debug.db));
	state->dr[6] = debug.dr6;
	state->dr[7] = debug.dr7;
	return 0;
}

static int set_system(struct engine *engine, const struct vcpu_state *state)
{
	struct kvm_debugregs debug = { .dr6 = state->dr[6], .dr7 = state->dr[7] };
	struct kvm_sregs sregs;

	engine->synced = false;
	/* For what the neutral state does not have: KVM's pending interrupts. */
	if (ioctl(engine->vcpu, KVM_GET_SREGS, &sregs) < 0)
		return -errno;
	for (size_t i = 0; i < SEG_COUNT; i++)
		segment_to_kvm(at(&sregs, segment_map[i]), &state->segment[i]);
	segment_to_kvm(&sregs.ldt, &state->ldtr);
	segment_to_kvm(&sregs.tr, &state->tr);
	sregs.gdt = (struct kvm_dtable){ .base = state->gdtr.base, .limit = state->gdtr.limit };
	sregs.idt = (struct kvm_dtable){ .base = state->idtr.base, .limit = state->idtr.limit };
	sregs.cr0 = state->cr0;
	sregs.cr2 = state->cr2;
	sregs.cr3 = state->cr3;
	sregs.cr4 = state->cr4;
	sregs.cr8 = state->cr8;
	sregs.efer = state->efer;
	sregs.apic_base = state->msr.apic_base;
	memcpy(debug.db, state->dr, sizeof(debug.db));
	if (ioctl(engine->vcpu, KVM_SET_SREGS, &sregs) < 0 ||
	    ioctl(engine->vcpu, KVM_SET_DEBUGREGS, &debug) < 0)
		return -errno;
	return 0;
}

static bool same_system(const struct vcpu_state *a, const struct vcpu_state *b)
{
	const size_t first = offsetof(struct vcpu_state, segment);

	return memcmp((const uint8_t *)a + first, (const uint8_t *)b + first,
		      offsetof(struct vcpu_state, xcr0) - first) == 0 &&
	       a->msr.apic_base == b->msr.apic_base;
}

int kvm_get_general(const struct engine *engine, struct vcpu_state *state)
{
	struct kvm_regs regs;

	if (engine->synced)
		regs = engine->run->s.regs.regs;
	else if (ioctl(engine->vcpu, KVM_GET_REGS, &regs) < 0)
		return -errno;
	state->rip = regs.rip;
	state->rflags = regs.rflags;
	for (size_t i = 0; i < GPR_COUNT; i++)
		memcpy(&state->gpr[gpr_map[i].gpr], at(&regs, gpr_map[i].offset),
		       sizeof(state->gpr[0]));
	return 0;
}

int kvm_set_general(struct engine *engine, const struct vcpu_state *state)
{
	struct kvm_regs regs = { .rip = state->rip, .rflags = state->rflags };

	engine->synced = false;
	for (size_t i = 0; i < GPR_COUNT; i++)
		memcpy(at(&regs, gpr_map[i].offset), &state->gpr[gpr_map[i].gpr],
		       sizeof(state->gpr[0]));
	return ioctl(engine->vcpu, KVM_SET_REGS, &regs) < 0 ? -errno : 0;
}

int kvm_get_registers(struct engine *engine, struct vcpu_state *state)
{
	int error = kvm_get_general(engine, state);

	return error ? error : get_system(engine, state);
}

int kvm_get_state(struct engine *engine, struct vcpu_state *state)
{
	int error;

	*state = (struct vcpu_state){ 0 };
	error = kvm_get_registers(engine, state);
	if (!error)
		error = get_debug(engine, state);
	return error ? error : get_extended(engine, state);
}

int kvm_set_state(struct engine *engine, const struct vcpu_state *state)
{
	struct vcpu_state before;
	int error = 0;

	/* A vCPU that has not run is as after reset: that saves the ioctls. */
	if (engine->entered)
		error = kvm_get_state(engine, &before);
	else
		vcpu_state_reset(&before);
	if (!error)
		error = set_system(engine, state);
	if (!error)
		error = kvm_set_general(engine, state);
	intr_write_cr8(engine->config.intr, (uint8_t)state->cr8);
	return error ? error : set_extended(engine, &before, state);
}

int kvm_change_state(struct engine *engine, const struct vcpu_state *before,
		     const struct vcpu_state *after)
{
	int error = 0;

	if (!same_system(before, after))
		error = set_system(engine, after);
	if (!error)
		error = kvm_set_general(engine, after);
	return error ? error : set_extended(engine, before, after);
}

/* An exception or interrupt whose delivery KVM has begun would reach the guest that starts. */
void kvm_reset(struct engine *engine)
{
	struct kvm_vcpu_events events;

	if (ioctl(engine->vcpu, KVM_GET_VCPU_EVENTS, &events) < 0)
		return;
	events.flags |= KVM_VCPUEVENT_VALID_NMI_PENDING;
	events.exception.injected = 0;
	events.exception.pending = 0;
	events.interrupt.injected = 0;
	events.nmi.injected = 0;
	events.nmi.pending = 0;
	ioctl(engine->vcpu, KVM_SET_VCPU_EVENTS, &events);
}
