/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * x11-window.c - what the tests do with a window, as a user would: wait for
 * it, look at it, press keys in it, close it. Works without a window manager
 * (ICCCM 4.1.2.7 and 4.2.8.1 for closing).
 *
 *   x11-window wait TITLE SECONDS   prints ID WIDTH HEIGHT TITLE once a window
 *                                   is visible whose title has TITLE in it
 *   x11-window title ID             prints the title
 *   x11-window picture ID           the contents as PPM on standard output
 *   x11-window resize ID WIDTH HEIGHT   moves it to the screen's corner, too
 *   x11-window keys ID KEYSYM...    presses the keys in turn, releases them in
 *                                   the reverse order
 *   x11-window click ID BUTTON      presses and releases a button of the mouse
 *   x11-window close ID             what the close button does
 */
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOKS_PER_SECOND 50
#define MAX_KEYS 8

/* Copies the title; false where the window has none. */
static bool get_title(Display *display, Window window, char title[static 256])
{
	Atom name = XInternAtom(display, "_NET_WM_NAME", False);
	Atom type;
	int format;
	unsigned long count, rest;
	unsigned char *text = NULL;
	bool found;

	found = XGetWindowProperty(display, window, name, 0, 256, False, AnyPropertyType, &type,
				   &format, &count, &rest, &text) == Success && text;
	if (found)
		snprintf(title, 256, "%s", (char *)text);
	if (text)
		XFree(text);
	return found;
}

/* The visible child of the root window whose title has the text in it, or None. */
static Window find_window(Display *display, const char *text)
{
	Window root, parent, *children, found = None;
	unsigned int count;

	if (!XQueryTree(display, DefaultRootWindow(display), &root, &parent, &children, &count))
		return None;
	for (unsigned int i = 0; i < count && found == None; i++) {
		XWindowAttributes attributes;
		char title[256];

		if (XGetWindowAttributes(display, children[i], &attributes) &&
		    attributes.map_state == IsViewable &&
		    get_title(display, children[i], title) && strstr(title, text))
			found = children[i];
	}
	if (children)
		XFree(children);
	return found;
}

static int print_title(Display *display, Window window)
{
	XWindowAttributes attributes;
	char title[256];

	if (!XGetWindowAttributes(display, window, &attributes) ||
	    !get_title(display, window, title))
		return 1;
	printf("%lu %d %d %s\n", window, attributes.width, attributes.height, title);
	return 0;
}

static int wait_for_window(Display *display, char **argv)
{
	const struct timespec pause = { .tv_nsec = 1000000000 / LOOKS_PER_SECOND };

	for (int looks = atoi(argv[1]) * LOOKS_PER_SECOND; looks > 0; looks--) {
		Window window = find_window(display, argv[0]);

		if (window != None)
			return print_title(display, window);
		nanosleep(&pause, NULL);
	}
	fprintf(stderr, "x11-window: no window with \"%s\" in its title\n", argv[0]);
	return 1;
}

static Window window_of(const char *argument)
{
	return strtoul(argument, NULL, 0);
}

static int show_title(Display *display, char **argv)
{
	return print_title(display, window_of(argv[0]));
}

/* One colour of a pixel, widened to 8 bits. */
static int component(unsigned long pixel, unsigned long mask)
{
	while (mask && !(mask & 1)) {
		mask >>= 1;
		pixel >>= 1;
	}
	return mask ? (int)((pixel & mask) * 255 / mask) : 0;
}

static int write_picture(Display *display, char **argv)
{
	Window window = window_of(argv[0]);
	XWindowAttributes attributes;
	XImage *image;

	if (!XGetWindowAttributes(display, window, &attributes))
		return 1;
	image = XGetImage(display, window, 0, 0, (unsigned int)attributes.width,
			  (unsigned int)attributes.height, AllPlanes, ZPixmap);
	if (!image)
		return 1;
	printf("P6\n%d %d\n255\n", image->width, image->height);
	for (int y = 0; y < image->height; y++) {
		for (int x = 0; x < image->width; x++) {
			unsigned long pixel = XGetPixel(image, x, y);

			putchar(component(pixel, attributes.visual->red_mask));
			putchar(component(pixel, attributes.visual->green_mask));
			putchar(component(pixel, attributes.visual->blue_mask));
		}
	}
	XDestroyImage(image);
	return fflush(stdout) != 0;
}

