/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-vga.c - the VGA's planes and the text modes that its registers make,
 * without a guest. Expected values are worked out by hand from IBM's "Video
 * Subsystems" (1992); whole pictures are compared with QEMU's in vga.exp, the
 * registers themselves in unit-screen.c.
 */
#include <string.h>

#include "dev/vga.h"
#include "host/raster.h"
#include "unit.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define SEQUENCER 0x3C4u
#define GRAPHICS 0x3CEu
#define CRTC 0x3D4u
#define ATTRIBUTE 0x3C0u
#define B0000 0x10000u		/* from 0xA0000 */
#define NOTHING 0xFF		/* where no memory answers */

struct fixture {
	struct unit unit;
	struct mem *mem;
	struct screen *screen;
	struct vga *vga;
	struct screen_frame frame;
};

static bool set_up(struct fixture *f)
{
	if (mem_create(&f->mem) || screen_create(&f->screen, NULL) ||
	    vga_create(&f->vga, f->screen, f->mem))
		return false;
	vga_device.reset(f->vga);
	return true;
}

static void tear_down(struct fixture *f)
{
	vga_device.fini(f->vga);
	screen_destroy(f->screen);
	mem_destroy(f->mem);
}

static void out(struct fixture *f, unsigned int port, uint8_t value)
{
	vga_register_ops.write(f->vga, port - 0x3C0, 1, value);
}

static uint8_t in(struct fixture *f, unsigned int port)
{
	return (uint8_t)vga_register_ops.read(f->vga, port - 0x3C0, 1);
}

static void set(struct fixture *f, unsigned int port, uint8_t index, uint8_t value)
{
	out(f, port, index);
	out(f, port + 1, value);
}

static void set_attribute(struct fixture *f, uint8_t index, uint8_t value)
{
	in(f, 0x3DA);
	out(f, ATTRIBUTE, index | 0x20);
	out(f, ATTRIBUTE, value);
}

static void set_color(struct fixture *f, uint8_t index, const char *levels)
{
	out(f, 0x3C8, index);
	for (unsigned int i = 0; i < 3; i++)
		out(f, 0x3C9, (uint8_t)levels[i]);
}

static uint8_t peek(struct fixture *f, uint64_t offset)
{
	return (uint8_t)vga_memory_ops.read(f->vga, offset, 1);
}

static void poke(struct fixture *f, uint64_t offset, uint8_t value)
{
	vga_memory_ops.write(f->vga, offset, 1, value);
}

/* All four planes at 0xA0000, 64 KiB. */
static void open_planes(struct fixture *f)
{
	set(f, SEQUENCER, 0x02, 0x0F);
	set(f, SEQUENCER, 0x04, 0x06);
	set(f, GRAPHICS, 0x05, 0x00);
	set(f, GRAPHICS, 0x06, 0x04);
}

/* Byte by byte of each plane at one address, plane 3 first, as a number. */
static uint32_t planes_at(struct fixture *f, uint64_t offset)
{
	uint32_t value = 0;

	for (unsigned int plane = 4; plane-- > 0;) {
		set(f, GRAPHICS, 0x04, (uint8_t)plane);
		value = value << 8 | peek(f, offset);
	}
	return value;
}

static void fill_planes(struct fixture *f, uint64_t offset, uint32_t value)
{
	for (unsigned int plane = 0; plane < 4; plane++) {
		set(f, SEQUENCER, 0x02, (uint8_t)(1u << plane));
		poke(f, offset, (uint8_t)(value >> plane * 8));
	}
	set(f, SEQUENCER, 0x02, 0x0F);
}

static void test_windows(struct fixture *f)
{
	static const struct {
		const char *name;
		uint8_t misc;		/* graphics 06h */
		bool answers[3];	/* at 0xA0000, 0xB0000, 0xB8000 */
	} maps[] = {
		{ "window: 128 KiB at 0xA0000", 0x00, { true, true, true } },
		{ "window: 64 KiB at 0xA0000", 0x04, { true, false, false } },
		{ "window: 32 KiB at 0xB0000", 0x08, { false, true, false } },
		{ "window: 32 KiB at 0xB8000", 0x0C, { false, false, true } },
	};

	unit_equal(&f->unit, vga_memory_ops.read(f->vga, 0, 4), 0xFFFFFFFF,
		   "window: nothing at 0xA0000 in mode 3");
	open_planes(f);
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		bool good = true;

		set(f, GRAPHICS, 0x06, maps[i].misc);
		poke(f, 1, 0x12);
		poke(f, B0000 + 1, 0x12);
		vga_text_ops.write(f->vga, 1, 1, 0x12);
		good &= (peek(f, 1) == 0x12) == maps[i].answers[0];
		good &= (peek(f, B0000 + 1) == 0x12) == maps[i].answers[1];
		good &= (vga_text_ops.read(f->vga, 1, 1) == 0x12) == maps[i].answers[2];
		unit_check(&f->unit, good, maps[i].name);
	}
	open_planes(f);
	out(f, 0x3C2, 0x65);
	unit_equal(&f->unit, peek(f, 1), NOTHING, "window: closed by misc output bit 1");
}

