/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.c - the end of a run, see report.h. */
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "board.h"
#include "core/array.h"
#include "core/module.h"
#include "host/picture.h"
#include "observe/crash.h"
#include "observe/hash.h"
#include "observe/profile_view.h"

#define STATUS_UNMET 120
#define TRACE_BUFFER (1u << 18)	/* bytes */

/* Standard output, or the log's stream. */
static bool is_stream(const char *path)
{
	return !strcmp(path, "-");
}

/* Whether a file can be made or written at path. Returns 0 or an errno. */
static int writable(const char *path)
{
	struct stat status;
	char *copy;
	int error;

	/* What is below /dev may be a pipe: /dev/stdout. */
	if (!stat(path, &status)) {
		if (S_ISDIR(status.st_mode))
			return EISDIR;
		if (S_ISFIFO(status.st_mode) && strncmp(path, "/dev/", 5))
			return ENXIO;
		return access(path, W_OK) ? errno : 0;
	}
	copy = strdup(path);
	if (!copy)
		return ENOMEM;
	error = access(dirname(copy), W_OK | X_OK) ? errno : 0;
	free(copy);
	return error;
}

int report_create(struct report *report, const struct report_config *config,
		  const struct log *log)
{
	const char *const paths[] = {
		config->screenshot, config->profile, config->report, config->trace,
		config->dumps.page_tables,
	};

	*report = (struct report){ .config = config, .expect.disk = -1 };
	dumps_create(&report->dumps, &config->dumps);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int error = paths[i] && !is_stream(paths[i]) ? writable(paths[i]) : 0;

		if (!error)
			continue;
		log_error(log, "%s: cannot be written: %s (choose another place)", paths[i],
			  strerror(error));
		return -error;
	}
	return expect_files_open(&report->expect, config->expect, log);
}

static int open_profile(struct report *report, const char *path, const struct log *log)
{
	char reason[256];
	int error = 0;

	if (is_stream(path))
		return 0;
	if (profile_format_of(path) == PROFILE_JSON)
		error = json_open(&report->profile_json, reason, sizeof(reason));
	if (!error)
		return result_open(&report->profile, path, log);
	log_error(log, "no --profile: %s", reason);
	return error;
}

/* A trace is written while the guest runs. */
static int start_trace(struct report *report, const struct board *board, const struct log *log)
{
	const char *path = report->config->trace;
	int error = 0;

	if (!is_stream(path)) {
		error = result_open(&report->trace_file, path, log);
		if (error)
			return error;
		setvbuf(report->trace_file.stream, NULL, _IOFBF, TRACE_BUFFER);
		error = result_begin(&report->trace_file);
		if (error) {
			log_error(log, "%s: %s", path, strerror(-error));
			return error;
		}
	}
	report->trace = (struct trace){
		.out = report->trace_file.stream ? report->trace_file.stream : log_stream(log),
		.filter = report->config->trace_filter, .bus = machine_bus(board->machine),
		.symbols = board->boot.symbols, .clock = machine_clock(board->machine),
	};
	trace_begin(&report->trace);
	machine_set_trace(board->machine, &report->trace);
	return 0;
}

static void end_trace(struct report *report, struct run *run, const struct log *log)
{
	int error;

	if (!report->trace_file.stream)
		return;
	error = result_end(&report->trace_file);
	if (!error)
		return;
	log_error(log, "%s: cannot write the trace: %s", report->config->trace, strerror(-error));
	run_end(run, ENDING_HOST_ERROR, 0, "the trace could not be written");
}

int report_start(struct report *report, const struct board *board, const struct log *log)
{
	const struct report_config *config = report->config;
	int error = 0;

	if (config->screenshot)
		error = picture_open(&report->screenshot, config->screenshot, log);
	if (!error && config->profile)
		error = open_profile(report, config->profile, log);
	if (!error && config->report)
		error = outcome_open(&report->outcome, config->report, log);
	if (!error && config->trace)
		error = start_trace(report, board, log);
	if (!error)
		error = dumps_start(&report->dumps, board, log);
	return error;
}

void report_close(struct report *report)
{
	expect_files_close(&report->expect);
	picture_close(report->screenshot);
	result_discard(&report->profile);
	json_close(&report->profile_json);
	outcome_close(&report->outcome);
	result_discard(&report->trace_file);
	dumps_close(&report->dumps);
}

static void print_ending(const struct board *board, const struct ending *ending,
			 const struct log *log)
{
	uint64_t rip = vcpu_linear_rip(machine_state(board->machine));
	char place[SYMBOLS_PLACE_SIZE];

	if (ending_has_place(ending))
		log_notice(log, "%s, at 0x%" PRIx64 "%s", ending->text, rip,
			   symbols_place(board->boot.symbols, rip,
					 ending_is_behind(ending) ? SYMBOLS_BEHIND : SYMBOLS_AT, place));
	else
		log_notice(log, "%s", ending->text);
}

static void print_state(const struct board *board, const struct ending *ending,
			const struct log *log)
{
	struct module module = { 0 };
	char error[256];
	/* Without its module there is no disassembly: the interp engine's user has been told. */
	bool opened = !module_open(&module, CPU_MODULE_FILE, CPU_MODULE_SYMBOL, CPU_MODULE_VERSION,
				   "vmm-hypervisor", error, sizeof(error));
	const struct stuck stuck = {
		.events = machine_events(board->machine), .bus = machine_bus(board->machine),
		.eoi_missing = devices_miss_eoi(machine_devices(board->machine)),
	};
	const struct crash crash = {
		.stuck = ending->kind == ENDING_LIMIT ? &stuck : NULL,
		.reason = ending->text, .mem = machine_mem(board->machine),
		.state = machine_state(board->machine), .faults = machine_faults(board->machine),
		.symbols = board->boot.symbols, .cpu = opened ? module.symbol : NULL,
	};

	crash_report(log_stream(log), &crash);
	events_print(machine_events(board->machine), machine_bus(board->machine),
		     board->boot.symbols, log_stream(log));
	devices_describe(machine_devices(board->machine), log_stream(log));
	module_close(&module);
}

