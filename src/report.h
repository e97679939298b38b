/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.h - what is left of a run: screenshot, profile, the checks' verdict,
 * the crash report, the line that says how it ended, and the exit status.
 */
#ifndef VMM_REPORT_H
#define VMM_REPORT_H

#include "core/log.h"
#include "core/run.h"
#include "expect.h"
#include "host/screen.h"
#include "observe/profile.h"

struct board;

struct report_config {
	const char *screenshot;		/* a picture's path; NULL: none */
	const char *profile;		/* a path or "-"; NULL: none */
	const struct expectations *expect;
	bool state_hash;		/* print hashes of the final state */
};

/*
 * Whether the files that the end of the run will write can be made, and those
 * that it compares with can be read, so that a mistyped name costs no run.
 * Returns 0, or -errno with a message in the log.
 */
int report_files_check(const struct report_config *config, const struct log *log);

/*
 * Writes everything, after the run. profile: NULL where there is none. frame:
 * gets the final screen. ending: gets what ended the run. Returns the exit
 * status (vmm(1), EXIT STATUS).
 */
int report_end(const struct report_config *config, struct board *board,
	       const struct profile *profile, struct screen_frame *frame,
	       struct ending *ending, const struct log *log);

#endif
