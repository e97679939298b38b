/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ps2_keyboard.c - the keyboard's commands and what its keys send, see
 * ps2_keyboard.h.
 *
 * A byte that is no argument is a command, whatever was expected. Typematic
 * rate and lights are acknowledged and forgotten: repeats come from who presses
 * the keys.
 */
#include "dev/ps2_keyboard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/array.h"

#define SET_LIGHTS	0xEDu
#define ECHO		0xEEu
#define SCAN_SET	0xF0u
#define ALL_TYPEMATIC	0xF7u	/* to 0xFA: key types of set 3 */
#define ALL_TYPES_LAST	0xFAu
#define NO_COMMAND	0u
#define FIRST_COMMAND	0xEDu	/* no argument is as large */

#define SET_READ	0u	/* the argument of SCAN_SET that asks */
#define SET_1		1u
#define SET_2		2u

#define EXTENDED	0xE0u
#define BREAK_1		0x80u	/* set 1: or-ed to the code */
#define BREAK_2		0xF0u	/* set 2: comes before it */
#define OVERRUN_1	0xFFu
#define OVERRUN_2	0x00u

struct ps2_keyboard {
	struct ps2 ps2;
	struct keyboard *source;
	bool scanning;
	uint8_t set;
	uint8_t command;		/* that waits for its argument */
};

/* Keys that send more than a code, by set. */
static const struct special {
	enum key key;
	bool pressed;
	uint8_t length[2];
	uint8_t bytes[2][8];
} specials[] = {
	{ KEY_PRINT, true, { 4, 4 },
	  { { 0xE0, 0x2A, 0xE0, 0x37 }, { 0xE0, 0x12, 0xE0, 0x7C } } },
	{ KEY_PRINT, false, { 4, 6 },
	  { { 0xE0, 0xB7, 0xE0, 0xAA }, { 0xE0, 0xF0, 0x7C, 0xE0, 0xF0, 0x12 } } },
	{ KEY_PAUSE, true, { 6, 8 },
	  { { 0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5 },
	    { 0xE1, 0x14, 0x77, 0xE1, 0xF0, 0x14, 0xF0, 0x77 } } },
	{ KEY_PAUSE, false, { 0, 0 }, { { 0 }, { 0 } } },
};

static void set_defaults(struct ps2_keyboard *keyboard)
{
	keyboard->scanning = true;
	keyboard->command = NO_COMMAND;
	keyboard->set = SET_2;
}

static void reply(struct ps2_keyboard *keyboard, uint8_t byte)
{
	ps2_reply(&keyboard->ps2, &byte, 1);
}

/* --- commands --- */

static void reset(struct ps2_keyboard *keyboard)
{
	ps2_clear(&keyboard->ps2);
	set_defaults(keyboard);
	reply(keyboard, PS2_ACK);
	reply(keyboard, PS2_BAT_PASSED);
}

static void read_id(struct ps2_keyboard *keyboard)
{
	static const uint8_t id[] = { PS2_ACK, 0xAB, 0x83 };

	ps2_reply(&keyboard->ps2, id, sizeof(id));
}

static void echo(struct ps2_keyboard *keyboard)
{
	reply(keyboard, ECHO);
}

static void resend(struct ps2_keyboard *keyboard)
{
	ps2_resend(&keyboard->ps2);
}

static void enable(struct ps2_keyboard *keyboard)
{
	keyboard->scanning = true;
	reply(keyboard, PS2_ACK);
}

static void disable(struct ps2_keyboard *keyboard)
{
	set_defaults(keyboard);
	keyboard->scanning = false;
	reply(keyboard, PS2_ACK);
}

static void defaults(struct ps2_keyboard *keyboard)
{
	bool scanning = keyboard->scanning;

	set_defaults(keyboard);
	keyboard->scanning = scanning;
	reply(keyboard, PS2_ACK);
}

static void acknowledge(struct ps2_keyboard *keyboard)
{
	reply(keyboard, PS2_ACK);
}

static void scan_set(struct ps2_keyboard *keyboard, uint8_t argument)
{
	if (argument > SET_2) {
		reply(keyboard, PS2_RESEND);
		return;
	}
	reply(keyboard, PS2_ACK);
	if (argument == SET_READ)
		reply(keyboard, keyboard->set);
	else
		keyboard->set = argument;
}

static void accept(struct ps2_keyboard *keyboard, uint8_t argument)
{
	reply(keyboard, PS2_ACK);
}

