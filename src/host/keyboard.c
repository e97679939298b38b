/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keyboard.c - keys on their way to the guest, see keyboard.h. */
#include "host/keyboard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"
#include "host/inbox.h"

struct keyboard {
	struct inbox inbox;		/* its lock guards what follows */
	struct key_event events[KEYBOARD_EVENTS];
	unsigned int first;
	unsigned int count;
	bool lost;			/* behind the last one there were more: none until then */
};

static const struct key_codes codes[KEYS] = {
	[KEY_ESC] = { "esc", 0x01, 0x76 },
	[KEY_1] = { "1", 0x02, 0x16 },
	[KEY_2] = { "2", 0x03, 0x1E },
	[KEY_3] = { "3", 0x04, 0x26 },
	[KEY_4] = { "4", 0x05, 0x25 },
	[KEY_5] = { "5", 0x06, 0x2E },
	[KEY_6] = { "6", 0x07, 0x36 },
	[KEY_7] = { "7", 0x08, 0x3D },
	[KEY_8] = { "8", 0x09, 0x3E },
	[KEY_9] = { "9", 0x0A, 0x46 },
	[KEY_0] = { "0", 0x0B, 0x45 },
	[KEY_MINUS] = { "minus", 0x0C, 0x4E },
	[KEY_EQUAL] = { "equal", 0x0D, 0x55 },
	[KEY_BACKSPACE] = { "backspace", 0x0E, 0x66 },
	[KEY_TAB] = { "tab", 0x0F, 0x0D },
	[KEY_Q] = { "q", 0x10, 0x15 },
	[KEY_W] = { "w", 0x11, 0x1D },
	[KEY_E] = { "e", 0x12, 0x24 },
	[KEY_R] = { "r", 0x13, 0x2D },
	[KEY_T] = { "t", 0x14, 0x2C },
	[KEY_Y] = { "y", 0x15, 0x35 },
	[KEY_U] = { "u", 0x16, 0x3C },
	[KEY_I] = { "i", 0x17, 0x43 },
	[KEY_O] = { "o", 0x18, 0x44 },
	[KEY_P] = { "p", 0x19, 0x4D },
	[KEY_BRACKET_LEFT] = { "bracket_left", 0x1A, 0x54 },
	[KEY_BRACKET_RIGHT] = { "bracket_right", 0x1B, 0x5B },
	[KEY_RET] = { "ret", 0x1C, 0x5A },
	[KEY_CTRL] = { "ctrl", 0x1D, 0x14 },
	[KEY_A] = { "a", 0x1E, 0x1C },
	[KEY_S] = { "s", 0x1F, 0x1B },
	[KEY_D] = { "d", 0x20, 0x23 },
	[KEY_F] = { "f", 0x21, 0x2B },
	[KEY_G] = { "g", 0x22, 0x34 },
	[KEY_H] = { "h", 0x23, 0x33 },
	[KEY_J] = { "j", 0x24, 0x3B },
	[KEY_K] = { "k", 0x25, 0x42 },
	[KEY_L] = { "l", 0x26, 0x4B },
	[KEY_SEMICOLON] = { "semicolon", 0x27, 0x4C },
	[KEY_APOSTROPHE] = { "apostrophe", 0x28, 0x52 },
	[KEY_GRAVE_ACCENT] = { "grave_accent", 0x29, 0x0E },
	[KEY_SHIFT] = { "shift", 0x2A, 0x12 },
	[KEY_BACKSLASH] = { "backslash", 0x2B, 0x5D },
	[KEY_Z] = { "z", 0x2C, 0x1A },
	[KEY_X] = { "x", 0x2D, 0x22 },
	[KEY_C] = { "c", 0x2E, 0x21 },
	[KEY_V] = { "v", 0x2F, 0x2A },
	[KEY_B] = { "b", 0x30, 0x32 },
	[KEY_N] = { "n", 0x31, 0x31 },
	[KEY_M] = { "m", 0x32, 0x3A },
	[KEY_COMMA] = { "comma", 0x33, 0x41 },
	[KEY_DOT] = { "dot", 0x34, 0x49 },
	[KEY_SLASH] = { "slash", 0x35, 0x4A },
	[KEY_SHIFT_R] = { "shift_r", 0x36, 0x59 },
	[KEY_KP_MULTIPLY] = { "kp_multiply", 0x37, 0x7C },
	[KEY_ALT] = { "alt", 0x38, 0x11 },
	[KEY_SPC] = { "spc", 0x39, 0x29 },
	[KEY_CAPS_LOCK] = { "caps_lock", 0x3A, 0x58 },
	[KEY_F1] = { "f1", 0x3B, 0x05 },
	[KEY_F2] = { "f2", 0x3C, 0x06 },
	[KEY_F3] = { "f3", 0x3D, 0x04 },
	[KEY_F4] = { "f4", 0x3E, 0x0C },
	[KEY_F5] = { "f5", 0x3F, 0x03 },
	[KEY_F6] = { "f6", 0x40, 0x0B },
	[KEY_F7] = { "f7", 0x41, 0x83 },
	[KEY_F8] = { "f8", 0x42, 0x0A },
	[KEY_F9] = { "f9", 0x43, 0x01 },
	[KEY_F10] = { "f10", 0x44, 0x09 },
	[KEY_F11] = { "f11", 0x57, 0x78 },
	[KEY_F12] = { "f12", 0x58, 0x07 },
	[KEY_NUM_LOCK] = { "num_lock", 0x45, 0x77 },
	[KEY_SCROLL_LOCK] = { "scroll_lock", 0x46, 0x7E },
	[KEY_KP_7] = { "kp_7", 0x47, 0x6C },
	[KEY_KP_8] = { "kp_8", 0x48, 0x75 },
	[KEY_KP_9] = { "kp_9", 0x49, 0x7D },
	[KEY_KP_SUBTRACT] = { "kp_subtract", 0x4A, 0x7B },
	[KEY_KP_4] = { "kp_4", 0x4B, 0x6B },
	[KEY_KP_5] = { "kp_5", 0x4C, 0x73 },
	[KEY_KP_6] = { "kp_6", 0x4D, 0x74 },
	[KEY_KP_ADD] = { "kp_add", 0x4E, 0x79 },
	[KEY_KP_1] = { "kp_1", 0x4F, 0x69 },
	[KEY_KP_2] = { "kp_2", 0x50, 0x72 },
	[KEY_KP_3] = { "kp_3", 0x51, 0x7A },
	[KEY_KP_0] = { "kp_0", 0x52, 0x70 },
	[KEY_KP_DECIMAL] = { "kp_decimal", 0x53, 0x71 },
	[KEY_LESS] = { "less", 0x56, 0x61 },
	[KEY_KP_ENTER] = { "kp_enter", 0x1C, 0x5A, true },
	[KEY_CTRL_R] = { "ctrl_r", 0x1D, 0x14, true },
	[KEY_KP_DIVIDE] = { "kp_divide", 0x35, 0x4A, true },
	[KEY_ALT_R] = { "alt_r", 0x38, 0x11, true },
	[KEY_HOME] = { "home", 0x47, 0x6C, true },
	[KEY_UP] = { "up", 0x48, 0x75, true },
	[KEY_PGUP] = { "pgup", 0x49, 0x7D, true },
	[KEY_LEFT] = { "left", 0x4B, 0x6B, true },
	[KEY_RIGHT] = { "right", 0x4D, 0x74, true },
	[KEY_END] = { "end", 0x4F, 0x69, true },
	[KEY_DOWN] = { "down", 0x50, 0x72, true },
	[KEY_PGDN] = { "pgdn", 0x51, 0x7A, true },
	[KEY_INSERT] = { "insert", 0x52, 0x70, true },
	[KEY_DELETE] = { "delete", 0x53, 0x71, true },
	[KEY_META_L] = { "meta_l", 0x5B, 0x1F, true },
	[KEY_META_R] = { "meta_r", 0x5C, 0x27, true },
	[KEY_MENU] = { "menu", 0x5D, 0x2F, true },
	[KEY_PRINT] = { "print", 0x37, 0x7C, true },
	[KEY_PAUSE] = { "pause", 0x45, 0x77, true },
};

