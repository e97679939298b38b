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

#include "core/array.h"
#include "core/module.h"
#include "core/result.h"
#include "host/font.h"
#include "host/png_module.h"
#include "host/raster.h"

#define REASON_SIZE 256u	/* of a failure, in words */
#define SHOWN_DIFFERENCES 10u

/* A picture as a file has it; which of the pointers counts depends on the format. */
struct content {
	unsigned int width;	/* in dots; a text's: the columns in use */
	unsigned int height;	/* likewise; the rows */
	struct screen_color *dots;
	uint32_t *text;		/* Unicode, SCREEN_COLUMNS_MAX code points a row */
	uint8_t *cells;
	size_t size;		/* of cells, bytes */
};

#define TEXT_CELLS (SCREEN_COLUMNS_MAX * SCREEN_ROWS_MAX)

/* A file being read. */
struct source {
	FILE *file;
	const char *path;
	const struct log *log;
};

struct picture_file {
	const struct format *format;	/* NULL: text on standard output */
	struct module module;
	struct result_file file;
};

struct picture {
	const struct format *format;
	struct content content;
};

struct format {
	const char *suffix;
	/* What write() needs. Returns 0, or -errno with a message in the log; NULL: nothing. */
	int (*prepare)(struct module *module, const struct log *log);
	int (*write)(const struct screen_frame *frame, FILE *file, const struct module *module);
	/* Returns 0, or -errno with a message in the log. */
	int (*read)(struct content *content, const struct source *source);
	/* Prints how the file's size differs from the frame's; returns whether it does. */
	bool (*resized)(const struct content *content, const struct screen_frame *frame,
			FILE *stream);
	/* Whether a cell of the frame, which is of that size, looks as the file says. */
	bool (*equal)(const struct content *content, const struct screen_frame *frame,
		      unsigned int cell);
	/* Prints what the file has in a cell; NULL: that cannot be said in words. */
	void (*describe)(const struct content *content, const struct screen_frame *frame,
			 unsigned int cell, FILE *stream);
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

/* Room for a picture of that size. */
static int make_dots(struct content *content, unsigned long width, unsigned long height,
		     const struct source *source)
{
	if (!width || !height || width > SCREEN_WIDTH_MAX || height > SCREEN_HEIGHT_MAX)
		return refuse(source, "a picture of %lu x %lu dots, a screen has at most %u x %u",
			      width, height, SCREEN_WIDTH_MAX, SCREEN_HEIGHT_MAX);
	content->width = (unsigned int)width;
	content->height = (unsigned int)height;
	content->dots = calloc(width * height, sizeof(*content->dots));
	return content->dots ? 0 : refuse(source, "%s", strerror(ENOMEM));
}

static bool dots_resized(const struct content *content, const struct screen_frame *frame,
			 FILE *stream)
{
	unsigned int width = screen_frame_width(frame), height = screen_frame_height(frame);

	if (content->width == width && content->height == height)
		return false;
	fprintf(stream, "screen differs: expected a picture of %u x %u dots, got %u x %u\n",
		content->width, content->height, width, height);
	return true;
}

static bool dots_equal(const struct content *content, const struct screen_frame *frame,
		       unsigned int cell)
{
	const struct screen_mode *mode = &frame->mode;
	unsigned int row = cell / mode->columns, column = cell % mode->columns;
	const struct screen_color *line = &content->dots[row * mode->cell_height * content->width +
							 column * mode->cell_width];
	uint8_t dots[SCREEN_CELL_HEIGHT_MAX][SCREEN_CELL_WIDTH_MAX];

	raster_cell(frame, cell, dots[0], SCREEN_CELL_WIDTH_MAX);
	for (unsigned int y = 0; y < mode->cell_height; y++, line += content->width)
		for (unsigned int x = 0; x < mode->cell_width; x++)
			if (memcmp(&line[x], &mode->palette[dots[y][x]], sizeof(line[x])))
				return false;
	return true;
}

/* The frame's dots, to be freed; NULL: no memory. */
static uint8_t *frame_dots(const struct screen_frame *frame)
{
	uint8_t *dots = malloc((size_t)screen_frame_width(frame) * screen_frame_height(frame));

	if (dots)
		raster_frame(frame, dots);
	return dots;
}

static int ppm_write(const struct screen_frame *frame, FILE *file, const struct module *module)
{
	unsigned int width = screen_frame_width(frame), height = screen_frame_height(frame);
	struct screen_color line[SCREEN_WIDTH_MAX];
	uint8_t *dots = frame_dots(frame);
	int error = dots ? 0 : -ENOMEM;

	if (!error && fprintf(file, "P6\n%u %u\n255\n", width, height) < 0)
		error = -errno;
	for (unsigned int y = 0; !error && y < height; y++) {
		for (unsigned int x = 0; x < width; x++)
			line[x] = frame->mode.palette[dots[(size_t)y * width + x]];
		error = put(file, line, width * sizeof(line[0]));
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

static int ppm_read(struct content *content, const struct source *source)
{
	long width, height, maximum;
	size_t dots;
	int error;

	if (getc(source->file) != 'P' || getc(source->file) != '6')
		return refuse(source, "not a PPM picture (P6)");
	width = ppm_number(source->file);
	height = ppm_number(source->file);
	maximum = ppm_number(source->file);
	if (width < 0 || height < 0 || maximum < 0)
		return refuse(source, "malformed PPM header");
	if (maximum != 255)
		return refuse(source, "PPM colours up to %ld, only 255 is supported", maximum);
	error = make_dots(content, (unsigned long)width, (unsigned long)height, source);
	if (error)
		return error;
	dots = (size_t)width * (size_t)height;
	if (fread(content->dots, sizeof(content->dots[0]), dots, source->file) != dots)
		return refuse(source, "ends in the middle of the picture");
	return 0;
}

static int open_png(struct module *module, char reason[REASON_SIZE])
{
	return module_open(module, "png.so", PNG_MODULE_SYMBOL, PNG_MODULE_VERSION,
			   "vmm-hypervisor", reason, REASON_SIZE);
}

static int png_prepare(struct module *module, const struct log *log)
{
	char reason[REASON_SIZE];
	int error = open_png(module, reason);

	if (error)
		log_error(log, "no PNG: %s; or write .ppm", reason);
	return error;
}

static int png_write(const struct screen_frame *frame, FILE *file, const struct module *module)
{
	const struct png_module *png = module->symbol;
	uint8_t *dots = frame_dots(frame);
	int error;

	if (!dots)
		return -ENOMEM;
	error = png->write(file, screen_frame_width(frame), screen_frame_height(frame), dots,
			   frame->mode.palette);
	free(dots);
	return error;
}

/* Into struct content. */
static int read_png(struct content *content, const struct png_module *png,
		    const struct source *source)
{
	char reason[REASON_SIZE];
	unsigned int width, height;
	struct png_reading *reading;
	int error = png->begin(&reading, source->file, &width, &height, reason, sizeof(reason));

	if (error)
		return refuse(source, "%s", reason);
	error = make_dots(content, width, height, source);
	if (error) {
		png->finish(reading, NULL, reason, sizeof(reason));
		return error;
	}
	if (png->finish(reading, content->dots, reason, sizeof(reason)))
		return refuse(source, "%s", reason);
	return 0;
}

static int png_read(struct content *content, const struct source *source)
{
	char reason[REASON_SIZE];
	struct module module;
	int error = open_png(&module, reason);

	if (error) {
		log_error(source->log, "%s: no PNG: %s", source->path, reason);
		return error;
	}
	error = read_png(content, module.symbol, source);
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

	for (unsigned int cell = 0; cell < screen_frame_cells(frame); cell++) {
		uint8_t character = frame->cells[cell * 2];

		at = picture_put(at, character);
		if (cell % frame->mode.columns == frame->mode.columns - 1u)
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

static int text_write(const struct screen_frame *frame, FILE *file, const struct module *module)
{
	return picture_write_text(frame, file, false);
}

static int text_read(struct content *content, const struct source *source)
{
	unsigned int row = 0, column = 0;
	int32_t code_point;

	content->text = malloc(TEXT_CELLS * sizeof(*content->text));
	if (!content->text)
		return refuse(source, "%s", strerror(ENOMEM));
	for (unsigned int cell = 0; cell < TEXT_CELLS; cell++)
		content->text[cell] = ' ';
	while ((code_point = text_get(source->file)) != UTF8_END) {
		if (code_point == UTF8_INVALID)
			return refuse(source, "line %u is not UTF-8", row + 1);
		if (code_point == '\n') {
			row++;
			column = 0;
			continue;
		}
		if (!is_blank((uint32_t)code_point)) {
			if (row >= SCREEN_ROWS_MAX || column >= SCREEN_COLUMNS_MAX)
				return refuse(source, "line %u, column %u lies beyond a screen's "
					      "%u x %u", row + 1, column + 1, SCREEN_COLUMNS_MAX,
					      SCREEN_ROWS_MAX);
			content->text[row * SCREEN_COLUMNS_MAX + column] = (uint32_t)code_point;
			content->height = row + 1;
			if (content->width <= column)
				content->width = column + 1;
		}
		column++;
	}
	return ferror(source->file) ? refuse(source, "cannot be read") : 0;
}

/* A text may be smaller: there are blanks then. */
static bool text_resized(const struct content *content, const struct screen_frame *frame,
			 FILE *stream)
{
	const struct screen_mode *mode = &frame->mode;

	if (content->width <= mode->columns && content->height <= mode->rows)
		return false;
	fprintf(stream, "screen differs: expected a text of %u columns, %u rows, "
		"got a screen of %u x %u\n", content->width, content->height, mode->columns,
		mode->rows);
	return true;
}

static uint32_t text_at(const struct content *content, const struct screen_frame *frame,
			unsigned int cell)
{
	unsigned int columns = frame->mode.columns;

	return content->text[cell / columns * SCREEN_COLUMNS_MAX + cell % columns];
}

static bool text_equal(const struct content *content, const struct screen_frame *frame,
		       unsigned int cell)
{
	uint32_t expected = text_at(content, frame, cell), shown = code_point_at(frame, cell);

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

static void text_describe(const struct content *content, const struct screen_frame *frame,
			  unsigned int cell, FILE *stream)
{
	uint32_t expected = text_at(content, frame, cell);
	unsigned int character = 0xFF;

	/* Downwards: of the two blanks 0x20 is found. */
	while (character && font_unicode[character] != expected)
		character--;
	if (character)
		print_character(stream, (uint8_t)character);
	else
		fprintf(stream, "U+%04X (not in code page 437)", expected);
}

static int vram_write(const struct screen_frame *frame, FILE *file, const struct module *module)
{
	return put(file, frame->cells, screen_frame_cells(frame) * 2);
}

static int vram_read(struct content *content, const struct source *source)
{
	content->cells = malloc(SCREEN_CELLS_MAX * 2);
	if (!content->cells)
		return refuse(source, "%s", strerror(ENOMEM));
	content->size = fread(content->cells, 1, SCREEN_CELLS_MAX * 2, source->file);
	if (ferror(source->file))
		return refuse(source, "cannot be read");
	if (getc(source->file) != EOF)
		return refuse(source, "has more than %u bytes", SCREEN_CELLS_MAX * 2);
	if (!content->size || content->size % 2)
		return refuse(source, "has %zu bytes, cells have two each", content->size);
	return 0;
}

static bool vram_resized(const struct content *content, const struct screen_frame *frame,
			 FILE *stream)
{
	if (content->size == screen_frame_cells(frame) * 2)
		return false;
	fprintf(stream, "screen differs: expected %zu bytes of cells, got %u (a screen of %u x %u)\n",
		content->size, screen_frame_cells(frame) * 2, frame->mode.columns, frame->mode.rows);
	return true;
}

static bool vram_equal(const struct content *content, const struct screen_frame *frame,
		       unsigned int cell)
{
	return !memcmp(&content->cells[cell * 2], &frame->cells[cell * 2], 2);
}

static void vram_describe(const struct content *content, const struct screen_frame *frame,
			  unsigned int cell, FILE *stream)
{
	print_cell(stream, &content->cells[cell * 2]);
}

static const struct format formats[] = {
	{ ".ppm", NULL, ppm_write, ppm_read, dots_resized, dots_equal, NULL },
	{ ".png", png_prepare, png_write, png_read, dots_resized, dots_equal, NULL },
	{ ".txt", NULL, text_write, text_read, text_resized, text_equal, text_describe },
	{ ".vram", NULL, vram_write, vram_read, vram_resized, vram_equal, vram_describe },
};

static const struct format *format_of(const char *path)
{
	const char *suffix = strrchr(path, '.');

	for (size_t i = 0; suffix && i < ARRAY_SIZE(formats); i++)
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
	unsigned int first = row * frame->mode.columns, end = first + frame->mode.columns;

	while (end > first && is_blank(code_point_at(frame, end - 1)))
		end--;
	for (unsigned int cell = first; cell < end; cell++)
		at = utf8_put(at, frame->cells[cell * 2]);
	*at++ = '\n';
	return at;
}

int picture_write_text(const struct screen_frame *frame, FILE *stream, bool trim)
{
	char text[PICTURE_TEXT_MAX];
	char *at = text, *last = text;
	int error;

	for (unsigned int row = 0; row < frame->mode.rows; row++) {
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

int picture_open(struct picture_file **out, const char *path, const struct log *log)
{
	struct picture_file *made = calloc(1, sizeof(*made));
	int error = made ? 0 : -ENOMEM;

	if (made)
		made->format = is_stdout(path) ? NULL : format_of(path);
	else
		log_error(log, "%s: %s", path, strerror(ENOMEM));
	if (made && made->format && made->format->prepare)
		error = made->format->prepare(&made->module, log);
	if (!error && made->format)
		error = result_open(&made->file, path, log);
	if (error)
		picture_close(made);
	else
		*out = made;
	return error;
}

void picture_close(struct picture_file *picture)
{
	if (!picture)
		return;
	result_discard(&picture->file);
	module_close(&picture->module);
	free(picture);
}

static int file_write(const struct screen_frame *frame, struct picture_file *picture)
{
	int error = result_begin(&picture->file), end;

	if (!error)
		error = picture->format->write(frame, picture->file.stream, &picture->module);
	end = result_end(&picture->file);
	return error ? error : end;
}

int picture_write(const struct screen_frame *frame, struct picture_file *picture,
		  const struct log *log)
{
	const char *name = picture->format ? picture->file.path : "standard output";
	int error = picture->format ? file_write(frame, picture) :
				      picture_write_text(frame, stdout, false);

	if (error)
		log_error(log, "%s: cannot write the screen: %s", name, strerror(-error));
	return error;
}

/* Opens, reads and closes the file. */
static int file_read(struct content *content, const struct format *format, const char *path,
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

static void print_difference(const struct format *format, const struct content *content,
			     const struct screen_frame *frame, unsigned int cell, FILE *stream)
{
	fprintf(stream, "screen differs at row %u, column %u: ", cell / frame->mode.columns,
		cell % frame->mode.columns);
	if (format->describe) {
		fprintf(stream, "expected ");
		format->describe(content, frame, cell, stream);
		fprintf(stream, ", ");
	}
	fprintf(stream, "got ");
	print_cell(stream, &frame->cells[cell * 2]);
	fprintf(stream, "\n");
}

/* Prints the cells that differ; returns whether any does. */
static bool compare(const struct format *format, const struct content *content,
			    const struct screen_frame *frame, FILE *stream)
{
	unsigned int differences = 0;

	if (format->resized(content, frame, stream))
		return true;
	for (unsigned int cell = 0; cell < screen_frame_cells(frame); cell++) {
		if (format->equal(content, frame, cell))
			continue;
		if (differences++ < SHOWN_DIFFERENCES)
			print_difference(format, content, frame, cell, stream);
	}
	if (differences > SHOWN_DIFFERENCES)
		fprintf(stream, "... and %u more\n", differences - SHOWN_DIFFERENCES);
	return differences > 0;
}

void picture_free(struct picture *picture)
{
	if (!picture)
		return;
	free(picture->content.dots);
	free(picture->content.text);
	free(picture->content.cells);
	free(picture);
}

int picture_load(struct picture **out, const char *path, const struct log *log)
{
	const struct format *format = format_of(path);
	struct picture *loaded;
	int error;

	if (!format) {
		log_error(log, "%s: not a name of a picture (.ppm, .png, .txt, .vram)", path);
		return -EINVAL;
	}
	loaded = calloc(1, sizeof(*loaded));
	if (!loaded) {
		log_error(log, "%s: %s", path, strerror(ENOMEM));
		return -ENOMEM;
	}
	loaded->format = format;
	error = file_read(&loaded->content, format, path, log);
	if (error)
		picture_free(loaded);
	else
		*out = loaded;
	return error;
}

bool picture_differs(const struct screen_frame *frame, const struct picture *picture,
		     const struct log *log)
{
	return compare(picture->format, &picture->content, frame, log_stream(log));
}