static void test_ways(struct fixture *f)
{
	open_planes(f);
	fill_planes(f, 0x1000, 0x44332211);
	unit_equal(&f->unit, planes_at(f, 0x1000), 0x44332211, "planes: map mask and read map");
	vga_memory_ops.write(f->vga, 0x2000, 8, 0x8877665544332211);
	unit_equal(&f->unit, vga_memory_ops.read(f->vga, 0x2000, 8), 0x8877665544332211,
		   "planes: 8 bytes");
	unit_equal(&f->unit, planes_at(f, 0x2007), 0x88888888, "planes: all at once");

	set(f, SEQUENCER, 0x04, 0x0E);
	for (unsigned int i = 0; i < 4; i++)
		poke(f, 0x3000 + i, (uint8_t)(0xA0 + i));
	unit_equal(&f->unit, peek(f, 0x3002), 0xA2, "chain 4: is read back");
	set(f, SEQUENCER, 0x04, 0x06);
	unit_equal(&f->unit, planes_at(f, 0x3000), 0xA3A2A1A0, "chain 4: a plane for each address");

	set(f, SEQUENCER, 0x02, 0x03);
	set(f, SEQUENCER, 0x04, 0x02);
	set(f, GRAPHICS, 0x05, 0x10);
	set(f, GRAPHICS, 0x04, 0x00);
	vga_memory_ops.write(f->vga, 0x4000, 2, 0x1F41);
	unit_equal(&f->unit, vga_memory_ops.read(f->vga, 0x4000, 2), 0x1F41, "odd/even: is read back");
	set(f, SEQUENCER, 0x04, 0x06);
	set(f, GRAPHICS, 0x05, 0x00);
	unit_equal(&f->unit, planes_at(f, 0x4000) & 0xFFFF, 0x1F41,
		   "odd/even: planes 0 and 1 by turns");
}

static void test_text(struct fixture *f)
{
	uint8_t *memory = screen_memory(f->screen);

	vga_text_ops.write(f->vga, 0x123 * 2, 2, 0x1F41);
	open_planes(f);
	unit_equal(&f->unit, planes_at(f, 0x123 * 2) & 0xFFFF, 0x1F41, "text: planes 0 and 1");
	fill_planes(f, 0x124 * 2, 0x2E42);
	unit_check(&f->unit, !memcmp(memory + 0x124 * 2, "\x42\x2E", 2),
		   "text: what is written to the planes");
	fill_planes(f, 0x124 * 2 + 1, 0x5555);
	fill_planes(f, 0x8000 + 0x124 * 2, 0x5555);
	unit_check(&f->unit, !memcmp(memory + 0x124 * 2, "\x42\x2E", 2),
		   "text: odd addresses and the upper half are not text");
	unit_equal(&f->unit, planes_at(f, 0x124 * 2 + 1) & 0xFFFF, 0x5555, "text: but memory");

	/* Monochrome: the text is at 0xB0000. */
	vga_device.reset(f->vga);
	set(f, GRAPHICS, 0x06, 0x0A);
	vga_memory_ops.write(f->vga, B0000 + 10, 2, 0x0758);
	unit_check(&f->unit, !memcmp(memory + 10, "\x58\x07", 2), "text: at 0xB0000");

	/* A font through the window of the text, where that is trapped. */
	set(f, SEQUENCER, 0x02, 0x04);
	set(f, SEQUENCER, 0x04, 0x06);
	set(f, GRAPHICS, 0x04, 0x02);
	set(f, GRAPHICS, 0x05, 0x00);
	set(f, GRAPHICS, 0x06, 0x0C);
	vga_text_ops.write(f->vga, 10, 1, 0x99);
	unit_equal(&f->unit, screen_font_read(f->screen, 10), 0x99, "text: a font through 0xB8000");

	/* And where it is plain memory, which holds the font meanwhile. */
	unit_check(&f->unit, memory['A' * 32 + 5] == font_glyphs['A'][5], "text: its memory is lent");
	memory[11] = 0x77;
	screen_frame(f->screen, &f->frame);
	unit_check(&f->unit, !memcmp(&f->frame.cells[10], "\x58\x07", 2),
		   "text: is shown meanwhile");
	screen_write(f->screen, 12, "y\x1F", 2);
	set(f, SEQUENCER, 0x02, 0x03);
	unit_check(&f->unit, !memcmp(memory + 10, "\x58\x07y\x1F", 4), "text: is back");
	unit_check(&f->unit, screen_font_read(f->screen, 10) == 0x99 &&
		   screen_font_read(f->screen, 11) == 0x77, "text: with the font loaded");
}

