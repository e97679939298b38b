/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict.c - texts that decide a run, see verdict.h. */
#include "verdict.h"

#include <errno.h>
#include <stdlib.h>

struct decider {
	struct watch watch;
	struct verdict *verdict;
	bool unwanted;		/* of --fail-on */
};

struct verdict {
	const struct verdict_options *options;
	struct watches *watches;
	struct run *run;
	bool decided;
	size_t count;
	struct decider deciders[];
};

/* For a message of one line: what a terminal would act on is a question mark. */
static void make_printable(char *to, const char *from)
{
	do {
		unsigned char byte = (unsigned char)*from;

		*to++ = byte && (byte < 0x20 || byte == 0x7F) ? '?' : *from;
	} while (*from++);
}

static void on_text(void *self, const char *line)
{
	const struct decider *decider = self;
	const struct condition *condition = decider->watch.condition;
	char printable[WATCH_LINE_MAX + 1];

	decider->verdict->decided = true;
	make_printable(printable, line);
	run_end(decider->verdict->run, decider->unwanted ? ENDING_UNWANTED : ENDING_REACHED, 0,
		"%s on %s: %s", decider->unwanted ? "unwanted" : "waited for",
		source_names[condition->source], printable);
}

int verdict_create(struct verdict **out, const struct verdict_options *options,
		   struct watches *watches, struct run *run)
{
	size_t count = options->until.count + options->fail_on.count;
	struct verdict *verdict = calloc(1, sizeof(*verdict) + count * sizeof(struct decider));
	int error = verdict ? 0 : -ENOMEM;

	if (error)
		return error;
	verdict->options = options;
	verdict->watches = watches;
	verdict->run = run;
	/* Those that fail first: they decide where both are seen at once. */
	for (; verdict->count < count && !error; verdict->count++) {
		struct decider *decider = &verdict->deciders[verdict->count];
		bool unwanted = verdict->count < options->fail_on.count;

		*decider = (struct decider){
			.watch = {
				.condition = unwanted ? &options->fail_on.condition[verdict->count] :
					&options->until.condition[verdict->count - options->fail_on.count],
				.fn = on_text, .self = decider,
			},
			.verdict = verdict, .unwanted = unwanted,
		};
		error = watch_add(watches, &decider->watch);
	}
	*out = verdict;
	return error;
}

void verdict_destroy(struct verdict *verdict)
{
	if (!verdict)
		return;
	for (size_t i = 0; i < verdict->count; i++)
		watch_remove(verdict->watches, &verdict->deciders[i].watch);
	free(verdict);
}

bool verdict_unmet(const struct verdict *verdict, const struct log *log)
{
	const struct verdict_options *options = verdict ? verdict->options : NULL;

	if (!options || !options->until.count || verdict->decided)
		return false;
	for (size_t i = 0; i < options->until.count; i++)
		log_notice(log, "--until=%s:'%s' never came",
			   source_names[options->until.condition[i].source], options->until.condition[i].text);
	return true;
}
