/* SPDX-License-Identifier: GPL-3.0-or-later */
/* typist.c - types a script for the user, see typist.h. */
#include "host/typist.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_NS (NS_PER_SECOND / 60)
#define DESCRIPTION_MAX 120

/* A wait for a text: it is watched for before the script has come to it. */
struct expected {
	struct watch watch;
	struct typist *typist;
	size_t step;
	bool came;
};

struct typist {
	struct typist_config config;
	struct keyscript script;
	struct expected *expected;	/* a step each; only those that wait for a text are used */
	size_t at;			/* the step that is under way */
	bool begun;
	unsigned int sent;		/* bytes of it */
	struct alarm alarm;
	struct screen_frame frame;	/* while it waits for a quiet screen: as it is */
	uint64_t quiet_since;
};

/* --- texts --- */

static void advance(struct typist *typist);

/*
 * What a source sends is searched for the texts in the order of the script,
 * each one behind the one before: the next one is watched for.
 */
static int watch_next(struct typist *typist, enum condition_source source, size_t from)
{
	for (size_t i = from; i < typist->script.count; i++) {
		const struct step *step = &typist->script.steps[i];

		if (step->kind == STEP_WAIT_TEXT && step->condition.source == source)
			return watch_add(typist->config.watches, &typist->expected[i].watch);
	}
	return 0;
}

static void on_text(void *self, const char *line)
{
	struct expected *expected = self;
	struct typist *typist = expected->typist;
	enum condition_source source = expected->watch.condition->source;

	expected->came = true;
	/* Out of memory: the script gets stuck, which is told at the end. */
	if (source != SOURCE_SCREEN)
		watch_next(typist, source, expected->step + 1);
	if (typist->at == expected->step && typist->begun)
		advance(typist);
}

/* --- steps: begun once, then looked at until they are done, which they return --- */

static bool do_keys(struct typist *typist, const struct step *step)
{
	/* Whatever happens next: the guest has read them. */
	if (typist->begun)
		return true;
	for (unsigned int i = 0; i < step->count; i++)
		keyboard_send(typist->config.keyboard, step->keys[i], KEY_PRESSED);
	for (unsigned int i = step->count; i-- > 0;)
		keyboard_send(typist->config.keyboard, step->keys[i], KEY_RELEASED);
	return false;
}

static bool do_mouse(struct typist *typist, const struct step *step)
{
	struct mouse *mouse = typist->config.mouse;

	if (typist->begun)
		return true;
	if (!step->mouse.button)
		mouse_move(mouse, step->mouse.dx, step->mouse.dy, step->mouse.wheel);
	if (step->mouse.down)
		mouse_press(mouse, step->mouse.button, true);
	if (step->mouse.up)
		mouse_press(mouse, step->mouse.button, false);
	return false;
}

static bool do_bytes(struct typist *typist, const struct step *step)
{
	struct characters *line = typist->config.lines[step->serial.port];

	if (!typist->begun)
		typist->sent = 0;
	typist->sent += (unsigned int)characters_send(line, step->serial.bytes + typist->sent,
						       step->count - typist->sent);
	return typist->sent == step->count;
}

static bool do_wait_text(struct typist *typist, const struct step *step)
{
	struct expected *expected = &typist->expected[typist->at];

	if (step->condition.source == SOURCE_SCREEN && !typist->begun)
		watch_add(typist->config.watches, &expected->watch);
	return expected->came;
}

static bool do_wait_time(struct typist *typist, const struct step *step)
{
	if (!typist->begun)
		alarm_set(typist->config.clock, &typist->alarm,
			  clock_now(typist->config.clock) + step->ns);
	return typist->begun && !typist->alarm.armed;
}

static bool do_wait_quiet(struct typist *typist, const struct step *step)
{
	uint64_t now = clock_now(typist->config.clock), end;
	struct screen_frame frame;

	screen_frame(typist->config.screen, &frame);
	if (!typist->begun || !screen_frame_equal(&frame, &typist->frame)) {
		typist->frame = frame;
		typist->quiet_since = now;
	}
	end = typist->quiet_since + step->ns;
	if (typist->begun && now >= end)
		return true;
	alarm_set(typist->config.clock, &typist->alarm, end < now + LOOK_NS ? end : now + LOOK_NS);
	return false;
}

