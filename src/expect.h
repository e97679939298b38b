/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expect.h - the --expect options: what must hold when the run has ended.
 */
#ifndef VMM_EXPECT_H
#define VMM_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/log.h"
#include "core/optional.h"
#include "host/screen.h"

struct board;

/* Bytes at a place in guest memory. */
struct expect_bytes {
	uint64_t gpa;
	uint8_t *bytes;
	size_t size;
};

/* What guest memory must hold. */
struct expect_memory {
	struct expect_bytes *place;
	size_t count;
};

/* To be found in what was printed. */
struct expect_output {
	char *text;			/* may hold NULs */
	size_t size;
};

/* Null pointers, 0 and what is not set: nothing is expected. */
struct expectations {
	char *screen;			/* a picture's path */
	char *disk;			/* an image's path; there is a disk */
	struct expect_output output;
	struct optional rax;
	struct expect_memory mem;
};

/* The kinds that are asked for, each once. */
#define EXPECT_KINDS 5u

struct expect_verdicts {
	size_t count;
	struct expect_verdict {
		const char *option;	/* "--expect-rax" */
		bool met;
	} verdict[EXPECT_KINDS];
};

struct picture;

/* What is compared with, opened before the run. */
struct expect_files {
	struct picture *screen;		/* NULL: none */
	int disk;			/* -1: none */
};

/*
 * Opens the files to compare with: before the run, so that a mistyped name costs
 * no run. Returns 0, or -errno with a message. Call expect_files_close() whatever it
 * returns.
 */
int expect_files_open(struct expect_files *files, const struct expectations *expect,
		      const struct log *log);
void expect_files_close(struct expect_files *files);

/*
 * Checks every expectation and prints each difference. verdicts: gets each kind's; not
 * met is also what could not be checked. Returns 0 where all are met, 1 where one is
 * not, -errno with a message in the log where one could not be checked (a file cannot be
 * read).
 */
int expect_check(const struct expectations *expect, const struct expect_files *files,
		 const struct board *board, const struct screen_frame *frame,
		 struct expect_verdicts *verdicts, const struct log *log);

#endif
