/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output.h - where characters that the guest prints go: standard output or a
 * file. Shared by the debug console, the serial ports and the print hypercall.
 */
#ifndef VMM_HOST_OUTPUT_H
#define VMM_HOST_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/log.h"
#include "core/run.h"

/* What the guest has printed, kept for --expect-output. */
struct capture;

int capture_create(struct capture **capture);
void capture_destroy(struct capture *capture);

/* The bytes so far; *len: how many. */
const char *capture_bytes(const struct capture *capture, size_t *len);

struct output;

/*
 * path: a file, which is made where there is none, or "-" or NULL for standard
 * output. What is written goes to its end, so that two outputs can share it.
 * capture: NULL, or gets a copy of all. run: NULL, or the run whose end stops
 * waiting for a reader who does not read. All must outlive the output. Returns
 * 0, or -errno with a message in the log. The caller owns *output.
 */
int output_open(struct output **output, const char *path, struct capture *capture,
		const struct run *run, const struct log *log);
/* Empties the file: the run begins. Returns 0, or -errno with a message in the log. */
int output_start(struct output *output);

/* NULL is fine. */
void output_close(struct output *output);

/* Closes the file, so that output_error() knows all; nothing is written afterwards. */
void output_finish(struct output *output);

/*
 * Writes the bytes out before it returns. A failure (full disk, closed pipe)
 * is told to the user once and kept for output_error(). By one thread at a time.
 */
void output_write(struct output *output, const void *data, size_t len);

/* The first error as -errno; 0: none. */
int output_error(const struct output *output);

#endif
