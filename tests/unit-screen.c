/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit-screen.c - the screen without a guest: pictures, the files they are
 * written to and compared with, the VGA's registers, the hypercalls.
 *
 * Golden pictures and register values are QEMU's (golden/cursor.asm); files
 * that have to be refused are written out here by hand.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dev/vga.h"
#include "host/picture.h"
#include "pv/pv.h"
#include "unit.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define GOLDEN "testsuite/vmm.guest/golden/"

/* In mode 3. */
#define CELLS 2000u
#define CELL_BYTES (CELLS * 2)

/* What every test is given. */
struct bench {
	struct unit unit;
	struct screen *screen;
	struct vga *vga;
	struct mem *mem;
	struct hypercalls *hypercalls;
	struct log log;
	char *said;		/* what was printed since the last forget() */
	size_t said_size;
	char folder[64];	/* for files */
	const char *source;	/* the folder of this file */
};

static void check(struct bench *bench, bool passed, const char *group, const char *what)
{
	char name[200];

	snprintf(name, sizeof(name), "%s: %s", group, what);
	if (unit_check(&bench->unit, passed, name))
		return;
	fflush(bench->log.stream);
	printf("  said: %s\n", bench->said);
}

static bool forget(struct bench *bench)
{
	if (bench->log.stream)
		fclose(bench->log.stream);
	free(bench->said);
	bench->log.stream = open_memstream(&bench->said, &bench->said_size);
	return bench->log.stream;
}

static bool said(struct bench *bench, const char *text)
{
	fflush(bench->log.stream);
	return strstr(bench->said, text);
}

static const char *golden(const struct bench *bench, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/" GOLDEN "%s", bench->source, name);
	return path;
}

static const char *scratch(const struct bench *bench, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", bench->folder, name);
	return path;
}

static size_t file_load(const char *path, void *data, size_t size)
{
	FILE *file = fopen(path, "rb");
	size_t length = 0;

	if (file) {
		length = fread(data, 1, size, file);
		fclose(file);
	}
	return length;
}

static void file_save(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "wb");

	if (file) {
		fwrite(data, 1, size, file);
		fclose(file);
	}
}

/* All as it was at first; the device's own reset leaves the memory alone. */
static void reset(struct bench *bench)
{
	vga_device.reset(bench->vga);
	for (unsigned int cell = 0; cell < SCREEN_MEMORY_SIZE / 2; cell++)
		screen_write(bench->screen, cell * 2, " \x07", 2);
}

static struct screen_frame frame_now(const struct bench *bench)
{
	struct screen_frame frame;

	screen_frame(bench->screen, &frame);
	return frame;
}

static void set_start(struct bench *bench, uint16_t cell)
{
	struct screen_mode mode = *screen_mode(bench->screen);

	mode.start = cell;
	screen_set_mode(bench->screen, &mode);
}

/* The pseudo-random text of the golden pictures, on a screen after reset. */
static void load_random(struct bench *bench)
{
	uint8_t cells[CELL_BYTES];

	reset(bench);
	if (file_load(golden(bench, "prng.vram"), cells, sizeof(cells)) == sizeof(cells))
		screen_write(bench->screen, 0, cells, sizeof(cells));
}

/* Blanks with a text in the upper left corner. */
static void load_text(struct bench *bench, const char *text)
{
	reset(bench);
	for (size_t i = 0; text[i]; i++)
		screen_write(bench->screen, i * 2, &text[i], 1);
}

/* 1: differs; -errno: cannot be read. */
static int compare(struct bench *bench, const char *path)
{
	const struct screen_frame frame = frame_now(bench);
	struct picture *picture;
	int result;

	forget(bench);
	result = picture_load(&picture, path, &bench->log);
	if (result)
		return result;
	result = picture_differs(&frame, picture, &bench->log);
	picture_free(picture);
	return result;
}

static int write_picture(struct bench *bench, const struct screen_frame *frame, const char *path)
{
	struct picture_file *picture;
	int error = picture_open(&picture, path, &bench->log);

	if (error)
		return error;
	error = picture_write(frame, picture, &bench->log);
	picture_close(picture);
	return error;
}

static unsigned int in(struct bench *bench, uint16_t port)
{
	return (unsigned int)(port >= 0x3C0 ? vga_register_ops.read(bench->vga, port - 0x3C0u, 1) :
					      vga_mono_ops.read(bench->vga, port - 0x3B0u, 1));
}

static void out(struct bench *bench, uint16_t port, uint8_t value)
{
	if (port >= 0x3C0)
		vga_register_ops.write(bench->vga, port - 0x3C0u, 1, value);
	else
		vga_mono_ops.write(bench->vga, port - 0x3B0u, 1, value);
}

static void out_indexed(struct bench *bench, uint16_t port, uint8_t index, uint8_t value)
{
	out(bench, port, index);
	out(bench, port + 1, value);
}

