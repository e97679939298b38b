/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu-diff.c - the processor in software against the host's.
 *
 * Executes random instructions with random registers, flags and memory on both,
 * and compares everything that the manuals define. Cases that failed once are
 * kept in cpu-diff-cases.txt and come first.
 *
 *   cpu-diff [--seed=N] [--count=N] [--time=SECONDS] [--only=MNEMONIC]
 *            [--mode=64|32] [--cases=FILE] [--case=LINE] [-v]
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>

#include "cpu-diff.h"

#define DEFAULT_COUNT	UINT64_C(200000)	/* both modes together */
#define DEFAULT_SEED	1
#define SHOWN_MAX	25		/* failures that are shown, of a run */
#define SHOWN_EACH	2		/* of a mnemonic */
#define HWCAP2_FSGSBASE	2

struct options {
	uint64_t seed, count, seconds;
	const char *only, *single, *cases;
	unsigned int mode;		/* 0: both */
	bool verbose;
};

struct reason {
	const char *text;
	uint64_t count;
};

/* Of a run through one mode. */
struct tally {
	uint64_t cases[GROUPS], failures[GROUPS], exceptions[GROUPS];
	uint64_t covered[ZYDIS_MNEMONIC_MAX_VALUE + 1];
	uint32_t failed[ZYDIS_MNEMONIC_MAX_VALUE + 1];
	struct reason skipped[16];
	unsigned int shown;
};

struct tester {
	struct options options;
	struct emulated *emulated;
	struct diff_state native_result, emulated_result;
	unsigned int failed;		/* lines FAIL: */
};

enum outcome { SAME, DIFFERENT, SKIPPED };

/* The emulator first: it cannot harm this process. */
static enum outcome run_case(struct tester *t, const struct diff_case *c, const char **reason)
{
	*reason = skip_reason(c);
	if (*reason)
		return SKIPPED;
	emulated_run(t->emulated, c, &t->emulated_result);
	*reason = skip_result(c, &t->emulated_result);
	if (*reason)
		return SKIPPED;
	native_run(c, &t->native_result);
	*reason = skip_pair(c, &t->native_result, &t->emulated_result);
	if (*reason)
		return SKIPPED;
	normalize(c, &t->native_result);
	normalize(c, &t->emulated_result);
	return state_equal(&t->native_result, &t->emulated_result) ? SAME : DIFFERENT;
}

static bool still_fails(void *self, const struct diff_case *c)
{
	const char *reason;

	return run_case(self, c, &reason) == DIFFERENT;
}

static void print_assembly(const struct diff_case *c)
{
	ZydisFormatter formatter;
	char text[128] = "?";

	ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
	if (c->decoded)
		ZydisFormatterFormatInstruction(&formatter, &c->insn, c->operands,
						c->insn.operand_count_visible, text, sizeof(text),
						c->start.rip, NULL);
	printf("  %s\n", text);
}

static void show(struct tester *t, struct diff_case *c)
{
	const char *reason;

	minimize(c, still_fails, t);
	run_case(t, c, &reason);
	print_assembly(c);
	printf("  cpu-diff --case='");
	case_print(c);
	printf("'\n");
	print_difference(&t->native_result, &t->emulated_result);
}

static void count_skip(struct tally *tally, const char *reason)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(tally->skipped); i++) {
		struct reason *r = &tally->skipped[i];

		if (!r->text)
			r->text = reason;
		if (r->text == reason) {
			r->count++;
			return;
		}
	}
}

