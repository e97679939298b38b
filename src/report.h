/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.h - what is left of a run: screenshot, profile, a file for programs, the checks' verdict,
 * the crash report, the line that says how it ended, and the exit status.
 */
#ifndef VMM_REPORT_H
#define VMM_REPORT_H

#include "core/json.h"
#include "core/log.h"
#include "core/result.h"
#include "core/run.h"
#include "dumps.h"
#include "expect.h"
#include "host/screen.h"
#include "observe/profile.h"
#include "observe/trace.h"
#include "outcome.h"

struct board;

struct report_config {
	const char *screenshot;		/* a picture's path; NULL: none */
	const char *profile;		/* a path or "-"; NULL: none */
	const char *report;		/* a path; NULL: none */
	const char *trace;		/* a path or "-"; NULL: none */
	const struct trace_filter *trace_filter;
	const char *guest;		/* the image, as the report names it */
	bool awaits;			/* there are texts that end the run well */
	struct dumps_config dumps;
	const struct expectations *expect;
	bool state_hash;		/* print hashes of the final state */
};

struct picture_file;

/* The files of a report, open. */
struct report {
	const struct report_config *config;
	struct expect_files expect;
	struct picture_file *screenshot;	/* NULL: none, as for those that follow */
	struct result_file profile;
	struct json profile_json;	/* open where that is the profile's format */
	struct outcome_file outcome;
	struct result_file trace_file;
	struct trace trace;
	struct dumps dumps;
};

/*
 * Whether the files that the end of the run will write can be made; reads
 * those that it compares with: so that a mistyped name costs no run. config must
 * outlive the report. Returns 0, or -errno with a message in the log. Call
 * report_close() whatever it returns.
 */
int report_create(struct report *report, const struct report_config *config,
		  const struct log *log);

/*
 * The run of the board begins: opens what its end will write, which keeps what it holds until
 * then. Returns 0, or -errno with a message in the log.
 */
int report_start(struct report *report, const struct board *board, const struct log *log);

/*
 * Writes everything, after the run. profile: NULL where there is none. frame:
 * gets the final screen. ending: gets what ended the run. Returns the exit
 * status (vmm(1), EXIT STATUS).
 */
int report_end(struct report *report, struct board *board, const struct profile *profile,
	       struct screen_frame *frame, struct ending *ending, const struct log *log);

/* Files that were made, and not written, are removed. */
void report_close(struct report *report);

#endif