static unsigned int in_indexed(struct bench *bench, uint16_t port, uint8_t index)
{
	out(bench, port, index);
	return in(bench, port + 1);
}

static void test_golden(struct bench *bench)
{
	static const uint8_t cursor[][2] = {
		{ 0x0A, 3 }, { 0x0B, 31 }, { 0x0C, 0 }, { 0x0D, 160 }, { 0x0E, 1 }, { 0x0F, 77 },
	};
	static char expected[900000], written[900000];
	struct screen_frame frame;
	size_t size;

	load_random(bench);
	frame = frame_now(bench);
	check(bench, !compare(bench, golden(bench, "prng.ppm")), "golden", "QEMU's picture");
	check(bench, !write_picture(bench, &frame, scratch(bench, "p.ppm")), "golden",
	      "is written");
	size = file_load(golden(bench, "prng.ppm"), expected, sizeof(expected));
	check(bench, size == 864015 && file_load(scratch(bench, "p.ppm"), written,
						 sizeof(written)) == size &&
	      !memcmp(written, expected, size), "golden", "to the byte");

	for (size_t i = 0; i < ARRAY_SIZE(cursor); i++)
		out_indexed(bench, 0x3D4, cursor[i][0], cursor[i][1]);
	check(bench, !compare(bench, golden(bench, "cursor.png")), "golden",
	      "QEMU's picture with a start address and a cursor");
	out_indexed(bench, 0x3D4, 0x0A, 3 | 0x20);
	check(bench, compare(bench, golden(bench, "cursor.png")) == 1 &&
	      said(bench, "screen differs at row 2, column 13: got") && !said(bench, "more"),
	      "golden", "it differs in one cell without the cursor");
}

static void test_round_trips(struct bench *bench)
{
	static const char *const names[] = { "r.ppm", "r.png", "r.PNG", "r.txt", "r.vram" };
	struct screen_frame frame;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *path = scratch(bench, names[i]);

		load_random(bench);
		frame = frame_now(bench);
		check(bench, !write_picture(bench, &frame, path) && !compare(bench, path),
		      names[i], "is equal to itself");
		/* A character that looks like no other, in other colours than before. */
		screen_write(bench->screen, 2 * 85, "\x15\x2A", 2);
		check(bench, compare(bench, path) == 1 &&
		      said(bench, "screen differs at row 1, column 5: ") &&
		      said(bench, "got '§' (0x15) attribute 0x2a\n"),
		      names[i], "and to nothing else");
		check(bench, picture_suffix_known(path), names[i], "is a known suffix");
	}
	check(bench, picture_suffix_known("-") && !picture_suffix_known("ppm") &&
	      !picture_suffix_known("a.ppm.gz"), "suffix", "others");
	check(bench, compare(bench, "a.gif") == -EINVAL && said(bench, "vmm: a.gif: "), "suffix",
	      "an unknown one is refused");
}

