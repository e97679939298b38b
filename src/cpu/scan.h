/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scan.h - what the processor keeps of the code that it has looked through (native.h). */
#ifndef VMM_CPU_SCAN_H
#define VMM_CPU_SCAN_H

#include "cpu/internal.h"

/* mmu_address() for who is not within an instruction; false: it faults. native.c */
bool cpu_native_address(struct cpu *cpu, uint64_t la, enum access access, uint64_t *gpa);

void scans_destroy(struct cpu *cpu);

#endif
