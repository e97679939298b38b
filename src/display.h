/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * display.h - how a person sees the run: a window, the final screen as text,
 * or nothing (--display, --hold, --quit-key).
 */
#ifndef VMM_DISPLAY_H
#define VMM_DISPLAY_H

#include <stdbool.h>

#include "core/log.h"
#include "core/run.h"
#include "host/screen.h"
#include "host/window.h"

struct board;

enum display_kind {
	DISPLAY_AUTO,		/* a window where a display server answers, else text */
	DISPLAY_SDL,
	DISPLAY_TEXT,
	DISPLAY_NONE,
};

enum display_hold {
	HOLD_DEFAULT,		/* where a person looks on */
	HOLD_ALWAYS,
	HOLD_NEVER,
};

struct display_config {
	enum display_kind kind;
	enum display_hold hold;
	enum window_quit_key quit_key;
	const char *name;	/* of the guest */
	bool posted_writes;	/* the engine may hold writes to the screen back */
	bool unattended;	/* there is a time limit: nobody looks on */
};

struct display {
	struct window *window;	/* NULL: none */
	struct display_config config;
	bool text;		/* print the final screen */
};

/*
 * Opens what is asked for. Returns 0, or -errno with a message in the
 * log. display keeps a pointer into board.
 */
int display_open(struct display *display, const struct display_config *config,
		 const struct board *board, const struct log *log);

/*
 * The run has ended: shows the final screen, and holds the window where asked
 * to. Returns 0, or -errno with a message in the log.
 */
int display_finish(struct display *display, const struct screen_frame *frame,
		   const struct ending *ending, const struct log *log);

void display_close(struct display *display);

#endif