/* A file that is compared with a screen that shows "AB" in its corner. */
static const struct {
	const char *name;
	const char *suffix;
	const char *text;
	size_t size;		/* 0: up to the NUL */
	int result;
	const char *said;
} files[] = {
	{ "one line", ".txt", "AB\n", 0, 0, "" },
	{ "no newline", ".txt", "AB", 0, 0, "" },
	{ "blanks at the end", ".txt", "AB  \302\240 \n \n", 0, 0, "" },
	{ "blanks past the edge", ".txt", "AB\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n \n",
	  0, 0, "" },
	{ "CR LF", ".txt", "AB\r\n\r\n", 0, 0, "" },
	{ "empty", ".txt", "", 0, 1,
	  "screen differs at row 0, column 0: expected ' ' (0x20), got 'A' (0x41) attribute 0x07\n"
	  "screen differs at row 0, column 1: expected ' ' (0x20), got 'B' (0x42) attribute 0x07\n" },
	{ "other text", ".txt", "A\303\237\n", 0, 1,
	  "screen differs at row 0, column 1: expected '\303\237' (0xe1), got 'B' (0x42) attribute 0x07\n" },
	{ "not in the code page", ".txt", "A\342\202\254\n", 0, 1,
	  "row 0, column 1: expected U+20AC (not in code page 437), got 'B'" },
	{ "beyond the BMP", ".txt", "A\360\237\230\200\n", 0, 1, "expected U+1F600 (not in" },
	{ "many differences", ".txt", "ABxxxxxxxxxxxx\n", 0, 1, "\n... and 2 more\n" },
	{ "a lone CR", ".txt", "AB\r", 0, 1, "column 2: expected U+000D" },
	{ "overlong", ".txt", "A\301\202\n", 0, -EINVAL, "line 1 is not UTF-8" },
	{ "cut off", ".txt", "AB\n\342\202", 0, -EINVAL, "line 2 is not UTF-8" },
	{ "surrogate", ".txt", "\355\240\200", 0, -EINVAL, "line 1 is not UTF-8" },
	{ "past U+10FFFF", ".txt", "\364\220\200\200", 0, -EINVAL, "line 1 is not UTF-8" },
	{ "a stray byte", ".txt", "AB\n\n\200", 0, -EINVAL, "line 3 is not UTF-8" },
	{ "a byte 0xFF", ".txt", "\377", 0, -EINVAL, "line 1 is not UTF-8" },
	{ "a long line", ".txt",
	  "AB                                                                              x",
	  0, 1, "screen differs: expected a text of 81 columns, 1 rows, got a screen of 80 x 25" },
	{ "many lines", ".txt", "AB\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nx", 0, 1,
	  "screen differs: expected a text of 2 columns, 26 rows, got a screen of 80 x 25" },
	{ "short", ".vram", "A\007B\007", 0, 1,
	  "screen differs: expected 4 bytes of cells, got 4000 (a screen of 80 x 25)" },
	{ "empty", ".vram", "", 0, -EINVAL, "has 0 bytes" },
	{ "empty", ".ppm", "", 0, -EINVAL, "not a PPM picture" },
	{ "a P3", ".ppm", "P3\n1 1\n255\n0 0 0\n", 0, -EINVAL, "not a PPM picture" },
	{ "no numbers", ".ppm", "P6\nten ten\n255\n", 0, -EINVAL, "malformed PPM header" },
	{ "a negative width", ".ppm", "P6\n-720 400\n255\n", 0, -EINVAL, "malformed PPM header" },
	{ "a huge width", ".ppm", "P6\n99999999999999999999 400\n255\n", 0, -EINVAL,
	  "malformed PPM header" },
	{ "no blank after the maximum", ".ppm", "P6\n720 400\n255", 0, -EINVAL,
	  "malformed PPM header" },
	{ "an endless comment", ".ppm", "P6 #720 400", 0, -EINVAL, "malformed PPM header" },
	{ "another size", ".ppm", "P6\n2 1\n255\nabcdef", 0, 1,
	  "screen differs: expected a picture of 2 x 1 dots, got 720 x 400" },
	{ "a size that no screen has", ".ppm", "P6\n4097 1\n255\n", 0, -EINVAL,
	  "a picture of 4097 x 1 dots, a screen has at most 4096 x 1024" },
	{ "no size", ".ppm", "P6\n0 400\n255\n", 0, -EINVAL, "a picture of 0 x 400 dots" },
	{ "16-bit colours", ".ppm", "P6\n720 400\n65535\n", 0, -EINVAL,
	  "colours up to 65535, only 255 is supported" },
	{ "cut off", ".ppm", "P6 # a\n#b\n720#c\n\t400\r\n255#d\n123", 0, -EINVAL,
	  "ends in the middle of the picture" },
	{ "empty", ".png", "", 0, -EINVAL, "not a PNG picture" },
	{ "a PPM", ".png", "P6\n720 400\n255\n", 0, -EINVAL, "not a PNG picture" },
	{ "a wrong checksum", ".png",
	  "\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\b\0\0\0\0:~\233U\0\0\0\nIDATx\332cx\017\0\1"
	  "\1\1\0\033\266\356V\0\0\0\0IEND\256B`\202", 67, -EINVAL, "malformed PNG picture: " },
	{ "1 x 1", ".png",
	  "\211PNG\015\012\032\012\000\000\000\015IHDR\000\000\000\001\000\000\000\001\010\000\000\000\000:"
	  "~\233U\000\000\000\012IDATx\234c`\007\000\000\011\000\010 #\303\214\000\000\000\000IEND\256B`\202",
	  67, 1, "screen differs: expected a picture of 1 x 1 dots, got 720 x 400" },
};

static void test_files(struct bench *bench)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char name[40];
		const char *path;

		snprintf(name, sizeof(name), "f%s", files[i].suffix);
		path = scratch(bench, name);
		file_save(path, files[i].text,
			  files[i].size ? files[i].size : strlen(files[i].text));
		load_text(bench, "AB");
		check(bench, compare(bench, path) == files[i].result && said(bench, files[i].said) &&
		      (files[i].result >= 0 || said(bench, path)), files[i].suffix, files[i].name);
	}
}

