/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * i8042.c - the keyboard controller, see i8042.h.
 *
 * The output buffer holds one byte. When the guest has read it, the next one
 * comes in: the controller's own answer to a command first, then what the devices
 * have, unless the guest has switched them off.
 */
#include "dev/i8042.h"

#include <errno.h>
#include <stdlib.h>

#include "core/array.h"

/* Status register. */
#define STATUS_OBF	(1u << 0)	/* output buffer full */
#define STATUS_SYSTEM	(1u << 2)	/* as in the configuration byte */
#define STATUS_COMMAND	(1u << 3)	/* the last write was to port 0x64 */
#define STATUS_UNLOCKED	(1u << 4)
#define STATUS_AUX	(1u << 5)	/* the byte is the mouse's */

/* Configuration byte: byte 0 of the controller's RAM. */
#define CONFIG_KEYBOARD_IRQ	(1u << 0)
#define CONFIG_MOUSE_IRQ	(1u << 1)
#define CONFIG_SYSTEM		(1u << 2)
#define CONFIG_KEYBOARD_OFF	(1u << 4)
#define CONFIG_MOUSE_OFF	(1u << 5)
#define CONFIG_TRANSLATE	(1u << 6)
#define CONFIG_RESET	(CONFIG_KEYBOARD_IRQ | CONFIG_SYSTEM | CONFIG_MOUSE_OFF | CONFIG_TRANSLATE)

/* Output port. */
#define OUTPUT_RUNS		(1u << 0)	/* low: the processor is reset */
#define OUTPUT_A20		(1u << 1)
#define OUTPUT_KEYBOARD_FULL	(1u << 4)	/* the interrupt lines */
#define OUTPUT_MOUSE_FULL	(1u << 5)
#define OUTPUT_STORED		0xCFu
#define OUTPUT_RESET		0xCDu

/* Commands; those of a range: the first. */
#define READ_RAM		0x20u	/* 32 of them */
#define WRITE_RAM		0x60u	/* 32 of them */
#define RAM_ADDRESS		0x1Fu
#define TEST_PASSWORD		0xA4u
#define MOUSE_DISABLE		0xA7u
#define MOUSE_ENABLE		0xA8u
#define MOUSE_TEST		0xA9u
#define SELF_TEST		0xAAu
#define KEYBOARD_TEST		0xABu
#define KEYBOARD_DISABLE	0xADu
#define KEYBOARD_ENABLE		0xAEu
#define READ_INPUT_PORT		0xC0u
#define READ_OUTPUT_PORT	0xD0u
#define WRITE_OUTPUT_PORT	0xD1u
#define WRITE_KEYBOARD_BUFFER	0xD2u
#define WRITE_MOUSE_BUFFER	0xD3u
#define WRITE_MOUSE		0xD4u
#define A20_OFF			0xDDu
#define A20_ON			0xDFu
#define READ_TEST_INPUTS	0xE0u
#define PULSE			0xF0u	/* 16 of them: the bits that are clear */

#define NO_PASSWORD		0xF1u
#define SELF_TEST_PASSED	0x55u
#define PORT_TEST_PASSED	0x00u
#define INPUT_PORT		0x80u	/* the keyboard is not locked */
#define TEST_INPUTS		0x00u	/* both clocks are low */

#define BREAK		0xF0u	/* of set 2: the next code is a release */
#define RELEASED	0x80u	/* or-ed to a code of set 1 */

#define RAM_SIZE	32u

enum {
	KEYBOARD,
	MOUSE,
	PORTS,
};

struct i8042 {
	struct i8042_wires wires;
	uint8_t ram[RAM_SIZE];		/* byte 0: the configuration */
	uint8_t output_port;
	uint8_t command;		/* that waits for its byte at port 0x60; 0: none */
	bool wrote_command;		/* the last write was to port 0x64 */

	/* The output buffer. */
	bool full;
	unsigned int from;		/* whose byte it is */
	uint8_t data;
	/* A byte that the controller puts into it next. */
	bool answering;
	unsigned int answer_from;
	uint8_t answer;

