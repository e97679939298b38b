/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * result.h - files that hold what is left of a run. They are opened before it, because a
 * process that is confined opens none, and keep what they held until they are written.
 */
#ifndef VMM_CORE_RESULT_H
#define VMM_CORE_RESULT_H

#include <stdbool.h>
#include <stdio.h>

#include "core/log.h"

struct result_file {
	const char *path;	/* NULL: none */
	FILE *stream;		/* NULL: not open */
	bool made;		/* there was none before */
};

/* path must outlive the file. Returns 0, or -errno with a message in the log. */
int result_open(struct result_file *file, const char *path, const struct log *log);

/* Empties the file, to be written to file->stream. Returns 0 or -errno. */
int result_begin(struct result_file *file);

/*
 * Closes it. Returns 0, or -errno where something could not be written, or the file has
 * been removed meanwhile.
 */
int result_end(struct result_file *file);

/* Closes a file that was not written, and removes it where it has been made. */
void result_discard(struct result_file *file);

#endif
