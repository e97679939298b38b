/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keyscript.c - scripts of keys and waits, see keyscript.h. */
#include "host/keyscript.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"

#define STEPS_FIRST 16u
#define REPEAT_MAX 1000u
#define NAME_MAX_BYTES 20u
#define SECONDS_MAX 1e6
#define NS_PER_MS 1e6
#define NS_PER_S 1e9
#define BLANKS " \t\r\n"

enum target { TO_COM1, TO_COM2, TO_KEYBOARD };

struct parser {
	const char *text;
	const char *at;
	enum target target;
	struct keyscript *script;
	struct keyscript_error *error;
};

/* Names beside those of keyboard.h. */
static const struct {
	const char *name;
	enum key key;
} aliases[] = {
	{ "enter", KEY_RET }, { "space", KEY_SPC }, { "del", KEY_DELETE }, { "ins", KEY_INSERT },
	{ "pageup", KEY_PGUP }, { "pagedown", KEY_PGDN },
};

/* What a terminal sends for its keys (ECMA-48, as xterm has it). */
static const struct {
	enum key key;
	const char *bytes;
} sequences[] = {
	{ KEY_RET, "\r" }, { KEY_TAB, "\t" }, { KEY_ESC, "\x1B" }, { KEY_BACKSPACE, "\x7F" },
	{ KEY_SPC, " " }, { KEY_UP, "\x1B[A" }, { KEY_DOWN, "\x1B[B" }, { KEY_RIGHT, "\x1B[C" },
	{ KEY_LEFT, "\x1B[D" }, { KEY_HOME, "\x1B[H" }, { KEY_END, "\x1B[F" },
	{ KEY_INSERT, "\x1B[2~" }, { KEY_DELETE, "\x1B[3~" }, { KEY_PGUP, "\x1B[5~" },
	{ KEY_PGDN, "\x1B[6~" }, { KEY_F1, "\x1BOP" }, { KEY_F2, "\x1BOQ" }, { KEY_F3, "\x1BOR" },
	{ KEY_F4, "\x1BOS" }, { KEY_F5, "\x1B[15~" }, { KEY_F6, "\x1B[17~" },
	{ KEY_F7, "\x1B[18~" }, { KEY_F8, "\x1B[19~" }, { KEY_F9, "\x1B[20~" },
	{ KEY_F10, "\x1B[21~" }, { KEY_F11, "\x1B[23~" }, { KEY_F12, "\x1B[24~" },
};

/* --- places and errors --- */

static void place(const char *text, const char *at, unsigned int *line, unsigned int *column)
{
	*line = *column = 1;
	for (; text < at; text++) {
		if (*text == '\n') {
			++*line;
			*column = 1;
		} else if ((*text & 0xC0) != 0x80) {
			++*column;	/* UTF-8: not a byte within a character */
		}
	}
}

static int __attribute__((format(printf, 3, 4)))
refuse(struct parser *parser, const char *at, const char *format, ...)
{
	va_list args;

	place(parser->text, at, &parser->error->line, &parser->error->column);
	va_start(args, format);
	vsnprintf(parser->error->text, sizeof(parser->error->text), format, args);
	va_end(args);
	return -EINVAL;
}

/* --- steps --- */

static int add_step(struct parser *parser, const char *at, const struct step *step)
{
	struct keyscript *script = parser->script;
	struct step *added;

	if (script->count == script->room) {
		size_t room = script->room ? 2 * script->room : STEPS_FIRST;
		struct step *grown = reallocarray(script->steps, room, sizeof(*grown));

		if (!grown) {
			refuse(parser, at, "out of memory");
			return -ENOMEM;
		}
		script->steps = grown;
		script->room = room;
	}
	added = &script->steps[script->count++];
	*added = *step;
	place(parser->text, at, &added->line, &added->column);
	return 0;
}