/* Characters that are typed without shift and with it. */
static const struct {
	char plain;
	char shifted;
	enum key key;
} characters[] = {
	{ '`', '~', KEY_GRAVE_ACCENT }, { '1', '!', KEY_1 }, { '2', '@', KEY_2 },
	{ '3', '#', KEY_3 }, { '4', '$', KEY_4 }, { '5', '%', KEY_5 }, { '6', '^', KEY_6 },
	{ '7', '&', KEY_7 }, { '8', '*', KEY_8 }, { '9', '(', KEY_9 }, { '0', ')', KEY_0 },
	{ '-', '_', KEY_MINUS }, { '=', '+', KEY_EQUAL }, { '[', '{', KEY_BRACKET_LEFT },
	{ ']', '}', KEY_BRACKET_RIGHT }, { '\\', '|', KEY_BACKSLASH },
	{ ';', ':', KEY_SEMICOLON }, { '\'', '"', KEY_APOSTROPHE }, { ',', '<', KEY_COMMA },
	{ '.', '>', KEY_DOT }, { '/', '?', KEY_SLASH }, { ' ', ' ', KEY_SPC },
	{ '\n', '\r', KEY_RET }, { '\t', '\t', KEY_TAB }, { '\b', '\x7F', KEY_BACKSPACE },
	{ '\x1B', '\x1B', KEY_ESC },
};

