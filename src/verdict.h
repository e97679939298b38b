/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verdict.h - texts that decide a run as soon as the guest shows them: --until
 * and --fail-on.
 */
#ifndef VMM_VERDICT_H
#define VMM_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/log.h"
#include "core/run.h"
#include "host/condition.h"
#include "host/watch.h"

struct verdict_conditions {
	struct condition *condition;
	size_t count;
};

/* What the command line asks for; the conditions are its own. */
struct verdict_options {
	struct verdict_conditions until;
	struct verdict_conditions fail_on;
};

struct verdict;

/*
 * Watches for the texts, and ends the run. All must outlive *verdict. Returns 0
 * or -ENOMEM. The caller owns it.
 */
int verdict_create(struct verdict **verdict, const struct verdict_options *options,
		   struct watches *watches, struct run *run);
void verdict_destroy(struct verdict *verdict);	/* NULL is fine */

/*
 * After the run: whether a text was waited for and none came; says so, unless
 * the run has ended by a text of --fail-on. NULL: nothing was waited for.
 */
bool verdict_unmet(const struct verdict *verdict, const struct log *log);

#endif
