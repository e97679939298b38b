/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * screen.c - the text memory and the frames taken from it, see screen.h.
 *
 * Frames race with the guest by design, as a monitor does: it writes its
 * memory without a lock that vmm could take. What vmm itself reads and writes
 * there while others look goes through relaxed atomics, so that each value is
 * an old or a new one and never a mixture.
 */
#include "host/screen.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MEMORY_CELLS (SCREEN_MEMORY_SIZE / 2)
#define BLANK_CHARACTER 0x20
#define BLANK_ATTRIBUTE 0x07
#define BLANK_WORD 0x0720072007200720u	/* four of them */

/* The same bytes are accessed as bytes, as cells and as words. */
typedef uint16_t __attribute__((may_alias)) cell_t;
typedef uint64_t __attribute__((may_alias)) word_t;

#define MEMORY_WORDS (SCREEN_MEMORY_SIZE / sizeof(word_t))
#define WORD_CELLS (sizeof(word_t) / sizeof(cell_t))

#define FONT_SIZE (FONT_CHARACTERS * SCREEN_CELL_HEIGHT_MAX)

struct screen {
	void *memory;		/* SCREEN_MEMORY_SIZE bytes, page aligned */
	void *owned;		/* the same, where it is the screen's own; else NULL */
	_Atomic uint64_t cursor;	/* struct screen_cursor in one piece: cursor_pack() */
	/*
	 * Guards what follows where others than the vCPU's thread look at it;
	 * only that thread changes it.
	 */
	pthread_mutex_t lock;
	struct screen_mode mode;
	uint8_t *text;		/* memory, unless that is lent */
	struct loan *loan;	/* NULL: there has not been any */
	_Atomic uint32_t font_version;	/* 0: the font memory has not been touched */
	void (*written)(void *self, size_t offset, const uint8_t *data, size_t len);
	void *written_self;
	uint8_t *fonts;		/* SCREEN_FONT_MEMORY bytes, from font_version 1 on */
};

/* While the text memory is lent to the fonts. */
struct loan {
	_Alignas(word_t) uint8_t text[SCREEN_MEMORY_SIZE];
	uint8_t lent[SCREEN_MEMORY_SIZE];	/* as it was lent */
};

const struct screen_mode screen_mode_3 = {
	.columns = 80, .rows = 25, .cell_width = 9, .cell_height = FONT_HEIGHT,
	.line_graphics = true, .pitch = 80, .split = SCREEN_HEIGHT_MAX - 1,
	.palette = {
		{   0,   0,   0 }, {   0,   0, 168 }, {   0, 168,   0 }, {   0, 168, 168 },
		{ 168,   0,   0 }, { 168,   0, 168 }, { 168,  87,   0 }, { 168, 168, 168 },
		{  87,  87,  87 }, {  87,  87, 255 }, {  87, 255,  87 }, {  87, 255, 255 },
		{ 255,  87,  87 }, { 255,  87, 255 }, { 255, 255,  87 }, { 255, 255, 255 },
	},
};

static void clear(word_t *memory)
{
	for (size_t i = 0; i < MEMORY_WORDS; i++)
		__atomic_store_n(&memory[i], BLANK_WORD, __ATOMIC_RELAXED);
}

