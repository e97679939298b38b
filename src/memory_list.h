/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * memory_list.h - what is where in the guest's physical address space: memory, and
 * registers of chips. For --show-memory and the hypercall MEMORY_LIST, vmm-services(7).
 */
#ifndef VMM_MEMORY_LIST_H
#define VMM_MEMORY_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/bus.h"
#include "core/mem.h"

/* As the hypercall has them: never changed, only added to. */
enum memory_kind {
	MEMORY_RAM = 1,
	MEMORY_RESERVED = 2,	/* RAM that kernels are told to leave alone */
	MEMORY_CHIP = 3,	/* a chip's own memory */
	MEMORY_FILE = 4,	/* a file of the host's (--map) */
	MEMORY_REGISTERS = 5,	/* no memory: each access goes to a chip */
};

struct memory_area {
	uint64_t gpa;
	uint64_t size;		/* bytes */
	enum memory_kind kind;
	unsigned int flags;	/* enum mem_flags */
	const char *name;
};

/* In order of address. Returns the next area from gpa on in area, or false: there is none. */
bool memory_list_next(const struct mem *mem, const struct bus *bus, uint64_t gpa,
		      struct memory_area *area);

/*
 * Prints a line for each area: first and last address, size, kind, rights, and what is
 * behind it. ram: a file's name, in which RAM is; NULL: in none.
 */
void memory_list_print(const struct mem *mem, const struct bus *bus, const char *ram, FILE *to);

#endif
