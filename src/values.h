/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * values.h - the kinds of values that options take. A kind knows how a text of
 * the command line becomes what the option's target holds, and how that is freed.
 * Here is what any program could have; machine_values.h has what only vmm takes.
 */
#ifndef VMM_VALUES_H
#define VMM_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* One value of the command line. */
struct value {
	const char *text;		/* as given; NULL: a flag */
	const char *const *choices;	/* of value_choice; ends with NULL */
	char wrong[160];		/* room for a message that has to be made */
};

struct value_kind {
	/*
	 * Reads the value into the target, which is 0 or holds a default or what was
	 * given before. Returns NULL, or what is wrong with it, which is valid as long
	 * as the value is.
	 */
	const char *(*parse)(void *target, struct value *value);
	void (*release)(void *target);	/* frees what the target holds; NULL: nothing is */
};

/* Each with the type of its target. */
extern const struct value_kind value_flag;	/* bool */
extern const struct value_kind value_string;	/* char *; NULL: none */
extern const struct value_kind value_file;	/* char *, not empty */
extern const struct value_kind value_choice;	/* int, the index among the choices */
extern const struct value_kind value_number;	/* struct optional */
extern const struct value_kind value_count;	/* struct optional, at least 1 */
extern const struct value_kind value_status;	/* struct optional, 0 to 255 */
extern const struct value_kind value_memory;	/* struct optional, bytes: whole pages */
extern const struct value_kind value_seconds;	/* double, more than 0 */

/* --- what other kinds are made of --- */

/*
 * A whole number, decimal or with 0x, no sign. *end: behind it. Returns false where
 * there is none or it does not fit.
 */
bool value_digits(const char *text, const char **end, uint64_t *number);

/* For a target char *: a copy takes the place of what it held; as parse and release. */
const char *value_copy(void *target, const char *text);
void value_free_string(void *target);

#endif
