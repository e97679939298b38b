/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sandbox_module.h - what confine.c asks of the module that knows libseccomp.
 */
#ifndef VMM_HOST_SANDBOX_MODULE_H
#define VMM_HOST_SANDBOX_MODULE_H

#include <stddef.h>

/* To be raised with every change to struct sandbox_module. */
#define SANDBOX_MODULE_VERSION 1u
#define SANDBOX_MODULE_SYMBOL "vmm_sandbox_module"

struct sandbox_module {
	unsigned int version;	/* SANDBOX_MODULE_VERSION */

	/*
	 * Leaves the process, in all its threads and for good, the system calls of a
	 * run; the others give EPERM. code: the descriptors of files whose pages may be
	 * executed. Returns 0 or -errno.
	 */
	int (*enter)(const int *code, size_t count);
};

extern const struct sandbox_module vmm_sandbox_module;

#endif
