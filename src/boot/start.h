/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * start.h - the states in which a vCPU can start, and the tables in guest
 * memory that two of them need.
 */
#ifndef VMM_BOOT_START_H
#define VMM_BOOT_START_H

#include <stdint.h>

#include "core/mem.h"
#include "core/vcpu.h"

/*
 * vmm's own structures in guest memory, reserved in the maps handed to
 * kernels; see vmm-machine(7).
 */
#define START_TABLES_GPA 0xD0000u
#define START_TABLES_SIZE 0x10000u

/* The last page of these: the memory map of a guest that asks for it and names no place. */
#define START_MAP_GPA 0xDF000u

/* Where boot information lies that a loader makes for its kernel. */
#define START_INFO_GPA 0xE0000u
#define START_INFO_SIZE 0x10000u

/* Selectors of the GDT that protected and long mode start with. */
#define START_CODE32 0x08
#define START_DATA 0x10
#define START_CODE64 0x18

/* __BOOT_CS and __BOOT_DS, with which Linux starts in either mode. */
#define START_LINUX_CODE 0x10
#define START_LINUX_DATA 0x18

/*
 * Makes sure that a structure of vmm's own has memory: RAM where the guest has
 * that much, else some that is added as region says, but for its host pointer.
 * Returns 0 or -errno.
 */
int start_reserve(struct mem *mem, struct mem_region *region);

/*
 * Real mode: CS is the 64 KiB segment that holds the entry (below 1 MiB), the
 * other segments are 0.
 */
void start_real(struct vcpu_state *state, uint32_t entry, uint32_t stack);

/*
 * 32-bit protected mode, unpaged, all segments flat. Returns 0, or -errno
 * where the tables cannot be put into guest memory, without a message.
 */
int start_protected(struct vcpu_state *state, struct mem *mem, uint32_t entry, uint32_t stack);

/*
 * 64-bit mode, the first 4 GiB mapped one-to-one with pages of 2 MiB, SSE
 * enabled. Returns as start_protected().
 */
int start_long(struct vcpu_state *state, struct mem *mem, uint64_t entry, uint64_t stack);

/*
 * Gives a state that start_protected() or start_long() made the selectors that
 * the Linux boot protocol asks for, and a GDT for them. Returns as these.
 */
int start_linux_segments(struct vcpu_state *state, struct mem *mem);

#endif
