/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * snapshot.h - guest memory as it was, to be put back when the machine is
 * reset: a copy of the pages that are not zero. Files that are shared as memory are left
 * out: like a disk they keep what was written.
 */
#ifndef VMM_CORE_SNAPSHOT_H
#define VMM_CORE_SNAPSHOT_H

#include "core/mem.h"

struct snapshot;

/* Returns 0 or -errno. The caller owns *snapshot. */
int snapshot_take(struct snapshot **snapshot, const struct mem *mem);
void snapshot_free(struct snapshot *snapshot);

/*
 * All of memory as it was; its map must be the same. By the vCPU's thread. Returns 0
 * or -EFAULT.
 */
int snapshot_restore(const struct snapshot *snapshot, struct mem *mem);

#endif
