/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shadow.h - the guest's translations as mappings of vmm's own process, made
 * when guest code first needs each.
 *
 * What the guest's page tables say is followed exactly: the pages that hold
 * tables are watched (native.h) and mapped read-only, so that each change of
 * one is seen, and what came from it is unmapped. Pages with code are never
 * writable at the same time: they have been looked through, and a write makes
 * them other code.
 */
#ifndef VMM_ENGINE_SHADOW_H
#define VMM_ENGINE_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/mem.h"
#include "cpu/cpu.h"

struct shadow;

/* mem's memory must be shared (mem_share()). Returns 0 or -errno. The caller owns *shadow. */
int shadow_create(struct shadow **shadow, const struct mem *mem, const struct cpu_module *api,
		  struct cpu *cpu);
/* NULL is fine. */
void shadow_destroy(struct shadow *shadow);

/* Whether guest code or data can be at the address at all. */
bool shadow_reaches(const struct shadow *shadow, uint64_t la);

/*
 * Before guest code runs: brings the mappings in line with where the
 * translations come from (CR3 and the rest), the privilege, and what code must
 * not hold now (CPU_CODE_...). Returns whether it may begin at la.
 */
bool shadow_enter(struct shadow *shadow, uint64_t la, const struct cpu_space *space,
		  uint32_t bars);

/*
 * A page fault of guest code: makes the mapping that it lacked. Returns false
 * where it is not for a mapping to mend: the guest's own fault, a device, a
 * page that is watched.
 */
bool shadow_fault(struct shadow *shadow, uint64_t la, enum cpu_access access);

/* A watched page has been written. */
void shadow_written(struct shadow *shadow, uint64_t gpa, uint64_t len);

/* The processor keeps code of the page: guest code must not write there unseen. */
void shadow_keeps_code(struct shadow *shadow, uint64_t gpa);

#endif
