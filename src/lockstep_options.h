/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lockstep_options.h - the command line of vmm-lockstep as a struct. Only
 * options.c knows popt.
 */
#ifndef VMM_LOCKSTEP_OPTIONS_H
#define VMM_LOCKSTEP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/log.h"
#include "core/optional.h"
#include "cpu/cpuid.h"
#include "expect.h"

#define LOCKSTEP_SIDES 2u

struct options;

/* --poke: memory is changed on one side, to see that it is found. */
struct lockstep_poke {
	unsigned int side;
	uint64_t count;			/* after so many instructions */
	struct expect_bytes place;
};

struct lockstep_pokes {
	struct lockstep_poke *poke;
	size_t count;
};

struct lockstep_options {
	char *engines;			/* as given: A,B */
	struct options *machine[LOCKSTEP_SIDES];
	struct options *machine_options;	/* what both have */
	struct cpuid_config cpu;
	struct optional insn_limit;
	struct optional stride;		/* instructions from one comparison to the next */
	struct optional memory_stride;	/* the same for memory */
	bool fpu;
	struct optional accept;		/* so many differences */
	struct lockstep_pokes pokes;
};

enum lockstep_answer {
	LOCKSTEP_RUN,	/* go on */
	LOCKSTEP_DONE,	/* help or version has been printed: status 0 */
	LOCKSTEP_USAGE,	/* a usage error has been told: status 2 */
};

/*
 * Reads the command line; opens nothing. log's level is set by -v and -q. Call
 * lockstep_options_free() whatever the answer.
 */
enum lockstep_answer lockstep_options_parse(struct lockstep_options *lockstep, int argc,
					    const char **argv, struct log *log);
void lockstep_options_free(struct lockstep_options *lockstep);

#endif
