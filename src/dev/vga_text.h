/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vga_text.h - what a VGA's registers say of its text: the way from IBM's
 * names to the screen's.
 */
#ifndef VMM_DEV_VGA_TEXT_H
#define VMM_DEV_VGA_TEXT_H

#include "dev/vga_state.h"
#include "host/screen.h"

/*
 * The mode that the registers give, as QEMU's VGA sees it: the line compare acts
 * on whole rows, and neither blinking nor underlining is drawn. *mode is the mode
 * until now: a size that no screen has leaves it its size, as do graphics, which
 * are not drawn: all is black then, as it is with the video off.
 */
void vga_text_mode(const struct vga_state *state, struct screen_mode *mode);

/* Likewise the cursor; its skew does not count. */
struct screen_cursor vga_text_cursor(const struct vga_state *state);

#endif