static void count_case(struct tester *t, struct tally *tally, struct diff_case *c)
{
	const char *reason;
	enum outcome outcome = run_case(t, c, &reason);
	unsigned int mnemonic = c->decoded ? c->insn.mnemonic : 0;

	if (outcome == SKIPPED) {
		count_skip(tally, reason);
		return;
	}
	tally->cases[c->group]++;
	tally->covered[mnemonic]++;
	tally->exceptions[c->group] += t->native_result.vector != NO_EXCEPTION;
	if (outcome == SAME)
		return;
	tally->failures[c->group]++;
	if (tally->failed[mnemonic]++ < SHOWN_EACH && tally->shown++ < SHOWN_MAX)
		show(t, c);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* --- reports --- */

static void report_result(struct tester *t, bool passed, const char *what)
{
	printf("%s: %s\n", passed ? "PASS" : "FAIL", what);
	t->failed += !passed;
}

static void report_groups(struct tester *t, const struct tally *tally, unsigned int bits)
{
	for (unsigned int i = 0; i < GROUPS; i++) {
		char text[80];

		if (!tally->cases[i])
			continue;
		snprintf(text, sizeof(text), "%u-bit %s instructions", bits, group_name(i));
		report_result(t, !tally->failures[i], text);
		printf("  %" PRIu64 " cases, %" PRIu64 " of them exceptions, %" PRIu64 " differ\n",
		       tally->cases[i], tally->exceptions[i], tally->failures[i]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(tally->skipped) && tally->skipped[i].text; i++)
		printf("  %" PRIu64 " not run: %s\n", tally->skipped[i].count,
		       tally->skipped[i].text);
}

static void report_coverage(const struct tally *tally)
{
	for (unsigned int i = 0; i <= ZYDIS_MNEMONIC_MAX_VALUE; i++)
		if (tally->covered[i])
			printf("  %-16s %8" PRIu64 " cases %6u differ\n",
			       i ? ZydisMnemonicGetString(i) : "(undefined)", tally->covered[i],
			       tally->failed[i]);
}

/* --- runs --- */

static int run_mode(struct tester *t, unsigned int bits, uint64_t count, double seconds)
{
	static struct diff_case c;
	struct tally *tally = calloc(1, sizeof(*tally));
	struct forms *forms = NULL;
	double end = now() + seconds;
	int error = tally ? forms_create(&forms, bits, t->options.only) : -ENOMEM;

	random_seed(t->options.seed + bits);
	for (uint64_t i = 0; !error && (seconds > 0 || i < count); i++) {
		if (seconds > 0 && i % 1024 == 0 && now() > end)
			break;
		forms_pick(forms, &c);
		random_start(&c);
		count_case(t, tally, &c);
	}
	if (error == -ENOENT) {
		printf("no instruction of that name in %u-bit code\n", bits);
	} else if (!error) {
		report_groups(t, tally, bits);
		if (t->options.verbose)
			report_coverage(tally);
	}
	forms_destroy(forms);
	free(tally);
	return error == -ENOENT ? 0 : error;
}

static int run_random(struct tester *t)
{
	const unsigned int modes[] = { 64, 32 };
	unsigned int share = t->options.mode ? 1 : 2;
	int error = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(modes) && !error; i++)
		if (!t->options.mode || t->options.mode == modes[i])
			error = run_mode(t, modes[i], t->options.count / share,
					 (double)t->options.seconds / share);
	return error;
}

static void run_line(struct tester *t, const char *name, const char *line)
{
	static struct diff_case c;
	const char *where, *reason;
	enum outcome outcome;

	if (case_parse(&c, line, &where)) {
		printf("  cannot be read from here: %s\n", where);
		report_result(t, false, name);
		return;
	}
	outcome = run_case(t, &c, &reason);
	if (outcome == DIFFERENT) {
		print_assembly(&c);
		print_difference(&t->native_result, &t->emulated_result);
	}
	if (outcome == SKIPPED)
		printf("  %s: not run: %s\n", name, reason);
	else
		report_result(t, outcome == SAME, name);
}

/* Lines "NAME: CASE"; empty ones and those with # are left out. */
static int run_file(struct tester *t, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL, *colon;
	size_t size = 0;

	if (!file)
		return -errno;
	while (getline(&line, &size, file) > 0) {
		colon = strchr(line, ':');
		if (line[0] == '#' || !colon)
			continue;
		*colon = '\0';
		run_line(t, line, colon + 1 + strspn(colon + 1, " "));
	}
	free(line);
	fclose(file);
	return 0;
}

/* --- options --- */

static const struct option long_options[] = {
	{ "seed", required_argument, NULL, 's' }, { "count", required_argument, NULL, 'n' },
	{ "time", required_argument, NULL, 't' }, { "only", required_argument, NULL, 'o' },
	{ "mode", required_argument, NULL, 'm' }, { "case", required_argument, NULL, 'c' },
	{ "cases", required_argument, NULL, 'f' }, { "verbose", no_argument, NULL, 'v' },
	{ 0 },
};

static bool parse_options(struct options *options, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "v", long_options, NULL)) != -1) {
		switch (option) {
		case 's': options->seed = strtoull(optarg, NULL, 0); break;
		case 'n': options->count = strtoull(optarg, NULL, 0); break;
		case 't': options->seconds = strtoull(optarg, NULL, 0); break;
		case 'o': options->only = optarg; break;
		case 'm': options->mode = (unsigned int)strtoul(optarg, NULL, 0); break;
		case 'c': options->single = optarg; break;
		case 'f': options->cases = optarg; break;
		case 'v': options->verbose = true; break;
		default: return false;
		}
	}
	return optind == argc;
}

/* The cases are beside the sources. */
static char *cases_path(void)
{
	const char *folder = getenv("srcdir");
	char *path;

	return asprintf(&path, "%s/cpu-diff-cases.txt", folder ? folder : ".") < 0 ? NULL : path;
}

static int run(struct tester *t)
{
	char *path;
	int error = 0;

	if (t->options.single) {
		run_line(t, "case", t->options.single);
		return 0;
	}
	path = t->options.cases ? strdup(t->options.cases) : cases_path();
	if (!path)
		return -ENOMEM;
	if (!t->options.only)
		error = run_file(t, path);
	if (error)
		fprintf(stderr, "cpu-diff: %s: %s\n", path, strerror(-error));
	free(path);
	return error ? error : run_random(t);
}

/* What native execution takes for itself. */
static bool host_suffices(void)
{
	return getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE && __builtin_cpu_supports("avx2");
}

int main(int argc, char **argv)
{
	static struct tester tester = {
		.options = { .seed = DEFAULT_SEED, .count = DEFAULT_COUNT },
	};
	int error;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!parse_options(&tester.options, argc, argv))
		return 2;
	if (!host_suffices()) {
		printf("UNSUPPORTED: a host with AVX2, whose kernel lets programs set GS\n");
		return 0;
	}
	error = emulated_create(&tester.emulated);
	if (!error)
		error = native_create();
	if (!error)
		error = run(&tester);
	emulated_destroy(tester.emulated);
	if (error)
		fprintf(stderr, "cpu-diff: %s\n", strerror(-error));
	return error || tester.failed ? 1 : 0;
}
