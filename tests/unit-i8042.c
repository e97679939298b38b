/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-i8042.c - the keyboard controller with keyboard and mouse, driven
 * through its ports, and the way that keys come there.
 */
#include "dev/i8042.h"

#include <string.h>

#include "dev/ps2_keyboard.h"
#include "dev/ps2_mouse.h"
#include "unit-chip.h"

#define DATA 0x60u
#define COMMAND 0x64u
#define KEYBOARD_LINE 1u
#define MOUSE_LINE 12u

#define OBF 0x01u
#define SYSTEM 0x04u
#define A2 0x08u
#define UNLOCKED 0x10u
#define AUX 0x20u

#define ACK 0xFAu
#define EMPTY 0x1FFu	/* in place of a byte */

struct fixture {
	struct unit_chip chip;
	struct run *run;
	struct works *works;
	struct a20 *a20;
	struct keyboard *keys;
	struct mouse *source;		/* what moves the mouse */
	struct ps2_keyboard *keyboard;
	struct ps2_mouse *mouse;
	struct i8042 *i8042;
	unsigned int drained;
};

static bool set_up(struct fixture *f)
{
	struct i8042_wires wires;

	*f = (struct fixture){ .drained = 0 };
	if (!chip_set_up(&f->chip) || run_create(&f->run) || works_create(&f->works, f->run) ||
	    a20_create(&f->a20) || keyboard_create(&f->keys, f->works) ||
	    ps2_keyboard_create(&f->keyboard, f->keys) || mouse_create(&f->source, f->works) ||
	    ps2_mouse_create(&f->mouse, f->source))
		return false;
	wires = (struct i8042_wires){
		.keyboard = ps2_keyboard_port(f->keyboard), .mouse = ps2_mouse_port(f->mouse),
		.keyboard_irq = irq_line(f->chip.irqs, KEYBOARD_LINE),
		.mouse_irq = irq_line(f->chip.irqs, MOUSE_LINE), .a20 = f->a20, .run = f->run,
	};
	return i8042_create(&f->i8042, &wires) == 0 &&
	       chip_claim(&f->chip, DATA, 1, &i8042_data_ops, f->i8042) &&
	       chip_claim(&f->chip, COMMAND, 1, &i8042_command_ops, f->i8042);
}

static void tear_down(struct fixture *f)
{
	i8042_device.fini(f->i8042);
	ps2_mouse_device.fini(f->mouse);
	ps2_keyboard_device.fini(f->keyboard);
	works_destroy(f->works);
	keyboard_destroy(f->keys);
	mouse_destroy(f->source);
	a20_destroy(f->a20);
	run_destroy(f->run);
	chip_tear_down(&f->chip);
}

static void check(struct fixture *f, uint64_t value, uint64_t wanted, const char *what)
{
	is(&f->chip, value, wanted, what);
}

static void command(struct fixture *f, unsigned int byte)
{
	out(&f->chip, COMMAND, byte);
}

static void data(struct fixture *f, unsigned int byte)
{
	out(&f->chip, DATA, byte);
}

static unsigned int status(struct fixture *f)
{
	return in(&f->chip, COMMAND);
}

/* What is there to be read, or EMPTY. */
static unsigned int next(struct fixture *f)
{
	return status(f) & OBF ? in(&f->chip, DATA) : EMPTY;
}

static unsigned int ask(struct fixture *f, unsigned int byte)
{
	command(f, byte);
	return next(f);
}

static void configure(struct fixture *f, unsigned int config)
{
	command(f, 0x60);
	data(f, config);
}

static void to_mouse(struct fixture *f, unsigned int byte)
{
	command(f, 0xD4);
	data(f, byte);
}

/* All that there is to read, as hexadecimal bytes with spaces between. */
static void reads(struct fixture *f, const char *wanted, const char *what)
{
	char text[3 * 64 + 1] = "";

	for (unsigned int i = 0; i < 64 && status(f) & OBF; i++)
		snprintf(text + strlen(text), 4, "%s%02X", i ? " " : "", in(&f->chip, DATA));
	if (!unit_check(&f->chip.unit, strcmp(text, wanted) == 0, what))
		printf("  is \"%s\", should be \"%s\"\n", text, wanted);
}

static void key(struct fixture *f, enum key key, enum key_action action)
{
	keyboard_send(f->keys, key, action);
	works_run(f->works);
}

static void press(struct fixture *f, enum key which)
{
	key(f, which, KEY_PRESSED);
	key(f, which, KEY_RELEASED);
}

