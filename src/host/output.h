/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output.h - where characters that the guest prints go: standard output, a
 * file, or who is connected (host/characters.h). Shared by the debug console,
 * the serial ports and the print hypercall.
 */
#ifndef VMM_HOST_OUTPUT_H
#define VMM_HOST_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/log.h"
#include "core/loop.h"
#include "core/run.h"
#include "core/work.h"

/* What the guest has printed, kept for --expect-output. */
struct capture;

int capture_create(struct capture **capture);
void capture_destroy(struct capture *capture);

/* The bytes so far; *len: how many. */
const char *capture_bytes(const struct capture *capture, size_t *len);

/*
 * The outputs of a run. Bytes are gathered into lines, so that a guest that
 * prints a byte at a time costs few system calls: they go out at the end of a
 * line, when 4 KiB have come together, when another output of the run is
 * written to (so that two which share a file keep their order), and 5 ms after
 * the first of them at the latest.
 */
struct outputs;

struct outputs_config {
	struct capture *capture;	/* NULL, or gets a copy of all */
	struct run *run;		/* NULL, or whose haste stops waiting for a reader */
	struct loop *loop;		/* NULL: nothing is gathered */
	struct works *works;		/* NULL where loop is */
	const struct log *log;
};

/*
 * All in config must outlive the outputs, but for loop and works, which are
 * ended before outputs_destroy(). Returns 0 or -ENOMEM. The caller owns *outputs.
 */
int outputs_create(struct outputs **outputs, const struct outputs_config *config);
void outputs_destroy(struct outputs *outputs);

/*
 * Writes out what has been gathered. wait: as long as a reader takes, else
 * only what can be written at once. Returns whether all has been written. By the
 * vCPU's thread, or after the run.
 */
bool outputs_flush(struct outputs *outputs, bool wait);

struct output;

/*
 * path: a file, which is made where there is none, or "-" or NULL for standard
 * output. What is written goes to its end, so that two outputs can share it.
 * Returns 0, or -errno with a message in the log. The caller owns *output, and
 * closes it before the outputs it belongs to.
 */
int output_open(struct output **output, const char *path, struct outputs *outputs);

/* Writes len bytes, waiting where it must. Returns 0 or an errno. */
typedef int output_fn(void *self, const uint8_t *data, size_t len);

/*
 * An output whose bytes go to fn; name: for messages, must outlive it. NULL as
 * fn: they are dropped. Returns 0 or -ENOMEM with a message in the log.
 */
int output_open_fn(struct output **output, output_fn *fn, void *self, const char *name,
		   struct outputs *outputs);

/* fn is called with each output_write(), before it. One at most. */
void output_on_write(struct output *output,
		     void (*fn)(void *self, const uint8_t *data, size_t len), void *self);

/* Empties the file: the run begins. Returns 0, or -errno with a message in the log. */
int output_start(struct output *output);

/* NULL is fine. */
void output_close(struct output *output);

/* Closes the file, so that output_error() knows all; nothing is written afterwards. */
void output_finish(struct output *output);

/*
 * Takes the bytes, in the order of the calls. A failure (full disk, closed pipe)
 * is told to the user once and kept for output_error(). By one thread at a time.
 */
void output_write(struct output *output, const void *data, size_t len);

/* The first error as -errno; 0: none. */
int output_error(const struct output *output);

#endif
