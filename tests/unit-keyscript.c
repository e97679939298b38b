/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit-keyscript.c - scripts of keys: what they mean, and where they are wrong. */
#include "host/keyscript.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define TEXT_MAX 400

/* The steps in one line: keys by their names, bytes in hexadecimal, waits as they are. */
static void describe(const struct keyscript *script, char text[TEXT_MAX])
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < script->count && used < TEXT_MAX - 1; i++) {
		const struct step *step = &script->steps[i];
		char wait[TEXT_MAX];

		used += (size_t)snprintf(text + used, TEXT_MAX - used, i ? " " : "");
		for (unsigned int j = 0; j < step->count && used < TEXT_MAX - 1; j++) {
			if (step->kind == STEP_KEYS)
				used += (size_t)snprintf(text + used, TEXT_MAX - used, "%s%s",
							 j ? "-" : "",
							 key_codes(step->keys[j])->name);
			else
				used += (size_t)snprintf(text + used, TEXT_MAX - used, "%02x",
							 step->serial.bytes[j]);
		}
		if (step->kind == STEP_BYTES)
			used += (size_t)snprintf(text + used, TEXT_MAX - used, "@%u",
						 step->serial.port);
		if (step->kind == STEP_KEYS || step->kind == STEP_BYTES)
			continue;
		step_describe(step, wait, sizeof(wait));
		if (step->kind == STEP_MOUSE && step->mouse.button)
			snprintf(wait, sizeof(wait), "button %u%s%s", step->mouse.button,
				 step->mouse.down ? " down" : "", step->mouse.up ? " up" : "");
		else if (step->kind == STEP_MOUSE)
			snprintf(wait, sizeof(wait), "mouse %d %d %d", step->mouse.dx,
				 step->mouse.dy, step->mouse.wheel);
		used += (size_t)snprintf(text + used, TEXT_MAX - used, "[%s]", wait);
	}
}

static void check_meaning(struct unit *unit)
{
	static const struct {
		const char *script;
		const char *steps;
	} scripts[] = {
		{ "", "" },
		{ "aZ9", "a shift-z 9" },
		{ " !_", "spc shift-1 shift-minus" },
		{ "a\nb\r\n", "a b" },
		{ "\t", "tab" },
		{ ">", "shift-dot" },
		{ "<lt><lt >", "shift-comma shift-comma" },
		{ "<ret><enter><f12>", "ret ret f12" },
		{ "<ctrl-c>", "ctrl-c" },
		{ "<ctrl-alt-delete>", "ctrl-alt-delete" },
		{ "<shift-f1><alt-f2>", "shift-f1 alt-f2" },
		{ "<ctrl-A>", "ctrl-shift-a" },
		{ "<ctrl-->", "ctrl-minus" },
		{ "<->", "minus" },
		{ "<kp_7>", "kp_7" },
		{ "<down*3>", "down down down" },
		{ "<ctrl-x*2>", "ctrl-x ctrl-x" },
		{ "<wait 2.5s>", "[2.5 s]" },
		{ "<wait 100ms >", "[0.1 s]" },
		{ "<wait quiet 1s>", "[a screen that is quiet for 1 s]" },
		{ "<wait screen:'login:'>", "[screen:'login:']" },
		{ "<wait serial:$ >", "[serial:'$ ']" },
		{ "<wait serial2:'a>b'>x", "[serial2:'a>b'] x" },
		{ "<wait debugcon:'it\\'s\\x21'>", "[debugcon:'it's!']" },
		{ "<wait screen:'\xE2\x95\x94'>", "[screen:'\xE2\x95\x94']" },
		{ "<to serial>a<ret><ctrl-d><up>\xC3\xBC", "61@0 0d@0 04@0 1b5b41@0 c3bc@0" },
		{ "<to serial2><lt><to keyboard>a", "3c@1 a" },
		{ "<mouse 10 -20><mouse -1 0 3 >", "[mouse 10 -20 0] [mouse -1 0 3]" },
		{ "<button left><button middle down><button right up >",
		  "[button 1 down up] [button 4 down] [button 2 up]" },
		{ "<power>p", "[the power button] p" },
	};
	char steps[TEXT_MAX], what[TEXT_MAX];

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct keyscript script;
		struct keyscript_error error = { 0 };
		int result = keyscript_parse(&script, scripts[i].script, &error);

		describe(&script, steps);
		snprintf(what, sizeof(what), "keys: \"%s\"", scripts[i].script);
		for (char *c = what; *c; c++)
			if (*c == '\n' || *c == '\r')
				*c = '|';
		unit_check(unit, !result && !strcmp(steps, scripts[i].steps), what);
		if (result || strcmp(steps, scripts[i].steps))
			printf("  is \"%s\" %s\n", steps, error.text);
		keyscript_free(&script);
	}
}

