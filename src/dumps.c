/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dumps.c - see dumps.h. */
#include "dumps.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "observe/mappings.h"
#include "observe/page_tables.h"

void dumps_create(struct dumps *dumps, const struct dumps_config *config)
{
	sigset_t set;

	*dumps = (struct dumps){ .config = *config, .maps = -1 };
	if (!config->page_tables && !config->mappings)
		return;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int dump_page_tables(struct dumps *dumps, const struct vcpu_state *state)
{
	struct result_file *file = &dumps->page_tables;
	FILE *out = file->stream ? file->stream : stdout;
	int error = 0;

	if (!dumps->config.page_tables)
		return 0;
	/* Each dump follows the one before. */
	if (file->stream && !dumps->begun)
		error = result_begin(file);
	dumps->begun = true;
	if (!error)
		error = page_tables_print(out, machine_mem(dumps->board->machine), state);
	if (!error && fflush(out))
		error = -errno;
	if (error)
		log_error(dumps->log, "%s: cannot write the page tables: %s",
			  dumps->config.page_tables, strerror(-error));
	return error;
}

static int dump_mappings(struct dumps *dumps)
{
	const struct engine_ops *engine = dumps->board->engine;
	int error = 0;

	if (!dumps->config.mappings)
		return 0;
	printf("mappings: engine %s%s\n", engine->name, engine->shares_memory ? "" :
	       ": the guest's addresses are none of vmm's process");
	if (engine->shares_memory)
		error = mappings_print(stdout, dumps->maps, machine_mem(dumps->board->machine));
	if (fflush(stdout) && !error)
		error = -errno;
	if (error)
		log_error(dumps->log, "cannot show the mappings: %s", strerror(-error));
	return error;
}

/* What fails is told, and does not keep the rest from being shown. */
static int dump_all(struct dumps *dumps)
{
	struct vcpu_state state;
	int error = machine_get_state(dumps->board->machine, &state);
	int shown;

	if (error)
		log_error(dumps->log, "cannot read the registers: %s", strerror(-error));
	else
		error = dump_page_tables(dumps, &state);
	shown = dump_mappings(dumps);
	return error ? error : shown;
}

/* In the vCPU's thread. */
static void dump_now(void *self)
{
	struct dumps *dumps = self;

	if (dump_all(dumps))
		run_end(machine_run_control(dumps->board->machine), ENDING_HOST_ERROR, 0,
			"what SIGUSR2 asked for could not be written");
}

/* In the loop's. */
static void on_signal(void *self, int number)
{
	struct dumps *dumps = self;

	work_post(machine_works(dumps->board->machine), &dumps->work);
}

/* Confined, vmm opens it no more. */
static int open_maps(struct dumps *dumps)
{
	static const char path[] = "/proc/self/maps";
	int error;

	dumps->maps = open(path, O_RDONLY | O_CLOEXEC);
	if (dumps->maps >= 0)
		return 0;
	error = -errno;
	log_error(dumps->log, "%s: cannot be read: %s (--show-mappings needs it)", path,
		  strerror(-error));
	return error;
}

int dumps_start(struct dumps *dumps, const struct board *board, const struct log *log)
{
	const struct dumps_config *config = &dumps->config;
	int error = 0;

	dumps->board = board;
	dumps->log = log;
	dumps->work = (struct work){ .fn = dump_now, .self = dumps };
	if (!config->page_tables && !config->mappings)
		return 0;
	if (config->page_tables && strcmp(config->page_tables, "-"))
		error = result_open(&dumps->page_tables, config->page_tables, log);
	if (!error && config->mappings)
		error = open_maps(dumps);
	if (error)
		return error;
	error = loop_add_signal(machine_loop(board->machine), SIGUSR2, on_signal, dumps);
	if (error)
		log_error(log, "cannot listen to SIGUSR2: %s", strerror(-error));
	return error;
}

int dumps_end(struct dumps *dumps)
{
	int error = 0, end;

	if (dumps->config.page_tables || dumps->config.mappings)
		error = dump_all(dumps);
	if (!dumps->page_tables.stream)
		return error;
	end = result_end(&dumps->page_tables);
	if (end && !error)
		log_error(dumps->log, "%s: cannot write the page tables: %s",
			  dumps->config.page_tables, strerror(-end));
	return error ? error : end;
}

void dumps_close(struct dumps *dumps)
{
	result_discard(&dumps->page_tables);
	if (dumps->maps >= 0)
		close(dumps->maps);
	dumps->maps = -1;
}
