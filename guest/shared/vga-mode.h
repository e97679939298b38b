/* SPDX-License-Identifier: 0BSD */
/*
 * vga-mode.h - text modes other than mode 3: a VGA's registers and fonts, as in
 * IBM's "Video Subsystems" (1992).
 */
#ifndef GUEST_SHARED_VGA_MODE_H
#define GUEST_SHARED_VGA_MODE_H

#include <stdint.h>

#define VGA_SEQUENCER	0x3C4
#define VGA_GRAPHICS	0x3CE
#define VGA_CRTC	0x3D4

#define VGA_CURSOR_OFF	0x20	/* in the CRTC's register 0x0A */

enum vga_window { VGA_GRAPHICS_WINDOW = 0xA0000, VGA_TEXT_WINDOW = 0xB8000 };

struct vga_setting {
	uint16_t port;		/* the index's */
	uint8_t index;
	uint8_t value;
};

/* The CRTC's registers 0 to 7 have to be unprotected first: 0x11 without bit 7. */
void vga_set(const struct vga_setting *settings, unsigned int count);

/* A register of the attribute controller; the video stays on. */
void vga_set_attribute(uint8_t index, uint8_t value);

/* A colour of the DAC, 6 bits each. */
void vga_set_color(uint8_t index, uint8_t red, uint8_t green, uint8_t blue);

/*
 * Makes font number to (0 to 7, as the VGA counts them) of font 0, which has 16
 * rows: with so many rows as height says. window: where the planes are to be
 * meanwhile; behind VGA_TEXT_WINDOW there are 32 KiB, which are fonts 0, 1, 4 and 5.
 */
void vga_make_font(enum vga_window window, unsigned int to, unsigned int height);

/* Characters and attributes from a cell of the text memory on. */
void vga_put_text(unsigned int cell, const char *text, uint8_t attribute);

/* So many cells: all characters in all colours. */
void vga_put_pattern(unsigned int cell, unsigned int count);

#endif