static int resize(Display *display, char **argv)
{
	XMoveResizeWindow(display, window_of(argv[0]), 0, 0, (unsigned int)atoi(argv[1]),
			  (unsigned int)atoi(argv[2]));
	return 0;
}

static int send_key(Display *display, Window window, const char *name, int type)
{
	KeySym symbol = XStringToKeysym(name);
	XEvent event = {
		.xkey = {
			.type = type,
			.display = display,
			.window = window,
			.root = DefaultRootWindow(display),
			.time = CurrentTime,
			.keycode = symbol ? XKeysymToKeycode(display, symbol) : 0,
			.same_screen = True,
		},
	};

	if (!event.xkey.keycode) {
		fprintf(stderr, "x11-window: no key %s\n", name);
		return 1;
	}
	return !XSendEvent(display, window, True,
			   type == KeyPress ? KeyPressMask : KeyReleaseMask, &event);
}

static int press_keys(Display *display, char **argv)
{
	Window window = window_of(argv[0]);
	int count = 0, failed = 0;

	XSetInputFocus(display, window, RevertToPointerRoot, CurrentTime);
	while (argv[count + 1] && count < MAX_KEYS)
		failed |= send_key(display, window, argv[++count], KeyPress);
	while (count > 0)
		failed |= send_key(display, window, argv[count--], KeyRelease);
	return failed;
}

static int send_button(Display *display, Window window, unsigned int button, int type)
{
	XEvent event = {
		.xbutton = {
			.type = type,
			.display = display,
			.window = window,
			.root = DefaultRootWindow(display),
			.time = CurrentTime,
			.button = button,
			.x = 10,
			.y = 10,
			.same_screen = True,
		},
	};

	return !XSendEvent(display, window, True,
			   type == ButtonPress ? ButtonPressMask : ButtonReleaseMask, &event);
}

static int click(Display *display, char **argv)
{
	Window window = window_of(argv[0]);
	unsigned int button = (unsigned int)atoi(argv[1]);

	return send_button(display, window, button, ButtonPress) |
	       send_button(display, window, button, ButtonRelease);
}

static int close_window(Display *display, char **argv)
{
	XEvent event = {
		.xclient = {
			.type = ClientMessage,
			.window = window_of(argv[0]),
			.message_type = XInternAtom(display, "WM_PROTOCOLS", False),
			.format = 32,
		},
	};

	event.xclient.data.l[0] = (long)XInternAtom(display, "WM_DELETE_WINDOW", False);
	event.xclient.data.l[1] = CurrentTime;
	return !XSendEvent(display, event.xclient.window, False, NoEventMask, &event);
}

static const struct {
	const char *name;
	int arguments;		/* at least */
	int (*run)(Display *display, char **argv);
} commands[] = {
	{ "wait", 2, wait_for_window },
	{ "title", 1, show_title },
	{ "picture", 1, write_picture },
	{ "resize", 3, resize },
	{ "keys", 2, press_keys },
	{ "click", 2, click },
	{ "close", 1, close_window },
};

int main(int argc, char **argv)
{
	Display *display = XOpenDisplay(NULL);
	int status = 2;

	if (!display) {
		fprintf(stderr, "x11-window: no display\n");
		return 1;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(argv[1], commands[i].name) && argc - 2 >= commands[i].arguments)
			status = commands[i].run(display, argv + 2);
	}
	XCloseDisplay(display);		/* sends what is left to be sent */
	if (status == 2)
		fprintf(stderr, "x11-window: see the head of x11-window.c\n");
	return status;
}