static const struct command {
	uint8_t first;
	uint8_t last;
	void (*execute)(struct ps2_keyboard *keyboard);
	/* What comes next is its argument; NULL: it has none. */
	void (*argument)(struct ps2_keyboard *keyboard, uint8_t argument);
} commands[] = {
	{ SET_LIGHTS, SET_LIGHTS, acknowledge, accept },
	{ ECHO, ECHO, echo, NULL },
	{ SCAN_SET, SCAN_SET, acknowledge, scan_set },
	{ PS2_READ_ID, PS2_READ_ID, read_id, NULL },
	{ PS2_SET_RATE, PS2_SET_RATE, acknowledge, accept },
	{ PS2_ENABLE, PS2_ENABLE, enable, NULL },
	{ PS2_DISABLE, PS2_DISABLE, disable, NULL },
	{ PS2_DEFAULTS, PS2_DEFAULTS, defaults, NULL },
	{ ALL_TYPEMATIC, ALL_TYPES_LAST, acknowledge, NULL },
	{ PS2_RESEND, PS2_RESEND, resend, NULL },
	{ PS2_RESET, PS2_RESET, reset, NULL },
};

static const struct command *command_of(uint8_t byte)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (byte >= commands[i].first && byte <= commands[i].last)
			return &commands[i];
	return NULL;
}

static void keyboard_receive(struct ps2 *ps2, uint8_t byte)
{
	struct ps2_keyboard *keyboard = (struct ps2_keyboard *)ps2;
	const struct command *waiting = command_of(keyboard->command);
	const struct command *command = command_of(byte);

	keyboard->command = NO_COMMAND;
	if (waiting && byte < FIRST_COMMAND) {
		waiting->argument(keyboard, byte);
	} else if (!command) {
		reply(keyboard, PS2_RESEND);
	} else {
		command->execute(keyboard);
		keyboard->command = command->argument ? byte : NO_COMMAND;
	}
}

/* --- keys --- */

static void send_special(struct ps2_keyboard *keyboard, const struct special *special)
{
	unsigned int set = keyboard->set - SET_1;

	ps2_send(&keyboard->ps2, special->bytes[set], special->length[set]);
}

static void send_codes(struct ps2_keyboard *keyboard, const struct key_event *event)
{
	const struct key_codes *codes = key_codes(event->key);
	uint8_t bytes[3];
	unsigned int count = 0;

	if (codes->extended)
		bytes[count++] = EXTENDED;
	if (keyboard->set == SET_1) {
		bytes[count++] = codes->set1 | (event->pressed ? 0 : BREAK_1);
	} else {
		if (!event->pressed)
			bytes[count++] = BREAK_2;
		bytes[count++] = codes->set2;
	}
	ps2_send(&keyboard->ps2, bytes, count);
}

static void send_event(struct ps2_keyboard *keyboard, const struct key_event *event)
{
	uint8_t overrun = keyboard->set == SET_1 ? OVERRUN_1 : OVERRUN_2;

	if (event->key == KEY_NONE) {
		ps2_send(&keyboard->ps2, &overrun, 1);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(specials); i++) {
		if (specials[i].key != event->key || specials[i].pressed != event->pressed)
			continue;
		send_special(keyboard, &specials[i]);
		return;
	}
	send_codes(keyboard, event);
}

/* Until there is something to send: the release of a special key sends nothing. */
static void keyboard_refill(struct ps2 *ps2)
{
	struct ps2_keyboard *keyboard = (struct ps2_keyboard *)ps2;
	struct key_event event;

	if (!keyboard->source || !keyboard->scanning)
		return;
	while (!ps2->data.count && keyboard_next(keyboard->source, &event))
		send_event(keyboard, &event);
}

static void keys_arrived(void *self)
{
	struct ps2_keyboard *keyboard = self;

	ps2_ready(&keyboard->ps2);
}

/* --- life --- */

static void ps2_keyboard_reset(void *self)
{
	struct ps2_keyboard *keyboard = self;

	ps2_clear(&keyboard->ps2);
	set_defaults(keyboard);
}

struct ps2 *ps2_keyboard_port(struct ps2_keyboard *keyboard)
{
	return &keyboard->ps2;
}

int ps2_keyboard_create(struct ps2_keyboard **out, struct keyboard *source)
{
	static const struct ps2_ops ops = {
		.receive = keyboard_receive, .refill = keyboard_refill,
	};
	struct ps2_keyboard *keyboard = calloc(1, sizeof(*keyboard));

	if (!keyboard)
		return -ENOMEM;
	keyboard->ps2.ops = &ops;
	keyboard->source = source;
	set_defaults(keyboard);
	if (source)
		keyboard_connect(source, keys_arrived, keyboard);
	*out = keyboard;
	return 0;
}

static void ps2_keyboard_destroy(void *self)
{
	struct ps2_keyboard *keyboard = self;

	if (keyboard->source)
		keyboard_connect(keyboard->source, NULL, NULL);
	free(keyboard);
}

const struct device_ops ps2_keyboard_device = {
	.name = "keyboard",
	.reset = ps2_keyboard_reset,
	.fini = ps2_keyboard_destroy,
};
