/* SPDX-License-Identifier: GPL-3.0-or-later */
/* script.c - a run without a person, see script.h. */
#include "script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "dev/pm.h"
#include "host/keyscript.h"
#include "host/typist.h"
#include "host/watch.h"

#define FILE_MAX (1u << 20)

struct script {
	struct watches *watches;
	struct verdict *verdict;
	struct typist *typist;		/* NULL: no keys */
	struct run *run;
	const struct log *log;
};

const char *script_file(const char *keys)
{
	return keys && *keys == '@' ? keys + 1 : NULL;
}

const char *script_check(const char *keys, char *text, size_t size)
{
	struct keyscript script;
	struct keyscript_error error;

	if (script_file(keys))
		return *script_file(keys) ? NULL : "a file name is missing";
	if (keyscript_parse(&script, keys, &error)) {
		snprintf(text, size, "column %u: %s", error.column, error.text);
		return text;
	}
	keyscript_free(&script);
	return NULL;
}

/* A FIFO that nobody writes to is empty at once: vmm does not wait for a writer to come. */
static FILE *open_text(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (file)
		fcntl(fd, F_SETFL, 0);
	else if (fd >= 0)
		close(fd);
	return file;
}

/* The file's text. Returns NULL with a message in the log. */
static char *read_text(const char *path, const struct log *log)
{
	FILE *file = open_text(path);
	char *text = file ? malloc(FILE_MAX + 1) : NULL;
	size_t len = text ? fread(text, 1, FILE_MAX + 1, file) : 0;
	const char *wrong = NULL;

	if (!text || ferror(file))
		wrong = strerror(errno);
	else if (len > FILE_MAX)
		wrong = "too long for a script of keys (more than 1 MiB)";
	else if (memchr(text, '\0', len))
		wrong = "no text (a script of keys has no NUL bytes)";
	else if (!len)
		wrong = "empty (start what writes to a FIFO before vmm)";
	if (wrong)
		log_error(log, "%s: %s", path, wrong);
	else
		text[len] = '\0';
	if (file)
		fclose(file);
	if (wrong) {
		free(text);
		return NULL;
	}
	return text;
}

static int read_keys(struct keyscript *keyscript, const char *keys, const struct log *log)
{
	const char *path = script_file(keys);
	char *text = path ? read_text(path, log) : strdup(keys);
	struct keyscript_error wrong;
	int error;

	if (!text)
		return path ? -EINVAL : -ENOMEM;
	error = keyscript_parse(keyscript, text, &wrong);
	if (error)
		log_error(log, "%s:%u:%u: %s", path ? path : "--keys", wrong.line, wrong.column,
			  wrong.text);
	free(text);
	return error;
}

static void press_power(void *self)
{
	pm_press_button(self);
}

static int create_typist(struct script *script, const char *keys, const struct board *board)
{
	struct typist_config config = {
		.keyboard = board->keyboard, .mouse = board->mouse,
		.lines = { board->serial[0], board->serial[1] },
		.watches = script->watches, .screen = board->screen,
		.press_power = press_power, .power = board->pm,
		.clock = machine_clock(board->machine), .log = script->log,
	};
	struct keyscript keyscript;
	int error = read_keys(&keyscript, keys, script->log);

	return error ? error : typist_create(&script->typist, &keyscript, &config);
}

static int create_parts(struct script *script, const struct script_options *options,
			const struct board *board)
{
	int error = watches_create(&script->watches, machine_clock(board->machine), board->screen);

	if (error)
		return error;
	watches_listen(script->watches, SOURCE_SERIAL, characters_output(board->serial[0]));
	watches_listen(script->watches, SOURCE_SERIAL2, characters_output(board->serial[1]));
	watches_listen(script->watches, SOURCE_DEBUGCON, characters_output(board->debugcon));
	error = verdict_create(&script->verdict, &options->verdict, script->watches, script->run);
	if (!error && options->keys)
		error = create_typist(script, options->keys, board);
	return error;
}

int script_create(struct script **out, const struct script_options *options,
		  const struct board *board, const struct log *log)
{
	struct script *script;
	int error;

	*out = NULL;
	if (!options->keys && !options->verdict.until.count && !options->verdict.fail_on.count)
		return 0;
	script = calloc(1, sizeof(*script));
	if (!script) {
		log_error(log, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	script->run = machine_run_control(board->machine);
	script->log = log;
	error = create_parts(script, options, board);
	if (error == -ENOMEM)
		log_error(log, "%s", strerror(ENOMEM));
	if (error)
		script_destroy(script);
	else
		*out = script;
	return error;
}

void script_destroy(struct script *script)
{
	if (!script)
		return;
	typist_destroy(script->typist);
	verdict_destroy(script->verdict);
	watches_destroy(script->watches);
	free(script);
}

int script_start(struct script *script)
{
	return script && script->typist ? typist_start(script->typist) : 0;
}

void script_look(struct script *script)
{
	struct ending ending;

	/* What the user has ended is not decided by what is on the screen then. */
	if (script && !run_ended_by(script->run, ENDING_SIGNAL, &ending) &&
	    !run_ended_by(script->run, ENDING_CLOSED, &ending))
		watches_look(script->watches);
}

bool script_unmet(const struct script *script)
{
	if (!script)
		return false;
	typist_report(script->typist);
	return verdict_unmet(script->verdict, script->log);
}
