/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit-watch.c - texts that are waited for, on streams and on the screen. */
#include "host/watch.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

struct fixture {
	struct unit *unit;
	const struct log log;
	struct clock *clock;
	struct screen *screen;
	struct outputs *outputs;
	struct output *serial;
	struct watches *watches;
	unsigned int seen;		/* how often a text came */
	size_t sent;			/* bytes to serial so far */
	size_t seen_at;			/* bytes when the last one came */
	char line[WATCH_LINE_MAX + 1];
};

static bool set_up(struct fixture *f)
{
	const struct outputs_config config = { .log = &f->log };

	if (clock_create(&f->clock, true) || screen_create(&f->screen, NULL) ||
	    outputs_create(&f->outputs, &config) ||
	    output_open_fn(&f->serial, NULL, NULL, "serial", f->outputs) ||
	    watches_create(&f->watches, f->clock, f->screen))
		return false;
	watches_listen(f->watches, SOURCE_SERIAL, f->serial);
	return true;
}

static void tear_down(struct fixture *f)
{
	watches_destroy(f->watches);
	output_close(f->serial);
	outputs_destroy(f->outputs);
	screen_destroy(f->screen);
	clock_destroy(f->clock);
}

static void on_text(void *self, const char *line)
{
	struct fixture *f = self;

	f->seen++;
	f->seen_at = f->sent;
	strcpy(f->line, line);
}

static void send(struct fixture *f, const char *text)
{
	for (; *text; text++) {
		f->sent++;
		output_write(f->serial, text, 1);
	}
}

/* The reference: where the text first ends in what is sent, by comparing everywhere. */
static size_t first_end(const char *sent, const char *text)
{
	const char *found = strstr(sent, text);

	return found ? (size_t)(found - sent) + strlen(text) : 0;
}

/* Texts of two letters, whose beginnings are found in them again and again. */
static void check_streams(struct fixture *f)
{
	unsigned int seed = 7, wrong = 0, found = 0;

	for (unsigned int n = 0; n < 5000; n++) {
		char text[9] = "", sent[41] = "";
		struct condition condition = { .source = SOURCE_SERIAL, .text = text };
		struct watch watch = { .condition = &condition, .fn = on_text, .self = f };
		size_t expected;

		condition.size = 1 + (unsigned int)rand_r(&seed) % 8;
		for (size_t i = 0; i < condition.size; i++)
			text[i] = (char)('a' + rand_r(&seed) % 2);
		for (size_t i = 0; i < sizeof(sent) - 1; i++)
			sent[i] = (char)('a' + rand_r(&seed) % 2);
		f->sent = f->seen = 0;
		f->seen_at = 0;
		watch_add(f->watches, &watch);
		send(f, sent);
		watch_remove(f->watches, &watch);
		expected = first_end(sent, text);
		wrong += f->seen_at != expected || f->seen != (expected != 0);
		found += expected != 0;
	}
	unit_equal(f->unit, wrong, 0, "watch: a text is found at the byte that completes it, once");
	unit_check(f->unit, found > 1000 && found < 4900, "watch: some are there, some are not");
}

static void check_lines(struct fixture *f)
{
	struct condition condition = { SOURCE_SERIAL, (char *)"panic", 5 };
	struct watch watch = { .condition = &condition, .fn = on_text, .self = f };

	f->seen = 0;
	send(f, "panic\n");
	watch_add(f->watches, &watch);
	send(f, "something\r\nKernel pan");
	unit_equal(f->unit, f->seen, 0, "watch: what was sent before does not count");
	send(f, "ic: more\n");
	unit_equal(f->unit, f->seen, 1, "watch: seen");
	unit_check(f->unit, !strcmp(f->line, "Kernel panic"), "watch: its line so far");
	send(f, "panic");
	unit_equal(f->unit, f->seen, 1, "watch: only once");
}

/* In one write: a second text that is watched for when the first has come. */
struct pair {
	struct fixture *f;
	struct watch second;
};

static void on_first(void *self, const char *line)
{
	struct pair *pair = self;

	watch_add(pair->f->watches, &pair->second);
}

