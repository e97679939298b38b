/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * picture.c - frames as files, see picture.h. PPM as in netpbm's ppm(5), PNG
 * by a module (png.c), text as UTF-8 (RFC 3629).
 */
#include "host/picture.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/font.h"
#include "core/module.h"
#include "host/png_module.h"
#include "host/raster.h"

#define REASON_SIZE 256u	/* of a failure, in words */
#define SHOWN_DIFFERENCES 10u

/* A picture as a file has it; which member counts depends on the format. */
union content {
	struct raster_color dots[RASTER_DOTS];
	uint32_t text[SCREEN_CELLS];		/* Unicode, a code point a cell */
	uint8_t cells[SCREEN_FRAME_BYTES];
};

/* A file being read. */
struct source {
	FILE *file;
	const char *path;
	const struct log *log;
};

struct format {
	const char *suffix;
	/* Returns 0, or -errno with a message in the log; NULL: always works. */
	int (*check)(const struct log *log);
	/* Returns 0, or -errno, with a reason where that does not say enough. */
	int (*write)(const struct screen_frame *frame, FILE *file, char reason[REASON_SIZE]);
	/* Returns 0, or -errno with a message in the log. */
	int (*read)(union content *content, const struct source *source);
	/* Whether a cell of the frame looks as the file says. */
	bool (*equal)(const union content *content, const struct screen_frame *frame,
		      unsigned int cell);
	/* Prints what the file has in a cell; NULL: that cannot be said in words. */
	void (*describe)(const union content *content, unsigned int cell, FILE *stream);
};

static int put(FILE *file, const void *data, size_t len)
{
	return fwrite(data, 1, len, file) == len ? 0 : -errno;
}

