/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_tables.h - what a guest's page tables map, as text (--dump-page-tables). */
#ifndef VMM_OBSERVE_PAGE_TABLES_H
#define VMM_OBSERVE_PAGE_TABLES_H

#include <stdio.h>

#include "core/mem.h"
#include "core/vcpu.h"

/*
 * Prints the form of paging, and a line for each stretch of pages of one size that
 * follow each other, linear and guest-physical, with the same rights; a line too for each
 * entry that has a reserved bit set or lies outside memory. Where the tables map more than
 * can be looked through in about a second (they can contain themselves), a line says where
 * it ends. Returns 0 or -errno.
 */
int page_tables_print(FILE *out, const struct mem *mem, const struct vcpu_state *state);

#endif
