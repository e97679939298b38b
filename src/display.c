/* SPDX-License-Identifier: GPL-3.0-or-later */
/* display.c - window, text or nothing, see display.h. */
#include "display.h"

#include <string.h>
#include <unistd.h>

#include "board.h"
#include "host/picture.h"

static void on_quit(void *self)
{
	const struct board *board = self;

	run_end(machine_run_control(board->machine), ENDING_CLOSED, 0,
		"ended by the user");
}

static void on_lost(void *self)
{
	const struct board *board = self;

	run_end(machine_run_control(board->machine), ENDING_HOST_ERROR, 0,
		"the display server is gone (--display=text needs none)");
}

/* With --vga=trap the engine may hold writes back until the vCPU comes out. */
static void before_frame(void *self)
{
	const struct board *board = self;

	run_kick(machine_run_control(board->machine));
}

int display_open(struct display *display, const struct display_config *config,
		 const struct board *board, const struct log *log)
{
	struct window_config window = {
		.screen = board->screen, .name = config->name,
		.keyboard = board->keyboard, .mouse = board->mouse,
		.quit_key = config->quit_key, .on_quit = on_quit, .on_lost = on_lost,
		.before_frame = config->posted_writes ? before_frame : NULL,
		.self = (void *)board, .log = log,
	};
	bool fall_back = config->kind == DISPLAY_AUTO;
	int error;

	*display = (struct display){ .config = *config };
	if (config->kind == DISPLAY_SDL || (fall_back && window_likely())) {
		error = window_open(&display->window, &window, fall_back);
		if (!error || !fall_back)
			return error;
	}
	display->text = config->kind != DISPLAY_NONE;
	return 0;
}

static bool holds(const struct display_config *config, const struct screen_frame *frame,
		  const struct ending *ending)
{
	if (ending->kind == ENDING_CLOSED || ending->kind == ENDING_SIGNAL)
		return false;
	if (config->hold != HOLD_DEFAULT)
		return config->hold == HOLD_ALWAYS;
	/* A script must never wait. */
	return screen_frame_touched(frame) && isatty(STDIN_FILENO) && !config->unattended;
}

int display_finish(struct display *display, const struct screen_frame *frame,
		   const struct ending *ending, const struct log *log)
{
	int error = 0;

	/* The files are written: from here on a signal may just end the program. */
	machine_release_signals();
	if (display->text && screen_frame_touched(frame))
		error = picture_write_text(frame, stdout, true);
	if (error)
		log_error(log, "standard output: cannot write the screen: %s", strerror(-error));
	if (!display->window)
		return error;
	window_run_ended(display->window);
	if (!holds(&display->config, frame, ending))
		return error;
	window_wait_closed(display->window);
	return error;
}

void display_close(struct display *display)
{
	window_close(display->window);
	display->window = NULL;
}
