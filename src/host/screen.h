/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * screen.h - the text screen of the machine: its memory and what shows it.
 *
 * Owns the 32 KiB of text memory that the VGA maps at 0xB8000 and that the
 * paravirtual screen writes, and the 64 KiB of plane 2 of the VGA, which hold
 * the fonts. Anyone may look at any time while the guest writes: a frame is a
 * copy, taken with screen_frame().
 */
#ifndef VMM_HOST_SCREEN_H
#define VMM_HOST_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/font.h"

#define SCREEN_MEMORY_SIZE 0x8000u	/* bytes: 0xB8000 to 0xBFFFF */
#define SCREEN_FONT_MEMORY 0x10000u	/* bytes: eight fonts, 8 KiB each */

/* What a CRTC can ask for, and what of it a screen shows: QEMU's limit. */
#define SCREEN_COLUMNS_MAX 256u
#define SCREEN_ROWS_MAX 1024u
#define SCREEN_CELLS_MAX 16000u
#define SCREEN_CELL_WIDTH_MAX 16u	/* dots */
#define SCREEN_CELL_HEIGHT_MAX 32u
#define SCREEN_WIDTH_MAX (SCREEN_COLUMNS_MAX * SCREEN_CELL_WIDTH_MAX)
#define SCREEN_HEIGHT_MAX SCREEN_ROWS_MAX	/* scan lines, whatever a row has */

#define SCREEN_COLORS 16u
#define SCREEN_FONTS 2u			/* chosen by bit 3 of the attribute */

struct screen_color {
	uint8_t red, green, blue;
};

/* What is shown, and how: the registers of a VGA in terms of a text screen. */
struct screen_mode {
	uint16_t columns;	/* 1 to SCREEN_COLUMNS_MAX */
	uint16_t rows;		/* columns * rows: 2 to SCREEN_CELLS_MAX */
	uint8_t cell_width;	/* dots: 8, 9, or 16: 8 of double width */
	uint8_t cell_height;	/* 1 to SCREEN_CELL_HEIGHT_MAX; the picture: SCREEN_HEIGHT_MAX */
	bool line_graphics;	/* the ninth dot of 0xB0-0xDF repeats the eighth */
	/*
	 * The first cell that is shown (CRTC start address), from the start of
	 * the text memory; the picture wraps around at its end.
	 */
	uint16_t start;
	uint16_t pitch;		/* cells from a row to the next */
	uint16_t split;		/* rows that begin at or below this scan line start at cell 0; 0: none */
	uint16_t font[SCREEN_FONTS];	/* where it begins in the font memory */
	struct screen_color palette[SCREEN_COLORS];
};

/* Text mode 3 as a PC's firmware sets it: 80 x 25 cells of 9 x 16 dots. */
extern const struct screen_mode screen_mode_3;

/* The cursor as the CRTC has it. */
struct screen_cursor {
	bool enabled;
	uint16_t cell;		/* from the start of the text memory */
	uint8_t first_line;	/* past last_line, or past the cell: nothing is drawn */
	uint8_t last_line;
};

/*
 * What the picture is made of. The cursor's cell counts from the frame's
 * first; where nothing of the cursor is to be seen, it is not enabled.
 */
struct screen_frame {
	struct screen_mode mode;
	struct screen_cursor cursor;
	uint32_t font_version;	/* changes with each change of the font memory; 0: firmware's font */
	uint8_t cells[SCREEN_CELLS_MAX * 2];	/* character, attribute, ...; row after row */
	uint8_t glyphs[SCREEN_FONTS][FONT_CHARACTERS][SCREEN_CELL_HEIGHT_MAX];	/* unless version 0 */
};

static inline unsigned int screen_frame_cells(const struct screen_frame *frame)
{
	return frame->mode.columns * (unsigned int)frame->mode.rows;
}

/* In dots. */
static inline unsigned int screen_frame_width(const struct screen_frame *frame)
{
	return frame->mode.columns * (unsigned int)frame->mode.cell_width;
}

static inline unsigned int screen_frame_height(const struct screen_frame *frame)
{
	return frame->mode.rows * (unsigned int)frame->mode.cell_height;
}

struct screen;

/*
 * Text memory filled with light grey blanks (0x20 0x07), as a PC's firmware
 * leaves it; mode 3, cursor off. memory: SCREEN_MEMORY_SIZE bytes, page aligned,
 * which must outlive the screen; NULL: some of its own. Returns 0 or -errno. The
 * caller owns *screen.
 */
int screen_create(struct screen **screen, uint8_t *memory);
void screen_destroy(struct screen *screen);

/* The text memory: SCREEN_MEMORY_SIZE bytes, page aligned. */
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
 * most the cells of the mode.
 */
void screen_put(struct screen *screen, unsigned int position, const uint8_t *cells,
		unsigned int count);

/*
 * A byte of the font memory (VGA plane 2); offset: below SCREEN_FONT_MEMORY. A
 * font has 32 bytes a character, a byte a row of 8 dots. The first font is at
 * first the firmware's, of 16 rows; the others are empty. Where the host has no
 * memory for them, they are not there.
 */
uint8_t screen_font_read(struct screen *screen, size_t offset);
void screen_font_write(struct screen *screen, size_t offset, uint8_t value);

/*
 * While on, the text memory holds the first half of the font memory, and the
 * text is elsewhere: for guests that load fonts through the text's addresses,
 * which are plain memory to them. What they change goes into the font memory
 * when it is off again. Where the host has no memory for that, nothing happens.
 * Returns whether the text memory has changed.
 */
bool screen_lend_to_fonts(struct screen *screen, bool on);

void screen_set_cursor(struct screen *screen, const struct screen_cursor *cursor);
void screen_set_mode(struct screen *screen, const struct screen_mode *mode);
const struct screen_mode *screen_mode(const struct screen *screen);

/* Copies what is to be seen now; from any thread. */
void screen_frame(struct screen *screen, struct screen_frame *frame);

/* Whether cells that are equal in both look the same: size, fonts and colours are. */
bool screen_frame_alike(const struct screen_frame *a, const struct screen_frame *b);

/* Whether both show the same picture. */
bool screen_frame_equal(const struct screen_frame *a, const struct screen_frame *b);

bool screen_cursor_equal(const struct screen_cursor *a, const struct screen_cursor *b);

/* Whether the frame differs from that of an untouched screen. */
bool screen_frame_touched(const struct screen_frame *frame);

#endif