const struct key_codes *key_codes(enum key key)
{
	return &codes[key];
}

enum key key_named(const char *name)
{
	for (unsigned int key = KEY_NONE + 1; key < KEYS; key++)
		if (!strcmp(codes[key].name, name))
			return (enum key)key;
	return KEY_NONE;
}

/* Letters are keys by their own names. */
static enum key letter_key(char letter)
{
	const char name[] = { letter, '\0' };

	return key_named(name);
}

enum key key_of_character(char character, bool *shift)
{
	*shift = character >= 'A' && character <= 'Z';
	if (*shift)
		return letter_key((char)(character - 'A' + 'a'));
	if (character >= 'a' && character <= 'z')
		return letter_key(character);
	for (size_t i = 0; i < ARRAY_SIZE(characters); i++) {
		if (characters[i].plain != character && characters[i].shifted != character)
			continue;
		/* Control characters have no shift: both columns are the plain key. */
		*shift = characters[i].plain != character && character > ' ' && character < 0x7F;
		return characters[i].key;
	}
	return KEY_NONE;
}

int keyboard_create(struct keyboard **out, struct works *works)
{
	struct keyboard *keyboard = calloc(1, sizeof(*keyboard));

	if (!keyboard)
		return -ENOMEM;
	inbox_init(&keyboard->inbox, works);
	*out = keyboard;
	return 0;
}

void keyboard_destroy(struct keyboard *keyboard)
{
	if (!keyboard)
		return;
	inbox_fini(&keyboard->inbox);
	free(keyboard);
}

/* With the lock held. Returns whether there was room. */
static bool append(struct keyboard *keyboard, enum key key, bool pressed)
{
	unsigned int last = (keyboard->first + keyboard->count) % KEYBOARD_EVENTS;

	/* What was lost is told before what came later. */
	keyboard->lost |= keyboard->count == KEYBOARD_EVENTS;
	if (keyboard->lost)
		return false;
	keyboard->events[last] = (struct key_event){ .key = key, .pressed = pressed };
	keyboard->count++;
	return true;
}

bool keyboard_send(struct keyboard *keyboard, enum key key, enum key_action action)
{
	bool took = true;

	pthread_mutex_lock(&keyboard->inbox.lock);
	/* A key held down would else go on long after it has been released. */
	if (action != KEY_REPEATED || !(keyboard->count || keyboard->inbox.unread))
		took = append(keyboard, key, action != KEY_RELEASED);
	pthread_mutex_unlock(&keyboard->inbox.lock);
	inbox_post(&keyboard->inbox);
	return took;
}

void keyboard_on_drained(struct keyboard *keyboard, void (*fn)(void *self), void *self)
{
	inbox_on_drained(&keyboard->inbox, fn, self);
}

void keyboard_connect(struct keyboard *keyboard, void (*fn)(void *self), void *self)
{
	inbox_connect(&keyboard->inbox, fn, self);
}

/* With the lock held. */
static bool take(void *self, void *part)
{
	struct keyboard *keyboard = self;
	struct key_event *event = part;

	if (keyboard->count) {
		*event = keyboard->events[keyboard->first];
		keyboard->first = (keyboard->first + 1) % KEYBOARD_EVENTS;
		keyboard->count--;
		return true;
	}
	if (!keyboard->lost)
		return false;
	*event = (struct key_event){ .key = KEY_NONE };
	keyboard->lost = false;
	return true;
}

bool keyboard_next(struct keyboard *keyboard, struct key_event *event)
{
	return inbox_next(&keyboard->inbox, take, keyboard, event);
}
