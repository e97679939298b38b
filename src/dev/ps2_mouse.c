/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ps2_mouse.c - the mouse's commands and packets, see ps2_mouse.h. */
#include "dev/ps2_mouse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"

#define SCALING_1_1	0xE6u
#define SCALING_2_1	0xE7u
#define SET_RESOLUTION	0xE8u
#define READ_STATUS	0xE9u
#define STREAM_MODE	0xEAu
#define READ_DATA	0xEBu
#define RESET_WRAP	0xECu
#define WRAP_MODE	0xEEu
#define REMOTE_MODE	0xF0u
#define NO_COMMAND	0u

#define ERROR		0xFCu	/* the second wrong byte in a row */

#define ID_STANDARD	0x00u
#define ID_WHEEL	0x03u

#define RESOLUTION_MAX	3u	/* 8 counts a millimetre */
#define RATES		3u	/* the last ones that were set */

#define STATUS_RIGHT	(1u << 0)
#define STATUS_MIDDLE	(1u << 1)
#define STATUS_LEFT	(1u << 2)
#define STATUS_SCALING	(1u << 4)
#define STATUS_ENABLED	(1u << 5)
#define STATUS_REMOTE	(1u << 6)

#define PACKET_ALWAYS	(1u << 3)	/* set in each first byte */
#define PACKET_X_SIGN	(1u << 4)
#define PACKET_Y_SIGN	(1u << 5)
#define PACKET_BYTES	4u		/* the last one with a wheel only */

struct ps2_mouse {
	struct ps2 ps2;
	struct mouse *source;		/* NULL: nobody moves it */
	uint8_t buttons;		/* as the guest was told last */
	bool reporting;
	bool remote;
	bool wrap;
	bool scaling;
	bool wrong;			/* the last byte was */
	uint8_t resolution;
	uint8_t rate[RATES];		/* the last one first */
	uint8_t id;
	uint8_t command;		/* that waits for its argument */
};

static void report(struct ps2_mouse *mouse, bool on)
{
	mouse->reporting = on;
	if (mouse->source)
		mouse_want(mouse->source, on);
}

/* All but the ID, which only a reset takes back. */
static void set_defaults(struct ps2_mouse *mouse)
{
	report(mouse, false);
	mouse->remote = false;
	mouse->scaling = false;
	mouse->resolution = 2;
	mouse->rate[0] = 100;
}

static void power_on(struct ps2_mouse *mouse)
{
	ps2_clear(&mouse->ps2);
	set_defaults(mouse);
	mouse->wrap = false;
	mouse->wrong = false;
	mouse->command = NO_COMMAND;
	mouse->id = ID_STANDARD;
	mouse->buttons = 0;
	memset(mouse->rate + 1, 0, RATES - 1);
}

static void reply(struct ps2_mouse *mouse, const uint8_t *bytes, unsigned int count)
{
	static const uint8_t ack = PS2_ACK;

	ps2_reply(&mouse->ps2, &ack, 1);
	ps2_reply(&mouse->ps2, bytes, count);
}

/* --- commands; those without a reply of their own are just acknowledged --- */

static void reset(struct ps2_mouse *mouse)
{
	static const uint8_t passed[] = { PS2_BAT_PASSED, ID_STANDARD };

	power_on(mouse);
	reply(mouse, passed, sizeof(passed));
}

static void resend(struct ps2_mouse *mouse)
{
	ps2_resend(&mouse->ps2);
}

static void defaults(struct ps2_mouse *mouse)
{
	set_defaults(mouse);
	reply(mouse, NULL, 0);
}

static void set_reporting(struct ps2_mouse *mouse, bool on)
{
	report(mouse, on);
	reply(mouse, NULL, 0);
}

static void disable(struct ps2_mouse *mouse)
{
	set_reporting(mouse, false);
}

static void enable(struct ps2_mouse *mouse)
{
	set_reporting(mouse, true);
}

static void read_id(struct ps2_mouse *mouse)
{
	reply(mouse, &mouse->id, 1);
}

static void set_remote(struct ps2_mouse *mouse, bool on)
{
	mouse->remote = on;
	reply(mouse, NULL, 0);
}