/* Latches are loaded with 0x44332211 before each write of 0x5A. */
static void test_write_modes(struct fixture *f)
{
	static const struct {
		const char *name;
		uint8_t graphics[9];
		uint32_t result;
	} cases[] = {
		{ "write mode 0", { 0, 0, 0, 0, 0, 0, 4, 0, 0xFF }, 0x5A5A5A5A },
		{ "write mode 0, rotated by 4", { 0, 0, 0, 4, 0, 0, 4, 0, 0xFF }, 0xA5A5A5A5 },
		{ "write mode 0, rotated by 1", { 0, 0, 0, 1, 0, 0, 4, 0, 0xFF }, 0x2D2D2D2D },
		{ "write mode 0, bit mask", { 0, 0, 0, 0, 0, 0, 4, 0, 0x0F }, 0x4A3A2A1A },
		{ "write mode 0, set/reset", { 0x5, 0x3, 0, 0, 0, 0, 4, 0, 0xFF }, 0x5A5A00FF },
		{ "write mode 0, AND", { 0, 0, 0, 0x08, 0, 0, 4, 0, 0xFF }, 0x40120210 },
		{ "write mode 0, OR", { 0, 0, 0, 0x10, 0, 0, 4, 0, 0xFF }, 0x5E7B7A5B },
		{ "write mode 0, XOR", { 0, 0, 0, 0x18, 0, 0, 4, 0, 0xFF }, 0x1E69784B },
		{ "write mode 1", { 0xF, 0xF, 0, 0x18, 0, 1, 4, 0, 0x00 }, 0x44332211 },
		{ "write mode 2", { 0, 0, 0, 0, 0, 2, 4, 0, 0xFF }, 0xFF00FF00 },
		{ "write mode 2, bit mask", { 0, 0, 0, 0, 0, 2, 4, 0, 0xF0 }, 0xF403F201 },
		{ "write mode 3", { 0x9, 0, 0, 0, 0, 3, 4, 0, 0xFF }, 0x5E21205B },
		{ "write mode 3, bit mask", { 0x9, 0, 0, 0, 0, 3, 4, 0, 0x0F }, 0x4E31201B },
	};

	open_planes(f);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fill_planes(f, 0x5000, 0x44332211);
		peek(f, 0x5000);
		for (uint8_t index = 0; index < 9; index++)
			set(f, GRAPHICS, index, cases[i].graphics[index]);
		poke(f, 0x5001, 0x5A);
		for (uint8_t index = 0; index < 9; index++)
			set(f, GRAPHICS, index, index == 6 ? 0x04 : index == 8 ? 0xFF : 0x00);
		unit_equal(&f->unit, planes_at(f, 0x5001), cases[i].result, cases[i].name);
	}
	set(f, SEQUENCER, 0x02, 0x0A);
	poke(f, 0x5001, 0x00);
	unit_equal(&f->unit, planes_at(f, 0x5001), 0x0031001B,
		   "map mask: planes 0 and 2 stay");
}