static void test_start(struct fixture *f)
{
	check(f, status(f), UNLOCKED | A2 | SYSTEM, "i8042: start: nothing to read");
	check(f, ask(f, 0x20), 0x65, "i8042: start: as firmware leaves it");
	check(f, ask(f, 0xD0), 0xCD, "i8042: start: output port, A20 is port 0x92's");
	check(f, in(&f->chip, DATA), 0xCD, "i8042: an empty buffer reads as before");
	check(f, ask(f, 0x21), 0, "i8042: start: RAM");
}

static void test_commands(struct fixture *f)
{
	check(f, ask(f, 0xAA), 0x55, "i8042: self test");
	check(f, status(f) & SYSTEM, SYSTEM, "i8042: self test: system flag");
	check(f, ask(f, 0xAB), 0x00, "i8042: keyboard port test");
	check(f, ask(f, 0xA9), 0x00, "i8042: mouse port test");
	check(f, ask(f, 0xA4), 0xF1, "i8042: no password");
	check(f, ask(f, 0xC0), 0x80, "i8042: input port");
	check(f, ask(f, 0xE0), 0x00, "i8042: test inputs");
	command(f, 0x7F);
	check(f, status(f) & A2, A2, "i8042: a command was written");
	data(f, 0x5A);
	check(f, status(f) & A2, 0, "i8042: data was written");
	check(f, ask(f, 0x3F), 0x5A, "i8042: RAM, last byte");
	configure(f, 0x00);
	check(f, ask(f, 0x20), 0x00, "i8042: configuration");
	check(f, status(f) & SYSTEM, 0, "i8042: the system flag is the configuration's");
	command(f, 0xAD);
	command(f, 0xA7);
	check(f, ask(f, 0x20), 0x30, "i8042: both ports off");
	command(f, 0xAE);
	command(f, 0xA8);
	check(f, ask(f, 0x20), 0x00, "i8042: both ports on");
	check(f, ask(f, 0xBB), EMPTY, "i8042: an unknown command answers nothing");
	command(f, 0x60);
	check(f, ask(f, 0xAA), 0x55, "i8042: a command in place of data");
	data(f, 0xEE);
	check(f, next(f), 0xEE, "i8042: then data is the keyboard's again");
}

static void test_buffers(struct fixture *f)
{
	command(f, 0xD2);
	data(f, 0x1C);
	check(f, status(f) & (OBF | AUX), OBF, "i8042: D2: as from the keyboard");
	check(f, line(&f->chip, KEYBOARD_LINE), 1, "i8042: D2: line 1");
	check(f, in(&f->chip, DATA), 0x1C, "i8042: D2: not translated");
	check(f, line(&f->chip, KEYBOARD_LINE), 0, "i8042: D2: line 1 falls");
	configure(f, 0x67);
	command(f, 0xD3);
	data(f, 0x77);
	check(f, status(f) & (OBF | AUX), OBF | AUX, "i8042: D3: as from the mouse");
	check(f, line(&f->chip, MOUSE_LINE), 1, "i8042: D3: line 12");
	check(f, line(&f->chip, KEYBOARD_LINE), 0, "i8042: D3: not line 1");
	check(f, ask(f, 0xD0), 0x77, "i8042: the buffer is read before the answer");
	check(f, next(f) & 0x30, 0x20, "i8042: output port: the mouse's byte was there");
	press(f, KEY_A);
	check(f, ask(f, 0xAA), 0x1E, "i8042: a key before the answer");
	check(f, next(f), 0x55, "i8042: the answer before the next key");
	check(f, next(f), 0x9E, "i8042: the next key");
}