/* A button makes nobody wait: the guest need not listen. */
static bool do_power(struct typist *typist, const struct step *step)
{
	typist->config.press_power(typist->config.power);
	return true;
}

static void advance(struct typist *typist)
{
	static bool (*const do_step[])(struct typist *typist, const struct step *step) = {
		[STEP_KEYS] = do_keys,
		[STEP_BYTES] = do_bytes,
		[STEP_WAIT_TEXT] = do_wait_text,
		[STEP_WAIT_TIME] = do_wait_time,
		[STEP_WAIT_QUIET] = do_wait_quiet,
		[STEP_MOUSE] = do_mouse,
		[STEP_POWER] = do_power,
	};

	while (typist->at < typist->script.count) {
		const struct step *step = &typist->script.steps[typist->at];
		bool done = do_step[step->kind](typist, step);

		typist->begun = !done;
		if (!done)
			return;
		typist->at++;
	}
}

/* Something has happened that steps of the kind wait for. */
static void on_event(struct typist *typist, enum step_kind kind)
{
	if (typist->begun && typist->script.steps[typist->at].kind == kind)
		advance(typist);
}

static void on_drained(void *self)
{
	on_event(self, STEP_KEYS);
}

static void on_mouse_drained(void *self)
{
	on_event(self, STEP_MOUSE);
}

static void on_room(void *self)
{
	on_event(self, STEP_BYTES);
}

static void on_alarm(void *self)
{
	on_event(self, STEP_WAIT_TIME);
	on_event(self, STEP_WAIT_QUIET);
}

/* --- life --- */

int typist_create(struct typist **out, struct keyscript *script,
		  const struct typist_config *config)
{
	struct typist *typist = calloc(1, sizeof(*typist));
	struct expected *expected = calloc(script->count + 1, sizeof(*expected));

	if (!typist || !expected) {
		free(typist);
		free(expected);
		keyscript_free(script);
		return -ENOMEM;
	}
	typist->config = *config;
	typist->script = *script;
	typist->expected = expected;
	typist->alarm = (struct alarm){ .fn = on_alarm, .self = typist };
	for (size_t i = 0; i < script->count; i++)
		expected[i] = (struct expected){
			.watch = { .condition = &script->steps[i].condition, .fn = on_text,
				   .self = &expected[i] },
			.typist = typist, .step = i,
		};
	*script = (struct keyscript){ 0 };
	*out = typist;
	return 0;
}

void typist_destroy(struct typist *typist)
{
	if (!typist)
		return;
	alarm_cancel(typist->config.clock, &typist->alarm);
	for (size_t i = 0; i < typist->script.count; i++)
		watch_remove(typist->config.watches, &typist->expected[i].watch);
	free(typist->expected);
	keyscript_free(&typist->script);
	free(typist);
}

int typist_start(struct typist *typist)
{
	int error = 0;

	for (enum condition_source source = 0; source < SOURCES && !error; source++)
		if (source != SOURCE_SCREEN)
			error = watch_next(typist, source, 0);
	keyboard_on_drained(typist->config.keyboard, on_drained, typist);
	mouse_on_drained(typist->config.mouse, on_mouse_drained, typist);
	for (size_t i = 0; i < TYPIST_LINES; i++)
		characters_on_room(typist->config.lines[i], on_room, typist);
	if (!error)
		advance(typist);
	return error;
}

void typist_report(const struct typist *typist)
{
	const struct step *step;
	char description[DESCRIPTION_MAX];

	if (!typist || typist->at == typist->script.count)
		return;
	step = &typist->script.steps[typist->at];
	step_describe(step, description, sizeof(description));
	log_notice(typist->config.log, "--keys: the run has ended before its end: line %u, column %u "
		   "waited for %s", step->line, step->column, description);
}
