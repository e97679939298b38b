/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outcome.c - what --report says, see outcome.h. */
#include "outcome.h"

#include <sys/resource.h>
#include <time.h>

#include "board.h"
#include "config.h"

#define NS_PER_S UINT64_C(1000000000)
#define DECIMALS 6u		/* of seconds */
#define FORMAT 1u		/* of the report; raised when a member changes or goes */

static const char *const ending_names[ENDING_KINDS] = {
	[ENDING_HOST_ERROR] = "host-error", [ENDING_UNWANTED] = "unwanted",
	[ENDING_REACHED] = "reached", [ENDING_CRASH] = "crash", [ENDING_LIMIT] = "limit",
	[ENDING_SIGNAL] = "signal", [ENDING_RESET] = "reset", [ENDING_HALT] = "halt",
	[ENDING_EXIT] = "exit", [ENDING_POWEROFF] = "poweroff", [ENDING_CLOSED] = "closed",
};

/* What exits are counted as; the reasons that have no name of their own end a run. */
static const char *const exit_names[VMEXIT_REASONS] = {
	[VMEXIT_PIO] = "pio", [VMEXIT_MMIO] = "mmio", [VMEXIT_MSR] = "msr",
	[VMEXIT_HLT] = "hlt", [VMEXIT_EMULATED] = "emulated",
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

static double seconds(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

int outcome_open(struct outcome_file *file, const char *path, const struct log *log)
{
	char reason[256];
	int error = json_open(&file->json, reason, sizeof(reason));

	if (error)
		log_error(log, "no --report: %s", reason);
	else
		error = result_open(&file->file, path, log);
	file->opened = now();
	return error;
}

/* The instruction that the ending is about, and the function that it stands in. */
static void add_place(struct json *json, struct json_object *ending,
		      const struct outcome *outcome)
{
	const struct board *board = outcome->board;
	/* RIP has gone on behind what ended the run: it may be a function's last. */
	unsigned int back = ending_is_behind(outcome->ending) ? 1 : 0;
	uint64_t rip = vcpu_linear_rip(machine_state(board->machine)), offset;
	const char *symbol = symbols_find(board->boot.symbols, rip - back, &offset);

	json_add_address(json, ending, "rip", rip);
	json_add_text(json, ending, "symbol", symbol);
	if (symbol)
		json_add_integer(json, ending, "offset", offset + back);
}

static struct json_object *ending_object(struct json *json, const struct outcome *outcome)
{
	struct json_object *ending = json_new_object(json);

	json_add_text(json, ending, "kind", ending_names[outcome->ending->kind]);
	json_add_integer(json, ending, "status", (uint64_t)outcome->status);
	json_add_text(json, ending, "text", outcome->ending->text);
	if (ending_has_place(outcome->ending))
		add_place(json, ending, outcome);
	return ending;
}

static struct json_object *seconds_object(struct json *json, const struct outcome_file *file)
{
	struct json_object *object = json_new_object(json);
	struct rusage usage = { 0 };

	getrusage(RUSAGE_SELF, &usage);
	json_add_number(json, object, "wall", (double)(now() - file->opened) / (double)NS_PER_S,
			DECIMALS);
	json_add_number(json, object, "user", seconds(&usage.ru_utime), DECIMALS);
	json_add_number(json, object, "system", seconds(&usage.ru_stime), DECIMALS);
	return object;
}

static struct json_object *exits_object(struct json *json, const uint64_t *exits)
{
	struct json_object *object = json_new_object(json);
	uint64_t total = 0, other = 0;

	for (size_t i = 0; i < VMEXIT_REASONS; i++) {
		total += exits[i];
		if (!exit_names[i])
			other += exits[i];
	}
	json_add_integer(json, object, "total", total);
	for (size_t i = 0; i < VMEXIT_REASONS; i++)
		if (exit_names[i])
			json_add_integer(json, object, exit_names[i], exits[i]);
	json_add_integer(json, object, "other", other);
	return object;
}

static struct json_object *hashes_object(struct json *json, const struct state_hashes *hashes)
{
	struct json_object *object = json_new_object(json);

	for (size_t i = 0; i < STATE_HASHES; i++)
		json_add_text(json, object, state_hash_names[i], hashes->text[i]);
	return object;
}

static void append_verdict(struct json *json, struct json_object *array, const char *option,
			   bool met)
{
	struct json_object *object = json_new_object(json);

	json_add_text(json, object, "option", option);
	json_add_boolean(json, object, "met", met);
	json_append(json, array, object);
}

static struct json_object *verdicts_array(struct json *json, const struct outcome *outcome)
{
	const struct expect_verdicts *expected = outcome->verdicts;
	struct json_object *array = json_new_array(json);

	for (size_t i = 0; i < expected->count; i++)
		append_verdict(json, array, expected->verdict[i].option, expected->verdict[i].met);
	if (outcome->awaited)
		append_verdict(json, array, "--until", outcome->reached);
	return array;
}

static int write_report(struct outcome_file *file, const struct outcome *outcome)
{
	const struct board *board = outcome->board;
	struct json *json = &file->json;
	struct json_object *root = json_new_object(json);

	json_add_integer(json, root, "format", FORMAT);
	json_add_text(json, root, "vmm", PACKAGE_VERSION);
	json_add_text(json, root, "guest", outcome->guest);
	json_add_text(json, root, "engine", board->engine->name);
	json_add(json, root, "ending", ending_object(json, outcome));
	json_add(json, root, "seconds", seconds_object(json, file));
	json_add(json, root, "exits", exits_object(json, machine_exits(board->machine)));
	json_add(json, root, "hashes", hashes_object(json, outcome->hashes));
	json_add(json, root, "expectations", verdicts_array(json, outcome));
	return json_write(json, file->file.stream, root);
}

int outcome_write(struct outcome_file *file, const struct outcome *outcome)
{
	int error = result_begin(&file->file), end;

	if (!error)
		error = write_report(file, outcome);
	end = result_end(&file->file);
	return error ? error : end;
}

void outcome_close(struct outcome_file *file)
{
	result_discard(&file->file);
	json_close(&file->json);
}