static void test_interrupts(struct fixture *f)
{
	press(f, KEY_A);
	check(f, line(&f->chip, KEYBOARD_LINE), 1, "i8042: line 1: a key");
	check(f, f->chip.rises[KEYBOARD_LINE], 1, "i8042: line 1: once");
	in(&f->chip, DATA);
	check(f, f->chip.rises[KEYBOARD_LINE], 2, "i8042: line 1: an edge for each byte");
	configure(f, 0x64);
	check(f, line(&f->chip, KEYBOARD_LINE), 0, "i8042: line 1: disabled");
	check(f, status(f) & OBF, OBF, "i8042: line 1: the byte is there");
	configure(f, 0x65);
	check(f, line(&f->chip, KEYBOARD_LINE), 1, "i8042: line 1: enabled");
	command(f, 0xAD);
	check(f, line(&f->chip, KEYBOARD_LINE), 0, "i8042: line 1: not while the port is off");
	in(&f->chip, DATA);
	press(f, KEY_B);
	check(f, next(f), EMPTY, "i8042: port off: keys wait");
	command(f, 0xAE);
	reads(f, "30 B0", "i8042: port on: here they are");
	configure(f, 0x45);
	to_mouse(f, 0xF4);
	check(f, line(&f->chip, MOUSE_LINE), 0, "i8042: line 12: disabled");
	configure(f, 0x47);
	check(f, line(&f->chip, MOUSE_LINE), 1, "i8042: line 12: enabled");
	check(f, next(f), ACK, "i8042: line 12: ACK");
	check(f, line(&f->chip, MOUSE_LINE), 0, "i8042: line 12: low");
}

static void test_keyboard_commands(struct fixture *f)
{
	data(f, 0xFF);
	reads(f, "FA AA", "keyboard: reset: ACK, test passed");
	data(f, 0xF2);
	reads(f, "FA AB 41", "keyboard: ID, translated");
	configure(f, 0x25);
	data(f, 0xF2);
	reads(f, "FA AB 83", "keyboard: ID");
	data(f, 0xEE);
	reads(f, "EE", "keyboard: echo");
	data(f, 0xED);
	data(f, 0x07);
	reads(f, "FA FA", "keyboard: lights");
	data(f, 0xED);
	data(f, 0xF4);
	reads(f, "FA FA", "keyboard: a command in place of an argument");
	data(f, 0xF3);
	data(f, 0x20);
	reads(f, "FA FA", "keyboard: typematic rate");
	data(f, 0xF0);
	data(f, 0x00);
	reads(f, "FA FA 02", "keyboard: scan code set 2");
	data(f, 0xF0);
	data(f, 0x01);
	data(f, 0xF0);
	data(f, 0x00);
	reads(f, "FA FA FA FA 01", "keyboard: scan code set 1");
	data(f, 0xF0);
	data(f, 0x03);
	reads(f, "FA FE", "keyboard: set 3 is refused");
	data(f, 0xFE);
	reads(f, "FE", "keyboard: resend");
	data(f, 0x05);
	reads(f, "FE", "keyboard: no command");
	data(f, 0xF6);
	data(f, 0xF0);
	data(f, 0x00);
	reads(f, "FA FA FA 02", "keyboard: defaults: set 2");
	data(f, 0xFA);
	reads(f, "FA", "keyboard: key types of set 3");
	command(f, 0xAD);
	data(f, 0xEE);
	reads(f, "EE", "keyboard: a byte for it switches the port on");
	for (unsigned int i = 0; i < 100; i++)
		data(f, 0xF2);
	reads(f, "FA AB 83 FA AB 83 FA AB 83 FA AB 83 FA AB 83", "keyboard: replies nobody reads");
}

static void test_scanning(struct fixture *f)
{
	data(f, 0xF5);
	reads(f, "FA", "keyboard: scanning off");
	press(f, KEY_A);
	reads(f, "", "keyboard: scanning off: no keys");
	data(f, 0xF4);
	reads(f, "FA 1E 9E", "keyboard: scanning on: they come");
	press(f, KEY_A);
	data(f, 0xEE);
	reads(f, "1E EE 9E", "keyboard: a reply comes before keys that wait");
}

static void test_codes(struct fixture *f)
{
	press(f, KEY_UP);
	reads(f, "E0 48 E0 C8", "keys: translated, extended");
	press(f, KEY_PAUSE);
	reads(f, "E1 1D 45 E1 9D C5", "keys: translated, pause");
	press(f, KEY_PRINT);
	reads(f, "E0 2A E0 37 E0 B7 E0 AA", "keys: translated, print");
	press(f, KEY_F7);
	reads(f, "41 C1", "keys: translated, F7");
	configure(f, 0x25);
	press(f, KEY_A);
	press(f, KEY_F7);
	reads(f, "1C F0 1C 83 F0 83", "keys: set 2");
	press(f, KEY_KP_ENTER);
	reads(f, "E0 5A E0 F0 5A", "keys: set 2, extended");
	press(f, KEY_PAUSE);
	reads(f, "E1 14 77 E1 F0 14 F0 77", "keys: set 2, pause");
	press(f, KEY_PRINT);
	reads(f, "E0 12 E0 7C E0 F0 7C E0 F0 12", "keys: set 2, print");
	data(f, 0xF0);
	data(f, 0x01);
	press(f, KEY_CTRL_R);
	press(f, KEY_PRINT);
	press(f, KEY_PAUSE);
	reads(f, "FA FA E0 1D E0 9D E0 2A E0 37 E0 B7 E0 AA E1 1D 45 E1 9D C5", "keys: set 1");
}