static int add_bytes(struct parser *parser, const char *at, const char *bytes, size_t len)
{
	struct step step = { .kind = STEP_BYTES, .count = (unsigned int)len };

	step.serial.port = parser->target;
	memcpy(step.serial.bytes, bytes, len);
	return add_step(parser, at, &step);
}

/* --- keys --- */

static bool push_key(struct step *chord, enum key key)
{
	if (chord->count == CHORD_MAX)
		return false;
	chord->keys[chord->count++] = key;
	return true;
}

static bool push_character(struct step *chord, char character)
{
	bool shift;
	enum key key = key_of_character(character, &shift);

	return key != KEY_NONE && (!shift || push_key(chord, KEY_SHIFT)) && push_key(chord, key);
}

static enum key find_key(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if (!strcmp(aliases[i].name, name))
			return aliases[i].key;
	return key_named(name);
}

static int add_character(struct parser *parser)
{
	const char *at = parser->at;
	struct step step = { .kind = STEP_KEYS };
	size_t len = 1;

	/* The rest of a character in UTF-8. */
	while (len < LINE_BYTES_MAX && (at[len] & 0xC0) == 0x80)
		len++;
	parser->at += len;
	if (parser->target != TO_KEYBOARD)
		return add_bytes(parser, at, at, len);
	if (len > 1 || !push_character(&step, *at))
		return refuse(parser, at, "no key has the character %.*s", (int)len, at);
	return add_step(parser, at, &step);
}

/* The name of a key at *at; it ends at the first character that is not of one. */
static int parse_name(struct parser *parser, char name[NAME_MAX_BYTES + 1])
{
	size_t len = strcspn(parser->at, "-*<>" BLANKS);

	/* A character that is no letter stands for itself. */
	if (!len && strchr("-*<", *parser->at) && *parser->at)
		len = 1;
	if (!len)
		return refuse(parser, parser->at, "the name of a key is missing");
	if (len > NAME_MAX_BYTES)
		return refuse(parser, parser->at, "no key has this name");
	memcpy(name, parser->at, len);
	name[len] = '\0';
	parser->at += len;
	return 0;
}

static int parse_chord(struct parser *parser, struct step *chord)
{
	char name[NAME_MAX_BYTES + 1];

	for (;;) {
		const char *at = parser->at;
		int error = parse_name(parser, name);
		enum key key;

		if (error)
			return error;
		if (chord->count >= CHORD_MAX - 1)
			return refuse(parser, at, "more than %u keys at once", CHORD_MAX - 1);
		key = find_key(name);
		if (key != KEY_NONE ? !push_key(chord, key) :
		    name[1] || !push_character(chord, name[0]))
			return refuse(parser, at, "no key has the name \"%s\"", name);
		if (*parser->at != '-')
			return 0;
		parser->at++;
	}
}

/* The chord as a terminal sends it. */
static int add_sequence(struct parser *parser, const char *at, const struct step *chord)
{
	enum key last = chord->keys[chord->count - 1];
	bool with_ctrl = chord->count == 2 && chord->keys[0] == KEY_CTRL;
	const char *name = key_codes(last)->name;
	char control = (char)(name[0] & 0x1F);

	if (with_ctrl && !name[1] && isalpha((unsigned char)name[0]))
		return add_bytes(parser, at, &control, 1);
	if (chord->count == 1 && !name[1])
		return add_bytes(parser, at, name, 1);
	for (size_t i = 0; i < ARRAY_SIZE(sequences) && chord->count == 1; i++)
		if (sequences[i].key == last)
			return add_bytes(parser, at, sequences[i].bytes,
					 strlen(sequences[i].bytes));
	return refuse(parser, at, "a serial line has no such key");
}

static int parse_count(struct parser *parser, unsigned long *count)
{
	char *end;

	*count = 1;
	if (*parser->at != '*')
		return 0;
	parser->at++;
	*count = isdigit((unsigned char)*parser->at) ? strtoul(parser->at, &end, 10) : 0;
	if (!*count || *count > REPEAT_MAX)
		return refuse(parser, parser->at, "must be a number from 1 to %u", REPEAT_MAX);
	parser->at = end;
	return 0;
}