static void check_pairs(struct fixture *f)
{
	struct condition condition = { SOURCE_SERIAL, (char *)"aa", 2 };
	struct pair pair = {
		.f = f, .second = { .condition = &condition, .fn = on_text, .self = f },
	};
	struct watch first = { .condition = &condition, .fn = on_first, .self = &pair };

	f->seen = 0;
	watch_add(f->watches, &first);
	output_write(f->serial, "xaaa", 4);
	unit_equal(f->unit, f->seen, 0, "watch: the next one begins behind the one before");
	output_write(f->serial, "a", 1);
	unit_equal(f->unit, f->seen, 1, "watch: and is found");
}

static void put(struct fixture *f, unsigned int row, unsigned int column, const char *text)
{
	for (; *text; text++, column++) {
		const uint8_t cell[2] = { (uint8_t)*text, (uint8_t)(0x10 + column % 8) };

		screen_put(f->screen, row * screen_mode(f->screen)->columns + column, cell, 1);
	}
}

/* What the guest does where its text memory is plain memory. */
static void poke(struct fixture *f, unsigned int row, unsigned int column, const char *text)
{
	for (; *text; text++, column++)
		screen_memory(f->screen)[(row * screen_mode(f->screen)->columns + column) * 2] = (uint8_t)*text;
}

static void pass_time(struct fixture *f, uint64_t ns)
{
	clock_advance_to(f->clock, clock_now(f->clock) + ns);
	clock_run_alarms(f->clock);
}

static void check_screen(struct fixture *f)
{
	struct condition login = { SOURCE_SCREEN, (char *)"login: ", 7 };
	struct condition box = { SOURCE_SCREEN, (char *)"\xE2\x95\x94\xE2\x95\x97", 6 };
	struct watch watch = { .condition = &login, .fn = on_text, .self = f };
	struct watch boxed = { .condition = &box, .fn = on_text, .self = f };

	f->seen = 0;
	watch_add(f->watches, &watch);
	put(f, 3, 76, "logi");
	put(f, 4, 0, "n: ");
	pass_time(f, NS_PER_SECOND);
	unit_equal(f->unit, f->seen, 0, "watch: not across rows");
	put(f, 5, 2, "my login");
	unit_equal(f->unit, f->seen, 0, "watch: not yet");
	put(f, 5, 10, ":");
	unit_equal(f->unit, f->seen, 1, "watch: at the write that completes it, in any colours");
	unit_check(f->unit, !strcmp(f->line, "my login:"), "watch: its row");
	watch_add(f->watches, &watch);
	pass_time(f, 0);
	unit_equal(f->unit, f->seen, 2, "watch: what is there already counts");
	watch_add(f->watches, &boxed);
	poke(f, 7, 78, "\xC9\xBB");
	unit_equal(f->unit, f->seen, 2, "watch: nobody has seen that");
	pass_time(f, NS_PER_SECOND / 60 + 1);
	unit_equal(f->unit, f->seen, 3, "watch: the next frame shows it, in code page 437");
	watch_add(f->watches, &boxed);
	poke(f, 7, 78, "\xC9 ");
	pass_time(f, 1);
	poke(f, 7, 78, "\xC9\xBB");
	watches_look(f->watches);
	unit_equal(f->unit, f->seen, 4, "watch: and so does a look");
	unit_equal(f->unit, clock_next_alarm(f->clock) == CLOCK_NEVER ? 0 : 1, 1,
		   "watch: the next frame was to be looked at");
	pass_time(f, NS_PER_SECOND);
	unit_check(f->unit, clock_next_alarm(f->clock) == CLOCK_NEVER,
		   "watch: nobody waits, nobody looks");
}

int main(void)
{
	static void (*const tests[])(struct fixture *f) = {
		check_streams, check_lines, check_pairs, check_screen,
	};
	struct unit unit = { 0 };

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		struct fixture f = { .unit = &unit };

		if (!set_up(&f))
			return EXIT_FAILURE;
		tests[i](&f);
		tear_down(&f);
	}
	return unit_status(&unit);
}