static void test_cut_files(struct bench *bench)
{
	static const char *const names[] = { "c.ppm", "c.png" };
	static char data[900001];

	load_random(bench);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *path = scratch(bench, names[i]);
		const struct screen_frame frame = frame_now(bench);
		size_t size;

		write_picture(bench, &frame, path);
		size = file_load(path, data, sizeof(data));
		file_save(path, data, size - 20);
		check(bench, compare(bench, path) == -EINVAL && said(bench, path), names[i],
		      "cut off is refused");
		file_save(path, data, size / 2);
		check(bench, compare(bench, path) == -EINVAL && said(bench, path), names[i],
		      "cut in half is refused");
	}
	file_save(scratch(bench, "c.vram"), data, CELL_BYTES + 1);
	check(bench, compare(bench, scratch(bench, "c.vram")) == -EINVAL &&
	      said(bench, "has 4001 bytes, cells have two each"), "c.vram", "half a cell is refused");
	file_save(scratch(bench, "c.vram"), data, SCREEN_CELLS_MAX * 2 + 1);
	check(bench, compare(bench, scratch(bench, "c.vram")) == -EINVAL &&
	      said(bench, "has more than 32000 bytes"), "c.vram", "too long is refused");
	check(bench, compare(bench, scratch(bench, "none.png")) < 0 &&
	      said(bench, "No such file"), "none.png", "is not there");
	symlink("/", scratch(bench, "d.txt"));
	check(bench, compare(bench, scratch(bench, "d.txt")) < 0 &&
	      said(bench, "Is a directory"), "d.txt", "is a folder");
}

static void test_full_disk(struct bench *bench)
{
	static const char *const names[] = { "full.ppm", "full.png", "full.txt", "full.vram" };

	load_random(bench);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *path = scratch(bench, names[i]);
		const struct screen_frame frame = frame_now(bench);

		symlink("/dev/full", path);
		forget(bench);
		check(bench, write_picture(bench, &frame, path) == -ENOSPC &&
		      said(bench, path) && said(bench, "No space left on device"), names[i],
		      "a full disk is an error");
	}
}

static void test_text(struct bench *bench)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	struct screen_frame frame;

	load_text(bench, " \x01x\xFF");
	frame = frame_now(bench);
	picture_write_text(&frame, stream, true);
	check(bench, !strcmp(text, " \342\230\272x\n"), "text", "without the blanks at its end");
	rewind(stream);
	picture_write_text(&frame, stream, false);
	fclose(stream);
	check(bench, size == strlen(" \342\230\272x\n") + 24, "text", "all 25 lines");
	free(text);
}

static void test_frames(struct bench *bench)
{
	static const struct {
		const char *name;
		struct screen_cursor cursor;
		uint16_t start;
		uint16_t cell;
		bool seen;
	} cursors[] = {
		{ "off", { false, 0, 0, 15 }, 0, 0, false },
		{ "on", { true, 80, 0, 15 }, 0, 80, true },
		{ "last cell", { true, 1999, 13, 14 }, 0, 1999, true },
		{ "past the last cell", { true, 2000, 13, 14 }, 0, 0, false },
		{ "at 0xFFFF", { true, 0xFFFF, 13, 14 }, 0, 0, false },
		{ "first line past the last", { true, 0, 14, 13 }, 0, 0, false },
		{ "first line past the cell", { true, 0, 16, 31 }, 0, 0, false },
		{ "last line past the cell", { true, 0, 15, 31 }, 0, 0, true },
		{ "before the start", { true, 79, 0, 15 }, 80, 0, false },
		{ "after the start", { true, 161, 0, 15 }, 80, 81, true },
	};
	struct screen_frame frame;

	vga_device.reset(bench->vga);
	frame = frame_now(bench);
	check(bench, !screen_frame_touched(&frame), "frame", "untouched at first");
	for (size_t i = 0; i < ARRAY_SIZE(cursors); i++) {
		set_start(bench, cursors[i].start);
		screen_set_cursor(bench->screen, &cursors[i].cursor);
		frame = frame_now(bench);
		check(bench, frame.cursor.enabled == cursors[i].seen &&
		      frame.cursor.cell == cursors[i].cell &&
		      screen_frame_touched(&frame) == cursors[i].seen, "cursor", cursors[i].name);
	}
	reset(bench);
	screen_write(bench->screen, CELL_BYTES - 1, "\x08", 1);
	frame = frame_now(bench);
	check(bench, screen_frame_touched(&frame), "frame", "touched by one attribute");
}

/* Every start address: the picture is what stands there, around the memory's end. */
static void test_start(struct bench *bench)
{
	uint8_t *memory = screen_memory(bench->screen);
	bool good = true;

	for (unsigned int i = 0; i < SCREEN_MEMORY_SIZE; i++)
		memory[i] = (uint8_t)(i * 7 + i / 256);
	for (unsigned int start = 0; start < 0x10000 && good; start += 37) {
		struct screen_frame frame;

		out_indexed(bench, 0x3D4, 0x0C, (uint8_t)(start >> 8));
		out_indexed(bench, 0x3D4, 0x0D, (uint8_t)start);
		frame = frame_now(bench);
		for (unsigned int i = 0; i < CELL_BYTES; i++)
			good &= frame.cells[i] == memory[(start * 2 + i) % SCREEN_MEMORY_SIZE];
	}
	check(bench, good, "frame", "every start address");
}