/* Says what is wrong with a file: that it cannot be read, else the text. */
static int refuse(const struct source *source, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(const struct source *source, const char *format, ...)
{
	int error = ferror(source->file) ? errno : 0;
	char reason[REASON_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	log_error(source->log, "%s: %s", source->path, error ? strerror(error) : reason);
	return error ? -error : -EINVAL;
}

static int check_size(const struct source *source, unsigned long width, unsigned long height)
{
	if (width == SCREEN_WIDTH && height == SCREEN_HEIGHT)
		return 0;
	return refuse(source, "a picture of %lu x %lu dots, the screen has %u x %u", width, height,
		      SCREEN_WIDTH, SCREEN_HEIGHT);
}

static bool dots_equal(const union content *content, const struct screen_frame *frame,
		       unsigned int cell)
{
	unsigned int row = cell / SCREEN_COLUMNS, column = cell % SCREEN_COLUMNS;
	const struct raster_color *line = &content->dots[row * SCREEN_CELL_HEIGHT * SCREEN_WIDTH +
							 column * SCREEN_CELL_WIDTH];
	uint8_t dots[SCREEN_CELL_HEIGHT][SCREEN_CELL_WIDTH];

	raster_cell(frame, cell, dots[0], SCREEN_CELL_WIDTH);
	for (unsigned int y = 0; y < SCREEN_CELL_HEIGHT; y++, line += SCREEN_WIDTH)
		for (unsigned int x = 0; x < SCREEN_CELL_WIDTH; x++)
			if (memcmp(&line[x], &raster_palette[dots[y][x]], sizeof(line[x])))
				return false;
	return true;
}

/* The frame's RASTER_DOTS dots, to be freed; NULL: no memory. */
static uint8_t *frame_dots(const struct screen_frame *frame)
{
	uint8_t *dots = malloc(RASTER_DOTS);

	if (dots)
		raster_frame(frame, dots);
	return dots;
}

static int ppm_write(const struct screen_frame *frame, FILE *file, char reason[REASON_SIZE])
{
	struct raster_color line[SCREEN_WIDTH];
	uint8_t *dots = frame_dots(frame);
	int error = dots ? 0 : -ENOMEM;

	if (!error && fprintf(file, "P6\n%u %u\n255\n", SCREEN_WIDTH, SCREEN_HEIGHT) < 0)
		error = -errno;
	for (unsigned int y = 0; !error && y < SCREEN_HEIGHT; y++) {
		for (unsigned int x = 0; x < SCREEN_WIDTH; x++)
			line[x] = raster_palette[dots[y * SCREEN_WIDTH + x]];
		error = put(file, line, sizeof(line));
	}
	free(dots);
	return error;
}

/* The next character of a PPM's header; a comment is the end of its line. */
static int ppm_getc(FILE *file)
{
	int c = getc(file);

	if (c == '#')
		do
			c = getc(file);
		while (c != '\n' && c != '\r' && c != EOF);
	return c;
}

/* A number of a PPM's header and the one blank that ends it; -1: there is none. */
static long ppm_number(FILE *file)
{
	long value = -1;
	int c;

	do
		c = ppm_getc(file);
	while (isspace(c));
	for (; isdigit(c) && value < 1000000; c = ppm_getc(file))
		value = (value < 0 ? 0 : value * 10) + (c - '0');
	return isspace(c) ? value : -1;
}

static int ppm_read(union content *content, const struct source *source)
{
	long width, height, maximum;
	int error;

	if (getc(source->file) != 'P' || getc(source->file) != '6')
		return refuse(source, "not a PPM picture (P6)");
	width = ppm_number(source->file);
	height = ppm_number(source->file);
	maximum = ppm_number(source->file);
	if (width < 0 || height < 0 || maximum < 0)
		return refuse(source, "malformed PPM header");
	error = check_size(source, (unsigned long)width, (unsigned long)height);
	if (error)
		return error;
	if (maximum != 255)
		return refuse(source, "PPM colours up to %ld, only 255 is supported", maximum);
	if (fread(content->dots, sizeof(content->dots), 1, source->file) != 1)
		return refuse(source, "ends in the middle of the picture");
	return 0;
}

static int open_png(struct module *module, char reason[REASON_SIZE])
{
	return module_open(module, "png.so", PNG_MODULE_SYMBOL, PNG_MODULE_VERSION,
			   "vmm-hypervisor", reason, REASON_SIZE);
}

static int png_check(const struct log *log)
{
	struct module module;
	char reason[REASON_SIZE];
	int error = open_png(&module, reason);

	if (error)
		log_error(log, "no PNG: %s; or write .ppm", reason);
	module_close(&module);
	return error;
}

static int png_write(const struct screen_frame *frame, FILE *file, char reason[REASON_SIZE])
{
	uint8_t *dots = frame_dots(frame);
	const struct png_module *png;
	struct module module;
	int error;

	if (!dots)
		return -ENOMEM;
	error = open_png(&module, reason);
	if (!error) {
		png = module.symbol;
		error = png->write(file, dots, raster_palette);
		module_close(&module);
	}
	free(dots);
	return error;
}

static int png_read(union content *content, const struct source *source)
{
	char reason[REASON_SIZE];
	const struct png_module *png;
	struct module module;
	int error = open_png(&module, reason);

	if (error) {
		log_error(source->log, "%s: no PNG: %s", source->path, reason);
		return error;
	}
	png = module.symbol;
	if (png->read(source->file, content->dots, reason, sizeof(reason)))
		error = refuse(source, "%s", reason);
	module_close(&module);
	return error;
}

static uint32_t code_point_at(const struct screen_frame *frame, unsigned int cell)
{
	return font_unicode[frame->cells[cell * 2]];
}

static bool is_blank(uint32_t code_point)
{
	return code_point == ' ' || code_point == 0xA0;
}

/* Appends a character of code page 437; returns where the next one goes. */
static char *utf8_put(char *at, uint8_t character)
{
	uint16_t code_point = font_unicode[character];

	if (code_point < 0x80) {
		*at++ = (char)code_point;
	} else if (code_point < 0x800) {
		*at++ = (char)(0xC0 | code_point >> 6);
		*at++ = (char)(0x80 | (code_point & 0x3F));
	} else {
		*at++ = (char)(0xE0 | code_point >> 12);
		*at++ = (char)(0x80 | (code_point >> 6 & 0x3F));
		*at++ = (char)(0x80 | (code_point & 0x3F));
	}
	return at;
}

char *picture_put(char *at, uint8_t character)
{
	return utf8_put(at, is_blank(font_unicode[character]) ? ' ' : character);
}

size_t picture_text(const struct screen_frame *frame, char text[PICTURE_TEXT_MAX])
{
	char *at = text;

	for (unsigned int cell = 0; cell < SCREEN_CELLS; cell++) {
		uint8_t character = frame->cells[cell * 2];

		at = picture_put(at, character);
		if (cell % SCREEN_COLUMNS == SCREEN_COLUMNS - 1)
			*at++ = '\n';
	}
	*at = '\0';
	return (size_t)(at - text);
}

#define UTF8_END (-1)
#define UTF8_INVALID (-2)

/* The next code point of a file, or one of the above. */
static int32_t utf8_get(FILE *file)
{
	/* By the number of bytes that follow the first: less is overlong. */
	static const int32_t smallest[] = { 0x0, 0x80, 0x800, 0x10000 };
	int c = getc(file);
	int more = (c >= 0xC0) + (c >= 0xE0) + (c >= 0xF0);
	int32_t code_point;

	if (c == EOF)
		return UTF8_END;
	if (c < 0x80)
		return c;
	if (!more || c >= 0xF8)
		return UTF8_INVALID;
	code_point = c & (0x3F >> more);
	for (int i = 0; i < more; i++) {
		c = getc(file);
		if (c == EOF || (c & 0xC0) != 0x80)
			return UTF8_INVALID;
		code_point = code_point << 6 | (c & 0x3F);
	}
	if (code_point < smallest[more] || code_point > 0x10FFFF ||
	    (code_point >= 0xD800 && code_point <= 0xDFFF))
		return UTF8_INVALID;
	return code_point;
}

/* The next code point of a text in which CR LF ends a line as LF does. */
static int32_t text_get(FILE *file)
{
	int32_t code_point = utf8_get(file);
	int next;

	if (code_point != '\r')
		return code_point;
	next = getc(file);
	if (next == '\n')
		return next;
	ungetc(next, file);
	return code_point;
}

static int text_write(const struct screen_frame *frame, FILE *file, char reason[REASON_SIZE])
{
	return picture_write_text(frame, file, false);
}

static int text_read(union content *content, const struct source *source)
{
	unsigned int row = 0, column = 0;
	int32_t code_point;

	for (unsigned int cell = 0; cell < SCREEN_CELLS; cell++)
		content->text[cell] = ' ';
	while ((code_point = text_get(source->file)) != UTF8_END) {
		if (code_point == UTF8_INVALID)
			return refuse(source, "line %u is not UTF-8", row + 1);
		if (code_point == '\n') {
			row++;
			column = 0;
			continue;
		}
		if (row < SCREEN_ROWS && column < SCREEN_COLUMNS)
			content->text[row * SCREEN_COLUMNS + column] = (uint32_t)code_point;
		else if (!is_blank((uint32_t)code_point))
			return refuse(source, "line %u, column %u lies beyond the screen of %u x %u",
				      row + 1, column + 1, SCREEN_COLUMNS, SCREEN_ROWS);
		column++;
	}
	return ferror(source->file) ? refuse(source, "cannot be read") : 0;
}

static bool text_equal(const union content *content, const struct screen_frame *frame,
		       unsigned int cell)
{
	uint32_t expected = content->text[cell], shown = code_point_at(frame, cell);

	return expected == shown || (is_blank(expected) && is_blank(shown));
}

/* As 'A' (0x41). */
static void print_character(FILE *stream, uint8_t character)
{
	char text[PICTURE_UTF8_MAX + 1];

	*utf8_put(text, character) = '\0';
	fprintf(stream, "'%s' (0x%02x)", text, character);
}

static void print_cell(FILE *stream, const uint8_t cell[2])
{
	print_character(stream, cell[0]);
	fprintf(stream, " attribute 0x%02x", cell[1]);
}

static void text_describe(const union content *content, unsigned int cell, FILE *stream)
{
	unsigned int character = 0xFF;

	/* Downwards: of the two blanks 0x20 is found. */
	while (character && font_unicode[character] != content->text[cell])
		character--;
	if (character)
		print_character(stream, (uint8_t)character);
	else
		fprintf(stream, "U+%04X (not in code page 437)", content->text[cell]);
}

static int vram_write(const struct screen_frame *frame, FILE *file, char reason[REASON_SIZE])
{
	return put(file, frame->cells, sizeof(frame->cells));
}

static int vram_read(union content *content, const struct source *source)
{
	size_t got = fread(content->cells, 1, sizeof(content->cells), source->file);

	if (got < sizeof(content->cells))
		return refuse(source, "has only %zu of %u bytes", got, SCREEN_FRAME_BYTES);
	if (getc(source->file) != EOF)
		return refuse(source, "has more than %u bytes", SCREEN_FRAME_BYTES);
	return 0;
}

static bool vram_equal(const union content *content, const struct screen_frame *frame,
		       unsigned int cell)
{
	return !memcmp(&content->cells[cell * 2], &frame->cells[cell * 2], 2);
}

static void vram_describe(const union content *content, unsigned int cell, FILE *stream)
{
	print_cell(stream, &content->cells[cell * 2]);
}

static const struct format formats[] = {
	{ ".ppm", NULL, ppm_write, ppm_read, dots_equal, NULL },
	{ ".png", png_check, png_write, png_read, dots_equal, NULL },
	{ ".txt", NULL, text_write, text_read, text_equal, text_describe },
	{ ".vram", NULL, vram_write, vram_read, vram_equal, vram_describe },
};

static const struct format *format_of(const char *path)
{
	const char *suffix = strrchr(path, '.');

	for (size_t i = 0; suffix && i < sizeof(formats) / sizeof(formats[0]); i++)
		if (!strcasecmp(suffix, formats[i].suffix))
			return &formats[i];
	return NULL;
}

static bool is_stdout(const char *path)
{
	return !strcmp(path, "-");
}

bool picture_suffix_known(const char *path)
{
	return is_stdout(path) || format_of(path);
}

/* Appends a row of the frame without the blanks at its end. */
static char *row_put(char *at, const struct screen_frame *frame, unsigned int row)
{
	unsigned int first = row * SCREEN_COLUMNS, end = first + SCREEN_COLUMNS;

	while (end > first && is_blank(code_point_at(frame, end - 1)))
		end--;
	for (unsigned int cell = first; cell < end; cell++)
		at = utf8_put(at, frame->cells[cell * 2]);
	*at++ = '\n';
	return at;
}

int picture_write_text(const struct screen_frame *frame, FILE *stream, bool trim)
{
	char text[SCREEN_ROWS * (SCREEN_COLUMNS * PICTURE_UTF8_MAX + 1)];
	char *at = text, *last = text;
	int error;

	for (unsigned int row = 0; row < SCREEN_ROWS; row++) {
		char *line = at;

		at = row_put(at, frame, row);
		if (*line != '\n')
			last = at;
	}
	error = put(stream, text, (size_t)((trim ? last : at) - text));
	if (fflush(stream) && !error)
		error = -errno;
	return error;
}

static int file_write(const struct screen_frame *frame, const char *path,
		      char reason[REASON_SIZE])
{
	const struct format *format = format_of(path);
	FILE *file;
	int error;

	if (!format)
		return -EINVAL;
	file = fopen(path, "wb");
	if (!file)
		return -errno;
	error = format->write(frame, file, reason);
	if (fclose(file) && !error)
		error = -errno;
	return error;
}

int picture_write(const struct screen_frame *frame, const char *path, const struct log *log)
{
	const char *name = is_stdout(path) ? "standard output" : path;
	char reason[REASON_SIZE] = "";
	int error = is_stdout(path) ? picture_write_text(frame, stdout, false) :
				      file_write(frame, path, reason);

	if (error)
		log_error(log, "%s: cannot write the screen: %s", name,
			  *reason ? reason : strerror(-error));
	return error;
}

/* Opens, reads and closes the file. */
static int file_read(union content *content, const struct format *format, const char *path,
		     const struct log *log)
{
	struct source source = { .file = fopen(path, "rb"), .path = path, .log = log };
	int error;

	if (!source.file) {
		error = -errno;
		log_error(log, "%s: %s", path, strerror(-error));
		return error;
	}
	error = format->read(content, &source);
	fclose(source.file);
	return error;
}

static void print_difference(const struct format *format, const union content *content,
			     const struct screen_frame *frame, unsigned int cell, FILE *stream)
{
	fprintf(stream, "screen differs at row %u, column %u: ", cell / SCREEN_COLUMNS,
		cell % SCREEN_COLUMNS);
	if (format->describe) {
		fprintf(stream, "expected ");
		format->describe(content, cell, stream);
		fprintf(stream, ", ");
	}
	fprintf(stream, "got ");
	print_cell(stream, &frame->cells[cell * 2]);
	fprintf(stream, "\n");
}

/* Prints the cells that differ; returns how many. */
static unsigned int compare(const struct format *format, const union content *content,
			    const struct screen_frame *frame, FILE *stream)
{
	unsigned int differences = 0;

	for (unsigned int cell = 0; cell < SCREEN_CELLS; cell++) {
		if (format->equal(content, frame, cell))
			continue;
		if (differences++ < SHOWN_DIFFERENCES)
			print_difference(format, content, frame, cell, stream);
	}
	if (differences > SHOWN_DIFFERENCES)
		fprintf(stream, "... and %u more\n", differences - SHOWN_DIFFERENCES);
	return differences;
}

/* The picture in a file, and its format. Returns NULL with a message in the log. */
static union content *load(const char *path, const struct format **format, const struct log *log)
{
	union content *content;

	*format = format_of(path);
	if (!*format) {
		log_error(log, "%s: not a name of a picture (.ppm, .png, .txt, .vram)", path);
		return NULL;
	}
	content = calloc(1, sizeof(*content));
	if (!content) {
		log_error(log, "%s: %s", path, strerror(ENOMEM));
		return NULL;
	}
	if (!file_read(content, *format, path, log))
		return content;
	free(content);
	return NULL;
}

int picture_format_check(const char *path, const struct log *log)
{
	const struct format *format = format_of(path);

	return format && format->check ? format->check(log) : 0;
}

int picture_check(const char *path, const struct log *log)
{
	const struct format *format;
	union content *content = load(path, &format, log);

	free(content);
	return content ? 0 : -EINVAL;
}

int picture_compare(const struct screen_frame *frame, const char *path, const struct log *log)
{
	const struct format *format;
	union content *content = load(path, &format, log);
	int result;

	if (!content)
		return -EINVAL;
	result = compare(format, content, frame, log_stream(log)) ? 1 : 0;
	free(content);
	return result;
}
