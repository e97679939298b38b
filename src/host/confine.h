/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * confine.h - vmm gives up what a run does not need, for the sake of a guest that comes to
 * command it: opening files, starting programs, connecting to others, signals to
 * other processes. What is open stays; the list is in sandbox.c.
 */
#ifndef VMM_HOST_CONFINE_H
#define VMM_HOST_CONFINE_H

#include "core/log.h"
#include "core/mem.h"

/*
 * Confines the process, in all its threads and for good: when all is open and all threads
 * are there. mem: the guest's, the only files whose pages may be executed. Returns
 * 0, or -errno with a message in the log.
 */
int confine(const struct mem *mem, const struct log *log);

#endif
