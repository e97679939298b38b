/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * screen.h - the text screen of the machine: its memory and what shows it.
 *
 * Owns the 32 KiB of text memory that the VGA maps at 0xB8000 and that the
 * paravirtual screen writes. Anyone may read it at any time while the guest
 * writes: a frame is a copy, taken with screen_frame().
 */
#ifndef VMM_HOST_SCREEN_H
#define VMM_HOST_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCREEN_MEMORY_SIZE 0x8000u	/* bytes: 0xB8000 to 0xBFFFF */
#define SCREEN_COLUMNS 80u
#define SCREEN_ROWS 25u
#define SCREEN_CELLS (SCREEN_COLUMNS * SCREEN_ROWS)
#define SCREEN_FRAME_BYTES (SCREEN_CELLS * 2)	/* character, attribute, ... */
#define SCREEN_CELL_WIDTH 9u		/* dots */
#define SCREEN_CELL_HEIGHT 16u
#define SCREEN_WIDTH (SCREEN_COLUMNS * SCREEN_CELL_WIDTH)	/* 720 */
#define SCREEN_HEIGHT (SCREEN_ROWS * SCREEN_CELL_HEIGHT)	/* 400 */

/* The cursor as the CRTC has it. */
struct screen_cursor {
	bool enabled;
	uint16_t cell;		/* from the start of the text memory */
	uint8_t first_line;	/* past last_line, or past 15: nothing is drawn */
	uint8_t last_line;
};

/*
 * What the picture is made of. The cursor's cell counts from the frame's
 * first; where nothing of the cursor is to be seen, it is not enabled.
 */
struct screen_frame {
	uint8_t cells[SCREEN_FRAME_BYTES];
	struct screen_cursor cursor;
};

struct screen;

/*
 * Text memory filled with light grey blanks (0x20 0x07), as a PC's firmware
 * leaves it; cursor off. Returns 0 or -errno. The caller owns *screen.
 */
int screen_create(struct screen **screen);
void screen_destroy(struct screen *screen);

/* The text memory: SCREEN_MEMORY_SIZE bytes, page aligned, the screen's own. */
uint8_t *screen_memory(struct screen *screen);

/*
 * Bytes of the text memory, at any alignment; offset + len: at most
 * SCREEN_MEMORY_SIZE. From the vCPU's thread, as
 * everything below up to screen_frame().
 */
void screen_read(const struct screen *screen, size_t offset, void *data, size_t len);
void screen_write(struct screen *screen, size_t offset, const void *data, size_t len);

/* fn is called with each screen_write() and screen_put(). One at most. */
void screen_on_write(struct screen *screen,
		     void (*fn)(void *self, size_t offset, const uint8_t *data, size_t len),
		     void *self);

/*
 * Puts cells (two bytes each) into the picture, left to right and top to
 * bottom from a position counted from its first cell; position + count: at
 * most SCREEN_CELLS.
 */
void screen_put(struct screen *screen, unsigned int position, const uint8_t *cells,
		unsigned int count);

void screen_set_cursor(struct screen *screen, const struct screen_cursor *cursor);

/*
 * The first cell that is shown (CRTC start address), in cells from the start
 * of the text memory; the picture wraps around at its end.
 */
void screen_set_start(struct screen *screen, uint16_t cell);

/* Copies what is to be seen now; from any thread. */
void screen_frame(const struct screen *screen, struct screen_frame *frame);

/* Whether the frame differs from that of an untouched screen. */
bool screen_frame_touched(const struct screen_frame *frame);

#endif
