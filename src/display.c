/* SPDX-License-Identifier: GPL-3.0-or-later */
/* display.c - window, text or nothing, see display.h. */
#include "display.h"

#include <string.h>
#include <unistd.h>

#include "host/picture.h"

static void on_quit(void *self)
{
	const struct board *board = self;

	run_end(machine_run_control(board->machine), ENDING_CLOSED, 0,
		"ended by the user");
}

/* With --vga=trap the engine may hold writes back until the vCPU comes out. */
static void before_frame(void *self)
{
	const struct board *board = self;

	run_kick(machine_run_control(board->machine));
}

static const char *guest_name(const struct options *options)
{
	const char *slash = strrchr(options->guest, '/');

	if (options->name)
		return options->name;
	return slash ? slash + 1 : options->guest;
}

static enum window_quit_key quit_key(const struct options *options, const struct board *board)
{
	if (options->quit_key != QUIT_KEY_DEFAULT)
		return (enum window_quit_key)options->quit_key;
	/* Kernels want ESC for themselves. */
	return board->boot.format == BOOT_FLAT ? WINDOW_QUIT_ESC : WINDOW_QUIT_CTRL_ALT_Q;
}

int display_open(struct display *display, const struct options *options,
		 const struct board *board, const struct log *log)
{
	struct window_config config = {
		.screen = board->screen, .name = guest_name(options),
		.quit_key = quit_key(options, board), .on_quit = on_quit,
		.before_frame = options->vga == VGA_TRAP ? before_frame : NULL,
		.self = (void *)board, .log = log,
	};
	bool fall_back = options->display == DISPLAY_AUTO;
	int error;

	*display = (struct display){ 0 };
	if (options->display == DISPLAY_SDL || (fall_back && window_likely())) {
		error = window_open(&display->window, &config, fall_back);
		if (!error || !fall_back)
			return error;
	}
	display->text = options->display != DISPLAY_NONE;
	return 0;
}

static bool holds(const struct options *options, const struct screen_frame *frame,
		  const struct ending *ending)
{
	if (ending->kind == ENDING_CLOSED || ending->kind == ENDING_SIGNAL || options->no_hold)
		return false;
	if (options->hold)
		return true;
	/* Where a person looks on; a script must never wait. */
	return screen_frame_touched(frame) && isatty(STDIN_FILENO) && !options->time_limit;
}

void display_finish(struct display *display, const struct options *options,
		    const struct screen_frame *frame, const struct ending *ending)
{
	if (display->text && screen_frame_touched(frame))
		picture_write_text(frame, stdout, true);
	if (!display->window)
		return;
	window_run_ended(display->window);
	if (!holds(options, frame, ending))
		return;
	/* All is written: from here on a signal may just end the program. */
	machine_release_signals();
	window_wait_closed(display->window);
}

void display_close(struct display *display)
{
	window_close(display->window);
	display->window = NULL;
}
