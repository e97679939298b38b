/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sdl.c - the window module (window_module.h) over SDL 2.
 *
 * The picture is a texture of the screen's size that SDL scales to the window.
 * Cells are drawn into it as they change; the window is presented only then,
 * or when the window system has lost what it showed.
 */
#define SDL_MAIN_HANDLED
#include <SDL.h>
#include <SDL_syswm.h>

#include <errno.h>
#include <stdlib.h>

#include "host/raster.h"
#include "host/window_module.h"

#define PIXEL_FORMAT SDL_PIXELFORMAT_ARGB8888
#define OPAQUE 0xFF000000u

struct window_view {
	SDL_Window *window;
	SDL_Renderer *renderer;
	SDL_Texture *texture;
	const struct quit_key *quit_key;
	struct window_input input;
	struct screen_frame frame;	/* what the texture shows */
	uint32_t pixels[SCREEN_COLORS];	/* its palette */
	bool mouse_taken;
	bool freeing_key_down;		/* the G of Ctrl+Alt+G, which is not the guest's */
	bool stale;			/* the window does not show the texture */
};

static const struct quit_key {
	SDL_Keycode key;		/* SDLK_UNKNOWN: none */
	SDL_Keymod modifiers[2];	/* either of each pair, KMOD_NONE: any */
} quit_keys[] = {
	[WINDOW_QUIT_ESC] = { .key = SDLK_ESCAPE },
	[WINDOW_QUIT_CTRL_ALT_Q] = { .key = SDLK_q, .modifiers = { KMOD_CTRL, KMOD_ALT } },
	[WINDOW_QUIT_NONE] = { .key = SDLK_UNKNOWN },
};

