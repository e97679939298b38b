/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * system.h - what the instructions for kernels have in common (tables.c,
 * control.c, msr.c, system.c).
 */
#ifndef VMM_CPU_SYSTEM_H
#define VMM_CPU_SYSTEM_H

#include "cpu/internal.h"

/* #GP(0) outside privilege 0. */
void require_privilege(struct cpu *cpu);
/* #GP(0) where CR4.UMIP hides the system's registers from the current privilege. */
void check_umip(struct cpu *cpu);

/* An operand that is a register or a word of memory. */
void bind_word(const struct operand *operand, struct insn *insn);
uint16_t read_word(struct cpu *cpu, const struct insn *insn);
/* The register gets as much of the value as its size is. */
void store_word(struct cpu *cpu, const struct insn *insn, uint64_t value);

/* EDX:EAX. */
static inline uint64_t get_pair(const struct cpu *cpu)
{
	return (uint32_t)cpu->gpr[GPR_RAX] | cpu->gpr[GPR_RDX] << 32;
}

static inline void set_pair(struct cpu *cpu, uint64_t value)
{
	cpu->gpr[GPR_RAX] = (uint32_t)value;
	cpu->gpr[GPR_RDX] = value >> 32;
}

/* The time-stamp counter as the guest has set it. */
static inline uint64_t tsc_now(const struct cpu *cpu)
{
	return cpu->ops->tsc(cpu->self) + cpu->msr.tsc_offset;
}

#endif
