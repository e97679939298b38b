/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dumps.h - what a guest's addresses lead to: what its page tables say (--dump-page-tables),
 * and what vmm's process has mapped of it (--show-mappings). At the end of a run, and
 * whenever SIGUSR2 comes.
 */
#ifndef VMM_DUMPS_H
#define VMM_DUMPS_H

#include <stdbool.h>

#include "core/log.h"
#include "core/result.h"
#include "core/work.h"

struct board;

struct dumps_config {
	const char *page_tables;	/* a path or "-"; NULL: none */
	bool mappings;			/* to standard output */
};

struct dumps {
	struct dumps_config config;
	const struct board *board;
	const struct log *log;
	struct result_file page_tables;
	bool begun;			/* it holds something of this run */
	int maps;			/* /proc/self/maps; -1: not open */
	struct work work;
};

/*
 * Before anything else is made, threads above all: where there is something to dump,
 * SIGUSR2 waits from here on and does not end vmm.
 */
void dumps_create(struct dumps *dumps, const struct dumps_config *config);

/*
 * The run begins: opens the files, and listens to SIGUSR2 from the start of the board's
 * loop on. Returns 0, or -errno with a message in the log. board and log must outlive it.
 */
int dumps_start(struct dumps *dumps, const struct board *board, const struct log *log);

/* At the end of the run. Returns 0, or -errno with a message in the log. */
int dumps_end(struct dumps *dumps);

/* A file that was made, and not written, is removed. */
void dumps_close(struct dumps *dumps);

#endif