	bool released;			/* translation has seen BREAK */
};

/*
 * What an 8042 makes of set 2, for codes below 0x80. Two more are in
 * i8042_translate(); all others are left as they are.
 */
static const uint8_t translation[] = {
	0xFF, 0x43, 0x41, 0x3F, 0x3D, 0x3B, 0x3C, 0x58,
	0x64, 0x44, 0x42, 0x40, 0x3E, 0x0F, 0x29, 0x59,
	0x65, 0x38, 0x2A, 0x70, 0x1D, 0x10, 0x02, 0x5A,
	0x66, 0x71, 0x2C, 0x1F, 0x1E, 0x11, 0x03, 0x5B,
	0x67, 0x2E, 0x2D, 0x20, 0x12, 0x05, 0x04, 0x5C,
	0x68, 0x39, 0x2F, 0x21, 0x14, 0x13, 0x06, 0x5D,
	0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5E,
	0x6A, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5F,
	0x6B, 0x33, 0x25, 0x17, 0x18, 0x0B, 0x0A, 0x60,
	0x6C, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0C, 0x61,
	0x6D, 0x73, 0x28, 0x74, 0x1A, 0x0D, 0x62, 0x6E,
	0x3A, 0x36, 0x1C, 0x1B, 0x75, 0x2B, 0x63, 0x76,
	0x55, 0x56, 0x77, 0x78, 0x79, 0x7A, 0x0E, 0x7B,
	0x7C, 0x4F, 0x7D, 0x4B, 0x47, 0x7E, 0x7F, 0x6F,
	0x52, 0x53, 0x50, 0x4C, 0x4D, 0x48, 0x01, 0x45,
	0x57, 0x4E, 0x51, 0x4A, 0x37, 0x49, 0x46, 0x54,
};

#define F7_SET_2	0x83u
#define F7_SET_1	0x41u
#define SYSRQ_SET_2	0x84u
#define SYSRQ_SET_1	0x54u

uint8_t i8042_translate(uint8_t byte)
{
	if (byte < sizeof(translation))
		return translation[byte];
	if (byte == F7_SET_2)
		return F7_SET_1;
	return byte == SYSRQ_SET_2 ? SYSRQ_SET_1 : byte;
}

/* --- the output buffer --- */

static bool is_on(const struct i8042 *i8042, unsigned int port)
{
	return !(i8042->ram[0] & (port == KEYBOARD ? CONFIG_KEYBOARD_OFF : CONFIG_MOUSE_OFF));
}

static void drive_irqs(struct i8042 *i8042)
{
	bool keyboard = i8042->full && i8042->from == KEYBOARD;
	bool mouse = i8042->full && i8042->from == MOUSE;

	irq_set(i8042->wires.keyboard_irq, keyboard && is_on(i8042, KEYBOARD) &&
					   i8042->ram[0] & CONFIG_KEYBOARD_IRQ);
	irq_set(i8042->wires.mouse_irq, mouse && i8042->ram[0] & CONFIG_MOUSE_IRQ);
}

static void fill(struct i8042 *i8042, unsigned int from, uint8_t byte)
{
	i8042->full = true;
	i8042->from = from;
	i8042->data = byte;
}

/* A byte of the keyboard for the guest. Returns false where there is none. */
static bool take_from_keyboard(struct i8042 *i8042, uint8_t *byte)
{
	while (ps2_take(i8042->wires.keyboard, byte)) {
		bool released = i8042->released;

		if (!(i8042->ram[0] & CONFIG_TRANSLATE))
			return true;
		i8042->released = *byte == BREAK;
		if (i8042->released)
			continue;
		*byte = i8042_translate(*byte) | (released ? RELEASED : 0);
		return true;
	}
	return false;
}

/* The output buffer's next byte, where it is empty; then the lines. */
static void update(struct i8042 *i8042)
{
	uint8_t byte;

	if (!i8042->full && i8042->answering) {
		i8042->answering = false;
		fill(i8042, i8042->answer_from, i8042->answer);
	}
	if (!i8042->full && is_on(i8042, KEYBOARD) && take_from_keyboard(i8042, &byte))
		fill(i8042, KEYBOARD, byte);
	if (!i8042->full && is_on(i8042, MOUSE) && ps2_take(i8042->wires.mouse, &byte))
		fill(i8042, MOUSE, byte);
	drive_irqs(i8042);
}