static void test_compare(struct fixture *f)
{
	open_planes(f);
	/* Dots from the left: colours 0 to 7. */
	fill_planes(f, 0x100, 0x000F3355);
	set(f, GRAPHICS, 0x05, 0x08);
	set(f, GRAPHICS, 0x07, 0x0F);
	set(f, GRAPHICS, 0x02, 0x05);
	unit_equal(&f->unit, peek(f, 0x100), 0x04, "read mode 1: one colour");
	set(f, GRAPHICS, 0x07, 0x03);
	unit_equal(&f->unit, peek(f, 0x100), 0x44, "read mode 1: two planes do not count");
	set(f, GRAPHICS, 0x07, 0x00);
	unit_equal(&f->unit, peek(f, 0x100), 0xFF, "read mode 1: none counts");
}

static void test_fonts(struct fixture *f)
{
	open_planes(f);
	set(f, GRAPHICS, 0x04, 0x02);
	screen_frame(f->screen, &f->frame);
	unit_equal(&f->unit, f->frame.font_version, 0, "font: the firmware's at first");
	unit_check(&f->unit, peek(f, 'A' * 32 + 5) == font_glyphs['A'][5] && font_glyphs['A'][5] &&
		   !peek(f, 'A' * 32 + 16) && !peek(f, 0x4000 + 'A' * 32 + 5),
		   "font: is in plane 2, the only one");
	set(f, SEQUENCER, 0x02, 0x04);
	poke(f, 0xE000 + 'A' * 32 + 31, 0x81);
	screen_frame(f->screen, &f->frame);
	unit_check(&f->unit, f->frame.font_version && f->frame.glyphs[1]['A'][5] == font_glyphs['A'][5],
		   "font: both are the first");
	set(f, SEQUENCER, 0x03, 0x2F);		/* font 3 for bit 3 clear, 7 where it is set */
	screen_frame(f->screen, &f->frame);
	unit_check(&f->unit, f->frame.glyphs[1]['A'][31] == 0x81 && !f->frame.glyphs[0]['A'][31],
		   "font: character map select");
}

/* The registers of a mode, and what it looks like. */
static const struct {
	const char *name;
	struct { unsigned int port; uint8_t index, value; } set[6];
	uint16_t columns, rows;
	uint8_t width, height;
} modes[] = {
	{ "mode: 80 x 25", { { 0 } }, 80, 25, 9, 16 },
	{ "mode: 80 x 25, 8 dots", { { SEQUENCER, 0x01, 0x01 } }, 80, 25, 8, 16 },
	{ "mode: 40 x 25", { { CRTC, 0x01, 39 }, { SEQUENCER, 0x01, 0x08 } }, 40, 25, 16, 16 },
	{ "mode: 40 x 25, 8 dots", { { CRTC, 0x01, 39 }, { SEQUENCER, 0x01, 0x09 } }, 40, 25, 16, 16 },
	{ "mode: 80 x 28", { { CRTC, 0x09, 0x4D } }, 80, 28, 9, 14 },
	{ "mode: 80 x 50", { { CRTC, 0x09, 0x47 } }, 80, 50, 9, 8 },
	{ "mode: 80 x 43", { { CRTC, 0x09, 0x47 }, { CRTC, 0x12, 0x5D } }, 80, 43, 9, 8 },
	{ "mode: 80 x 60", { { CRTC, 0x09, 0x47 }, { CRTC, 0x12, 0xDF } }, 80, 60, 9, 8 },
	{ "mode: 80 x 25, 14 rows", { { CRTC, 0x09, 0x4D }, { CRTC, 0x12, 0x5D } }, 80, 25, 9, 14 },
	{ "mode: 132 x 25", { { CRTC, 0x01, 131 } }, 132, 25, 9, 16 },
	{ "mode: 132 x 60", { { CRTC, 0x01, 131 }, { CRTC, 0x09, 0x47 }, { CRTC, 0x12, 0xDF } },
	  132, 60, 9, 8 },
	{ "mode: 80 x 24, 32 rows",
	  { { CRTC, 0x07, 0x5D }, { CRTC, 0x09, 0x5F }, { CRTC, 0x12, 0xFF } }, 80, 24, 9, 32 },
	{ "mode: more cells than there can be keep the size",
	  { { CRTC, 0x09, 0x40 }, { CRTC, 0x01, 255 } }, 80, 25, 9, 16 },
	{ "mode: less than a row keeps the size",
	  { { CRTC, 0x07, 0x1D }, { CRTC, 0x12, 0x0E }, { CRTC, 0x09, 0x5F } }, 80, 9, 9, 16 },
	{ "mode: graphics keep the size", { { GRAPHICS, 0x06, 0x05 }, { CRTC, 0x09, 0x41 } },
	  80, 25, 9, 16 },
};

