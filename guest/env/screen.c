/* SPDX-License-Identifier: 0BSD */
/*
 * screen.c - the screen: a title, then for each environment a line for its state and three
 * for what it prints, in turn, so that nothing depends on who runs when.
 */
#include <stdarg.h>

#include <vmm/format.h>
#include <vmm/vga.h>

#include "env/env.h"

#define FIRST_ROW	1u
#define LINES		3u
#define TEXT_COLOR	VGA_ATTRIBUTE(VGA_LIGHT_GREY, VGA_BLACK)
#define STATE_COLOR	VGA_ATTRIBUTE(VGA_YELLOW, VGA_BLACK)

static void put_line(unsigned int row, const char *text, uint8_t color)
{
	char line[VGA_COLUMNS + 1];

	format_buffer(line, sizeof(line), "%-80s", text);
	vga_text16(0, row, line, color);
}

void screen_say(unsigned int row, const char *format, ...)
{
	char line[VGA_COLUMNS + 1];
	va_list arguments;

	va_start(arguments, format);
	vformat_buffer(line, sizeof(line), format, arguments);
	va_end(arguments);
	put_line(row, line, STATE_COLOR);
}

static unsigned int row_of(const struct env *env)
{
	return FIRST_ROW + (env->id - 1) * (1 + LINES);
}

void screen_state(const struct env *env, const char *state)
{
	screen_say(row_of(env), "[%u] %s: %s", env->id, env->name, state);
}

void screen_print(struct env *env, const char *text)
{
	char line[VGA_COLUMNS + 1];

	format_buffer(line, sizeof(line), "    %s", text);
	put_line(row_of(env) + 1 + env->lines++ % LINES, line, TEXT_COLOR);
}
