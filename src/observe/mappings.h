/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mappings.h - which pages of the guest are mapped in vmm's own process, as text. */
#ifndef VMM_OBSERVE_MAPPINGS_H
#define VMM_OBSERVE_MAPPINGS_H

#include <stdio.h>

#include "core/mem.h"

/*
 * Prints a line for each mapping of guest memory but those by which vmm itself has it:
 * addresses, where they lead in guest-physical memory, and the rights of the process.
 * maps: /proc/self/maps, open for reading, which is read from its start. Returns 0 or -errno.
 */
int mappings_print(FILE *out, int maps, const struct mem *mem);

#endif
