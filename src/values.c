/* SPDX-License-Identifier: GPL-3.0-or-later */
/* values.c - the kinds of values that options take, see values.h. */
#include "values.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "core/mem.h"
#include "core/optional.h"

#define MEMORY_MAX (UINT64_C(512) << 30)

static const char *parse_flag(void *target, struct value *value)
{
	*(bool *)target = true;
	return NULL;
}

const struct value_kind value_flag = { parse_flag, NULL };

/* --- texts --- */

const char *value_copy(void *target, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return "out of memory";
	free(*(char **)target);
	*(char **)target = copy;
	return NULL;
}

void value_free_string(void *target)
{
	free(*(char **)target);
}

static const char *parse_string(void *target, struct value *value)
{
	return value_copy(target, value->text);
}

const struct value_kind value_string = { parse_string, value_free_string };

static const char *parse_file(void *target, struct value *value)
{
	return *value->text ? value_copy(target, value->text) : "a file name is missing";
}

const struct value_kind value_file = { parse_file, value_free_string };

static const char *parse_choice(void *target, struct value *value)
{
	const size_t room = sizeof(value->wrong);
	size_t used = 0;

	for (int i = 0; value->choices[i]; i++) {
		if (strcmp(value->choices[i], value->text))
			continue;
		*(int *)target = i;
		return NULL;
	}
	for (int i = 0; value->choices[i] && used < room; i++)
		used += (size_t)snprintf(value->wrong + used, room - used, "%s%s",
					 i ? ", " : "must be one of ", value->choices[i]);
	return value->wrong;
}

const struct value_kind value_choice = { parse_choice, NULL };

/* --- numbers --- */

bool value_digits(const char *text, const char **end, uint64_t *number)
{
	bool hexadecimal = text[0] == '0' && tolower((unsigned char)text[1]) == 'x';
	char *stop;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*number = strtoull(text, &stop, hexadecimal ? 16 : 10);
	*end = stop;
	return errno == 0;
}

static const char *parse_number(void *target, struct value *value)
{
	struct optional *number = target;
	const char *end;

	if (!value_digits(value->text, &end, &number->value) || *end)
		return "not a number (decimal, or hexadecimal with 0x)";
	number->set = true;
	return NULL;
}

const struct value_kind value_number = { parse_number, NULL };

static const char *parse_count(void *target, struct value *value)
{
	const char *wrong = parse_number(target, value);

	return !wrong && !((struct optional *)target)->value ? "must be at least 1" : wrong;
}

const struct value_kind value_count = { parse_count, NULL };

static const char *parse_status(void *target, struct value *value)
{
	const char *wrong = parse_number(target, value);

	return !wrong && ((struct optional *)target)->value > 255 ?
		"a status is 0 to 255" : wrong;
}

const struct value_kind value_status = { parse_status, NULL };

static const char *parse_memory(void *target, struct value *value)
{
	static const struct {
		char suffix;
		unsigned int shift;
	} units[] = { { 'K', 10 }, { 'M', 20 }, { 'G', 30 }, { '\0', 20 } };
	struct optional *number = target;
	const char *end;
	size_t i = 0;

	if (!value_digits(value->text, &end, &number->value))
		return "not a size (64M, 256K, 1G; a bare number is MiB)";
	while (i < ARRAY_SIZE(units) && units[i].suffix != toupper((unsigned char)*end))
		i++;
	if (i == ARRAY_SIZE(units) || (*end && end[1]))
		return "unknown unit (K, M or G; a bare number is MiB)";
	if (!number->value || number->value > MEMORY_MAX >> units[i].shift)
		return "must be at least 4K and at most 512G";
	number->value <<= units[i].shift;
	if (number->value % MEM_PAGE_SIZE)
		return "must be a multiple of 4K";
	number->set = true;
	return NULL;
}

const struct value_kind value_memory = { parse_memory, NULL };

static const char *parse_seconds(void *target, struct value *value)
{
	double seconds;
	char *end;

	if (strspn(value->text, "0123456789.") != strlen(value->text))
		return "not a number of seconds";
	seconds = strtod(value->text, &end);
	if (*end || end == value->text)
		return "not a number of seconds";
	if (seconds <= 0 || seconds > 1e9)
		return "must be more than 0 and at most 1000000000";
	*(double *)target = seconds;
	return NULL;
}

const struct value_kind value_seconds = { parse_seconds, NULL };
