/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lockstep.c - vmm-lockstep: a guest on two engines side by side, up to the first
 * instruction after which they differ.
 *
 * What is compared rarely (memory; registers too, where both engines count
 * instructions) only says between which two comparisons the difference came up.
 * A run is repeatable, so it is done again to the last comparison that found
 * nothing, and from there on in smaller steps, until one instruction is left.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "divergence.h"
#include "lockstep_options.h"
#include "pair.h"

#define STATUS_DIFFERENT 1
#define STATUS_USAGE 2
#define STATUS_HOST 125

#define STRIDE_DEFAULT (UINT64_C(1) << 20)
#define REFINEMENT 16u			/* smaller steps in each search */
#define CHUNK (UINT64_C(1) << 20)	/* instructions at a time where nothing is compared */

_Static_assert(PAIR_SIDES == LOCKSTEP_SIDES, "sides");

/* All searches for one guest. */
struct comparison {
	const struct lockstep_options *options;
	struct pair_config config;
	double start;			/* seconds */
	uint64_t poked_to;		/* in this search: pokes of fewer instructions are done */
	uint64_t *accepted;		/* differences, by the count of instructions */
	size_t accepted_count;
};

/* One run from the start. */
struct search {
	uint64_t from;		/* nothing has to be compared before */
	uint64_t until;		/* nor behind that */
	uint64_t stride;	/* instructions between comparisons of registers, */
	uint64_t memory_stride;	/* and of memory */
	bool refines;		/* between these two, there is a difference */
	uint64_t same;		/* found: up to here nothing differs, memory neither */
	enum pair_progress progress;
};

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Makes the differences that are asked for, each once; a step may have gone past it. */
static void poke(struct comparison *comparison, struct pair *pair)
{
	const struct lockstep_options *options = comparison->options;

	for (size_t i = 0; i < options->pokes.count; i++) {
		const struct lockstep_poke *wanted = &options->pokes.poke[i];
		struct machine *machine = pair->side[wanted->side].board.machine;

		if (wanted->count >= comparison->poked_to && wanted->count <= pair->count)
			mem_write(machine_mem(machine), wanted->place.gpa, wanted->place.bytes,
				  wanted->place.size);
	}
	comparison->poked_to = pair->count + 1;
}

/* The next instruction at which something is done, whatever the strides are. */
static uint64_t next_event(const struct comparison *comparison, uint64_t count)
{
	const struct lockstep_options *options = comparison->options;
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < options->pokes.count; i++)
		if (options->pokes.poke[i].count > count)
			next = min(next, options->pokes.poke[i].count);
	for (size_t i = 0; i < comparison->accepted_count; i++)
		if (comparison->accepted[i] > count)
			next = min(next, comparison->accepted[i]);
	return next;
}

static bool at_memory_check(const struct search *search, uint64_t count, uint64_t next)
{
	return count >= next || count >= search->until || search->progress != PAIR_GOES_ON;
}

/* A difference that was accepted in an earlier search does not count. */
static void accept_known(const struct comparison *comparison, struct pair *pair)
{
	for (size_t i = 0; i < comparison->accepted_count; i++)
		if (comparison->accepted[i] == pair->count) {
			pair_settle(pair);
			return;
		}
}

/* How far the next step goes. */
static uint64_t next_stop(const struct comparison *comparison, const struct search *search,
			  uint64_t count, uint64_t next_check)
{
	uint64_t stop = next_event(comparison, count);

	if (count < search->from)
		return min(stop, min(search->from, count + CHUNK));
	return min(min(stop, next_check), min(search->until, count + search->stride));
}

/* Runs until something differs (pair->differences), or the guest's or the search's end. */
static void run_search(struct comparison *comparison, struct pair *pair,
		       struct search *search)
{
	uint64_t next_check = search->from + search->memory_stride, stop;

	search->same = search->from;
	search->progress = PAIR_GOES_ON;
	while (search->progress == PAIR_GOES_ON && pair->count < search->until) {
		stop = next_stop(comparison, search, pair->count, next_check);
		poke(comparison, pair);
		search->progress = pair_step(pair, stop - pair->count);
		accept_known(comparison, pair);
		if (search->progress == PAIR_FAILED || pair->count < search->from)
			continue;
		if (pair->differences || at_memory_check(search, pair->count, next_check)) {
			pair_compare_memory(pair);
			next_check = pair->count + search->memory_stride;
			if (pair->differences)
				return;
			search->same = pair->count;
		}
	}
}

/* Whether what differs came with the last step, which was one instruction. */
static bool is_final(const struct pair *pair, const struct search *search)
{
	if (search->stride > 1 && pair_counts(pair))
		return false;
	return search->memory_stride == 1 || !(pair->differences & DIFFERS_MEMORY);
}

/* From an instruction on, up to the end. */
static struct search search_all(const struct lockstep_options *options, uint64_t from)
{
	return (struct search){
		.from = from,
		.until = options->insn_limit.set ? options->insn_limit.value : UINT64_MAX,
		.memory_stride = options->memory_stride.set ? options->memory_stride.value :
				 STRIDE_DEFAULT,
		.stride = options->stride.set ? options->stride.value : STRIDE_DEFAULT,
	};
}

/* In smaller steps, where a search has found something. */
static struct search refine(const struct pair *pair, const struct search *found)
{
	uint64_t stride = (pair->count - found->same) / REFINEMENT;

	return (struct search){
		.from = found->same, .until = pair->count, .refines = true,
		.memory_stride = stride ? stride : 1, .stride = stride ? stride : 1,
	};
}

