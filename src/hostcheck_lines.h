/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hostcheck_lines.h - what was found out about this host, as lines with a verdict, a
 * reason and a remedy.
 */
#ifndef VMM_HOSTCHECK_LINES_H
#define VMM_HOSTCHECK_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/engine.h"
#include "engine/kvm_facts.h"
#include "host/inventory.h"

enum host_verdict { HOST_OK, HOST_LIMITED, HOST_MISSING, HOST_VERDICTS };

/* OK, LIMITED, MISSING. */
extern const char *const host_verdict_names[HOST_VERDICTS];

struct host_line {
	char check[48];		/* what the line is about; the same in every language */
	enum host_verdict verdict;
	char reason[320];
	char remedy[200];	/* "": there is nothing to do */
};

struct host_lines {
	struct host_line *lines;
	size_t count;
	bool usable;		/* at least one engine can run a guest */
};

struct host_facts {
	struct inventory inventory;
	struct kvm_facts kvm;		/* with the engine's probe */
	struct engine_probe direct;
	struct engine_probe interp;
	int device_error;		/* why the caller may not use /dev/kvm, an errno; 0: may */
	char device_group[32];		/* who may use it; "": none but root */
	bool device_group_listed;	/* the user is in it, by the list of groups */
	bool user_dispatch;		/* Syscall User Dispatch */
	bool modify_ldt;
	char signature[13];		/* of the hypervisor, by CPUID 0x40000000; "": none */
};

/* Returns 0 or -ENOMEM; host_lines_free() in any case. */
int host_lines_make(struct host_lines *lines, const struct host_facts *facts);
void host_lines_free(struct host_lines *lines);

#endif