/* Keys by where they are, as on a US keyboard: the guest has layouts of its own. */
static const enum key keys[SDL_NUM_SCANCODES] = {
	[SDL_SCANCODE_ESCAPE] = KEY_ESC,
	[SDL_SCANCODE_1] = KEY_1,
	[SDL_SCANCODE_2] = KEY_2,
	[SDL_SCANCODE_3] = KEY_3,
	[SDL_SCANCODE_4] = KEY_4,
	[SDL_SCANCODE_5] = KEY_5,
	[SDL_SCANCODE_6] = KEY_6,
	[SDL_SCANCODE_7] = KEY_7,
	[SDL_SCANCODE_8] = KEY_8,
	[SDL_SCANCODE_9] = KEY_9,
	[SDL_SCANCODE_0] = KEY_0,
	[SDL_SCANCODE_MINUS] = KEY_MINUS,
	[SDL_SCANCODE_EQUALS] = KEY_EQUAL,
	[SDL_SCANCODE_BACKSPACE] = KEY_BACKSPACE,
	[SDL_SCANCODE_TAB] = KEY_TAB,
	[SDL_SCANCODE_Q] = KEY_Q,
	[SDL_SCANCODE_W] = KEY_W,
	[SDL_SCANCODE_E] = KEY_E,
	[SDL_SCANCODE_R] = KEY_R,
	[SDL_SCANCODE_T] = KEY_T,
	[SDL_SCANCODE_Y] = KEY_Y,
	[SDL_SCANCODE_U] = KEY_U,
	[SDL_SCANCODE_I] = KEY_I,
	[SDL_SCANCODE_O] = KEY_O,
	[SDL_SCANCODE_P] = KEY_P,
	[SDL_SCANCODE_LEFTBRACKET] = KEY_BRACKET_LEFT,
	[SDL_SCANCODE_RIGHTBRACKET] = KEY_BRACKET_RIGHT,
	[SDL_SCANCODE_RETURN] = KEY_RET,
	[SDL_SCANCODE_LCTRL] = KEY_CTRL,
	[SDL_SCANCODE_A] = KEY_A,
	[SDL_SCANCODE_S] = KEY_S,
	[SDL_SCANCODE_D] = KEY_D,
	[SDL_SCANCODE_F] = KEY_F,
	[SDL_SCANCODE_G] = KEY_G,
	[SDL_SCANCODE_H] = KEY_H,
	[SDL_SCANCODE_J] = KEY_J,
	[SDL_SCANCODE_K] = KEY_K,
	[SDL_SCANCODE_L] = KEY_L,
	[SDL_SCANCODE_SEMICOLON] = KEY_SEMICOLON,
	[SDL_SCANCODE_APOSTROPHE] = KEY_APOSTROPHE,
	[SDL_SCANCODE_GRAVE] = KEY_GRAVE_ACCENT,
	[SDL_SCANCODE_LSHIFT] = KEY_SHIFT,
	[SDL_SCANCODE_BACKSLASH] = KEY_BACKSLASH,
	[SDL_SCANCODE_Z] = KEY_Z,
	[SDL_SCANCODE_X] = KEY_X,
	[SDL_SCANCODE_C] = KEY_C,
	[SDL_SCANCODE_V] = KEY_V,
	[SDL_SCANCODE_B] = KEY_B,
	[SDL_SCANCODE_N] = KEY_N,
	[SDL_SCANCODE_M] = KEY_M,
	[SDL_SCANCODE_COMMA] = KEY_COMMA,
	[SDL_SCANCODE_PERIOD] = KEY_DOT,
	[SDL_SCANCODE_SLASH] = KEY_SLASH,
	[SDL_SCANCODE_RSHIFT] = KEY_SHIFT_R,
	[SDL_SCANCODE_KP_MULTIPLY] = KEY_KP_MULTIPLY,
	[SDL_SCANCODE_LALT] = KEY_ALT,
	[SDL_SCANCODE_SPACE] = KEY_SPC,
	[SDL_SCANCODE_CAPSLOCK] = KEY_CAPS_LOCK,
	[SDL_SCANCODE_F1] = KEY_F1,
	[SDL_SCANCODE_F2] = KEY_F2,
	[SDL_SCANCODE_F3] = KEY_F3,
	[SDL_SCANCODE_F4] = KEY_F4,
	[SDL_SCANCODE_F5] = KEY_F5,
	[SDL_SCANCODE_F6] = KEY_F6,
	[SDL_SCANCODE_F7] = KEY_F7,
	[SDL_SCANCODE_F8] = KEY_F8,
	[SDL_SCANCODE_F9] = KEY_F9,
	[SDL_SCANCODE_F10] = KEY_F10,
	[SDL_SCANCODE_F11] = KEY_F11,
	[SDL_SCANCODE_F12] = KEY_F12,
	[SDL_SCANCODE_NUMLOCKCLEAR] = KEY_NUM_LOCK,
	[SDL_SCANCODE_SCROLLLOCK] = KEY_SCROLL_LOCK,
	[SDL_SCANCODE_KP_7] = KEY_KP_7,
	[SDL_SCANCODE_KP_8] = KEY_KP_8,
	[SDL_SCANCODE_KP_9] = KEY_KP_9,
	[SDL_SCANCODE_KP_MINUS] = KEY_KP_SUBTRACT,
	[SDL_SCANCODE_KP_4] = KEY_KP_4,
	[SDL_SCANCODE_KP_5] = KEY_KP_5,
	[SDL_SCANCODE_KP_6] = KEY_KP_6,
	[SDL_SCANCODE_KP_PLUS] = KEY_KP_ADD,
	[SDL_SCANCODE_KP_1] = KEY_KP_1,
	[SDL_SCANCODE_KP_2] = KEY_KP_2,
	[SDL_SCANCODE_KP_3] = KEY_KP_3,
	[SDL_SCANCODE_KP_0] = KEY_KP_0,
	[SDL_SCANCODE_KP_PERIOD] = KEY_KP_DECIMAL,
	[SDL_SCANCODE_NONUSBACKSLASH] = KEY_LESS,
	[SDL_SCANCODE_KP_ENTER] = KEY_KP_ENTER,
	[SDL_SCANCODE_RCTRL] = KEY_CTRL_R,
	[SDL_SCANCODE_KP_DIVIDE] = KEY_KP_DIVIDE,
	[SDL_SCANCODE_RALT] = KEY_ALT_R,
	[SDL_SCANCODE_HOME] = KEY_HOME,
	[SDL_SCANCODE_UP] = KEY_UP,
	[SDL_SCANCODE_PAGEUP] = KEY_PGUP,
	[SDL_SCANCODE_LEFT] = KEY_LEFT,
	[SDL_SCANCODE_RIGHT] = KEY_RIGHT,
	[SDL_SCANCODE_END] = KEY_END,
	[SDL_SCANCODE_DOWN] = KEY_DOWN,
	[SDL_SCANCODE_PAGEDOWN] = KEY_PGDN,
	[SDL_SCANCODE_INSERT] = KEY_INSERT,
	[SDL_SCANCODE_DELETE] = KEY_DELETE,
	[SDL_SCANCODE_LGUI] = KEY_META_L,
	[SDL_SCANCODE_RGUI] = KEY_META_R,
	[SDL_SCANCODE_APPLICATION] = KEY_MENU,
	[SDL_SCANCODE_PRINTSCREEN] = KEY_PRINT,
	[SDL_SCANCODE_PAUSE] = KEY_PAUSE,
};

