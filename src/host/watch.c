/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.c - waits until the guest has shown a text, see watch.h. Streams are
 * matched byte by byte (Knuth, Morris, Pratt), the screen's rows as UTF-8.
 */
#include "host/watch.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/font.h"
#include "host/picture.h"

#define LOOK_NS (NS_PER_SECOND / 60)

/* What comes from one source. */
struct stream {
	struct watches *watches;
	struct watch *first;
	char line[WATCH_LINE_MAX + 1];	/* the last bytes since the last newline */
	size_t line_size;
};

struct watches {
	struct clock *clock;
	struct screen *screen;
	struct alarm alarm;		/* the next look at the screen */
	struct stream streams[SOURCES];
	bool wanted[FONT_CHARACTERS];	/* characters of the texts that the screen is watched for */
	uint8_t seen[SCREEN_CELLS_MAX * 2];	/* the cells at the last look */
	unsigned int seen_columns;
	bool look_anyway;		/* there is a new watch */
};

/* --- streams --- */

/*
 * borders[n]: of the first n bytes the longest beginning that is also an end of
 * them, and shorter.
 */
static size_t *make_borders(const char *text, size_t size)
{
	size_t *borders = calloc(size + 1, sizeof(*borders));
	size_t length = 0;

	for (size_t n = 1; borders && n < size; n++) {
		while (length && text[n] != text[length])
			length = borders[length];
		length += text[n] == text[length];
		borders[n + 1] = length;
	}
	return borders;
}

/* Whether the text ends with this byte. */
static bool take_byte(struct watch *watch, char byte)
{
	const struct condition *condition = watch->condition;

	while (watch->matched && condition->text[watch->matched] != byte)
		watch->matched = watch->borders[watch->matched];
	watch->matched += condition->text[watch->matched] == byte;
	return watch->matched == condition->size;
}

static void keep_line(struct stream *stream, char byte)
{
	if (byte == '\n') {
		stream->line_size = 0;
	} else if (byte != '\r') {
		if (stream->line_size == WATCH_LINE_MAX)
			memmove(stream->line, stream->line + 1, --stream->line_size);
		stream->line[stream->line_size++] = byte;
	}
	stream->line[stream->line_size] = '\0';
}

static void found(struct watches *watches, struct watch *watch, const char *line)
{
	watch_remove(watches, watch);
	watch->fn(watch->self, line);
}

/* Functions may add watches, which begin with the next byte, and remove theirs. */
static void take_bytes(void *self, const uint8_t *data, size_t len)
{
	struct stream *stream = self;

	for (size_t i = 0; i < len && stream->first; i++) {
		struct watch *done = NULL, *next;

		if (data[i] != '\n')
			keep_line(stream, (char)data[i]);
		for (struct watch **link = &stream->first; *link;) {
			struct watch *watch = *link;

			if (!take_byte(watch, (char)data[i])) {
				link = &watch->next;
				continue;
			}
			*link = watch->next;
			watch->next = done;
			done = watch;
		}
		for (; done; done = next) {
			next = done->next;
			found(stream->watches, done, stream->line);
		}
		if (data[i] == '\n')
			keep_line(stream, '\n');
	}
}

/* --- the screen --- */

/* The row that holds the place, without the blanks at its ends. */
static void copy_row(char line[WATCH_LINE_MAX + 1], const char *text, const char *at)
{
	const char *end = strchrnul(at, '\n');
	size_t len;

	while (at > text && at[-1] != '\n')
		at--;
	while (at < end && *at == ' ')
		at++;
	while (end > at && end[-1] == ' ')
		end--;
	len = (size_t)(end - at) < WATCH_LINE_MAX ? (size_t)(end - at) : WATCH_LINE_MAX;
	memcpy(line, at, len);
	line[len] = '\0';
}

