/* SPDX-License-Identifier: GPL-3.0-or-later */
/* select.c - the choice of an engine, see select.h. */
#include "engine/select.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LIST_AUTO "auto"

/* All of them. */
static const struct engine_ops *const known[] = {
	&engine_kvm,
	&engine_direct,
	&engine_interp,
};

#define KNOWN_COUNT (sizeof(known) / sizeof(known[0]))

/* What is known of one engine while choosing. */
struct candidate {
	const struct engine_ops *ops;	/* NULL where it cannot be taken */
	struct engine_probe probe;
};

/* The next name of a comma-separated list: its length; *rest behind its comma. */
static size_t next_name(const char *list, const char **rest)
{
	size_t length = strcspn(list, ",");

	*rest = list[length] ? list + length + 1 : list + length;
	return length;
}

static bool named(const char *name, const char *list, size_t length)
{
	return strlen(name) == length && !memcmp(name, list, length);
}

/* Index into known, or KNOWN_COUNT. */
static size_t find(const char *list, size_t length)
{
	size_t i = 0;

	while (i < KNOWN_COUNT && !named(known[i]->name, list, length))
		i++;
	return i;
}

int engine_list_check(const char *list, const struct log *log)
{
	const char *at = list, *rest;

	if (!strcmp(list, LIST_AUTO))
		return 0;
	do {
		size_t length = next_name(at, &rest);
		/* A comma at the end has a name of no length behind it. */
		bool more = at[length] == ',';

		if (find(at, length) == KNOWN_COUNT || (more && !*rest)) {
			log_error(log, "--engine=%s: no engine is named '%.*s' "
				  "(auto alone, or a list of kvm, direct, interp)",
				  list, more && !*rest ? 0 : (int)length, at);
			return -EINVAL;
		}
		at = rest;
	} while (*at);
	return 0;
}

static void consider(struct candidate *candidate, size_t index,
		     const struct engine_wishes *wishes)
{
	const struct engine_ops *ops = known[index];
	struct engine_probe *probe = &candidate->probe;

	*candidate = (struct candidate){ 0 };
	if (wishes->isolates && !ops->isolates) {
		snprintf(probe->text, sizeof(probe->text),
			 "does not isolate the guest from vmm (--isolate)");
	} else if (wishes->counts_instructions && !ops->counts_instructions) {
		snprintf(probe->text, sizeof(probe->text),
			 "does not count instructions, as --insn-limit and --clock=virtual want "
			 "(interp does)");
	} else if (wishes->runs_to && !ops->run_to) {
		snprintf(probe->text, sizeof(probe->text),
			 "cannot be run side by side with another engine");
	} else {
		ops->probe(probe);
		if (probe->usable)
			candidate->ops = ops;
	}
}

/* The best that works here; the order of the table counts between equals. */
static const struct engine_ops *pick_auto(const struct candidate *candidates,
					  const struct log *log)
{
	const struct candidate *best = NULL;

	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		const struct candidate *candidate = &candidates[i];

		log_verbose(log, "engine %s: %s", known[i]->name, candidate->probe.text);
		if (candidate->ops && (!best || candidate->probe.rank < best->probe.rank))
			best = candidate;
	}
	return best ? best->ops : NULL;
}

static const struct engine_ops *select_auto(const struct engine_wishes *wishes,
					    const struct log *log)
{
	struct candidate candidates[KNOWN_COUNT];
	const struct engine_ops *ops;

	for (size_t i = 0; i < KNOWN_COUNT; i++)
		consider(&candidates[i], i, wishes);
	ops = pick_auto(candidates, log);
	if (!ops)
		log_error(log, "no engine works here: kvm: %s", candidates[0].probe.text);
	else
		log_verbose(log, "engine %s is taken", ops->name);
	return ops;
}

const struct engine_ops *engine_select(const char *list, const struct engine_wishes *wishes,
				       const struct log *log)
{
	struct candidate candidate = { 0 };
	const char *at = list, *rest;
	char tried[512] = "";
	size_t used = 0;

	if (!strcmp(list, LIST_AUTO))
		return select_auto(wishes, log);
	do {
		size_t index = find(at, next_name(at, &rest));

		consider(&candidate, index, wishes);
		log_verbose(log, "engine %s: %s", known[index]->name, candidate.probe.text);
		if (candidate.ops)
			return candidate.ops;
		if (used < sizeof(tried))
			used += (size_t)snprintf(tried + used, sizeof(tried) - used, "%s%s: %s",
						 used ? "; " : "", known[index]->name,
						 candidate.probe.text);
		at = rest;
	} while (*at);
	log_error(log, "--engine=%s does not work here: %s", list, tried);
	return NULL;
}