/* What SDL does by itself and a window among others should not do. The environment overrides it. */
static void set_hints(void)
{
	/*
	 * Else SDL draws where nobody sees it when no display server answers.
	 * Without the folder libwayland complains on standard error.
	 */
	SDL_SetHint(SDL_HINT_VIDEODRIVER, SDL_getenv("XDG_RUNTIME_DIR") ? "x11,wayland" : "x11");
	SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
	SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
	SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
	SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "nearest");
	SDL_SetHint(SDL_HINT_APP_NAME, "vmm");
}

/*
 * In software where the window system can do that: what hardware needs takes a
 * tenth of a second and 90 MB to load, for a picture that seldom changes. Users
 * choose another one with SDL_RENDER_DRIVER.
 */
static SDL_Renderer *create_renderer(SDL_Window *window)
{
	SDL_Renderer *renderer;

	SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
	renderer = SDL_CreateRenderer(window, -1, SDL_RENDERER_SOFTWARE);
	if (renderer)
		return renderer;
	SDL_ResetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION);
	return SDL_CreateRenderer(window, -1, 0);
}

#ifdef SDL_VIDEO_DRIVER_X11
/*
 * Xlib ends the program at any error. But an error (a monitor that is no longer
 * there) harms nothing here, and a server that goes away must not take the run
 * with it. SDL has Xlib open; to link with it would load it for Wayland, too.
 */
static void *xlib_function(const char *name)
{
	return SDL_LoadFunction(SDL_LoadObject("libX11.so.6"), name);
}

static int ignore_error(Display *display, XErrorEvent *error)
{
	return 0;
}

/* connection_lost() is called next. */
static int ignore_io_error(Display *display)
{
	return 0;
}

/*
 * If it returned, the Xlib function that met the error would, and all later ones,
 * without the answers that SDL takes for granted.
 */
static void connection_lost(Display *display, void *self)
{
	struct window_view *view = self;

	view->input.lost(view->input.self);
}

/*
 * Before SDL_Init(): SDL_Quit() puts back the handler that was there before, and
 * an error of the last requests may come in after that.
 */
static void ignore_errors(void)
{
	XErrorHandler (*set_error)(XErrorHandler handler) = xlib_function("XSetErrorHandler");

	if (set_error)
		set_error(ignore_error);
}

static void survive_errors(struct window_view *view)
{
	XErrorHandler (*set_error)(XErrorHandler handler);
	XIOErrorHandler (*set_io_error)(XIOErrorHandler handler);
	void (*set_exit)(Display *display, XIOErrorExitHandler handler, void *self);
	SDL_SysWMinfo info;

	SDL_VERSION(&info.version);
	if (!SDL_GetWindowWMInfo(view->window, &info) || info.subsystem != SDL_SYSWM_X11)
		return;
	set_error = xlib_function("XSetErrorHandler");
	set_io_error = xlib_function("XSetIOErrorHandler");
	set_exit = xlib_function("XSetIOErrorExitHandler");	/* since Xlib 1.7 */
	if (!set_error || !set_io_error || !set_exit)
		return;
	set_error(ignore_error);
	set_io_error(ignore_io_error);
	set_exit(info.info.x11.display, connection_lost, view);
}
#else
static void ignore_errors(void)
{
}