/* Both columns of the table of keys, and the controller's table, are of different sources. */
static void test_translation(struct fixture *f)
{
	bool same = true;

	for (unsigned int k = KEY_NONE + 1; k < KEYS; k++) {
		const struct key_codes *codes = key_codes((enum key)k);

		if (i8042_translate(codes->set2) == codes->set1)
			continue;
		printf("  %s: set 2 0x%02X, set 1 0x%02X\n", codes->name, codes->set2, codes->set1);
		same = false;
	}
	unit_check(&f->chip.unit, same, "keys: set 1 is set 2 translated");
	check(f, i8042_translate(0x84), 0x54, "keys: SysRq");
	check(f, i8042_translate(0xFA), 0xFA, "keys: ACK is not translated");
}

static void test_names(struct fixture *f)
{
	bool shift, same = true;

	for (unsigned int k = KEY_NONE + 1; k < KEYS; k++)
		same &= key_named(key_codes((enum key)k)->name) == k;
	unit_check(&f->chip.unit, same, "keys: each has a name of its own");
	check(f, key_named("ret"), KEY_RET, "keys: ret");
	check(f, key_named("kp_1"), KEY_KP_1, "keys: kp_1");
	check(f, key_named("nonsense"), KEY_NONE, "keys: no name");
	check(f, key_of_character('a', &shift) == KEY_A && !shift, 1, "keys: a");
	check(f, key_of_character('Z', &shift) == KEY_Z && shift, 1, "keys: Z");
	check(f, key_of_character('\n', &shift) == KEY_RET && !shift, 1, "keys: new line");
	check(f, key_of_character('\r', &shift) == KEY_RET && !shift, 1, "keys: carriage return");
	check(f, key_of_character('"', &shift) == KEY_APOSTROPHE && shift, 1, "keys: quote");
	check(f, key_of_character(' ', &shift) == KEY_SPC && !shift, 1, "keys: space");
	check(f, key_of_character('0', &shift) == KEY_0 && !shift, 1, "keys: 0");
	check(f, key_of_character('\xE4', &shift), KEY_NONE, "keys: not ASCII");
	for (char c = ' '; c < 0x7F; c++)
		same &= key_of_character(c, &shift) != KEY_NONE;
	unit_check(&f->chip.unit, same, "keys: every ASCII character has one");
}

static void count_drained(void *self)
{
	struct fixture *f = self;

	f->drained++;
}

static void send_one_more(void *self)
{
	struct fixture *f = self;

	if (f->drained++ == 0)
		keyboard_send(f->keys, KEY_C, KEY_PRESSED);
}

static void test_flow(struct fixture *f)
{
	keyboard_on_drained(f->keys, count_drained, f);
	for (unsigned int i = 0; i < 100; i++)
		press(f, KEY_A);
	check(f, f->drained, 0, "flow: the guest has read nothing");
	for (unsigned int i = 0; i < 199; i++)
		in(&f->chip, DATA);
	check(f, f->drained, 0, "flow: one byte is left");
	check(f, status(f) & OBF, OBF, "flow: here it is");
	check(f, in(&f->chip, DATA), 0x9E, "flow: the last of 200, none is lost");
	check(f, f->drained, 1, "flow: now the guest has read all");
	check(f, next(f), EMPTY, "flow: nothing more");
	f->drained = 0;
	keyboard_on_drained(f->keys, send_one_more, f);
	press(f, KEY_B);
	reads(f, "30 B0 2E", "flow: who is told may send more");
	check(f, f->drained, 2, "flow: and is told again");
	key(f, KEY_A, KEY_PRESSED);
	key(f, KEY_A, KEY_REPEATED);
	key(f, KEY_A, KEY_REPEATED);
	reads(f, "1E", "flow: repeats wait for nobody");
	key(f, KEY_A, KEY_REPEATED);
	reads(f, "1E", "flow: a repeat when all has been read");
}

