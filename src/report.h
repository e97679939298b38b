/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.h - what is left of a run: screenshot, profile, the checks' verdict,
 * the crash report, the line that says how it ended, and the exit status.
 */
#ifndef VMM_REPORT_H
#define VMM_REPORT_H

#include "board.h"
#include "observe/profile.h"
#include "options.h"

/*
 * Whether the files that the end of the run will write can be made, so that a
 * mistyped folder costs no run. Returns 0, or -errno with a message in the log.
 */
int report_files_check(const struct options *options, const struct log *log);

/*
 * Writes everything, after the run. profile: NULL where there is none. frame:
 * gets the final screen. ending: gets what ended the run. Returns the exit
 * status (machine.md, "Exit status").
 */
int report_end(const struct options *options, const struct board *board,
	       const struct profile *profile, struct screen_frame *frame,
	       struct ending *ending, const struct log *log);

#endif
