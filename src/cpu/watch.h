/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watch.h - the processor's side of watched pages (native.h): it says what it writes. */
#ifndef VMM_CPU_WATCH_H
#define VMM_CPU_WATCH_H

#include <stdint.h>

struct cpu;

/* len bytes at gpa have been written, by the guest; or are about to be, by the machine. */
void watch_written(struct cpu *cpu, uint64_t gpa, uint64_t len);

/* Frees what is kept of watched pages. */
void watch_fini(struct cpu *cpu);

#endif