static void survive_errors(struct window_view *view)
{
}
#endif

/* Of the frame's size. */
static int create_texture(struct window_view *view)
{
	int width = (int)screen_frame_width(&view->frame);
	int height = (int)screen_frame_height(&view->frame);

	if (SDL_RenderSetLogicalSize(view->renderer, width, height))
		return -ENODEV;
	view->texture = SDL_CreateTexture(view->renderer, PIXEL_FORMAT, SDL_TEXTUREACCESS_STREAMING,
					  width, height);
	return view->texture ? 0 : -ENODEV;
}

static int create_view(struct window_view *view)
{
	set_hints();
	SDL_SetMainReady();
	ignore_errors();
	if (SDL_Init(SDL_INIT_VIDEO))
		return -ENODEV;
	/* Keys are looked at as keys: no input method. */
	SDL_StopTextInput();
	view->window = SDL_CreateWindow("vmm", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED,
					(int)screen_frame_width(&view->frame),
					(int)screen_frame_height(&view->frame),
					SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
	if (!view->window)
		return -ENODEV;
	survive_errors(view);
	view->renderer = create_renderer(view->window);
	if (!view->renderer)
		return -ENODEV;
	return create_texture(view);
}

static void sdl_close(struct window_view *view)
{
	if (view->texture)
		SDL_DestroyTexture(view->texture);
	if (view->renderer)
		SDL_DestroyRenderer(view->renderer);
	if (view->window)
		SDL_DestroyWindow(view->window);
	SDL_Quit();
	free(view);
}

static int sdl_open(struct window_view **view, const struct screen_frame *frame,
		    enum window_quit_key quit_key, const struct window_input *input, char *error,
		    size_t error_size)
{
	struct window_view *made = calloc(1, sizeof(*made));
	int result;

	if (!made) {
		SDL_strlcpy(error, "no memory", error_size);
		return -ENOMEM;
	}
	made->quit_key = &quit_keys[quit_key];
	made->input = *input;
	made->frame = *frame;
	result = create_view(made);
	if (result) {
		SDL_snprintf(error, error_size, "%s%s", SDL_WasInit(SDL_INIT_VIDEO) ? "" :
			     "no display server answers: ", SDL_GetError());
		sdl_close(made);
		return result;
	}
	*view = made;
	return 0;
}

/* Names of files may hold any bytes; a title with bad UTF-8 would not be shown at all. */
static void sdl_set_title(struct window_view *view, const char *title)
{
	char *valid = SDL_iconv_string("UTF-8", "UTF-8", title, SDL_strlen(title) + 1);

	SDL_SetWindowTitle(view->window, valid ? valid : "vmm");
	SDL_free(valid);
}

/* Draws count cells of one row into the texture. */
static void draw_run(struct window_view *view, unsigned int first, unsigned int count)
{
	const struct screen_mode *mode = &view->frame.mode;
	uint8_t dots[SCREEN_CELL_HEIGHT_MAX][SCREEN_WIDTH_MAX];
	uint32_t pixels[SCREEN_CELL_HEIGHT_MAX][SCREEN_WIDTH_MAX];
	const SDL_Rect rectangle = {
		.x = (int)(first % mode->columns * mode->cell_width),
		.y = (int)(first / mode->columns * mode->cell_height),
		.w = (int)(count * mode->cell_width),
		.h = mode->cell_height,
	};

	for (unsigned int i = 0; i < count; i++)
		raster_cell(&view->frame, first + i, &dots[0][i * mode->cell_width],
			    SCREEN_WIDTH_MAX);
	for (int y = 0; y < rectangle.h; y++)
		for (int x = 0; x < rectangle.w; x++)
			pixels[y][x] = view->pixels[dots[y][x]];
	SDL_UpdateTexture(view->texture, &rectangle, pixels, sizeof(pixels[0]));
}

/* In each row one rectangle, from the first changed cell to the last. */
static void draw_row(struct window_view *view, unsigned int row, const bool *changed)
{
	unsigned int columns = view->frame.mode.columns, first = 0, end = columns;

	while (first < end && !changed[first])
		first++;
	while (end > first && !changed[end - 1])
		end--;
	if (first < end)
		draw_run(view, row * columns + first, end - first);
}

static void draw_all(struct window_view *view)
{
	unsigned int columns = view->frame.mode.columns;

	for (unsigned int row = 0; row < view->frame.mode.rows; row++)
		draw_run(view, row * columns, columns);
}

/* A window that the user has made larger, by whole numbers or not, keeps that scale. */
static void resize_window(struct window_view *view, int old_width, int old_height)
{
	int width = (int)screen_frame_width(&view->frame);
	int height = (int)screen_frame_height(&view->frame);
	int window_width, window_height;

	if (SDL_GetWindowFlags(view->window) & (SDL_WINDOW_MAXIMIZED | SDL_WINDOW_FULLSCREEN))
		return;
	SDL_GetWindowSize(view->window, &window_width, &window_height);
	SDL_SetWindowSize(view->window, window_width * width / old_width,
			  window_height * height / old_height);
}

/* Takes over the frame's size and colours. */
static void take_frame(struct window_view *view, const struct screen_frame *frame)
{
	int old_width = (int)screen_frame_width(&view->frame);
	int old_height = (int)screen_frame_height(&view->frame);

	view->frame = *frame;
	for (unsigned int i = 0; i < SCREEN_COLORS; i++) {
		const struct screen_color *color = &frame->mode.palette[i];

		view->pixels[i] = OPAQUE | (uint32_t)color->red << 16 |
				  (uint32_t)color->green << 8 | color->blue;
	}
	if ((int)screen_frame_width(frame) == old_width &&
	    (int)screen_frame_height(frame) == old_height)
		return;
	SDL_DestroyTexture(view->texture);
	view->texture = NULL;
	/* Without a texture nothing is shown: all else goes on. */
	create_texture(view);
	resize_window(view, old_width, old_height);
}

static void present(struct window_view *view)
{
	SDL_RenderClear(view->renderer);
	SDL_RenderCopy(view->renderer, view->texture, NULL, NULL);
	SDL_RenderPresent(view->renderer);
	view->stale = false;
}

static void sdl_draw(struct window_view *view, const struct screen_frame *frame,
		     const bool changed[SCREEN_CELLS_MAX])
{
	take_frame(view, frame);
	for (unsigned int row = 0; row < frame->mode.rows; row++)
		draw_row(view, row, &changed[row * frame->mode.columns]);
	present(view);
}

static bool is_quit_key(const struct window_view *view, const SDL_Keysym *pressed)
{
	const struct quit_key *quit_key = view->quit_key;

	if (quit_key->key == SDLK_UNKNOWN || pressed->sym != quit_key->key)
		return false;
	for (unsigned int i = 0; i < SDL_arraysize(quit_key->modifiers); i++)
		if (quit_key->modifiers[i] && !(pressed->mod & quit_key->modifiers[i]))
			return false;
	return true;
}

/* --- the mouse --- */

static const enum mouse_button buttons[] = {	/* from SDL_BUTTON_LEFT on */
	MOUSE_LEFT, MOUSE_MIDDLE, MOUSE_RIGHT,
};

static void take_mouse(struct window_view *view, bool taken)
{
	if (view->mouse_taken == taken || (taken && SDL_SetRelativeMouseMode(SDL_TRUE)))
		return;
	if (!taken) {
		SDL_SetRelativeMouseMode(SDL_FALSE);
		/* The guest does not see what the user lets go from here on. */
		for (size_t i = 0; i < SDL_arraysize(buttons); i++)
			view->input.mouse_pressed(view->input.self, buttons[i], false);
	}
	view->mouse_taken = taken;
	view->input.mouse_taken(view->input.self, taken);
}

static void handle_button(struct window_view *view, const SDL_MouseButtonEvent *event)
{
	bool down = event->type == SDL_MOUSEBUTTONDOWN;

	/* The click that takes the mouse is for nothing else. */
	if (!view->mouse_taken && down && view->input.wants_mouse(view->input.self))
		take_mouse(view, true);
	else if (view->mouse_taken && event->button >= SDL_BUTTON_LEFT &&
		 event->button <= SDL_BUTTON_RIGHT)
		view->input.mouse_pressed(view->input.self,
					  buttons[event->button - SDL_BUTTON_LEFT], down);
}

static void handle_wheel(struct window_view *view, const SDL_MouseWheelEvent *event)
{
	if (view->mouse_taken)
		view->input.mouse_moved(view->input.self, 0, 0, -event->y);
}

static void handle_motion(struct window_view *view, const SDL_MouseMotionEvent *event)
{
	if (view->mouse_taken)
		view->input.mouse_moved(view->input.self, event->xrel, event->yrel, 0);
}

/* Returns whether it is the G of Ctrl+Alt+G, from when it is pressed until it is released. */
static bool frees_mouse(struct window_view *view, const SDL_KeyboardEvent *event)
{
	bool pressed = event->type == SDL_KEYDOWN, down = view->freeing_key_down;

	if (event->keysym.sym != SDLK_g)
		return false;
	if (pressed && view->mouse_taken && event->keysym.mod & KMOD_CTRL &&
	    event->keysym.mod & KMOD_ALT) {
		take_mouse(view, false);
		down = true;
	}
	view->freeing_key_down = down && pressed;
	return down;
}

/* Returns whether it is the quit key, which the guest does not see. */
static bool handle_key(struct window_view *view, const SDL_KeyboardEvent *event)
{
	bool pressed = event->type == SDL_KEYDOWN;
	enum key key = keys[event->keysym.scancode];

	if (pressed && is_quit_key(view, &event->keysym))
		return true;
	if (!frees_mouse(view, event) && key != KEY_NONE)
		view->input.key(view->input.self, key, !pressed ? KEY_RELEASED :
				event->repeat ? KEY_REPEATED : KEY_PRESSED);
	return false;
}

/* Returns whether the event ends the run. */
static bool handle_event(struct window_view *view, const SDL_Event *event)
{
	switch (event->type) {
	case SDL_QUIT:
		return true;
	case SDL_KEYDOWN:
	case SDL_KEYUP:
		return handle_key(view, &event->key);
	case SDL_MOUSEBUTTONDOWN:
	case SDL_MOUSEBUTTONUP:
		handle_button(view, &event->button);
		return false;
	case SDL_MOUSEMOTION:
		handle_motion(view, &event->motion);
		return false;
	case SDL_MOUSEWHEEL:
		handle_wheel(view, &event->wheel);
		return false;
	case SDL_RENDER_TARGETS_RESET:
	case SDL_RENDER_DEVICE_RESET:
		/* The texture is lost, too. */
		draw_all(view);
		view->stale = true;
		return false;
	case SDL_WINDOWEVENT:
		view->stale |= event->window.event == SDL_WINDOWEVENT_EXPOSED ||
			       event->window.event == SDL_WINDOWEVENT_SIZE_CHANGED;
		if (event->window.event == SDL_WINDOWEVENT_FOCUS_LOST)
			take_mouse(view, false);
		return false;
	default:
		return false;
	}
}

static bool sdl_wait(struct window_view *view, unsigned int milliseconds)
{
	uint64_t end = SDL_GetTicks64() + milliseconds;
	uint64_t now;

	while ((now = SDL_GetTicks64()) < end) {
		SDL_Event event;

		if (SDL_WaitEventTimeout(&event, (int)(end - now)) && handle_event(view, &event))
			return true;
		if (view->stale)
			present(view);
		if (view->mouse_taken && !view->input.wants_mouse(view->input.self))
			take_mouse(view, false);
	}
	return false;
}

const struct window_module vmm_window_module = {
	.version = WINDOW_MODULE_VERSION,
	.open = sdl_open,
	.close = sdl_close,
	.set_title = sdl_set_title,
	.draw = sdl_draw,
	.wait = sdl_wait,
};
