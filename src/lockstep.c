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
#include <string.h>
#include <time.h>

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

/* One run from the start. */
struct search {
	uint64_t from;		/* nothing has to be compared before */
	uint64_t until;		/* nor behind that */
	uint64_t stride;	/* instructions between comparisons of registers, */
	uint64_t memory_stride;	/* and of memory */
	uint64_t same;		/* found: up to here nothing differs, memory neither */
	enum pair_progress progress;
};

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Makes the differences that are asked for at this instruction; gives the next one's count. */
static uint64_t poke(struct pair *pair, const struct lockstep_options *options)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < options->poke_count; i++) {
		const struct lockstep_poke *wanted = &options->pokes[i];
		struct machine *machine = pair->side[wanted->side].board.machine;

		if (wanted->count > pair->count)
			next = min(next, wanted->count);
		else if (wanted->count == pair->count && pair->differences == 0)
			mem_write(machine_mem(machine), wanted->gpa, wanted->bytes, wanted->size);
	}
	return next;
}

static bool at_memory_check(const struct search *search, uint64_t count, uint64_t next)
{
	return count >= next || count >= search->until || search->progress != PAIR_GOES_ON;
}

/* Runs until something differs (pair->differences), or the guest's or the search's end. */
static void run_search(struct pair *pair, struct search *search,
		       const struct lockstep_options *options)
{
	uint64_t next_check = search->from + search->memory_stride;

	search->same = search->from;
	search->progress = PAIR_GOES_ON;
	while (search->progress == PAIR_GOES_ON && pair->count < search->until) {
		bool compares = pair->count >= search->from;
		uint64_t goal = compares ? min(search->until, pair->count + search->stride) :
					   min(search->from, pair->count + CHUNK);

		goal = min(goal, poke(pair, options));
		if (compares)
			goal = min(goal, next_check);
		search->progress = pair_step(pair, goal - pair->count);
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

/* Whether the last step has to be looked at more closely. */
static bool is_final(const struct pair *pair, const struct search *search)
{
	if (search->stride > 1 && pair_counts(pair))
		return false;
	return search->memory_stride == 1 || !(pair->differences & DIFFERS_MEMORY);
}

static struct search refined(const struct pair *pair, const struct search *found)
{
	uint64_t stride = (pair->count - found->same) / REFINEMENT;

	stride = stride ? stride : 1;
	return (struct search){
		.from = found->same, .until = pair->count, .memory_stride = stride,
		.stride = pair_counts(pair) ? stride : 1,
	};
}

static void print_agreement(const struct pair *pair, const struct search *search, double seconds)
{
	char text[160];

	printf("%" PRIu64 " instructions compared, no divergence\n", pair->count);
	divergence_ending(&pair->side[0], text, sizeof(text));
	printf("the guest: %s\n", search->progress == PAIR_GOES_ON ? "instruction limit reached" : text);
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

static double now(void)
{
	return (double)clock_monotonic() / NS_PER_SECOND;
}

static int search_status(struct pair *pair, const struct search *search, bool first, double start)
{
	if (search->progress == PAIR_FAILED)
		return failed(pair);
	if (pair->differences) {
		divergence_print(stdout, pair);
		return STATUS_DIFFERENT;
	}
	if (first) {
		print_agreement(pair, search, now() - start);
		return 0;
	}
	log_error(pair->log, "a difference was found between instructions %" PRIu64 " and %" PRIu64
		  ", but not when they were executed again (is the guest's run repeatable?)",
		  search->from, search->until);
	return STATUS_HOST;
}

/* Searches until one instruction is left, or nothing differs. */
static int compare(const struct lockstep_options *options, const struct pair_config *config)
{
	struct search search = {
		.until = options->insn_limit.set ? options->insn_limit.value : UINT64_MAX,
		.memory_stride = options->memory_stride.set ? options->memory_stride.value :
				 STRIDE_DEFAULT,
		.stride = options->stride.set ? options->stride.value : STRIDE_DEFAULT,
	};
	double start = now();
	int status = -1;

	for (bool first = true; status < 0; first = false) {
		struct pair pair;

		if (pair_create(&pair, config)) {
			status = STATUS_HOST;
		} else {
			if (!pair_counts(&pair))
				search.stride = 1;
			run_search(&pair, &search, options);
			if (!pair.differences || search.progress == PAIR_FAILED ||
			    is_final(&pair, &search))
				status = search_status(&pair, &search, first, start);
			else
				log_verbose(config->log, "a difference between instructions %" PRIu64
					    " and %" PRIu64, search.same, pair.count);
			search = status < 0 ? refined(&pair, &search) : search;
		}
		pair_destroy(&pair);
	}
	return status;
}

int main(int argc, char **argv)
{
	struct log log = { .stream = stderr, .program = "vmm-lockstep" };
	struct lockstep_options options;
	struct pair_config config = { .log = &log };
	int status = 0;

	signal(SIGPIPE, SIG_IGN);
	switch (lockstep_options_parse(&options, argc, (const char **)argv, &log)) {
	case LOCKSTEP_RUN:
		for (unsigned int i = 0; i < PAIR_SIDES; i++)
			config.options[i] = options.machine[i];
		config.cpu = options.cpu;
		config.fpu = options.fpu;
		status = compare(&options, &config);
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