/* Where the guest was, for the endings that make one ask; also where another one decides. */
static void print_crash(const struct board *board, const struct log *log)
{
	static const enum ending_kind kinds[] = { ENDING_CRASH, ENDING_LIMIT };
	struct run *run = machine_run_control(board->machine);
	struct ending ending;

	if (log->level < LOG_NORMAL)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!run_ended_by(run, kinds[i], &ending))
			continue;
		print_state(board, &ending, log);
		return;
	}
}

static int write_view(struct report *report, const struct profile_view *view)
{
	struct result_file *file = &report->profile;
	enum profile_format format = profile_format_of(file->path);
	int error = result_begin(file), end;

	if (!error && format == PROFILE_JSON)
		error = profile_json(&report->profile_json, file->stream, view);
	else if (!error && format == PROFILE_SVG)
		profile_svg(file->stream, view);
	else if (!error)
		profile_text(file->stream, view);
	end = result_end(file);
	return error ? error : end;
}

static int write_profile(struct report *report, const struct board *board,
			 const struct profile *profile, const struct log *log)
{
	struct profile_view view;
	int error = profile_view_make(&view, profile, machine_bus(board->machine),
				      board->boot.symbols);

	view.guest = report->config->guest;
	view.engine = board->engine->name;
	if (!error && report->profile.stream)
		error = write_view(report, &view);
	else if (!error)
		profile_text(log_stream(log), &view);
	profile_view_free(&view);
	return error;
}

static void print_profile(struct report *report, struct board *board,
			  const struct profile *profile, const struct log *log)
{
	int error = write_profile(report, board, profile, log);

	if (!error)
		return;
	log_error(log, "%s: cannot write the profile: %s", report->config->profile,
		  strerror(-error));
	run_end(machine_run_control(board->machine), ENDING_HOST_ERROR, 0,
		"the profile could not be written");
}

static void print_hashes(const struct state_hashes *hashes)
{
	for (size_t i = 0; i < STATE_HASHES; i++)
		printf("hash %s: %s\n", state_hash_names[i], hashes->text[i]);
}

/* What decides, and what comes of it. */
static int decide(struct run *run, int unmet, struct ending *ending)
{
	int status;

	run_ending(run, ending);
	status = ending_status(ending);
	return !status && unmet ? STATUS_UNMET : status;
}

static int write_outcome(struct report *report, struct outcome *outcome, const struct log *log)
{
	struct run *run = machine_run_control(outcome->board->machine);
	struct ending reached;
	int error;

	outcome->guest = report->config->guest;
	outcome->awaited = report->config->awaits;
	outcome->reached = run_ended_by(run, ENDING_REACHED, &reached);
	error = outcome_write(&report->outcome, outcome);
	if (!error)
		return 0;
	log_error(log, "%s: cannot write the report: %s", report->config->report,
		  strerror(-error));
	run_end(run, ENDING_HOST_ERROR, 0, "the report could not be written");
	return error;
}

int report_end(struct report *report, struct board *board, const struct profile *profile,
	       struct screen_frame *frame, struct ending *ending, const struct log *log)
{
	const struct report_config *config = report->config;
	struct run *run = machine_run_control(board->machine);
	struct state_hashes hashes = { 0 };
	struct expect_verdicts verdicts;
	struct outcome outcome = {
		.board = board, .ending = ending, .hashes = &hashes, .verdicts = &verdicts,
	};
	int unmet, status;

	screen_frame(board->screen, frame);
	board_finish(board);
	if (board_host_error(board))
		run_end(run, ENDING_HOST_ERROR, 0, "the run met an error of the host: %s",
			strerror(-board_host_error(board)));
	if (report->screenshot && picture_write(frame, report->screenshot, log) < 0)
		run_end(run, ENDING_HOST_ERROR, 0, "the screenshot could not be written");
	end_trace(report, run, log);
	if (profile)
		print_profile(report, board, profile, log);
	if (config->state_hash || config->report)
		state_hash(&hashes, machine_mem(board->machine), machine_state(board->machine),
			   frame->cells, screen_frame_cells(frame) * 2);
	if (dumps_end(&report->dumps))
		run_end(run, ENDING_HOST_ERROR, 0, "the guest's addresses could not be shown");
	if (config->state_hash)
		print_hashes(&hashes);
	unmet = expect_check(config->expect, &report->expect, board, frame, &verdicts, log);
	if (unmet >= 0)
		unmet |= script_unmet(board->script);
	if (unmet < 0)
		run_end(run, ENDING_HOST_ERROR, 0, "an expectation could not be checked");
	outcome.status = status = decide(run, unmet, ending);
	if (config->report && write_outcome(report, &outcome, log))
		status = decide(run, unmet, ending);
	if (status == STATUS_UNMET && !ending_status(ending)) {
		log_notice(log, "an expectation was not met");
	} else if (status) {
		print_crash(board, log);
		print_ending(board, ending, log);
	}
	return status;
}
