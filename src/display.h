/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * display.h - how a person sees the run: a window, the final screen as text,
 * or nothing (--display, --hold, --quit-key).
 */
#ifndef VMM_DISPLAY_H
#define VMM_DISPLAY_H

#include "board.h"
#include "host/window.h"
#include "options.h"

struct display {
	struct window *window;	/* NULL: none */
	bool text;		/* print the final screen */
};

/*
 * Opens what the options ask for. Returns 0, or -errno with a message in the
 * log. display keeps a pointer into board.
 */
int display_open(struct display *display, const struct options *options,
		 const struct board *board, const struct log *log);

/* The run has ended: shows the final screen, and holds the window where asked to. */
void display_finish(struct display *display, const struct options *options,
		    const struct screen_frame *frame, const struct ending *ending);

void display_close(struct display *display);

#endif
