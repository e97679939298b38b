/* SPDX-License-Identifier: GPL-3.0-or-later */
/* condition.c - a text that the guest is to show, see condition.h. */
#include "host/condition.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/escape.h"
#include "host/font.h"
#include "host/picture.h"

const char *const source_names[SOURCES] = {
	[SOURCE_SCREEN] = "screen", [SOURCE_SERIAL] = "serial", [SOURCE_SERIAL2] = "serial2",
	[SOURCE_DEBUGCON] = "debugcon",
};

/* The source that the text names up to a colon; *at: behind that. */
static enum condition_source parse_source(const char **at)
{
	enum condition_source source;

	for (source = 0; source < SOURCES; source++) {
		size_t len = strlen(source_names[source]);

		if (strncmp(*at, source_names[source], len) || (*at)[len] != ':')
			continue;
		*at += len + 1;
		break;
	}
	return source;
}

/* Whether the screen can show each character of the UTF-8 text. */
static bool can_be_shown(const char *text)
{
	while (*text) {
		char shown[PICTURE_UTF8_MAX];
		unsigned int character = 0;
		size_t len = 0;

		for (; character < FONT_CHARACTERS; character++) {
			len = (size_t)(picture_put(shown, (uint8_t)character) - shown);
			if (!strncmp(text, shown, len))
				break;
		}
		if (character == FONT_CHARACTERS)
			return false;
		text += len;
	}
	return true;
}

/* Appends the bytes up to the one that ends them. Returns NULL, or what is wrong at *at. */
static const char *parse_text(struct condition *condition, const char **at, char end)
{
	while (**at && **at != end) {
		const char *from = *at;
		int byte = escape_byte(at);

		if (byte < 0)
			return "unknown escape (\\n \\t \\r \\0 \\\\ \\' \\xHH)";
		if (condition->source == SOURCE_SCREEN && (byte == '\n' || !byte)) {
			*at = from;
			return "a text on the screen stands in one row";
		}
		condition->text[condition->size++] = (char)byte;
	}
	return NULL;
}

const char *condition_parse(struct condition *condition, const char **at, char end)
{
	enum condition_source source = parse_source(at);
	const char *start, *wrong;
	bool quoted;

	if (source == SOURCES)
		return "must be screen:TEXT, serial:TEXT, serial2:TEXT or debugcon:TEXT";
	/* Bytes that are escaped only become fewer. */
	*condition = (struct condition){ .source = source, .text = calloc(1, strlen(*at) + 1) };
	if (!condition->text)
		return "out of memory";
	quoted = **at == '\'';
	*at += quoted;
	start = *at;
	wrong = parse_text(condition, at, quoted ? '\'' : end);
	if (!wrong && quoted && **at != '\'')
		wrong = "the quote ' that closes the text is missing";
	if (!wrong && !condition->size) {
		*at = start;
		wrong = "the text is missing";
	}
	if (!wrong && condition->source == SOURCE_SCREEN && !can_be_shown(condition->text)) {
		*at = start;
		wrong = "the screen has no such characters";
	}
	if (wrong)
		condition_free(condition);
	else
		*at += quoted;
	return wrong;
}

void condition_free(struct condition *condition)
{
	free(condition->text);
	condition->text = NULL;
}