static void test_overrun(struct fixture *f)
{
	bool took = true;

	for (unsigned int i = 0; i <= KEYBOARD_EVENTS; i++)
		took &= keyboard_send(f->keys, KEY_A, KEY_PRESSED);
	works_run(f->works);
	check(f, took, 0, "overrun: there was no room for all");
	check(f, in(&f->chip, DATA), 0x1E, "overrun: the first key");
	check(f, keyboard_send(f->keys, KEY_B, KEY_PRESSED), 0, "overrun: none before it is told");
	for (unsigned int i = 1; i < KEYBOARD_EVENTS; i++)
		in(&f->chip, DATA);
	check(f, next(f), 0xFF, "overrun: the guest is told, in set 1's way");
	check(f, next(f), EMPTY, "overrun: nothing more");
	press(f, KEY_B);
	reads(f, "30 B0", "overrun: keys again");
}

static void test_mouse(struct fixture *f)
{
	configure(f, 0x47);
	to_mouse(f, 0xFF);
	check(f, status(f) & AUX, AUX, "mouse: its bytes are marked");
	reads(f, "FA AA 00", "mouse: reset");
	to_mouse(f, 0xF2);
	reads(f, "FA 00", "mouse: ID");
	to_mouse(f, 0xE9);
	reads(f, "FA 00 02 64", "mouse: status after reset");
	to_mouse(f, 0xE8);
	to_mouse(f, 0x03);
	to_mouse(f, 0xF3);
	to_mouse(f, 0x28);
	to_mouse(f, 0xE7);
	to_mouse(f, 0xF4);
	reads(f, "FA FA FA FA FA FA", "mouse: resolution, rate, scaling, on");
	to_mouse(f, 0xE9);
	reads(f, "FA 30 03 28", "mouse: status shows them");
	to_mouse(f, 0xF0);
	to_mouse(f, 0xEB);
	reads(f, "FA FA 08 00 00", "mouse: remote mode: nothing has moved");
	to_mouse(f, 0xF6);
	to_mouse(f, 0xE9);
	reads(f, "FA FA 00 02 64", "mouse: defaults");
	to_mouse(f, 0xE8);
	to_mouse(f, 0x09);
	to_mouse(f, 0x09);
	reads(f, "FA FE FC", "mouse: a wrong argument, twice");
	to_mouse(f, 0x01);
	reads(f, "FE", "mouse: no command");
	to_mouse(f, 0xEE);
	to_mouse(f, 0x12);
	to_mouse(f, 0xF2);
	to_mouse(f, 0xEC);
	to_mouse(f, 0xF2);
	reads(f, "FA 12 F2 FA FA 00", "mouse: wrap mode, and back");
}

static void test_wheel(struct fixture *f)
{
	static const unsigned int rates[] = { 200, 100, 80 };

	configure(f, 0x47);
	for (unsigned int i = 0; i < 3; i++) {
		to_mouse(f, 0xF3);
		to_mouse(f, rates[i]);
	}
	reads(f, "FA FA FA FA FA FA", "mouse: three rates");
	to_mouse(f, 0xF2);
	reads(f, "FA 03", "mouse: it has a wheel");
	to_mouse(f, 0xEB);
	reads(f, "FA 08 00 00 00", "mouse: packets of four");
	to_mouse(f, 0xFF);
	to_mouse(f, 0xF2);
	reads(f, "FA AA 00 FA 00", "mouse: reset, none that is known of");
}

static void move(struct fixture *f, int dx, int dy, int wheel)
{
	mouse_move(f->source, dx, dy, wheel);
	works_run(f->works);
}

static void click(struct fixture *f, enum mouse_button button)
{
	mouse_press(f->source, button, true);
	mouse_press(f->source, button, false);
	works_run(f->works);
}

