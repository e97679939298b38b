/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * syscall.c - SYSCALL, SYSRET, SYSENTER and SYSEXIT (SDM vol. 2; APM vol. 3).
 * Where vendors differ, as the vendor does that CPUID says.
 */
#include "cpu/bind.h"
#include "cpu/descriptor.h"

/* Segment selectors in IA32_STAR. */
#define STAR_SYSCALL(star)	((uint16_t)((star) >> 32))
#define STAR_SYSRET(star)	((uint16_t)((star) >> 48))
/* By which selectors lie behind the first one. */
#define STACK_OFFSET		8u
#define SYSRET_CODE64		16u
#define SYSEXIT_CODE32		16u
#define SYSEXIT_STACK32		24u
#define SYSEXIT_CODE64		32u
#define SYSEXIT_STACK64		40u

#define FLAGS_OF_SYSRET		0x3C7FD7u

/* Code and stack as these instructions make them, without a look at any table. */
static void enter_flat(struct cpu *cpu, uint16_t code, uint16_t stack, unsigned int cpl,
		       bool code64)
{
	cpu->segment[SEG_CS] = (struct vcpu_segment){
		.limit = UINT32_MAX, .selector = (uint16_t)((code & ~SELECTOR_RPL) | cpl),
		.type = SEG_TYPE_CODE, .dpl = (uint8_t)cpl, .s = true, .present = true,
		.l = code64, .db = !code64, .g = true,
	};
	cpu->segment[SEG_SS] = (struct vcpu_segment){
		.limit = UINT32_MAX, .selector = (uint16_t)((stack & ~SELECTOR_RPL) | cpl),
		.type = SEG_TYPE_DATA, .dpl = (uint8_t)cpl, .s = true, .present = true,
		.db = true, .g = true,
	};
	cpu->cpl = (uint8_t)cpl;
	cpu->end = NULL;
	cpu_mode_changed(cpu);
	/* These are single-stepped by the flags that they leave. */
	cpu->debug_pending &= ~(uint64_t)DR6_BS;
	if (cpu->rflags & RFLAGS_TF)
		cpu->debug_pending |= DR6_BS;
}

/* Outside 64-bit mode SYSCALL and SYSRET are AMD's. */
static void require_syscall(struct cpu *cpu)
{
	if (!(cpu->efer & EFER_SCE) || (!cpu_is_amd(cpu) && !code_is_64(cpu)))
		raise_exception(cpu, VECTOR_UD);
}

static void execute_syscall(struct cpu *cpu, const struct insn *insn)
{
	uint16_t code = STAR_SYSCALL(cpu->msr.star) & (uint16_t)~SELECTOR_RPL;
	uint64_t next = next_rip(cpu, insn);

	require_syscall(cpu);
	if (cpu_long(cpu)) {
		cpu->gpr[GPR_RCX] = next;
		cpu->gpr[GPR_R11] = flags_get(cpu) & ~(uint64_t)RFLAGS_RF;
		cpu->rip = code_is_64(cpu) ? cpu->msr.lstar : cpu->msr.cstar;
		flags_set(cpu, flags_get(cpu) & ~(cpu->msr.sfmask | RFLAGS_RF));
	} else {
		cpu->gpr[GPR_RCX] = (uint32_t)next;
		cpu->rip = (uint32_t)cpu->msr.star;
		cpu->rflags &= ~(uint64_t)(RFLAGS_IF | RFLAGS_VM | RFLAGS_RF);
	}
	enter_flat(cpu, code, (uint16_t)(code + STACK_OFFSET), 0, cpu_long(cpu));
}

static void execute_sysret(struct cpu *cpu, const struct insn *insn)
{
	uint16_t base = STAR_SYSRET(cpu->msr.star);
	bool code64 = insn->size == 8;

	require_syscall(cpu);
	if (!cpu_protected(cpu) || cpu->cpl)
		raise_error(cpu, VECTOR_GP, 0);
	/* AMD faults at the target instead, as the user. */
	if (code64 && !cpu_is_amd(cpu) && !canonical(cpu->gpr[GPR_RCX]))
		raise_error(cpu, VECTOR_GP, 0);
	cpu->rip = code64 ? cpu->gpr[GPR_RCX] : (uint32_t)cpu->gpr[GPR_RCX];
	if (cpu_long(cpu))
		flags_set(cpu, cpu->gpr[GPR_R11] & FLAGS_OF_SYSRET);
	else
		cpu->rflags |= RFLAGS_IF;
	enter_flat(cpu, (uint16_t)(base + (code64 ? SYSRET_CODE64 : 0)),
		   (uint16_t)(base + STACK_OFFSET), 3, code64);
}

/* AMD has SYSENTER and SYSEXIT outside of long mode only. */
static void require_sysenter(struct cpu *cpu)
{
	if (cpu_is_amd(cpu) && cpu_long(cpu))
		raise_exception(cpu, VECTOR_UD);
	if (!cpu_protected(cpu) || selector_null((uint16_t)cpu->msr.sysenter_cs))
		raise_error(cpu, VECTOR_GP, 0);
}

static void execute_sysenter(struct cpu *cpu, const struct insn *insn)
{
	uint16_t code = (uint16_t)cpu->msr.sysenter_cs;

	require_sysenter(cpu);
	cpu->rflags &= ~(uint64_t)(RFLAGS_VM | RFLAGS_IF | RFLAGS_RF);
	cpu->gpr[GPR_RSP] = cpu_long(cpu) ? cpu->msr.sysenter_esp :
			    (uint32_t)cpu->msr.sysenter_esp;
	cpu->rip = cpu_long(cpu) ? cpu->msr.sysenter_eip : (uint32_t)cpu->msr.sysenter_eip;
	enter_flat(cpu, code, (uint16_t)((code & ~SELECTOR_RPL) + STACK_OFFSET), 0,
		   cpu_long(cpu));
}

static void execute_sysexit(struct cpu *cpu, const struct insn *insn)
{
	uint16_t base = (uint16_t)cpu->msr.sysenter_cs;
	uint64_t rsp = cpu->gpr[GPR_RCX], rip = cpu->gpr[GPR_RDX];
	bool code64 = insn->size == 8;

	require_sysenter(cpu);
	if (cpu->cpl || (code64 && (!canonical(rsp) || !canonical(rip))))
		raise_error(cpu, VECTOR_GP, 0);
	cpu->gpr[GPR_RSP] = code64 ? rsp : (uint32_t)rsp;
	cpu->rip = code64 ? rip : (uint32_t)rip;
	enter_flat(cpu, (uint16_t)(base + (code64 ? SYSEXIT_CODE64 : SYSEXIT_CODE32)),
		   (uint16_t)(base + (code64 ? SYSEXIT_STACK64 : SYSEXIT_STACK32)), 3, code64);
}

bool bind_syscall(const struct decoded *decoded, struct insn *insn, bool *ends_block)
{
	static insn_fn *const functions[] = {
		[OP_SYSCALL - OP_SYSCALL] = execute_syscall,
		[OP_SYSRET - OP_SYSCALL] = execute_sysret,
		[OP_SYSENTER - OP_SYSCALL] = execute_sysenter,
		[OP_SYSEXIT - OP_SYSCALL] = execute_sysexit,
	};

	insn->execute = functions[decoded->op - OP_SYSCALL];
	insn->size = decoded->operand_size;
	*ends_block = true;
	return true;
}
