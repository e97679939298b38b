/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mouse.h - where the mouse's movements come from: a queue between whoever
 * moves it (the window, a script) and the mouse that the guest sees.
 *
 * Movements add up until the guest takes them; a button that changes is a
 * movement of its own, so that no click is lost, however slow the guest.
 */
#ifndef VMM_HOST_MOUSE_H
#define VMM_HOST_MOUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/work.h"

/* The bits of a PS/2 packet's first byte. */
enum mouse_button {
	MOUSE_LEFT = 1,
	MOUSE_RIGHT = 2,
	MOUSE_MIDDLE = 4,
};

#define MOUSE_FAR	32767	/* what adds up is this at most, either way */
#define MOUSE_STEP	255	/* what the guest gets at once */
#define MOUSE_WHEEL_STEP 7

struct mouse_motion {
	int dx;			/* counts to the right */
	int dy;			/* downwards */
	int wheel;		/* notches, towards the user */
	uint8_t buttons;	/* that are down: enum mouse_button */
};

struct mouse;

/* As many changes of buttons wait; of more, the last state alone. */
#define MOUSE_EVENTS 64u

/* works: of the vCPU's thread. Returns 0 or -ENOMEM. The caller owns *mouse. */
int mouse_create(struct mouse **mouse, struct works *works);

/* When the guest's mouse and works have ended, as a machine's do. NULL is fine. */
void mouse_destroy(struct mouse *mouse);

/* --- from any thread --- */

/* In the units of struct mouse_motion. */
void mouse_move(struct mouse *mouse, int dx, int dy, int wheel);
void mouse_press(struct mouse *mouse, enum mouse_button button, bool down);

/* Whether the guest has its mouse tell of what moves. */
bool mouse_is_wanted(struct mouse *mouse);

/*
 * --- from the vCPU's thread, or before the run ---
 * fn is called in the vCPU's thread whenever the guest has read all that was
 * sent; it may send more.
 */
void mouse_on_drained(struct mouse *mouse, void (*fn)(void *self), void *self);

/* --- the guest's mouse; vCPU's thread --- */

/* fn is called when something has come in. */
void mouse_connect(struct mouse *mouse, void (*fn)(void *self), void *self);

void mouse_want(struct mouse *mouse, bool wanted);

/*
 * The guest has read all before. Takes the next part, of MOUSE_STEP and
 * MOUSE_WHEEL_STEP either way at most; returns false where there is none.
 */
bool mouse_next(struct mouse *mouse, struct mouse_motion *motion);

#endif
