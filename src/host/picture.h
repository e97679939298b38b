/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * picture.h - frames as files: written for --screenshot, read for
 * --expect-screen. The format goes by the suffix: .ppm (P6), .png, .txt (a
 * line of UTF-8 for each row, blanks at their ends left out), .vram (the bytes
 * of the visible cells, two each, row after row). Sizes are those of the mode.
 */
#ifndef VMM_HOST_PICTURE_H
#define VMM_HOST_PICTURE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/log.h"
#include "host/screen.h"

/* Whether the suffix names a format; with "-" too, which is text on standard output. */
bool picture_suffix_known(const char *path);

/* Writes the frame. Returns 0, or -errno with a message in the log. */
int picture_write(const struct screen_frame *frame, const char *path, const struct log *log);

/* The frame as lines of UTF-8. trim: leave out blank lines at the end. */
int picture_write_text(const struct screen_frame *frame, FILE *stream, bool trim);

#define PICTURE_UTF8_MAX 3u	/* bytes of a character of the screen */
/* All rows in UTF-8, each with a newline behind it, and a NUL. */
#define PICTURE_TEXT_MAX (SCREEN_CELLS_MAX * PICTURE_UTF8_MAX + SCREEN_ROWS_MAX + 1)

/*
 * A character of the screen in UTF-8, no NUL; all that are blank give a space. Returns
 * where the next one goes.
 */
char *picture_put(char *at, uint8_t character);

/* What stands on the frame, with all blanks. Returns the text's length. */
size_t picture_text(const struct screen_frame *frame, char text[PICTURE_TEXT_MAX]);

/*
 * Whether pictures of the format can be written here (PNG is a module). Returns
 * 0, or -errno with a message in the log.
 */
int picture_format_check(const char *path, const struct log *log);

/*
 * Whether a file can be compared with: reads it. Returns 0, or -errno with a
 * message in the log.
 */
int picture_check(const char *path, const struct log *log);

/*
 * Compares the frame with a file of any of the formats (not "-"). Prints the
 * differing cells to the log's stream (the first ten, then how many), or how
 * its size differs.
 * Returns 0 where they are equal, 1 where they differ, -errno with a message
 * in the log where the file cannot be read or is not such a picture.
 */
int picture_compare(const struct screen_frame *frame, const char *path, const struct log *log);

#endif
