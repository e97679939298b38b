/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * png_module.h - what picture.c asks of the module that knows libpng.
 */
#ifndef VMM_HOST_PNG_MODULE_H
#define VMM_HOST_PNG_MODULE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "host/raster.h"

/* To be raised with every change to struct png_module or to what it uses. */
#define PNG_MODULE_VERSION 1u
#define PNG_MODULE_SYMBOL "vmm_png_module"

struct png_module {
	unsigned int version;	/* PNG_MODULE_VERSION */

	/* dots: RASTER_DOTS indices into the palette. Returns 0 or -errno. */
	int (*write)(FILE *file, const uint8_t *dots,
		     const struct raster_color palette[RASTER_COLORS]);

	/*
	 * Reads a picture's size, then, where that is the screen's, its
	 * RASTER_DOTS dots. Returns 0, or -errno with the reason in error.
	 */
	int (*read)(FILE *file, struct raster_color *dots, char *error, size_t error_size);
};

extern const struct png_module vmm_png_module;

#endif