static void check_errors(struct unit *unit)
{
	static const struct {
		const char *script;
		unsigned int line;
		unsigned int column;
		const char *text;	/* a part of the message */
	} scripts[] = {
		{ "abc<foo>", 1, 5, "\"foo\"" },
		{ "<ctrl-foo>", 1, 7, "\"foo\"" },
		{ "\xC3\xBC", 1, 1, "no key has the character" },
		{ "ab\xC3\xA4x", 1, 3, "no key has the character" },
		{ "<to serial>\xC3\xA4<foo>", 1, 14, "\"foo\"" },
		{ "<ret", 1, 5, "> that closes" },
		{ "<", 1, 2, "name of a key is missing" },
		{ "<>", 1, 2, "name of a key is missing" },
		{ "<ctrl->", 1, 7, "name of a key is missing" },
		{ "<a*>", 1, 4, "number" },
		{ "<a*0>", 1, 4, "number" },
		{ "<a*1001>", 1, 4, "number" },
		{ "<a b>", 1, 4, "> that closes" },
		{ "<a-b-c-d-e-f>", 1, 10, "more than" },
		{ "<wait>", 1, 6, "must be screen:TEXT" },
		{ "<wait foo:'x'>", 1, 7, "must be screen:TEXT" },
		{ "<wait screen:''>", 1, 15, "text is missing" },
		{ "<wait screen:>", 1, 14, "text is missing" },
		{ "<wait screen:'a>", 1, 17, "quote" },
		{ "<wait screen:'a\\nb'>", 1, 16, "one row" },
		{ "<wait screen:'a\\q'>", 1, 16, "unknown escape" },
		{ "<wait screen:'\xE4\xBD\xA0'>", 1, 15, "no such character" },
		{ "<wait 1>", 1, 8, "s or ms" },
		{ "<wait 1.2.3s>", 1, 7, "time" },
		{ "<wait 1h>", 1, 8, "s or ms" },
		{ "<wait 2000000s>", 1, 7, "more than" },
		{ "<wait quiet>", 1, 12, "time" },
		{ "<to printer>", 1, 5, "keyboard, serial" },
		{ "<mouse 1>", 1, 9, "number from -32767" },
		{ "<mouse 1 2x>", 1, 10, "number from -32767" },
		{ "<mouse 1 2 3 4>", 1, 14, "> that closes" },
		{ "<mouse 32768 0>", 1, 8, "number from -32767" },
		{ "<button>", 1, 8, "left, right or middle" },
		{ "<button left twice>", 1, 14, "> that closes" },
		{ "<to serial><pause>", 1, 13, "serial line" },
		{ "<to serial><ctrl-alt-x>", 1, 13, "serial line" },
		{ "abc\n\ndef<nokey>", 3, 5, "\"nokey\"" },
		{ "<averyveryverylongnameofakey>", 1, 2, "no key" },
	};
	char what[TEXT_MAX];

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct keyscript script;
		struct keyscript_error error = { 0 };
		int result = keyscript_parse(&script, scripts[i].script, &error);
		bool good = result == -EINVAL && !script.count && error.line == scripts[i].line &&
			    error.column == scripts[i].column && strstr(error.text, scripts[i].text);

		snprintf(what, sizeof(what), "keys: wrong at %u:%u, %s", scripts[i].line,
			 scripts[i].column, scripts[i].text);
		unit_check(unit, good, what);
		if (!good)
			printf("  \"%s\" gives %d at %u:%u, %s\n", scripts[i].script, result,
			       error.line, error.column, error.text);
		keyscript_free(&script);
	}
}

static void check_places(struct unit *unit)
{
	struct keyscript script;
	struct keyscript_error error;

	keyscript_parse(&script, "ab\n<wait 1s>c", &error);
	unit_equal(unit, script.count, 4, "keys: four steps");
	if (script.count == 4) {
		unit_equal(unit, script.steps[2].line, 2, "keys: a step's line");
		unit_equal(unit, script.steps[3].column, 10, "keys: a step's column");
	}
	keyscript_free(&script);
}

/* Pieces of scripts in any order: nothing is read past the end, nothing is left allocated. */
static void check_random(struct unit *unit)
{
	static const char *const pieces[] = {
		"<", ">", "-", "*", "wait", "to", "lt", " ", "quiet", "screen:", "serial:", "'", "\\",
		"\\x", "1", "2.5s", "ms", "ctrl", "a", "ret", "\xC3", "\xA4", "\xFF", "\n", "keyboard",
		"serial2", "f1", ".", "\\n", "0", "debugcon:'x'", "mouse", "button", "left", "down",
	};
	unsigned int seed = 1, refused = 0, taken = 0;

	for (unsigned int n = 0; n < 200000; n++) {
		char text[128] = "", *copy;
		struct keyscript script;
		struct keyscript_error error = { 0 };
		size_t used = 0;

		for (unsigned int i = (unsigned int)rand_r(&seed) % 9; i; i--) {
			const char *piece = pieces[(unsigned int)rand_r(&seed) %
						   (sizeof(pieces) / sizeof(pieces[0]))];

			used = strlen(strcpy(text + used, piece)) + used;
		}
		/* Of its exact size, for sanitizers. */
		copy = strdup(text);
		if (!copy || keyscript_parse(&script, copy, &error))
			refused += error.line >= 1 && error.column >= 1 &&
				   error.column <= used + 1 && error.text[0];
		else
			taken++;
		keyscript_free(&script);
		free(copy);
	}
	unit_equal(unit, refused + taken, 200000, "keys: any text is taken, or refused at a place");
	unit_check(unit, taken > 1000 && refused > 1000, "keys: and both happen");
}

int main(void)
{
	struct unit unit = { 0 };

	check_meaning(&unit);
	check_errors(&unit);
	check_places(&unit);
	check_random(&unit);
	return unit_status(&unit);
}
