/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outcome.c - what --report says, see outcome.h. */
#include "outcome.h"

#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "board.h"
#include "config.h"
#include "core/array.h"
#include "observe/json_module.h"

#define NS_PER_S UINT64_C(1000000000)
#define VERDICTS_MAX (EXPECT_KINDS + 1)	/* --until too */

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
	const struct json_module *json;
	char reason[256];
	int error = module_open(&file->json, "json.so", JSON_MODULE_SYMBOL, JSON_MODULE_VERSION,
				"vmm-hypervisor", reason, sizeof(reason));

	if (error) {
		log_error(log, "no --report: %s", reason);
		return error;
	}
	json = file->json.symbol;
	error = json->prepare();
	if (error)
		log_error(log, "no --report: %s", strerror(-error));
	else
		error = result_open(&file->file, path, log);
	file->opened = now();
	return error;
}

static void add_times(struct summary *summary, const struct outcome_file *file)
{
	struct rusage usage;

	summary->wall = (double)(now() - file->opened) / (double)NS_PER_S;
	if (getrusage(RUSAGE_SELF, &usage))
		return;
	summary->user = seconds(&usage.ru_utime);
	summary->system = seconds(&usage.ru_stime);
}

static void add_exits(struct summary *summary, struct summary_count counts[VMEXIT_REASONS],
		      const uint64_t *exits)
{
	struct summary_count other = { "other", 0 };

	summary->counts = counts;
	for (size_t i = 0; i < VMEXIT_REASONS; i++) {
		summary->exits += exits[i];
		if (exit_names[i])
			counts[summary->count_count++] = (struct summary_count){
				exit_names[i], exits[i],
			};
		else
			other.count += exits[i];
	}
	counts[summary->count_count++] = other;
}

static void add_hashes(struct summary *summary, struct summary_text texts[STATE_HASHES],
		       const struct state_hashes *hashes)
{
	summary->hashes = texts;
	summary->hash_count = STATE_HASHES;
	for (size_t i = 0; i < STATE_HASHES; i++)
		texts[i] = (struct summary_text){ state_hash_names[i], hashes->text[i] };
}

static void add_verdicts(struct summary *summary, struct summary_verdict verdicts[VERDICTS_MAX],
			 const struct outcome *outcome)
{
	const struct expect_verdicts *expected = outcome->verdicts;

	summary->verdicts = verdicts;
	for (; summary->verdict_count < expected->count; summary->verdict_count++) {
		const struct expect_verdict *one = &expected->verdict[summary->verdict_count];

		verdicts[summary->verdict_count] = (struct summary_verdict){
			one->option, one->met,
		};
	}
	if (outcome->awaited)
		verdicts[summary->verdict_count++] = (struct summary_verdict){
			"--until", outcome->reached,
		};
}

/* The instruction that the ending is about, and the function that it stands in. */
static void add_place(struct summary *summary, const struct outcome *outcome)
{
	const struct board *board = outcome->board;
	/* RIP has gone on behind what ended the run: it may be a function's last. */
	unsigned int back = ending_is_behind(outcome->ending) ? 1 : 0;

	summary->has_place = ending_has_place(outcome->ending);
	summary->rip = vcpu_linear_rip(machine_state(board->machine));
	summary->symbol = symbols_find(board->boot.symbols, summary->rip - back,
				       &summary->offset);
	summary->offset += back;
}

int outcome_write(struct outcome_file *file, const struct outcome *outcome)
{
	const struct json_module *json = file->json.symbol;
	struct summary_count counts[VMEXIT_REASONS];
	struct summary_text hashes[STATE_HASHES];
	struct summary_verdict verdicts[VERDICTS_MAX];
	struct summary summary = {
		.version = PACKAGE_VERSION, .guest = outcome->guest,
		.engine = outcome->board->engine->name,
		.kind = ending_names[outcome->ending->kind], .text = outcome->ending->text,
		.status = outcome->status,
	};
	int error, end;

	add_place(&summary, outcome);
	add_times(&summary, file);
	add_exits(&summary, counts, machine_exits(outcome->board->machine));
	add_hashes(&summary, hashes, outcome->hashes);
	add_verdicts(&summary, verdicts, outcome);
	error = result_begin(&file->file);
	if (!error)
		error = json->write_summary(file->file.stream, &summary);
	end = result_end(&file->file);
	return error ? error : end;
}

void outcome_close(struct outcome_file *file)
{
	result_discard(&file->file);
	module_close(&file->json);
}