static double now(void)
{
	return (double)clock_monotonic() / NS_PER_SECOND;
}

static void print_agreement(const struct comparison *comparison, const struct pair *pair,
			    const struct search *search)
{
	double seconds = now() - comparison->start;
	char text[160];

	if (comparison->accepted_count)
		printf("%" PRIu64 " instructions compared, %zu differences accepted\n",
		       pair->count, comparison->accepted_count);
	else
		printf("%" PRIu64 " instructions compared, no divergence\n", pair->count);
	divergence_ending(&pair->side[0], text, sizeof(text));
	printf("the guest: %s\n",
	       search->progress == PAIR_GOES_ON ? "instruction limit reached" : text);
	printf("interrupts: %" PRIu64 ", device accesses: %" PRIu64 "\n", pair->side[0].interrupts,
	       pair->accesses);
	if (pair->transferred || pair->flags_transferred)
		printf("transferred from %s: %" PRIu64 " results from outside the guest (time, "
		       "random numbers, CPUID), undefined flags of %" PRIu64 " instructions\n",
		       pair->side[pair->leader].board.engine->name, pair->transferred,
		       pair->flags_transferred);
	log_verbose(pair->log, "%.2f s, %.0f instructions a second", seconds,
		    seconds > 0 ? (double)pair->count / seconds : 0);
}

static int failed(struct pair *pair)
{
	for (unsigned int i = 0; i < PAIR_SIDES; i++) {
		struct ending ending;

		if (!run_ending(machine_run_control(pair->side[i].board.machine), &ending))
			continue;
		log_error(pair->log, "%s: %s", pair->side[i].board.engine->name, ending.text);
		return ending.kind == ENDING_SIGNAL ? ending.value : STATUS_HOST;
	}
	log_error(pair->log, "the registers cannot be read or the leading engine does not go on");
	return STATUS_HOST;
}

static int search_status(const struct comparison *comparison, struct pair *pair,
			 const struct search *search)
{
	if (search->progress == PAIR_FAILED)
		return failed(pair);
	if (pair->differences) {
		divergence_print(stdout, pair);
		return STATUS_DIFFERENT;
	}
	if (!search->refines) {
		print_agreement(comparison, pair, search);
		return 0;
	}
	log_error(pair->log, "a difference was found between instructions %" PRIu64 " and %" PRIu64
		  ", but not when they were executed again (is the guest's run repeatable?)",
		  search->from, search->until);
	return STATUS_HOST;
}

/* Goes on behind a difference, where that is wanted and can be done. */
static bool accept_difference(struct comparison *comparison, struct pair *pair)
{
	uint64_t *added;

	if (!comparison->options->accept.set ||
	    comparison->accepted_count >= comparison->options->accept.value ||
	    !pair_can_settle(pair))
		return false;
	added = array_append(&comparison->accepted, &comparison->accepted_count, sizeof(*added));
	if (!added)
		return false;
	*added = pair->count;
	divergence_print(stdout, pair);
	fputs("accepted\n\n", stdout);
	return pair_settle(pair);
}

/*
 * One search with machines of its own, and then on behind differences that are
 * accepted. Returns the exit status, or -1 with the next search.
 */
static int search_once(struct comparison *comparison, struct search *search)
{
	struct pair pair;
	int status = -1;

	if (pair_create(&pair, &comparison->config)) {
		pair_destroy(&pair);
		return STATUS_HOST;
	}
	comparison->poked_to = 0;
	run_search(comparison, &pair, search);
	while (pair.differences && search->progress != PAIR_FAILED && is_final(&pair, search) &&
	       search->progress == PAIR_GOES_ON && accept_difference(comparison, &pair)) {
		*search = search_all(comparison->options, pair.count);
		run_search(comparison, &pair, search);
	}
	if (!pair.differences || search->progress == PAIR_FAILED || is_final(&pair, search))
		status = search_status(comparison, &pair, search);
	else
		*search = refine(&pair, search);
	pair_destroy(&pair);
	return status;
}

static int compare(const struct lockstep_options *options, const struct log *log)
{
	/* The machines are made anew for each search: they need not explain themselves again. */
	const struct log again = {
		.stream = log->stream, .program = log->program, .level = LOG_NORMAL,
	};
	struct comparison comparison = {
		.options = options, .start = now(),
		.config = { .cpu = options->cpu, .fpu = options->fpu, .log = log },
	};
	struct search search = search_all(options, 0);
	int status;

	for (unsigned int i = 0; i < PAIR_SIDES; i++)
		comparison.config.options[i] = options->machine[i];
	while ((status = search_once(&comparison, &search)) < 0) {
		log_verbose(log, "a difference between instructions %" PRIu64 " and %" PRIu64,
			    search.from, search.until);
		comparison.config.log = &again;
	}
	free(comparison.accepted);
	return status;
}

int main(int argc, char **argv)
{
	struct log log = { .stream = stderr, .program = "vmm-lockstep" };
	struct lockstep_options options;
	int status = 0;

	signal(SIGPIPE, SIG_IGN);
	switch (lockstep_options_parse(&options, argc, (const char **)argv, &log)) {
	case LOCKSTEP_RUN:
		status = compare(&options, &log);
		break;
	case LOCKSTEP_USAGE:
		status = STATUS_USAGE;
		break;
	case LOCKSTEP_DONE:
		break;
	}
	lockstep_options_free(&options);
	if (fclose(stdout)) {
		log_error(&log, "standard output: %s", strerror(errno));
		status = STATUS_HOST;
	}
	return status;
}