/* Text memory through the bus is the mapped memory, at every size and alignment. */
static void test_text_memory(struct bench *bench)
{
	uint8_t *memory = screen_memory(bench->screen);
	const uint64_t pattern = 0x8877665544332211;
	bool good = true;

	for (unsigned int size = 1; size <= 8; size *= 2) {
		for (unsigned int offset = 100; offset < 116; offset++) {
			uint64_t mask = size == 8 ? ~UINT64_C(0) : (UINT64_C(1) << size * 8) - 1;

			memset(memory, 0, 256);
			vga_text_ops.write(bench->vga, offset, size, pattern & mask);
			good &= !memcmp(memory + offset, &pattern, size);
			good &= !memory[offset - 1] && !memory[offset + size];
			good &= vga_text_ops.read(bench->vga, offset, size) == (pattern & mask);
		}
	}
	vga_text_ops.write(bench->vga, SCREEN_MEMORY_SIZE - 8, 8, pattern);
	good &= !memcmp(memory + SCREEN_MEMORY_SIZE - 8, &pattern, 8);
	check(bench, good, "text memory", "every size and alignment");
}

/*
 * The registers of mode 3 as QEMU's VGA with SeaBIOS has them, but for the
 * cursor that is off here; and what they hold after all ones are written (the
 * writable bits of IBM's manual).
 */
static const struct {
	const char *name;
	uint16_t port;
	unsigned int count;
	uint8_t initial[25];
	uint8_t ones[25];
} banks[] = {
	{ "sequencer", 0x3C4, 5, { 0x03, 0x00, 0x03, 0x00, 0x02 }, { 0x03, 0x3D, 0x0F, 0x3F, 0x0E } },
	{ "CRTC", 0x3D4, 25,
	  { 0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0x00, 0x4F, 0x2D, 0x0E, 0x00, 0x00, 0x00,
	    0x00, 0x9C, 0x8E, 0x8F, 0x28, 0x1F, 0x96, 0xB9, 0xA3, 0xFF },
	  /* Written in this order, so that 0 to 7 are protected but for one bit. */
	  { 0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0x7F, 0xFF, 0x3F, 0x7F, 0xFF, 0xFF, 0xFF,
	    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xEF, 0xFF } },
	{ "graphics", 0x3CE, 9, { 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0E, 0x0F, 0xFF },
	  { 0x0F, 0x0F, 0x0F, 0x1F, 0x03, 0x7B, 0x0F, 0x0F, 0xFF } },
};

static void test_banks(struct bench *bench)
{
	reset(bench);
	for (size_t i = 0; i < ARRAY_SIZE(banks); i++) {
		bool initial = true, ones = true;

		for (uint8_t index = 0; index < banks[i].count; index++)
			initial &= in_indexed(bench, banks[i].port, index) ==
				   banks[i].initial[index];
		check(bench, initial, banks[i].name, "mode 3 at reset");
		check(bench, in(bench, banks[i].port) == banks[i].count - 1, banks[i].name,
		      "the index is read back");
		for (uint8_t index = 0; index < banks[i].count; index++)
			out_indexed(bench, banks[i].port, index, 0xFF);
		for (uint8_t index = 0; index < banks[i].count; index++)
			ones &= in_indexed(bench, banks[i].port, index) == banks[i].ones[index];
		check(bench, ones, banks[i].name, "writable bits");
		for (unsigned int index = banks[i].count; index < 256; index++) {
			out_indexed(bench, banks[i].port, (uint8_t)index, 0x55);
			ones &= in(bench, banks[i].port + 1) == 0xFF;
		}
		check(bench, ones, banks[i].name, "there are no more registers");
	}
}

static void test_crtc(struct bench *bench)
{
	reset(bench);
	out_indexed(bench, 0x3D4, 0x07, 0x00);
	check(bench, in(bench, 0x3D5) == 0x0F, "CRTC", "bit 4 of 07h is not protected");
	out_indexed(bench, 0x3D4, 0x11, 0x0E);
	out_indexed(bench, 0x3D4, 0x00, 0x12);
	check(bench, in(bench, 0x3D5) == 0x12, "CRTC", "writable without protection");
	check(bench, in(bench, 0x3B5) == 0xFF, "CRTC", "not at 0x3B5 in colour");
	out(bench, 0x3C2, 0x66);
	check(bench, in(bench, 0x3D5) == 0xFF && in(bench, 0x3B5) == 0x12 &&
	      in(bench, 0x3B4) == 0, "CRTC", "at 0x3B5 only in monochrome");
	out(bench, 0x3D5, 0x34);
	check(bench, in(bench, 0x3B5) == 0x12, "CRTC", "nothing written at 0x3D5 then");
	out(bench, 0x3B5, 0x56);
	out(bench, 0x3C2, 0x67);
	check(bench, in(bench, 0x3D5) == 0x56, "CRTC", "and back");
}

