/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expect.h - the --expect options: what must hold when the run has ended.
 */
#ifndef VMM_EXPECT_H
#define VMM_EXPECT_H

#include "board.h"
#include "options.h"

/*
 * Checks every expectation and prints each difference. Returns 0 where all are
 * met, 1 where one is not, -errno with a message in the log where one could
 * not be checked (a file cannot be read).
 */
int expect_check(const struct options *options, const struct board *board,
		 const struct screen_frame *frame, const struct log *log);

/*
 * Whether the files to compare with can be read: before the run, so that a
 * mistyped name costs no run. Returns 0, or -errno with a message.
 */
int expect_files_check(const struct options *options, const struct log *log);

#endif
