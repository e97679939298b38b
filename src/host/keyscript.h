/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keyscript.h - what is typed for the user, and when (--keys), as steps.
 *
 *   SCRIPT    := { CHARACTER | "<" ITEM ">" }
 *   ITEM      := KEY { "-" KEY } [ "*" COUNT ]    pressed together, COUNT times
 *              | "lt"                             the character <
 *              | "to" TARGET                      what follows is typed there
 *              | "mouse" DX DY [ WHEEL ]          moved to the right, down, towards the user
 *              | "button" BUTTON [ "down" | "up" ]    of the mouse; without: both
 *              | "power"                          the PC's power button is pressed
 *              | "wait" CONDITION                 condition.h
 *              | "wait" TIME                      of the guest
 *              | "wait" "quiet" TIME              the screen has not changed for that long
 *   TARGET    := "keyboard" | "serial" | "serial2"
 *   TIME      := NUMBER ( "s" | "ms" )
 *   BUTTON    := "left" | "right" | "middle"
 *
 * Words are separated by blanks. Line ends between items are not typed, so that a
 * script can be a file. KEY is the name of a key (keyboard.h) or a character that
 * a key has.
 */
#ifndef VMM_HOST_KEYSCRIPT_H
#define VMM_HOST_KEYSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/condition.h"
#include "host/keyboard.h"
#include "host/mouse.h"

#define CHORD_MAX 5u		/* keys at once; one of them is for the shift of a character */
#define LINE_BYTES_MAX 8u

enum step_kind {
	STEP_KEYS,
	STEP_BYTES,
	STEP_WAIT_TEXT,
	STEP_WAIT_TIME,
	STEP_WAIT_QUIET,
	STEP_MOUSE,
	STEP_POWER,
};

struct step {
	enum step_kind kind;
	unsigned int line;		/* where it is written, from 1; in characters */
	unsigned int column;
	unsigned int count;		/* of keys or bytes */
	union {
		enum key keys[CHORD_MAX];	/* in the order in which they are pressed */
		struct {
			unsigned int port;	/* 0: COM1, 1: COM2 */
			uint8_t bytes[LINE_BYTES_MAX];
		} serial;
		struct {
			int dx, dy, wheel;	/* as in struct mouse_motion */
			enum mouse_button button;	/* 0: none; else it goes: */
			bool down;
			bool up;		/* after that */
		} mouse;
		struct condition condition;
		uint64_t ns;
	};
};

struct keyscript {
	struct step *steps;
	size_t count;
	size_t room;
};

struct keyscript_error {
	unsigned int line;		/* from 1 */
	unsigned int column;		/* in characters, from 1 */
	char text[120];
};

/* Returns 0, or -EINVAL or -ENOMEM with *error set, and *script empty. */
int keyscript_parse(struct keyscript *script, const char *text, struct keyscript_error *error);
void keyscript_free(struct keyscript *script);

/* What a step waits for, as it is written: "screen:'login:'". */
void step_describe(const struct step *step, char *text, size_t size);

#endif