static void devices_ready(void *self)
{
	update(self);
}

static void answer(struct i8042 *i8042, unsigned int from, uint8_t byte)
{
	i8042->answering = true;
	i8042->answer_from = from;
	i8042->answer = byte;
}

/* --- the output port --- */

static void write_output_port(struct i8042 *i8042, uint8_t value)
{
	i8042->output_port = value & OUTPUT_STORED;
	a20_set(i8042->wires.a20, A20_KEYBOARD_CONTROLLER, value & OUTPUT_A20);
	if (!(value & OUTPUT_RUNS))
		run_reset(i8042->wires.run, "keyboard controller, output port");
}

static uint8_t read_output_port(const struct i8042 *i8042)
{
	unsigned int full = i8042->from == KEYBOARD ? OUTPUT_KEYBOARD_FULL : OUTPUT_MOUSE_FULL;

	return (uint8_t)(i8042->output_port | (i8042->full ? full : 0));
}

/* --- commands without and with a byte at port 0x60 --- */

static void configure(struct i8042 *i8042, uint8_t set, uint8_t clear)
{
	i8042->ram[0] = (i8042->ram[0] & ~clear) | set;
}

/* Commands that only answer, with what does not depend on anything. */
static const struct {
	uint8_t command;
	uint8_t answer;
} constant_answers[] = {
	{ TEST_PASSWORD, NO_PASSWORD },
	{ MOUSE_TEST, PORT_TEST_PASSED },
	{ SELF_TEST, SELF_TEST_PASSED },
	{ KEYBOARD_TEST, PORT_TEST_PASSED },
	{ READ_INPUT_PORT, INPUT_PORT },
	{ READ_TEST_INPUTS, TEST_INPUTS },
};

/* Commands that set and clear bits of the configuration. */
static const struct {
	uint8_t command;
	uint8_t set;
	uint8_t clear;
} configuring[] = {
	{ MOUSE_DISABLE, CONFIG_MOUSE_OFF, 0 },
	{ MOUSE_ENABLE, 0, CONFIG_MOUSE_OFF },
	{ SELF_TEST, CONFIG_SYSTEM, 0 },
	{ KEYBOARD_DISABLE, CONFIG_KEYBOARD_OFF, 0 },
	{ KEYBOARD_ENABLE, 0, CONFIG_KEYBOARD_OFF },
};

static void execute_simple(struct i8042 *i8042, uint8_t command)
{
	for (size_t i = 0; i < ARRAY_SIZE(configuring); i++)
		if (configuring[i].command == command)
			configure(i8042, configuring[i].set, configuring[i].clear);
	for (size_t i = 0; i < ARRAY_SIZE(constant_answers); i++)
		if (constant_answers[i].command == command)
			answer(i8042, KEYBOARD, constant_answers[i].answer);
}

static void execute(struct i8042 *i8042, uint8_t command)
{
	i8042->command = 0;
	switch (command) {
	case READ_RAM ... READ_RAM + RAM_ADDRESS:
		answer(i8042, KEYBOARD, i8042->ram[command & RAM_ADDRESS]);
		break;
	case WRITE_RAM ... WRITE_RAM + RAM_ADDRESS:
	case WRITE_OUTPUT_PORT ... WRITE_MOUSE:
		i8042->command = command;
		break;
	case READ_OUTPUT_PORT:
		answer(i8042, KEYBOARD, read_output_port(i8042));
		break;
	case A20_OFF:
		write_output_port(i8042, i8042->output_port & ~OUTPUT_A20);
		break;
	case A20_ON:
		write_output_port(i8042, i8042->output_port | OUTPUT_A20);
		break;
	case PULSE ... PULSE | 0x0F:
		if (!(command & OUTPUT_RUNS))
			run_reset(i8042->wires.run, "keyboard controller, command 0xFE");
		break;
	default:
		execute_simple(i8042, command);
		break;
	}
}