static void remote_mode(struct ps2_mouse *mouse)
{
	set_remote(mouse, true);
}

static void stream_mode(struct ps2_mouse *mouse)
{
	set_remote(mouse, false);
}

static void wrap_mode(struct ps2_mouse *mouse)
{
	mouse->wrap = true;
	reply(mouse, NULL, 0);
}

static void reset_wrap(struct ps2_mouse *mouse)
{
	mouse->wrap = false;
	reply(mouse, NULL, 0);
}

/* Returns how many bytes it has. A PS/2 mouse counts upwards. */
static unsigned int make_packet(const struct ps2_mouse *mouse, const struct mouse_motion *motion,
				uint8_t packet[PACKET_BYTES])
{
	packet[0] = (uint8_t)(PACKET_ALWAYS | motion->buttons |
			      (motion->dx < 0 ? PACKET_X_SIGN : 0) |
			      (motion->dy > 0 ? PACKET_Y_SIGN : 0));
	packet[1] = (uint8_t)motion->dx;
	packet[2] = (uint8_t)-motion->dy;
	packet[3] = (uint8_t)motion->wheel;
	return mouse->id == ID_WHEEL ? PACKET_BYTES : PACKET_BYTES - 1;
}

/* Where nothing has moved, the packet says so. */
static void read_data(struct ps2_mouse *mouse)
{
	struct mouse_motion motion = { .buttons = mouse->buttons };
	uint8_t packet[PACKET_BYTES];

	if (mouse->source && mouse_next(mouse->source, &motion))
		mouse->buttons = motion.buttons;
	reply(mouse, packet, make_packet(mouse, &motion, packet));
}

/* Whether the guest's kind of mouse has something to tell of it. */
static bool tells(const struct ps2_mouse *mouse, const struct mouse_motion *motion)
{
	return motion->dx || motion->dy || motion->buttons != mouse->buttons ||
	       (motion->wheel && mouse->id == ID_WHEEL);
}

static void mouse_refill(struct ps2 *ps2)
{
	struct ps2_mouse *mouse = (struct ps2_mouse *)ps2;
	struct mouse_motion motion;
	uint8_t packet[PACKET_BYTES];

	if (!mouse->source || !mouse->reporting || mouse->remote || mouse->wrap)
		return;
	while (!ps2->data.count && mouse_next(mouse->source, &motion)) {
		if (tells(mouse, &motion))
			ps2_send(ps2, packet, make_packet(mouse, &motion, packet));
		mouse->buttons = motion.buttons;
	}
}

static void moved(void *self)
{
	struct ps2_mouse *mouse = self;

	ps2_ready(&mouse->ps2);
}

static void read_status(struct ps2_mouse *mouse)
{
	const uint8_t status[] = {
		(uint8_t)((mouse->buttons & MOUSE_RIGHT ? STATUS_RIGHT : 0) |
			  (mouse->buttons & MOUSE_MIDDLE ? STATUS_MIDDLE : 0) |
			  (mouse->buttons & MOUSE_LEFT ? STATUS_LEFT : 0) |
			  (mouse->scaling ? STATUS_SCALING : 0) |
			  (mouse->reporting ? STATUS_ENABLED : 0) |
			  (mouse->remote ? STATUS_REMOTE : 0)),
		mouse->resolution, mouse->rate[0],
	};

	reply(mouse, status, sizeof(status));
}

static void set_scaling(struct ps2_mouse *mouse, bool on)
{
	mouse->scaling = on;
	reply(mouse, NULL, 0);
}

static void scaling_1_1(struct ps2_mouse *mouse)
{
	set_scaling(mouse, false);
}

static void scaling_2_1(struct ps2_mouse *mouse)
{
	set_scaling(mouse, true);
}

static void acknowledge(struct ps2_mouse *mouse)
{
	reply(mouse, NULL, 0);
}

/* Arguments; return whether they can be. */

static bool set_resolution(struct ps2_mouse *mouse, uint8_t argument)
{
	if (argument <= RESOLUTION_MAX)
		mouse->resolution = argument;
	return argument <= RESOLUTION_MAX;
}