static void test_attribute(struct bench *bench)
{
	static const uint8_t initial[21] = {
		0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3A,
		0x3B, 0x3C, 0x3D, 0x3E, 0x3F, 0x0C, 0x00, 0x0F, 0x08, 0x00,
	};
	bool good = true;

	reset(bench);
	for (uint8_t index = 0; index < sizeof(initial); index++) {
		in(bench, 0x3DA);
		out(bench, 0x3C0, index | 0x20);
		good &= in(bench, 0x3C0) == (index | 0x20u) && in(bench, 0x3C1) == initial[index];
	}
	check(bench, good, "attribute", "mode 3 at reset");
	in(bench, 0x3DA);
	out(bench, 0x3C0, 0x01);
	out(bench, 0x3C0, 0xFF);
	out(bench, 0x3C0, 0x10);
	check(bench, in(bench, 0x3C1) == 0x0C, "attribute", "index after data");
	out(bench, 0x3C0, 0xFF);
	check(bench, in(bench, 0x3C1) == 0xEF, "attribute", "data after index, writable bits");
	out(bench, 0x3C0, 0x10);
	in(bench, 0x3DA);
	out(bench, 0x3C0, 0x01);
	check(bench, in(bench, 0x3C1) == 0x3F, "attribute", "status 1 starts with an index");
	out(bench, 0x3C0, 0x00);
	out(bench, 0x3C0, 0x1F);
	check(bench, in(bench, 0x3C1) == 0xFF, "attribute", "a register that is not there");
}

static void test_status(struct bench *bench)
{
	unsigned int first, second;

	reset(bench);
	first = in(bench, 0x3DA);
	second = in(bench, 0x3DA);
	check(bench, (first ^ second) == 0x09 && !((first | second) & ~0x09u), "status 1",
	      "both retrace bits change");
	check(bench, in(bench, 0x3CC) == 0x67, "misc", "mode 3 at reset");
	out(bench, 0x3C2, 0xFF);
	check(bench, in(bench, 0x3CC) == 0xEF, "misc", "writable bits");
	out(bench, 0x3DA, 0x08);
	check(bench, in(bench, 0x3CA) == 0x08, "feature control", "is read back");
	check(bench, in(bench, 0x3C2) == 0, "status 0", "nothing");
	check(bench, in(bench, 0x3C3) == 1, "subsystem enable", "on at reset");
	out(bench, 0x3C3, 0xFE);
	check(bench, in(bench, 0x3C3) == 0, "subsystem enable", "writable bit");
	check(bench, in(bench, 0x3CB) == 0xFF && in(bench, 0x3D0) == 0xFF, "ports",
	      "those that do nothing read as all ones");
}

/* The first colours of QEMU's DAC in mode 3, and some others. */
static void test_dac(struct bench *bench)
{
	static const struct {
		uint8_t index;
		uint8_t level[3];
	} colors[] = {
		{ 0x00, { 0x00, 0x00, 0x00 } }, { 0x01, { 0x00, 0x00, 0x2A } },
		{ 0x06, { 0x2A, 0x2A, 0x00 } }, { 0x08, { 0x00, 0x00, 0x15 } },
		{ 0x14, { 0x2A, 0x15, 0x00 } }, { 0x27, { 0x3F, 0x2A, 0x2A } },
		{ 0x3F, { 0x3F, 0x3F, 0x3F } }, { 0x40, { 0x00, 0x00, 0x00 } },
	};
	bool good = true;

	reset(bench);
	for (size_t i = 0; i < ARRAY_SIZE(colors); i++) {
		out(bench, 0x3C7, colors[i].index);
		for (unsigned int component = 0; component < 3; component++)
			good &= in(bench, 0x3C9) == colors[i].level[component];
	}
	check(bench, good, "DAC", "mode 3 at reset");
	check(bench, in(bench, 0x3C7) == 3, "DAC", "state after a read index");
	out(bench, 0x3C8, 0xFF);
	for (unsigned int i = 1; i <= 5; i++)
		out(bench, 0x3C9, (uint8_t)(0xC0 + i));
	check(bench, in(bench, 0x3C7) == 0 && in(bench, 0x3C8) == 0, "DAC",
	      "the write index moves on and around");
	out(bench, 0x3C7, 0xFF);
	good = in(bench, 0x3C9) == 1 && in(bench, 0x3C9) == 2 && in(bench, 0x3C9) == 3;
	check(bench, good && !in(bench, 0x3C9) && !in(bench, 0x3C9) && !in(bench, 0x3C9), "DAC",
	      "six bits; nothing changes before the third component");
	check(bench, in(bench, 0x3C6) == 0xFF, "DAC", "mask at reset");
}