/* As IBM's reference and Microsoft's have the packets. */
static void test_movement(struct fixture *f)
{
	configure(f, 0x47);
	move(f, 3, -5, 0);
	reads(f, "", "movement: not told while reporting is off");
	to_mouse(f, 0xF4);
	reads(f, "FA 08 03 05", "movement: right and up, once it is on");
	check(f, line(&f->chip, MOUSE_LINE), 0, "movement: no interrupt without a byte");
	move(f, -3, 5, 0);
	check(f, line(&f->chip, MOUSE_LINE), 1, "movement: an interrupt");
	check(f, status(f) & AUX, AUX, "movement: the byte is the mouse's");
	move(f, 10, 0, 0);
	move(f, 1, 0, 0);
	reads(f, "38 FD FB 08 0B 00", "movement: left and down; what came later adds up");
	move(f, 600, -256, 0);
	reads(f, "08 FF FF 08 FF 01 08 5A 00", "movement: far ones in parts");
	click(f, MOUSE_LEFT);
	click(f, MOUSE_RIGHT);
	reads(f, "09 00 00 08 00 00 0A 00 00 08 00 00", "movement: no click is lost");
	move(f, 0, 0, 2);
	reads(f, "", "movement: a mouse without a wheel does not tell of it");
	mouse_press(f->source, MOUSE_MIDDLE, true);
	works_run(f->works);
	reads(f, "0C 00 00", "movement: the middle button");
	to_mouse(f, 0xE9);
	reads(f, "FA 22 02 64", "movement: the status has it");
	to_mouse(f, 0xF0);
	move(f, 7, 0, 0);
	reads(f, "FA", "movement: nothing by itself in remote mode");
	to_mouse(f, 0xEB);
	to_mouse(f, 0xEB);
	reads(f, "FA 0C 07 00 FA 0C 00 00", "movement: but when asked");
	move(f, 1, 1, 0);
	ps2_mouse_device.reset(f->mouse);
	reads(f, "", "movement: reset: off");
}

static void test_wheel_movement(struct fixture *f)
{
	static const unsigned int rates[] = { 200, 100, 80 };

	configure(f, 0x47);
	for (unsigned int i = 0; i < 3; i++) {
		to_mouse(f, 0xF3);
		to_mouse(f, rates[i]);
	}
	to_mouse(f, 0xF4);
	reads(f, "FA FA FA FA FA FA FA", "wheel: on");
	move(f, 0, 0, 1);
	move(f, 0, 0, -10);
	reads(f, "08 00 00 01 08 00 00 F9 08 00 00 FD", "wheel: notches, seven at a time");
}

static void test_output_port(struct fixture *f)
{
	struct ending ending;

	check(f, a20_is_on(f->a20), 0, "A20: port 0x92 is not there");
	command(f, 0xD1);
	data(f, 0xDF);
	check(f, a20_is_on(f->a20), 1, "A20: on by the output port");
	check(f, ask(f, 0xD0), 0xCF, "A20: the output port says so");
	command(f, 0xDD);
	check(f, a20_is_on(f->a20), 0, "A20: off by a command");
	command(f, 0xDF);
	check(f, a20_is_on(f->a20), 1, "A20: on by a command");
	a20_set(f->a20, A20_PORT_92, true);
	command(f, 0xDD);
	check(f, a20_is_on(f->a20), 1, "A20: on while either wants it");
	command(f, 0xFF);
	command(f, 0xFD);
	check(f, run_ended(f->run), 0, "reset: not by pulses of other bits");
	command(f, 0xFE);
	check(f, run_ending(f->run, &ending) && ending.kind == ENDING_RESET, 1,
	      "reset: by a pulse of bit 0");
}

static void test_output_port_reset(struct fixture *f)
{
	struct ending ending;

	command(f, 0xD1);
	data(f, 0x02);
	check(f, run_ending(f->run, &ending) && ending.kind == ENDING_RESET, 1,
	      "reset: by the output port");
}

static void test_reset(struct fixture *f)
{
	configure(f, 0x30);
	command(f, 0xD1);
	data(f, 0xDF);
	key(f, KEY_A, KEY_PRESSED);
	command(f, 0xD3);
	data(f, 0x12);
	ps2_keyboard_device.reset(f->keyboard);
	ps2_mouse_device.reset(f->mouse);
	i8042_device.reset(f->i8042);
	check(f, line(&f->chip, KEYBOARD_LINE) | line(&f->chip, MOUSE_LINE), 0,
	      "i8042: reset: lines low");
	check(f, status(f), UNLOCKED | A2 | SYSTEM, "i8042: reset: nothing to read");
	check(f, ask(f, 0x20), 0x65, "i8042: reset: configuration");
	reads(f, "1E", "i8042: reset: a key that waited comes then");
	check(f, a20_is_on(f->a20), 0, "i8042: reset: its gate is closed");
}

UNIT_MAIN_WITH(chip.unit, test_start, test_commands, test_buffers, test_interrupts,
	       test_keyboard_commands, test_scanning, test_codes, test_translation,
	       test_names, test_flow, test_overrun, test_mouse, test_wheel,
	       test_movement, test_wheel_movement,
	       test_output_port, test_output_port_reset, test_reset)
