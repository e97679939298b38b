/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * png_module.h - what picture.c asks of the module that knows libpng.
 */
#ifndef VMM_HOST_PNG_MODULE_H
#define VMM_HOST_PNG_MODULE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "host/screen.h"

/* To be raised with every change to struct png_module or to what it uses. */
#define PNG_MODULE_VERSION 2u
#define PNG_MODULE_SYMBOL "vmm_png_module"

struct png_reading;	/* the module's own */

struct png_module {
	unsigned int version;	/* PNG_MODULE_VERSION */

	/*
	 * dots: width * height indices into the palette, row by row. Returns 0
	 * or -errno.
	 */
	int (*write)(FILE *file, unsigned int width, unsigned int height, const uint8_t *dots,
		     const struct screen_color palette[SCREEN_COLORS]);

	/*
	 * Begins to read a picture: its size. Returns 0, or -errno with the
	 * reason in error; *reading is then to be given to finish().
	 */
	int (*begin)(struct png_reading **reading, FILE *file, unsigned int *width,
		     unsigned int *height, char *error, size_t error_size);
	/* Reads its dots; NULL: does without them. Returns 0, or -errno with the reason in error. */
	int (*finish)(struct png_reading *reading, struct screen_color *dots, char *error,
		      size_t error_size);
};

extern const struct png_module vmm_png_module;

#endif