#define REQUEST_GPA 0x100u
#define EDGE 0x2000u	/* two regions meet here, the second ends a page further on */

static int64_t call(struct bench *bench, uint32_t number, uint64_t a, uint64_t b, uint64_t c,
		    uint64_t d)
{
	struct hypercall_request request = { .number = number, .argument = { a, b, c, d } };

	mem_write(bench->mem, REQUEST_GPA, &request, sizeof(request));
	hypercall_port_ops.write(bench->hypercalls, 0, 4, REQUEST_GPA);
	mem_read(bench->mem, REQUEST_GPA, &request, sizeof(request));
	return request.result;
}

static void test_hypercalls(struct bench *bench)
{
	static const struct {
		const char *name;
		uint32_t number;
		uint64_t argument[4];
		int64_t result;
	} calls[] = {
		{ "info", HYPERCALL_SCREEN_INFO, { 0 }, 80 | 25 << 16 },
		{ "put at the end", HYPERCALL_SCREEN_PUT, { 79, 24, 0x1F41 }, 0 },
		{ "put past the row", HYPERCALL_SCREEN_PUT, { 80, 0, 0x1F58 }, -EINVAL },
		{ "put past the last row", HYPERCALL_SCREEN_PUT, { 0, 25, 0x1F58 }, -EINVAL },
		{ "put no cell", HYPERCALL_SCREEN_PUT, { 0, 0, 0x10058 }, -EINVAL },
		{ "put far away", HYPERCALL_SCREEN_PUT, { UINT64_MAX, UINT64_MAX, 0x58 }, -EINVAL },
		{ "write nothing", HYPERCALL_SCREEN_WRITE, { 0, 0, UINT64_MAX, 0 }, 0 },
		{ "write across regions", HYPERCALL_SCREEN_WRITE, { 78, 0, EDGE - 3, 3 }, 0 },
		{ "write past the end", HYPERCALL_SCREEN_WRITE, { 78, 24, EDGE, 3 }, -EINVAL },
		{ "write all and one more", HYPERCALL_SCREEN_WRITE, { 0, 0, EDGE, 2001 }, -EINVAL },
		{ "write very much", HYPERCALL_SCREEN_WRITE, { 0, 0, EDGE, UINT64_MAX / 2 + 1 },
		  -EINVAL },
		{ "write from nowhere", HYPERCALL_SCREEN_WRITE, { 0, 0, EDGE + 4096 - 4, 3 },
		  -EFAULT },
		{ "write from the end of addresses", HYPERCALL_SCREEN_WRITE,
		  { 0, 0, UINT64_MAX - 1, 4 }, -EFAULT },
	};
	struct screen_frame frame;
	bool blank = true;

	reset(bench);
	mem_write(bench->mem, EDGE - 3, "a\x01" "b\x02" "c\x03", 6);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const uint64_t *argument = calls[i].argument;

		check(bench, call(bench, calls[i].number, argument[0], argument[1], argument[2],
				  argument[3]) == calls[i].result, "hypercall", calls[i].name);
	}
	frame = frame_now(bench);
	check(bench, !memcmp(&frame.cells[78 * 2], "a\x01" "b\x02" "c\x03", 6) &&
	      !memcmp(&frame.cells[1999 * 2], "A\x1F", 2), "hypercall", "what was written is there");
	for (unsigned int cell = 0; cell < CELLS; cell++)
		if ((cell < 78 || cell > 80) && cell != 1999)
			blank &= !memcmp(&frame.cells[cell * 2], " \x07", 2);
	check(bench, blank, "hypercall", "what was refused is not");

	/* The last cell before the memory's end is the picture's first. */
	set_start(bench, SCREEN_MEMORY_SIZE / 2 - 1);
	call(bench, HYPERCALL_SCREEN_WRITE, 0, 0, EDGE - 3, 3);
	frame = frame_now(bench);
	check(bench, !memcmp(frame.cells, "a\x01" "b\x02" "c\x03", 6) &&
	      !memcmp(screen_memory(bench->screen), "b\x02" "c\x03", 4), "hypercall",
	      "positions count from the picture's first cell");

	/* 40 columns out of 80, 50 rows. */
	reset(bench);
	out_indexed(bench, 0x3D4, 0x11, 0x0E);
	out_indexed(bench, 0x3D4, 0x01, 39);
	out_indexed(bench, 0x3D4, 0x09, 0x47);
	check(bench, call(bench, HYPERCALL_SCREEN_INFO, 0, 0, 0, 0) == (40 | 50 << 16) &&
	      call(bench, HYPERCALL_SCREEN_PUT, 40, 0, 0x1F58, 0) == -EINVAL &&
	      call(bench, HYPERCALL_SCREEN_PUT, 0, 50, 0x1F58, 0) == -EINVAL, "hypercall",
	      "another mode has other bounds");
	call(bench, HYPERCALL_SCREEN_WRITE, 39, 48, EDGE - 3, 3);
	check(bench, !memcmp(screen_memory(bench->screen) + (48 * 80 + 39) * 2, "a\x01 \x07", 4) &&
	      !memcmp(screen_memory(bench->screen) + 49 * 80 * 2, "b\x02" "c\x03", 4), "hypercall",
	      "rows are where the mode has them");
}

