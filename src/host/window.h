/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * window.h - the screen in a window, drawn 60 times a second by a thread of
 * its own, which redraws only the cells that have changed.
 *
 * What knows a window system is a module (sdl.c) that is opened with dlopen(3)
 * when a window is wanted: a program linked with SDL takes several
 * milliseconds just to start.
 */
#ifndef VMM_HOST_WINDOW_H
#define VMM_HOST_WINDOW_H

#include <stdbool.h>

#include "core/log.h"
#include "host/keyboard.h"
#include "host/mouse.h"
#include "host/screen.h"

enum window_quit_key {
	WINDOW_QUIT_ESC,
	WINDOW_QUIT_CTRL_ALT_Q,
	WINDOW_QUIT_NONE,
};

/* What it points to must outlive the window. */
struct window_config {
	struct screen *screen;
	const char *name;		/* of the guest, for the title */
	enum window_quit_key quit_key;
	struct keyboard *keyboard;	/* gets the keys while the guest runs */
	struct mouse *mouse;		/* likewise what the mouse does */
	/*
	 * Called in the window's thread when the quit key is pressed or the
	 * window is closed while the guest runs.
	 */
	void (*on_quit)(void *self);
	/* Likewise when the display server is gone. */
	void (*on_lost)(void *self);
	/*
	 * Called in the window's thread before each look at the screen, so
	 * that writes that an engine still holds back arrive; NULL: none.
	 */
	void (*before_frame)(void *self);
	void *self;
	const struct log *log;
};

struct window;

/*
 * Whether a window can be expected to open: DISPLAY or WAYLAND_DISPLAY (or
 * SDL_VIDEODRIVER) is set.
 */
bool window_likely(void);

/*
 * Opens a window and starts its thread. quiet: keep failures to the verbose
 * log (--display=auto, which then falls back to text). Returns 0 or -errno
 * with a message in the log. The caller owns *window.
 */
int window_open(struct window **window, const struct window_config *config, bool quiet);

/* The run has ended: the title says so, the quit key now only closes the window. */
void window_run_ended(struct window *window);

/*
 * Waits until the user closes the window (or presses the quit key); returns at
 * once where that has happened already.
 */
void window_wait_closed(struct window *window);

/*
 * Draws what is there and closes the window, in five seconds at most; to be called
 * without a lock that the callbacks take. NULL is fine.
 */
void window_close(struct window *window);

#endif
