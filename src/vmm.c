/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vmm.c - main(): options, board, run, report, exit status. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "board.h"
#include "core/array.h"
#include "display.h"
#include "hostcheck.h"
#include "machine.h"
#include "memory_list.h"
#include "options.h"
#include "report.h"
#include "samples.h"

#define STATUS_USAGE 2
#define STATUS_HOST 125
#define STATUS_HALTED_KERNEL 121

static int halt_status(const struct options *options, const struct board *board)
{
	if (options->on_halt.set)
		return (int)options->on_halt.value;
	return board->boot.format == BOOT_FLAT ? 0 : STATUS_HALTED_KERNEL;
}

/* A full disk and a closed pipe are errors of the call, not the program's end. */
static void ignore_signals(void)
{
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}

/* The same file, by whatever names. */
static bool same_file(const char *left, const char *right)
{
	struct stat a, b;

	return left && right && !stat(left, &a) && !stat(right, &b) && S_ISREG(a.st_mode) &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Which of the files that are read is the one at path; NULL: none. */
static const char *find_read(const struct options *options, const char *path)
{
	const char *const read[] = {
		options->guest, options->initrd, options->disk, options->expect.screen,
		options->expect.disk, script_file(options->script.keys),
	};

	for (size_t i = 0; i < ARRAY_SIZE(read); i++)
		if (same_file(path, read[i]))
			return read[i];
	for (size_t i = 0; i < options->loads.count; i++)
		if (same_file(path, options->loads.load[i].path))
			return options->loads.load[i].path;
	for (size_t i = 0; i < options->maps.count; i++)
		if (same_file(path, options->maps.mapping[i].path))
			return options->maps.mapping[i].path;
	for (size_t i = 0; i < options->ipc.count; i++)
		if (same_file(path, ipc_file(options->ipc.spec[i])))
			return ipc_file(options->ipc.spec[i]);
	for (size_t i = 0; i < options->modules.count; i++)
		if (same_file(path, options->modules.module[i].path))
			return options->modules.module[i].path;
	return NULL;
}

/* What two outputs would share. It need not be there yet; "-" is anybody's. */
static bool same_output(const char *left, const char *right)
{
	if (!left || !right || !strcmp(left, "-"))
		return false;
	return access(left, F_OK) ? !strcmp(left, right) : same_file(left, right);
}

/* Whether one of those before, of which the first are results, is written to the same place. */
static bool written_twice(const char *const written[], size_t index, size_t results)
{
	for (size_t i = 0; i < index && i < results; i++)
		if (same_output(written[i], written[index]))
			return true;
	return false;
}

/* What is written must not be what is read, and what is left of a run nothing else. */
static int check_distinct(const struct options *options, const struct log *log)
{
	const char *const written[] = {
		options->screenshot, options->profile, options->report, options->memory_file,
		options->page_tables, options->trace,
		/* these may be one file */
		options->debugcon, options->serial[0], options->serial[1], options->simvirtio_io,
	};
	const size_t results = ARRAY_SIZE(written) - 4;

	for (size_t i = 0; i < ARRAY_SIZE(written); i++) {
		const char *read = written[i] ? find_read(options, written[i]) : NULL;

		if (read)
			log_error(log, "%s: would be written over although it is read, as %s "
				  "(choose another name)", written[i], read);
		else if (written_twice(written, i, results))
			log_error(log, "%s: is to be written twice (choose two names)", written[i]);
		else
			continue;
		return -1;
	}
	return 0;
}

/* What can be refused before anything is opened or made. */
static int check(struct options *options, const struct log *log)
{
	if (options->demo) {
		options->guest = sample_path(options->demo, log);
		if (!options->guest)
			return -1;
	}
	return check_distinct(options, log);
}

static const char *guest_name(const struct options *options)
{
	const char *slash = strrchr(options->guest, '/');

	if (options->name)
		return options->name;
	return slash ? slash + 1 : options->guest;
}

static struct display_config display_config(const struct options *options,
					    const struct board *board)
{
	struct display_config config = {
		.kind = (enum display_kind)options->display,
		.name = guest_name(options),
		.posted_writes = options->vga == VGA_TRAP,
		.unattended = options->time_limit > 0,
	};

	if (options->hold || options->no_hold)
		config.hold = options->hold ? HOLD_ALWAYS : HOLD_NEVER;
	if (options->quit_key != QUIT_KEY_DEFAULT)
		config.quit_key = (enum window_quit_key)options->quit_key;
	else	/* Kernels want ESC for themselves. */
		config.quit_key = board->boot.format == BOOT_FLAT ? WINDOW_QUIT_ESC :
				  WINDOW_QUIT_CTRL_ALT_Q;
	return config;
}

/* For ps and top; they show 15 bytes. The arguments stay as they were given. */
static void show_name(const char *name)
{
	char comm[16];

	snprintf(comm, sizeof(comm), "vmm:%s", name);
	prctl(PR_SET_NAME, comm);
}

static int run_board(const struct options *options, struct report *report, struct board *board,
		     struct profile *profile, const struct log *log)
{
	struct display_config shown = display_config(options, board);
	struct machine_config config = {
		.halt_status = halt_status(options, board),
		.insn_limit = options->insn_limit.value, .cpu = options->cpu,
		.confine = options->isolate || !board->engine->isolates,
		.sleeps = board->ipc, .memory = board->snapshot, .profile = profile,
	};
	struct machine_limits limits = {
		.seconds = options->time_limit, .exits = options->exit_limit.value,
	};
	struct screen_frame frame;
	struct display display;
	struct ending ending;
	int status;

	if (machine_power_on(board->machine, board->engine, &board->boot.state, &config) ||
	    display_open(&display, &shown, board, log))
		return STATUS_HOST;
	if (report_start(report, board, log) || board_start(board)) {
		display_close(&display);
		return STATUS_HOST;
	}
	machine_run(board->machine, &limits);
	status = report_end(report, board, profile, &frame, &ending, log);
	if (display_finish(&display, &frame, &ending, log))
		status = STATUS_HOST;
	display_close(&display);
	return status;
}

/* --show-memory: the machine is made, and not switched on. */
static int show_memory(struct options *options, const struct log *log)
{
	struct options alone = *options;
	struct board board;
	int status = STATUS_HOST;

	if (check(options, log))
		return STATUS_HOST;
	/* Nothing is started, made or emptied for it. */
	alone.ipc.count = 0;
	alone.memory_file = NULL;
	alone.debugcon = NULL;
	alone.simvirtio_io = NULL;
	for (unsigned int i = 0; i < SERIAL_PORTS; i++)
		alone.serial[i] = NULL;
	if (!board_create(&board, &alone, log)) {
		memory_list_print(machine_mem(board.machine), machine_bus(board.machine),
				  options->memory_file, stdout);
		status = 0;
	}
	board_destroy(&board);
	return status;
}

static int run(struct options *options, const struct log *log)
{
	struct report_config report_config = {
		.screenshot = options->screenshot, .profile = options->profile,
		.report = options->report, .trace = options->trace,
		.trace_filter = &options->trace_filter,
		.awaits = options->script.verdict.until.count > 0,
		.dumps = { options->page_tables, options->mappings },
		.expect = &options->expect,
		.state_hash = options->state_hash,
	};
	struct profile *profile = NULL;
	struct report report;
	struct board board;
	int status = STATUS_HOST;

	ignore_signals();
	if (options->name)
		show_name(options->name);
	if (check(options, log))
		return STATUS_HOST;
	report_config.guest = options->guest;
	if (report_create(&report, &report_config, log)) {
		report_close(&report);
		return STATUS_HOST;
	}
	if (options->profile && profile_create(&profile)) {
		log_error(log, "out of memory");
	} else {
		if (!board_create(&board, options, log))
			status = run_board(options, &report, &board, profile, log);
		board_destroy(&board);
		profile_destroy(profile);
	}
	report_close(&report);
	return status;
}

/* So that no file of vmm's own comes to be standard input or output. */
static void open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	struct log log = { .stream = stderr };
	struct options options;
	int status = 0;

	open_standard_files();
	switch (options_parse(&options, argc, (const char **)argv, &log)) {
	case OPTIONS_RUN:
		if (options.host_check)
			status = hostcheck(options.json, &log) ? STATUS_HOST : 0;
		else if (options.show_cpuid)
			cpuid_print(&options.cpu, stdout);
		else if (options.show_memory)
			status = show_memory(&options, &log);
		else
			status = run(&options, &log);
		break;
	case OPTIONS_USAGE:
		status = STATUS_USAGE;
		break;
	case OPTIONS_DONE:
		break;
	}
	options_free(&options);
	/* What was printed must have arrived: a full disk is an error too. */
	if (fclose(stdout)) {
		log_error(&log, "standard output: %s", strerror(errno));
		status = STATUS_HOST;
	}
	return status;
}