/* Rates of 200, 100 and 80 in a row are how a guest asks for the wheel. */
static bool set_rate(struct ps2_mouse *mouse, uint8_t argument)
{
	static const uint8_t rates[] = { 10, 20, 40, 60, 80, 100, 200 };
	static const uint8_t wheel[RATES] = { 80, 100, 200 };

	if (!memchr(rates, argument, sizeof(rates)))
		return false;
	memmove(mouse->rate + 1, mouse->rate, RATES - 1);
	mouse->rate[0] = argument;
	if (!memcmp(mouse->rate, wheel, RATES))
		mouse->id = ID_WHEEL;
	return true;
}

static const struct command {
	uint8_t code;
	void (*execute)(struct ps2_mouse *mouse);
	bool (*argument)(struct ps2_mouse *mouse, uint8_t argument);
} commands[] = {
	{ SCALING_1_1, scaling_1_1, NULL },
	{ SCALING_2_1, scaling_2_1, NULL },
	{ SET_RESOLUTION, acknowledge, set_resolution },
	{ READ_STATUS, read_status, NULL },
	{ STREAM_MODE, stream_mode, NULL },
	{ READ_DATA, read_data, NULL },
	{ RESET_WRAP, reset_wrap, NULL },
	{ WRAP_MODE, wrap_mode, NULL },
	{ REMOTE_MODE, remote_mode, NULL },
	{ PS2_READ_ID, read_id, NULL },
	{ PS2_SET_RATE, acknowledge, set_rate },
	{ PS2_ENABLE, enable, NULL },
	{ PS2_DISABLE, disable, NULL },
	{ PS2_DEFAULTS, defaults, NULL },
	{ PS2_RESEND, resend, NULL },
	{ PS2_RESET, reset, NULL },
};

static const struct command *command_of(uint8_t byte)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].code == byte)
			return &commands[i];
	return NULL;
}

static void refuse(struct ps2_mouse *mouse)
{
	const uint8_t answer = mouse->wrong ? ERROR : PS2_RESEND;

	if (mouse->wrong)
		mouse->command = NO_COMMAND;
	mouse->wrong = !mouse->wrong;
	ps2_reply(&mouse->ps2, &answer, 1);
}

static void take_argument(struct ps2_mouse *mouse, const struct command *command, uint8_t byte)
{
	if (!command->argument(mouse, byte)) {
		refuse(mouse);
		return;
	}
	mouse->command = NO_COMMAND;
	mouse->wrong = false;
	reply(mouse, NULL, 0);
}

static void mouse_receive(struct ps2 *ps2, uint8_t byte)
{
	struct ps2_mouse *mouse = (struct ps2_mouse *)ps2;
	const struct command *waiting = command_of(mouse->command);
	const struct command *command = command_of(byte);

	if (mouse->wrap && byte != PS2_RESET && byte != RESET_WRAP) {
		ps2_reply(ps2, &byte, 1);
	} else if (waiting && !command) {
		take_argument(mouse, waiting, byte);
	} else if (!command) {
		refuse(mouse);
	} else {
		mouse->wrong = false;
		mouse->command = command->argument ? byte : NO_COMMAND;
		command->execute(mouse);
	}
}

/* --- life --- */

static void ps2_mouse_reset(void *self)
{
	power_on(self);
}

struct ps2 *ps2_mouse_port(struct ps2_mouse *mouse)
{
	return &mouse->ps2;
}

int ps2_mouse_create(struct ps2_mouse **out, struct mouse *source)
{
	static const struct ps2_ops ops = { .receive = mouse_receive, .refill = mouse_refill };
	struct ps2_mouse *mouse = calloc(1, sizeof(*mouse));

	if (!mouse)
		return -ENOMEM;
	mouse->ps2.ops = &ops;
	mouse->source = source;
	power_on(mouse);
	if (source)
		mouse_connect(source, moved, mouse);
	*out = mouse;
	return 0;
}

static void ps2_mouse_destroy(void *self)
{
	struct ps2_mouse *mouse = self;

	if (mouse->source)
		mouse_connect(mouse->source, NULL, NULL);
	free(mouse);
}

const struct device_ops ps2_mouse_device = {
	.name = "mouse",
	.reset = ps2_mouse_reset,
	.fini = ps2_mouse_destroy,
};
