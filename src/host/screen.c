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

struct screen {
	void *memory;		/* SCREEN_MEMORY_SIZE bytes, page aligned */
	_Atomic uint64_t cursor;	/* struct screen_cursor in one piece: cursor_pack() */
	_Atomic uint16_t start;
	void (*written)(void *self, size_t offset, const uint8_t *data, size_t len);
	void *written_self;
};

static void clear(word_t *memory)
{
	for (size_t i = 0; i < MEMORY_WORDS; i++)
		__atomic_store_n(&memory[i], BLANK_WORD, __ATOMIC_RELAXED);
}

int screen_create(struct screen **screen)
{
	struct screen *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	/* Populated, since all of it is written at once. */
	made->memory = mmap(NULL, SCREEN_MEMORY_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (made->memory == MAP_FAILED) {
		int error = -errno;

		free(made);
		return error;
	}
	clear(made->memory);
	*screen = made;
	return 0;
}

void screen_destroy(struct screen *screen)
{
	if (!screen)
		return;
	munmap(screen->memory, SCREEN_MEMORY_SIZE);
	free(screen);
}

uint8_t *screen_memory(struct screen *screen)
{
	return screen->memory;
}

void screen_read(const struct screen *screen, size_t offset, void *data, size_t len)
{
	memcpy(data, (const uint8_t *)screen->memory + offset, len);
}

/* Cells are stored whole: no frame shows a new character in its old colours. */
void screen_write(struct screen *screen, size_t offset, const void *data, size_t len)
{
	const uint8_t *from = data;
	size_t end = offset + len;

	while (offset < end) {
		uint8_t *to = (uint8_t *)screen->memory + offset;

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

void screen_put(struct screen *screen, unsigned int position, const uint8_t *cells,
		unsigned int count)
{
	unsigned int first = (screen->start + position) % MEMORY_CELLS;
	unsigned int before_end = MEMORY_CELLS - first;

	if (count > before_end) {
		screen_write(screen, 0, cells + before_end * 2, (count - before_end) * 2);
		count = before_end;
	}
	screen_write(screen, first * 2, cells, count * 2);
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

void screen_set_start(struct screen *screen, uint16_t cell)
{
	atomic_store_explicit(&screen->start, cell, memory_order_relaxed);
}

/* The cursor as a frame that begins at the cell start shows it. */
static struct screen_cursor frame_cursor(const struct screen *screen, uint16_t start)
{
	struct screen_cursor cursor =
		cursor_unpack(atomic_load_explicit(&screen->cursor, memory_order_relaxed));

	/* The CRTC compares 16-bit addresses: guests hide the cursor at 0xFFFF. */
	cursor.cell -= start;
	if (!cursor.enabled || cursor.cell >= SCREEN_CELLS ||
	    cursor.first_line > cursor.last_line || cursor.first_line >= SCREEN_CELL_HEIGHT)
		return (struct screen_cursor){ .enabled = false };
	return cursor;
}

void screen_frame(const struct screen *screen, struct screen_frame *frame)
{
	uint16_t start = atomic_load_explicit(&screen->start, memory_order_relaxed);
	const word_t *memory = screen->memory;
	/* Whole words; the picture may begin within the first of them. */
	word_t words[SCREEN_CELLS / WORD_CELLS + 1];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const word_t *word = &memory[(start / WORD_CELLS + i) % MEMORY_WORDS];

		words[i] = __atomic_load_n(word, __ATOMIC_RELAXED);
	}
	memcpy(frame->cells, (const cell_t *)words + start % WORD_CELLS, sizeof(frame->cells));
	frame->cursor = frame_cursor(screen, start);
}

bool screen_frame_touched(const struct screen_frame *frame)
{
	for (size_t i = 0; i < SCREEN_FRAME_BYTES; i += 2)
		if (frame->cells[i] != BLANK_CHARACTER || frame->cells[i + 1] != BLANK_ATTRIBUTE)
			return true;
	return frame->cursor.enabled;
}
