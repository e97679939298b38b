/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * script.h - a run without a person: keys that are typed (--keys), and texts
 * that decide (--until, --fail-on).
 */
#ifndef VMM_SCRIPT_H
#define VMM_SCRIPT_H

#include <stdbool.h>

#include "core/log.h"
#include "verdict.h"

struct board;
struct script;

struct script_options {
	char *keys;			/* a script, or @FILE; NULL: none */
	struct verdict_options verdict;
};

/* The file that @FILE names; NULL: keys (which may be NULL) is the script itself. */
const char *script_file(const char *keys);

/*
 * What is wrong with a script of the command line, which must outlive the call;
 * NULL: nothing. A file is not read yet. text: where a message can be made.
 */
const char *script_check(const char *keys, char *text, size_t size);

/*
 * board is wired; it and options must outlive *script, which is NULL where the
 * options ask for nothing. Returns 0, or -errno with a message in the log. The
 * caller owns *script.
 */
int script_create(struct script **script, const struct script_options *options,
		  const struct board *board, const struct log *log);

/* As all below: NULL is fine. */
void script_destroy(struct script *script);

/* The run begins. Returns 0 or -ENOMEM. */
int script_start(struct script *script);

/* The guest rests or has ended: it may have written to the screen. By the vCPU's thread. */
void script_look(struct script *script);

/* After the run: tells what did not happen. Returns whether a text of --until was missed. */
bool script_unmet(const struct script *script);

#endif
