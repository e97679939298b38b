/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * memory_map.h - where memory is in the guest's physical address space: RAM as on
 * a PC, with the hole below 1 MiB and the one below 4 GiB, and the text memory.
 */
#ifndef VMM_MEMORY_MAP_H
#define VMM_MEMORY_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/log.h"
#include "core/mem.h"
#include "host/screen.h"

struct simvirtio_words;

/* The name of RAM's regions. */
#define MEMORY_MAP_RAM "RAM"

/*
 * Adds size bytes of RAM, a multiple of MEM_PAGE_SIZE. mergeable: the host may merge
 * equal pages (KSM). Returns 0, or -errno with a message in the log.
 */
int memory_map_add_ram(struct mem *mem, uint64_t size, bool mergeable, const struct log *log);

/*
 * Adds the screen's memory, which stays the screen's. trap: the guest's accesses are
 * exits. Returns 0 or -errno.
 */
int memory_map_add_text(struct mem *mem, struct screen *screen, bool trap);

/*
 * Adds the page at gpa in which a SIMVIRTIO device has the control words of its queues:
 * words, a page of mem_backing(). Returns 0, or -errno: -EEXIST where there is memory already.
 */
int memory_map_add_simvirtio(struct mem *mem, uint64_t gpa, struct simvirtio_words *words);

#endif
