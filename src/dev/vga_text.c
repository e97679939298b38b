/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vga_text.c - the registers of a VGA as a text mode, see vga_text.h. */
#include "dev/vga_text.h"

#include <stdbool.h>
#include <string.h>

#define FONT_STEP 0x2000u	/* bytes from one font to the next */

static bool is_black(const struct vga_state *state)
{
	return !(state->index[FILE_ATTRIBUTE] & ATTRIBUTE_VIDEO_ON) ||
	       state->value[FILE_GRAPHICS][GRAPHICS_MISC] & GRAPHICS_MISC_GRAPHICS;
}

/* Six bits to eight: the lowest one fills the two new ones, as QEMU has it. */
static uint8_t level(uint8_t value)
{
	return (uint8_t)(value << 2 | (value & 1) * 3);
}

/* The DAC's colour that the attribute controller chooses. */
static struct screen_color color(const struct vga_state *state, unsigned int number)
{
	const uint8_t *attribute = state->value[FILE_ATTRIBUTE], *dac;
	unsigned int select = attribute[ATTRIBUTE_COLOR_SELECT];
	unsigned int index = attribute[number & attribute[ATTRIBUTE_PLANES]];

	if (attribute[ATTRIBUTE_MODE] & ATTRIBUTE_MODE_PAGE)
		index = (index & 0x0F) | select << 4;
	else
		index |= (select & 0x0C) << 4;
	dac = state->dac[index & state->value[FILE_GENERAL][GENERAL_DAC_MASK]];
	return (struct screen_color){ level(dac[0]), level(dac[1]), level(dac[2]) };
}

static void set_palette(const struct vga_state *state, struct screen_mode *mode)
{
	memset(mode->palette, 0, sizeof(mode->palette));
	if (is_black(state))
		return;
	for (unsigned int number = 0; number < SCREEN_COLORS; number++)
		mode->palette[number] = color(state, number);
}

static void set_size(const struct vga_state *state, struct screen_mode *mode)
{
	const uint8_t *crtc = state->value[FILE_CRTC];
	uint8_t clocking = state->value[FILE_SEQUENCER][SEQUENCER_CLOCKING];
	unsigned int cell_height = (crtc[CRTC_CELL_HEIGHT] & CELL_HEIGHT_MASK) + 1u;
	unsigned int last_line = crtc[CRTC_LINES] | (crtc[CRTC_OVERFLOW] & OVERFLOW_LINES_8) << 7 |
				 (crtc[CRTC_OVERFLOW] & OVERFLOW_LINES_9) << 3;
	unsigned int columns = crtc[CRTC_COLUMNS] + 1u, rows = (last_line + 1) / cell_height;

	if (columns * rows < 2 || columns * rows > SCREEN_CELLS_MAX)
		return;
	mode->columns = (uint16_t)columns;
	mode->rows = (uint16_t)rows;
	mode->cell_height = (uint8_t)cell_height;
	/* Nine dots of double width are not drawn. */
	mode->cell_width = clocking & CLOCKING_HALF ? 16 : clocking & CLOCKING_8_DOTS ? 8 : 9;
}

/* high: the bit that is the lowest of the font's number; low: the two others. */
static uint16_t font(uint8_t fonts, unsigned int high, unsigned int low)
{
	return (uint16_t)(((fonts >> high & 1) | (fonts >> low & 3) << 1) * FONT_STEP);
}

void vga_text_mode(const struct vga_state *state, struct screen_mode *mode)
{
	const uint8_t *crtc = state->value[FILE_CRTC];
	uint8_t fonts = state->value[FILE_SEQUENCER][SEQUENCER_FONTS];

	set_palette(state, mode);
	if (state->value[FILE_GRAPHICS][GRAPHICS_MISC] & GRAPHICS_MISC_GRAPHICS)
		return;
	set_size(state, mode);
	mode->line_graphics = state->value[FILE_ATTRIBUTE][ATTRIBUTE_MODE] &
			      ATTRIBUTE_MODE_LINE_GRAPHICS;
	mode->start = (uint16_t)(crtc[CRTC_START_HIGH] << 8 | crtc[CRTC_START_LOW]);
	mode->pitch = (uint16_t)(crtc[CRTC_OFFSET] * 2);
	mode->split = (uint16_t)(crtc[CRTC_LINE_COMPARE] |
				 (crtc[CRTC_OVERFLOW] & OVERFLOW_LINE_COMPARE_8) << 4 |
				 (crtc[CRTC_CELL_HEIGHT] & CELL_HEIGHT_LINE_COMPARE_9) << 3);
	mode->font[0] = font(fonts, 4, 0);
	mode->font[1] = font(fonts, 5, 2);
}

struct screen_cursor vga_text_cursor(const struct vga_state *state)
{
	const uint8_t *crtc = state->value[FILE_CRTC];

	return (struct screen_cursor){
		.enabled = !(crtc[CRTC_CURSOR_START] & CURSOR_OFF),
		.cell = (uint16_t)(crtc[CRTC_CURSOR_HIGH] << 8 | crtc[CRTC_CURSOR_LOW]),
		.first_line = crtc[CRTC_CURSOR_START] & CURSOR_LINE_MASK,
		.last_line = crtc[CRTC_CURSOR_END] & CURSOR_LINE_MASK,
	};
}