static void test_modes(struct fixture *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		const struct screen_mode *mode = screen_mode(f->screen);

		vga_device.reset(f->vga);
		if (!i)
			unit_check(&f->unit, !memcmp(mode, &screen_mode_3, sizeof(*mode)),
				   "mode: the screen's own is that of the registers at reset");
		set(f, CRTC, 0x11, 0x0E);
		for (size_t n = 0; n < ARRAY_SIZE(modes[i].set) && modes[i].set[n].port; n++)
			set(f, modes[i].set[n].port, modes[i].set[n].index, modes[i].set[n].value);
		if (!unit_check(&f->unit, mode->columns == modes[i].columns &&
				mode->rows == modes[i].rows && mode->cell_width == modes[i].width &&
				mode->cell_height == modes[i].height, modes[i].name))
			printf("  is %u x %u of %u x %u\n", mode->columns, mode->rows,
			       mode->cell_width, mode->cell_height);
	}
}

static bool color_is(struct fixture *f, unsigned int number, const char *wanted)
{
	const struct screen_color *color = &f->frame.mode.palette[number];
	char is[8];

	screen_frame(f->screen, &f->frame);
	snprintf(is, sizeof(is), "%02x%02x%02x", color->red, color->green, color->blue);
	return !strcmp(is, wanted);
}

static void test_colors(struct fixture *f)
{
	unit_check(&f->unit, color_is(f, 6, "a85700") && color_is(f, 15, "ffffff"),
		   "colours: mode 3's");
	set_color(f, 0x14, "\x3F\x01\x20");
	unit_check(&f->unit, color_is(f, 6, "ff0780"), "colours: the DAC's, from six bits to eight");
	set_attribute(f, 0x01, 0x14);
	unit_check(&f->unit, color_is(f, 1, "ff0780"), "colours: palette register");
	set_attribute(f, 0x14, 0x0C);
	set_color(f, 0xD4, "\x00\x3F\x00");
	unit_check(&f->unit, color_is(f, 1, "00ff00"), "colours: two bits of color select");
	set_attribute(f, 0x14, 0x0F);
	set_attribute(f, 0x10, 0x8C);
	set_color(f, 0xF4, "\x00\x00\x3F");
	unit_check(&f->unit, color_is(f, 1, "0000ff"), "colours: four bits of color select");
	set_color(f, 0x04, "\x3F\x3F\x00");
	out(f, 0x3C6, 0x0F);
	unit_check(&f->unit, color_is(f, 1, "ffff00"), "colours: DAC mask");
	vga_device.reset(f->vga);
	set_attribute(f, 0x12, 0x07);
	unit_check(&f->unit, color_is(f, 15, "a8a8a8") && color_is(f, 8, "000000"),
		   "colours: color plane enable");
	in(f, 0x3DA);
	out(f, ATTRIBUTE, 0x00);
	unit_check(&f->unit, color_is(f, 7, "000000"), "colours: black without video");
	out(f, ATTRIBUTE, 0x07);
	out(f, ATTRIBUTE, 0x20);
	unit_check(&f->unit, color_is(f, 7, "a8a8a8"), "colours: and with it as before");
	set(f, GRAPHICS, 0x06, 0x05);
	unit_check(&f->unit, color_is(f, 7, "000000"), "colours: black where there are graphics");
}

/* Cell n of the memory has n in it. */
static void number_cells(struct fixture *f)
{
	for (unsigned int cell = 0; cell < SCREEN_MEMORY_SIZE / 2; cell++) {
		uint16_t value = (uint16_t)cell;

		screen_write(f->screen, cell * 2, &value, 2);
	}
}

static unsigned int cell_at(struct fixture *f, unsigned int column, unsigned int row)
{
	uint16_t value;

	screen_frame(f->screen, &f->frame);
	memcpy(&value, &f->frame.cells[(row * f->frame.mode.columns + column) * 2], 2);
	return value;
}

