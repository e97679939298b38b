// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure - runs commands in turn, again and again, and prints what each run
 * took.
 *
 * The commands alternate (first, second, first, second ...), so that what else
 * happens on the machine hits them alike. A line of output is a run: name, wall
 * clock time (ns; with -c processor time) and exit status (128 + N for signal N),
 * separated by tabs.
 */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FAILED 1		/* exit statuses */
#define USAGE 2

#define DEFAULT_ROUNDS 11
#define DEFAULT_WARMUPS 1
#define DEFAULT_LIMIT 300	/* seconds */
#define SEPARATOR "::"
#define MAX_COMMANDS 16
#define NS_PER_S 1000000000ull
#define NS_PER_US 1000ull
#define MS_PER_S 1000

extern char **environ;

struct command {
	const char *name;
	char **argv;
};

struct plan {
	struct command command[MAX_COMMANDS];
	size_t commands;
	unsigned int rounds;
	unsigned int warmups;	/* rounds before that, not printed */
	int limit_ms;		/* that a run may take */
	int processor;		/* time of the processor's, not of the wall clock's */
};

struct sample {
	uint64_t time;		/* ns */
	int status;
};

static void usage(void)
{
	fprintf(stderr,
		"usage: measure [-c] [-n ROUNDS] [-w WARMUPS] [-t SECONDS] "
		"NAME COMMAND [ARG...] [" SEPARATOR " NAME COMMAND [ARG...]]...\n"
		"  -c          time of the processor, user's and system's, not of the clock\n"
		"  -n ROUNDS   runs of each command (default %d)\n"
		"  -w WARMUPS  runs of each before that, not printed (default %d)\n"
		"  -t SECONDS  kill a run that takes longer (default %d)\n",
		DEFAULT_ROUNDS, DEFAULT_WARMUPS, DEFAULT_LIMIT);
	exit(USAGE);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

static pid_t spawn(const struct command *command)
{
	posix_spawn_file_actions_t files;
	pid_t pid;
	int error;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	error = posix_spawn(&pid, command->argv[0], &files, NULL, command->argv, environ);
	if (error)
		errx(FAILED, "%s: %s", command->argv[0], strerror(error));
	posix_spawn_file_actions_destroy(&files);
	return pid;
}

/* Waits until the process has ended; one that takes longer than the limit is killed. */
static void wait_or_kill(pid_t pid, int limit_ms)
{
	struct pollfd end = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	int ended;

	if (end.fd < 0)
		err(FAILED, "pidfd_open");
	ended = poll(&end, 1, limit_ms);
	if (ended < 0)
		err(FAILED, "poll");
	if (!ended)
		kill(pid, SIGKILL);
	close(end.fd);
}

static uint64_t nanoseconds(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * NS_PER_S + (uint64_t)time->tv_usec * NS_PER_US;
}

static void run(const struct command *command, const struct plan *plan, struct sample *sample)
{
	uint64_t start = now();
	pid_t pid = spawn(command);
	struct rusage usage;
	int status;

	wait_or_kill(pid, plan->limit_ms);
	if (wait4(pid, &status, 0, &usage) < 0)
		err(FAILED, "wait4");
	sample->time = plan->processor ?
		       nanoseconds(&usage.ru_utime) + nanoseconds(&usage.ru_stime) :
		       now() - start;
	sample->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void print(const struct command *command, const struct sample *sample)
{
	printf("%s\t%" PRIu64 "\t%d\n", command->name, sample->time, sample->status);
	if (fflush(stdout))
		err(FAILED, "standard output");
}

static void measure(const struct plan *plan)
{
	for (unsigned int round = 0; round < plan->warmups + plan->rounds; round++) {
		for (size_t i = 0; i < plan->commands; i++) {
			struct sample sample;

			run(&plan->command[i], plan, &sample);
			if (round >= plan->warmups)
				print(&plan->command[i], &sample);
		}
	}
}

/* Cuts the arguments at the separators: each piece is a name and a command. */
static void parse_commands(struct plan *plan, char **argument)
{
	while (*argument) {
		struct command *command = &plan->command[plan->commands++];

		if (plan->commands > MAX_COMMANDS)
			errx(USAGE, "more than %d commands", MAX_COMMANDS);
		command->name = *argument++;
		command->argv = argument;
		while (*argument && strcmp(*argument, SEPARATOR) != 0)
			argument++;
		if (command->argv == argument)
			usage();
		if (*argument)
			*argument++ = NULL;
	}
}

int main(int argc, char **argv)
{
	struct plan plan = {
		.rounds = DEFAULT_ROUNDS,
		.warmups = DEFAULT_WARMUPS,
		.limit_ms = DEFAULT_LIMIT * MS_PER_S,
	};
	int option;

	while ((option = getopt(argc, argv, "+cn:w:t:")) != -1) {
		unsigned long value = optarg ? strtoul(optarg, NULL, 10) : 0;

		if (option == 'c')
			plan.processor = 1;
		else if (option == 'n')
			plan.rounds = (unsigned int)value;
		else if (option == 'w')
			plan.warmups = (unsigned int)value;
		else if (option == 't')
			plan.limit_ms = (int)value * MS_PER_S;
		else
			usage();
	}
	parse_commands(&plan, argv + optind);
	if (!plan.commands)
		usage();
	measure(&plan);
	return 0;
}
