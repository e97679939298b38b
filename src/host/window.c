/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window.c - the window's thread and its module, see window.h. */
#include "host/window.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/array.h"
#include "core/clock.h"
#include "core/module.h"
#include "host/window_module.h"

#define NS_PER_MS 1000000u
#define FRAMES_PER_SECOND 60u
#define ANSWER_SECONDS 5		/* what a display server may take */

enum window_state { WINDOW_OPENING, WINDOW_OPEN, WINDOW_FAILED };

struct window {
	struct window_config config;
	struct module library;
	const struct window_module *module;
	pthread_t thread;

	/* The thread's own. */
	struct window_view *view;
	struct screen_frame shown;
	bool drawn;			/* shown is in the window */
	bool mouse_taken;		/* the window has the mouse */

	pthread_mutex_t lock;		/* guards what follows */
	pthread_cond_t changed;
	enum window_state state;
	int error;			/* of WINDOW_FAILED, -errno */
	char error_text[256];
	bool ended;			/* the run has */
	bool closed;			/* the user wants the window closed */
	bool stopping;			/* the thread has to end */
	bool finished;			/* it does */
	bool abandoned;			/* nobody waits for the thread any more */
};

/* Says why there is no window. */
typedef void say_fn(const struct log *log, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

bool window_likely(void)
{
	static const char *const variables[] = { "DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER" };

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *value = getenv(variables[i]);

		if (value && *value)
			return true;
	}
	return false;
}

static int load_module(struct window *window, say_fn *say)
{
	char text[256];
	int error = module_open(&window->library, "sdl.so", WINDOW_MODULE_SYMBOL,
				WINDOW_MODULE_VERSION, "vmm-hypervisor-sdl", text, sizeof(text));

	if (error)
		say(window->config.log, "no window: %s; --display=text needs none", text);
	else
		window->module = window->library.symbol;
	return error;
}

static void set_title(struct window *window, bool ended)
{
	/* What the quit key does while the guest runs, and afterwards. */
	static const char *const hints[][2] = {
		[WINDOW_QUIT_ESC] = { " - ESC ends", " - ESC closes (ended)" },
		[WINDOW_QUIT_CTRL_ALT_Q] = { " - Ctrl+Alt+Q ends", " - Ctrl+Alt+Q closes (ended)" },
		[WINDOW_QUIT_NONE] = { "", " (ended)" },
	};
	char title[256];

	snprintf(title, sizeof(title), "vmm: %.160s%s%s", window->config.name,
		 window->mouse_taken ? " - Ctrl+Alt+G frees the mouse" : "",
		 hints[window->config.quit_key][ended]);
	window->module->set_title(window->view, title);
}

static bool cursor_in(const struct screen_cursor *cursor, unsigned int cell)
{
	return cursor->enabled && cursor->cell == cell;
}

/* Marks the cells that look different from what is shown; returns whether any does. */
static bool find_changes(const struct window *window, const struct screen_frame *frame,
			 bool changed[SCREEN_CELLS_MAX])
{
	const struct screen_frame *shown = &window->shown;
	bool cursor_changed = !screen_cursor_equal(&shown->cursor, &frame->cursor);
	bool all = !window->drawn || !screen_frame_alike(shown, frame);
	bool any = false;

	for (unsigned int cell = 0; cell < screen_frame_cells(frame); cell++) {
		changed[cell] = all ||
				memcmp(&shown->cells[cell * 2], &frame->cells[cell * 2], 2) ||
				(cursor_changed && (cursor_in(&shown->cursor, cell) ||
						    cursor_in(&frame->cursor, cell)));
		any |= changed[cell];
	}
	return any;
}

static void draw_changes(struct window *window)
{
	const struct window_config *config = &window->config;
	bool changed[SCREEN_CELLS_MAX];
	struct screen_frame frame;

	if (config->before_frame)
		config->before_frame(config->self);
	screen_frame(config->screen, &frame);
	if (!find_changes(window, &frame, changed))
		return;
	window->module->draw(window->view, &frame, changed);
	window->shown = frame;
	window->drawn = true;
}

/* Moves *due on to the next frame; the milliseconds until then, at least 1. */
static unsigned int next_frame(uint64_t *due)
{
	uint64_t now = clock_monotonic();

	*due += NS_PER_SECOND / FRAMES_PER_SECOND;
	/* What came too late is left out, not made up for. */
	if (*due <= now)
		*due = now + 1;
	return (unsigned int)((*due - now + NS_PER_MS - 1) / NS_PER_MS);
}

