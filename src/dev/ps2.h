/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ps2.h - what keyboard and mouse have in common, as the keyboard controller
 * sees them: bytes go to the device, and bytes come from it, replies to
 * commands before what has happened (IBM PS/2 Technical Reference, keyboards and
 * mouse).
 */
#ifndef VMM_DEV_PS2_H
#define VMM_DEV_PS2_H

#include <stdbool.h>
#include <stdint.h>

#define PS2_QUEUE 16u	/* bytes */

/* Replies and commands that both devices know. */
#define PS2_ACK		0xFAu
#define PS2_BAT_PASSED	0xAAu
#define PS2_RESEND	0xFEu	/* a reply, and a command */
#define PS2_RESET	0xFFu	/* commands */
#define PS2_DEFAULTS	0xF6u
#define PS2_DISABLE	0xF5u
#define PS2_ENABLE	0xF4u
#define PS2_SET_RATE	0xF3u
#define PS2_READ_ID	0xF2u

struct ps2_queue {
	uint8_t bytes[PS2_QUEUE];
	unsigned int first;
	unsigned int count;
};

struct ps2;

struct ps2_ops {
	/* A byte from the controller. */
	void (*receive)(struct ps2 *ps2, uint8_t byte);
	/* The guest has read all that was sent: the device may queue more. NULL: it has none. */
	void (*refill)(struct ps2 *ps2);
};

/* One device: the first member of its own struct. The fields are ps2.c's. */
struct ps2 {
	const struct ps2_ops *ops;
	struct ps2_queue replies;
	struct ps2_queue data;
	uint8_t last;			/* the byte sent last, for RESEND */
	void (*ready)(void *self);	/* the controller's */
	void *ready_self;
};

/* --- for the device --- */

/* Empties the queues. */
void ps2_clear(struct ps2 *ps2);

/* Puts bytes into a queue. Returns false, with none of them queued, where there is no room. */
bool ps2_reply(struct ps2 *ps2, const uint8_t *bytes, unsigned int count);
bool ps2_send(struct ps2 *ps2, const uint8_t *bytes, unsigned int count);

/* The byte that was sent last, again. */
void ps2_resend(struct ps2 *ps2);

/* Tells the controller that there may be something, outside of its own calls. */
void ps2_ready(struct ps2 *ps2);

/* --- for the controller --- */

/* fn is called by ps2_ready(). */
void ps2_connect(struct ps2 *ps2, void (*fn)(void *self), void *self);

void ps2_receive(struct ps2 *ps2, uint8_t byte);

/*
 * Takes the next byte, when the guest has read all before. Returns false where there
 * is none.
 */
bool ps2_take(struct ps2 *ps2, uint8_t *byte);

#endif
