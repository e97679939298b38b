/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outcome.h - how a run ended, in a file for programs (--report).
 */
#ifndef VMM_OUTCOME_H
#define VMM_OUTCOME_H

#include <stdint.h>

#include "core/json.h"
#include "core/log.h"
#include "core/result.h"
#include "core/run.h"
#include "expect.h"
#include "observe/hash.h"

struct board;

/* The file, and what writes it. All zero: none. */
struct outcome_file {
	struct result_file file;
	struct json json;
	uint64_t opened;	/* by CLOCK_MONOTONIC, nanoseconds */
};

/* What there is to tell, of the run's end. */
struct outcome {
	const struct board *board;
	const char *guest;
	const struct ending *ending;
	int status;
	const struct state_hashes *hashes;
	const struct expect_verdicts *verdicts;
	bool awaited;		/* --until was given; */
	bool reached;		/* it has come to that */
};

/*
 * The run begins: opens the file, which keeps what it holds, and the module. path must
 * outlive it. Returns 0, or -errno with a message in the log. Call outcome_close() whatever it
 * returns.
 */
int outcome_open(struct outcome_file *file, const char *path, const struct log *log);

/* The time since then is the run's. Returns 0 or -errno. */
int outcome_write(struct outcome_file *file, const struct outcome *outcome);

/* A file that was made, and not written, is removed. */
void outcome_close(struct outcome_file *file);

#endif