static void set_state(struct window *window, enum window_state state)
{
	pthread_mutex_lock(&window->lock);
	window->state = state;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

/* The user wants it closed, or has lost it: window_wait_closed() returns. */
static void close_by(struct window *window, void (*tell)(void *self))
{
	bool tells;

	pthread_mutex_lock(&window->lock);
	tells = !window->closed && !window->ended;
	window->closed = true;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
	if (tells)
		tell(window->config.self);
}

static void show(struct window *window)
{
	uint64_t due = clock_monotonic();
	bool ended = false;

	for (;;) {
		bool was_ended = ended, stopping;

		pthread_mutex_lock(&window->lock);
		ended = window->ended;
		stopping = window->stopping;
		pthread_mutex_unlock(&window->lock);
		if (ended && !was_ended)
			set_title(window, true);
		draw_changes(window);
		if (stopping)
			return;
		if (window->module->wait(window->view, next_frame(&due)))
			close_by(window, window->config.on_quit);
	}
}

static bool is_running(struct window *window)
{
	bool running;

	pthread_mutex_lock(&window->lock);
	running = !window->ended;
	pthread_mutex_unlock(&window->lock);
	return running;
}

/* What the guest has no room for is lost, and it is told so. */
static void on_key(void *self, enum key key, enum key_action action)
{
	struct window *window = self;

	if (is_running(window))
		keyboard_send(window->config.keyboard, key, action);
}

static bool wants_mouse(void *self)
{
	struct window *window = self;

	return is_running(window) && mouse_is_wanted(window->config.mouse);
}

static void on_mouse_taken(void *self, bool taken)
{
	struct window *window = self;

	window->mouse_taken = taken;
	set_title(window, !is_running(window));
}

static void on_mouse_moved(void *self, int dx, int dy, int wheel)
{
	struct window *window = self;

	if (is_running(window))
		mouse_move(window->config.mouse, dx, dy, wheel);
}

static void on_mouse_pressed(void *self, enum mouse_button button, bool down)
{
	struct window *window = self;

	if (is_running(window))
		mouse_press(window->config.mouse, button, down);
}

/* The thread stays here, in the middle of the module, until the program ends. */
static void __attribute__((noreturn)) on_lost(void *self)
{
	struct window *window = self;
	bool opening;

	pthread_mutex_lock(&window->lock);
	window->abandoned = true;
	opening = window->state == WINDOW_OPENING;
	if (opening) {
		window->state = WINDOW_FAILED;
		window->error = -EPIPE;
		snprintf(window->error_text, sizeof(window->error_text),
			 "the display server is gone");
	}
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
	if (!opening)
		close_by(window, window->config.on_lost);
	pthread_mutex_lock(&window->lock);
	for (;;)
		pthread_cond_wait(&window->changed, &window->lock);
}

static int open_view(struct window *window)
{
	const struct window_input input = {
		.key = on_key, .wants_mouse = wants_mouse, .mouse_taken = on_mouse_taken,
		.mouse_moved = on_mouse_moved, .mouse_pressed = on_mouse_pressed,
		.lost = on_lost, .self = window,
	};

	screen_frame(window->config.screen, &window->shown);
	return window->module->open(&window->view, &window->shown, window->config.quit_key, &input,
				    window->error_text, sizeof(window->error_text));
}

static void *window_thread(void *self)
{
	struct window *window = self;

	window->error = open_view(window);
	if (window->error) {
		set_state(window, WINDOW_FAILED);
		return NULL;
	}
	set_title(window, false);
	set_state(window, WINDOW_OPEN);
	show(window);
	window->module->close(window->view);
	pthread_mutex_lock(&window->lock);
	window->finished = true;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
	return NULL;
}

/* Signals are for other threads. */
static int create_thread(struct window *window)
{
	sigset_t all, old;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&window->thread, NULL, window_thread, window);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -error;
}

/* For waits that must not be for ever: a display server may have stopped. */
static struct timespec seconds_from_now(time_t seconds)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += seconds;
	return until;
}

static int start(struct window *window, say_fn *say)
{
	const struct log *log = window->config.log;
	int error = create_thread(window), late = 0;
	struct timespec until;
	bool abandoned;

	if (error) {
		say(log, "no window: %s", strerror(-error));
		return error;
	}
	pthread_mutex_lock(&window->lock);
	until = seconds_from_now(ANSWER_SECONDS);
	while (window->state == WINDOW_OPENING && !late)
		late = pthread_cond_timedwait(&window->changed, &window->lock, &until);
	if (window->state == WINDOW_OPENING) {
		window->abandoned = true;
		error = -ETIMEDOUT;
	} else {
		error = window->error;
	}
	abandoned = window->abandoned;
	pthread_mutex_unlock(&window->lock);
	if (error && !abandoned)
		pthread_join(window->thread, NULL);
	if (error)
		say(log, "no window: %s; --display=text needs none", error == -ETIMEDOUT ?
		    "the display server does not answer" : window->error_text);
	return error;
}

/* Without its thread. */
static void destroy(struct window *window)
{
	module_close(&window->library);
	pthread_cond_destroy(&window->changed);
	pthread_mutex_destroy(&window->lock);
	free(window);
}

int window_open(struct window **window, const struct window_config *config, bool quiet)
{
	say_fn *say = quiet ? log_verbose : log_error;
	struct window *made = calloc(1, sizeof(*made));
	int error;

	if (!made) {
		say(config->log, "no window: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	made->config = *config;
	pthread_mutex_init(&made->lock, NULL);
	pthread_cond_init(&made->changed, NULL);
	error = load_module(made, say);
	if (!error)
		error = start(made, say);
	if (error) {
		/* A thread that hangs in the module needs what it has until the end. */
		if (!made->abandoned)
			destroy(made);
		return error;
	}
	*window = made;
	return 0;
}

void window_run_ended(struct window *window)
{
	pthread_mutex_lock(&window->lock);
	window->ended = true;
	pthread_mutex_unlock(&window->lock);
}

void window_wait_closed(struct window *window)
{
	pthread_mutex_lock(&window->lock);
	while (!window->closed)
		pthread_cond_wait(&window->changed, &window->lock);
	pthread_mutex_unlock(&window->lock);
}

void window_close(struct window *window)
{
	struct timespec until;
	bool finished;
	int late = 0;

	if (!window)
		return;
	pthread_mutex_lock(&window->lock);
	window->stopping = true;
	until = seconds_from_now(ANSWER_SECONDS);
	while (!window->finished && !window->abandoned && !late)
		late = pthread_cond_timedwait(&window->changed, &window->lock, &until);
	finished = window->finished;
	pthread_mutex_unlock(&window->lock);
	/* A thread that hangs in the module is left behind: all is saved. */
	if (!finished)
		return;
	pthread_join(window->thread, NULL);
	destroy(window);
}
