/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * window_module.h - what window.c asks of a module that knows a window system.
 *
 * A const struct window_module, see module.h. All of its functions are called
 * from one thread.
 */
#ifndef VMM_HOST_WINDOW_MODULE_H
#define VMM_HOST_WINDOW_MODULE_H

#include <stdbool.h>
#include <stddef.h>

#include "host/keyboard.h"
#include "host/mouse.h"
#include "host/screen.h"
#include "host/window.h"

/* To be raised with every change to struct window_module or to what it uses. */
#define WINDOW_MODULE_VERSION 5u
#define WINDOW_MODULE_SYMBOL "vmm_window_module"

struct window_view;	/* the module's own */

/*
 * Told of keys in the window, but for the quit key, and of the mouse, by wait().
 * A click takes the mouse, if it is wanted; Ctrl+Alt+G gives it back, and so do another
 * window that gets the focus and a guest that no longer wants it. Meanwhile it moves
 * nothing else.
 */
struct window_input {
	void (*key)(void *self, enum key key, enum key_action action);
	bool (*wants_mouse)(void *self);
	void (*mouse_taken)(void *self, bool taken);
	void (*mouse_moved)(void *self, int dx, int dy, int wheel);	/* as mouse_move() */
	void (*mouse_pressed)(void *self, enum mouse_button button, bool down);
	/*
	 * The window system is gone, for good. Called in whatever function met that;
	 * does not return, and nothing of the module is called any more.
	 */
	void (*lost)(void *self) __attribute__((noreturn));
	void *self;
};

struct window_module {
	unsigned int version;	/* WINDOW_MODULE_VERSION */

	/*
	 * Opens a window of the frame's size. Returns 0, or -errno with the
	 * reason in error.
	 */
	int (*open)(struct window_view **view, const struct screen_frame *frame,
		    enum window_quit_key quit_key, const struct window_input *input, char *error,
		    size_t error_size);
	void (*close)(struct window_view *view);

	/* title: UTF-8, but for what bytes the guest's name has. */
	void (*set_title)(struct window_view *view, const char *title);

	/*
	 * Redraws the cells of the frame that have changed; all of them at
	 * first, and where the picture has another size, which the window gets.
	 */
	void (*draw)(struct window_view *view, const struct screen_frame *frame,
		     const bool changed[SCREEN_CELLS_MAX]);

	/*
	 * Handles what the user and the window system want for so long. Returns true,
	 * and sooner, when the user has pressed the quit key or closed the window.
	 */
	bool (*wait)(struct window_view *view, unsigned int milliseconds);
};

extern const struct window_module vmm_window_module;

#endif