static void look(struct watches *watches)
{
	struct stream *stream = &watches->streams[SOURCE_SCREEN];
	char text[PICTURE_TEXT_MAX], line[WATCH_LINE_MAX + 1];
	struct screen_frame frame;
	struct watch *watch, *next;
	size_t size;

	if (!stream->first)
		return;
	screen_frame(watches->screen, &frame);
	size = screen_frame_cells(&frame) * 2;
	if (!watches->look_anyway && watches->seen_columns == frame.mode.columns &&
	    !memcmp(watches->seen, frame.cells, size))
		return;
	watches->look_anyway = false;
	watches->seen_columns = frame.mode.columns;
	memcpy(watches->seen, frame.cells, size);
	picture_text(&frame, text);
	for (watch = stream->first; watch; watch = next) {
		const char *at = strstr(text, watch->condition->text);

		next = watch->next;
		if (!at)
			continue;
		copy_row(line, text, at);
		found(watches, watch, line);
	}
}

/* Whether a text can have come about by this: one of its characters has been written. */
static void take_cells(void *self, size_t offset, const uint8_t *data, size_t len)
{
	struct watches *watches = self;

	if (!watches->streams[SOURCE_SCREEN].first)
		return;
	for (size_t i = offset % 2; i < len; i += 2) {
		if (!watches->wanted[data[i]])
			continue;
		look(watches);
		return;
	}
}

/* The characters of all texts that the screen is watched for. */
static void collect_wanted(struct watches *watches)
{
	for (unsigned int character = 0; character < FONT_CHARACTERS; character++) {
		char bytes[PICTURE_UTF8_MAX + 1];
		const struct watch *watch = watches->streams[SOURCE_SCREEN].first;

		*picture_put(bytes, (uint8_t)character) = '\0';
		while (watch && !strstr(watch->condition->text, bytes))
			watch = watch->next;
		watches->wanted[character] = watch;
	}
}

static void on_alarm(void *self)
{
	struct watches *watches = self;

	look(watches);
	if (watches->streams[SOURCE_SCREEN].first)
		alarm_set(watches->clock, &watches->alarm, clock_now(watches->clock) + LOOK_NS);
}

void watches_look(struct watches *watches)
{
	look(watches);
}

/* --- life --- */

int watches_create(struct watches **out, struct clock *clock, struct screen *screen)
{
	struct watches *watches = calloc(1, sizeof(*watches));

	if (!watches)
		return -ENOMEM;
	watches->clock = clock;
	watches->screen = screen;
	watches->alarm = (struct alarm){ .fn = on_alarm, .self = watches };
	for (size_t i = 0; i < SOURCES; i++)
		watches->streams[i].watches = watches;
	screen_on_write(screen, take_cells, watches);
	*out = watches;
	return 0;
}

void watches_destroy(struct watches *watches)
{
	if (!watches)
		return;
	screen_on_write(watches->screen, NULL, NULL);
	alarm_cancel(watches->clock, &watches->alarm);
	for (size_t i = 0; i < SOURCES; i++)
		while (watches->streams[i].first)
			watch_remove(watches, watches->streams[i].first);
	free(watches);
}

void watches_listen(struct watches *watches, enum condition_source source, struct output *output)
{
	output_on_write(output, take_bytes, &watches->streams[source]);
}

int watch_add(struct watches *watches, struct watch *watch)
{
	struct watch **link = &watches->streams[watch->condition->source].first;

	watch->borders = make_borders(watch->condition->text, watch->condition->size);
	if (!watch->borders)
		return -ENOMEM;
	while (*link)
		link = &(*link)->next;
	*link = watch;
	watch->next = NULL;
	watch->matched = 0;
	watch->added = true;
	if (watch->condition->source == SOURCE_SCREEN) {
		collect_wanted(watches);
		watches->look_anyway = true;
		alarm_set(watches->clock, &watches->alarm, clock_now(watches->clock));
	}
	return 0;
}

void watch_remove(struct watches *watches, struct watch *watch)
{
	struct watch **link;

	/* The condition of one that was never added may be none. */
	if (!watch->added)
		return;
	link = &watches->streams[watch->condition->source].first;
	while (*link && *link != watch)
		link = &(*link)->next;
	if (*link)
		*link = watch->next;
	watch->added = false;
	free(watch->borders);
	watch->borders = NULL;
	if (watch->condition->source == SOURCE_SCREEN)
		collect_wanted(watches);
}