struct scribbler {
	struct screen *screen;
	atomic_bool stop;
};

/* Whole screens of one cell or of the other. */
static void *scribble(void *self)
{
	struct scribbler *scribbler = self;
	uint8_t cells[CELL_BYTES];

	for (unsigned int round = 0; !atomic_load(&scribbler->stop); round++) {
		memset(cells, round & 1 ? 0xAA : 0x55, sizeof(cells));
		screen_put(scribbler->screen, 0, cells, CELLS);
		screen_set_cursor(scribbler->screen, &(struct screen_cursor){
			.enabled = true, .cell = round & 1 ? 500 : 1500,
			.first_line = round & 1 ? 1 : 2, .last_line = 15 });
	}
	return NULL;
}

/* Frames taken while somebody writes: each cell and the cursor are whole. */
static void test_races(struct bench *bench)
{
	struct scribbler scribbler = { .screen = bench->screen };
	pthread_t thread;
	bool good = true;

	reset(bench);
	scribble(&(struct scribbler){ .screen = bench->screen, .stop = true });
	if (pthread_create(&thread, NULL, scribble, &scribbler))
		return check(bench, false, "race", "no thread");
	for (unsigned int i = 0; i < 3000; i++) {
		struct screen_frame frame = frame_now(bench);

		for (unsigned int cell = 0; cell < CELLS; cell++)
			good &= frame.cells[cell * 2] == frame.cells[cell * 2 + 1] ||
				frame.cells[cell * 2] == ' ';
		good &= !frame.cursor.enabled ||
			frame.cursor.cell == (frame.cursor.first_line == 1 ? 500 : 1500);
	}
	atomic_store(&scribbler.stop, true);
	pthread_join(thread, NULL);
	check(bench, good, "race", "no cell and no cursor is half of each");
}

static bool add_region(struct mem *mem, uint64_t gpa, uint64_t size)
{
	struct mem_region region = { .gpa = gpa, .size = size, .flags = MEM_RW, .name = "RAM" };

	region.host = mem_backing(mem, size, false);
	return region.host && !mem_add(mem, &region, false);
}

/* The modules are in the build's .libs, this program is in a folder beside it. */
static void find_modules(void)
{
	char path[400];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - sizeof("/../.libs"));
	char *slash;

	path[length > 0 ? length : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash) {
		strcpy(slash, "/../.libs");
		setenv("VMM_MODULE_DIR", path, 0);
	}
}

static bool bench_create(struct bench *bench)
{
	const char *source = getenv("srcdir");

	find_modules();
	bench->source = source ? source : ".";
	snprintf(bench->folder, sizeof(bench->folder), "/tmp/unit-screen.XXXXXX");
	return forget(bench) && mkdtemp(bench->folder) && !screen_create(&bench->screen, NULL) &&
	       !mem_create(&bench->mem) && !vga_create(&bench->vga, bench->screen, bench->mem) &&
	       add_region(bench->mem, 0, EDGE) && add_region(bench->mem, EDGE, MEM_PAGE_SIZE) &&
	       !hypercalls_create(&bench->hypercalls, bench->mem, &bench->log) &&
	       !pv_screen_register(bench->hypercalls, bench->screen);
}

static void bench_destroy(struct bench *bench)
{
	char command[100];

	hypercalls_device.fini(bench->hypercalls);
	vga_device.fini(bench->vga);
	screen_destroy(bench->screen);
	mem_destroy(bench->mem);
	fclose(bench->log.stream);
	free(bench->said);
	snprintf(command, sizeof(command), "rm -rf %s", bench->folder);
	if (system(command))
		perror(command);
}

int main(void)
{
	static void (*const tests[])(struct bench *bench) = {
		test_frames, test_golden, test_round_trips, test_files, test_cut_files,
		test_full_disk, test_text, test_start, test_text_memory, test_banks, test_crtc, test_attribute,
		test_status, test_dac, test_hypercalls, test_races,
	};
	struct bench bench = { 0 };

	if (!bench_create(&bench))
		return EXIT_FAILURE;
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		tests[i](&bench);
	bench_destroy(&bench);
	return unit_status(&bench.unit);
}