static int parse_keys(struct parser *parser)
{
	const char *at = parser->at;
	struct step chord = { .kind = STEP_KEYS };
	unsigned long count = 0;
	int error = parse_chord(parser, &chord);

	if (!error)
		error = parse_count(parser, &count);
	while (!error && count--)
		error = parser->target == TO_KEYBOARD ? add_step(parser, at, &chord) :
			add_sequence(parser, at, &chord);
	return error;
}

/* --- other items --- */

static void skip_blanks(struct parser *parser)
{
	parser->at += strspn(parser->at, BLANKS);
}

/* Whether the word is next, with a blank or the item's end behind it; then it is taken. */
static bool take_word(struct parser *parser, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(parser->at, word, len) || !strchr(BLANKS ">", parser->at[len]))
		return false;
	parser->at += len;
	skip_blanks(parser);
	return true;
}

static int parse_time(struct parser *parser, struct step *step)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "s", NS_PER_S }, { "ms", NS_PER_MS } };
	const char *at = parser->at;
	size_t len = strspn(at, "0123456789.");
	char *end;
	double value = len ? strtod(at, &end) : 0;

	if (!len || end != at + len)
		return refuse(parser, at, "must be a time, as 2.5s or 100ms");
	parser->at = end;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (!take_word(parser, units[i].unit))
			continue;
		if (value * units[i].ns > SECONDS_MAX * NS_PER_S)
			return refuse(parser, at, "more than %.0f seconds", SECONDS_MAX);
		step->ns = (uint64_t)(value * units[i].ns);
		return 0;
	}
	return refuse(parser, end, "the unit must be s or ms");
}

static int parse_wait(struct parser *parser, const char *at)
{
	struct step step = { .kind = STEP_WAIT_TIME };
	const char *wrong;
	int error;

	if (take_word(parser, "quiet")) {
		step.kind = STEP_WAIT_QUIET;
		error = parse_time(parser, &step);
	} else if (isdigit((unsigned char)*parser->at)) {
		error = parse_time(parser, &step);
	} else {
		step.kind = STEP_WAIT_TEXT;
		wrong = condition_parse(&step.condition, &parser->at, '>');
		if (wrong)
			return refuse(parser, parser->at, "%s", wrong);
		error = add_step(parser, at, &step);
		if (error)
			condition_free(&step.condition);
		return error;
	}
	return error ? error : add_step(parser, at, &step);
}

static int parse_target(struct parser *parser)
{
	static const char *const targets[] = {
		[TO_COM1] = "serial", [TO_COM2] = "serial2", [TO_KEYBOARD] = "keyboard",
	};

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		if (!take_word(parser, targets[i]))
			continue;
		parser->target = (enum target)i;
		return 0;
	}
	return refuse(parser, parser->at, "must be keyboard, serial or serial2");
}

/* A whole number, with blanks behind it. */
static int parse_counts(struct parser *parser, int *counts)
{
	const char *at = parser->at;
	char *end;
	long value = strtol(at, &end, 10);

	if (end == at || isspace((unsigned char)*at) || !strchr(BLANKS ">", *end) ||
	    value < -MOUSE_FAR || value > MOUSE_FAR)
		return refuse(parser, at, "must be a number from -%d to %d", MOUSE_FAR, MOUSE_FAR);
	*counts = (int)value;
	parser->at = end;
	skip_blanks(parser);
	return 0;
}

static int parse_mouse(struct parser *parser, const char *at)
{
	struct step step = { .kind = STEP_MOUSE };
	int error = parse_counts(parser, &step.mouse.dx);

	error = error ? error : parse_counts(parser, &step.mouse.dy);
	if (!error && *parser->at && *parser->at != '>')
		error = parse_counts(parser, &step.mouse.wheel);
	return error ? error : add_step(parser, at, &step);
}

