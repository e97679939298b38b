/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keyboard.h - where key presses come from: a queue between whoever has keys
 * pressed (the window, a script) and the keyboard that the guest sees.
 *
 * The guest's keyboard takes an event when the guest has read all of the one
 * before. So no key is lost, however slow the guest: what it has not got to
 * waits here.
 */
#ifndef VMM_HOST_KEYBOARD_H
#define VMM_HOST_KEYBOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/work.h"

/* The keys of a US keyboard, as QEMU's sendkey names them. */
enum key {
	KEY_NONE,
	KEY_ESC, KEY_1, KEY_2, KEY_3, KEY_4, KEY_5, KEY_6, KEY_7, KEY_8, KEY_9, KEY_0,
	KEY_MINUS, KEY_EQUAL, KEY_BACKSPACE, KEY_TAB,
	KEY_Q, KEY_W, KEY_E, KEY_R, KEY_T, KEY_Y, KEY_U, KEY_I, KEY_O, KEY_P,
	KEY_BRACKET_LEFT, KEY_BRACKET_RIGHT, KEY_RET, KEY_CTRL,
	KEY_A, KEY_S, KEY_D, KEY_F, KEY_G, KEY_H, KEY_J, KEY_K, KEY_L,
	KEY_SEMICOLON, KEY_APOSTROPHE, KEY_GRAVE_ACCENT, KEY_SHIFT, KEY_BACKSLASH,
	KEY_Z, KEY_X, KEY_C, KEY_V, KEY_B, KEY_N, KEY_M,
	KEY_COMMA, KEY_DOT, KEY_SLASH, KEY_SHIFT_R, KEY_KP_MULTIPLY, KEY_ALT, KEY_SPC,
	KEY_CAPS_LOCK,
	KEY_F1, KEY_F2, KEY_F3, KEY_F4, KEY_F5, KEY_F6, KEY_F7, KEY_F8, KEY_F9, KEY_F10,
	KEY_F11, KEY_F12,
	KEY_NUM_LOCK, KEY_SCROLL_LOCK,
	KEY_KP_7, KEY_KP_8, KEY_KP_9, KEY_KP_SUBTRACT, KEY_KP_4, KEY_KP_5, KEY_KP_6, KEY_KP_ADD,
	KEY_KP_1, KEY_KP_2, KEY_KP_3, KEY_KP_0, KEY_KP_DECIMAL, KEY_LESS,
	KEY_KP_ENTER, KEY_CTRL_R, KEY_KP_DIVIDE, KEY_ALT_R,
	KEY_HOME, KEY_UP, KEY_PGUP, KEY_LEFT, KEY_RIGHT, KEY_END, KEY_DOWN, KEY_PGDN,
	KEY_INSERT, KEY_DELETE, KEY_META_L, KEY_META_R, KEY_MENU,
	KEY_PRINT, KEY_PAUSE,
	KEYS,
};

/* What a key sends: its scan codes without prefixes (IBM PS/2 Technical Reference, keyboards). */
struct key_codes {
	const char *name;	/* "ret", "kp_1" */
	uint8_t set1;		/* when it is pressed */
	uint8_t set2;
	bool extended;		/* 0xE0 comes first */
};

/* key: neither KEY_NONE nor KEYS. Print and pause are special: what they send is more. */
const struct key_codes *key_codes(enum key key);

/* The key of a name, or KEY_NONE. */
enum key key_named(const char *name);

/*
 * The key of a character (ASCII; \n, \t, \b and ESC are keys too), and whether
 * shift is held with it; KEY_NONE where no key has it.
 */
enum key key_of_character(char character, bool *shift);

enum key_action {
	KEY_RELEASED,
	KEY_PRESSED,
	KEY_REPEATED,		/* still down: sent again if the guest has read all before */
};

struct key_event {
	enum key key;		/* KEY_NONE: events were lost here */
	bool pressed;
};

struct keyboard;

/* As many events wait; more are lost, which the guest sees as an overrun. */
#define KEYBOARD_EVENTS 1024u

/* works: of the vCPU's thread. Returns 0 or -ENOMEM. The caller owns *keyboard. */
int keyboard_create(struct keyboard **keyboard, struct works *works);

/* When the guest's keyboard and works have ended, as a machine's do. NULL is fine. */
void keyboard_destroy(struct keyboard *keyboard);

/*
 * --- from any thread ---
 * A key is pressed or released. Returns false where there is no room: the
 * event is lost.
 */
bool keyboard_send(struct keyboard *keyboard, enum key key, enum key_action action);

/*
 * --- from the vCPU's thread, or before the run ---
 * fn is called in the vCPU's thread whenever the guest has read all that was
 * sent; it may send more.
 */
void keyboard_on_drained(struct keyboard *keyboard, void (*fn)(void *self), void *self);

/* --- the guest's keyboard; vCPU's thread --- */

/* fn is called when events have come in. */
void keyboard_connect(struct keyboard *keyboard, void (*fn)(void *self), void *self);

/*
 * The guest has read all of the event before. Takes the next one; returns false
 * where there is none.
 */
bool keyboard_next(struct keyboard *keyboard, struct key_event *event);

#endif