/* Whoever is spoken to is switched on by that. */
static void send(struct i8042 *i8042, unsigned int port, uint8_t byte)
{
	if (port == KEYBOARD) {
		configure(i8042, 0, CONFIG_KEYBOARD_OFF);
		i8042->released = false;
		ps2_receive(i8042->wires.keyboard, byte);
	} else {
		configure(i8042, 0, CONFIG_MOUSE_OFF);
		ps2_receive(i8042->wires.mouse, byte);
	}
}

static void take_byte(struct i8042 *i8042, uint8_t byte)
{
	uint8_t command = i8042->command;

	i8042->command = 0;
	switch (command) {
	case 0:
		send(i8042, KEYBOARD, byte);
		break;
	case WRITE_OUTPUT_PORT:
		write_output_port(i8042, byte);
		break;
	case WRITE_KEYBOARD_BUFFER:
		answer(i8042, KEYBOARD, byte);
		break;
	case WRITE_MOUSE_BUFFER:
		answer(i8042, MOUSE, byte);
		break;
	case WRITE_MOUSE:
		send(i8042, MOUSE, byte);
		break;
	default:
		i8042->ram[command & RAM_ADDRESS] = byte;
		break;
	}
}

/* --- ports --- */

static uint64_t data_read(void *self, uint64_t offset, unsigned int size)
{
	struct i8042 *i8042 = self;
	uint8_t byte = i8042->data;

	/* The line falls, so that the next byte is another edge. */
	i8042->full = false;
	drive_irqs(i8042);
	update(i8042);
	return byte;
}

static void data_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct i8042 *i8042 = self;

	i8042->wrote_command = false;
	take_byte(i8042, (uint8_t)value);
	update(i8042);
}

static uint64_t status_read(void *self, uint64_t offset, unsigned int size)
{
	const struct i8042 *i8042 = self;
	unsigned int status = STATUS_UNLOCKED | (i8042->ram[0] & CONFIG_SYSTEM);

	if (i8042->full)
		status |= STATUS_OBF | (i8042->from == MOUSE ? STATUS_AUX : 0);
	return status | (i8042->wrote_command ? STATUS_COMMAND : 0);
}

static void command_write(void *self, uint64_t offset, unsigned int size, uint64_t value)
{
	struct i8042 *i8042 = self;

	i8042->wrote_command = true;
	execute(i8042, (uint8_t)value);
	update(i8042);
}

const struct bus_ops i8042_data_ops = {
	.sizes = BUS_SIZE_1,
	.read = data_read,
	.write = data_write,
};

const struct bus_ops i8042_command_ops = {
	.sizes = BUS_SIZE_1,
	.read = status_read,
	.write = command_write,
};

/* --- life --- */

static void i8042_reset(void *self)
{
	struct i8042 *i8042 = self;

	*i8042 = (struct i8042){
		.wires = i8042->wires, .ram = { CONFIG_RESET }, .output_port = OUTPUT_RESET,
		.wrote_command = true,
	};
	a20_set(i8042->wires.a20, A20_KEYBOARD_CONTROLLER, OUTPUT_RESET & OUTPUT_A20);
	drive_irqs(i8042);
}

int i8042_create(struct i8042 **out, const struct i8042_wires *wires)
{
	struct i8042 *i8042 = calloc(1, sizeof(*i8042));

	if (!i8042)
		return -ENOMEM;
	i8042->wires = *wires;
	ps2_connect(wires->keyboard, devices_ready, i8042);
	ps2_connect(wires->mouse, devices_ready, i8042);
	i8042_reset(i8042);
	*out = i8042;
	return 0;
}

static void i8042_destroy(void *self)
{
	struct i8042 *i8042 = self;

	ps2_connect(i8042->wires.keyboard, NULL, NULL);
	ps2_connect(i8042->wires.mouse, NULL, NULL);
	free(i8042);
}

const struct device_ops i8042_device = {
	.name = "i8042",
	.reset = i8042_reset,
	.fini = i8042_destroy,
};
