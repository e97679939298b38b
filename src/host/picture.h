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

/* A file that a frame will be written to. */
struct picture_file;

/*
 * Opens all that writing needs (PNG is a module); the file keeps what it holds.
 * path: "-" is standard output; must outlive it. Returns 0, or -errno with a message in
 * the log. The caller owns *picture.
 */
int picture_open(struct picture_file **picture, const char *path, const struct log *log);

/* Writes the frame, once. Returns 0, or -errno with a message in the log. */
int picture_write(const struct screen_frame *frame, struct picture_file *picture,
		  const struct log *log);

/* A file that was made, and not written, is removed. NULL is fine. */
void picture_close(struct picture_file *picture);

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

/* A picture to compare with. */
struct picture;

/*
 * Reads a file of any of the formats (not "-"). Returns 0, or -errno with a message in the
 * log. The caller owns *picture.
 */
int picture_load(struct picture **picture, const char *path, const struct log *log);
void picture_free(struct picture *picture);

/*
 * Compares. Prints the differing cells to the log's stream (the first ten, then how many),
 * or how the sizes differ.
 */
bool picture_differs(const struct screen_frame *frame, const struct picture *picture,
		     const struct log *log);

#endif
