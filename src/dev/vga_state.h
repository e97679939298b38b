/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vga_state.h - the registers of a VGA as its parts see them: vga.c has the
 * ports, vga_text.c makes a text mode of them, vga_memory.c the memory's ways.
 *
 * Names as in IBM's "PS/2 Hardware Interface Technical Reference: Video
 * Subsystems" (1992), section 2.
 */
#ifndef VMM_DEV_VGA_STATE_H
#define VMM_DEV_VGA_STATE_H

#include <stdint.h>

/* The register files: the general registers have ports of their own, the others an index. */
enum vga_file { FILE_GENERAL, FILE_SEQUENCER, FILE_CRTC, FILE_GRAPHICS, FILE_ATTRIBUTE, FILES };

enum vga_general {
	GENERAL_MISC,
	GENERAL_FEATURE,
	GENERAL_STATUS_0,
	GENERAL_DAC_MASK,
	GENERAL_ENABLE,
};

#define MISC_COLOR (1u << 0)	/* input/output address select */
#define MISC_MEMORY (1u << 1)	/* the processor may access it */

#define SEQUENCER_CLOCKING 0x01
#define CLOCKING_8_DOTS (1u << 0)
#define CLOCKING_HALF (1u << 3)		/* each dot twice */
#define SEQUENCER_MAP_MASK 0x02
#define SEQUENCER_FONTS 0x03		/* character map select */
#define SEQUENCER_MEMORY_MODE 0x04
#define MEMORY_MODE_SEQUENTIAL (1u << 2)	/* else odd/even */
#define MEMORY_MODE_CHAIN_4 (1u << 3)

#define CRTC_COLUMNS 0x01		/* horizontal display end */
#define CRTC_OVERFLOW 0x07
#define OVERFLOW_LINES_8 (1u << 1)	/* vertical display end */
#define OVERFLOW_LINE_COMPARE_8 (1u << 4)
#define OVERFLOW_LINES_9 (1u << 6)
#define CRTC_CELL_HEIGHT 0x09		/* maximum scan line */
#define CELL_HEIGHT_MASK 0x1Fu
#define CELL_HEIGHT_LINE_COMPARE_9 (1u << 6)
#define CRTC_CURSOR_START 0x0A
#define CURSOR_OFF (1u << 5)
#define CURSOR_LINE_MASK 0x1Fu
#define CRTC_CURSOR_END 0x0B
#define CRTC_START_HIGH 0x0C
#define CRTC_START_LOW 0x0D
#define CRTC_CURSOR_HIGH 0x0E
#define CRTC_CURSOR_LOW 0x0F
#define CRTC_RETRACE_END 0x11
#define RETRACE_END_PROTECT (1u << 7)	/* of registers 0 to 7 */
#define CRTC_LINES 0x12			/* vertical display end */
#define CRTC_OFFSET 0x13		/* from a row to the next, in two cells */
#define CRTC_LINE_COMPARE 0x18
#define CRTC_REGISTERS 0x19

#define GRAPHICS_SET_RESET 0x00
#define GRAPHICS_ENABLE_SET_RESET 0x01
#define GRAPHICS_COMPARE 0x02
#define GRAPHICS_ROTATE 0x03		/* and function select */
#define GRAPHICS_READ_MAP 0x04
#define GRAPHICS_MODE 0x05
#define MODE_WRITE_MASK 3u
#define MODE_READ_COMPARE (1u << 3)
#define MODE_ODD_EVEN (1u << 4)
#define GRAPHICS_MISC 0x06
#define GRAPHICS_MISC_GRAPHICS (1u << 0)	/* no text */
#define GRAPHICS_DONT_CARE 0x07
#define GRAPHICS_BIT_MASK 0x08

#define ATTRIBUTE_MODE 0x10
#define ATTRIBUTE_MODE_LINE_GRAPHICS (1u << 2)
#define ATTRIBUTE_MODE_PAGE (1u << 7)	/* bits 5 and 4 of a colour, too, are COLOR_SELECT's */
#define ATTRIBUTE_PLANES 0x12		/* color plane enable */
#define ATTRIBUTE_COLOR_SELECT 0x14
#define ATTRIBUTE_VIDEO_ON (1u << 5)	/* of the index: palette address source */

#define DAC_COLORS 256u
#define DAC_COMPONENTS 3u

struct vga_state {
	uint8_t index[FILES];
	uint8_t value[FILES][CRTC_REGISTERS];	/* the CRTC has the most */
	uint8_t dac[DAC_COLORS][DAC_COMPONENTS];	/* red, green, blue: 6 bits each */
};

#endif
