/* SPDX-License-Identifier: 0BSD */
/*
 * error.h - what functions and hypercalls return, negated, when they fail:
 * Linux's error numbers, so that vmm can hand its host's on to the guest.
 */
#ifndef VMM_ERROR_H
#define VMM_ERROR_H

enum vmm_error {
	VMM_ENOENT = 2,		/* nothing of that name */
	VMM_EINTR = 4,		/* an interrupt is there */
	VMM_EIO = 5,		/* the device reports an error */
	VMM_EAGAIN = 11,	/* it would have to wait */
	VMM_ENOMEM = 12,
	VMM_EFAULT = 14,	/* an address outside the guest's memory */
	VMM_EBUSY = 16,		/* something else has to be done first */
	VMM_ENODEV = 19,	/* no such device: no disk, say */
	VMM_EINVAL = 22,
	VMM_ENOSPC = 28,	/* the host's disk is full */
	VMM_EROFS = 30,		/* a read-only disk */
	VMM_EPIPE = 32,		/* nobody is at the other end any more */
	VMM_ERANGE = 34,	/* past the end of the disk */
	VMM_EDEADLK = 35,	/* it would wait for ever */
	VMM_ENOSYS = 38,	/* no such hypercall */
	VMM_EPROTO = 71,	/* who is at the other end breaks the protocol */
};

#endif