int screen_create(struct screen **screen, uint8_t *memory)
{
	struct screen *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	if (!memory) {
		/* Populated, since all of it is written at once. */
		made->owned = mmap(NULL, SCREEN_MEMORY_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		memory = made->owned;
	}
	made->memory = memory;
	if (made->memory == MAP_FAILED) {
		free(made);
		return -ENOMEM;
	}
	clear(made->memory);
	pthread_mutex_init(&made->lock, NULL);
	made->mode = screen_mode_3;
	made->text = made->memory;
	*screen = made;
	return 0;
}

void screen_destroy(struct screen *screen)
{
	if (!screen)
		return;
	if (screen->owned)
		munmap(screen->owned, SCREEN_MEMORY_SIZE);
	pthread_mutex_destroy(&screen->lock);
	free(screen->loan);
	free(screen->fonts);
	free(screen);
}

uint8_t *screen_memory(struct screen *screen)
{
	return screen->memory;
}

void screen_read(const struct screen *screen, size_t offset, void *data, size_t len)
{
	memcpy(data, screen->text + offset, len);
}

/* Cells are stored whole: no frame shows a new character in its old colours. */
void screen_write(struct screen *screen, size_t offset, const void *data, size_t len)
{
	const uint8_t *from = data;
	size_t end = offset + len;

	while (offset < end) {
		uint8_t *to = screen->text + offset;

		if (offset % sizeof(cell_t) || end - offset < sizeof(cell_t)) {
			__atomic_store_n(to, *from, __ATOMIC_RELAXED);
			offset++;
			from++;
		} else {
			cell_t cell;

			memcpy(&cell, from, sizeof(cell));
			__atomic_store_n((cell_t *)(void *)to, cell, __ATOMIC_RELAXED);
			offset += sizeof(cell);
			from += sizeof(cell);
		}
	}
	if (screen->written)
		screen->written(screen->written_self, end - len, data, len);
}

void screen_on_write(struct screen *screen,
		     void (*fn)(void *self, size_t offset, const uint8_t *data, size_t len),
		     void *self)
{
	screen->written = fn;
	screen->written_self = self;
}

/* The address that a row of the picture begins at, in cells. */
static unsigned int row_address(const struct screen_mode *mode, unsigned int row)
{
	/* Rows are not divided: the first that begins at or below the line. */
	unsigned int split = (mode->split + mode->cell_height - 1u) / mode->cell_height;

	return mode->split && row >= split ? (row - split) * mode->pitch :
					     mode->start + row * mode->pitch;
}

/* Writes cells from one on, around the memory's end. */
static void write_cells(struct screen *screen, unsigned int first, const uint8_t *cells,
			unsigned int count)
{
	unsigned int before_end = MEMORY_CELLS - first;

	if (count > before_end) {
		screen_write(screen, 0, cells + before_end * 2, (count - before_end) * 2);
		count = before_end;
	}
	screen_write(screen, first * 2, cells, count * 2);
}

void screen_put(struct screen *screen, unsigned int position, const uint8_t *cells,
		unsigned int count)
{
	const struct screen_mode *mode = &screen->mode;

	while (count) {
		unsigned int row = position / mode->columns, column = position % mode->columns;
		unsigned int here = mode->columns - column < count ? mode->columns - column : count;

		write_cells(screen, (row_address(mode, row) + column) % MEMORY_CELLS, cells, here);
		position += here;
		cells += here * 2;
		count -= here;
	}
}

/*
 * The firmware loads its font when it sets the mode; here: when somebody asks.
 * Returns whether there is memory for that.
 */
static bool load_fonts(struct screen *screen)
{
	if (screen->fonts)
		return true;
	screen->fonts = calloc(1, SCREEN_FONT_MEMORY);
	if (!screen->fonts)
		return false;
	for (unsigned int character = 0; character < FONT_CHARACTERS; character++)
		memcpy(&screen->fonts[character * SCREEN_CELL_HEIGHT_MAX],
		       font_glyphs[character], FONT_HEIGHT);
	atomic_store_explicit(&screen->font_version, 1, memory_order_release);
	return true;
}

uint8_t screen_font_read(struct screen *screen, size_t offset)
{
	return load_fonts(screen) ? screen->fonts[offset] : 0;
}

void screen_font_write(struct screen *screen, size_t offset, uint8_t value)
{
	uint32_t version;

	if (!load_fonts(screen))
		return;
	__atomic_store_n(&screen->fonts[offset], value, __ATOMIC_RELAXED);
	version = atomic_load_explicit(&screen->font_version, memory_order_relaxed) + 1;
	atomic_store_explicit(&screen->font_version, version ? version : 1, memory_order_release);
}

static bool lend(struct screen *screen)
{
	uint8_t *memory = screen->memory;

	if (!screen->loan)
		screen->loan = malloc(sizeof(*screen->loan));
	if (!screen->loan || !load_fonts(screen))
		return false;
	pthread_mutex_lock(&screen->lock);
	memcpy(screen->loan->text, memory, SCREEN_MEMORY_SIZE);
	screen->text = screen->loan->text;
	memcpy(screen->loan->lent, screen->fonts, SCREEN_MEMORY_SIZE);
	memcpy(memory, screen->fonts, SCREEN_MEMORY_SIZE);
	pthread_mutex_unlock(&screen->lock);
	return true;
}

static bool take_back(struct screen *screen)
{
	uint8_t *memory = screen->memory;

	for (size_t i = 0; i < SCREEN_MEMORY_SIZE; i++)
		if (memory[i] != screen->loan->lent[i])
			screen_font_write(screen, i, memory[i]);
	pthread_mutex_lock(&screen->lock);
	memcpy(memory, screen->loan->text, SCREEN_MEMORY_SIZE);
	screen->text = memory;
	pthread_mutex_unlock(&screen->lock);
	return true;
}

bool screen_lend_to_fonts(struct screen *screen, bool on)
{
	bool lent = screen->text != screen->memory;

	if (on == lent)
		return false;
	return on ? lend(screen) : take_back(screen);
}

static uint64_t cursor_pack(const struct screen_cursor *cursor)
{
	return (uint64_t)cursor->enabled << 32 | (uint64_t)cursor->first_line << 24 |
	       (uint64_t)cursor->last_line << 16 | cursor->cell;
}

static struct screen_cursor cursor_unpack(uint64_t packed)
{
	return (struct screen_cursor){
		.enabled = packed >> 32 & 1,
		.first_line = packed >> 24 & 0xFF,
		.last_line = packed >> 16 & 0xFF,
		.cell = packed & 0xFFFF,
	};
}

void screen_set_cursor(struct screen *screen, const struct screen_cursor *cursor)
{
	atomic_store_explicit(&screen->cursor, cursor_pack(cursor), memory_order_relaxed);
}

void screen_set_mode(struct screen *screen, const struct screen_mode *mode)
{
	/* The other fonts are empty, not the firmware's. */
	if (mode->font[0] || mode->font[1])
		load_fonts(screen);
	pthread_mutex_lock(&screen->lock);
	screen->mode = *mode;
	pthread_mutex_unlock(&screen->lock);
}

const struct screen_mode *screen_mode(const struct screen *screen)
{
	return &screen->mode;
}

/* Whole words, which the cells may begin and end within, around the memory's end. */
static void copy_cells(const word_t *memory, unsigned int first, uint8_t *cells, unsigned int count)
{
	word_t words[SCREEN_COLUMNS_MAX / WORD_CELLS + 1];
	size_t needed = (first % WORD_CELLS + count + WORD_CELLS - 1) / WORD_CELLS;

	for (size_t i = 0; i < needed; i++)
		words[i] = __atomic_load_n(&memory[(first / WORD_CELLS + i) % MEMORY_WORDS],
					   __ATOMIC_RELAXED);
	memcpy(cells, (const cell_t *)words + first % WORD_CELLS, count * sizeof(cell_t));
}

/* The same; they are complete when the version is even newer. */
static void copy_glyphs(const struct screen *screen, struct screen_frame *frame)
{
	for (unsigned int font = 0; font < SCREEN_FONTS; font++) {
		const word_t *from = (const word_t *)(const void *)
				     &screen->fonts[frame->mode.font[font]];
		uint8_t *to = frame->glyphs[font][0];

		for (size_t i = 0; i < FONT_SIZE / sizeof(word_t); i++, to += sizeof(word_t)) {
			word_t word = __atomic_load_n(&from[i], __ATOMIC_RELAXED);

			memcpy(to, &word, sizeof(word));
		}
	}
}

/* The cursor's cell in the picture, or SCREEN_CELLS_MAX where it is not there. */
static unsigned int find_cell(const struct screen_mode *mode, unsigned int cell)
{
	for (unsigned int row = 0; row < mode->rows; row++) {
		/* The CRTC compares 16-bit addresses: guests hide the cursor at 0xFFFF. */
		uint16_t column = (uint16_t)(cell - row_address(mode, row));

		if (column < mode->columns)
			return row * mode->columns + column;
	}
	return SCREEN_CELLS_MAX;
}

/* The cursor as a frame of the mode shows it. */
static struct screen_cursor frame_cursor(const struct screen *screen,
					 const struct screen_mode *mode)
{
	struct screen_cursor cursor =
		cursor_unpack(atomic_load_explicit(&screen->cursor, memory_order_relaxed));
	unsigned int cell = find_cell(mode, cursor.cell);

	if (!cursor.enabled || cell == SCREEN_CELLS_MAX ||
	    cursor.first_line > cursor.last_line || cursor.first_line >= mode->cell_height)
		return (struct screen_cursor){ .enabled = false };
	cursor.cell = (uint16_t)cell;
	return cursor;
}

void screen_frame(struct screen *screen, struct screen_frame *frame)
{
	struct screen_mode *mode = &frame->mode;

	pthread_mutex_lock(&screen->lock);
	*mode = screen->mode;
	for (unsigned int row = 0; row < mode->rows; row++)
		copy_cells((const word_t *)(const void *)screen->text,
			   row_address(mode, row) % MEMORY_CELLS,
			   &frame->cells[row * mode->columns * 2], mode->columns);
	pthread_mutex_unlock(&screen->lock);
	frame->cursor = frame_cursor(screen, mode);
	frame->font_version = atomic_load_explicit(&screen->font_version, memory_order_acquire);
	if (frame->font_version)
		copy_glyphs(screen, frame);
}

bool screen_cursor_equal(const struct screen_cursor *a, const struct screen_cursor *b)
{
	return a->enabled == b->enabled && a->cell == b->cell &&
	       a->first_line == b->first_line && a->last_line == b->last_line;
}

bool screen_frame_alike(const struct screen_frame *a, const struct screen_frame *b)
{
	const struct screen_mode *x = &a->mode, *y = &b->mode;

	return x->columns == y->columns && x->rows == y->rows &&
	       x->cell_width == y->cell_width && x->cell_height == y->cell_height &&
	       x->line_graphics == y->line_graphics && a->font_version == b->font_version &&
	       !memcmp(x->font, y->font, sizeof(x->font)) &&
	       !memcmp(x->palette, y->palette, sizeof(x->palette));
}

bool screen_frame_equal(const struct screen_frame *a, const struct screen_frame *b)
{
	return screen_frame_alike(a, b) && screen_cursor_equal(&a->cursor, &b->cursor) &&
	       !memcmp(a->cells, b->cells, screen_frame_cells(a) * sizeof(cell_t));
}

bool screen_frame_touched(const struct screen_frame *frame)
{
	for (unsigned int cell = 0; cell < screen_frame_cells(frame); cell++)
		if (frame->cells[cell * 2] != BLANK_CHARACTER ||
		    frame->cells[cell * 2 + 1] != BLANK_ATTRIBUTE)
			return true;
	return frame->cursor.enabled;
}
