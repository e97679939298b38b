/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * disklock.h - the lock that keeps two machines from writing one disk image.
 *
 * An open file description lock (fcntl(2)) over the whole file: it belongs to
 * the open image, goes with it however vmm ends, and conflicts with the locks
 * that other virtual machines put on their images.
 */
#ifndef VMM_HOST_DISKLOCK_H
#define VMM_HOST_DISKLOCK_H

#include <stdbool.h>
#include <sys/types.h>

struct disklock_holder {
	pid_t pid;
	char command[32];	/* the kernel's short name, printable */
};

/*
 * Locks the open file, exclusively (which needs it open for writing) or
 * shared, without waiting. Returns 0; -EAGAIN where somebody holds a lock that
 * does not go with it; another -errno where the file system cannot lock.
 */
int disklock_take(int fd, bool exclusive);

/*
 * Who holds a lock on the open file, vmm's own process aside. Returns false
 * where nobody is found: a process of another user, or on another machine.
 */
bool disklock_find_holder(int fd, struct disklock_holder *holder);

#endif
