/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hostcheck.h - vmm --host-check: what this host offers, printed on standard output.
 */
#ifndef VMM_HOSTCHECK_H
#define VMM_HOSTCHECK_H

#include <stdbool.h>

#include "core/log.h"

/*
 * Prints a line for each check, or with json one object. Returns 0 where at least one
 * engine can run a guest, 1 where none can, or -errno with a message in the log.
 */
int hostcheck(bool json, const struct log *log);

#endif