static int parse_button(struct parser *parser, const char *at)
{
	static const struct {
		const char *name;
		enum mouse_button button;
	} buttons[] = {
		{ "left", MOUSE_LEFT }, { "right", MOUSE_RIGHT }, { "middle", MOUSE_MIDDLE },
	};
	struct step step = { .kind = STEP_MOUSE };

	for (size_t i = 0; i < ARRAY_SIZE(buttons) && !step.mouse.button; i++)
		if (take_word(parser, buttons[i].name))
			step.mouse.button = buttons[i].button;
	if (!step.mouse.button)
		return refuse(parser, parser->at, "must be left, right or middle");
	step.mouse.down = take_word(parser, "down");
	step.mouse.up = !step.mouse.down;
	if (!take_word(parser, "up"))
		step.mouse.down = true;
	return add_step(parser, at, &step);
}

/* The character < itself, at which an item begins. */
static int add_less_than(struct parser *parser, const char *at)
{
	struct step step = { .kind = STEP_KEYS };

	if (parser->target != TO_KEYBOARD)
		return add_bytes(parser, at, "<", 1);
	push_character(&step, '<');
	return add_step(parser, at, &step);
}

static int parse_item(struct parser *parser)
{
	const char *at = parser->at++;
	int error;

	if (take_word(parser, "wait"))
		error = parse_wait(parser, at);
	else if (take_word(parser, "to"))
		error = parse_target(parser);
	else if (take_word(parser, "lt"))
		error = add_less_than(parser, at);
	else if (take_word(parser, "mouse"))
		error = parse_mouse(parser, at);
	else if (take_word(parser, "button"))
		error = parse_button(parser, at);
	else if (take_word(parser, "power"))
		error = add_step(parser, at, &(struct step){ .kind = STEP_POWER });
	else
		error = parse_keys(parser);
	if (error)
		return error;
	skip_blanks(parser);
	if (*parser->at != '>')
		return refuse(parser, parser->at, "the > that closes it is missing");
	parser->at++;
	return 0;
}

int keyscript_parse(struct keyscript *script, const char *text, struct keyscript_error *error)
{
	struct parser parser = {
		.text = text, .at = text, .target = TO_KEYBOARD, .script = script, .error = error,
	};
	int result = 0;

	*script = (struct keyscript){ 0 };
	while (*parser.at && !result) {
		if (*parser.at == '\n' || *parser.at == '\r')
			parser.at++;
		else if (*parser.at == '<')
			result = parse_item(&parser);
		else
			result = add_character(&parser);
	}
	if (result)
		keyscript_free(script);
	return result;
}

void keyscript_free(struct keyscript *script)
{
	for (size_t i = 0; i < script->count; i++)
		if (script->steps[i].kind == STEP_WAIT_TEXT)
			condition_free(&script->steps[i].condition);
	free(script->steps);
	*script = (struct keyscript){ 0 };
}

void step_describe(const struct step *step, char *text, size_t size)
{
	switch (step->kind) {
	case STEP_KEYS:
		snprintf(text, size, "the guest to read a key");
		break;
	case STEP_BYTES:
		snprintf(text, size, "the guest to read a character from COM%u",
			 step->serial.port + 1);
		break;
	case STEP_WAIT_TEXT:
		snprintf(text, size, "%s:'%s'", source_names[step->condition.source],
			 step->condition.text);
		break;
	case STEP_WAIT_TIME:
		snprintf(text, size, "%g s", (double)step->ns / NS_PER_S);
		break;
	case STEP_WAIT_QUIET:
		snprintf(text, size, "a screen that is quiet for %g s", (double)step->ns / NS_PER_S);
		break;
	case STEP_MOUSE:
		snprintf(text, size, "the guest to read the mouse");
		break;
	case STEP_POWER:
		snprintf(text, size, "the power button");
		break;
	}
}