static void test_layout(struct fixture *f)
{
	static const uint8_t put[] = { 'a', 1, 'b', 2, 'c', 3 };
	const uint8_t *memory = screen_memory(f->screen);

	number_cells(f);
	set(f, CRTC, 0x13, 0x40);
	set(f, CRTC, 0x0C, 0x01);
	unit_check(&f->unit, cell_at(f, 0, 0) == 0x100 && cell_at(f, 3, 2) == 0x100 + 2 * 0x80 + 3,
		   "layout: start and offset");
	set(f, CRTC, 0x11, 0x0E);
	set(f, CRTC, 0x07, 0x0F);
	set(f, CRTC, 0x09, 0x0F);
	set(f, CRTC, 0x18, 31);
	unit_check(&f->unit, cell_at(f, 79, 1) == 0x100 + 0x80 + 79 && cell_at(f, 0, 2) == 0 &&
		   cell_at(f, 1, 4) == 2 * 0x80 + 1, "layout: line compare");
	set(f, CRTC, 0x18, 33);
	unit_check(&f->unit, cell_at(f, 0, 2) == 0x200 && cell_at(f, 0, 3) == 0,
		   "layout: line compare within a row acts on the next one");
	screen_put(f->screen, 3 * 80 - 2, put, 3);
	unit_check(&f->unit, !memcmp(memory + (0x200 + 78) * 2, put, 4) && !memcmp(memory, put + 4, 2),
		   "layout: cells are put where they are seen");

	set(f, CRTC, 0x0A, 0x00);
	set(f, CRTC, 0x0E, 0x01);
	set(f, CRTC, 0x0F, 0x85);
	screen_frame(f->screen, &f->frame);
	unit_check(&f->unit, f->frame.cursor.enabled && f->frame.cursor.cell == 80 + 5,
		   "layout: the cursor by its address");
	set(f, CRTC, 0x0F, 0x80 + 80);
	screen_frame(f->screen, &f->frame);
	unit_check(&f->unit, !f->frame.cursor.enabled, "layout: a cursor beside the picture");
	set(f, CRTC, 0x0E, 0x00);
	set(f, CRTC, 0x0F, 0x03);
	screen_frame(f->screen, &f->frame);
	unit_check(&f->unit, f->frame.cursor.enabled && f->frame.cursor.cell == 3 * 80 + 3,
		   "layout: a cursor below the line compare");
}

static void test_alike(struct fixture *f)
{
	static struct screen_frame other;

	screen_frame(f->screen, &other);
	screen_frame(f->screen, &f->frame);
	unit_check(&f->unit, screen_frame_equal(&f->frame, &other), "frames: equal");
	screen_write(f->screen, 2 * 1999, "x", 1);
	screen_frame(f->screen, &f->frame);
	unit_check(&f->unit, screen_frame_alike(&f->frame, &other) &&
		   !screen_frame_equal(&f->frame, &other), "frames: another cell");
	set_color(f, 0x3F, "\x01\x01\x01");
	screen_frame(f->screen, &f->frame);
	unit_check(&f->unit, !screen_frame_alike(&f->frame, &other), "frames: another colour");
	screen_frame(f->screen, &other);
	screen_font_write(f->screen, 0, 1);
	screen_frame(f->screen, &f->frame);
	unit_check(&f->unit, !screen_frame_alike(&f->frame, &other), "frames: another font");
}

/* Whatever is in the registers, a frame and its dots stay within their bounds. */
static void test_any_mode(struct fixture *f)
{
	static uint8_t dots[SCREEN_CELLS_MAX * SCREEN_CELL_WIDTH_MAX * SCREEN_CELL_HEIGHT_MAX];
	uint32_t random = 1;
	bool good = true;

	for (unsigned int i = 0; i < 3000; i++) {
		static const unsigned int ports[] = { SEQUENCER, CRTC, GRAPHICS, CRTC };

		random = random * 1664525 + 1013904223;
		set(f, CRTC, 0x11, 0x0E);
		set(f, ports[random >> 30], random >> 24 & 0x1F, (uint8_t)(random >> 16));
		set(f, GRAPHICS, 0x06, 0x0E);
		if (i % 8)
			continue;
		screen_frame(f->screen, &f->frame);
		good &= screen_frame_cells(&f->frame) <= SCREEN_CELLS_MAX &&
			screen_frame_width(&f->frame) <= SCREEN_WIDTH_MAX &&
			screen_frame_height(&f->frame) <= SCREEN_HEIGHT_MAX;
		if (i % 64 == 0)
			raster_frame(&f->frame, dots);
	}
	unit_check(&f->unit, good, "any mode: within bounds");
}

UNIT_MAIN(test_windows, test_ways, test_text, test_write_modes, test_compare, test_fonts,
	  test_modes, test_colors, test_layout, test_alike, test_any_mode)
