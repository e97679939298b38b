/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scan.h - what the processor keeps of the code that it has looked through (native.h). */
#ifndef VMM_CPU_SCAN_H
#define VMM_CPU_SCAN_H

struct cpu;

void scans_destroy(struct cpu *cpu);

#endif
